"""Zaak: the main object of the Zaken API (zaken.md §3.1, §5.1)."""

import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal, get_args

from sqlalchemy import (
    ColumnElement,
    Text,
    Uuid,
    case,
    cast,
    column,
    func,
    literal,
    literal_column,
    select,
    table,
)
from sqlalchemy.dialects.postgresql import JSONB

from runtime.problems import InvalidParam
from runtime.statements import among
from services.zaken.afleiding import volg_de_zaak
from services.zaken.gerelateerd import gerelateerde_zaken, leg_koppelingen_vast
from services.zaken.gesloten import GEFORCEERD, LEZEN, TOESTAND
from services.zaken.hoofdzaak import check_deelzaken_closed, check_hoofdzaak_unchanged
from services.zaken.locks import lock_for_moving
from services.zaken.numbers import identificatie_is_uniek, krijgt_een_nummer, reservering_is_gebruikt
from services.zaken.rol_filters import ROL_FILTERS
from services.zaken.verwijderen import (
    anderen_laten_los,
    client_mag_elke_deelzaak_verwijderen,
    deelzaken_gaan_mee,
    geen_besluit_verwijst_naar_de_zaak,
)
from services.zaken.zaak_filters import EXTRA_FILTERS, ZAAKTYPE_IN
from services.zaken.zaak_regels import (
    REGELS,
    eerdere_opschorting_blijft_bekend,
    eigen_archiefwaarden_blijven,
    gesloten_zaak,
    het_beoordeelde_is_alles,
    omvat_zaakgeometrie,
    openen_is_geen_melding,
    registratiedatum_is_vandaag,
    vertrouwelijkheid_volgt_zaaktype,
    wijziging_van_de_zaak_telt,
)
from services.zaken.zaak_velden import (
    AUDITTRAIL,
    COUNTS,
    LEGE_OPSCHORTING,
    METADATA,
    ZAAK_REF,
    ZAAK_TABLE,
    GerelateerdeZaak,
    OpschortingShown,
    ZaakFields,
    ZaakIgnored,
)
from services.zaken.zaak_vindplaats import kept_for
from zgw.fields import Fields
from zgw.filters import MANY, Filter, any_of, compare, equal, reference
from zgw.resource import Main, Resource, Typed, in_array, related
from zgw.rights import scopes
from zgw.types import EXTENSION, LEVELS, Date, DateTime, EmptyAs, Length, Ref, Rsin, Url, Vertrouwelijkheid
from zgw.usage import ZAKEN

AANMAKEN = scopes("zaken.aanmaken")
BIJWERKEN = scopes("zaken.bijwerken", "zaken.geforceerd-bijwerken")
VERWIJDEREN = scopes("zaken.verwijderen")

BETALINGSINDICATIES = {
    "nvt": "Er is geen sprake van te betalen, met de zaak gemoeide, kosten.",
    "nog_niet": "De met de zaak gemoeide kosten zijn (nog) niet betaald.",
    "gedeeltelijk": "De met de zaak gemoeide kosten zijn gedeeltelijk betaald.",
    "geheel": "De met de zaak gemoeide kosten zijn geheel betaald.",
    "gefactureerd": "De met de zaak gemoeide kosten zijn gefactureerd.",
    "gecrediteerd": "De met de zaak gemoeide kosten zijn gecrediteerd.",
    "betaald": "De met de zaak gemoeide kosten zijn betaald.",
}


class ZaakShown(Fields):
    """The fields that only responses have."""

    url: Url
    uuid: uuid.UUID
    einddatum: Date | None
    betalingsindicatie_weergave: str
    deelzaken: list[Annotated[str, Ref("zaken", "zaken")]]
    eigenschappen: list[Annotated[str, Ref("zaken", "zaakeigenschappen")]]
    rollen: list[Annotated[str, Ref("zaken", "rollen")]]
    status: Annotated[str, Ref("zaken", "statussen")] | None = None
    zaakinformatieobjecten: list[Annotated[str, Ref("zaken", "zaakinformatieobjecten")]]
    zaakobjecten: list[Annotated[str, Ref("zaken", "zaakobjecten")]]
    resultaat: Annotated[str, Ref("zaken", "resultaten")] | None = None
    opschorting: Annotated[OpschortingShown | None, EmptyAs(LEGE_OPSCHORTING)] = None
    gerelateerde_zaken: Annotated[list[GerelateerdeZaak], EXTENSION]
    laatst_gemuteerd: Annotated[DateTime, EXTENSION]


