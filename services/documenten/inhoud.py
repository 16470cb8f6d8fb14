"""The body of a document: JSON whose member ``inhoud`` is base64 of any size.

A small body is read whole. Of a large one the content is taken out as it streams: decoded and sent to the storage on
the fly, while the other members are kept and parsed as usual (:class:`Splitter`).
"""

import asyncio
import binascii
import re
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

import orjson
import pybase64
from starlette.requests import ClientDisconnect

from runtime.problems import Problem, invalid
from services.documenten.upload import Segment, Upload
from zgw.body import parsed
from zgw.request import Call

SMALL = 64 * 1024
"""Largest body that is parsed whole. Of a larger one that would copy the content several times."""

PADDING, WRONG = "incorrect-base64-padding", "invalid-base64"
CONTENT_CODES = (PADDING, WRONG)
"""The codes of content that cannot be decoded."""


@dataclass
class Body:
    """The body of a client: its members except ``inhoud``, and that content as an upload that is not finished yet.

    ``given`` is whether ``inhoud`` was there, be it null; ``error`` is the code of what is wrong with it.
    """

    sent: dict[str, Any]
    whole: dict[str, Any] = field(default_factory=dict)
    """The body that the document was a member of; else that of the document."""
    given: bool = False
    upload: Upload | None = None
    error: str = ""

    @property
    def size(self) -> int | None:
        """The size of the content, or None when there is none."""
        return None if self.upload is None else self.upload.size

    async def store(self) -> Segment:
        """Return the content as it is stored."""
        assert self.upload is not None
        return await self.upload.finish()

    async def discard(self) -> None:
        """Remove the content again, because the document was refused."""
        if self.upload is not None:
            await self.upload.discard()


async def read_body(call: Call, within: str = "") -> Body:
    """Return the body of a create or update of a document, or of the member of this name that is one; raise 400, 413 or
    415, or what a failing storage gives."""
    call.check_content_type()
    chunks, size = [], 0
    stream = call.request.stream()
    try:
        async for chunk in stream:
            chunks.append(chunk)
            size += len(chunk)
            if size > SMALL:
                return await _streamed(call, b"".join(chunks), stream, within)
        return await _whole(call, b"".join(chunks), within)
    except ClientDisconnect:
        raise Problem(400, "parse_error", "Het verzoek is afgebroken.") from None


def _body_of(raw: bytes | bytearray, within: str) -> Body:
    whole = parsed(raw)
    sent = whole.get(within) if within else whole
    return Body(sent if isinstance(sent, dict) else {}, whole)


async def _whole(call: Call, raw: bytes, within: str) -> Body:
    body = _body_of(raw, within)
    if "inhoud" in body.sent:
        body.given = True
        value = body.sent.pop("inhoud")
        if isinstance(value, str):
            decoder, body.upload = Decoder(), Upload(call.service, call.tenant)
            await body.upload.write(decoder.feed(value.encode(), last=True))
            body.error = decoder.end()
        elif value is not None:
            body.error = "invalid"
    return body


async def _streamed(call: Call, first: bytes, stream: AsyncGenerator[bytes], within: str) -> Body:
    upload = Upload(call.service, call.tenant)
    decoder, splitter = Decoder(), Splitter(within)
    try:
        chunk: bytes | None = first
        while chunk is not None:
            for piece in splitter.feed(chunk):
                if decoded := decoder.feed(piece):
                    await upload.write(decoded)
            chunk = await anext(stream, None)
        await upload.write(decoder.feed(b"", last=True))
        body = _body_of(splitter.rest, within)
        if "inhoud" in body.sent:
            body.given = True
            value = body.sent.pop("inhoud")
            # The Splitter left an empty string in the place of what it took out; later members of that name win.
            if splitter.found and value == "":
                body.upload, body.error = upload, decoder.end()
            elif value is not None:
                body.error = "invalid"
        if body.upload is None:
            await upload.discard()
        return body
    except BaseException:
        await asyncio.shield(upload.discard())
        raise


DATA = b"data:"
"""How a URL begins that holds base64 (RFC 2397), as browsers give it: ``data:application/pdf;base64,JVBERi0x``."""
MAX_HEAD = 512
"""Most bytes of such a URL before its base64."""


class Decoder:
    """Base64 in pieces: ``feed`` each, with ``last`` the last one, then ``end``, which returns the code of what is
    wrong with it, or nothing."""

    def __init__(self) -> None:
        self.error = ""
        self._head: bytes | None = b""
        """The beginning, as long as it may be that of a data-URL."""
        self._carry = b""
        self._ended = False

    def feed(self, text: bytes, last: bool = False) -> bytes:
        """Return what can be decoded so far."""
        if self._head is not None:
            text = self._without_head(text, last)
        if b"\n" in text or b"\r" in text:
            # Mail libraries break their base64 into lines, and every implementation accepts that.
            text = text.translate(None, b"\r\n")
        if self.error or not text:
            return b""
        if self._ended:
            self.error = WRONG
            return b""
        if self._carry:
            text = self._carry + text
        whole = len(text) // 4 * 4
        text, self._carry = (text, b"") if whole == len(text) else (text[:whole], text[whole:])
        if not text:
            return b""
        self._ended = text.endswith(b"=")
        try:
            return pybase64.b64decode(text, validate=True)
        except binascii.Error:
            # A character that does not belong there is worse than a wrong number of equals signs.
            self.error = PADDING if re.fullmatch(rb"[A-Za-z0-9+/]*=+", text) else WRONG
            return b""

    def _without_head(self, text: bytes, last: bool) -> bytes:
        """Return what follows the head of a data-URL, or all when it is none; nothing while that is not known."""
        assert self._head is not None
        text = self._head + text
        begin = text[: len(DATA)].lower()
        if begin != DATA and (last or not DATA.startswith(begin)):
            self._head = None
            return text
        head, comma, rest = text.partition(b",")
        if not comma and not last and len(head) <= MAX_HEAD:
            self._head = text
            return b""
        self._head = None
        if not comma or len(head) > MAX_HEAD or not head.lower().endswith(b";base64"):
            self.error = WRONG
        return rest

    def end(self) -> str:
        """Finish: what is left over is an error."""
        if self._carry and not self.error:
            right = re.fullmatch(rb"[A-Za-z0-9+/]+=*", self._carry) and not self._ended
            self.error = PADDING if right else WRONG
        return self.error


