"""Download: the content of a version, whole or a range, streamed (documenten.md §5.5)."""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends
from starlette.responses import Response, StreamingResponse
from starlette.types import Send

from runtime.problems import Problem
from services.documenten.document import LEZEN
from services.documenten.reading import EIO, find_version
from services.documenten.storage import storage_of
from zgw.api import Described
from zgw.dependencies import CurrentCall, Given, Needs
from zgw.read import known
from zgw.reading_log.read import Action, Kind
from zgw.reading_log.recorder import saw_one
from zgw.request import Call
from zgw.rights import Rights
from zgw.routing import Operation

FIRST_WINDOW, WINDOW = 256 * 1024, 2 * 1024**2
"""Bytes that are read from the storage at a time: little at first, and twice as many each time, so that a download that
nobody reads holds little. No connection to the storage stays open while a slow client reads."""
PIECE = 64 * 1024
"""Bytes that are sent at a time: the server waits for a slow client between two of them."""

_RANGE = re.compile(r"bytes=(\d*)-(\d*)", re.IGNORECASE)

Window = tuple[str, int, int]


router = APIRouter(prefix=EIO, tags=["enkelvoudiginformatieobjecten"], route_class=Operation)


@router.get(
    "/{uuid:uuid}/download",
    operation_id="enkelvoudiginformatieobject_download",
    openapi_extra={"zgw": Described(shape="binary", parameters=("versie", "registratieOp"))},
)
async def download(
    call: CurrentCall,
    rights: Annotated[Rights, Depends(Needs(LEZEN))],
    given: Annotated[dict[str, str], Depends(Given("versie", "registratieOp"))],
) -> Response:
    """De inhoud van een document downloaden: van de laatste versie, of van ``versie`` of ``registratieOp``.

    Whatever ``Accept`` asks for: clients name the type that they expect, and there is only one answer. HEAD reads
    nothing from the storage, and knows no ranges (RFC 9110, 14.2).
    """
    _, row = await find_version(call, rights, given, full=True)
    segments = row["segments"]
    if segments is None:
        return Response(None, 204)
    size = sum(segment["size"] for segment in segments)
    headers = {
        "Content-Disposition": disposition(row["bestandsnaam"] or str(row["uuid"])),
        "X-Content-Type-Options": "nosniff",
        "Accept-Ranges": "bytes",
        "ETag": etag(segments),
    }
    saw_one(call, Action.DOWNLOAD, Kind.DOCUMENT, str(row["uuid"]), row["vertrouwelijkheidaanduiding"])
    if known(call, headers["ETag"]):
        return Response(None, 304, headers)
    if call.request.method == "HEAD":
        return Response(None, 200, {**headers, "Content-Length": str(size)}, "application/octet-stream")
    start, end, status = 0, size, 200
    if (wanted := _range(call, size, headers["ETag"])) is not None:
        start, end = wanted
        if start >= end:
            raise Problem(
                416,
                "range_not_satisfiable",
                f"De inhoud heeft {size} bytes.",
                headers={"Content-Range": f"bytes */{size}"},
            )
        headers["Content-Range"], status = f"bytes {start}-{end - 1}/{size}", 206
    headers["Content-Length"] = str(end - start)
    windows = windows_of(segments, start, end)
    # The first piece is read before the answer begins, so that absent storage gives an error, not a broken file.
    try:
        first = await _read(call, windows[0]) if windows else b""
    except Problem:
        # Somebody may have removed the document in between: then this is a 404.
        await find_version(call, rights, given)
        raise
    if len(windows) < 2:
        return Response(first, status, headers, "application/octet-stream")
    return Breakable(_stream(call, first, windows[1:]), status, headers, "application/octet-stream")


class Breakable(StreamingResponse):
    """A download that may fail on its way: then the connection is closed, so that the client knows it is not whole."""

    async def stream_response(self, send: Send) -> None:
        """Send the content; without its end when the storage failed or the document was removed."""
        with suppress(Problem):
            await super().stream_response(send)


def etag(segments: Sequence[Mapping[str, Any]]) -> str:
    """Return the strong ETag of a content."""
    if len(segments) == 1:
        return f'"{segments[0]["sha256"]}"'
    return '"' + hashlib.sha256("".join(segment["sha256"] for segment in segments).encode()).hexdigest() + '"'


def disposition(name: str) -> str:
    """Return the Content-Disposition for a file name (RFC 6266): in UTF-8, and a plain form for older software."""
    clean = "".join(sign for sign in name if sign.isprintable()).replace("/", "_").replace("\\", "_") or "document"
    plain = clean.encode("ascii", "replace").decode().replace("?", "_").replace('"', "'").replace("%", "_")
    if plain == clean:
        return f'attachment; filename="{plain}"'
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(clean, safe='')}"


def _range(call: Call, size: int, tag: str) -> tuple[int, int] | None:
    """Return the wanted (start, end), or None for everything; a start at or beyond the end is what does not exist."""
    given = call.request.headers.get("range")
    condition = call.request.headers.get("if-range")
    if given is None or (condition is not None and condition.strip() != tag):
        return None
    found = _RANGE.fullmatch(given.strip().replace(" ", ""))
    if found is None or found[0] == "bytes=-" or max(len(found[1]), len(found[2])) > 18:
        # More ranges at once, or another unit: a server may ignore those.
        return None
    if not found[1]:
        return max(size - int(found[2]), 0), size if int(found[2]) else 0
    start = int(found[1])
    end = min(int(found[2]) + 1, size) if found[2] else size
    if found[2] and int(found[2]) < start:
        return None
    return start, end


def windows_of(segments: Sequence[Mapping[str, Any]], start: int, end: int) -> list[Window]:
    """Return the reads (key, start, length) that together give the bytes from ``start`` to ``end``."""
    found: list[Window] = []
    offset, window = 0, FIRST_WINDOW
    for segment in segments:
        size = segment["size"]
        at, stop = max(start - offset, 0), min(end - offset, size)
        while at < stop:
            length = min(window, stop - at)
            found.append((segment["key"], at, length))
            at += length
            window = min(2 * window, WINDOW)
        offset += size
    return found


async def _read(call: Call, window: Window) -> bytes:
    return await storage_of(call.service).read(call.tenant, *window)


async def _stream(call: Call, first: bytes, windows: Sequence[Window]) -> AsyncIterator[bytes]:
    """Yield the bytes; the next window is read while the client takes the second half of the present one."""
    ahead: asyncio.Task[bytes] | None = None
    try:
        for window in (*windows, None):
            for begin in range(0, len(first), PIECE):
                if window is not None and ahead is None and 2 * begin >= len(first):
                    ahead = asyncio.create_task(_read(call, window))
                yield first[begin : begin + PIECE]
            if window is not None:
                first = await (ahead or _read(call, window))
                ahead = None
    finally:
        if ahead is not None:
            ahead.cancel()
