"""Zaakcontactmoment: a contact with somebody, registered in another API, about a zaak (zaken.md §3.6)."""

import uuid
from typing import Annotated

from sqlalchemy import Index

from services.zaken.spiegels import spiegels
from services.zaken.toestand import ALLEEN_BIJWERKEN, zaak_is_nog_niet_gearchiveerd
from services.zaken.zaak import HOOFD, LEZEN, METADATA, ZAAK_REF
from zgw.check import Check
from zgw.fields import Fields, Ref, Shown, Url
from zgw.filters import reference
from zgw.relations import keep, mirrored
from zgw.resource import Resource
from zgw.tables import make_table

CONTACTMOMENT = Ref(shape=("url",))


class ZaakContactMomentFields(Fields):
    """What clients write."""

    zaak: Annotated[str, ZAAK_REF, Shown(1000, 1)]
    contactmoment: Annotated[str, CONTACTMOMENT]


class ZaakContactMomentShown(Fields):
    """What only responses have."""

    url: Url
    uuid: uuid.UUID


ZAAKCONTACTMOMENT_TABLE = make_table(METADATA, "zaakcontactmoment", ZaakContactMomentFields)
_c = ZAAKCONTACTMOMENT_TABLE.c
Index("zaakcontactmoment_contactmoment", _c.contactmoment)


async def spiegel_bij_het_contactmoment(check: Check) -> None:
    """zrc-025a: the API of the contactmoment knows that it is about this zaak."""
    await mirrored(check, "contactmoment", spiegels(check.resource.name, check.stored or check.row))


ZAAKCONTACTMOMENT = Resource(
    name="zaakcontactmoment",
    path="zaakcontactmomenten",
    fields=ZaakContactMomentFields,
    shown=ZaakContactMomentShown,
    table=ZAAKCONTACTMOMENT_TABLE,
    scopes={"list": LEZEN, "fetch": LEZEN, "create": ALLEEN_BIJWERKEN, "remove": ALLEEN_BIJWERKEN},
    verbs=("list", "create", "fetch", "remove"),
    filters=[reference("zaak", _c.zaak, ZAAK_REF), reference("contactmoment", _c.contactmoment, CONTACTMOMENT)],
    main=HOOFD,
    paginated=False,
    etag=False,
    kanaal="zaken",
    notify=("create",),
    audited=True,
    weergave=lambda row: str(row["contactmoment"]),
    unexpandable=("zaak",),
    rules=[zaak_is_nog_niet_gearchiveerd],
    before_removal=[keep],
    mirrors=[spiegel_bij_het_contactmoment],
    description="De contactmomenten over een zaak.",
)
