"""Rol: who takes part in a zaak (zaken.md §3.4)."""

import uuid
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator
from sqlalchemy import Column, ColumnElement, Index, Text, case, literal_column, text
from sqlalchemy import DateTime as SqlDateTime
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql import func

from runtime.problems import OBJECT, InvalidParam
from services.zaken.authenticatie import CONTEXTEN
from services.zaken.betrokkene import BETROKKENEN, has_value, no_group_is_empty
from services.zaken.gesloten import gesloten_zaak_vraagt_geforceerd_bijwerken, zaak_is_nog_niet_gearchiveerd, zaak_van
from services.zaken.rol_filters import (
    BetrokkeneType,
    OmschrijvingGeneriek,
    authorisation_filters,
    authorisation_indexes,
    identification_filters,
    identification_indexes,
)
from services.zaken.zaak import BIJWERKEN, COUNTS, HOOFD, LEZEN, METADATA, ZAAK_REF
from zgw.check import Check
from zgw.columns import make_table
from zgw.fields import Fields, Variants
from zgw.filters import equal, reference
from zgw.profiel import Profiel
from zgw.resource import Resource, related
from zgw.shapes import Roltype
from zgw.types import (
    EXTENSION,
    IMMUTABLE,
    Date,
    DateTime,
    Email,
    EmptyAs,
    JsonObject,
    Length,
    OptionalUrl,
    Ref,
    Shown,
    Url,
)

ENKELVOUDIG = ("initiator", "zaakcoordinator")
"""A zaak has at most one rol of each of these."""

ROLTYPE = Ref("catalogi", "roltypen")

LEGE_CONTACTPERSOON: dict[str, Any] = {"emailadres": "", "functie": "", "telefoonnummer": "", "naam": ""}


class ContactpersoonRol(Fields):
    """Whom to ask for at the party."""

    emailadres: Email = ""
    functie: Annotated[str, Length(50)] = ""
    telefoonnummer: Annotated[str, Length(20)] = ""
    naam: Annotated[str, Length(200), Shown(40)]


class RolFields(Fields):
    """The fields that clients write."""

    zaak: Annotated[str, ZAAK_REF, IMMUTABLE, Shown(1000, 1)]
    betrokkene: OptionalUrl = ""
    betrokkene_type: BetrokkeneType
    afwijkende_naam_betrokkene: Annotated[str, Length(625)] = ""
    roltype: Annotated[str, ROLTYPE, IMMUTABLE]
    roltoelichting: Annotated[str, Length(1000)] = ""
    indicatie_machtiging: Literal["gemachtigde", "machtiginggever", ""] = ""
    contactpersoon_rol: Annotated[
        ContactpersoonRol | None,
        EmptyAs(LEGE_CONTACTPERSOON),
        BeforeValidator(lambda value: None if value == LEGE_CONTACTPERSOON else value),
    ] = None
    betrokkene_identificatie: Annotated[
        JsonObject, BeforeValidator(no_group_is_empty), Variants("betrokkene_type", BETROKKENEN)
    ] = {}
    begin_geldigheid: Annotated[Date | None, EXTENSION] = None
    einde_geldigheid: Annotated[Date | None, EXTENSION] = None
    authenticatie_context: Annotated[
        JsonObject | None, Variants("betrokkene_type", CONTEXTEN, null=True), EXTENSION
    ] = None


class RolShown(Fields):
    """The fields that only responses have."""

    url: Url
    uuid: uuid.UUID
    omschrijving: str
    omschrijving_generiek: OmschrijvingGeneriek
    registratiedatum: DateTime
    statussen: list[Annotated[str, Ref("zaken", "statussen")]]


ROL_TABLE = make_table(
    METADATA,
    "rol",
    RolFields,
    Column("omschrijving", Text, nullable=False),
    Column("omschrijving_generiek", Text, nullable=False),
    Column("registratiedatum", SqlDateTime(timezone=True), nullable=False, server_default=func.now()),
)
_c = ROL_TABLE.c
identification_indexes(ROL_TABLE)
authorisation_indexes(ROL_TABLE)
Index("rol_betrokkene", _c.betrokkene, postgresql_where=_c.betrokkene != text("''"))
Index("rol_roltype", _c.roltype, _c.id)
# In the order of the zaken and in that of the kinds: for kinds that most zaken have, and for those that few have. The
# first does what the index of the reference alone would do.
ROL_TABLE.indexes -= {index for index in ROL_TABLE.indexes if index.name == "ix_rol_zaak"}
Index("rol_zaak", _c.zaak, _c.betrokkene_type, _c.omschrijving_generiek)
Index("rol_kind", _c.betrokkene_type, _c.omschrijving_generiek, _c.zaak)
Index(
    "rol_at_most_one",
    _c.zaak,
    _c.omschrijving_generiek,
    unique=True,
    postgresql_where=text("omschrijving_generiek IN ('initiator', 'zaakcoordinator')"),
)


LATERE_GEGEVENS = """'{"kvkNummer": "", "vestigingsNummer": "", "verblijfsadres": null}'::jsonb"""
"""The members of a niet_natuurlijk_persoon that were not there yet in release 0.1.0."""


def hele_identificatie() -> ColumnElement[Any]:
    """Return the identification of a party with every member, also those that came after it was stored."""
    later = literal_column(LATERE_GEGEVENS, JSONB)
    legal = _c.betrokkene_type == text("'niet_natuurlijk_persoon'")
    return case((legal, later.op("||")(_c.betrokkene_identificatie)), else_=_c.betrokkene_identificatie)


