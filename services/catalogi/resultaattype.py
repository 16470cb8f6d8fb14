"""Resultaattype: how a case of a zaaktype can end, and when it may then be archived (catalogi.md §2.4)."""

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field
from sqlalchemy import Column, Index, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY

from runtime.problems import OBJECT, InvalidParam
from services.catalogi import selectielijst
from services.catalogi.archief import fouten_in_procedure, past_bij_procestermijn
from services.catalogi.gebruik import is_niet_in_gebruik
from services.catalogi.geldigheid import METADATA, TEXT, Dates, by_name, for_reader, validity_filter
from services.catalogi.namen import Naam, list_of_names
from services.catalogi.subtype import (
    DATED,
    SCOPES,
    ZT,
    DatedShown,
    GegevenCatalogus,
    Zaaktype,
    begin_is_dat_van_het_zaaktype,
    catalogus_is_die_van_het_zaaktype,
    subtype_filters,
    summarise,
    with_zaaktype,
    zaaktype_is_concept,
)
from services.catalogi.velden import GEVULD, LEEG_IS_NULL
from zgw.check import Check
from zgw.columns import make_table
from zgw.fields import Fields
from zgw.filters import equal
from zgw.resource import Resource
from zgw.types import Duration, Length, Ref, Url

Afleidingswijze = Literal[
    "afgehandeld",
    "ander_datumkenmerk",
    "eigenschap",
    "gerelateerde_zaak",
    "hoofdzaak",
    "ingangsdatum_besluit",
    "termijn",
    "vervaldatum_besluit",
    "zaakobject",
]
Objecttype = Literal[
    "adres", "besluit", "buurt", "enkelvoudig_document", "gemeente", "gemeentelijke_openbare_ruimte", "huishouden",
    "inrichtingselement", "kadastrale_onroerende_zaak", "kunstwerkdeel", "maatschappelijke_activiteit", "medewerker",
    "natuurlijk_persoon", "niet_natuurlijk_persoon", "openbare_ruimte", "organisatorische_eenheid", "pand",
    "spoorbaandeel",
    "status", "terreindeel", "terrein_gebouwd_object", "vestiging", "waterdeel", "wegdeel", "wijk", "woonplaats",
    "woz_deelobject", "woz_object", "woz_waarde", "zakelijk_recht", "overige", "",
]  # fmt: skip


class Brondatum(Fields):
    """From which date the archiving term runs."""

    afleidingswijze: Afleidingswijze
    datumkenmerk: Annotated[str, Length(80)] = ""
    einddatum_bekend: bool = False
    objecttype: Objecttype = ""
    registratie: Annotated[str, Length(80)] = ""
    procestermijn: Duration | None = None


def _zonder_lege(value: Any) -> Any:
    """A member that is null or the empty string is an absent one (catalogi.md §6.2)."""
    if not isinstance(value, dict):
        return value
    return {k: v for k, v in value.items() if k == "afleidingswijze" or v not in (None, "")}


class ResultaattypeFields(Fields):
    """The fields that an administrator writes; related types by omschrijving."""

    zaaktype: Zaaktype
    omschrijving: Annotated[str, Length(30), GEVULD]
    resultaattypeomschrijving: Url
    selectielijstklasse: Url
    toelichting: str = ""
    archiefnominatie: Literal["blijvend_bewaren", "vernietigen", ""] = ""
    archiefactietermijn: Duration | None = None
    brondatum_archiefprocedure: Annotated[Brondatum | None, BeforeValidator(_zonder_lege), LEEG_IS_NULL] = None
    procesobjectaard: Annotated[str, Length(200)] | None = None
    indicatie_specifiek: bool | None = None
    procestermijn: Duration | None = None
    besluittype_omschrijving: Annotated[list[Naam], Length(500)] = Field(default=[], alias="besluittypen")
    informatieobjecttype_omschrijving: Annotated[list[Naam], Length(500)] = Field(
        default=[], alias="informatieobjecttypen"
    )
    catalogus: GegevenCatalogus | None = None


class ResultaattypeShown(DatedShown):
    """The fields that only responses have, and what they show in the place of names."""

    omschrijving_generiek: Annotated[str, Length(20)]
    besluittypen: list[Annotated[str, Ref("catalogi", "besluittypen")]]
    besluittype_omschrijving: list[str]
    informatieobjecttypen: list[Annotated[str, Ref("catalogi", "informatieobjecttypen")]]
    informatieobjecttype_omschrijving: list[str]


RESULTAATTYPE_TABLE = make_table(
    METADATA,
    "resultaattype",
    ResultaattypeFields,
    Column("omschrijving_generiek", Text, nullable=False),
    Column("besluittype_omschrijving", ARRAY(Text), nullable=False),
    Column("informatieobjecttype_omschrijving", ARRAY(Text), nullable=False),
    UniqueConstraint("zaaktype", "omschrijving", name="resultaattype_omschrijving"),
)
T = RESULTAATTYPE_TABLE
Index("resultaattype_besluittypen", T.c.besluittype_omschrijving, postgresql_using="gin")

