"""Zaak: the main object of the Zaken API (zaken.md §3.1, §5.1)."""

import uuid
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from sqlalchemy import ARRAY, ColumnElement, Text, Uuid, cast, column, func, literal, literal_column, select, table
from sqlalchemy.dialects.postgresql import array

from runtime.problems import InvalidParam
from runtime.statements import among
from services.zaken.afleiding import volg_de_zaak
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
from services.zaken.zaak_regels import (
    REGELS,
    eigen_archiefwaarden_blijven,
    gesloten_zaak,
    het_beoordeelde_is_alles,
    omvat_zaakgeometrie,
    registratiedatum_is_vandaag,
    vertrouwelijkheid_volgt_zaaktype,
)
from services.zaken.zaak_velden import COUNTS, METADATA, ZAAK_REF, ZAAK_TABLE, ZaakFields
from zgw.fields import Fields
from zgw.filters import Filter, any_of, compare, equal, reference
from zgw.resource import Main, Resource, Typed, aggregate_order, related
from zgw.rights import scopes
from zgw.types import LEVELS, Date, Length, Ref, Rsin, Url, Vertrouwelijkheid

AANMAKEN = scopes("zaken.aanmaken")
BIJWERKEN = scopes("zaken.bijwerken", "zaken.geforceerd-bijwerken")
VERWIJDEREN = scopes("zaken.verwijderen")

BETALINGSINDICATIES = {
    "nvt": "Er is geen sprake van te betalen, met de zaak gemoeide, kosten.",
    "nog_niet": "De met de zaak gemoeide kosten zijn (nog) niet betaald.",
    "gedeeltelijk": "De met de zaak gemoeide kosten zijn gedeeltelijk betaald.",
    "geheel": "De met de zaak gemoeide kosten zijn geheel betaald.",
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
    found = select(func.array_agg(aggregate_order(path, other.c.id))).where(other.c.zaak == ZAAK_TABLE.c.uuid)
    return func.coalesce(found.scalar_subquery(), cast(array([]), ARRAY(Text)))


def resultaat_van(zaak: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the uuid of the resultaat of a zaak."""
    other = table("resultaat", column("uuid", Uuid), column("zaak", Uuid)).alias()
    return select(other.c.uuid).where(other.c.zaak == zaak).scalar_subquery()


def deelzaken() -> ColumnElement[Any]:
    """Return the uuids of the deelzaken of a zaak."""
    other = ZAAK_TABLE.alias()
    found = select(func.array_agg(aggregate_order(other.c.uuid, other.c.id))).where(
        other.c.hoofdzaak == ZAAK_TABLE.c.uuid, other.c.hoofdzaak.is_not(None)
    )
    return func.coalesce(found.scalar_subquery(), cast(array([]), ARRAY(Uuid)))


_c = ZAAK_TABLE.c

Archiefnominatie = Literal["blijvend_bewaren", "vernietigen"]
Archiefstatus = Literal["nog_te_archiveren", "gearchiveerd", "gearchiveerd_procestermijn_onbekend", "overgedragen"]


def tot_en_met(level: str) -> ColumnElement[bool]:
    """Return the condition that keeps the zaken whose level is at or below ``level``."""
    return among(_c.vertrouwelijkheidaanduiding, LEVELS[: LEVELS.index(level) + 1])


ZAAKTYPE_IN = Ref("catalogi", "zaaktypen", follow=False)

FILTERS: list[Filter] = [
    equal("identificatie", _c.identificatie, Annotated[str, Length(40)]),
    equal("bronorganisatie", _c.bronorganisatie, Rsin),
    any_of("bronorganisatie__in", _c.bronorganisatie, Rsin),
    reference("zaaktype", _c.zaaktype, Ref("catalogi", "zaaktypen")),
    equal("archiefnominatie", _c.archiefnominatie, Archiefnominatie),
    any_of("archiefnominatie__in", _c.archiefnominatie, Archiefnominatie),
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
    any_of("zaaktype__in", _c.zaaktype, Annotated[str, ZAAKTYPE_IN], search_only=True),
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


WEERGAVE = "CASE zaak.betalingsindicatie {} ELSE '' END".format(
    " ".join(f"WHEN '{value}' THEN '{label}'" for value, label in BETALINGSINDICATIES.items())
)

ZAAK = Resource(
    name="zaak",
    path="zaken",
    fields=ZaakFields,
    shown=ZaakShown,
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
        krijgt_een_nummer,
    ],
    guards=[gesloten_zaak],
    locks=[lock_for_moving],
    effects=[
        reservering_is_gebruikt,
        check_hoofdzaak_unchanged,
        check_deelzaken_closed,
        het_beoordeelde_is_alles,
        volg_de_zaak,
    ],
    before_removal=[deelzaken_gaan_mee],
    mirrors=[anderen_laten_los],
    tally=COUNTS.of(
        ZAAK_TABLE,
        values=("bronorganisatie", "archiefstatus", "archiefnominatie"),
        filled=("einddatum", "archiefactiedatum"),
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
