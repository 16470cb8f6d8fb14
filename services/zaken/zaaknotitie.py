"""Zaaknotitie: a note with a zaak (zaken.md §3.6, §5.3); no audit trail, no notifications."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from sqlalchemy import Column, func
from sqlalchemy import DateTime as SqlDateTime

from services.zaken.gesloten import ALLEEN_BIJWERKEN
from services.zaken.zaak import COUNTS, HOOFD, LEZEN, METADATA, ZAAK_REF
from zgw.check import Check
from zgw.columns import make_table
from zgw.fields import Fields
from zgw.filters import compare, equal, reference
from zgw.resource import Main, Resource
from zgw.types import DateTime, Length, Moment, Shown, Url

NotitieType = Literal["intern", "extern"]
NotitieStatus = Literal["concept", "definitief"]


class ZaakNotitieFields(Fields):
    """The fields that clients write."""

    onderwerp: Annotated[str, Length(255, 1)]
    tekst: Annotated[str, Length(None, 1)]
    aangemaakt_door: Annotated[str, Length(255)] = ""
    notitie_type: NotitieType = "intern"
    status: NotitieStatus = "concept"
    gerelateerd_aan: Annotated[str, ZAAK_REF, Shown()]


class ZaakNotitieShown(Fields):
    """The fields that only responses have."""

    url: Url
    aanmaakdatum: DateTime
    wijzigingsdatum: DateTime


ZAAKNOTITIE_TABLE = make_table(
    METADATA,
    "zaaknotitie",
    ZaakNotitieFields,
    Column("aanmaakdatum", SqlDateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("wijzigingsdatum", SqlDateTime(timezone=True), nullable=False, server_default=func.now()),
)
_c = ZAAKNOTITIE_TABLE.c


async def notitie_is_nog_een_concept(check: Check) -> None:
    """zaken.md §7.1: een notitie die definitief is, wijzigt niet meer."""
    if check.stored is not None and check.stored["status"] == "definitief":
        check.reject("status", "invalid", "Een definitieve notitie kan niet gewijzigd worden.")


async def andere_zaak_is_toegestaan(check: Check[ZaakNotitieFields]) -> None:
    """zrc-006: een notitie verhuist alleen naar een zaak die bestaat en die de client ook mag bijwerken."""
    if check.stored is None or not check.changed(lambda notitie: notitie.gerelateerd_aan):
        return
    zaak, code = await check.find(check.fields.gerelateerd_aan, ZAAK_REF)
    if zaak is None:
        check.reject("gerelateerdAan", "object-does-not-exist" if code == "does_not_exist" else code)
    elif not await check.call.holds(ALLEEN_BIJWERKEN, zaak["zaaktype"], zaak["vertrouwelijkheidaanduiding"]):
        raise await check.call.denied(HOOFD.resource, ALLEEN_BIJWERKEN, zaak)


async def datums_van_de_notitie(check: Check) -> None:
    """Remember when the note was made and last changed."""
    now = datetime.now(UTC)
    check.columns["wijzigingsdatum"] = now
    if check.creating:
        check.columns["aanmaakdatum"] = now


ZAAKNOTITIE = Resource(
    name="zaaknotitie",
    path="zaaknotities",
    fields=ZaakNotitieFields,
    shown=ZaakNotitieShown,
    table=ZAAKNOTITIE_TABLE,
    scopes={
        "list": LEZEN,
        "fetch": LEZEN,
        "create": ALLEEN_BIJWERKEN,
        "update": ALLEEN_BIJWERKEN,
        "remove": ALLEEN_BIJWERKEN,
    },
    verbs=("list", "create", "fetch", "replace", "merge", "remove"),
    operations={"fetch": "zaaknotitie_read", "remove": "zaaknotitie_delete"},
    filters=[
        *compare("aangemaaktDoor", _c.aangemaakt_door, Annotated[str, Length(255)], "icontains"),
        *compare("aanmaakdatum", _c.aanmaakdatum, Moment, "gt", "gte", "lt", "lte"),
        reference("gerelateerdAan", _c.gerelateerd_aan, ZAAK_REF),
        equal("notitieType", _c.notitie_type, NotitieType),
        *compare("onderwerp", _c.onderwerp, Annotated[str, Length(255)], "icontains"),
        equal("status", _c.status, NotitieStatus),
        *compare("tekst", _c.tekst, str, "icontains"),
        *compare("wijzigingsdatum", _c.wijzigingsdatum, Moment, "gt", "gte", "lt", "lte"),
    ],
    main=Main("gerelateerd_aan", HOOFD.resource, HOOFD.state),
    tally=COUNTS.of(ZAAKNOTITIE_TABLE, "gerelateerd_aan", values=("status", "notitie_type")),
    etag=False,
    unexpandable=("gerelateerd_aan",),
    rules=[notitie_is_nog_een_concept, andere_zaak_is_toegestaan],
    derive=[datums_van_de_notitie],
    description="Notities bij een zaak.",
)
