"""One service at work, and one request in it."""

import asyncio
import codecs
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any
from weakref import WeakValueDictionary
from zoneinfo import ZoneInfo

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from runtime.per_tenant import PerTenant
from zgw.between import may_ask
from zgw.caller import GATEWAY, HEADER, OPERATOR, Caller, stranger, verify
from zgw.database import Database
from zgw.dates import today
from zgw.denial import HEADER as DENIED
from zgw.denial import verify_denial
from zgw.problems import MAX_NAME, InvalidParam, Problem, forbidden, invalid, not_json
from zgw.remote import Remote
from zgw.resource import Api, Resource
from zgw.rights import EVERYTHING, Applicatie, Rights
from zgw.settings import Settings
from zgw.signals import Signals
from zgw.tenancy import ERASED

log = logging.getLogger("samenzaak.service")

CRS = "EPSG:4326"


@dataclass
class Service:
    """What a running service has: its declaration, its database, its way to the other services."""

    api: Api
    settings: Settings
    database: Database
    remote: Remote
    signals: Signals
    keys: Mapping[str, bytes]
    """The keys of the internal tokens that it takes, by who makes them."""
    state: dict[str, Any] = field(default_factory=dict)
    """What background work of this service keeps between requests, by name."""
    background: list[PerTenant] = field(default_factory=list)
    """The background work per municipality, which forgets those that were erased."""
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _turns: WeakValueDictionary[tuple[str, str], asyncio.Lock] = field(default_factory=WeakValueDictionary)

    def __post_init__(self) -> None:
        self.signals.on(ERASED, self.forget)

    def forget(self, tenant: str) -> None:
        """Forget everything of a municipality that was erased; of all of them when ``tenant`` is ``""``."""
        self.database.forget(tenant)
        self.remote.forget(tenant)
        for work in self.background:
            work.forget(tenant)
        for forget in self.api.forget:
            forget(self, tenant)

    async def start(self) -> None:
        """Start the background work. Lifespans do not run when the gateway calls the app in one process."""
        for work in self.api.start:
            self._tasks.append(asyncio.create_task(work(self), name=f"{self.api.service} {work.__name__}"))

    def turn(self, tenant: str, path: str) -> asyncio.Lock:
        """Return the lock of those in this process whose change of an object lost from another: one at a time."""
        return self._turns.setdefault((tenant, path), asyncio.Lock())

    def queued(self, tenant: str, path: str) -> bool:
        """Return whether somebody in this process has, or waits for, the turn to change this object."""
        return (tenant, path) in self._turns

    async def stop(self) -> None:
        """Stop the background work and close the pool."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        await self.database.stop()


class Call:
    """One request: who calls, with what, at which service."""

    def __init__(self, service: Service, request: Request) -> None:
        self.service = service
        self.request = request
        self.path: Mapping[str, Any] = request.path_params
        self.heavy = False
        """Whether an object of the answer may be large, so that its bytes have to be counted."""
        self._applicatie: Applicatie | None = None
        if (denial := request.headers.get(DENIED)) is not None:
            self._caller: Caller | Problem = verify_denial(denial, service.keys[GATEWAY])
        else:
            self._caller = verify(request.headers.get(HEADER), service.keys)
            if (asking := self._caller.via or self._caller.component) and asking != OPERATOR:
                self._check_service(asking, bool(self._caller.via))
            # For the log and the metrics of the process, which look at it after the answer.
            request.scope["samenzaak.caller"] = self._caller

    def _check_service(self, asking: str, for_client: bool) -> None:
        """Raise 403 for what one of our services may not ask here, of its own accord or with the rights of a client."""
        method, path, asked = self.request.method, self.request.scope["path"], self.service.api.service
        if not may_ask(asking, asked, method, path, for_client=for_client):
            log.warning("%s may not ask %s %s of %s (zgw/between.py)", asking, method, path, asked)
            raise stranger()

    @property
    def caller(self) -> Caller:
        """Who calls; raises the Problem with which the gateway refused a stranger.

        It is raised here and not at the beginning, because a wrong Accept or Content-Type is told first (common.md §5).
        """
        if isinstance(self._caller, Problem):
            raise self._caller
        return self._caller

    @property
    def tenant(self) -> str:
        """The municipality of this request."""
        return self.caller.tenant

    @property
    def base(self) -> str:
        """The base URL that the response is rendered with."""
        return self.caller.base

    @cached_property
    def zone(self) -> ZoneInfo:
        """The time zone of the municipality."""
        return ZoneInfo(self.caller.time_zone or self.service.settings.time_zone)

    @cached_property
    def context(self) -> dict[str, Any]:
        """What the validation of fields and filters has to know of the request."""
        return {"bases": self.caller.bases, "zone": self.zone}

    def today(self) -> date:
        """Return the date in the municipality."""
        return today(self.zone)

    def latest(self) -> datetime:
        """Return the moment after which others lie in the future: clocks of clients may be ahead."""
        return datetime.now(UTC) + timedelta(seconds=self.service.settings.clock_skew)

    @property
    def db(self) -> Database:
        """The pool of the service."""
        return self.service.database

    @property
    def internal(self) -> bool:
        """Whether one of our own services asks, which bounds what it asks for itself."""
        return self.request.url.path.startswith("/_intern/")

    async def applicatie(self) -> Applicatie | None:
        """Return the client's Applicatie, or None when there is none; raise 403 when it cannot be fetched."""
        if self._applicatie is None:
            self._applicatie = await self.service.remote.applicatie(self.caller)
        return self._applicatie

    async def rights(self, scopes: frozenset[str]) -> Rights:
        """Return what the client may do with any of ``scopes``; raise Problem 403 when it has none of them."""
        if self.caller.component:
            return EVERYTHING
        found = await self.applicatie()
        rights = found.rights(self.service.api.component, scopes) if found else None
        if rights is None:
            raise forbidden(f"Benodigde scope: {' of '.join(sorted(scopes))}.")
        return rights

    async def holds(self, scopes: frozenset[str], type_path: str | None = None, level: str | None = None) -> bool:
        """Return whether the client holds any of ``scopes`` for an object of this type and level."""
        if self.caller.component:
            return True
        found = await self.applicatie()
        rights = found.rights(self.service.api.component, scopes) if found else None
        return rights is not None and (type_path is None or rights.allows(type_path, level))

    def check_accept(self) -> None:
        """Raise 406 when the client does not take JSON."""
        accept = self.request.headers.get("accept", "").lower()
        if (
            accept
            and accept != "*/*"
            and not any(kind in accept for kind in ("*/*", "application/json", "application/*"))
        ):
            raise Problem(406, "not_acceptable", "Alleen application/json is beschikbaar.")

    def check_crs(self, content: bool) -> None:
        """Raise 412 for a missing and 406 for another coordinate system (common.md §8). Without ``content`` in the
        request its coordinate system may be left out."""
        for name, needed in (("accept-crs", True), ("content-crs", content)):
            value = self.request.headers.get(name)
            if value is None and needed:
                raise Problem(412, "precondition_failed", f"De header {name.title()} ontbreekt.")
            if value not in (None, CRS):
                raise Problem(406, "not_acceptable", f"Alleen {CRS} wordt ondersteund.")

    async def raw_body(self, limit: int = 0) -> bytes:
        """Return the body; raise 413 beyond ``limit`` bytes or that of the settings, 400 when the client goes away."""
        self.check_content_coding()
        limit = limit or (MAX_INTERNAL if self.internal else self.service.settings.max_body_size)
        parts, size = [], 0
        try:
            async for part in self.request.stream():
                size += len(part)
                if size > limit:
                    raise Problem(413, "request_too_large", f"De inhoud is groter dan {limit} bytes.")
                parts.append(part)
        except ClientDisconnect:
            raise Problem(400, "parse_error", "Het verzoek is afgebroken.") from None
        return b"".join(parts)

    def check_content_coding(self) -> None:
        """Raise 415 for a compressed body, which may be larger than its size tells (RFC 9110, 15.5.16)."""
        if self.request.headers.get("content-encoding", "identity").strip().lower() != "identity":
            raise Problem(
                415,
                "unsupported_media_type",
                "Verstuur de inhoud zonder compressie.",
                (),
                {"Accept-Encoding": "identity"},
            )

    def check_content_type(self, wanted: str = "application/json") -> None:
        """Raise 415 when the body is compressed, or not of the wanted media type."""
        self.check_content_coding()
        if self.request.headers.get("content-type", "").partition(";")[0].strip().lower() != wanted:
            raise Problem(415, "unsupported_media_type", f"Alleen {wanted} wordt ondersteund.")

    async def body(self, optional: bool = False) -> dict[str, Any]:
        """Return the JSON object of the request; raise 415, 413 or 400."""
        if not optional:
            self.check_content_type()
        raw = await self.raw_body()
        if optional and not raw.strip():
            return {}
        return parsed(raw, self.internal)

    def query(self) -> dict[str, str]:
        """Return the query parameters; of one that is repeated the last counts. Raises 400 for NUL and bad UTF-8."""
        if not self.request.url.query:
            return {}
        given = dict(self.request.query_params)
        for name, value in given.items():
            if "\0" in value or "\0" in name or "\ufffd" in value:
                raise invalid(name.replace("\0", ""), "invalid", "Dit teken is niet toegestaan.")
        return given


