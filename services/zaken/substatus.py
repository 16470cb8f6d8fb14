"""Substatus: a step within a status, for those concerned or for the organisation itself. Beside the standard."""

import uuid
from datetime import UTC, datetime
from typing import Annotated, Literal

from sqlalchemy import Column, ForeignKey, Index, Uuid
from sqlmodel import Field

from runtime.problems import OBJECT
from services.zaken.gesloten import (
    GEFORCEERD,
    gesloten_zaak_vraagt_geforceerd_bijwerken,
    zaak_is_nog_niet_gearchiveerd,
    zaak_van,
)
from services.zaken.status import AANMAKEN, TOEVOEGEN
from services.zaken.zaak import HOOFD, LEZEN, METADATA, ZAAK_REF
from zgw.check import Check
from zgw.columns import make_table
from zgw.fields import Fields
from zgw.filters import compare, equal, reference
from zgw.resource import Resource
from zgw.types import DateTime, Length, Moment, Ref, Shown, Url

STATUS_REF = Ref("zaken", "statussen", table="status")
Doelgroep = Literal["betrokkenen", "intern"]


class SubStatusFields(Fields):
    """The fields that clients write."""

    zaak: Annotated[str, ZAAK_REF, Shown(1000, 1)]
    status: Annotated[str, STATUS_REF, Shown(1000, 1)] | None = None
    omschrijving: Annotated[str, Length(200, 1)]
    tijdstip: DateTime = Field(default_factory=lambda: datetime.now(UTC))
    doelgroep: Doelgroep = "betrokkenen"


class SubStatusShown(Fields):
    """The fields that only responses have."""

    url: Url
    uuid: uuid.UUID


SUBSTATUS_TABLE = make_table(
    METADATA,
    "substatus",
    SubStatusFields,
    Column("status", Uuid, ForeignKey("status.uuid", ondelete="CASCADE"), nullable=False, index=True),
)
_c = SUBSTATUS_TABLE.c
Index("substatus_tijdstip", _c.tijdstip, _c.id)
Index("substatus_doelgroep", _c.doelgroep, _c.id)


async def status_is_er_een_van_de_zaak(check: Check[SubStatusFields]) -> None:
    """zaak-status-mismatch: een substatus hoort bij een status van dezelfde zaak; zonder keuze is dat de laatste."""
    zaak = zaak_van(check)
    if not check.fields.status:
        if zaak["status"] is None:
            check.reject("status", "invalid", "De zaak heeft nog geen status.")
        else:
            check.fields.status = f"{STATUS_REF.prefix}{zaak['status']}"
    elif (status := check.resolved(check.fields.status)) is not None and status["zaak"] != zaak["uuid"]:
        check.reject(OBJECT, "zaak-status-mismatch", "De status hoort bij een andere zaak.")


async def tijdstip_ligt_niet_in_de_toekomst(check: Check[SubStatusFields]) -> None:
    """date-in-future: de zaak bereikte de substatus al."""
    if check.fields.tijdstip > check.call.latest():
        check.reject("tijdstip", "date-in-future", "Dit tijdstip mag niet in de toekomst liggen.")


async def client_mag_een_substatus_toevoegen(check: Check) -> None:
    """zrc-007: who may force a closed zaak does not yet write below an open one."""
    zaak = zaak_van(check)
    allowed = await check.call.holds(AANMAKEN | TOEVOEGEN, zaak["zaaktype"], zaak["vertrouwelijkheidaanduiding"])
    if zaak["einddatum"] is None and not allowed:
        raise await check.call.denied(HOOFD.resource, AANMAKEN | TOEVOEGEN, zaak)


SUBSTATUS = Resource(
    name="substatus",
    path="substatussen",
    fields=SubStatusFields,
    shown=SubStatusShown,
    table=SUBSTATUS_TABLE,
    scopes={"list": LEZEN, "fetch": LEZEN, "create": AANMAKEN | TOEVOEGEN | GEFORCEERD},
    verbs=("list", "create", "fetch", "head"),
    extensions=("*",),
    filters=[
        reference("zaak", _c.zaak, ZAAK_REF),
        reference("status", _c.status, STATUS_REF),
        equal("doelgroep", _c.doelgroep, Doelgroep),
        *compare("tijdstip", _c.tijdstip, Moment, "gt", "gte", "lt", "lte"),
    ],
    order=[_c.tijdstip.desc()],
    main=HOOFD,
    kanaal="zaken",
    audited=True,
    touches=("create",),
    weergave=lambda row: str(row["omschrijving"]),
    rules=[status_is_er_een_van_de_zaak, tijdstip_ligt_niet_in_de_toekomst, zaak_is_nog_niet_gearchiveerd],
    guards=[gesloten_zaak_vraagt_geforceerd_bijwerken, client_mag_een_substatus_toevoegen],
    description="Een stap binnen een status, voor de betrokkenen of voor intern gebruik.",
)
