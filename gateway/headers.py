"""The security headers of every answer, as the Dutch API Design Rules ask (module transport security).

Answers hold personal data, so nothing between the service and the application keeps them. A page that needs other
rules, as the documentation does, sets its own.
"""

from collections.abc import Iterable

from gateway.asgi import Headers

SECURE: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"frame-ancestors 'none'"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
]
SECURE_OVER_TLS: Headers = [*SECURE, (b"strict-transport-security", b"max-age=31536000")]

BASE_HEADER = b"x-samenzaak-base"
"""Tells a service under which base URL its documentation is read, or a stranger is refused."""


def with_defaults(headers: Iterable[tuple[bytes, bytes]], defaults: Headers) -> Headers:
    """Return the headers of an answer without a request id, and with each default that it does not set itself."""
    kept = [pair for pair in headers if pair[0] != b"x-request-id"]
    present = {name for name, _ in kept}
    kept += [pair for pair in defaults if pair[0] not in present]
    return kept


_INTERNAL = (b"x-samenzaak-", b"x-forwarded-")
_REPLACED = frozenset((b"authorization", b"forwarded", b"x-request-id"))


def cleaned(headers: Headers, request_id: str) -> Headers:
    """Return the client's headers without any that a service would believe to be ours."""
    kept = [pair for pair in headers if (name := pair[0].lower()) not in _REPLACED and not name.startswith(_INTERNAL)]
    kept.append((b"x-request-id", request_id.encode()))
    return kept


def authorization(headers: Headers) -> bytes | None:
    """Return the Authorization header; None without it, and of two, which are ambiguous."""
    found = [value for name, value in headers if name == b"authorization"]
    return found[0] if len(found) == 1 else None
