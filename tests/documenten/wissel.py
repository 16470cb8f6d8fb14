"""A switch between separate processes and some services, so that a test can put a stand-in in the place of one."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from gateway.upstream import Upstream, new_session
from tests.servers import serving
from tests.stack import Stack

SERVICES = ("zaken", "besluiten", "notificaties")


class Wissel:
    """An ASGI app below which each of the services has a path of its own."""

    def __init__(self) -> None:
        self.url = ""
        self.session = new_session(3, 60)
        self.fakes: dict[str, Any] = {}
        self.real: dict[str, Any] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass a request on."""
        name = scope["path"].split("/")[1]
        path = scope["path"].removeprefix(f"/{name}")
        app = self.fakes.get(name) or self.real[name]
        await app({**scope, "path": path, "raw_path": path.encode()}, receive, send)

    def place(self, stack: Stack) -> None:
        """Take the place of the services, before the processes start; in one process there is no need for it."""
        if stack.split is None:
            return
        urls = stack.split.settings.service_urls
        for name in SERVICES:
            self.real[name] = Upstream(urls[name], self.session)
            urls[name] = f"{self.url}/{name}"

    @contextmanager
    def standing_in(self, stack: Stack, fake: Any, *names: str) -> Iterator[None]:
        """Let ``fake`` answer in the place of services, to whoever calls them in this stack."""
        apps, internal = stack.standalone.apps, stack.standalone.services["documenten"].internal
        before = {name: apps[name] for name in names}
        for name in names:
            self.fakes[name] = apps[name] = fake
            internal._clients.pop(name, None)
        try:
            yield
        finally:
            apps.update(before)
            for name in names:
                del self.fakes[name]
                internal._clients.pop(name, None)


@asynccontextmanager
async def wisselend() -> AsyncIterator[Wissel]:
    """Run a switch."""
    wissel = Wissel()
    async with serving(wissel) as wissel.url:
        yield wissel
    await wissel.session.close()
