"""Zaakobject: a thing or person that a zaak is about (zaken.md §3.5)."""

import uuid
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator
from sqlalchemy import Index, text
from sqlmodel import Field

from runtime.problems import OBJECT
from services.zaken.afleiding import herbereken
from services.zaken.betrokkene import BETROKKENEN, has_value, no_group_is_empty
from services.zaken.gesloten import gesloten_zaak_vraagt_geforceerd_bijwerken, zaak_is_nog_niet_gearchiveerd, zaak_van
from services.zaken.locks import lock_deelzaken
from services.zaken.objectidentificatie import OBJECTEN, ObjectType
from services.zaken.references import opgehaald, zichtbaar
from services.zaken.zaak import AANMAKEN, BIJWERKEN, COUNTS, HOOFD, LEZEN, METADATA, VERWIJDEREN, ZAAK_REF
from services.zaken.zaakobject_definitie import OPEN, judge
from zgw.check import Check
from zgw.columns import index_in_order, make_table
from zgw.fields import Fields, Variants, describe
from zgw.filters import equal, reference
from zgw.resource import Resource
from zgw.shapes import Zaakobjecttype
from zgw.types import IMMUTABLE, NULL_IS_BLANK, Also, JsonObject, Length, Matching, OptionalUrl, Ref, Shown, Url


class ObjectTypeOverigeDefinitie(Fields):
    """Where the schema of an object of another type is found, and where the object that must satisfy it."""

    url: Url
    schema_: Annotated[str, Length(100)] = Field(alias="schema")
    object_data: Annotated[str, Length(100)]


class ZaakObjectFields(Fields):
    """The fields that clients write."""

    zaak: Annotated[str, ZAAK_REF, IMMUTABLE, Shown(1000, 1)]
    object: Annotated[OptionalUrl, IMMUTABLE] = ""
    zaakobjecttype: Annotated[str, Ref("catalogi", "zaakobjecttypen", blank=True), IMMUTABLE, NULL_IS_BLANK] = ""
    object_type: Annotated[ObjectType, IMMUTABLE]
    object_type_overige: Annotated[str, Matching(r"[a-z_]+", 100, anywhere=True)] = ""
    object_type_overige_definitie: ObjectTypeOverigeDefinitie | None = None
    relatieomschrijving: Annotated[str, Length(80)] = ""
    object_identificatie: Annotated[
        JsonObject,
        BeforeValidator(no_group_is_empty),
        Variants("object_type", OBJECTEN),
        # The OAS describes persons under this name, which the implementations never used (Z10).
        Also("betrokkeneIdentificatie"),
    ] = {}


class ZaakObjectShown(Fields):
    """The fields that only responses have."""

    url: Url
    uuid: uuid.UUID


ZAAKOBJECT_TABLE = make_table(METADATA, "zaakobject", ZaakObjectFields)
index_in_order(ZAAKOBJECT_TABLE, "zaak")
_c = ZAAKOBJECT_TABLE.c
Index("zaakobject_object", _c.object, postgresql_where=_c.object != text("''"))
Index("zaakobject_object_type", _c.object_type, _c.id)


def names_something(kind: str, sent: object) -> bool:
    """Return whether an objectIdentificatie, as it was sent, has a member that this objectType knows."""
    model = OBJECTEN.get(kind)
    return isinstance(sent, dict) and model is not None and any(p.name in sent for p in describe(model))


async def object_is_bekend(check: Check[ZaakObjectFields]) -> None:
    """invalid-zaakobject: een zaakobject heeft de URL van een object, een identificatie daarvan, of beide.

    Who changes it may take the identification away with null, but not lose it by members that nobody knows, or blanks.
    """
    kind, found = check.fields.object_type, check.fields.object_identificatie
    sent = check.sent.get("objectIdentificatie")
    given = check.was_sent(lambda zaakobject: zaakobject.object_identificatie)
    # Some types would otherwise make an identification of an empty object, or of members that nobody knows; of a party
    # nothing is left when all members are blank.
    nameless = given and not names_something(kind, sent)
    if nameless or (given and kind in BETROKKENEN and not has_value(found)):
        found = {}
    # The object with a definition is described by its own register, and nothing else.
    defined = check.fields.object_type_overige_definitie is not None
    check.fields.object_identificatie = {} if defined else found
    if found or defined or check.fields.object:
        return
    had = check.stored is not None and has_value(check.stored["object_identificatie"])
    if check.creating or (isinstance(sent, dict) and (nameless or had)):
        check.reject(OBJECT, "invalid-zaakobject", "Geef object of objectIdentificatie.")


