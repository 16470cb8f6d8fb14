"""Cross-origin requests: which web pages may call the APIs from a browser, per municipality.

A browser asks first (OPTIONS, without a token). On a host name that belongs to no municipality it is not known yet
which one will be called, so there an origin of any of them is let through; the answer to the request itself, which has
a token, is readable only for the origins of that municipality. Cookies play no part, so credentials are not allowed.
"""

from gateway.asgi import Headers, header
from gateway.snapshot import Snapshot, Tenant

_METHODS = b"GET, HEAD, POST, PUT, PATCH, DELETE"
_REQUEST_HEADERS = (
    b"Authorization, Content-Type, Accept, Accept-Crs, Content-Crs, If-None-Match, If-Match, X-Request-Id,"
    b" X-Audit-Toelichting, X-NLX-Logrecord-ID"
)
_EXPOSED = (
    b"Location, ETag, API-version, Content-Crs, Content-Disposition, Link, Retry-After, Warning, X-Request-Id,"
    b" X-Warning"
)
ANYBODY: Headers = [(b"access-control-allow-origin", b"*")]
"""What lets any page read an answer that needs no token."""

_SECONDS = b"600"
"""How long a browser remembers the answer; the origins of a municipality seldom change."""


def is_preflight(method: str, headers: Headers) -> bool:
    """Return whether this is a browser's question before the request itself."""
    return (
        method == "OPTIONS"
        and header(headers, b"origin") is not None
        and header(headers, b"access-control-request-method") is not None
    )


def allowed(snapshot: Snapshot, tenant: Tenant | None, origin: bytes | None) -> bool:
    """Return whether pages of ``origin`` may read answers of ``tenant``; None: of any, as it is not known yet."""
    if origin is None:
        return False
    return origin.decode("latin-1") in (snapshot.origins if tenant is None else tenant.origins)


def public_preflight_headers() -> Headers:
    """Return what tells the browser that it may read what needs no token."""
    return [*ANYBODY, (b"access-control-allow-methods", b"GET, HEAD"), (b"access-control-max-age", _SECONDS)]


def preflight_headers(origin: bytes) -> Headers:
    """Return what tells the browser that it may go on."""
    return [
        (b"access-control-allow-origin", origin),
        (b"access-control-allow-methods", _METHODS),
        (b"access-control-allow-headers", _REQUEST_HEADERS),
        (b"access-control-max-age", _SECONDS),
        (b"vary", b"Origin"),
    ]


def response_headers(origin: bytes) -> Headers:
    """Return what lets the page read the answer."""
    return [
        (b"access-control-allow-origin", origin),
        (b"access-control-expose-headers", _EXPOSED),
        (b"vary", b"Origin"),
    ]
