"""The fields of a document and the tables that hold them (documenten.md §2).

The table ``document`` holds the latest version of each document, so that lists, filters and authorisation are those
of every other resource; ``documentversie`` holds the versions before it.
"""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator
from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from runtime.usage import usage_table
from services.documenten.journal import METADATA
from zgw.audit import audit_table
from zgw.columns import column_of, make_table
from zgw.contains import contains_index
from zgw.counts import Counts
from zgw.fields import Fields, describe
from zgw.logboek.records import logboek_tables
from zgw.numbers import Numbers
from zgw.outbox import outbox_table
from zgw.reading_log.table import reading_log_table
from zgw.types import WRITE_ONLY, Date, Length, OptionalVertrouwelijkheid, Ref, Rsin, Shown, Url, Whole
from zgw.types import DateTime as Moment

audit_table(METADATA)
outbox_table(METADATA, mirrored=True)
usage_table(METADATA)
reading_log_table(METADATA)
logboek_tables(METADATA)

PATH = "/documenten/api/v1/enkelvoudiginformatieobjecten/"
DOCUMENT_REF = Ref("documenten", "enkelvoudiginformatieobjecten", table="document")


def none_when_empty(value: Any) -> Any:
    """Return None for a group of which every member is empty, as older clients send it."""
    if isinstance(value, dict) and all(member in ("", None) for member in value.values()):
        return None
    return value


OrNone = BeforeValidator(none_when_empty)


class OndertekeningFields(Fields):
    """Aanduiding van de rechtskracht van een document."""

    soort: Literal["analoog", "digitaal", "pki"]
    datum: Date


class IntegriteitFields(Fields):
    """Uitdrukking van mate van volledigheid en onbeschadigd zijn; de waarde wordt niet gecontroleerd."""

    algoritme: Literal[
        "crc_16", "crc_32", "crc_64", "fletcher_4", "fletcher_8", "fletcher_16", "fletcher_32", "hmac", "md5", "sha_1",
        "sha_256", "sha_512", "sha_3",
    ]  # fmt: skip
    waarde: Annotated[str, Length(128, 1)]
    datum: Date


class EnkelvoudigInformatieObjectFields(Fields):
    """The fields that clients write of a document."""

    identificatie: Annotated[str, Length(40)] = ""
    bronorganisatie: Annotated[Rsin, Shown(9, 1)]
    creatiedatum: Date
    titel: Annotated[str, Length(200, 1)]
    vertrouwelijkheidaanduiding: OptionalVertrouwelijkheid = ""
    is_gereed_voor_publicatie: bool | None = None
    tonen_aan_initiator: bool = False
    auteur: Annotated[str, Length(200, 1)]
    status: Literal["in_bewerking", "ter_vaststelling", "definitief", "gearchiveerd", ""] = ""
    inhoud_is_vervallen: bool | None = None
    formaat: Annotated[str, Length(255)] = ""
    taal: Annotated[str, Length(3, 3)]
    bestandsnaam: Annotated[str, Length(255)] = ""
    inhoud: Annotated[str | None, WRITE_ONLY, Shown(format="byte")] = None
    bestandsomvang: Annotated[int, Whole(0, 2**63 - 1), Shown(format="int64")] | None = None
    link: Annotated[str, Ref(follow=False, blank=True, max_length=200)] = ""
    beschrijving: Annotated[str, Length(1000)] = ""
    ontvangstdatum: Date | None = None
    verzenddatum: Date | None = None
    indicatie_gebruiksrecht: bool | None = None
    verschijningsvorm: str = ""
    ondertekening: Annotated[OndertekeningFields | None, OrNone] = None
    integriteit: Annotated[IntegriteitFields | None, OrNone] = None
    informatieobjecttype: Annotated[
        str,
        Ref(
            "catalogi",
            "informatieobjecttypen",
            published=True,
            shape=("url", "omschrijving", "catalogus", "vertrouwelijkheidaanduiding", "concept"),
            max_length=200,
        ),
        Shown(200, 1),
    ]
    trefwoorden: Annotated[list[str], Length(500)] = []


class BestandsDeelFields(Fields):
    """Een deel van een groot bestand."""

    url: Annotated[str, Ref("documenten", "bestandsdelen", follow=False)]
    volgnummer: int
    omvang: int
    voltooid: bool
    lock: str


class DocumentShown(Fields):
    """The fields that only responses have."""

    url: Url
    versie: int
    begin_registratie: Moment
    inhoud: Annotated[str | None, Ref(follow=False)] = None
    locked: bool
    bestandsdelen: list[BestandsDeelFields]


def _own_columns() -> list[Column[Any]]:
    return [
        Column("versie", Integer, nullable=False),
        Column("begin_registratie", DateTime(timezone=True), nullable=False),
        Column("segments", JSONB(none_as_null=True), nullable=True),
    ]


DOCUMENT_TABLE = make_table(
    METADATA,
    "document",
    EnkelvoudigInformatieObjectFields,
    *_own_columns(),
    Column("lock", Text, nullable=False, server_default=text("''")),
    UniqueConstraint("bronorganisatie", "identificatie", name="document_identificatie"),
)
"""``segments`` is the content: the objects in the storage that together are it, null without content."""
COUNTS = Counts(DOCUMENT_TABLE, "informatieobjecttype")

T = DOCUMENT_TABLE.c
Index("document_by_identificatie", T.identificatie)
Index("document_trefwoorden", T.trefwoorden, postgresql_using="gin")
Index("document_type", T.informatieobjecttype, T.id)
contains_index(DOCUMENT_TABLE, "titel", "auteur", "beschrijving")
# Of the ordering, and some of filters too. Whether a document is locked has none: each lock and unlock would change it,
# and with it all the others.
SORTED = ("auteur", "bestandsomvang", "creatiedatum", "formaat", "status", "titel", "vertrouwelijkheidaanduiding")
for _name in SORTED:
    Index(f"document_{_name}", T[_name], T.id)
# From large to small, those without content at the end: no other index can be read in that order.
Index("document_bestandsomvang_descending", T.bestandsomvang.desc().nulls_last(), T.id.desc())

VERSIE_TABLE = Table(
    "documentversie",
    METADATA,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("uuid", Uuid, ForeignKey("document.uuid", ondelete="CASCADE"), nullable=False),
    *[column_of(p) for p in describe(EnkelvoudigInformatieObjectFields) if not p.write_only],
    *_own_columns(),
    UniqueConstraint("uuid", "versie", name="documentversie_versie"),
)
"""Versions that were replaced; ``uuid`` is that of the document."""

STORED = """
    SELECT coalesce(sum(size), 0) FROM (
        SELECT segment->>'key', (segment->>'size')::bigint AS size
        FROM (SELECT segments FROM document UNION ALL SELECT segments FROM documentversie) AS version,
            jsonb_array_elements(version.segments) AS segment
        UNION SELECT key, omvang FROM bestandsdeel WHERE key IS NOT NULL
    ) AS content"""
"""The query for the bytes of all content, each once: versions share it."""

NUMBERS = Numbers(DOCUMENT_TABLE, "DOCUMENT", "bronorganisatie", remember=False)
