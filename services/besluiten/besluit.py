"""Besluit: a decision, that may result from a zaak (besluiten.md)."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any

from sqlalchemy import case, select

from runtime.problems import OBJECT, InvalidParam
from runtime.statements import Executor
from services.besluiten.besluit_velden import (
    BESLUIT_TABLE,
    BESLUITTYPE,
    METADATA,
    NUMBERS,
    VERVALREDENEN,
    ZAAK,
    BesluitFields,
    BesluitShown,
)
from services.besluiten.mirroring import (
    gesloten_zaak_is_beschermd,
    spiegel_in_zaak,
    zaak_hoort_van_de_wijziging,
    zaak_ligt_binnen_de_autorisaties,
)
from zgw.check import Check
from zgw.filters import equal, reference
from zgw.mirroring.undoing import keep
from zgw.problems import not_unique
from zgw.resource import Resource, Typed
from zgw.rights import scopes
from zgw.shapes import Besluittype, Zaak
from zgw.types import Rsin, Shown

LEZEN = scopes("besluiten.lezen")
AANMAKEN = scopes("besluiten.aanmaken")
BIJWERKEN = scopes("besluiten.bijwerken")
VERWIJDEREN = scopes("besluiten.verwijderen")

# --- Rules ------------------------------------------------------------------------------------------------------------


async def datum_ligt_niet_in_de_toekomst(check: Check[BesluitFields]) -> None:
    """Een besluit wordt niet in de toekomst genomen (besluiten.md §5.1)."""
    if check.fields.datum > check.call.latest().astimezone(check.call.zone).date():
        check.reject("datum", "future_not_allowed", "Deze datum mag niet in de toekomst liggen.")


async def identificatie_is_uniek(check: Check[BesluitFields]) -> None:
    """brc-002: de identificatie is uniek binnen de organisatie, ook als twee besluiten tegelijk worden gemaakt."""
    table, besluit = BESLUIT_TABLE.c, check.fields
    if not check.creating or not besluit.identificatie:
        return
    same = select(table.id).where(
        table.verantwoordelijke_organisatie == besluit.verantwoordelijke_organisatie,
        table.identificatie == besluit.identificatie,
    )
    if await check.call.db.row(check.call.tenant, same):
        check.errors.append(not_unique(besluit.identificatie))


async def besluittype_hoort_bij_zaaktype(check: Check[BesluitFields]) -> None:
    """brc-007: het besluittype is er een van het zaaktype van de zaak, vergeleken op catalogus en naam."""
    zaak, besluittype = check.resolved(check.fields.zaak, Zaak), check.resolved(check.fields.besluittype, Besluittype)
    if not zaak or not check.changed(lambda besluit: besluit.zaak):
        return
    zaaktype = await check.call.service.references.object(check.call.caller, zaak["zaaktype"])
    listed = (zaaktype or {}).get("besluittypen") or ()
    if zaaktype and check.fields.besluittype in listed:
        return
    names = (zaaktype or {}).get("besluittypeOmschrijving") or ()
    if (
        zaaktype is None
        or besluittype is None
        or besluittype["catalogus"] != zaaktype.get("catalogus")
        or not besluittype.get("omschrijving")
        or besluittype["omschrijving"] not in names
    ):
        check.reject(OBJECT, "zaaktype-mismatch", "Het besluittype hoort niet bij het zaaktype van de zaak.")


async def nummer_wordt_uitgegeven(check: Check[BesluitFields]) -> None:
    """brc-002: a besluit without identificatie gets the next number, which is never issued again."""
    if check.fields.identificatie or not check.creating:
        return
    check.fields.identificatie = await NUMBERS.next(check.call, check.fields.datum.year)


async def nummer_vervalt(db: Executor, check: Check) -> None:
    """The number of a removed besluit is never generated again (besluiten.md §7)."""
    if check.action == "destroy" and check.stored and (retired := await NUMBERS.retire(db, [check.stored])):
        check.undo = [partial(NUMBERS.revive, numbers=retired)]


def kenmerken(row: Mapping[str, Any]) -> dict[str, str]:
    """Return what subscribers may filter on."""
    return {"verantwoordelijkeOrganisatie": row["verantwoordelijke_organisatie"], "besluittype": row["besluittype"]}


# --- Declaration ------------------------------------------------------------------------------------------------------

BESLUIT = Resource(
    name="besluit",
    path="besluiten",
    fields=BesluitFields,
    shown=BesluitShown,
    table=BESLUIT_TABLE,
    computed={"vervalreden_weergave": case(VERVALREDENEN, value=BESLUIT_TABLE.c.vervalreden, else_="")},
    scopes={"list": LEZEN, "fetch": LEZEN, "create": AANMAKEN, "update": BIJWERKEN, "remove": VERWIJDEREN},
    operations={"fetch": "besluit_read", "remove": "besluit_delete", "audit_fetch": "audittrail_read"},
    filters=[
        equal("identificatie", BESLUIT_TABLE.c.identificatie),
        equal("verantwoordelijkeOrganisatie", BESLUIT_TABLE.c.verantwoordelijke_organisatie, Annotated[Rsin, Shown()]),
        reference("besluittype", BESLUIT_TABLE.c.besluittype, BESLUITTYPE),
        reference("zaak", BESLUIT_TABLE.c.zaak, ZAAK),
    ],
    typed=Typed("besluittype"),
    kanaal="besluiten",
    kenmerken=kenmerken,
    audited=True,
    weergave=lambda row: str(row["identificatie"]),
    unique={"besluit_identificatie": InvalidParam("identificatie", "identificatie-niet-uniek")},
    rules=[
        zaak_ligt_binnen_de_autorisaties,
        datum_ligt_niet_in_de_toekomst,
        identificatie_is_uniek,
        besluittype_hoort_bij_zaaktype,
    ],
    derive=[nummer_wordt_uitgegeven],
    guards=[gesloten_zaak_is_beschermd],
    effects=[nummer_vervalt],
    before_removal=[keep],
    mirrors=[spiegel_in_zaak, zaak_hoort_van_de_wijziging],
    description="Een besluit, al dan niet genomen in een zaak.",
)

__all__ = ["AANMAKEN", "BESLUIT", "BIJWERKEN", "LEZEN", "METADATA", "VERWIJDEREN"]