MAX_DEPTH = 100
"""How deep arrays and objects of a body may lie inside each other. What is stored is later written out inside other
objects, and orjson writes 254 levels."""


MAX_INTERNAL = 64 * 1024**2
"""Most bytes that one of our own services sends to another."""
MAX_VALUES = 100_000
"""How many values a body may hold beside its coordinates: each costs time in which the process answers nobody."""
MAX_LIST = 10_000
"""How many of them may stand in one list or object, of whatever kind."""
MAX_PARTS = 80_000
"""How many lists and objects a body may hold. They take a hundred times the time and memory of the bytes that they are
written in, so they are counted before they are made."""
MAX_COORDINATES = 80_000
"""How many values the coordinates of a body may have. The largest geometry has 60,000, and the brackets around it."""

MAX_EXPONENTS = 1_000
"""How many numbers of a body may have an exponent of twenty or more: PostgreSQL writes all their digits, up to
324 for 5e-324, and so does all that reads them again."""


_EXPONENT = re.compile(rb"[0-9][eE][+-]?0*(?:[2-9][0-9]|[1-9][0-9]{2})")
_TEXT = re.compile(rb'"(?:[^"\\]|\\.)*+"')


def parsed(raw: bytes | bytearray, internal: bool = False) -> dict[str, Any]:
    """Return the JSON object that a client, or with ``internal`` one of our own services sent; raise 400 for anything
    else.

    A byte order mark, which software on Windows likes to put before UTF-8, is ignored (RFC 8259, 8.1).
    """
    inner = raw.count(b"[") + raw.count(b"{")
    if not internal and inner > MAX_PARTS and brackets(raw) > MAX_PARTS:
        raise Problem(400, "parse_error", f"De inhoud heeft meer dan {MAX_PARTS} lijsten en objecten.")
    try:
        data = orjson.loads(raw.removeprefix(codecs.BOM_UTF8))
    except orjson.JSONDecodeError as e:
        raise Problem(400, "parse_error", not_json(raw, e)) from None
    if not isinstance(data, dict):
        raise invalid("nonFieldErrors", "not_a_dict")
    if internal:
        return data
    parts = inner + raw.count(b",")
    if parts > MAX_EXPONENTS and has_exponents(raw):
        raise Problem(400, "parse_error", f"De inhoud heeft meer dan {MAX_EXPONENTS} getallen met een grote exponent.")
    if parts >= MAX_LIST and (reason := too_long(data)):
        raise Problem(400, "parse_error", reason)
    if inner > MAX_DEPTH and is_deep(data):
        raise Problem(400, "parse_error", f"De inhoud is meer dan {MAX_DEPTH} niveaus diep.")
    if b"\\u0000" in raw and (name := with_nul(data, "")):
        raise invalid(name, "invalid", "NUL-tekens zijn niet toegestaan.")
    return data