REST = 1024**2
"""Most bytes of a streamed body beside its content."""
MAX_SIGNS = 50_000
"""Most brackets, quotes, colons, commas and escapes there: each of them is a step of the :class:`Splitter`."""

_SIGN = re.compile(rb'["{}\[\]:,]')
_QUOTE = re.compile(rb'["\\]')


class Splitter:
    """Takes the string ``inhoud`` of the outermost object, or of its member ``within``, out of JSON that comes in
    pieces.

    ``feed`` returns the pieces of that string, unescaped; ``rest`` is the JSON with ``""`` in its place. It knows just
    enough of JSON to find the member; the parser of ``rest`` finds all that is wrong.
    """

    def __init__(self, within: str = "") -> None:
        self._within = within.encode()
        self._outer = b""
        self._level = 2 if within else 1
        self.rest = bytearray()
        self.found = False
        self._buffer = b""
        self._depth = 0
        self._key = b""
        self._before = b""
        self._string = -1
        """Where the string begins, in ``rest``, that is being read; -1 outside strings."""
        self._inside = False
        self._steps = 0

    def feed(self, chunk: bytes) -> list[bytes]:
        """Take the next piece of JSON and return what it has of the content."""
        data = self._buffer + chunk if self._buffer else chunk
        self._buffer = b""
        pieces: list[bytes] = []
        at = 0
        while at < len(data):
            if self._inside:
                at = self._content(data, at, pieces)
                continue
            self._steps += 1
            at = self._text(data, at) if self._string >= 0 else self._structure(data, at)
            if len(self.rest) > REST:
                raise Problem(413, "request_too_large", f"Zonder inhoud mag een document {REST} bytes groot zijn.")
            if self._steps > MAX_SIGNS:
                raise Problem(400, "parse_error", "Naast inhoud heeft een document niet zo veel waarden.")
        return pieces

    def _content(self, data: bytes, at: int, pieces: list[bytes]) -> int:
        quote = data.find(b'"', at)
        end = len(data) if quote < 0 else quote
        piece = data[at:end]
        if b"\n" in piece or b"\r" in piece:
            # Base64 may be broken into lines, but in JSON they have to be escaped.
            raise Problem(400, "parse_error", "De inhoud bevat een regeleinde dat in JSON niet mag.")
        if b"\\" in piece:
            if quote < 0 and (last := piece.rfind(b"\\")) >= len(piece) - 5:
                # This escape may continue in the next piece; the longest has six bytes.
                self._buffer, piece = piece[last:], piece[:last]
            piece = _unescaped(piece)
        if piece:
            pieces.append(piece)
        if quote < 0:
            return len(data)
        self._inside = False
        self.rest += b'"'
        return quote + 1

    def _text(self, data: bytes, at: int) -> int:
        found = _QUOTE.search(data, at)
        if found is None:
            self.rest += data[at:]
            return len(data)
        if found[0] == b"\\":
            if found.end() == len(data):
                self.rest += data[at : found.start()]
                self._buffer = b"\\"
                return len(data)
            self.rest += data[at : found.end() + 1]
            return found.end() + 1
        self.rest += data[at : found.end()]
        if self._depth == self._level and self._before in b"{,":
            self._key = _name(bytes(self.rest[self._string :]))
        elif self._depth == 1 and self._before in b"{,":
            self._outer = _name(bytes(self.rest[self._string :]))
        self._string = -1
        return found.end()

    def _structure(self, data: bytes, at: int) -> int:
        found = _SIGN.search(data, at)
        if found is None:
            self.rest += data[at:]
            return len(data)
        sign = found[0]
        self.rest += data[at : found.start()]
        if sign == b'"':
            here = self._depth == self._level and self._outer == self._within
            if here and self._before == b":" and self._key == b"inhoud":
                if self.found:
                    raise invalid("inhoud", "invalid", "Dit veld staat er meer dan eens.")
                self.found = self._inside = True
            else:
                self._string = len(self.rest)
        elif sign in b"{[":
            self._depth += 1
        elif sign in b"}]":
            self._depth -= 1
        if sign != b'"':
            self._before = sign
        self.rest += sign
        return found.end()


def _name(text: bytes) -> bytes:
    try:
        return str(orjson.loads(text)).encode()
    except orjson.JSONDecodeError:
        return b""


def _unescaped(piece: bytes) -> bytes:
    r"""Return the text of a piece of a string: some libraries write ``\/`` for a slash, or ``\u003d`` for ``=``."""
    try:
        return str(orjson.loads(b'"' + piece + b'"')).encode()
    except orjson.JSONDecodeError:
        return b"\\"