async def betrokkene_is_bekend(check: Check[RolFields]) -> None:
    """invalid-betrokkene: een rol heeft een betrokkene, een identificatie daarvan, of beide."""
    if not has_value(check.fields.betrokkene_identificatie):
        # Only unknown members or blanks were sent: nothing of the group is left.
        check.fields.betrokkene_identificatie = {}
        if not check.fields.betrokkene:
            check.reject(OBJECT, "invalid-betrokkene", "Geef betrokkene of betrokkeneIdentificatie.")


async def roltype_hoort_bij_het_zaaktype(check: Check[RolFields]) -> None:
    """zrc-019: het roltype is er een van het zaaktype van de zaak."""
    roltype = check.resolved(check.fields.roltype, Roltype)
    if check.creating and roltype and roltype["zaaktype"] != zaak_van(check)["zaaktype"]:
        check.reject(OBJECT, "zaaktype-mismatch", "Het roltype hoort niet bij het zaaktype van de zaak.")


async def geldigheid_eindigt_na_haar_begin(check: Check[RolFields]) -> None:
    """einde-geldigheid-before-begin-geldigheid: een rol eindigt niet voor zij begint."""
    begin, einde = check.fields.begin_geldigheid, check.fields.einde_geldigheid
    if begin and einde and einde < begin:
        reason = "Deze datum ligt voor beginGeldigheid."
        check.reject("eindeGeldigheid", "einde-geldigheid-before-begin-geldigheid", reason)


async def vertegenwoordiger_is_gemachtigd(check: Check[RolFields]) -> None:
    """indicatie-machtiging-invalid: wie voor een ander inlogde, heeft daarvoor een machtiging en is gemachtigde."""
    context = check.fields.authenticatie_context
    if not context or "representee" not in context:
        return
    if "mandate" not in context:
        check.reject("authenticatieContext.mandate", "required")
    if check.fields.indicatie_machtiging != "gemachtigde":
        reason = "Wie een ander vertegenwoordigt, is gemachtigde (indicatieMachtiging)."
        check.reject(OBJECT, "indicatie-machtiging-invalid", reason)


async def omschrijving_van_het_roltype(check: Check[RolFields]) -> None:
    """Copy what the roltype is called now; a later change of the type does not change the rol."""
    if check.creating and (roltype := check.resolved(check.fields.roltype, Roltype)) is not None:
        check.columns["omschrijving"] = roltype["omschrijving"]
        check.columns["omschrijving_generiek"] = roltype["omschrijvingGeneriek"]


def naam_van(row: Mapping[str, Any]) -> str:
    """Return how a rol is called in the audit trail."""
    return str(row["betrokkene"]).rstrip("/").rpartition("/")[2] or str(row["uuid"])


def zonder_identificatie(profiel: Profiel, rollen: list[dict[str, Any]]) -> None:
    """Show null where a rol has no betrokkeneIdentificatie, to clients that read it without looking."""
    if profiel.betrokkene_null:
        for rol in rollen:
            rol.setdefault("betrokkeneIdentificatie", None)


ROL = Resource(
    name="rol",
    path="rollen",
    fields=RolFields,
    shown=RolShown,
    table=ROL_TABLE,
    computed={
        "statussen": related("status", "gezetdoor", ROL_TABLE),
        "betrokkene_identificatie": hele_identificatie(),
    },
    scopes={"list": LEZEN, "fetch": LEZEN, "create": BIJWERKEN, "update": BIJWERKEN, "remove": BIJWERKEN},
    # The standard has no PUT; Open Zaak does, and takes it for a whole new rol at the same URL.
    verbs=("list", "create", "fetch", "head", "replace", "remove"),
    extensions=("replace",),
    put_keeps=False,
    filters=[
        reference("zaak", _c.zaak, ZAAK_REF),
        reference("betrokkene", _c.betrokkene, Ref(follow=False)),
        equal("betrokkeneType", _c.betrokkene_type, BetrokkeneType),
        *identification_filters("", ROL_TABLE),
        *authorisation_filters("", ROL_TABLE),
        reference("roltype", _c.roltype, ROLTYPE),
        equal("omschrijving", _c.omschrijving, Annotated[str, Length(100)]),
        equal("omschrijvingGeneriek", _c.omschrijving_generiek, OmschrijvingGeneriek),
    ],
    main=HOOFD,
    tally=COUNTS.of(ROL_TABLE, "zaak", values=("roltype", "betrokkene_type", "omschrijving", "omschrijving_generiek")),
    kanaal="zaken",
    audited=True,
    weergave=naam_van,
    expandable={"betrokkene": Ref()},
    adapt=zonder_identificatie,
    unique={
        "rol_at_most_one": InvalidParam(
            "roltype", "max-occurences", f"Een zaak heeft hoogstens een {' en een '.join(ENKELVOUDIG)}."
        )
    },
    rules=[
        betrokkene_is_bekend,
        geldigheid_eindigt_na_haar_begin,
        vertegenwoordiger_is_gemachtigd,
        roltype_hoort_bij_het_zaaktype,
        zaak_is_nog_niet_gearchiveerd,
    ],
    derive=[omschrijving_van_het_roltype],
    guards=[gesloten_zaak_vraagt_geforceerd_bijwerken],
    description="Wie aan een zaak deelneemt, en als wat.",
)
