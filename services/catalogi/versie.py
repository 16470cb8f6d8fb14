"""Shared by the three main types: concept and published, corrections, overlap, publishing (catalogi.md §6)."""

import uuid
from datetime import date
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Depends
from sqlalchemy import ColumnElement, Date, Table, and_, func, literal, select, update
from starlette.responses import Response

from runtime.locks import Lock, lock
from runtime.problems import OBJECT, InvalidParam, Problem, invalid
from runtime.statements import Executor
from services.catalogi.geldigheid import (
    GEFORCEERD_SCHRIJVEN,
    GEFORCEERD_VERWIJDEREN,
    IDENTITY,
    SCHRIJVEN,
)
from services.catalogi.gemist import waarschuwing
from services.catalogi.namen import Geschreven
from services.catalogi.volledig import lacking
from zgw.api import Described
from zgw.check import Check
from zgw.dependencies import CurrentCall, Needs, accepts_json
from zgw.fields import Fields
from zgw.read import find, no_query
from zgw.request import answer
from zgw.resource import Resource
from zgw.rights import Rights
from zgw.routing import Operation
from zgw.write import finish, settle, transaction, written


class Versie(Protocol):
    """The facts of a version of a main type that these rules look at."""

    @property
    def catalogus(self) -> str:
        """Its catalogue."""

    @property
    def begin_geldigheid(self) -> date:
        """The first day on which it is valid."""

    @property
    def einde_geldigheid(self) -> date | None:
        """The last one."""


async def is_concept_of_mag_corrigeren(check: Check) -> None:
    """ztc-009: een gepubliceerd type wijzigt alleen in zijn laatste dag, of als correctie met de scope daarvoor."""
    if check.stored is None or check.stored["concept"]:
        return
    if check.action == "partial_update" and list(check.sent) == ["eindeGeldigheid"]:
        return
    needed = GEFORCEERD_VERWIJDEREN if check.action == "destroy" else GEFORCEERD_SCHRIJVEN
    if not await check.call.holds(needed):
        check.reject(OBJECT, "non-concept-object", "Het type is gepubliceerd en kan niet meer gewijzigd worden.")


RELATED = {
    "besluittype_omschrijving": "besluittypen",
    "deelzaaktype_identificaties": "deelzaaktypen",
    "gerelateerd": "gerelateerdeZaaktypen",
    "informatieobjecttype_omschrijvingen": "informatieobjecttypen",
}
"""The related types that main types are written with, by name."""


async def correctie_houdt_relaties(check: Check) -> None:
    """Correcties, waar de installatie streng is: een gepubliceerd type houdt de typen waarmee het een relatie heeft."""
    strict = check.call.service.settings.catalogi_strict_corrections
    if not strict or check.stored is None or check.stored["concept"]:
        return
    # As the client wrote it: what was kept for it, because it may not have seen it, is not what it sent.
    for attribute, names in check.facts(Geschreven).namen.items():
        if {_name(item) for item in check.stored[attribute]} - {_name(item) for item in names}:
            check.reject(RELATED[attribute], "non-concept-object", "Een correctie haalt geen gerelateerde typen weg.")


def _name(item: Any) -> str:
    return str(item["zaaktype"] if isinstance(item, dict) else item)


async def einde_niet_voor_begin(check: Check[Versie]) -> None:
    """ztc-x5: de laatste dag van de geldigheid ligt niet voor de eerste."""
    begin, einde = check.fields.begin_geldigheid, check.fields.einde_geldigheid
    if einde is not None and einde < begin:
        check.reject(OBJECT, "date-mismatch", "De datum einde geldigheid ligt voor de datum begin geldigheid.")


async def lock_versions(db: Executor, table: Table, catalogus: uuid.UUID) -> None:
    """Wait for everybody else who publishes or changes versions of this kind in the same catalogue."""
    await db.execute(lock(Lock.VERSIONS, f"{table.name} {catalogus}"))


