"""EnkelvoudigInformatieObject: the declaration of a document, its filters and its place in responses."""

from dataclasses import replace
from typing import Annotated, Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Table, and_, case, column, exists, func, null, select, table, text

from runtime.problems import InvalidParam
from services.documenten.document_regels import (
    document_is_vergrendeld,
    gebruiksrechten_kloppen_met_indicatie,
    houd_inhoud_bij,
    identificatie_is_ingevuld,
    inhoud_is_opgeslagen,
    omvang_klopt_met_inhoud,
    status_past_bij_ontvangst,
    versie_volgt_op_de_vorige,
    vertrouwelijkheid_van_het_type,
)
from services.documenten.document_velden import (
    COUNTS,
    DOCUMENT_TABLE,
    PATH,
    DocumentShown,
    EnkelvoudigInformatieObjectFields,
)
from zgw.filters import Filter, any_of, equal
from zgw.request import Call
from zgw.resource import Resource, Typed, aggregate_order
from zgw.rights import Rights, scopes
from zgw.types import Ref, Rsin

T = DOCUMENT_TABLE.c

LEZEN = scopes("documenten.lezen")
AANMAKEN = scopes("documenten.aanmaken")
BIJWERKEN = scopes("documenten.bijwerken", "documenten.geforceerd-bijwerken")
SCHRIJVEN = scopes("documenten.bijwerken")
VERWIJDEREN = scopes("documenten.verwijderen")

_PART = table("bestandsdeel", *(column(c) for c in ("uuid", "document", "volgnummer", "omvang", "key"))).alias()
_OIO = table("objectinformatieobject", column("informatieobject"), column("object"), column("object_type")).alias()


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


def _met_object(condition: Any) -> Any:
    return exists(select(_OIO.c.informatieobject).where(_OIO.c.informatieobject == T.uuid, condition))


BRONORGANISATIE = replace(equal("bronorganisatie", T.bronorganisatie, Rsin), shown={"type": "string"})
OBJECT_URL = Annotated[str, Ref(follow=False, max_length=10_000)]
FILTERS = [
    equal("identificatie", T.identificatie),
    BRONORGANISATIE,
    Filter("trefwoorden", str, lambda values: T.trefwoorden.contains(values), many=True),
    equal("objectinformatieobjecten_object", _OIO.c.object, OBJECT_URL, within=_met_object),
    equal(
        "objectinformatieobjecten_objectType",
        _OIO.c.object_type,
        Literal["besluit", "zaak", "verzoek"],
        within=_met_object,
    ),
]
OPEN_ZAAK_FILTERS = [
    replace(f, name=f.name.replace("_object", "__object")) for f in FILTERS if f.name.startswith("objectinformatie")
]
"""Open Zaak spells these with two underscores, the standard with one (D2)."""
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
    filters=[*FILTERS, *OPEN_ZAAK_FILTERS],
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
)
