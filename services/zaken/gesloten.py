"""Rules on the state of a zaak, which every resource below a zaak shares (zaken.md §6, §8)."""

import uuid
from collections.abc import Mapping
from datetime import date
from typing import Any, TypedDict, cast

from runtime.problems import OBJECT, InvalidParam, Problem
from zgw.check import Check
from zgw.rights import scopes

LEZEN = scopes("zaken.lezen")
GEFORCEERD = scopes("zaken.geforceerd-bijwerken")
ALLEEN_BIJWERKEN = scopes("zaken.bijwerken")
"""For what zaken.geforceerd-bijwerken does not do in its place; ``BIJWERKEN`` of the zaak takes either."""
GESLOTEN = "De zaak is afgesloten."
DOCUMENT_ONZICHTBAAR = "; er is een document bij dat u niet mag inzien."
"""How the reason of a refusal ends when what stands in the way is hidden from the client."""
TOESTAND = ("zaaktype", "vertrouwelijkheidaanduiding", "einddatum", "archiefstatus")
"""The columns of a zaak that these rules, and those on types and rights, read: they stay the same until the commit."""


class ZaakState(TypedDict):
    """What rules look at of the zaak that something belongs to, as it is stored."""

    uuid: uuid.UUID
    zaaktype: str
    vertrouwelijkheidaanduiding: str
    einddatum: date | None
    archiefstatus: str
    status: uuid.UUID | None
    hoofdzaak: uuid.UUID | None
    deelzaken: list[uuid.UUID]


def zaak_van(check: Check) -> ZaakState:
    """Return the zaak that the object of a write belongs to."""
    assert check.main is not None
    return cast("ZaakState", check.main)


def geweigerd(code: str, reason: str) -> Problem:
    """Return the 400 for what the state of a zaak does not allow."""
    return Problem(400, "invalid", invalid_params=[InvalidParam(OBJECT, code, reason)])


def is_gesloten(zaak: Mapping[str, Any]) -> bool:
    """Return whether a zaak is closed, or archived although nobody closed it."""
    return zaak["einddatum"] is not None or zaak["archiefstatus"] != "nog_te_archiveren"


async def mag_inzien(check: Check, zaak: Mapping[str, Any]) -> bool:
    """Return whether the client may read another zaak than the one that it writes."""
    return await check.call.holds(LEZEN, zaak["zaaktype"], zaak["vertrouwelijkheidaanduiding"])


async def gesloten_zaak_vraagt_geforceerd_bijwerken(check: Check) -> None:
    """zrc-007: on a closed zaak only a client with zaken.geforceerd-bijwerken may write. Use as guard."""
    zaak = zaak_van(check)
    if zaak["einddatum"] is None:
        return
    # Such a write may derive the archiving again, which changes the zaak.
    check.alone = True
    if not await check.call.holds(GEFORCEERD, zaak["zaaktype"], zaak["vertrouwelijkheidaanduiding"]):
        assert check.resource.main is not None
        raise await check.call.denied(check.resource.main.resource, GEFORCEERD, zaak, GESLOTEN)


async def zaak_is_nog_niet_gearchiveerd(check: Check) -> None:
    """zaken.md §6: wat bij een gearchiveerde zaak hoort, wijzigt niet meer.

    Use it as a rule, which removals do not run.
    """
    if zaak_van(check)["archiefstatus"] != "nog_te_archiveren":
        check.reject(OBJECT, "zaak-archiefstatus-invalid", "De archiefstatus van de zaak is niet nog_te_archiveren.")
