"""Kanaal: a channel on which messages are published, and the names of its kenmerken (notificaties.md §2.2)."""

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import Annotated, Any

import httpx
from fastapi import APIRouter, Depends
from sqlalchemy import MetaData, UniqueConstraint, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import registry
from sqlmodel import SQLModel
from starlette.responses import Response

from runtime.faults import Unavailable
from runtime.identity import Caller
from runtime.problems import InvalidParam
from runtime.statements import Executor, among
from runtime.tenancy import SERVICES
from runtime.usage import usage_table
from services.notificaties.matching import normal
from zgw.api import Described
from zgw.check import Check
from zgw.columns import make_table
from zgw.dependencies import CurrentCall, Needs, accepts_json, sends_json
from zgw.fields import Fields
from zgw.filters import equal
from zgw.lists import list_
from zgw.request import Call, Service
from zgw.resource import Resource
from zgw.rights import scopes
from zgw.routing import Operation
from zgw.types import IMMUTABLE, Length, Ref, Shown, Url
from zgw.write import change, create

log = logging.getLogger("samenzaak.notificaties")

METADATA = MetaData()
usage_table(METADATA)


class Stored(SQLModel, registry=registry(metadata=METADATA)):
    """Base of the tables of this service that are not those of a resource."""


PUBLICEREN = scopes("notificaties.publiceren")
CONSUMEREN = scopes("notificaties.consumeren")
BEIDE = PUBLICEREN | CONSUMEREN

ASK_AGAIN = 5.0
"""Seconds before a service that could not tell its kanalen is asked again."""
RENEW = 60.0
"""Seconds before a service is asked again anyway: it may be of a newer version since, and a municipality may have been
restored from a backup."""
PATIENCE = 3.0


class KanaalFields(Fields):
    """The fields that a publisher writes."""

    naam: Annotated[str, Length(50, 1), IMMUTABLE]
    documentatie_link: Annotated[str, Ref(follow=False, max_length=200, blank=True)] = ""
    filters: Annotated[list[Annotated[str, Length(100, 1)]], Length(100)] = []


class KanaalShown(Fields):
    """The fields that only responses have."""

    url: Url


KANAAL_TABLE = make_table(METADATA, "kanaal", KanaalFields, UniqueConstraint("naam", name="kanaal_naam"))


async def naam_is_nieuw(check: Check[KanaalFields]) -> None:
    """nrc-7: elk kanaal heeft een eigen naam."""
    if not check.creating:
        return
    statement = select(KANAAL_TABLE.c.id).where(KANAAL_TABLE.c.naam == check.fields.naam)
    if await check.call.db.row(check.call.tenant, statement) is not None:
        check.reject("naam", "unique", "Er is al een kanaal met deze naam.")


async def eigen_kenmerken_blijven(check: Check[KanaalFields]) -> None:
    """Een kanaal van onze eigen API's houdt de kenmerken die hun berichten hebben, wie het ook registreert."""
    if not check.creating:
        own: OwnKanalen = check.call.service.state["own kanalen"]
        check.fields.filters = with_lacking(check.fields.filters, own.kenmerken(check.fields.naam))


