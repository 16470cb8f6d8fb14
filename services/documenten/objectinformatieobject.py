"""ObjectInformatieObject: the mirror of the relation that a zaak or besluit has with a document (documenten.md §6)."""

from typing import Annotated, Any, Literal
from urllib.parse import quote

import httpx
import orjson
from sqlalchemy import Index, UniqueConstraint

from services.documenten.document import AANMAKEN, DOCUMENT, LEZEN, VERWIJDEREN
from services.documenten.document_velden import DOCUMENT_REF
from services.documenten.logboek import METADATA
from services.documenten.verwijzing import document_filter
from zgw.check import Check
from zgw.fields import Fields, Ref, Url
from zgw.filters import equal
from zgw.problems import OBJECT, InvalidParam, Problem
from zgw.remote import split_path
from zgw.resource import Main, Resource
from zgw.tables import make_table

BRONNEN = {
    "zaak": ("zaken", "zaken", "zaakinformatieobjecten"),
    "besluit": ("besluiten", "besluiten", "besluitinformatieobjecten"),
}
"""Per objectType the service and collection of the object, and the collection of its relations with documents."""


class ObjectInformatieObjectFields(Fields):
    """The relation."""

    informatieobject: Annotated[str, DOCUMENT_REF]
    object: Annotated[str, Ref(follow=False, max_length=1000)]
    object_type: Literal["besluit", "zaak", "verzoek"]


class ObjectInformatieObjectShown(Fields):
    """What only responses have."""

    url: Url


OIO_TABLE = make_table(
    METADATA,
    "objectinformatieobject",
    ObjectInformatieObjectFields,
    UniqueConstraint("object", "informatieobject", name="objectinformatieobject_uniek"),
)
Index("objectinformatieobject_object", OIO_TABLE.c.object)


async def object_bestaat(check: Check) -> None:
    """drc-002: het object bestaat en is van de soort die objectType noemt."""
    path, kind = check.row["object"], check.row["object_type"]
    remote, caller = check.call.service.remote, check.call.caller
    if path.startswith("/"):
        try:
            found = (await remote.objects(caller, [path])).get(path)
        except Problem:
            found = None
        if found is None:
            check.reject("object", "bad-url")
        elif kind not in BRONNEN or split_path(path)[:2] != BRONNEN[kind][:2]:
            check.reject("object", "invalid-resource")
        return
    found = await remote.external(caller, path)
    if found is None:
        check.reject("object", "bad-url")
    elif "url" not in found:
        check.reject("object", "invalid-resource")


async def relatie_bestaat_bij_de_bron(check: Check) -> None:
    """drc-004: de relatie bestaat al in het component dat haar beheert."""
    if not check.errors and await relation_at_source(check, check.row) is False:
        check.reject(OBJECT, "inconsistent-relation")


async def relatie_is_weg_bij_de_bron(check: Check) -> None:
    """drc-004: de relatie wordt pas verwijderd als ze in het component dat haar beheert weg is."""
    assert check.stored is not None
    if await relation_at_source(check, check.stored):
        check.reject(OBJECT, "remote-relation-exists", "De relatie bestaat nog in het component dat haar beheert.")


async def relation_at_source(check: Check, row: Any) -> bool | None:
    """Return whether the component that leads has the relation; None after reporting why that is not known."""
    call, path = check.call, row["object"]
    if not path.startswith("/") or row["object_type"] not in BRONNEN:
        # Other people's APIs are read as single objects only, so their list of relations cannot be asked for.
        return None
    service, _, collection = BRONNEN[row["object_type"]]
    document = f"{call.base}{DOCUMENT_REF.prefix}{row['informatieobject']}"
    url = f"/{service}/api/v1/{collection}?{row['object_type']}={quote(call.base + path)}&informatieobject={quote(document)}"
    caller = call.caller.as_component(call.service.api.service)
    try:
        answer = await call.service.remote.send(caller, service, "GET", url)
    except httpx.HTTPError:
        check.reject(OBJECT, "relation-lookup-error", "De relatie kon niet worden opgezocht.")
        return None
    if answer.status_code != 200:
        check.reject(OBJECT, "relation-lookup-error", "De relatie kon niet worden opgezocht.")
        return None
    try:
        found = orjson.loads(answer.content)
    except orjson.JSONDecodeError:
        found = None
    relations = found.get("results") if isinstance(found, dict) else found
    if not isinstance(relations, list):
        check.reject(OBJECT, "relation-validation-error", "Het antwoord van het andere component is onbruikbaar.")
        return None
    return bool(relations)


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
    unique={"objectinformatieobject_uniek": InvalidParam(OBJECT, "unique")},
    rules=[object_bestaat, relatie_bestaat_bij_de_bron],
    removal_rules=[relatie_is_weg_bij_de_bron],
)
