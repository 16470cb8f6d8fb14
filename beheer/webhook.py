"""A webhook for whoever builds a subscriber: it shows notifications as they arrive.

It speaks HTTP alone, as an application does, so it also works against an installation elsewhere that can reach it.
"""

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import orjson
from aiohttp import web

ABONNEMENTEN = "/notificaties/api/v1/abonnement"
MEMBERS = ("aanmaakdatum", "kanaal", "actie", "resource", "resourceUrl")
"""What a line shows of a notification."""
SECONDS = 30.0

Token = Callable[[], str]


def as_line(message: dict[str, Any]) -> str:
    """Return one line for a notification: when, what happened, to which object, and its kenmerken."""
    kenmerken = message.get("kenmerken")
    told = " ".join(f"{key}={value}" for key, value in kenmerken.items()) if isinstance(kenmerken, dict) else ""
    line = " ".join(filter(None, [*(str(message.get(name, "-")) for name in MEMBERS), told]))
    # What a sender wrote must not end the line, or steer the terminal.
    return "".join(character if character.isprintable() else " " for character in line)


def as_json(message: dict[str, Any]) -> str:
    """Return a notification as JSON in one line, in which nothing steers the terminal: JSON itself allows that."""
    written = orjson.dumps(message).decode()
    return "".join(each if each.isprintable() else json.dumps(each)[1:-1] for each in written)


@asynccontextmanager
async def listening(port: int, auth: str, heard: Callable[[dict[str, Any]], None]) -> AsyncIterator[str]:
    """Listen on the loopback interface and give the URL; ``heard`` gets each notification whose Authorization is
    ``auth``. Others get 401, and the check of a callback nothing but its answer. Raise OSError for a port in use."""

    async def take(request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != auth:
            return web.Response(status=401)
        try:
            message = orjson.loads(await request.read())
            # It is read deeper than it can be written.
            orjson.dumps(message)
        except (orjson.JSONDecodeError, orjson.JSONEncodeError, web.RequestPayloadError):
            message = None
        if not isinstance(message, dict):
            return web.Response(status=400)
        if message.get("kanaal") != "test":
            heard(message)
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/{path:.*}", take)
    runner = web.AppRunner(app, shutdown_timeout=1, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def subscribed(base: str, token: Token, callback: str, auth: str, kanalen: Sequence[str]) -> AsyncIterator[str]:
    """Make an abonnement, give its URL, and remove it at the end; raise ValueError with what the API refuses."""
    body = {"callbackUrl": callback, "auth": auth, "kanalen": [{"naam": name, "filters": {}} for name in kanalen]}
    timeout = aiohttp.ClientTimeout(total=SECONDS)
    async with aiohttp.ClientSession(timeout=timeout) as session:

        async def ask(method: str, url: str, expected: int, **sent: Any) -> Any:
            headers = {"Authorization": f"Bearer {token()}"}
            async with session.request(method, url, headers=headers, **sent) as answer:
                text = await answer.text()
                if answer.status != expected:
                    raise ValueError(f"{method} {url}: {answer.status} {text[:2000]}")
                return orjson.loads(text) if text else None

        made = await ask("POST", base.rstrip("/") + ABONNEMENTEN, 201, json=body)
        try:
            yield made["url"]
        finally:
            # At the address that was asked: what the API writes may have another host name.
            own = made["url"].rpartition("/")[2]
            await ask("DELETE", f"{base.rstrip('/')}{ABONNEMENTEN}/{own}", 204)


async def until_interrupted() -> None:
    """Wait for Ctrl-C, or for SIGTERM."""
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    await ended.wait()
