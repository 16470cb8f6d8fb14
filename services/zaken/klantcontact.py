"""Klantcontact: a contact with a customer, kept with the zaak itself (zaken.md §3.6); deprecated by the standard."""

import secrets
import string
import uuid
from typing import Annotated

from sqlalchemy import UniqueConstraint

from runtime.problems import InvalidParam
from services.zaken.gesloten import gesloten_zaak_vraagt_geforceerd_bijwerken
from services.zaken.zaak import BIJWERKEN, COUNTS, HOOFD, LEZEN, METADATA, ZAAK_REF
from zgw.check import Check
from zgw.columns import make_table
from zgw.fields import Fields
from zgw.filters import reference
from zgw.resource import Resource
from zgw.types import DateTime, Length, Shown, Url

ALPHABET = string.ascii_uppercase + string.digits


class KlantContactFields(Fields):
    """The fields that clients write."""

    zaak: Annotated[str, ZAAK_REF, Shown(1000, 1)]
    identificatie: Annotated[str, Length(14)] = ""
    datumtijd: DateTime
    kanaal: Annotated[str, Length(20)] = ""
    onderwerp: Annotated[str, Length(200)] = ""
    toelichting: Annotated[str, Length(1000)] = ""


class KlantContactShown(Fields):
    """The fields that only responses have."""

    url: Url
    uuid: uuid.UUID


KLANTCONTACT_TABLE = make_table(
    METADATA, "klantcontact", KlantContactFields, UniqueConstraint("identificatie", name="klantcontact_identificatie")
)


async def datumtijd_is_geweest(check: Check[KlantContactFields]) -> None:
    """date-in-future: een contact wordt geregistreerd nadat het was."""
    if check.fields.datumtijd > check.call.latest():
        check.reject("datumtijd", "date-in-future", "Dit tijdstip ligt in de toekomst.")


async def identificatie_van_het_klantcontact(check: Check[KlantContactFields]) -> None:
    """Generate an identificatie when the client has none. The audit trail calls it by its number (common.md §11)."""
    if not check.fields.identificatie:
        check.fields.identificatie = "".join(secrets.choice(ALPHABET) for _ in range(12))
    check.weergave = check.fields.identificatie


KLANTCONTACT = Resource(
    name="klantcontact",
    path="klantcontacten",
    fields=KlantContactFields,
    shown=KlantContactShown,
    table=KLANTCONTACT_TABLE,
    scopes={"list": LEZEN, "fetch": LEZEN, "create": BIJWERKEN},
    verbs=("list", "create", "fetch"),
    filters=[reference("zaak", KLANTCONTACT_TABLE.c.zaak, ZAAK_REF)],
    main=HOOFD,
    tally=COUNTS.of(KLANTCONTACT_TABLE, "zaak"),
    etag=False,
    kanaal="zaken",
    audited=True,
    unexpandable=("zaak",),
    unique={"klantcontact_identificatie": InvalidParam("identificatie", "unique")},
    rules=[datumtijd_is_geweest],
    derive=[identificatie_van_het_klantcontact],
    guards=[gesloten_zaak_vraagt_geforceerd_bijwerken],
    warning="Dit onderdeel van de standaard is verouderd.",
    description="De contacten met een klant over een zaak.",
)
