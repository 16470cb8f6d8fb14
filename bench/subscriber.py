"""A subscriber for benchmarks: ``python -m bench.subscriber PORT LOG``.

It speaks just enough HTTP to take notifications, so that it costs little beside what is measured. The path says who is
called and how it behaves: ``/name/ok``, ``/name/slow`` (answers after 20 ms), ``/name/flaky`` (refuses one in twenty),
``/name/hang`` (never answers). What it takes is in the log before it answers, as lines of name, time and message.
"""

import asyncio
import os
import random
import sys
import time
from typing import cast

TAKEN = b"HTTP/1.1 204 No Content\r\n\r\n"
REFUSED = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
FAILED = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"


class Subscriber(asyncio.Protocol):
    """One connection."""

    def __init__(self, log: int) -> None:
        self._log = log
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to answer."""
        # The transports of uvloop are no subclass.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Take every request that is complete."""
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end]
            lower = head.lower()
            start = lower.find(b"content-length:")
            length = int(lower[start + 15 :].split(b"\r\n", 1)[0]) if start >= 0 else 0
            if len(self._buffer) < end + 4 + length:
                return
            body = self._buffer[end + 4 : end + 4 + length]
            self._buffer = self._buffer[end + 4 + length :]
            self._take(head.split(b" ", 2)[1], b"\r\nauthorization:" in lower, body)

    def _take(self, path: bytes, authorised: bool, body: bytes) -> None:
        assert self._transport is not None
        name, manner = path.decode().strip("/").split("/")
        test = b'"kanaal":"test"' in body
        if not authorised:
            self._transport.write(REFUSED)
        elif test or manner == "ok":
            if not test:
                self._keep(name, body)
            self._transport.write(TAKEN)
        elif manner == "slow":
            self._keep(name, body)
            asyncio.get_running_loop().call_later(0.02, self._transport.write, TAKEN)
        elif manner == "flaky" and random.random() > 0.05:
            self._keep(name, body)
            self._transport.write(TAKEN)
        elif manner == "flaky":
            self._transport.write(FAILED)

    def _keep(self, name: str, body: bytes) -> None:
        # One write to an unbuffered file: what was answered is in the log, even when this process is killed.
        os.write(self._log, b"%s\t%f\t%s\n" % (name.encode(), time.time(), body))


async def main(port: int, path: str) -> None:
    """Take notifications until killed."""
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    server = await asyncio.get_running_loop().create_server(lambda: Subscriber(log), "127.0.0.1", port, backlog=2048)
    await server.serve_forever()


if __name__ == "__main__":
    import uvloop

    uvloop.run(main(int(sys.argv[1]), sys.argv[2]))
