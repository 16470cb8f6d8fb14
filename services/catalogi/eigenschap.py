"""Eigenschap: a fact that is recorded of each case of a zaaktype (catalogi.md §2.5)."""

import re
from typing import Annotated, Literal

from pydantic import Field
from sqlalchemy import UniqueConstraint

from runtime.problems import OBJECT, InvalidParam
from services.catalogi.gebruik import is_niet_in_gebruik
from services.catalogi.geldigheid import METADATA, Dates, day_of_reference
from services.catalogi.subtype import (
    DATED,
    SCOPES,
    DatedShown,
    Zaaktype,
    begin_is_dat_van_het_zaaktype,
    statustype_hoort_bij_zaaktype,
    subtype_filters,
    summarise,
    with_zaaktype,
    zaaktype_is_concept,
)
from services.catalogi.velden import GEVULD, ONBEPERKT
from zgw.check import Check
from zgw.columns import make_table
from zgw.fields import Fields
from zgw.resource import Resource
from zgw.types import Length, Matching, Ref

LENGTES = {
    "tekst": (r"0*(\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])", "een geheel getal van 0 tot en met 255"),
    "getal": (r"\d+(,\d+)?", "een aantal cijfers, eventueel met een komma en een aantal decimalen"),
    "datum": ("8", "8 (JJJJMMDD)"),
    "datum_tijd": ("14", "14 (JJJJMMDDuummss)"),
}
"""ztc-015: per formaat the pattern of its lengte, and that in words."""


class Specificatie(Fields):
    """The values that the eigenschap may have."""

    groep: Annotated[str, Matching(r"[A-Za-z0-9_ ]*", 32)] = ""
    formaat: Literal["tekst", "getal", "datum", "datum_tijd"]
    lengte: Annotated[str, Length(14), GEVULD]
    kardinaliteit: Annotated[str, Matching(r"N|0*[1-9][0-9]*", 3, blank=False)]
    waardenverzameling: Annotated[list[Annotated[str, Length(100), GEVULD]], Length(2000)] = Field(default=[])


class EigenschapFields(Fields):
    """The fields that an administrator writes."""

    naam: Annotated[str, Length(20), GEVULD]
    definitie: Annotated[str, Length(255), GEVULD]
    specificatie: Specificatie
    toelichting: Annotated[str, Length(1000)] = ""
    zaaktype: Zaaktype
    statustype: (
        Annotated[str, Ref("catalogi", "statustypen", table="statustype", on_delete="NO ACTION"), ONBEPERKT] | None
    ) = None


EIGENSCHAP_TABLE = make_table(
    METADATA, "eigenschap", EigenschapFields, UniqueConstraint("zaaktype", "naam", name="eigenschap_naam")
)
T = EIGENSCHAP_TABLE


async def lengte_past_bij_formaat(check: Check[EigenschapFields]) -> None:
    """ztc-015: de lengte van een datum is 8, van een datum_tijd 14, van een tekst hoogstens 255, van een getal cijfers
    en decimalen.
    """
    specificatie = check.fields.specificatie
    if specificatie.formaat not in LENGTES:
        return  # stored by a newer release
    pattern, words = LENGTES[specificatie.formaat]
    if not re.fullmatch(pattern, specificatie.lengte, re.ASCII):
        check.reject(f"specificatie.{OBJECT}", "invalid", f"De lengte bij {specificatie.formaat} is {words}.")


EIGENSCHAP = Resource(
    name="eigenschap",
    path="eigenschappen",
    fields=EigenschapFields,
    shown=DatedShown,
    ignored=Dates,
    table=EIGENSCHAP_TABLE,
    source=with_zaaktype(T),
    computed=DATED,
    scopes=SCOPES,
    filters=subtype_filters(T),
    parameters=day_of_reference,
    unique={"eigenschap_naam": InvalidParam(OBJECT, "unique")},
    cached=True,
    rules=[
        zaaktype_is_concept(),
        begin_is_dat_van_het_zaaktype,
        lengte_past_bij_formaat,
        statustype_hoort_bij_zaaktype,
    ],
    guards=[is_niet_in_gebruik],
    removal_rules=[zaaktype_is_concept()],
    effects=[summarise()],
)
