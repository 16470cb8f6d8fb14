"""Content on its way to the storage: in pieces of any size, with its size and SHA-256 as it passes."""

import hashlib
from contextlib import suppress
from typing import Any

from runtime.problems import Problem
from services.documenten.journal import Key, forsake, new_key, remove_now, show_life
from services.documenten.storage import PIECE, failures, storage_of
from zgw.request import Service

Segment = dict[str, Any]
"""One object of a content: ``{"key": name, "size": bytes, "sha256": hexadecimal}``."""


class Upload:
    """One new object. ``write`` pieces, then ``finish``; or ``discard``, also after that.

    What is smaller than ``PIECE`` stays in memory until ``finish``; more goes to the storage as it comes.
    """

    def __init__(self, service: Service, tenant: str) -> None:
        self.service, self.tenant = service, tenant
        self.size = 0
        self.segment: Segment | None = None
        self._key: Key | None = None
        self._hash = hashlib.sha256()
        self._pieces: list[bytes] = []
        self._waiting = 0
        self._writer: Any = None

    @property
    def under_way(self) -> bool:
        """Whether a part of the content is in the storage already."""
        return self._writer is not None

    async def write(self, data: bytes) -> None:
        """Take the next piece; raise Problem 503 or 507 when the storage fails."""
        self._hash.update(data)
        self.size += len(data)
        self._pieces.append(data)
        self._waiting += len(data)
        if self._key is not None:
            await show_life(self.service, self.tenant, self._key)
        if self._waiting >= PIECE:
            await self._pass_on()

    async def _pass_on(self) -> None:
        if self._writer is None:
            self._key = await new_key(self.service, self.tenant)
            self._writer = storage_of(self.service).writer(self.tenant, self._key.name)
        data = b"".join(self._pieces)
        self._pieces, self._waiting = [], 0
        # A writer that failed is not used again, not even to be closed: that would wait for the storage once more.
        writer, self._writer = self._writer, None
        with failures():
            await writer.write(data)
        self._writer = writer

    async def finish(self) -> Segment:
        """Return the segment, once the whole content is safely stored; the same one when it was finished before."""
        if self.segment is None:
            storage = storage_of(self.service)
            if self.under_way:
                await self._pass_on()
                writer, self._writer = self._writer, None
                with failures():
                    await writer.close()
                await storage.settle(self.tenant, self._name())
            else:
                self._key = await new_key(self.service, self.tenant)
                pieces, self._pieces = self._pieces, []
                await storage.write(self.tenant, self._name(), pieces)
            self.segment = {"key": self._name(), "size": self.size, "sha256": self._hash.hexdigest()}
        return self.segment

    def _name(self) -> str:
        assert self._key is not None
        return self._key.name

    async def discard(self) -> None:
        """Remove what was written, unless it was kept after all. What cannot be removed now, the sweep removes."""
        writer, self._writer, self._pieces = self._writer, None, []
        if self._key is None:
            return
        if writer is not None:
            # Stores offer no way to break an upload off that leaves nothing behind; to complete it and remove it does.
            with suppress(Problem), failures():
                await writer.close()
        if await forsake(self.service, self.tenant, self._name()):
            await remove_now(self.service, self.tenant, [self._name()])
