"""Clients of bare sockets, which send and read as they like."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from tests.stack import PUBLIC, Client


async def connect(url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect as a client that keeps little of what it does not read."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
    connection.setblocking(False)
    await asyncio.get_running_loop().sock_connect(connection, ("127.0.0.1", urlsplit(url).port))
    return await asyncio.open_connection(sock=connection, limit=4096)


@asynccontextmanager
async def connections(count: int, url: str, request: bytes) -> AsyncIterator[None]:
    """Send a request over so many connections, and read nothing of what comes."""
    opened = [await connect(url) for _ in range(count)]
    for _, writer in opened:
        writer.write(request)
    try:
        yield
    finally:
        for _, writer in opened:
            writer.transport.abort()


def head(method: str, target: str, client: Client, extra: str = "") -> bytes:
    host = PUBLIC.removeprefix("http://")
    return (
        f"{method} {target} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {client.token()}\r\n{extra}\r\n".encode()
    )