def brackets(raw: bytes | bytearray) -> int:
    """Return how many lists and objects there are in JSON, without those in its texts."""
    outside = _TEXT.sub(b"", raw)
    return outside.count(b"[") + outside.count(b"{")


def has_exponents(raw: bytes | bytearray) -> bool:
    """Return whether JSON has too many numbers with a large exponent; what looks like one in its texts is none."""
    return len(_EXPONENT.findall(raw)) > MAX_EXPONENTS and len(_EXPONENT.findall(_TEXT.sub(b"", raw))) > MAX_EXPONENTS


def is_deep(value: Any) -> bool:
    """Return whether arrays and objects lie more than ``MAX_DEPTH`` deep inside each other."""
    level = [value]
    for _ in range(MAX_DEPTH):
        inside = (item.values() if isinstance(item, dict) else item for item in level)
        level = [child for items in inside for child in items if isinstance(child, dict | list)]
        if not level:
            return False
    return True


def too_long(data: dict[str, Any]) -> str:
    """Return what a body has too much of, or an empty string. It looks at no more values than are allowed."""
    values = 0
    todo: list[tuple[Any, str]] = [(data, "")]
    shapes: list[Any] = []
    for part, name in todo:
        values += len(part)
        if len(part) > MAX_LIST:
            return f"{name[:MAX_NAME] or 'De inhoud'} heeft meer dan {MAX_LIST} waarden."
        if values > MAX_VALUES:
            return f"De inhoud heeft meer dan {MAX_VALUES} waarden."
        for key, item in part.items() if isinstance(part, dict) else enumerate(part):
            if not isinstance(item, dict | list):
                continue
            if key == "coordinates":
                shapes.append(item)
            else:
                todo.append((item, name or str(key)))
    coordinates = 0
    for part in shapes:
        coordinates += len(part)
        if coordinates > MAX_COORDINATES:
            return f"De coördinaten hebben meer dan {MAX_COORDINATES} waarden."
        shapes += [v for v in (part.values() if isinstance(part, dict) else part) if isinstance(v, dict | list)]
    return ""


def with_nul(value: Any, path: str) -> str:
    """Return the path of the first text that holds NUL, which PostgreSQL cannot store, or an empty string."""
    if isinstance(value, str):
        return (path or "nonFieldErrors") if "\0" in value else ""
    items: Sequence[tuple[Any, Any]] = ()
    if isinstance(value, dict):
        if any("\0" in key for key in value):
            return path or "nonFieldErrors"
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    for key, item in items:
        if found := with_nul(item, f"{path}.{key}" if path else str(key)):
            return found
    return ""


def dump(value: Any) -> bytes:
    """Return JSON: UTC moments end in ``Z``."""
    return orjson.dumps(value, option=orjson.OPT_UTC_Z)


def answer(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a JSON response."""
    return Response(dump(content), status, dict(headers) if headers else None, "application/json")


def crs_headers(resource: Resource) -> dict[str, str]:
    """Return the response headers that a resource with coordinates has."""
    return {"Content-Crs": CRS} if resource.crs else {}


def param(name: str, code: str, reason: str = "") -> InvalidParam:
    """Return one entry of ``invalidParams``."""
    return InvalidParam(name, code, reason)
