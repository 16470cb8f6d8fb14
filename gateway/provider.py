"""What a provider (OpenID Connect) publishes: where its keys are, and the keys. Fetched within bounds, from checked
addresses only.

The operator configures the URL; what the document behind it says may not lead into the network around the server: a URL
of keys elsewhere than below the host that the operator named has to be at a public address, and have TLS.
"""

import asyncio
import logging
from dataclasses import dataclass
from urllib.parse import urljoin

import httpcore
import orjson

from gateway.keys import FetchedKey, fetched_keys
from runtime.outgoing import MAX_REDIRECTS, REDIRECTS, Target, addresses, exchange, may_connect, new_pool, target_of

log = logging.getLogger("samenzaak.gateway")

WELL_KNOWN = "/.well-known/openid-configuration"

MAX_SIZE = 256 * 1024
"""Most bytes of a document of a provider; the largest that are known have 30 kB."""

FAILURES = (
    httpcore.ConnectError,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.TimeoutException,
    TimeoutError,
    ValueError,
    OSError,
)
"""What is raised when a provider cannot be asked, or does not say what it should."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where the keys of an issuer come from: its document of discovery, or without that the keys themselves.

    ``private``: the host of that URL was in a private network when the operator added it.
    """

    iss: str
    discovery_url: str
    jwks_url: str
    private: bool


def discovery_of(iss: str) -> str:
    """Return where an issuer has its document, as OpenID Connect Discovery says."""
    return iss.rstrip("/") + WELL_KNOWN


async def is_private(url: str) -> bool:
    """Return whether the host of a provider is in a private network, seen from here.

    A host that has no address yet has to have a public one later. Raises ValueError for a URL that cannot be used, for
    an address that is never connected to, and for one without TLS that is not in a private network.
    """
    target = target_of(url)
    try:
        found = await addresses(target.host, target.port)
    except OSError:
        found = []
    if refused := [address for address in found if not may_connect(address, private=True)]:
        raise ValueError(f"{target.host} is at an address that is never connected to: {', '.join(refused)}")
    private = any(not may_connect(address, private=False) for address in found)
    if target.scheme != "https" and not private:
        raise ValueError(f"{url} needs https: whoever is between could give keys of his own")
    return private


class Provider:
    """The connections to the providers of all municipalities."""

    def __init__(self, connect_timeout: float, timeout: float) -> None:
        """``timeout`` is how many seconds all of it may take: both documents, with redirects."""
        self._seconds = (connect_timeout, timeout)
        self._pools: dict[bool, httpcore.AsyncConnectionPool] = {}

    async def stop(self) -> None:
        """Close all connections."""
        for pool in self._pools.values():
            await pool.aclose()
        self._pools.clear()

    async def keys(self, source: Source) -> list[FetchedKey]:
        """Return the keys that a provider signs with now; raise one of :data:`FAILURES` when it does not tell."""
        async with asyncio.timeout(self._seconds[1]):
            if source.discovery_url:
                url, private = await self._discover(source)
            else:
                url, private = source.jwks_url, source.private
            return fetched_keys(await self._get(url, private))

    async def _discover(self, source: Source) -> tuple[str, bool]:
        document = await self._get(source.discovery_url, source.private)
        if not isinstance(document, dict) or document.get("issuer") != source.iss:
            said = document.get("issuer") if isinstance(document, dict) else None
            raise ValueError(f"the issuer there is {str(said)[:200]!r}, not {source.iss!r}")
        url = document.get("jwks_uri")
        if not isinstance(url, str):
            raise ValueError("the document has no jwks_uri")
        same = _origin(target_of(url)) == _origin(target_of(source.discovery_url))
        if not same and target_of(url).scheme != "https":
            raise ValueError(f"the keys are at {url[:200]}, without TLS")
        return url, source.private and same

    async def _get(self, url: str, private: bool) -> object:
        """Return the JSON at a URL. Redirects are followed at the same host only."""
        begin = _origin(target_of(url))
        pool = self._pools.get(private) or self._pools.setdefault(private, new_pool(private))
        for _ in range(MAX_REDIRECTS + 1):
            if _origin(target_of(url)) != begin:
                raise ValueError(f"it redirects to another host, {url[:200]}")
            headers = [("Accept", "application/json")]
            status, answered, content = await exchange(pool, "GET", url, headers, None, self._seconds, MAX_SIZE)
            if status not in REDIRECTS:
                if status != 200:
                    raise ValueError(f"{url} answers {status}")
                return orjson.loads(content)
            url = urljoin(url, answered.get(b"location", b"").decode("ascii"))
        raise ValueError("it redirects too often")


def _origin(target: Target) -> tuple[str, str, int]:
    return target.scheme, target.host, target.port
