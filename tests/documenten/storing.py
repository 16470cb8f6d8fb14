"""Makes the storage fail, as it does when the other side is away or full."""

import errno
from typing import Any

import obstore
import pytest
from obstore.exceptions import GenericError

from services.documenten.opslag import Storage


class Broken:
    """What is broken in it; ``repair`` mends everything."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch = monkeypatch

    def fail(self, *names: str, text: str = "error sending request: connection refused") -> None:
        """Let these functions of obstore fail from now on."""

        async def refuse(*args: Any, **kwargs: Any) -> Any:
            raise GenericError(text)

        def refuse_file(*args: Any) -> None:
            raise OSError(errno.EIO, "Input/output error")

        for name in names:
            self.monkeypatch.setattr(obstore, name, refuse)
            if name == "put_async":
                # In a local folder small objects are written without obstore.
                self.monkeypatch.setattr(Storage, "_write_file", refuse_file)

    def fail_writer(self, text: str) -> None:
        """Let large uploads fail at their second piece."""
        real = obstore.open_writer_async

        class Writer:
            def __init__(self, *args: Any, **kwargs: Any) -> None:
                self.inner, self.count = real(*args, **kwargs), 0

            async def write(self, data: Any) -> None:
                self.count += 1
                if self.count == 2:
                    raise GenericError(text)
                await self.inner.write(data)

            async def close(self) -> None:
                await self.inner.close()

        self.monkeypatch.setattr(obstore, "open_writer_async", Writer)

    def repair(self) -> None:
        """Let everything work again."""
        self.monkeypatch.undo()
