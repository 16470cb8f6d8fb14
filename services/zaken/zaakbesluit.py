"""Zaakbesluit: the mirror of ``besluit.zaak``, kept by the Besluiten API and not by clients (zaken.md §7.1, Z16)."""

import uuid
from collections.abc import Mapping
from typing import Annotated, Any

from sqlalchemy import Column, ForeignKey, Index, UniqueConstraint, Uuid, func, select, update
from starlette.responses import Response

from runtime.problems import OBJECT, InvalidParam
from services.zaken.afleiding import BESLUIT_WIJZEN, herbereken, leid_opnieuw_af, vergrendeld
from services.zaken.gesloten import (
    ALLEEN_BIJWERKEN,
    GEFORCEERD,
    GESLOTEN,
    gesloten_zaak_vraagt_geforceerd_bijwerken,
    zaak_van,
)
from services.zaken.locks import lock_deelzaken
from services.zaken.zaak import HOOFD, LEZEN, METADATA
from services.zaken.zaak_velden import ZAAK_TABLE
from zgw.check import Check
from zgw.columns import make_table
from zgw.denied import lacking
from zgw.dependencies import CurrentCall
from zgw.fields import Fields
from zgw.internal import internal_router
from zgw.mirroring.agreement import SAME_DATES, UNFORCED
from zgw.request import Call
from zgw.resource import Resource
from zgw.types import Ref, Url, path_of
from zgw.write import transaction


class ZaakBesluitFields(Fields):
    """The fields that the Besluiten API writes."""

    besluit: Annotated[str, Ref("besluiten", "besluiten")]


class ZaakBesluitShown(Fields):
    """The fields that only responses have."""

    url: Url
    uuid: uuid.UUID


ZAAKBESLUIT_TABLE = make_table(
    METADATA,
    "zaakbesluit",
    ZaakBesluitFields,
    Column("zaak", Uuid, ForeignKey("zaak.uuid", ondelete="CASCADE"), nullable=False),
    UniqueConstraint("zaak", "besluit", name="zaakbesluit_zaak_besluit"),
)
Index("zaakbesluit_besluit", ZAAKBESLUIT_TABLE.c.besluit)


def verwijst(check: Check, besluit: Mapping[str, Any], zaak: uuid.UUID) -> bool:
    """Return whether a besluit names a zaak of this API."""
    return path_of(str(besluit.get("zaak")), check.call.caller.bases) == f"/zaken/api/v1/zaken/{zaak}"


async def besluit_verwijst_naar_deze_zaak(check: Check[ZaakBesluitFields]) -> None:
    """zaken.md §7.1: het besluit is leidend; een zaakbesluit bestaat alleen zolang het besluit deze zaak noemt."""
    besluit = check.resolved(check.fields.besluit)
    if besluit and not verwijst(check, besluit, zaak_van(check)["uuid"]):
        check.reject(OBJECT, "inconsistent-relation", "Het besluit verwijst niet naar deze zaak.")


async def besluit_verwijst_niet_meer_naar_deze_zaak(check: Check) -> None:
    """zaken.md §7.1: zolang het besluit deze zaak noemt, wordt het zaakbesluit niet verwijderd."""
    stored = check.stored or {}
    besluit = await check.call.service.references.object(check.call.caller, stored["besluit"])
    if besluit and verwijst(check, besluit, stored["zaak"]):
        check.reject(OBJECT, "inconsistent-relation", "Het besluit verwijst nog naar deze zaak.")


async def besluit_van_wie_niet_mag_forceren(check: Check) -> None:
    """zrc-007: the Besluiten API, which may do everything here, passes on what a client does that may not."""
    if zaak_van(check)["einddatum"] is not None:
        weiger_ongeforceerd(check.call)


def weiger_ongeforceerd(call: Call) -> None:
    """Raise 403 when a service passes on a write of a client that may change open zaken only."""
    if ongeforceerd(call):
        raise lacking("zrc", GEFORCEERD, detail=GESLOTEN)


def ongeforceerd(call: Call) -> bool:
    """Return whether a service passes on a write of a client that may change open zaken only."""
    return all(call.request.headers.get(name) == value for name, value in UNFORCED.items())


ZAAKBESLUIT = Resource(
    name="zaakbesluit",
    path="besluiten",
    fields=ZaakBesluitFields,
    shown=ZaakBesluitShown,
    table=ZAAKBESLUIT_TABLE,
    scopes={"list": LEZEN, "fetch": LEZEN, "create": ALLEEN_BIJWERKEN, "remove": ALLEEN_BIJWERKEN},
    verbs=("list", "create", "fetch", "remove"),
    parent="zaak",
    main=HOOFD,
    paginated=False,
    etag=False,
    kanaal="zaken",
    notify=("create",),
    audited=True,
    touches=("create", "update", "partial_update", "destroy"),
    weergave=lambda row: str(row["besluit"]).rpartition("/")[2],
    unique={"zaakbesluit_zaak_besluit": InvalidParam(OBJECT, "unique")},
    rules=[besluit_verwijst_naar_deze_zaak],
    removal_rules=[besluit_verwijst_niet_meer_naar_deze_zaak],
    guards=[gesloten_zaak_vraagt_geforceerd_bijwerken, besluit_van_wie_niet_mag_forceren],
    locks=[lock_deelzaken],
    effects=[herbereken],
    description="De besluiten bij een zaak, zoals de Besluiten API die heeft gemeld.",
)


intern = internal_router()


@intern.post("/besluit")
async def besluit_is_gewijzigd(call: CurrentCall) -> Response:
    """Remember when the zaak of a besluit last changed. zrc-021: derive its archiving again if it is closed and the
    dates of the besluit are others. The Besluiten API tells of each change,
    ``{"besluit": "/besluiten/api/v1/besluiten/<uuid>"}``. Doing it twice is harmless.

    zrc-007: 403 when the client may change open zaken only.
    """
    body = await call.body()
    gemuteerd = update(ZAAK_TABLE).values(laatst_gemuteerd=func.now())
    if SAME_DATES in body and not ongeforceerd(call):
        zaken = select(ZAAKBESLUIT_TABLE.c.zaak).where(ZAAKBESLUIT_TABLE.c.besluit == body["besluit"])
        # One that somebody else writes at this moment changes by that: nobody waits for it.
        free = select(ZAAK_TABLE.c.uuid).where(ZAAK_TABLE.c.uuid.in_(zaken))
        free = free.with_for_update(skip_locked=True, key_share=True)
        async with call.db.acquire(call.tenant) as db:
            await db.execute(gemuteerd.where(ZAAK_TABLE.c.uuid.in_(free)))
        return Response(None, 204)
    statement = select(ZAAKBESLUIT_TABLE).where(ZAAKBESLUIT_TABLE.c.besluit == body["besluit"])
    for row in await call.db.rows(call.tenant, statement):
        check = Check(call, ZAAKBESLUIT, "update", {}, row)
        async with transaction(check) as db:
            zaak = await vergrendeld(db, row["zaak"])
            if zaak is not None and zaak["einddatum"] is not None:
                weiger_ongeforceerd(call)
                if SAME_DATES not in body:
                    await leid_opnieuw_af(db, check, row["zaak"], BESLUIT_WIJZEN)
            await db.execute(gemuteerd.where(ZAAK_TABLE.c.uuid == row["zaak"]))
    return Response(None, 204)
