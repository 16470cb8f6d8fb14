"""Zaakinformatieobject: a document of a zaak, and the leading side of that relation (zaken.md §3.6)."""

import uuid
from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter
from sqlalchemy import Column, ForeignKey, Index, UniqueConstraint, Uuid, func, literal_column
from sqlalchemy import DateTime as SqlDateTime
from starlette.responses import Response

from runtime.problems import OBJECT, InvalidParam, Problem
from services.zaken.gesloten import gesloten_zaak_vraagt_geforceerd_bijwerken, zaak_is_nog_niet_gearchiveerd, zaak_van
from services.zaken.mirroring import mirrors_of
from services.zaken.references import type_van
from services.zaken.zaak import AANMAKEN, BIJWERKEN, HOOFD, LEZEN, METADATA, VERWIJDEREN, ZAAK_REF
from zgw.check import Check
from zgw.columns import make_table
from zgw.dependencies import CurrentCall
from zgw.fields import Fields
from zgw.filters import reference
from zgw.mirroring.agreement import Agreement
from zgw.mirroring.undoing import keep
from zgw.resource import Resource
from zgw.routing import Operation
from zgw.shapes import Document
from zgw.types import IMMUTABLE, DateTime, Length, Ref, Shown, Url
from zgw.write import judge

INFORMATIEOBJECT = Ref("documenten", "enkelvoudiginformatieobjecten", shape=("url", "informatieobjecttype"))
STATUS = Ref("zaken", "statussen", table="status", on_delete="SET NULL")


class ZaakInformatieObjectFields(Fields):
    """The fields that clients write."""

    informatieobject: Annotated[str, INFORMATIEOBJECT, IMMUTABLE]
    zaak: Annotated[str, ZAAK_REF, IMMUTABLE, Shown(1000, 1)]
    titel: Annotated[str, Length(200)] = ""
    beschrijving: str = ""
    vernietigingsdatum: DateTime | None = None
    status: Annotated[str, STATUS, Shown(1000, 1)] | None = None


class ZaakInformatieObjectShown(Fields):
    """The fields that only responses have."""

    url: Url
    uuid: uuid.UUID
    aard_relatie_weergave: Literal["Hoort bij, omgekeerd: kent", "Legt vast, omgekeerd: kan vastgelegd zijn als"]
    registratiedatum: DateTime


ZAAKINFORMATIEOBJECT_TABLE = make_table(
    METADATA,
    "zaakinformatieobject",
    ZaakInformatieObjectFields,
    Column("zaak", Uuid, ForeignKey("zaak.uuid", ondelete="CASCADE"), nullable=False),
    Column("registratiedatum", SqlDateTime(timezone=True), nullable=False, server_default=func.now()),
    UniqueConstraint("zaak", "informatieobject", name="zaakinformatieobject_zaak_informatieobject"),
)
_c = ZAAKINFORMATIEOBJECT_TABLE.c
Index("zaakinformatieobject_informatieobject", _c.informatieobject)


async def informatieobjecttype_hoort_bij_het_zaaktype(check: Check[ZaakInformatieObjectFields]) -> None:
    """zrc-017: het informatieobjecttype van het document is er een van het zaaktype van de zaak, vergeleken op
    catalogus en naam."""
    document = check.resolved(check.fields.informatieobject, Document)
    if not check.creating or document is None:
        return
    try:
        zaaktype = await type_van(check, zaak_van(check)["zaaktype"]) or {}
        soort = await type_van(check, document["informatieobjecttype"]) or {}
    except Problem:
        zaaktype, soort = {}, {}
    # The URLs are those of the versions that are valid today, and a document may be of an older one.
    same = bool(soort) and soort.get("catalogus") == zaaktype.get("catalogus")
    named = same and soort.get("omschrijving") in zaaktype.get("informatieobjecttypeOmschrijving", ())
    if not named and document["informatieobjecttype"] not in zaaktype.get("informatieobjecttypen", ()):
        code = "missing-zaaktype-informatieobjecttype-relation"
        check.reject(OBJECT, code, "Het informatieobjecttype hoort niet bij het zaaktype van de zaak.")


async def status_hoort_bij_de_zaak(check: Check[ZaakInformatieObjectFields]) -> None:
    """zaken.md §3.6: de status, als die er is, is er een van dezelfde zaak."""
    status = check.resolved(check.fields.status)
    if status and status["zaak"] != zaak_van(check)["uuid"]:
        check.reject(OBJECT, "zaak-mismatch", "De status hoort niet bij de zaak.")


async def registratiedatum_is_nu(check: Check) -> None:
    """zrc-004: the moment of registration is now, whatever the client sends."""
    if check.creating:
        check.columns["registratiedatum"] = datetime.now(UTC)


def spiegel_in_documenten(check: Check) -> Agreement | None:
    """zrc-005: the Documenten API knows which zaken a document belongs to; without that the relation is undone."""
    if check.action not in ("create", "destroy"):
        return None
    return Agreement("informatieobject", mirrors_of(check.resource.name, check.stored or check.row))


ZAAKINFORMATIEOBJECT = Resource(
    name="zaakinformatieobject",
    path="zaakinformatieobjecten",
    fields=ZaakInformatieObjectFields,
    shown=ZaakInformatieObjectShown,
    table=ZAAKINFORMATIEOBJECT_TABLE,
    computed={"aard_relatie_weergave": literal_column("'Hoort bij, omgekeerd: kent'")},
    scopes={
        "list": LEZEN,
        "fetch": LEZEN,
        "create": AANMAKEN | BIJWERKEN,
        "update": BIJWERKEN,
        "remove": BIJWERKEN | VERWIJDEREN,
    },
    filters=[
        reference("zaak", _c.zaak, ZAAK_REF),
        reference("informatieobject", _c.informatieobject, INFORMATIEOBJECT),
    ],
    main=HOOFD,
    paginated=False,
    kanaal="zaken",
    notify=("create",),
    audited=True,
    touches=("create", "update", "partial_update", "destroy"),
    weergave=lambda row: str(row["informatieobject"]).rpartition("/")[2],
    unique={"zaakinformatieobject_zaak_informatieobject": InvalidParam(OBJECT, "unique")},
    rules=[informatieobjecttype_hoort_bij_het_zaaktype, status_hoort_bij_de_zaak, zaak_is_nog_niet_gearchiveerd],
    derive=[registratiedatum_is_nu],
    guards=[gesloten_zaak_vraagt_geforceerd_bijwerken],
    before_removal=[keep],
    mirrors=[spiegel_in_documenten],
    description="De documenten bij een zaak.",
)


router = APIRouter(prefix="/_intern", route_class=Operation, include_in_schema=False)


@router.post("/zaakinformatieobject")
async def beoordelen(call: CurrentCall) -> Response:
    """Tell Documenten, with the rights of the client, what is wrong with a zaakinformatieobject of a document that it
    is about to make: ``{"sent": {"zaak": …}, "document": {"url": …, "informatieobjecttype": …}}``, the stored
    paths of the document and its type."""
    rights = await call.rights(ZAAKINFORMATIEOBJECT.scopes["create"])
    body = await call.body()
    sent, document = body["sent"], body["document"]
    check = Check(call, ZAAKINFORMATIEOBJECT, "create", {**sent, "informatieobject": call.base + document["url"]}, None)
    check.targets[document["url"]] = document if document["informatieobjecttype"] else None
    await judge(check, rights)
    return Response(None, 204)
