"""Zaaktype: one version of a kind of case (catalogi.md §2.2)."""

from typing import Annotated, Any, Literal

from pydantic import Field
from sqlalchemy import (
    Boolean,
    Column,
    Index,
    Text,
    Uuid,
    bindparam,
    case,
    cast,
    column,
    func,
    literal_column,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, aggregate_order_by

from runtime.problems import OBJECT
from services.catalogi import selectielijst
from services.catalogi.gebruik import is_niet_in_gebruik
from services.catalogi.geldigheid import (
    CORRIGEREN,
    LEZEN,
    METADATA,
    SCHRIJVEN,
    VERWIJDEREN,
    ObjectDates,
    begin_object,
    by_name,
    day_that_is_asked,
    einde_object,
    for_reader,
    resolved,
    status_filter,
    valid_on,
    validity_filter,
    versions,
)
from services.catalogi.namen import Geschreven, Naam, list_of_names, names_of, unseen
from services.catalogi.velden import CATALOGUS_REF, DEEL, GEVULD, LEEG_IS_NULL, InCatalogus, leeg
from services.catalogi.versie import (
    correctie_houdt_relaties,
    einde_niet_voor_begin,
    geen_overlap,
    is_concept_of_mag_corrigeren,
)
from services.catalogi.versies import laat_rechten_volgen
from zgw.check import Check
from zgw.columns import make_table
from zgw.fields import Fields
from zgw.filters import Filter, beside_standard, compare, equal, reference, uuid_in
from zgw.numbers import Numbers
from zgw.request import Call
from zgw.resource import Resource
from zgw.types import Date, Duration, Length, OptionalRsin, Ref, Url, Vertrouwelijkheid

Url200 = Annotated[str, Ref(follow=False, max_length=200)]
OptionalUrl200 = Annotated[str, Ref(follow=False, blank=True, max_length=200)]
AardRelatie = Literal["vervolg", "bijdrage", "onderwerp"]


class Referentieproces(Fields):
    """The process that the type was made after."""

    naam: Annotated[str, Length(80)]
    link: OptionalUrl200 = ""


class Broncatalogus(Fields):
    """The catalogue that the type was taken from."""

    url: Url200
    domein: Annotated[str, Length(5)]
    rsin: OptionalRsin


class Bronzaaktype(Fields):
    """The zaaktype that the type was taken from."""

    url: Url200
    identificatie: Annotated[str, Length(50)]
    omschrijving: Annotated[str, Length(80)]


class Gerelateerd(Fields):
    """A related zaaktype, by its identificatie."""

    zaaktype: Naam
    aard_relatie: AardRelatie
    toelichting: Annotated[str, Length(255)] = ""


class GerelateerdShown(Fields):
    """A related zaaktype, by the version that is valid."""

    zaaktype: Annotated[str, Ref("catalogi", "zaaktypen", max_length=200)]
    zaaktype_identificatie: str
    aard_relatie: AardRelatie
    toelichting: Annotated[str, Length(255)]


class ZaaktypeFields(Fields):
    """The fields that an administrator writes; related types by name."""

    identificatie: Annotated[str, Length(50)] = ""
    omschrijving: Annotated[str, Length(80), GEVULD]
    omschrijving_generiek: Annotated[str, Length(80)] = ""
    vertrouwelijkheidaanduiding: Vertrouwelijkheid
    doel: Annotated[str, GEVULD]
    aanleiding: Annotated[str, GEVULD]
    toelichting: str = ""
    indicatie_intern_of_extern: Literal["intern", "extern"]
    handeling_initiator: Annotated[str, Length(20), GEVULD]
    onderwerp: Annotated[str, Length(80), GEVULD]
    handeling_behandelaar: Annotated[str, Length(20), GEVULD]
    doorlooptijd: Duration
    servicenorm: Duration | None = None
    opschorting_en_aanhouding_mogelijk: bool
    verlenging_mogelijk: bool
    verlengingstermijn: Duration | None = None
    trefwoorden: Annotated[list[Annotated[str, Length(30), GEVULD]], Length(500)] = Field(default=[])
    publicatie_indicatie: bool
    publicatietekst: str = ""
    verantwoordingsrelatie: Annotated[list[Annotated[str, Length(40), GEVULD]], Length(500)] = Field(default=[])
    producten_of_diensten: Annotated[list[Url], Length(500)]
    selectielijst_procestype: OptionalUrl200 = ""
    referentieproces: Referentieproces
    verantwoordelijke: Annotated[str, Length(50), GEVULD]
    broncatalogus: Annotated[Broncatalogus | None, LEEG_IS_NULL, leeg(Broncatalogus)] = None
    bronzaaktype: Annotated[Bronzaaktype | None, LEEG_IS_NULL, leeg(Bronzaaktype)] = None
    catalogus: InCatalogus
    besluittype_omschrijving: Annotated[list[Naam], Length(500)] = Field(alias="besluittypen")
    deelzaaktype_identificaties: Annotated[list[Naam], Length(500)] = Field(default=[], alias="deelzaaktypen")
    gerelateerd: Annotated[list[Gerelateerd], Length(500)] = Field(alias="gerelateerdeZaaktypen")
    begin_geldigheid: Date
    einde_geldigheid: Date | None = None
    versiedatum: Date = Field(default=None)  # type: ignore[assignment]


class ZaaktypeShown(Fields):
    """The fields that only responses have, and what they show in the place of names."""

    url: Url
    besluittypen: list[Annotated[str, Ref("catalogi", "besluittypen")]]
    besluittype_omschrijving: list[str]
    deelzaaktypen: list[Annotated[str, Ref("catalogi", "zaaktypen")]]
    deelzaaktype_identificaties: list[str]
    gerelateerde_zaaktypen: list[GerelateerdShown]
    informatieobjecttypen: list[Annotated[str, Ref("catalogi", "informatieobjecttypen")]]
    informatieobjecttype_omschrijving: list[str]
    statustypen: list[Annotated[str, Ref("catalogi", "statustypen")]]
    resultaattypen: list[Annotated[str, Ref("catalogi", "resultaattypen")]]
    resultaattype_omschrijving: list[str]
    eigenschappen: list[Annotated[str, Ref("catalogi", "eigenschappen")]]
    roltypen: list[Annotated[str, Ref("catalogi", "roltypen")]]
    zaakobjecttypen: list[Annotated[str, Ref("catalogi", "zaakobjecttypen")]]
    begin_object: Date | None
    einde_object: Date | None
    concept: bool


SUBTYPES = {
    "statustypen": "statustype",
    "resultaattypen": "resultaattype",
    "eigenschappen": "eigenschap",
    "roltypen": "roltype",
    "zaakobjecttypen": "zaakobjecttype",
}
"""The arrays of what belongs to a zaaktype, and the tables that they are kept from (``samenvatting.py``)."""


def _kept(name: str, type_: Any) -> Column[Any]:
    return Column(name, ARRAY(type_), nullable=False, server_default="{}")


ZAAKTYPE_TABLE = make_table(
    METADATA,
    "zaaktype",
    ZaaktypeFields,
    Column("concept", Boolean, nullable=False, server_default=true()),
    Column("besluittype_omschrijving", ARRAY(Text), nullable=False),
    Column("deelzaaktype_identificaties", ARRAY(Text), nullable=False),
    *(_kept(name, Uuid) for name in SUBTYPES),
    _kept("informatieobjecttype_omschrijving", Text),
    _kept("resultaattype_omschrijving", Text),
)
T = ZAAKTYPE_TABLE
Index("zaaktype_versions", T.c.catalogus, T.c.identificatie, T.c.begin_geldigheid)
Index("zaaktype_identificatie", T.c.identificatie)
Index("zaaktype_besluittypen", T.c.besluittype_omschrijving, postgresql_using="gin")
Index("zaaktype_informatieobjecttypen", T.c.informatieobjecttype_omschrijving, postgresql_using="gin")
NUMBERS = Numbers(ZAAKTYPE_TABLE, "ZAAKTYPE", "catalogus", remember=False)


def _gerelateerd() -> Any:
    item = (
        func.jsonb_array_elements(T.c.gerelateerd)
        .table_valued(column("item", JSONB), with_ordinality="place", name="gerelateerd_item")
        .render_derived()
    )
    other = versions("zaaktype")
    name = item.c.item["zaaktype"].astext
    same = (other.c.catalogus == T.c.catalogus, other.c.identificatie == name)
    found = resolved(other, "zaaktype", *same, owner=T.c).lateral()
    shown = func.jsonb_build_object(
        "zaaktype", func.concat("/catalogi/api/v1/zaaktypen/", found.c.uuid), "zaaktypeIdentificatie", name
    ).op("||")(item.c.item.op("-")("zaaktype"))
    statement = select(func.jsonb_agg(aggregate_order_by(shown, item.c.place))).select_from(item.join(found, true()))
    empty = literal_column("'[]'::jsonb", JSONB)
    return case((T.c.gerelateerd == empty, empty), else_=func.coalesce(statement.scalar_subquery(), empty))


OP_DAG = bindparam("op_dag", None, T.c.begin_geldigheid.type)
"""The day on which the one zaaktype that is asked for must be valid, if a day is given."""


def day_of_retrieval(call: Call) -> dict[str, Any]:
    """Return what relations depend on; one zaaktype that is not valid on a day that is asked for does not exist
    (404)."""
    asked = day_that_is_asked(call) if call.path.get("uuid") else {}
    return {**for_reader(call), **({"op_dag": asked["peildatum"]} if asked else {})}


async def procestype_bestaat(check: Check[ZaaktypeFields]) -> None:
    """ztc-001: het selectielijstProcestype is een procestype van de selectielijst."""
    url = check.fields.selectielijst_procestype
    sent = check.action != "partial_update" or check.was_sent(lambda zaaktype: zaaktype.selectielijst_procestype)
    if url and sent:
        await selectielijst.resolve(check, "selectielijstProcestype", url, "procestype")


async def verlenging_heeft_een_termijn(check: Check[ZaaktypeFields]) -> None:
    """ztc-x3: een type dat verlengd kan worden, zegt voor hoe lang."""
    if check.fields.verlenging_mogelijk and check.fields.verlengingstermijn is None:
        check.reject(OBJECT, "verlenging-mismatch", "Geef een verlengingstermijn wanneer verlenging mogelijk is.")
    if not check.fields.verlenging_mogelijk:
        check.fields.verlengingstermijn = None


async def bron_is_volledig(check: Check[ZaaktypeFields]) -> None:
    """ztc-x4: broncatalogus en bronzaaktype worden samen opgegeven."""
    if (check.fields.broncatalogus is None) != (check.fields.bronzaaktype is None):
        check.reject(OBJECT, "invalid-bronzaaktype-for-broncatalogus", "Geef broncatalogus en bronzaaktype samen.")


async def servicenorm_is_niet_nul(check: Check[ZaaktypeFields]) -> None:
    """ztc-x6: een servicenorm is geen duur van niets."""
    if (term := check.fields.servicenorm) and not any(digit in "123456789" for digit in term):
        check.reject("servicenorm", "empty-duration", "De servicenorm mag niet nul zijn.")


async def relaties_op_naam(check: Check[ZaaktypeFields]) -> None:
    """ztc-x1, ztc-x2: gerelateerde typen zijn van dezelfde catalogus; een URL wordt bewaard als naam van het type."""
    fields, catalogus = check.fields, uuid_in(check.fields.catalogus, CATALOGUS_REF)
    fields.besluittype_omschrijving = await list_of_names(
        check, lambda zaaktype: zaaktype.besluittype_omschrijving, "besluittypen", "besluittype", catalogus
    )
    fields.deelzaaktype_identificaties = await list_of_names(
        check,
        lambda zaaktype: zaaktype.deelzaaktype_identificaties,
        "deelzaaktypen",
        "zaaktype",
        catalogus,
        "deelzaaktypen",
    )
    values = {f"gerelateerdeZaaktypen.{index}.zaaktype": item.zaaktype for index, item in enumerate(fields.gerelateerd)}
    found = await names_of(check, "zaaktype", values, catalogus)
    written = [
        {**item.model_dump(by_alias=True), "zaaktype": found.get(f"gerelateerdeZaaktypen.{index}.zaaktype", "")}
        for index, item in enumerate(fields.gerelateerd)
    ]
    stored = list(check.stored["gerelateerd"]) if check.stored else []
    names = await unseen(
        check, lambda zaaktype: zaaktype.gerelateerd, "zaaktype", list(values.values()), [i["zaaktype"] for i in stored]
    )
    names -= {item["zaaktype"] for item in written}
    check.facts(Geschreven).namen["gerelateerd"] = written
    check.columns["gerelateerd"] = [*written, *(item for item in stored if item["zaaktype"] in names)]


async def catalogus_blijft(check: Check[ZaaktypeFields]) -> None:
    """Een zaaktype met subtypen of relaties blijft in zijn catalogus, omdat namen elders iets anders betekenen."""
    if check.stored is None or not check.changed(lambda zaaktype: zaaktype.catalogus):
        return
    names = (
        "informatieobjecttype_omschrijving",
        "besluittype_omschrijving",
        "deelzaaktype_identificaties",
        "gerelateerd",
    )
    if any(check.stored[name] for name in names) or any(check.stored[name] != "{}" for name in SUBTYPES):
        check.reject("catalogus", "wijzigen-niet-toegelaten")


async def identificatie_en_versiedatum(check: Check[ZaaktypeFields]) -> None:
    """A zaaktype without identificatie gets the next number of its year; its versiedatum is the first day of
    validity."""
    fields = check.fields
    if check.creating and not check.was_sent(lambda zaaktype: zaaktype.versiedatum):
        fields.versiedatum = fields.begin_geldigheid
    if not fields.identificatie:
        year = fields.versiedatum.year if check.sent.get("versiedatum") else check.call.today().year
        fields.identificatie = await NUMBERS.next(check.call, year, uuid_in(fields.catalogus, CATALOGUS_REF))


ZAAKTYPE = Resource(
    name="zaaktype",
    path="zaaktypen",
    fields=ZaaktypeFields,
    shown=ZaaktypeShown,
    ignored=ObjectDates,
    table=ZAAKTYPE_TABLE,
    computed={
        "besluittypen": by_name("besluittype", T.c, T.c.besluittype_omschrijving),
        "deelzaaktypen": by_name("zaaktype", T.c, T.c.deelzaaktype_identificaties),
        "gerelateerde_zaaktypen": _gerelateerd(),
        "informatieobjecttypen": by_name("informatieobjecttype", T.c, T.c.informatieobjecttype_omschrijving),
        **{name: cast(T.c[name], Text) for name in SUBTYPES},
        "begin_object": begin_object("zaaktype", T.c),
        "einde_object": einde_object("zaaktype", T.c),
    },
    scopes={"list": LEZEN, "fetch": LEZEN, "create": SCHRIJVEN, "update": CORRIGEREN, "remove": VERWIJDEREN},
    filters=[
        reference("catalogus", T.c.catalogus, CATALOGUS_REF),
        equal("identificatie", T.c.identificatie),
        Filter("trefwoorden", str, lambda words: T.c.trefwoorden.cast(JSONB).contains(words), many=True),
        status_filter(T.c),
        validity_filter(T.c),
        *beside_standard(
            *compare("identificatie", T.c.identificatie, DEEL, "icontains", exact=False),
            *compare("omschrijving", T.c.omschrijving, DEEL, "icontains", exact=False),
        ),
    ],
    fetch_parameters=["datumGeldigheid"],
    parameters=day_of_retrieval,
    restrict=lambda _: or_(OP_DAG.is_(None), valid_on(T.c, OP_DAG)),
    expandable={"gerelateerdeZaaktypen": Ref("catalogi", "zaaktypen")},
    kanaal="zaaktypen",
    kenmerken=lambda row: {"catalogus": f"/catalogi/api/v1/catalogussen/{row['catalogus']}"},
    cached=True,
    rules=[
        is_concept_of_mag_corrigeren,
        einde_niet_voor_begin,
        procestype_bestaat,
        verlenging_heeft_een_termijn,
        bron_is_volledig,
        servicenorm_is_niet_nul,
        relaties_op_naam,
        correctie_houdt_relaties,
        catalogus_blijft,
    ],
    derive=[identificatie_en_versiedatum],
    guards=[is_niet_in_gebruik],
    removal_rules=[is_concept_of_mag_corrigeren],
    effects=[geen_overlap, laat_rechten_volgen],
)
