"""Pages that stay the same for a while: compressed for those who read that, and not sent again to those who have them.

Only what is there for anybody: compressing an answer with secrets in it would tell their length.
"""

import gzip
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from runtime.negotiation import weight

WORTH = 1024
"""Bytes from which a page is compressed: a smaller one fits into one packet as it is."""
TAGS = 100
"""Tags of ``If-None-Match`` that are read: the client decides how many it sends."""


@dataclass(frozen=True, slots=True)
class Static:
    """What is remembered of a page: the tag of its content, and its compressed content, if it has one."""

    etag: str
    packed: bytes | None


def pack(content: bytes) -> Static:
    """Compress a page: 12 ms for 100 KB, so do it once, and in a thread when it may be large."""
    return Static(tag(content), gzip.compress(content, 6, mtime=0) if len(content) >= WORTH else None)


def tag(content: bytes) -> str:
    """Return what is different for each content."""
    return hashlib.sha256(content).hexdigest()[:32]


def takes_gzip(request: Request) -> bool:
    """Return whether a client reads what is compressed."""
    return bool(weight(",".join(request.headers.getlist("accept-encoding")), "gzip", "*"))


def send(
    request: Request,
    page: Static,
    content: Callable[[], bytes],
    media_type: str,
    headers: Mapping[str, str],
    status: int = 200,
) -> Response:
    """Return the answer with a page in the form that the client reads, or 304 when it has that already. ``content``
    gives the page as it is. A page is asked for again each time, unless ``headers`` have another ``Cache-Control``."""
    packed = page.packed if takes_gzip(request) else None
    etag = f'"{page.etag}-gzip"' if packed is not None else f'"{page.etag}"'
    given = {"ETag": etag, "Cache-Control": "no-cache", **headers}
    if page.packed is not None:
        given["Vary"] = f"{given['Vary']}, Accept-Encoding" if "Vary" in given else "Accept-Encoding"
    given_tags = ",".join(request.headers.getlist("if-none-match")).split(",", TAGS)[:TAGS]
    known = [each.strip().removeprefix("W/") for each in given_tags]
    if etag in known or known == ["*"]:
        return Response(None, 304, given)
    if packed is not None:
        given["Content-Encoding"] = "gzip"
    return Response(packed if packed is not None else content(), status, given, media_type)
