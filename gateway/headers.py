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


def with_defaults(headers: Iterable[tuple[bytes, bytes]], defaults: Headers) -> Headers:
    """Return the headers of an answer without a request id, and with each default that it does not set itself."""
    kept = [pair for pair in headers if pair[0] != b"x-request-id"]
    present = {name for name, _ in kept}
    kept += [pair for pair in defaults if pair[0] not in present]
    return kept
