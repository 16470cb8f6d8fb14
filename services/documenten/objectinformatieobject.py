"""ObjectInformatieObject: the mirror of the relation that a zaak or besluit has with a document (documenten.md §6)."""

from dataclasses import replace
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

import httpx
from sqlalchemy import Index, UniqueConstraint

from runtime.problems import OBJECT, InvalidParam, Problem
from services.documenten.document import AANMAKEN, DOCUMENT, LEZEN, VERWIJDEREN
from services.documenten.document_velden import DOCUMENT_REF
from services.documenten.journal import METADATA
from services.documenten.verwijzing import document_filter
from zgw.check import Check
from zgw.columns import make_table
from zgw.fields import Fields
from zgw.filters import equal
from zgw.parse import row_of
from zgw.references import split_path
from zgw.resource import Main, Resource
from zgw.types import Ref, Shown, Url

BRONNEN = {"zaak": ("zaken", "zaken"), "besluit": ("besluiten", "besluiten")}
"""Per objectType the service and the collection of the object, as far as they are ours."""

RELATIES = {
    "zaak": "zaakinformatieobjecten",
    "besluit": "besluitinformatieobjecten",
    "verzoek": "verzoekinformatieobjecten",
}
"""Per objectType the collection that leads, in the API of the object."""


class ObjectInformatieObjectFields(Fields):
    """The relation."""

    # A document that is removed at the very moment that it gets a relation is a conflict; the relation stays.
    informatieobject: Annotated[str, replace(DOCUMENT_REF, on_delete="NO ACTION"), Shown()]
    object: Annotated[str, Ref(follow=False, max_length=1000), Shown(1000, 1)]
    object_type: Literal["besluit", "zaak", "verzoek"]


class ObjectInformatieObjectShown(Fields):
    """The fields that only responses have."""

    url: Url


OIO_TABLE = make_table(
    METADATA,
    "objectinformatieobject",
    ObjectInformatieObjectFields,
    UniqueConstraint("object", "informatieobject", name="objectinformatieobject_unique"),
)
Index("objectinformatieobject_object", OIO_TABLE.c.object)


async def object_bestaat(check: Check[ObjectInformatieObjectFields]) -> None:
    """drc-002: het object bestaat en is van de soort die objectType noemt."""
    path, kind = check.fields.object, check.fields.object_type
    references, caller = check.call.service.references, check.call.caller
    if path.startswith("/"):
        try:
            found = (await references.objects(caller, [path])).get(path)
        except Problem:
            found = None
        if found is None:
            check.reject("object", "bad-url")
        elif split_path(path)[:2] != BRONNEN.get(kind):
            check.reject("object", "invalid-resource")
        return
    found, code = await references.foreign(caller, path)
    if found is None:
        await check.reject_url("object", path, code)
    elif "url" not in found:
        check.reject("object", "invalid-resource")


async def relatie_bestaat_bij_de_bron(check: Check[ObjectInformatieObjectFields]) -> None:
    """drc-004: de relatie bestaat al in het component dat haar beheert."""
    if not check.errors and await relation_at_source(check, row_of(check)) is False:
        check.reject(OBJECT, "inconsistent-relation")


async def relatie_is_weg_bij_de_bron(check: Check) -> None:
    """drc-004: de relatie wordt pas verwijderd als ze in het component dat haar beheert weg is."""
    if check.stored is not None and await relation_at_source(check, check.stored):
        check.reject(OBJECT, "remote-relation-exists", "De relatie bestaat nog in het component dat haar beheert.")


async def relation_at_source(check: Check, row: Any) -> bool | None:
    """Return whether the component that leads has the relation; None after reporting why that is not known."""
    call, kind = check.call, row["object_type"]
    root, collection = row["object"].rsplit("/", 2)[0], RELATIES[kind]
    base = call.caller.canonical_base
    document = f"{base}{DOCUMENT_REF.prefix}{row['informatieobject']}"
    wanted = {kind: base + row["object"] if root.startswith("/") else row["object"], "informatieobject": document}
    answered = await _ask(check, f"{root}/{collection}?{urlencode(wanted)}")
    if answered is None or answered[0] != 200:
        check.reject(OBJECT, "relation-lookup-error", "De relatie kon niet worden opgezocht.")
        return None
    found = answered[1]
    relations = found.get("results") if isinstance(found, dict) else found
    if not isinstance(relations, list):
        check.reject(OBJECT, "relation-validation-error", "Het antwoord van het andere component is onbruikbaar.")
        return None
    return bool(relations)


async def _ask(check: Check, target: str) -> tuple[int, Any] | None:
    internal, caller = check.call.service.internal, check.call.caller
    if not target.startswith("/"):
        return await check.call.service.externals.request(caller, "GET", target)
    try:
        answer = await internal.send(caller.as_component(internal.service), target.split("/")[1], "GET", target)
        return answer.status_code, answer.json() if answer.status_code == 200 else None
    except httpx.HTTPError:
        return None
    except ValueError:
        return 200, None


OBJECTINFORMATIEOBJECT = Resource(
    name="objectinformatieobject",
    path="objectinformatieobjecten",
    fields=ObjectInformatieObjectFields,
    shown=ObjectInformatieObjectShown,
    table=OIO_TABLE,
    scopes={"list": LEZEN, "fetch": LEZEN, "create": AANMAKEN, "remove": VERWIJDEREN},
    verbs=("list", "create", "fetch", "head", "remove"),
    filters=[
        equal("object", OIO_TABLE.c.object, Annotated[str, Ref(follow=False, max_length=10_000)]),
        document_filter(OIO_TABLE.c.informatieobject),
    ],
    paginated=False,
    main=Main("informatieobject", DOCUMENT),
    audited=True,
    weergave=lambda row: str(row["object"]).rpartition("/")[2],
    unexpandable=("object",),
    unique={"objectinformatieobject_unique": InvalidParam(OBJECT, "unique")},
    rules=[object_bestaat, relatie_bestaat_bij_de_bron],
    removal_rules=[relatie_is_weg_bij_de_bron],
)