AFHANKELIJK: tuple[Callable[[ResultaattypeFields], object], ...] = (
    lambda it: it.zaaktype,
    lambda it: it.resultaattypeomschrijving,
    lambda it: it.selectielijstklasse,
    lambda it: it.archiefnominatie,
    lambda it: it.archiefactietermijn,
    lambda it: it.brondatum_archiefprocedure,
)
"""The fields that the selection list has a say in."""


async def past_bij_de_selectielijst(check: Check[ResultaattypeFields]) -> None:
    """ztc-002, ztc-003: de omschrijvingen zijn van de selectielijst, die ook zegt hoe er gearchiveerd moet worden.

    Absent nominatie and term are those of the selection list; the general description is a copy.
    """
    if check.action == "partial_update" and not any(check.was_sent(field) for field in AFHANKELIJK):
        return
    fields, zaaktype = check.fields, check.resolved(check.fields.zaaktype)
    generiek = await selectielijst.resolve(
        check, "resultaattypeomschrijving", fields.resultaattypeomschrijving, "resultaattypeomschrijving"
    )
    klasse = await selectielijst.resolve(check, "selectielijstklasse", fields.selectielijstklasse, "resultaat")
    if generiek is None or klasse is None or zaaktype is None:
        return
    check.columns["omschrijving_generiek"] = generiek["omschrijving"]
    by_uuid = check.call.service.settings.selectielijst_by_uuid
    if not selectielijst.same_url(zaaktype["selectielijst_procestype"], klasse["procesType"], by_uuid):
        check.reject(
            OBJECT, "procestype-mismatch", "De selectielijstklasse hoort bij een ander procestype dan het zaaktype."
        )
    fields.archiefnominatie = fields.archiefnominatie or klasse["waardering"]
    fields.archiefactietermijn = fields.archiefactietermijn or klasse.get("bewaartermijn")
    procedure = fields.brondatum_archiefprocedure
    if procedure and not past_bij_procestermijn(klasse.get("procestermijn") or "", procedure.afleidingswijze):
        code = "invalid-afleidingswijze-for-procestermijn"
        check.reject(OBJECT, code, "De afleidingswijze past niet bij de procestermijn van de selectielijst.")


async def brondatum_is_volledig(check: Check[ResultaattypeFields]) -> None:
    """ztc-004, ztc-005, ztc-006, ztc-007, ztc-008: de afleidingswijze bepaalt welke velden een waarde hebben en welke
    niet.
    """
    if procedure := check.fields.brondatum_archiefprocedure:
        for name, code in fouten_in_procedure(procedure.model_dump(by_alias=True)):
            reason = "Dit veld moet leeg zijn bij deze afleidingswijze." if code == "must-be-empty" else ""
            check.reject(f"brondatumArchiefprocedure.{name}", code, reason)


async def relaties_op_naam(check: Check[ResultaattypeFields]) -> None:
    """ztc-x2: gerelateerde typen zijn van dezelfde catalogus; een URL wordt bewaard als de naam van het type."""
    if (zaaktype := check.resolved(check.fields.zaaktype)) is not None:
        catalogus = zaaktype["catalogus"]
        check.fields.besluittype_omschrijving = await list_of_names(
            check, lambda it: it.besluittype_omschrijving, "besluittypen", "besluittype", catalogus
        )
        check.fields.informatieobjecttype_omschrijving = await list_of_names(
            check,
            lambda it: it.informatieobjecttype_omschrijving,
            "informatieobjecttypen",
            "informatieobjecttype",
            catalogus,
        )


RESULTAATTYPE = Resource(
    name="resultaattype",
    path="resultaattypen",
    fields=ResultaattypeFields,
    shown=ResultaattypeShown,
    ignored=Dates,
    table=RESULTAATTYPE_TABLE,
    source=with_zaaktype(T),
    computed={
        **DATED,
        "besluittypen": by_name("besluittype", ZT.c, T.c.besluittype_omschrijving),
        "informatieobjecttypen": by_name("informatieobjecttype", ZT.c, T.c.informatieobjecttype_omschrijving),
    },
    scopes=SCOPES,
    filters=[
        # The OAS of this list alone does not say that the zaaktype is a URL.
        *(replace(f, shown=TEXT) if f.name == "zaaktype" else f for f in subtype_filters(T)),
        equal("zaaktype_identificatie", ZT.c.identificatie),
        validity_filter(ZT.c, "datum_geldigheid"),
    ],
    parameters=for_reader,
    unique={"resultaattype_omschrijving": InvalidParam(OBJECT, "unique")},
    cached=True,
    rules=[
        zaaktype_is_concept(),
        begin_is_dat_van_het_zaaktype,
        catalogus_is_die_van_het_zaaktype,
        past_bij_de_selectielijst,
        brondatum_is_volledig,
        relaties_op_naam,
    ],
    guards=[is_niet_in_gebruik],
    removal_rules=[zaaktype_is_concept()],
    effects=[summarise()],
)
