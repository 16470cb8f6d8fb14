"""EnkelvoudigInformatieObject: the declaration of a document, its filters and its place in responses."""

from dataclasses import replace
from typing import Annotated, Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Table, Uuid, and_, any_, case, column, exists, func, null, select, table, text
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.sql.visitors import iterate

from runtime.problems import InvalidParam
from services.documenten.document_regels import (
    document_is_vergrendeld,
    gebruik,
    gebruiksrechten_kloppen_met_indicatie,
    houd_inhoud_bij,
    identificatie_is_ingevuld,
    inhoud_is_opgeslagen,
    laat_inhoud_gaan,
    omvang_klopt_met_inhoud,
    status_past_bij_ontvangst,
    versie_volgt_op_de_vorige,
    vertrouwelijkheid_van_het_type,
)
from services.documenten.document_velden import (
    COUNTS,
    DOCUMENT_TABLE,
    PATH,
    SORTED,
    DocumentShown,
    EnkelvoudigInformatieObjectFields,
)
from zgw.contains import contains
from zgw.filters import Filter, any_of, beside_standard, compare, equal, reference
from zgw.request import Call
from zgw.resource import Resource, Typed, aggregate_order
from zgw.rights import Rights, scopes
from zgw.types import Date, Ref, Rsin, Vertrouwelijkheid

T = DOCUMENT_TABLE.c

LEZEN = scopes("documenten.lezen")
AANMAKEN = scopes("documenten.aanmaken")
BIJWERKEN = scopes("documenten.bijwerken", "documenten.geforceerd-bijwerken")
SCHRIJVEN = scopes("documenten.bijwerken")
VERWIJDEREN = scopes("documenten.verwijderen")

_PART = table("bestandsdeel", *(column(c) for c in ("uuid", "document", "volgnummer", "omvang", "key"))).alias()
_OIO = table(
    "objectinformatieobject", column("informatieobject", Uuid), column("object"), column("object_type")
).alias()


def inhoud_van(of: Table) -> Any:
    """Return the path of the download of a version; it names the version, so that old ones stay addressable (D17)."""
    path = func.concat(PATH, of.c.uuid, "/download?versie=", of.c.versie)
    return case((of.c.segments.is_(None), null()), else_=path)


def _bestandsdelen() -> Any:
    item = func.jsonb_build_object(
        "url", func.concat("/documenten/api/v1/bestandsdelen/", _PART.c.uuid),
        "volgnummer", _PART.c.volgnummer,
        "omvang", _PART.c.omvang,
        "voltooid", _PART.c.key.is_not(None),
        "lock", T.lock,
    )  # fmt: skip
    found = select(func.jsonb_agg(aggregate_order(item, _PART.c.volgnummer))).where(_PART.c.document == T.uuid)
    empty: Any = text("'[]'::jsonb")
    # Only a locked document without content can have parts, so the others need not look.
    pending = and_(T.lock != "", T.segments.is_(None))
    return case((pending, func.coalesce(found.scalar_subquery(), empty)), else_=empty)


# --- Filters ----------------------------------------------------------------------------------------------------------


