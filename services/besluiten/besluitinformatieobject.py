"""BesluitInformatieObject: a document that records a besluit (besluiten.md)."""

from typing import Annotated

from sqlalchemy import Column, Index, Text, UniqueConstraint

from runtime.problems import OBJECT, InvalidParam
from services.besluiten.besluit import AANMAKEN, BESLUIT, LEZEN, METADATA, VERWIJDEREN
from services.besluiten.mirroring import BIO_TABLE_NAME, spiegel_in_documenten
from zgw.check import Check
from zgw.columns import make_table
from zgw.fields import Fields
from zgw.filters import reference
from zgw.mirroring.undoing import keep
from zgw.resource import Main, Resource
from zgw.shapes import Document
from zgw.types import Ref, Shown, Url

BESLUIT_REF = Ref("besluiten", "besluiten", table="besluit")
INFORMATIEOBJECT = Ref(
    "documenten", "enkelvoudiginformatieobjecten", shape=("url", "identificatie", "informatieobjecttype", "titel")
)


class BesluitInformatieObjectFields(Fields):
    """The fields that clients write."""

    informatieobject: Annotated[str, INFORMATIEOBJECT, Shown(1000, 1)]
    besluit: Annotated[str, BESLUIT_REF, Shown()]


class BesluitInformatieObjectShown(Fields):
    """The fields that only responses have."""

    url: Url


BIO_TABLE = make_table(
    METADATA,
    BIO_TABLE_NAME,
    BesluitInformatieObjectFields,
    # The audit trail calls the relation by it: the document can be gone when the relation is removed.
    Column("document_identificatie", Text, nullable=False),
    UniqueConstraint("besluit", "informatieobject", name="besluitinformatieobject_unique"),
)
Index("besluitinformatieobject_informatieobject", BIO_TABLE.c.informatieobject)


async def informatieobjecttype_hoort_bij_besluittype(check: Check[BesluitInformatieObjectFields]) -> None:
    """brc-008: het type van het document is er een van het besluittype, vergeleken op catalogus en naam."""
    document = check.resolved(check.fields.informatieobject, Document)
    if not document or check.main is None:
        return
    references, caller = check.call.service.references, check.call.caller
    besluittype = await references.object(caller, check.main["besluittype"])
    informatieobjecttype = document["informatieobjecttype"]
    if besluittype and informatieobjecttype in (besluittype.get("informatieobjecttypen") or ()):
        return
    found = await references.object(caller, informatieobjecttype)
    names = (besluittype or {}).get("informatieobjecttypeOmschrijvingen") or ()
    if (
        besluittype is None
        or found is None
        or found.get("catalogus") != besluittype.get("catalogus")
        or found.get("omschrijving") not in names
    ):
        code = "missing-besluittype-informatieobjecttype-relation"
        check.reject(OBJECT, code, "Het informatieobjecttype hoort niet bij het besluittype.")


async def document_wordt_benoemd(check: Check[BesluitInformatieObjectFields]) -> None:
    """Keep the identificatie of the document for the audit trail."""
    if (document := check.resolved(check.fields.informatieobject, Document)) is not None:
        check.columns["document_identificatie"] = document["identificatie"]


BESLUITINFORMATIEOBJECT = Resource(
    name="besluitinformatieobject",
    path="besluitinformatieobjecten",
    fields=BesluitInformatieObjectFields,
    shown=BesluitInformatieObjectShown,
    table=BIO_TABLE,
    scopes={"list": LEZEN, "fetch": LEZEN, "create": AANMAKEN, "remove": VERWIJDEREN},
    verbs=("list", "create", "fetch", "head", "remove"),
    operations={"fetch": "besluitinformatieobject_read", "remove": "besluitinformatieobject_delete"},
    filters=[
        reference("besluit", BIO_TABLE.c.besluit, BESLUIT_REF),
        reference("informatieobject", BIO_TABLE.c.informatieobject, INFORMATIEOBJECT),
    ],
    paginated=False,
    main=Main("besluit", BESLUIT),
    kanaal="besluiten",
    notify=("create", "destroy"),
    audited=True,
    weergave=lambda row: str(row["document_identificatie"]),
    unique={"besluitinformatieobject_unique": InvalidParam(OBJECT, "unique")},
    rules=[informatieobjecttype_hoort_bij_besluittype],
    derive=[document_wordt_benoemd],
    before_removal=[keep],
    mirrors=[spiegel_in_documenten],
    description="De vastlegging van een besluit in een document (altijd: legt vast, brc-004).",
)
