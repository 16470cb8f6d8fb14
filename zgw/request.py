"""One service at work, and one request in it."""

import asyncio
import logging
import time
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any
from weakref import WeakValueDictionary
from zoneinfo import ZoneInfo

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from runtime.identity import CALLER_HEADER, GATEWAY, OPERATOR, Caller, stranger, verify, verify_denial
from runtime.identity import DENIED_HEADER as DENIED
from runtime.internal import Internal
from runtime.memory import AnswerMemory
from runtime.negotiation import takes_json
from runtime.per_tenant import PerTenant
from runtime.places import Shares
from runtime.pool import Access, Database, Joined
from runtime.problems import InvalidParam, Problem, invalid
from runtime.recent import Recent
from runtime.settings import Settings
from runtime.signals import Signals
from runtime.statements import Executor
from runtime.tenancy import ERASED
from runtime.trace import trace_of
from runtime.usage import Usage
from zgw.api import Api
from zgw.between import may_ask
from zgw.body import MAX_INTERNAL, parsed
from zgw.clients import Clients
from zgw.dates import today
from zgw.denied import Unheld, lacking, outside
from zgw.externals import Externals
from zgw.logs import Logs
from zgw.profiel import STANDARD, Profiel, profiel_of
from zgw.reading_log.log import ReadingLog
from zgw.reading_log.read import Seen
from zgw.references import References
from zgw.resource import Resource
from zgw.rights import EVERYTHING, Applicatie, Rights

log = logging.getLogger("samenzaak.service")

CALL = "samenzaak.call"
"""The name under which a scope has the call that its request is."""
CRS = "EPSG:4326"
LARGE = 1024**2
"""Bytes from which an answer is a large one."""


