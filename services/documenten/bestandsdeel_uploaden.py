"""The upload of a bestandsdeel: a form whose file streams to the storage (documenten.md §5.2)."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Annotated, Any
from urllib.parse import unquote_to_bytes

from fastapi import APIRouter, Depends
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from sqlalchemy import select, update
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from runtime.problems import OBJECT, InvalidParam, Problem, invalid, not_found
from runtime.statements import Row
from services.documenten.bestandsdeel import PART
from services.documenten.document import DOCUMENT, SCHRIJVEN
from services.documenten.document_velden import DOCUMENT_TABLE, BestandsDeelFields
from services.documenten.journal import keep, release, remove_now
from services.documenten.upload import Upload
from zgw.api import Described
from zgw.dependencies import CurrentCall, Needs, accepts_json
from zgw.fields import Fields
from zgw.read import no_query
from zgw.request import Call, answer
from zgw.rights import Rights
from zgw.routing import Operation
from zgw.select import existing, within
from zgw.types import WRITE_ONLY, Length, Ref, Shown
from zgw.unknown import MOST_NAMES, tell
from zgw.usage import BYTES

MULTIPART, URLENCODED = "multipart/form-data", "application/x-www-form-urlencoded"

SMALL_PART = 8 * 1024
"""Most bytes of a part of the form that is not the file, and of the headers of a part."""
MAX_URLENCODED = 10 * 1024**2
"""Bytes of a form that is not multipart; files are seldom sent so, because it takes up to three bytes for each."""
MAX_PAIRS = 100
"""Parts or fields of a form."""


class BestandsDeelRequestFields(Fields):
    """The form."""

    inhoud: Annotated[str, WRITE_ONLY, Shown(format="binary")] = ""
    lock: Annotated[str, WRITE_ONLY, Length(None, 1)]


class BestandsDeelResponse(BestandsDeelFields):
    """The part after its upload."""

    inhoud: Annotated[str, Ref(follow=False, blank=True)] = ""


@dataclass
class Form:
    """An upload: the lock, and the file on its way to the storage."""

    upload: Upload
    limit: int
    given: bool = False
    lock: bytes | None = None
    complete: bool = False
    parts: int = 0
    unknown: list[str] = field(default_factory=list)
    pieces: list[bytes] = field(default_factory=list)
    _name: bytes = b""
    _value: bytearray = field(default_factory=bytearray)
    _header: bytearray = field(default_factory=bytearray)
    _headers: dict[bytes, bytes] = field(default_factory=dict)

    def part_begin(self) -> None:
        """A part begins: nothing is known of it."""
        self.parts += 1
        if self.parts > MAX_PAIRS:
            raise Problem(400, "parse_error", "Het formulier heeft te veel velden.")
        self._name, self._value, self._headers = b"", bytearray(), {}

    def header_field(self, data: bytes, start: int, end: int) -> None:
        """Take the name of a header, in pieces."""
        self._header += data[start:end]
        self._check_small(self._header)

    def header_value(self, data: bytes, start: int, end: int) -> None:
        """Take the value of a header, in pieces."""
        self._value += data[start:end]
        self._check_small(self._value)

    def header_end(self) -> None:
        """Keep the header."""
        self._headers[bytes(self._header).lower()] = bytes(self._value)
        self._header, self._value = bytearray(), bytearray()
        if len(self._headers) > 20:
            raise Problem(400, "parse_error", "Het formulier is onleesbaar.")

    def headers_finished(self) -> None:
        """Find out which part this is."""
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        self._name = options.get(b"name", b"")
        self.take_name(self._name)
        if self._name == b"inhoud":
            if self.given:
                raise invalid("inhoud", "invalid", "Dit veld staat er meer dan eens.")
            self.given = True

    def take_name(self, name: bytes) -> None:
        """Remember some of the names of what is ignored."""
        if name not in (b"inhoud", b"lock") and len(self.unknown) <= MOST_NAMES:
            self.unknown.append(name.decode("latin-1"))

    def part_data(self, data: bytes, start: int, end: int) -> None:
        """Take a piece of a part."""
        if self._name == b"inhoud":
            self.pieces.append(data[start:end])
        elif self._name == b"lock":
            self._value += data[start:end]
            self._check_small(self._value)

    def part_end(self) -> None:
        """Keep the lock."""
        if self._name == b"lock":
            self.lock = bytes(self._value)

    def end(self) -> None:
        """The form is complete."""
        self.complete = True

    def _check_small(self, data: bytearray) -> None:
        if len(data) > SMALL_PART:
            raise Problem(413, "request_too_large", "Een veld van het formulier is te groot.")

    def callbacks(self) -> Any:
        """Return what the parser calls."""
        names = ("part_begin", "part_data", "part_end", "end")
        headers = ("header_field", "header_value", "header_end", "headers_finished")
        return {f"on_{name}": getattr(self, name) for name in (*names, *headers)}

    async def pass_on(self) -> bool:
        """Bring what came in to the storage; return False when it is more than the part can hold."""
        for piece in self.pieces:
            if self.upload.size + len(piece) > self.limit:
                return False
            await self.upload.write(piece)
        self.pieces.clear()
        return True


async def content_type(call: CurrentCall) -> tuple[str, dict[bytes, bytes]]:
    """Return the media type of the form and its options; raise 415 for anything else."""
    call.check_content_coding()
    kind, options = parse_options_header(call.request.headers.get("content-type", ""))
    if kind.decode("latin-1") not in (MULTIPART, URLENCODED):
        raise Problem(415, "unsupported_media_type", f"Alleen {MULTIPART} en {URLENCODED} worden ondersteund.")
    return kind.decode("latin-1"), options


router = APIRouter(prefix="/documenten/api/v1/bestandsdelen", tags=["bestandsdelen"], route_class=Operation)


@router.put(
    "/{uuid:uuid}",
    operation_id="bestandsdeel_update",
    dependencies=[Depends(accepts_json)],
    openapi_extra={
        "zgw": Described(
            body=BestandsDeelRequestFields,
            response=BestandsDeelResponse,
            content_type=f"{MULTIPART}, {URLENCODED}",
            parameters=("X-NLX-Logrecord-ID",),
        )
    },
)
async def upload_part(
    call: CurrentCall,
    sent: Annotated[tuple[str, dict[bytes, bytes]], Depends(content_type)],
    rights: Annotated[Rights, Depends(Needs(SCHRIJVEN))],
) -> Response:
    """Upload een bestandsdeel; opnieuw uploaden vervangt het."""
    kind, options = sent
    no_query(call)
    of = DOCUMENT_TABLE.c
    statement = (
        select(PART, of.lock, within(DOCUMENT, rights).label("_allowed"))
        .join_from(PART, DOCUMENT_TABLE, PART.c.document == of.uuid)
        .where(PART.c.uuid == call.path["uuid"], existing(DOCUMENT, rights))
    )
    part = await call.db.row(call.tenant, statement)
    if part is None:
        raise not_found()
    if not part["_allowed"]:
        raise await call.denied(DOCUMENT, SCHRIJVEN)
    form = Form(Upload(call.service, call.tenant), part["omvang"])
    try:
        fits = await (_multipart(call, form, options) if kind == MULTIPART else _urlencoded(call, form))
        tell(call, form.unknown)
        _check(form, part, fits)
        old = await _store(call, form, part)
    except BaseException:
        await asyncio.shield(form.upload.discard())
        raise
    call.service.usage.add(call.tenant, BYTES, part["omvang"])
    await remove_now(call.service, call.tenant, old)
    content = {
        "url": f"{call.base}/documenten/api/v1/bestandsdelen/{part['uuid']}",
        "volgnummer": part["volgnummer"],
        "omvang": part["omvang"],
        "voltooid": True,
        "lock": part["lock"],
        "inhoud": "",
    }
    return answer(content)


async def _multipart(call: Call, form: Form, options: dict[bytes, bytes]) -> bool:
    boundary = options.get(b"boundary", b"")
    if not 0 < len(boundary) <= 200:
        raise Problem(400, "parse_error", "De boundary van het formulier ontbreekt.")
    parser = MultipartParser(boundary, form.callbacks())
    try:
        async for chunk in _chunks(call):
            parser.write(chunk)
            if not await form.pass_on():
                return False
    except FormParserError:
        raise Problem(400, "parse_error", "Het formulier is onleesbaar.") from None
    if not form.complete:
        raise Problem(400, "parse_error", "Het formulier is niet compleet.")
    return True


async def _chunks(call: Call) -> AsyncIterator[bytes]:
    try:
        async for chunk in call.request.stream():
            yield chunk
    except ClientDisconnect:
        raise Problem(400, "parse_error", "Het verzoek is afgebroken.") from None


async def _urlencoded(call: Call, form: Form) -> bool:
    raw = await call.raw_body(MAX_URLENCODED)
    # Each escaped byte takes time: in a thread, so that others need not wait.
    for name, value in await asyncio.to_thread(_pairs, raw):
        if name == b"lock":
            form.lock = value
        elif name == b"inhoud":
            form.given, form.pieces = True, [value]
        elif name:
            form.take_name(name)
    return await form.pass_on()


def _pairs(raw: bytes) -> list[tuple[bytes, bytes]]:
    if raw.count(b"&") > MAX_PAIRS:
        raise Problem(400, "parse_error", "Het formulier heeft te veel velden.")
    split = (pair.replace(b"+", b" ").partition(b"=") for pair in raw.split(b"&"))
    return [(unquote_to_bytes(name), unquote_to_bytes(value)) for name, _, value in split]


def _check(form: Form, part: Row, fits: bool) -> None:
    """Raise 400 for what is wrong with the form: first its fields, then the lock, then the size."""
    errors: list[InvalidParam] = []
    # When the file is too large, what stands behind it in the form was not read.
    if not form.lock and fits:
        errors.append(InvalidParam("lock", "required" if form.lock is None else "blank"))
    if not form.given:
        errors.append(InvalidParam("inhoud", "required"))
    if errors:
        raise Problem(400, "invalid", invalid_params=errors)
    if form.lock is not None and form.lock.strip() != part["lock"].encode():
        raise invalid(OBJECT, "incorrect-lock-id", "De lock klopt niet.")
    if not fits or form.upload.size != part["omvang"]:
        raise invalid(OBJECT, "file-size", f"Dit bestandsdeel heeft {part['omvang']} bytes.")


async def _store(call: Call, form: Form, part: Row) -> list[str]:
    """Make the upload the content of the part; return the object that it replaces."""
    segment = await form.upload.finish()
    of = DOCUMENT_TABLE.c
    async with call.db.transaction(call.tenant) as db:
        # The document first, like unlock does; parts of one document may still be uploaded at the same time.
        document = await db.row(select(of.lock).where(of.uuid == part["document"]).with_for_update(read=True))
        now = await db.row(select(PART.c.key).where(PART.c.uuid == part["uuid"]).with_for_update())
        if document is None or now is None:
            raise not_found()
        if document["lock"] != part["lock"]:
            raise invalid(OBJECT, "incorrect-lock-id", "De lock klopt niet.")
        values = {"key": segment["key"], "sha256": segment["sha256"]}
        await db.execute(update(PART).where(PART.c.uuid == part["uuid"]).values(**values))
        await keep(db, call.service, call.tenant, [segment["key"]])
        old = [now["key"]] if now["key"] else []
        await release(db, old)
    return old
