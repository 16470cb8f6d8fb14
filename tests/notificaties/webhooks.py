"""Real webhook servers on the loopback interface."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

AUTH = "Bearer afgesproken"


@dataclass
class Webhook:
    """A subscriber. ``answer`` decides the status for each message; None means that it never answers."""

    url: str = ""
    auth: str = AUTH
    received: list[dict[str, Any]] = field(default_factory=list)
    """The messages that were taken, in order, without test messages."""
    moments: list[float] = field(default_factory=list)
    attempts: list[dict[str, Any]] = field(default_factory=list)
    tests: list[str | None] = field(default_factory=list)
    """The Authorization header of each test message."""
    headers: list[dict[str, str]] = field(default_factory=list)
    answer: Callable[[dict[str, Any]], int | None] = lambda message: 204
    test_answer: Callable[[str | None], int] | None = None
    seconds: float = 0.0
    at_once: int = 0
    most_at_once: int = 0
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Take one message."""
        given = request.headers.get("Authorization")
        message = await request.json()
        if message["kanaal"] == "test":
            self.tests.append(given)
            allowed = self.test_answer(given) if self.test_answer else 204 if given == self.auth else 403
            return web.Response(status=allowed, headers={"Location": "/elders"} if allowed == 302 else None)
        if given != self.auth:
            return web.Response(status=403)
        self.attempts.append(message)
        self.headers.append(dict(request.headers))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            status = self.answer(message)
            if status is None:
                await asyncio.sleep(3600)
            await asyncio.sleep(self.seconds)
        finally:
            self.at_once -= 1
        assert status is not None
        if 200 <= status < 300:
            self.received.append(message)
            self.moments.append(time.monotonic())
        self._changed.set()
        return web.Response(status=status, text="" if status == 204 else f"status {status}")

    async def until(self, ready: Callable[[], bool], timeout: float = 120.0) -> None:
        """Wait until something is true that depends on what was received."""
        async with asyncio.timeout(timeout):
            while not ready():
                self._changed.clear()
                try:
                    await asyncio.wait_for(self._changed.wait(), 0.1)
                except TimeoutError:
                    continue

    async def got(self, count: int, timeout: float = 120.0) -> list[dict[str, Any]]:
        """Wait for this many messages, and return them."""
        await self.until(lambda: len(self.received) >= count, timeout)
        return self.received


@asynccontextmanager
async def listening(webhook: Webhook | None = None, port: int = 0) -> AsyncIterator[Webhook]:
    """Run a webhook on a port of its own."""
    webhook = webhook or Webhook()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", webhook.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    address = runner.addresses[0]
    webhook.url = f"http://{address[0]}:{address[1]}/webhook"
    try:
        yield webhook
    finally:
        await runner.cleanup()