@dataclass
class Service:
    """A running service: its declaration, its database, its way to the other services."""

    api: Api
    settings: Settings
    database: Database
    internal: Internal
    signals: Signals
    keys: Mapping[str, bytes]
    """The keys of the internal tokens that it takes, by who makes them."""
    memory: AnswerMemory
    """The memory for large answers, of all services in this process."""
    state: dict[str, Any] = field(default_factory=dict)
    """State of background work of this service between requests, by name."""
    background: list[PerTenant] = field(default_factory=list)
    """The background work per municipality, which forgets those that were erased."""
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _turns: WeakValueDictionary[tuple[str, str], asyncio.Lock] = field(default_factory=WeakValueDictionary)

    def __post_init__(self) -> None:
        # Who writes several objects at once may ask this service for others in its transaction, on another connection.
        joining = max(self.database.size // 2, 1)
        self.joining = Shares(joining, max(joining - max(joining // 4, 1), 1))
        self.missing = Recent(self.database.missing)
        self.externals = Externals(self.internal, self.signals)
        self.references = References(self.internal, self.externals, self.signals)
        self.clients = Clients(self.internal, self.signals)
        self.usage = Usage(self.database, self.settings.time_zone)
        self.logs = Logs(self.api, self.database, self.settings, self.internal, self.signals)
        self.signals.on(ERASED, self.forget)

    @property
    def reading_log(self) -> ReadingLog | None:
        """The reading log, where a service has one."""
        return self.logs.reading_log

    def forget(self, tenant: str) -> None:
        """Forget everything of a municipality that was erased; of all of them when ``tenant`` is ``""``."""
        self.database.forget(tenant)
        for known in (self.externals, self.references, self.clients, self.usage, self.logs):
            known.forget(tenant)
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
        """Stop the background work and close the connections."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        await self.usage.stop()
        await self.logs.stop()
        await self.database.stop()
        await self.internal.stop()
        await self.externals.stop()


class Call:
    """One request: who calls, with what, at which service."""

    def __init__(self, service: Service, request: Request) -> None:
        self.service = service
        self.request = request
        self.began = time.time()
        self.path: Mapping[str, Any] = request.path_params
        self.held = 0
        """The bytes of the memory for large answers that this request holds."""
        self.heavy = False
        """Whether an object of the answer may be large, so that its bytes have to be counted."""
        self.seen: Seen | None = None
        """What the answer shows, where somebody records that."""
        self.criteria: Mapping[str, Any] | None = None
        """The criteria of a search, where they are not those of the query."""
        self._applicatie: Applicatie | None = None
        self._again = set[str]()
        """The types about which the Applicatie was asked for again."""
        self._db: Access | None = None
        if (denial := request.headers.get(DENIED)) is not None:
            self._caller: Caller | Problem = verify_denial(denial, service.keys[GATEWAY])
        else:
            self._caller = verify(request.headers.get(CALLER_HEADER), service.keys)
            if (asking := self._caller.via or self._caller.component) and asking != OPERATOR:
                self._check_service(asking, bool(self._caller.via))
            self.trace = trace_of(self._caller.trace)
            # What is asked of others on behalf of this request is a part of it.
            self._caller = replace(self._caller, trace=self.trace.passed_on())
            # For the log and the metrics of the process, which look at it after the answer.
            request.scope["samenzaak.caller"] = self._caller
            request.scope[CALL] = self

    def _check_service(self, asking: str, for_client: bool) -> None:
        """Raise 403 for what one of our services may not ask here, of its own accord or with the rights of a client."""
        method, path, asked = self.request.method, self.request.scope["path"], self.service.api.service
        if not may_ask(asking, asked, method, path, for_client=for_client):
            log.warning("%s may not ask %s %s of %s (zgw/between.py)", asking, method, path, asked)
            raise stranger()

    @property
    def caller(self) -> Caller:
        """The caller; raises the Problem with which the gateway refused a stranger.

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
        """The context for the validation of fields and filters."""
        return {"bases": self.caller.bases, "zone": self.zone}

    def today(self) -> date:
        """Return the date in the municipality."""
        return today(self.zone)

    def latest(self) -> datetime:
        """Return the moment after which others lie in the future: clocks of clients may be ahead."""
        return datetime.now(UTC) + timedelta(seconds=self.service.settings.clock_skew)

    @property
    def db(self) -> Access:
        """The way to the database: the pool of the service, or the transaction of :meth:`inside`."""
        return self._db or self.service.database

    def inside(self, db: Executor) -> "Call":
        """Return this call as a transaction sees it: who reads through it sees what the transaction wrote."""
        found = copy(self)
        found._db = Joined(db)
        return found

    @property
    def internal(self) -> bool:
        """Whether one of our own services asks, which bounds what it asks for itself."""
        path: str = self.request.scope["path"]
        return path.startswith("/_intern/")

    async def applicatie(self) -> Applicatie | None:
        """Return the client's Applicatie, or None when there is none; raise 403 when it cannot be fetched."""
        if self._applicatie is None:
            self._applicatie = await self.service.clients.applicatie(self.caller)
        return self._applicatie

    async def rights(self, scopes: frozenset[str]) -> Rights:
        """Return what the client may do with any of ``scopes``; raise Problem 403 when it has none of them."""
        if self.caller.component:
            return EVERYTHING
        found = await self.applicatie()
        rights = found.rights(self.service.api.component, scopes) if found else None
        if rights is None:
            raise Unheld(**vars(self.lacking(scopes)))
        return rights

    async def renewed(self, rights: Rights, about: str = "") -> Rights:
        """Return ``rights`` as they are now, before something is refused for want of them: where they follow types,
        this process may not have heard yet of a new version. ``about`` is the stored path of the type."""
        known = self._applicatie
        if known is None or not known.follows:
            return rights
        if about not in self._again:
            self._again.add(about)
            known = self._applicatie = await self.service.clients.again(self.caller, known, about) or known
        return known.rights(self.service.api.component, rights.scopes) or rights

    def lacking(
        self, scopes: frozenset[str], kind: str = "", path: str = "", level: str = "", detail: str = ""
    ) -> Problem:
        """Return the 403 for a client that has none of ``scopes``, or not for a type (``kind`` and stored path) up to
        this level that it named itself."""
        url, own = self.base + path if path.startswith("/") else path, self.service.api.component
        return lacking(own, scopes, name=self._name, kind=kind, url=url, level=level, detail=detail)

    async def denied(
        self, resource: Resource, scopes: frozenset[str], row: Mapping[str, Any] | None = None, detail: str = ""
    ) -> Problem:
        """Return the 403 for what the client may not do with a main object, for want of ``scopes``. Of its type and
        level, which ``row`` has, is only told to who may read it."""
        typed = resource.typed
        if typed is not None and row is not None:
            path, level = row[typed.type], row[typed.level] if typed.level else ""
            if await self.holds(resource.scopes["fetch"], path, level or None):
                return self.lacking(scopes, typed.type, path, level, detail)
        if detail:
            return self.lacking(scopes, detail=detail)
        return outside(self.service.api.component, scopes, self._name)

    @property
    def _name(self) -> str:
        return self._applicatie.label if self._applicatie is not None else ""

    async def holds(self, scopes: frozenset[str], type_path: str | None = None, level: str | None = None) -> bool:
        """Return whether the client holds any of ``scopes`` for an object of this type and level."""
        if self.caller.component:
            return True
        found = await self.applicatie()
        rights = found.rights(self.service.api.component, scopes) if found else None
        return rights is not None and (type_path is None or rights.allows(type_path, level))

    @cached_property
    def profiel(self) -> Profiel:
        """The switches of the client, known once its rights are; the standard for one of our own services."""
        if self.caller.component or self._applicatie is None:
            return STANDARD
        return profiel_of(self.caller.profiel, self._applicatie.profiel)

    def hold(self, size: int) -> None:
        """Hold the memory of a large answer of ``size`` bytes, until :meth:`release`; small ones are not counted.

        Raises NoRoom when there is none. What another service asks for is read at once, and is not counted either.
        """
        more = size - self.held
        if size < LARGE or more <= 0 or isinstance(self._caller, Problem) or self.internal:
            return
        self.service.memory.take(self._caller.tenant, self._caller.client_id, more)
        self.held = size

    def release(self) -> None:
        """Give back the memory that :meth:`hold` took."""
        if self.held and isinstance(self._caller, Caller):
            self.service.memory.give_back(self._caller.tenant, self._caller.client_id, self.held)
            self.held = 0

    def check_accept(self) -> None:
        """Raise 406 when the client does not take JSON."""
        if not takes_json(",".join(self.request.headers.getlist("accept"))):
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
        """Raise 415 when the body is compressed, or not of the wanted media type. Where nothing is sent it has none."""
        self.check_content_coding()
        given = self.request.headers
        if "content-type" not in given and "transfer-encoding" not in given and given.get("content-length", "0") == "0":
            return
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
        """Return the query parameters, trimmed; of one that is repeated the last counts. Raises 400 for NUL and bad
        UTF-8."""
        if not self.request.scope["query_string"]:
            return {}
        given = {name: value.strip() for name, value in self.request.query_params.items()}
        for name, value in given.items():
            if "\0" in value or "\0" in name or "\ufffd" in value:
                raise invalid(name.replace("\0", ""), "invalid", "Dit teken is niet toegestaan.")
        return given


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
