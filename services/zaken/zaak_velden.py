"""The fields of a zaak and the table that holds them (zaken.md §3.1)."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from sqlalchemy import Boolean, Column, ForeignKey, Index, MetaData, UniqueConstraint, Uuid, false, text
from sqlalchemy import Date as SqlDate
from sqlalchemy import DateTime as SqlDateTime
from sqlalchemy.dialects.postgresql import JSONB

from runtime.usage import usage_table
from services.zaken.geometrie import Geometrie, box_column, box_index
from zgw.audit import audit_table
from zgw.columns import make_table
from zgw.contains import contains_index
from zgw.counts import Counts
from zgw.dates import today
from zgw.fields import Fields
from zgw.logboek.records import logboek_tables
from zgw.outbox import outbox_table
from zgw.problems import error
from zgw.reading_log.table import reading_log_table
from zgw.types import (
    EXTENSION,
    IMMUTABLE,
    LEVELS,
    NULL_IS_EMPTY,
    WRITE_ONLY,
    Date,
    DateTime,
    Duration,
    EmptyAs,
    Extension,
    Length,
    OptionalRsin,
    OptionalUrl,
    OptionalVertrouwelijkheid,
    Ref,
    Rsin,
    Shown,
)

METADATA = MetaData()
AUDITTRAIL = audit_table(METADATA, touching=True)
OUTBOX = outbox_table(METADATA, mirrored=True)
usage_table(METADATA)
reading_log_table(METADATA)
logboek_tables(METADATA)

ZAAK_REF = Ref("zaken", "zaken", table="zaak")
"""The reference of every sub-resource to its zaak."""

NIVEAUS = WithJsonSchema({"type": "string", "enum": list(LEVELS)})
"""The stored levels; an empty text is accepted too, and means the level of the zaaktype."""

LEGE_OPSCHORTING: dict[str, Any] = {"indicatie": False, "eerdereOpschorting": False, "reden": ""}
LEEG_PROCESOBJECT: dict[str, Any] = {"datumkenmerk": "", "identificatie": "", "objecttype": "", "registratie": ""}


def printable(value: str) -> str:
    """Return an identificatie if it can be read aloud; control characters are refused."""
    if value and not value.isprintable():
        raise error("invalid", "Alleen leesbare tekens zijn toegestaan.")
    return value


def _empty_is_null(*empties: Any) -> BeforeValidator:
    # Accept the empty value of a response, because clients send objects back as they read them.
    return BeforeValidator(lambda value: None if value in empties else value)


class Verlenging(Fields):
    """Why and how long the handling was extended."""

    reden: Annotated[str, Length(200)]
    duur: Duration


def _zonder_duur(verlenging: Verlenging | None) -> Verlenging | None:
    """Return None for a verlenging of no time at all, which is none."""
    return verlenging if verlenging and any(digit in verlenging.duur for digit in "123456789") else None


class Opschorting(Fields):
    """Whether and why the handling is suspended."""

    indicatie: bool
    reden: Annotated[str, Length(200)]


class OpschortingShown(Opschorting):
    """The same, and whether it ever was."""

    eerdere_opschorting: Annotated[bool, EXTENSION] = False


class Processobject(Fields):
    """The object whose end starts the retention of the zaak."""

    datumkenmerk: Annotated[str, Length(250)]
    identificatie: Annotated[str, Length(250)]
    objecttype: Annotated[str, Length(250)]
    registratie: Annotated[str, Length(250)]


class RelevanteZaak(Fields):
    """Another zaak, here or elsewhere, that matters for this one."""

    url: Annotated[str, Ref("zaken", "zaken", follow=False)]
    aard_relatie: Annotated[Literal["vervolg", "onderwerp", "bijdrage", "overig"], Extension(("overig",))]
    overige_relatie: Annotated[str, Length(100), EXTENSION] = ""
    toelichting: Annotated[str, Length(255), EXTENSION] = ""


class GerelateerdeZaak(Fields):
    """Another zaak here, which shows this one as well."""

    url: Annotated[str, Ref("zaken", "zaken", follow=False)]


class ZaakIgnored(Fields):
    """What requests may have without effect: a gerelateerde zaak with the members of a relevante andere zaak."""

    gerelateerde_zaken: list[RelevanteZaak]


class Kenmerk(Fields):
    """A name of the zaak in another registration."""

    kenmerk: Annotated[str, Length(40)]
    bron: Annotated[str, Length(40)]


class ZaakFields(Fields):
    """The fields that clients write."""

    identificatie: Annotated[str, Length(40), AfterValidator(printable), IMMUTABLE] = ""
    bronorganisatie: Rsin
    omschrijving: Annotated[str, Length(80)] = ""
    toelichting: Annotated[str, Length(1000)] = ""
    zaaktype: Annotated[str, Ref("catalogi", "zaaktypen", published=True)]
    registratiedatum: Date = Field(default_factory=today)
    verantwoordelijke_organisatie: Rsin
    startdatum: Date
    einddatum_gepland: Date | None = None
    uiterlijke_einddatum_afdoening: Date | None = None
    publicatiedatum: Date | None = None
    communicatiekanaal: Annotated[str, Ref(shape=("url", "naam", "omschrijving"), blank=True)] = ""
    communicatiekanaal_naam: Annotated[str, Length(250), EXTENSION] = ""
    producten_of_diensten: Annotated[list[Annotated[str, Ref(follow=False)]], Length(500)] = []
    vertrouwelijkheidaanduiding: Annotated[OptionalVertrouwelijkheid, NIVEAUS] = ""
    betalingsindicatie: Annotated[
        Literal["nvt", "nog_niet", "gedeeltelijk", "geheel", "gefactureerd", "gecrediteerd", "betaald", ""],
        Extension(("gefactureerd", "gecrediteerd", "betaald")),
    ] = ""
    laatste_betaaldatum: DateTime | None = None
    zaakgeometrie: Geometrie | None = None
    verlenging: Annotated[Verlenging | None, AfterValidator(_zonder_duur)] = None
    opschorting: Annotated[
        Opschorting | None,
        EmptyAs(LEGE_OPSCHORTING),
        _empty_is_null(LEGE_OPSCHORTING, {"indicatie": False, "reden": ""}),
    ] = None
    selectielijstklasse: OptionalUrl = ""
    hoofdzaak: Annotated[str, ZAAK_REF, Shown(1000, 1)] | None = None
    relevante_andere_zaken: Annotated[list[RelevanteZaak], Length(1000), NULL_IS_EMPTY] = []
    # In a table of their own, because both zaken show the relation.
    gerelateerde_zaken: Annotated[list[GerelateerdeZaak], Length(1000), NULL_IS_EMPTY, WRITE_ONLY, EXTENSION] = []
    kenmerken: Annotated[list[Kenmerk], Length(500)] = []
    archiefnominatie: Annotated[Literal["blijvend_bewaren", "vernietigen", ""] | None, _empty_is_null("")] = None
    archiefstatus: Literal[
        "nog_te_archiveren", "gearchiveerd", "gearchiveerd_procestermijn_onbekend", "overgedragen"
    ] = "nog_te_archiveren"  # fmt: skip
    archiefactiedatum: Date | None = None
    opdrachtgevende_organisatie: OptionalRsin = ""
    processobjectaard: Annotated[str | None, Length(200), AfterValidator(lambda value: value or "")] = ""
    startdatum_bewaartermijn: Date | None = None
    processobject: Annotated[Processobject | None, EmptyAs(LEEG_PROCESOBJECT), _empty_is_null(LEEG_PROCESOBJECT)] = None
    laatst_geopend: Annotated[DateTime | None, EXTENSION] = None


ZAAK_TABLE = make_table(
    METADATA,
    "zaak",
    ZaakFields,
    Column("hoofdzaak", Uuid, ForeignKey("zaak.uuid", ondelete="CASCADE", name="zaak_hoofdzaak")),
    Column("einddatum", SqlDate),
    box_column(),
    Column("laatst_gemuteerd", SqlDateTime(timezone=True)),
    Column("afgeleid", JSONB(none_as_null=True), nullable=False, server_default=text("'[]'")),
    Column("gerelateerd", Boolean, nullable=False, server_default=false()),
    UniqueConstraint("identificatie", "bronorganisatie", name="zaak_identificatie"),
)
"""``afgeleid`` names the archiving fields whose value was derived at closing, and may therefore be derived again;
``gerelateerd`` tells whether the zaak ever was related to another, so that lists need not look at most of them."""
COUNTS = Counts(ZAAK_TABLE, "zaaktype")

_c = ZAAK_TABLE.c
box_index(ZAAK_TABLE)
# Also what makes a change of type or level a change of a key: see zgw/counts.sql.
Index("zaak_rights", _c.uuid, _c.zaaktype, _c.vertrouwelijkheidaanduiding, unique=True)
# With what the rights of a client look at, many zaken can be counted and walked over without reading them.
for _name in ("startdatum", "registratiedatum", "einddatum"):
    Index(f"zaak_{_name}", _c[_name], _c.id, postgresql_include=["zaaktype", "vertrouwelijkheidaanduiding"])
Index(
    "zaak_zaaktype_startdatum",
    _c.zaaktype,
    _c.startdatum,
    _c.id,
    postgresql_include=["vertrouwelijkheidaanduiding"],
)
for _name in ("einddatum_gepland", "uiterlijke_einddatum_afdoening", "archiefactiedatum", "publicatiedatum"):
    Index(f"zaak_{_name}", _c[_name], _c.id)
for _name in ("einddatum", "archiefactiedatum", "publicatiedatum"):
    # Newest first, those without at the end: no other index can be read in that order.
    Index(f"zaak_{_name}_descending", _c[_name].desc().nulls_last(), _c.id.desc())
for _name in ("bronorganisatie", "archiefstatus", "archiefnominatie"):
    Index(f"zaak_{_name}", _c[_name])
Index("zaak_zaaktype", _c.zaaktype, _c.id)
contains_index(ZAAK_TABLE, "identificatie", "omschrijving")
Index(
    "zaak_kenmerken",
    _c.kenmerken,
    postgresql_using="gin",
    postgresql_ops={"kenmerken": "jsonb_path_ops"},
    postgresql_where=_c.kenmerken != text("'[]'"),
)
Index("zaak_deelzaken", _c.hoofdzaak, _c.id, postgresql_where=_c.hoofdzaak.is_not(None))
Index(
    "zaak_relevante_andere_zaken",
    _c.relevante_andere_zaken,
    postgresql_using="gin",
    postgresql_ops={"relevante_andere_zaken": "jsonb_path_ops"},
    postgresql_where=_c.relevante_andere_zaken != text("'[]'"),
)