async def object_bestaat(check: Check[ZaakObjectFields]) -> None:
    """bad-url, invalid-resource: achter de URL van het object, van welke soort ook, is een object."""
    url = check.fields.object
    # One with a definition is read by the rule that looks at its data.
    if not check.creating or not url or check.fields.object_type_overige_definitie is not None:
        return
    if url.startswith("/"):
        code = "bad-url" if await opgehaald(check, url) is None else ""
    else:
        _, code = await check.call.service.references.foreign(check.call.caller, url)
    if code:
        await check.reject_url("object", url, code)


async def overig_type_heeft_een_naam(check: Check[ZaakObjectFields]) -> None:
    """missing-object-type-overige, invalid-object-type-overige-usage: alleen een overig type heeft een naam."""
    named = check.fields.object_type_overige or check.fields.object_type_overige_definitie
    if check.fields.object_type == "overige" and not named:
        check.reject(OBJECT, "missing-object-type-overige", "Geef objectTypeOverige of objectTypeOverigeDefinitie.")
    if check.fields.object_type != "overige" and named:
        check.reject(OBJECT, "invalid-object-type-overige-usage", "Alleen een object van type overige heeft dit.")


async def zaakobjecttype_hoort_bij_het_zaaktype(check: Check[ZaakObjectFields]) -> None:
    """zaaktype-mismatch: het zaakobjecttype is er een van het zaaktype van de zaak."""
    zaakobjecttype = check.resolved(check.fields.zaakobjecttype, Zaakobjecttype)
    if check.creating and zaakobjecttype and zaakobjecttype["zaaktype"] != zaak_van(check)["zaaktype"]:
        check.reject(OBJECT, "zaaktype-mismatch", "Het zaakobjecttype hoort niet bij het zaaktype van de zaak.")


async def definitie_beschrijft_het_object(check: Check[ZaakObjectFields]) -> None:
    """invalid-schema: een object met een definitie heeft de gegevens die het schema van zijn definitie vraagt.

    Both are read with the rights of the client, who would otherwise learn from the answer what is in them. Whether a
    register elsewhere has an object is not told of one that is not open.
    """
    definition = check.fields.object_type_overige_definitie
    changed = check.changed(lambda it: it.object_type_overige_definitie) or check.changed(lambda it: it.object)
    if definition is None or not changed:
        return
    if not check.fields.object:
        check.reject("objectUrl", "required", "Een objectTypeOverigeDefinitie vraagt om de URL van het object.")
        return
    if (described := await zichtbaar(check, definition.url)) is None:
        check.reject("objectTypeOverigeDefinitie.url", "invalid", "Op deze URL staat geen JSON" + OPEN)
    if (found := await zichtbaar(check, check.fields.object)) is None:
        check.reject("object", "bad-url", "De URL kon niet worden opgehaald" + OPEN)
    if described is None or found is None:
        return
    wrong = await judge(check.call.tenant, described, definition.schema_, found, definition.object_data)
    names = {
        "schema": ("objectTypeOverigeDefinitie.schema", "invalid", "Hiermee is geen JSON-schema te vinden."),
        "objectData": ("objectTypeOverigeDefinitie.objectData", "invalid", "Hiermee zijn geen gegevens te vinden."),
        "object": ("object", "invalid-schema", "Het object voldoet niet aan het schema."),
    }
    if wrong:
        check.reject(*names[wrong])


def naam_van(row: Mapping[str, Any]) -> str:
    """Return how a zaakobject is called in the audit trail."""
    return str(row["object"]).rstrip("/").rpartition("/")[2] or str(row["relatieomschrijving"] or row["object_type"])


ZAAKOBJECT = Resource(
    name="zaakobject",
    path="zaakobjecten",
    fields=ZaakObjectFields,
    shown=ZaakObjectShown,
    table=ZAAKOBJECT_TABLE,
    scopes={
        "list": LEZEN,
        "fetch": LEZEN,
        "create": AANMAKEN | BIJWERKEN,
        "update": BIJWERKEN,
        "remove": BIJWERKEN | VERWIJDEREN,
    },
    filters=[
        reference("zaak", _c.zaak, ZAAK_REF),
        reference("object", _c.object, Ref(follow=False)),
        equal("objectType", _c.object_type, ObjectType),
    ],
    main=HOOFD,
    tally=COUNTS.of(ZAAKOBJECT_TABLE, "zaak", values=("object_type",)),
    kanaal="zaken",
    audited=True,
    touches=("create", "update", "partial_update", "destroy"),
    weergave=naam_van,
    expandable={"object": Ref()},
    rules=[
        object_is_bekend,
        object_bestaat,
        overig_type_heeft_een_naam,
        zaakobjecttype_hoort_bij_het_zaaktype,
        zaak_is_nog_niet_gearchiveerd,
        definitie_beschrijft_het_object,
    ],
    guards=[gesloten_zaak_vraagt_geforceerd_bijwerken],
    locks=[lock_deelzaken],
    effects=[herbereken],
    description="Waar een zaak over gaat.",
)