def _met_object(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the condition that a document has one link that meets all of ``condition``. An object has few documents:
    those are found first, and not by looking at the links of each document."""
    links = select(_OIO.c.informatieobject).where(condition)
    if any(one is _OIO.c.object for one in iterate(condition)):
        return T.uuid == any_(func.array(links.scalar_subquery()))
    return exists(links.where(_OIO.c.informatieobject == T.uuid))


BRONORGANISATIE = replace(equal("bronorganisatie", T.bronorganisatie, Rsin), shown={"type": "string"})
OBJECT_URL = Annotated[str, Ref(follow=False, max_length=10_000)]
LINK_FILTERS = [
    equal("objectinformatieobjecten_object", _OIO.c.object, OBJECT_URL, within=_met_object),
    equal(
        "objectinformatieobjecten_objectType",
        _OIO.c.object_type,
        Literal["besluit", "zaak", "verzoek"],
        within=_met_object,
    ),
]
FILTERS = [
    equal("identificatie", T.identificatie),
    BRONORGANISATIE,
    Filter("trefwoorden", str, lambda values: T.trefwoorden.contains(values), many=True),
    *LINK_FILTERS,
    *beside_standard(
        # Two underscores where the standard has one (D2).
        *(replace(f, name=f.name.replace("_object", "__object")) for f in LINK_FILTERS),
        *(contains(name, T[name]) for name in ("titel", "auteur", "beschrijving")),
        *compare("creatiedatum", T.creatiedatum, Date, "gte", "lte", exact=False),
        reference("informatieobjecttype", T.informatieobjecttype, Ref("catalogi", "informatieobjecttypen")),
        equal("vertrouwelijkheidaanduiding", T.vertrouwelijkheidaanduiding, Vertrouwelijkheid),
        Filter("locked", bool, lambda value: T.lock != "" if value else T.lock == ""),
        Filter("trefwoorden__overlap", str, lambda values: T.trefwoorden.has_any(array(values)), many=True),
    ),
]
"""All of them look at the latest version."""
ZOEK_FILTERS = [
    any_of("uuid__in", T.uuid, UUID),
    equal("identificatie", T.identificatie),
    BRONORGANISATIE,
]


# --- Declaration ------------------------------------------------------------------------------------------------------


async def bestandsdelen_zonder_lock(call: Call, items: list[dict[str, Any]], rows: Any) -> None:
    """Blank the lock of the parts, except for a reader who may use it (D10); in writes it never enters the trail."""
    for item in items:
        if not item["bestandsdelen"]:
            continue
        writes = call.request.method in ("PUT", "PATCH", "DELETE") or call.request.url.path == PATH[:-1]
        shown = call.request.method in ("GET", "HEAD") or not writes
        kind = item["informatieobjecttype"].removeprefix(call.base) if call.base else item["informatieobjecttype"]
        level = item["vertrouwelijkheidaanduiding"]
        if not (shown and await call.holds(BIJWERKEN | {"documenten.lock"}, kind, level)):
            for deel in item["bestandsdelen"]:
                deel["lock"] = ""


def gepubliceerd(rights: Rights) -> ColumnElement[bool] | None:
    """Return the condition for clients that see only what is ready for publication."""
    return T.is_gereed_voor_publicatie.is_(True) if rights.published_only else None


def weergave(row: Any) -> str:
    """Return how the trail calls a document."""
    return f"{row['bronorganisatie']} - {row['identificatie']}"


DOCUMENT = Resource(
    name="enkelvoudiginformatieobject",
    path="enkelvoudiginformatieobjecten",
    fields=EnkelvoudigInformatieObjectFields,
    shown=DocumentShown,
    table=DOCUMENT_TABLE,
    computed={"inhoud": inhoud_van(DOCUMENT_TABLE), "locked": T.lock != "", "bestandsdelen": _bestandsdelen()},
    scopes={"list": LEZEN, "fetch": LEZEN, "create": AANMAKEN, "update": BIJWERKEN, "remove": VERWIJDEREN},
    verbs=(),
    filters=FILTERS,
    ordering={name: T[name] for name in SORTED},
    extensions=SORTED,
    typed=Typed("informatieobjecttype", "vertrouwelijkheidaanduiding"),
    restrict=gepubliceerd,
    kanaal="documenten",
    kenmerken=lambda row: {
        "bronorganisatie": row["bronorganisatie"],
        "informatieobjecttype": row["informatieobjecttype"],
        "vertrouwelijkheidaanduiding": row["vertrouwelijkheidaanduiding"],
    },
    audited=True,
    weergave=weergave,
    unique={"document_identificatie": InvalidParam("identificatie", "identificatie-niet-uniek")},
    put_keeps=False,
    tally=COUNTS.of(
        DOCUMENT_TABLE, values=("bronorganisatie",), true=("is_gereed_voor_publicatie",), restrict=gepubliceerd
    ),
    after_read=bestandsdelen_zonder_lock,
    uses=gebruik,
    rules=[
        document_is_vergrendeld,
        status_past_bij_ontvangst,
        gebruiksrechten_kloppen_met_indicatie,
        omvang_klopt_met_inhoud,
    ],
    derive=[
        vertrouwelijkheid_van_het_type,
        identificatie_is_ingevuld,
        versie_volgt_op_de_vorige,
        inhoud_is_opgeslagen,
    ],
    effects=[houd_inhoud_bij],
    unmade=laat_inhoud_gaan,
)