def overlapping(table: Table, row: Any) -> ColumnElement[bool]:
    """Return the condition that another published version is valid on more than one day on which ``row`` is: values, or
    the columns of an alias.

    One shared day is tolerated, because existing catalogues end a version on the day that the next one begins.
    """
    far = literal("infinity").cast(Date)
    begin, einde = row["begin_geldigheid"], row["einde_geldigheid"]
    return and_(
        table.c.catalogus == row["catalogus"],
        table.c[IDENTITY[table.name]] == row[IDENTITY[table.name]],
        table.c[IDENTITY[table.name]] != "",
        table.c.uuid != row["uuid"],
        table.c.concept.is_(False),
        func.greatest(table.c.begin_geldigheid, begin)
        < func.least(func.coalesce(table.c.einde_geldigheid, far), einde),
    )


async def geen_overlap(db: Executor, check: Check) -> None:
    """ztc-016: published versions of one type do not overlap, also after a change of their dates."""
    table = check.resource.table
    if check.stored is None or check.stored["concept"] or check.action == "destroy":
        return
    row = {**check.row, "uuid": check.uuid}
    if any(check.differs(name) for name in ("begin_geldigheid", "einde_geldigheid", "catalogus", IDENTITY[table.name])):
        await lock_versions(db, table, row["catalogus"])
        if await db.row(select(table.c.uuid).where(overlapping(table, row)).limit(1)):
            raise invalid("eindeGeldigheid", "overlap", "De geldigheid overlapt met die van een andere versie.")


async def catalogus_blijft(check: Check[Versie]) -> None:
    """Een type met relaties blijft in zijn catalogus, omdat namen elders iets anders betekenen."""
    if check.stored is not None and check.changed(lambda versie: versie.catalogus):
        check.reject("catalogus", "wijzigen-niet-toegelaten")


class Leeg(Fields):
    """Nothing: what is sent has no meaning."""


def publishing(resource: Resource) -> APIRouter:
    """Return the route that publishes a type."""
    router = APIRouter(prefix=f"/catalogi/api/v1/{resource.path}", tags=[resource.path], route_class=Operation)

    @router.post(
        "/{uuid:uuid}/publish",
        operation_id=f"{resource.prefix}_publish",
        dependencies=[Depends(accepts_json)],
        openapi_extra={"zgw": Described(body=Leeg, response=resource)},
    )
    async def publish(call: CurrentCall, rights: Annotated[Rights, Depends(Needs(SCHRIJVEN))]) -> Response:
        """Publiceer het type. ztc-016: gepubliceerde versies van één type overlappen elkaar niet."""
        no_query(call)
        stored = await find(call, resource, rights, full=True)
        check = Check(call, resource, "partial_update", {}, stored)
        async with transaction(check) as db:
            await publish_row(db, resource.table, stored, call.profiel.streng_publiceren)
            content, row = await written(db, check)
            if call.service.settings.catalogi_announce_publish and stored["concept"]:
                await finish(db, check, None, content, row)
            else:
                await db.execute(select(func.pg_notify("samenzaak_catalogi", call.tenant)))
        await settle(check)
        return answer(content, headers=await waarschuwing(call, resource.table, row))

    return router


async def publish_row(db: Executor, table: Table, row: Any, strict: bool = False) -> None:
    """Publish one version; it stays published when it already was. Raises 400 when it overlaps with another
    (ztc-016), or when it has to be complete (``strict``) and is not."""
    await lock_versions(db, table, row["catalogus"])
    current = await db.row(select(table).where(table.c.uuid == row["uuid"]).with_for_update(key_share=True))
    if current is None or not current["concept"]:
        return
    errors = await lacking(db, table, current) if strict else []
    if await db.row(select(table.c.uuid).where(overlapping(table, current)).limit(1)):
        reason = "De geldigheid overlapt met die van een andere versie."
        errors.append(InvalidParam("beginGeldigheid", "overlap", reason))
    if errors:
        raise Problem(400, "invalid", invalid_params=errors)
    await db.execute(update(table).where(table.c.uuid == row["uuid"]).values(concept=False))
