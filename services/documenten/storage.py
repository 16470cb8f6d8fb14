"""Where the content of documents is kept: an object store, for each municipality its own prefix or its own bucket.

An object is written once, under a key that is never used again, and is only ever read or deleted after that.
"""

import asyncio
import errno
import logging
import os
import shutil
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, from_url

from runtime.problems import Problem
from zgw.request import Service

log = logging.getLogger("samenzaak.opslag")

PIECE = 8 * 1024**2
"""Bytes that go to the store at a time: S3 takes at most 10,000 pieces, so one object can be 78 GiB."""

CONCURRENT = 2
"""Pieces of one upload on their way at the same time; this times ``PIECE`` is the memory that an upload takes."""

_FULL = ("no space left", "os error 28", "quota", "os error 122", "insufficientstorage", "insufficient storage")


class Storage:
    """The object store at one URL: ``Storage("s3://documenten")``, or with ``{tenant}`` in it a bucket for each."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._stores: dict[str, ObjectStore] = {}
        self._safe: set[Path] = set()
        """Folders that are on disk themselves, with all above them."""

    def _store(self, tenant: str) -> ObjectStore:
        if tenant not in self._stores:
            filled = self.url.replace("{tenant}", tenant)
            url = filled if filled != self.url else f"{self.url.rstrip('/')}/{tenant}"
            if url.startswith("file:"):
                self._stores[tenant] = LocalStore.from_url(url, mkdir=True)
            else:
                # A store that is away must give an error that a client can act upon, and not keep it waiting. Without
                # TLS only where the operator wrote an endpoint with http://; the usual ones all have TLS.
                self._stores[tenant] = from_url(
                    url,
                    client_options={"allow_http": True, "connect_timeout": "3s", "timeout": "60s"},
                    retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=8)},
                )
        return self._stores[tenant]

    async def write(self, tenant: str, key: str, pieces: Sequence[bytes]) -> None:
        """Write a small object at once, to where it survives a power failure; raise Problem 503 or 507."""
        with failures():
            store = self._store(tenant)
            if (path := _file_of(store, key)) is not None:
                await asyncio.to_thread(self._write_file, path, pieces)
            else:
                await obstore.put_async(store, path_of(key), b"".join(pieces), use_multipart=False)

    def writer(self, tenant: str, key: str) -> Any:
        """Return the writer of a large object; use it inside :func:`failures`."""
        return obstore.open_writer_async(
            self._store(tenant), path_of(key), buffer_size=PIECE, max_concurrency=CONCURRENT
        )

    async def settle(self, tenant: str, key: str) -> None:
        """Wait until an object of :meth:`writer` survives a power failure; other stores promise that themselves."""
        with failures():
            if (path := _file_of(self._store(tenant), key)) is not None:
                await asyncio.to_thread(self._settle_file, path)

    def _write_file(self, path: Path, pieces: Sequence[bytes]) -> None:
        # The name is one that LocalStore gives to pieces of an upload too: they do not count as objects.
        piece = path.with_name(f"{path.name}#0")
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with piece.open("wb") as file:
                file.writelines(pieces)
                file.flush()
                os.fsync(file.fileno())
            piece.rename(path)
        except BaseException:
            piece.unlink(missing_ok=True)
            raise
        self._settle_folder(path.parent)

    def _settle_file(self, path: Path) -> None:
        _to_disk(path)
        self._settle_folder(path.parent)

    def _settle_folder(self, folder: Path) -> None:
        _to_disk(folder)
        if folder not in self._safe:
            # It may be new, and the folder of the municipality with it.
            _to_disk(folder.parent)
            _to_disk(folder.parent.parent)
            self._safe.add(folder)

    async def read(self, tenant: str, key: str, start: int, length: int) -> bytes:
        """Return a range of an object; raise Problem 503 when it cannot be read."""
        with failures():
            return bytes(await obstore.get_range_async(self._store(tenant), path_of(key), start=start, length=length))

    async def size(self, tenant: str, key: str) -> int | None:
        """Return the size of an object, or None when it does not exist."""
        with failures():
            try:
                return int((await obstore.head_async(self._store(tenant), path_of(key)))["size"])
            except FileNotFoundError:
                return None

    async def delete(self, tenant: str, keys: Sequence[str]) -> None:
        """Delete objects; one that does not exist is deleted already."""
        with failures():
            await self._delete_paths(self._store(tenant), [path_of(key) for key in keys])

    async def _delete_paths(self, store: ObjectStore, paths: Sequence[str]) -> None:
        try:
            await obstore.delete_async(store, paths)
        except FileNotFoundError:
            # Most stores stop at the first one that does not exist.
            for path in paths:
                with suppress(FileNotFoundError):
                    await obstore.delete_async(store, path)

    async def delete_pieces(self, tenant: str, keys: Sequence[str]) -> None:
        """Delete what a broken off upload left in a local folder; in a bucket a lifecycle rule does that."""
        with failures():
            paths = [path for key in keys if (path := _file_of(self._store(tenant), key)) is not None]
            if paths:
                await asyncio.to_thread(_delete_pieces, paths)

    async def erase(self, tenant: str) -> AsyncIterator[int]:
        """Remove every object of a municipality, and yield how many after each batch; nothing writes there any more.

        The parts of uploads that were never completed go too in a local folder; in a bucket a lifecycle rule does that.
        Raises Problem 503 when the storage fails: what was removed stays removed.
        """
        with failures():
            store = self._store(tenant)
            removed = True
            while removed:
                # Objects that came in during the listing are found by the next one.
                removed = False
                async for batch in obstore.list(store, chunk_size=1000):
                    await self._delete_paths(store, [item["path"] for item in batch])
                    removed = True
                    yield len(batch)
            if isinstance(store, LocalStore) and store.prefix is not None:
                await asyncio.to_thread(shutil.rmtree, store.prefix, ignore_errors=False)
            self.forget(tenant)

    def forget(self, tenant: str) -> None:
        """Forget what is known of the store of a municipality that was erased; of all when ``tenant`` is ``""``."""
        for name in [name for name in self._stores if name == tenant or not tenant]:
            del self._stores[name]
        self._safe.clear()

    async def keys(self, tenant: str) -> AsyncIterator[tuple[str, datetime]]:
        """Yield (key, moment of writing) of all objects of a municipality."""
        with failures():
            async for batch in obstore.list(self._store(tenant), chunk_size=1000):
                for item in batch:
                    yield item["path"].rpartition("/")[2], item["last_modified"]


def storage_of(service: Service) -> Storage:
    """Return the storage of a service; all requests share it."""
    found: Storage | None = service.state.get("storage")
    if found is None:
        found = service.state["storage"] = Storage(service.settings.document_storage_url)
    return found


def path_of(key: str) -> str:
    """Return the path of an object: 256 folders, so that no local folder gets millions of files."""
    return f"{key[:2]}/{key}"


@contextmanager
def failures() -> Iterator[None]:
    """Turn what goes wrong in the storage into a Problem: 507 when it is full, else 503."""
    try:
        yield
    except (BaseError, OSError) as e:
        text = str(e)
        log.error("storage of documents: %s", text.partition("\n")[0][:500])
        if getattr(e, "errno", None) in (errno.ENOSPC, errno.EDQUOT) or any(word in text.lower() for word in _FULL):
            raise Problem(507, "insufficient_storage", "De documentopslag is vol.") from e
        raise Problem(
            503,
            "service_unavailable",
            "De documentopslag is nu niet bereikbaar.",
            headers={"Retry-After": "10"},
            title="De dienst is tijdelijk niet bereikbaar.",
        ) from e


def _delete_pieces(paths: Sequence[Path]) -> None:
    for path in paths:
        for piece in path.parent.glob(f"{path.name}#*"):
            piece.unlink(missing_ok=True)


def _file_of(store: ObjectStore, key: str) -> Path | None:
    """Return where the object is, when the store is a local folder."""
    if isinstance(store, LocalStore) and store.prefix is not None:
        return Path(store.prefix) / path_of(key)
    return None


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