def laatste_status(zaak: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the uuid of the status of a zaak with the highest datumStatusGezet."""
    other = table("status", column("uuid", Uuid), column("zaak", Uuid), column("datum_status_gezet")).alias()
    statement = select(other.c.uuid).where(other.c.zaak == zaak)
    return statement.order_by(other.c.datum_status_gezet.desc()).limit(1).scalar_subquery()


def eigenschap_paden() -> ColumnElement[Any]:
    """Return the stored paths of the zaakeigenschappen, which lie below their zaak."""
    other = table("zaakeigenschap", column("id"), column("uuid", Uuid), column("zaak", Uuid)).alias()
    before = literal("/zaken/api/v1/zaken/").concat(cast(ZAAK_TABLE.c.uuid, Text)).concat("/zaakeigenschappen/")
    path = before.concat(cast(other.c.uuid, Text))
    return in_array(select(path).where(other.c.zaak == ZAAK_TABLE.c.uuid).order_by(other.c.id), Text())


def resultaat_van(zaak: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the uuid of the resultaat of a zaak."""
    other = table("resultaat", column("uuid", Uuid), column("zaak", Uuid)).alias()
    return select(other.c.uuid).where(other.c.zaak == zaak).scalar_subquery()


def hele_opschorting() -> ColumnElement[Any]:
    """Return the opschorting, of which release 0.1.0 did not store whether there was one before."""
    column = ZAAK_TABLE.c.opschorting
    before = func.jsonb_build_object("eerdereOpschorting", column.op("->")("indicatie"))
    return case((column.is_not(None), before.op("||", return_type=JSONB())(column)))


def laatst_gemuteerd() -> ColumnElement[Any]:
    """Return when the zaak, or something below it that counts as that, was last changed. What release 0.1.0 stored has
    the moment of the last entry in its trail."""
    trail = AUDITTRAIL.alias()
    moment, of_zaak = select(trail.c.aanmaakdatum), trail.c.hoofdobject == ZAAK_TABLE.c.uuid
    below = moment.where(of_zaak, trail.c.raakt).order_by(trail.c.aanmaakdatum.desc()).limit(1).scalar_subquery()
    older = moment.where(of_zaak).order_by(trail.c.id.desc()).limit(1).scalar_subquery()
    day = cast(ZAAK_TABLE.c.registratiedatum, ZAAK_TABLE.c.laatst_gemuteerd.type)
    own = ZAAK_TABLE.c.laatst_gemuteerd
    return case((own.is_(None), func.coalesce(older, day)), else_=func.greatest(own, below))


def deelzaken() -> ColumnElement[Any]:
    """Return the uuids of the deelzaken of a zaak."""
    other = ZAAK_TABLE.alias()
    found = select(other.c.uuid).where(other.c.hoofdzaak == ZAAK_TABLE.c.uuid, other.c.hoofdzaak.is_not(None))
    return in_array(found.order_by(other.c.id), Uuid())


_c = ZAAK_TABLE.c

Archiefnominatie = Literal["blijvend_bewaren", "vernietigen"]
ARCHIEFNOMINATIES = {
    "type": "array",
    "items": {"type": "string", "enum": list(get_args(Archiefnominatie))},
    "maxItems": MANY,
}
Archiefstatus = Literal["nog_te_archiveren", "gearchiveerd", "gearchiveerd_procestermijn_onbekend", "overgedragen"]


def tot_en_met(level: str) -> ColumnElement[bool]:
    """Return the condition that keeps the zaken whose level is at or below ``level``."""
    return among(_c.vertrouwelijkheidaanduiding, LEVELS[: LEVELS.index(level) + 1])


FILTERS: list[Filter] = [
    equal("identificatie", _c.identificatie, Annotated[str, Length(40)]),
    equal("bronorganisatie", _c.bronorganisatie, Rsin),
    any_of("bronorganisatie__in", _c.bronorganisatie, Rsin),
    reference("zaaktype", _c.zaaktype, Ref("catalogi", "zaaktypen")),
    equal("archiefnominatie", _c.archiefnominatie, Archiefnominatie),
    # What is no archiefnominatie is not refused: no zaak has it.
    replace(any_of("archiefnominatie__in", _c.archiefnominatie, str), shown=ARCHIEFNOMINATIES),
    *compare("archiefactiedatum", _c.archiefactiedatum, Date, "isnull", "lt", "gt"),
    equal("archiefstatus", _c.archiefstatus, Archiefstatus),
    any_of("archiefstatus__in", _c.archiefstatus, Archiefstatus),
    *compare("startdatum", _c.startdatum, Date, "gt", "gte", "lt", "lte"),
    *compare("registratiedatum", _c.registratiedatum, Date, "gt", "lt"),
    *compare("einddatum", _c.einddatum, Date, "isnull", "gt", "lt"),
    *compare("einddatumGepland", _c.einddatum_gepland, Date, "gt", "lt"),
    *compare("uiterlijkeEinddatumAfdoening", _c.uiterlijke_einddatum_afdoening, Date, "gt", "lt"),
    Filter("maximaleVertrouwelijkheidaanduiding", Vertrouwelijkheid, tot_en_met),
    *ROL_FILTERS,
    any_of("uuid__in", _c.uuid, uuid.UUID, search_only=True),
    any_of("zaaktype__in", _c.zaaktype, ZAAKTYPE_IN, search_only=True),
    *EXTRA_FILTERS,
]

ORDERING: dict[str, ColumnElement[Any]] = {
    "startdatum": _c.startdatum,
    "einddatum": _c.einddatum,
    "publicatiedatum": _c.publicatiedatum,
    "archiefactiedatum": _c.archiefactiedatum,
    "registratiedatum": _c.registratiedatum,
    "identificatie": _c.identificatie,
}


def kenmerken(row: Mapping[str, Any]) -> dict[str, str]:
    """Return the kenmerken of the notifications about a zaak."""
    names = ("bronorganisatie", "zaaktype", "vertrouwelijkheidaanduiding")
    return {name: row[name] for name in names}


# Most zaken have none, so that comes first.
WEERGAVE = "CASE zaak.betalingsindicatie WHEN '' THEN '' {} ELSE '' END".format(
    " ".join(f"WHEN '{value}' THEN '{label}'" for value, label in BETALINGSINDICATIES.items())
)

ZAAK = Resource(
    name="zaak",
    uses=lambda check: {ZAKEN: 1} if check.action == "create" else {},
    path="zaken",
    fields=ZaakFields,
    shown=ZaakShown,
    ignored=ZaakIgnored,
    table=ZAAK_TABLE,
    computed={
        "betalingsindicatie_weergave": literal_column(WEERGAVE, Text()),
        "deelzaken": deelzaken(),
        "eigenschappen": eigenschap_paden(),
        "rollen": related("rol", "zaak", ZAAK_TABLE),
        "status": laatste_status(_c.uuid),
        "zaakinformatieobjecten": related("zaakinformatieobject", "zaak", ZAAK_TABLE),
        "zaakobjecten": related("zaakobject", "zaak", ZAAK_TABLE),
        "resultaat": resultaat_van(_c.uuid),
        "opschorting": hele_opschorting(),
        "gerelateerde_zaken": gerelateerde_zaken(),
        "laatst_gemuteerd": laatst_gemuteerd(),
    },
    scopes={"list": LEZEN, "fetch": LEZEN, "create": AANMAKEN, "update": BIJWERKEN, "remove": VERWIJDEREN},
    filters=FILTERS,
    ordering=ORDERING,
    typed=Typed("zaaktype", "vertrouwelijkheidaanduiding"),
    kanaal="zaken",
    kenmerken=kenmerken,
    audited=True,
    weergave=lambda row: f"{row['bronorganisatie']} - {row['identificatie']}",
    unique={"zaak_identificatie": InvalidParam("identificatie", "identificatie-niet-uniek")},
    rules=[identificatie_is_uniek, *REGELS],
    removal_rules=[client_mag_elke_deelzaak_verwijderen, geen_besluit_verwijst_naar_de_zaak],
    derive=[
        vertrouwelijkheid_volgt_zaaktype,
        omvat_zaakgeometrie,
        eigen_archiefwaarden_blijven,
        registratiedatum_is_vandaag,
        eerdere_opschorting_blijft_bekend,
        openen_is_geen_melding,
        krijgt_een_nummer,
        wijziging_van_de_zaak_telt,
    ],
    guards=[gesloten_zaak],
    locks=[lock_for_moving],
    effects=[
        reservering_is_gebruikt,
        check_hoofdzaak_unchanged,
        check_deelzaken_closed,
        het_beoordeelde_is_alles,
        leg_koppelingen_vast,
        volg_de_zaak,
    ],
    before_removal=[deelzaken_gaan_mee],
    mirrors=[anderen_laten_los],
    tally=COUNTS.through(
        COUNTS.of(
            ZAAK_TABLE,
            values=("bronorganisatie", "archiefstatus", "archiefnominatie"),
            filled=("einddatum", "archiefactiedatum"),
        ),
        kept_for,
    ),
    expandable={
        "relevanteAndereZaken": Ref("zaken", "zaken"),
        "communicatiekanaal": Ref(),
        "productenOfDiensten": Ref(),
        "selectielijstklasse": Ref(),
    },
)

HOOFD = Main("zaak", ZAAK, TOESTAND)
"""The link of every sub-resource to its zaak."""

__all__ = [
    "AANMAKEN",
    "BIJWERKEN",
    "COUNTS",
    "GEFORCEERD",
    "HOOFD",
    "LEZEN",
    "METADATA",
    "VERWIJDEREN",
    "ZAAK",
    "ZAAK_REF",
]