class OwnKanalen:
    """The kanalen of our own APIs (nrc-9): they exist in every municipality without anybody registering them."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._known: dict[str, list[dict[str, Any]]] = {}
        self._next: dict[str, float] = {}
        """When each service is asked, in seconds of the monotonic clock."""
        self._present: set[tuple[str, str]] = set()

    async def ensure(self, caller: Caller) -> None:
        """Make the kanalen of every API that can be reached, once per municipality and minute."""
        now = time.monotonic()
        due = [name for name in SERVICES if now >= self._next.get(name, 0.0)]
        await asyncio.gather(*(self._ask(caller, name) for name in due))
        tenant = caller.tenant
        todo = [name for name in self._known if (tenant, name) not in self._present]
        rows = [
            {"naam": kanaal["naam"], "documentatie_link": "", "filters": kanaal["kenmerken"]}
            for name in todo
            for kanaal in self._known[name]
        ]
        if rows:
            async with self._service.database.transaction(tenant) as db:
                for row in rows:
                    await _register(db, row)
        self._present.update((tenant, name) for name in todo)

    def kenmerken(self, naam: str) -> list[str]:
        """Return the kenmerken of a kanaal of our own APIs; none of any other."""
        return [
            name
            for known in self._known.values()
            for each in known
            if each["naam"] == naam
            for name in each["kenmerken"]
        ]

    def forget(self, tenant: str) -> None:
        """Forget which kanalen a municipality that was erased had; all of them when ``tenant`` is ``""``."""
        self._present = {present for present in self._present if tenant and present[0] != tenant}

    async def _ask(self, caller: Caller, name: str) -> None:
        self._next[name] = time.monotonic() + ASK_AGAIN
        try:
            async with asyncio.timeout(PATIENCE):
                internal = self._service.internal
                response = await internal.send(caller.as_component("notificaties"), name, "GET", "/_intern/kanalen")
            if response.status_code == 200:
                self._known[name] = response.json()
                self._next[name] = time.monotonic() + RENEW
                self._present = {present for present in self._present if present[1] != name}
        except (httpx.HTTPError, TimeoutError, ValueError, Unavailable) as e:
            log.info("%s did not tell its kanalen: %r", name, e)
        except BaseException:
            # Cancelled: the next request asks again.
            self._next.pop(name, None)
            raise


async def _register(db: Executor, row: dict[str, Any]) -> None:
    """Make a kanaal of our own; one that is there already gets the kenmerken that it lacks."""
    if await db.execute(insert(KANAAL_TABLE).values(**row).on_conflict_do_nothing()):
        return
    here = KANAAL_TABLE.c.naam == row["naam"]
    known = await db.value(select(KANAAL_TABLE.c.filters).where(here))
    if (filters := with_lacking(known, row["filters"])) != known:
        await db.execute(KANAAL_TABLE.update().where(here).values(filters=filters))


def with_lacking(known: Sequence[str], needed: Sequence[str]) -> list[str]:
    """Return names of kenmerken, with those of ``needed`` that they lack at the end."""
    normals = {normal(name) for name in known}
    return [*known, *(name for name in needed if normal(name) not in normals)]


def forget(service: Service, tenant: str) -> None:
    """Forget which kanalen a municipality that was erased had."""
    if "own kanalen" in service.state:
        service.state["own kanalen"].forget(tenant)


async def ensure_own(call: Call) -> None:
    """Make the kanalen of our own APIs in the municipality of this call."""
    state = call.service.state
    if "own kanalen" not in state:
        state["own kanalen"] = OwnKanalen(call.service)
    await state["own kanalen"].ensure(call.caller)


async def filters_of(call: Call, names: Sequence[str]) -> dict[str, list[str]]:
    """Return the names of the kenmerken of the kanalen that exist, by the name of the kanaal."""
    await ensure_own(call)
    statement = select(KANAAL_TABLE.c.naam, KANAAL_TABLE.c.filters).where(among(KANAAL_TABLE.c.naam, names))
    return {row["naam"]: row["filters"] for row in await call.db.rows(call.tenant, statement)}


KANAAL = Resource(
    name="kanaal",
    path="kanaal",
    fields=KanaalFields,
    shown=KanaalShown,
    table=KANAAL_TABLE,
    scopes={"list": BEIDE, "fetch": BEIDE, "create": PUBLICEREN, "update": PUBLICEREN},
    verbs=("fetch",),
    operations={"fetch": "kanaal_read"},
    filters=[equal("naam", KANAAL_TABLE.c.naam, Annotated[str, Shown()])],
    paginated=False,
    etag=False,
    unique={"kanaal_naam": InvalidParam("naam", "unique", "Er is al een kanaal met deze naam.")},
    rules=[naam_is_nieuw, eigen_kenmerken_blijven],
)

router = APIRouter(prefix="/notificaties/api/v1/kanaal", tags=["kanaal"], route_class=Operation)


@router.get(
    "",
    operation_id="kanaal_list",
    dependencies=[Depends(accepts_json), Depends(Needs(BEIDE))],
    openapi_extra={"zgw": Described(response=KANAAL, shape="array", filters=KANAAL.filters)},
)
async def list_kanalen(call: CurrentCall) -> Response:
    """Alle kanalen opvragen."""
    await ensure_own(call)
    return await list_(call, KANAAL)


@router.post(
    "",
    operation_id="kanaal_create",
    status_code=201,
    dependencies=[Depends(accepts_json), Depends(sends_json), Depends(Needs(PUBLICEREN))],
    openapi_extra={"zgw": Described(body=KanaalFields, response=KANAAL)},
)
async def create_kanaal(call: CurrentCall) -> Response:
    """Een kanaal aanmaken."""
    await ensure_own(call)
    return await create(call, KANAAL)


@router.put(
    "/{uuid:uuid}",
    operation_id="kanaal_update",
    dependencies=[Depends(accepts_json), Depends(sends_json), Depends(Needs(PUBLICEREN))],
    openapi_extra={"zgw": Described(body=KanaalFields, response=KANAAL, extension=True)},
)
async def replace_kanaal(call: CurrentCall) -> Response:
    """Een kanaal vervangen: wie het registreert, doet dat bij elke start opnieuw."""
    await ensure_own(call)
    return await change(call, KANAAL, "update")


@router.patch(
    "/{uuid:uuid}",
    operation_id="kanaal_partial_update",
    dependencies=[Depends(accepts_json), Depends(sends_json), Depends(Needs(PUBLICEREN))],
    openapi_extra={"zgw": Described(body=KanaalFields, response=KANAAL, extension=True)},
)
async def merge_kanaal(call: CurrentCall) -> Response:
    """Een deel van een kanaal wijzigen."""
    await ensure_own(call)
    return await change(call, KANAAL, "partial_update")
