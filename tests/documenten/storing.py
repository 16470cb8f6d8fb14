"""Makes the storage fail, as it does when the other side is away or full."""

import errno
from pathlib import Path
from typing import Any

import obstore
import pytest
from moto.server import ThreadedMotoServer
from obstore.exceptions import GenericError

from services.documenten.storage import Storage


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


class AwayFolder:
    """A local folder in the place of which there is something else, as when a disk is not mounted."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.kept = folder, folder.with_name(f"{folder.name}.weg")

    def __enter__(self) -> None:
        self.folder.rename(self.kept)
        self.folder.touch()

    def __exit__(self, *_: object) -> None:
        self.folder.unlink()
        self.kept.rename(self.folder)


class AwayServer:
    """A server that is stopped; what it holds is in this process, so it is there again when it starts."""

    def __init__(self, server: ThreadedMotoServer) -> None:
        self.server = server
        self.address = server.get_host_and_port()

    def __enter__(self) -> None:
        self.server.stop()
        assert self.server._server is not None
        self.server._server.server_close()

    def __exit__(self, *_: object) -> None:
        self.server._port = self.address[1]
        self.server.start()


Away = AwayFolder | AwayServer
