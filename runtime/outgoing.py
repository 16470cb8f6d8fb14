"""APIs outside this installation: only those that a tenant configured, and only at addresses that were checked."""

import asyncio
import ipaddress
import logging
import re
import socket
import ssl
import time
import warnings
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpcore
import jwt
import orjson
from cryptography.fernet import Fernet, InvalidToken
from jwt.warnings import InsecureKeyLengthWarning

from runtime.identity import Caller
from runtime.settings import Settings
from runtime.trace import HEADER as TRACEPARENT

log = logging.getLogger("samenzaak.external")

HEADER_NAME = re.compile(r"[A-Za-z0-9-]{1,100}")
"""The name of a header that an operator may set."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# The secrets that the applications of a municipality have today are often shorter than the library likes.
warnings.filterwarnings("ignore", category=InsecureKeyLengthWarning)

MAX_SIZE = 2 * 1024**2
"""Most bytes of an answer."""
MAX_REDIRECTS = 3
REDIRECTS = (301, 302, 303, 307, 308)
PORTS = {"http": 80, "https": 443}

METADATA = [ipaddress.ip_network(net) for net in ("100.100.100.200/32", "168.63.129.16/32", "fd00:ec2::254/128")]
"""Where clouds give machines their credentials, as far as that is not link-local."""
EMBEDDING = [(ipaddress.ip_network("64:ff9b::/96"), 0), (ipaddress.ip_network("2002::/16"), 80)]
"""IPv6 networks that carry an IPv4 address, with the bits that stand to the right of it."""

# Only what every parser reads in the same way: no userinfo, backslash, encoded dot or slash, control character.
_AUTHORITY = re.compile(r"[a-z0-9.-]+|\[[0-9a-f:.]+\]", re.IGNORECASE)
_PATH = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%(?!2e|2f|5c|00)[0-9a-f]{2})*", re.IGNORECASE)
_QUERY = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9a-f]{2})*", re.IGNORECASE)


@dataclass(frozen=True)
class External:
    """One configured API. ``secret`` is encrypted; with ``header`` it is the value of that header, with ``client_id``
    the secret of that; without both the API asks for no credentials. ``private``: its host was in a private network
    when the operator added it. ``expand``: the operator lets it be shown to every client that may read what refers to
    it."""

    name: str
    root: str
    client_id: str
    header: str
    secret: str = field(repr=False)
    private: bool
    expand: bool = False


@dataclass(frozen=True)
class Target:
    """The parts of a URL that decide where a request goes."""

    scheme: str
    host: str
    port: int
    path: str


def secret_box(settings: Settings) -> Fernet:
    """Return what encrypts and decrypts the secrets of external APIs."""
    return Fernet(urlsafe_b64encode(settings.derive("external-secrets")))


def target_of(url: str) -> Target:
    """Return where a URL leads; raise ValueError for everything that two parsers could read differently."""
    if any(ord(character) <= 32 or ord(character) > 126 for character in url):
        raise ValueError("only visible ASCII characters")
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port
    authority = parts.netloc.lower().removesuffix(f":{port}" if port is not None else "")
    if parts.scheme not in PORTS or not _AUTHORITY.fullmatch(authority):
        raise ValueError("only http(s)://host[:port]/path")
    if not _PATH.fullmatch(parts.path) or not _QUERY.fullmatch(parts.query) or parts.fragment:
        raise ValueError("unusual characters")
    if any(segment in (".", "..") for segment in parts.path.split("/")):
        raise ValueError("no . or .. in the path")
    return Target(parts.scheme, host.lower().rstrip("."), port or PORTS[parts.scheme], parts.path)


def below(root: Target, target: Target) -> bool:
    """Return whether ``target`` lies below ``root``: same origin, and its path continues that of the root."""
    prefix = root.path.rstrip("/") + "/"
    same = (root.scheme, root.host, root.port) == (target.scheme, target.host, target.port)
    return same and target.path.startswith(prefix)


def find(known: Iterable[External], url: str) -> External | None:
    """Return the configured API that a URL belongs to (the longest root wins), or None."""
    try:
        target = target_of(url)
    except ValueError:
        return None
    fitting = [api for api in known if below(target_of(api.root), target)]
    return max(fitting, key=lambda api: len(api.root), default=None)


def may_connect(text: str, private: bool) -> bool:
    """Return whether an address may be connected to: never link-local, metadata, multicast or reserved ones, and
    private and loopback ones only where the operator configured them."""
    address: Address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped
        for network, shift in EMBEDDING:
            if address in network:
                inner = ipaddress.IPv4Address((int(address) >> shift) & 0xFFFFFFFF)
        if inner is not None:
            return may_connect(str(inner), private)
    if any(address in network for network in METADATA if network.version == address.version):
        return False
    if address.is_link_local or address.is_multicast or address.is_unspecified:
        return False
    # Loopback of IPv6 counts as reserved as well.
    if address.is_reserved and not address.is_loopback:
        return False
    # Python takes the site-local networks of before 2004 for global ones.
    site_local = isinstance(address, ipaddress.IPv6Address) and address.is_site_local
    return private or (address.is_global and not site_local)


async def addresses(host: str, port: int) -> list[str]:
    """Return the addresses of a host; raises OSError when it has none."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class CheckedBackend(httpcore.AsyncNetworkBackend):
    """Connects to the checked addresses of a host and to nothing else; TLS still verifies the name."""

    def __init__(self, private: bool) -> None:
        self._private = private
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Resolve once, check every address, and connect to the first that answers."""
        try:
            found = await addresses(host, port)
        except OSError as e:
            raise httpcore.ConnectError(f"{host} has no address") from e
        # One forbidden address makes the whole name suspect.
        if not found or not all(may_connect(address, self._private) for address in found):
            raise httpcore.ConnectError(f"{host} is at an address that is not allowed: {', '.join(found)}")
        failure: Exception = httpcore.ConnectError(host)
        for address in found:
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as e:
                failure = e
        raise failure

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.AsyncNetworkStream:
        """Refuse."""
        raise httpcore.ConnectError("no sockets of this machine")

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


def new_pool(private: bool) -> httpcore.AsyncConnectionPool:
    """Return connections to checked addresses only; to ``private`` ones where the operator configured such a host."""
    return httpcore.AsyncConnectionPool(
        ssl.create_default_context(),
        max_connections=20,
        keepalive_expiry=3,
        network_backend=CheckedBackend(private),
    )


async def exchange(
    pool: httpcore.AsyncConnectionPool,
    method: str,
    url: str,
    headers: Sequence[tuple[str, str]],
    content: bytes | None,
    seconds: tuple[float, float],
    most: int,
) -> tuple[int, dict[bytes, bytes], bytes]:
    """Return (status, headers, body) of one request. ``seconds``: to connect, and to wait for anything else.

    Raises ValueError for an answer of more than ``most`` bytes, and the errors of httpcore. Follows no redirect.
    """
    connect, other = seconds
    timeout = {**dict.fromkeys(("read", "write", "pool"), other), "connect": connect}
    parts: list[bytes] = []
    size = 0
    extensions = {"timeout": timeout}
    async with pool.stream(method, url, headers=headers, content=content, extensions=extensions) as response:
        async for part in response.aiter_stream():
            parts.append(part)
            size += len(part)
            if size > most:
                raise ValueError(f"the answer is larger than {most} bytes")
        return response.status, {name.lower(): value for name, value in response.headers}, b"".join(parts)


def _json(content: bytes, method: str) -> Any:
    """Return the JSON of an answer; None for one to a GET that is something else. After a write that would look as if
    it was carried out: raises ValueError."""
    try:
        return orjson.loads(content) if content else None
    except ValueError:
        if method != "GET":
            raise
        return None


class Outside:
    """The connections of one service to configured APIs."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pools: dict[bool, httpcore.AsyncConnectionPool] = {}

    async def stop(self) -> None:
        """Close all connections."""
        for pool in self._pools.values():
            await pool.aclose()
        self._pools.clear()

    async def request(
        self, api: External, caller: Caller, method: str, url: str, body: Any = None
    ) -> tuple[int, Any] | None:
        """Return (status, JSON) of the answer, or None when there is none that can be used. Redirects of a GET are
        followed below the root of the API, where its credentials may go."""
        try:
            async with asyncio.timeout(self._settings.outgoing_timeout):
                for _ in range(MAX_REDIRECTS + 1):
                    if not below(target_of(api.root), target_of(url)):
                        log.warning("%s redirects outside its root to %s", api.name, url)
                        return None
                    status, headers, content = await self._exchange(api, caller, method, url, body)
                    if method != "GET" or status not in REDIRECTS:
                        return status, _json(content, method)
                    url = urljoin(url, headers.get(b"location", b"").decode("ascii"))
        except (httpcore.ConnectError, httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as e:
            log.warning("%s %s: %r", method, url, e)
        except (TimeoutError, ValueError, OSError, InvalidToken) as e:
            log.warning("%s %s: %r", method, url, e)
        return None

    async def _exchange(
        self, api: External, caller: Caller, method: str, url: str, body: Any
    ) -> tuple[int, dict[bytes, bytes], bytes]:
        content = None if body is None else orjson.dumps(body)
        headers = self._headers(api, caller, content is not None)
        seconds = (self._settings.outgoing_connect_timeout, self._settings.outgoing_timeout)
        return await exchange(self._pool(api.private), method, url, headers, content, seconds, MAX_SIZE)

    def _pool(self, private: bool) -> httpcore.AsyncConnectionPool:
        if private not in self._pools:
            self._pools[private] = new_pool(private)
        return self._pools[private]

    def _headers(self, api: External, caller: Caller, has_body: bool) -> Sequence[tuple[str, str]]:
        secret = secret_box(self._settings).decrypt(api.secret.encode()).decode()
        credentials = [(api.header, secret)] if api.header else []
        if api.client_id:
            now = int(time.time())
            users = {"user_id": caller.user_id, "user_representation": caller.user_representation}
            claims = {"iss": api.client_id, "iat": now, "client_id": api.client_id, **users}
            credentials = [("Authorization", f"Bearer {jwt.encode(claims, secret, 'HS256')}")]
        trace = [(TRACEPARENT, caller.trace)] if caller.trace else []
        kind = [("Content-Type", "application/json"), ("Content-Crs", "EPSG:4326")] if has_body else []
        return [*credentials, ("Accept", "application/json"), ("Accept-Crs", "EPSG:4326"), *trace, *kind]
