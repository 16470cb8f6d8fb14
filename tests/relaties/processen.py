"""Services as processes that can be killed, stopped and started, and the proxies between them."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx

from tests.relaties.breken import MIRRORS

REPOSITORY = Path(__file__).parents[2]


class Zygote:
    """What the processes are forked from."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self.folder = folder
        with (folder / "zygote.log").open("ab") as log:
            self.popen = subprocess.Popen(
                [sys.executable, "-m", "tests.relaties.zygote"],
                cwd=REPOSITORY,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )

    def fork(self, name: str, port: int) -> int:
        """Start a service; return its process id."""
        assert self.popen.stdin is not None
        assert self.popen.stdout is not None
        self.popen.stdin.write(f"{name} {port} {self.folder / name}.log\n".encode())
        self.popen.stdin.flush()
        return int(self.popen.stdout.readline())

    def end(self) -> None:
        """Stop."""
        self.popen.kill()
        self.popen.communicate()


class Process:
    """One service as a process; the port stays the same when it is started again."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.pid = 0
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]

    def start(self, zygote: Zygote) -> None:
        """Start it, unless it runs."""
        self.pid = self.pid or zygote.fork(self.name, self.port)

    def send(self, number: signal.Signals) -> None:
        """Send it a signal, if it runs."""
        if self.pid:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once, and wait until it is gone."""
        self.send(signal.SIGKILL)
        while self.pid and Path(f"/proc/{self.pid}").exists():
            time.sleep(0.002)
        self.pid = 0

    async def ready(self) -> None:
        """Wait until it answers."""
        async with asyncio.timeout(60), httpx.AsyncClient() as client:
            while True:
                with suppress(httpx.HTTPError):
                    if (await client.get(f"http://127.0.0.1:{self.port}/_intern/health")).status_code == 200:
                        return
                await asyncio.sleep(0.02)


class Proxy:
    """Stands before one service. ``fault`` is what happens to the next request that changes a mirror."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.fault = ""
        self.victim: Process | None = None
        self.struck = 0
        self.client = httpx.AsyncClient(timeout=30)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Forward one request, or not."""
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                # Who sends was killed halfway.
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
        mirrors = not scope["path"].startswith("/_intern/") or scope["path"] == MIRRORS
        strikes = self.fault and scope["method"] in ("POST", "DELETE") and mirrors
        self.struck += bool(strikes)
        fault = self.fault if strikes else ""
        if fault == "killed before" and self.victim is not None:
            self.victim.kill()
        if fault in ("500", "killed before"):
            await _answer(send, 500, b"{}")
            return
        url = f"http://127.0.0.1:{self.process.port}{scope['raw_path'].decode()}"
        query = scope["query_string"].decode()
        headers = [(name, value) for name, value in scope["headers"] if name not in (b"host", b"connection")]
        request = self.client.build_request(
            scope["method"], f"{url}?{query}" if query else url, headers=headers, content=body
        )
        try:
            found = await self.client.send(request)
        except httpx.HTTPError:
            await _answer(send, 502, b"{}")
            return
        if fault == "killed after" and self.victim is not None:
            self.victim.kill()
        if fault == "500 after":
            await _answer(send, 500, b"{}")
        else:
            await _answer(send, found.status_code, found.content)


async def _answer(send: Any, status: int, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    headers = headers if status != 204 else []
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
