"""Statustype: a state that a case of a zaaktype passes through (catalogi.md §2.3)."""

from typing import Annotated

from pydantic import Field
from sqlalchemy import UniqueConstraint, func, select

from runtime.problems import OBJECT, InvalidParam
from services.catalogi.gebruik import is_niet_in_gebruik
from services.catalogi.geldigheid import METADATA, Dates, day_of_reference
from services.catalogi.subtype import (
    DATED,
    SCOPES,
    DatedShown,
    Zaaktype,
    begin_is_dat_van_het_zaaktype,
    may_correct,
    subtype_filters,
    summarise,
    with_zaaktype,
    zaaktype_is_concept,
)
from services.catalogi.velden import GEVULD, ONBEPERKT
from zgw.check import Check
from zgw.columns import make_table
from zgw.fields import Fields
from zgw.resource import Resource, related
from zgw.types import EXTENSION, Duration, Length, Ref, Whole


class ChecklistItem(Fields):
    """Something that must be seen to before the status is reached."""

    itemnaam: Annotated[str, Length(30)]
    vraagstelling: Annotated[str, Length(255)]
    verplicht: bool = False
    toelichting: Annotated[str, Length(1000)] | None = None


class StatustypeFields(Fields):
    """The fields that an administrator writes."""

    omschrijving: Annotated[str, Length(80), GEVULD]
    omschrijving_generiek: Annotated[str, Length(80)] = ""
    statustekst: Annotated[str, Length(1000)] = ""
    zaaktype: Zaaktype
    volgnummer: Annotated[int, Whole(1, 9999)]
    informeren: bool = False
    doorlooptijd: Duration | None = None
    toelichting: Annotated[str, Length(1000)] | None = None
    checklistitem_statustype: Annotated[list[ChecklistItem], Length(500)] = Field(default=[])


class StatustypeShown(DatedShown):
    """The fields that only responses have."""

    is_eindstatus: bool
    eigenschappen: list[Annotated[str, Ref("catalogi", "eigenschappen")]]
    zaakobjecttypen: Annotated[list[Annotated[str, Ref("catalogi", "zaakobjecttypen")]], EXTENSION]


class StatustypeIgnored(Dates):
    """Fields of requests that have no effect."""

    eigenschappen: Annotated[list[Annotated[str, Ref("catalogi", "eigenschappen"), ONBEPERKT] | None], Length(500)] = (
        Field(default=[])
    )


STATUSTYPE_TABLE = make_table(
    METADATA, "statustype", StatustypeFields, UniqueConstraint("zaaktype", "volgnummer", name="statustype_volgnummer")
)
T = STATUSTYPE_TABLE
_others = T.alias()
_highest = select(func.max(_others.c.volgnummer)).where(_others.c.zaaktype == T.c.zaaktype).scalar_subquery()


async def volgnummer_volgt(check: Check[StatustypeFields]) -> None:
    """O3: een statustype dat bij een gepubliceerd zaaktype komt, volgt op de statustypen die er zijn."""
    zaaktype, settings = check.resolved(check.fields.zaaktype), check.call.service.settings
    if not (check.creating and settings.catalogi_additive_posts) or zaaktype is None or zaaktype["concept"]:
        return
    if await may_correct(check):
        return
    later = select(T.c.id).where(T.c.zaaktype == zaaktype["uuid"], T.c.volgnummer >= check.fields.volgnummer).limit(1)
    if await check.call.db.row(check.call.tenant, later):
        check.reject("volgnummer", "invalid", "Het statustype moet na de bestaande statustypen komen.")


STATUSTYPE = Resource(
    name="statustype",
    path="statustypen",
    fields=StatustypeFields,
    shown=StatustypeShown,
    ignored=StatustypeIgnored,
    table=STATUSTYPE_TABLE,
    source=with_zaaktype(T),
    computed={
        **DATED,
        "is_eindstatus": T.c.volgnummer == _highest,
        "eigenschappen": related("eigenschap", "statustype", T),
        "zaakobjecttypen": related("zaakobjecttype", "statustype", T),
    },
    scopes=SCOPES,
    filters=subtype_filters(T),
    parameters=day_of_reference,
    unique={"statustype_volgnummer": InvalidParam(OBJECT, "unique")},
    cached=True,
    rules=[zaaktype_is_concept(), begin_is_dat_van_het_zaaktype, volgnummer_volgt],
    guards=[is_niet_in_gebruik],
    removal_rules=[zaaktype_is_concept()],
    effects=[summarise()],
)
