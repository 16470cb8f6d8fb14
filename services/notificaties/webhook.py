"""Calling the webhook of a subscriber: which addresses may be called, and one POST (notificaties.md §4, §5).

The client is aiohttp's, because httpx takes several times its CPU (docs/adr/0005-deliveries.md).
"""

import asyncio
import errno
import logging
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import aiohttp
import orjson
from aiohttp.abc import AbstractResolver, ResolveResult

from runtime.identity import DELIVERY
from runtime.outgoing import may_connect
from runtime.settings import Settings
from services.notificaties.addresses import origin_of, parsed, refusal

log = logging.getLogger("samenzaak.notificaties")

TEST_MESSAGE = orjson.dumps(
    {
        "kanaal": "test",
        "hoofdObject": "http://some.hoofdobject.nl/",
        "resource": "some_resource",
        "resourceUrl": "http://some.resource.nl/",
        "actie": "create",
        "aanmaakdatum": "2019-01-01T12:00:00Z",
        "kenmerken": {},
    }
)

EXCERPT = 300
"""How much of the answer to a failed delivery is kept."""
LONGEST_ANSWER = 64 * 1024
"""A longer answer is not read, and its connection not used again."""


class GuardedResolver(AbstractResolver):
    """Resolves names to the addresses that may be called. The connection is made to the address that was judged."""

    def __init__(self, private: bool) -> None:
        self._private = private
        # Threads of its own, and many: names that are never answered must not hold up those of other subscribers.
        self._threads = ThreadPoolExecutor(64, thread_name_prefix="dns")

    async def resolve(self, host: str, port: int = 0, family: Any = socket.AF_INET) -> list[ResolveResult]:
        """Return the addresses of ``host``; raise OSError when there is none, or one that may not be called."""
        lookup = partial(socket.getaddrinfo, host, port, family, socket.SOCK_STREAM)
        found = await asyncio.get_running_loop().run_in_executor(self._threads, lookup)
        addresses = list(dict.fromkeys((str(entry[4][0]), entry[0]) for entry in found))
        # One forbidden address makes the whole name suspect.
        if not addresses or not all(may_connect(address, self._private) for address, _ in addresses):
            raise OSError(errno.EACCES, f"{host} is at an address that is not allowed")
        flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
        return [
            ResolveResult(hostname=host, host=address, port=port, family=kind, proto=0, flags=flags)
            for address, kind in addresses
        ]

    async def close(self) -> None:
        """Let go of the threads; one that still waits for an answer ends by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class Webhooks:
    """The connections to subscribers of one process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._resolver = GuardedResolver(settings.private_callbacks_allowed)
        connector = aiohttp.TCPConnector(
            limit=0,
            limit_per_host=0,
            ttl_dns_cache=30,
            keepalive_timeout=30,
            resolver=self._resolver,
        )
        timeout = aiohttp.ClientTimeout(total=settings.outgoing_timeout, sock_connect=settings.outgoing_connect_timeout)
        # Nothing from the environment: a proxy there would see what subscribers get.
        self._session = aiohttp.ClientSession(
            connector=connector,
            timeout=timeout,
            trust_env=False,
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def stop(self) -> None:
        """Close all connections."""
        await self._session.close()
        await self._resolver.close()

    async def post(self, url: str, auth: str | None, body: bytes) -> tuple[int, str]:
        """Send one message; return the status and "", or the start of the answer, or (0, why there was no answer)."""
        target = parsed(url)
        if (reason := refusal(url, self._settings)) or target is None:
            return 0, reason
        headers = {"Content-Type": "application/json", "User-Agent": "Samenzaak", DELIVERY: "1"}
        if auth is not None:
            headers["Authorization"] = auth
        try:
            async with self._session.post(target, data=body, headers=headers, allow_redirects=False) as response:
                if response.status == 204:
                    return 204, ""
                text = await response.content.read(LONGEST_ANSWER)
                if not response.content.at_eof():
                    response.close()
                return response.status, "" if response.ok else text[:EXCERPT].decode(errors="replace").replace("\0", "")
        except TimeoutError:
            return 0, f"no answer within {self._settings.outgoing_timeout:g} s"
        except (aiohttp.ClientError, OSError, ssl.SSLError, ValueError, UnicodeError) as e:
            return 0, f"{type(e).__name__}: {e}"[:EXCERPT].replace("\0", "")


async def verify(settings: Settings, url: str, auth: str | None) -> str:
    """Send the test message; return what is wrong in Dutch, or an empty string.

    With ``auth`` the webhook must take the message; without, it must refuse it with 401 or 403. What answered, if
    anything did, is for the operator: a client could explore the network with it.
    """
    webhooks = Webhooks(settings)
    try:
        status, text = await webhooks.post(url, auth, TEST_MESSAGE)
    finally:
        await webhooks.stop()
    if status in (401, 403) if auth is None else 200 <= status < 300:
        return ""
    with_auth = "without" if auth is None else "with"
    log.info("the callback %s is refused: %s its auth it answers %d %r", origin_of(url), with_auth, status, text)
    if auth is None:
        return "Zonder Authorization-header moet de callback een bericht weigeren met 401 of 403."
    return "De callback neemt de testnotificatie met deze auth niet aan."
