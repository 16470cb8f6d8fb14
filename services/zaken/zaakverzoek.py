"""Zaakverzoek: a request of somebody, registered in another API, that a zaak handles (zaken.md §3.6)."""

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

VERZOEK = Ref(shape=("url",))


class ZaakVerzoekFields(Fields):
    """What clients write."""

    zaak: Annotated[str, ZAAK_REF, Shown(1000, 1)]
    verzoek: Annotated[str, VERZOEK]


class ZaakVerzoekShown(Fields):
    """What only responses have."""

    url: Url
    uuid: uuid.UUID


ZAAKVERZOEK_TABLE = make_table(METADATA, "zaakverzoek", ZaakVerzoekFields)
_c = ZAAKVERZOEK_TABLE.c
Index("zaakverzoek_verzoek", _c.verzoek)


async def spiegel_bij_het_verzoek(check: Check) -> None:
    """zrc-024: the API of the verzoek knows that this zaak handles it."""
    await mirrored(check, "verzoek", spiegels(check.resource.name, check.stored or check.row))


ZAAKVERZOEK = Resource(
    name="zaakverzoek",
    path="zaakverzoeken",
    fields=ZaakVerzoekFields,
    shown=ZaakVerzoekShown,
    table=ZAAKVERZOEK_TABLE,
    scopes={"list": LEZEN, "fetch": LEZEN, "create": ALLEEN_BIJWERKEN, "remove": ALLEEN_BIJWERKEN},
    verbs=("list", "create", "fetch", "remove"),
    filters=[reference("zaak", _c.zaak, ZAAK_REF), reference("verzoek", _c.verzoek, VERZOEK)],
    main=HOOFD,
    paginated=False,
    etag=False,
    kanaal="zaken",
    notify=("create",),
    audited=True,
    weergave=lambda row: str(row["verzoek"]),
    unexpandable=("zaak",),
    rules=[zaak_is_nog_niet_gearchiveerd],
    before_removal=[keep],
    mirrors=[spiegel_bij_het_verzoek],
    warning="Dit onderdeel van de standaard is verouderd.",
    description="De verzoeken die een zaak behandelt.",
)
