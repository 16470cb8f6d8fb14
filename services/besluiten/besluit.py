"""Besluit: a decision, that may result from a zaak (besluiten.md)."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, Literal

from sqlalchemy import Index, MetaData, UniqueConstraint, case, select

from runtime.problems import InvalidParam
from runtime.statements import Executor
from services.besluiten.mirroring import (
    gesloten_zaak_is_beschermd,
    spiegel_in_zaak,
    zaak_hoort_van_de_wijziging,
    zaak_ligt_binnen_de_autorisaties,
)
from zgw.audit import audit_table
from zgw.check import OBJECT, Check
from zgw.columns import make_table
from zgw.fields import Fields
from zgw.filters import equal, reference
from zgw.mirroring.undoing import keep
from zgw.numbers import Numbers
from zgw.outbox import outbox_table
from zgw.problems import not_unique
from zgw.resource import Resource, Typed
from zgw.rights import scopes
from zgw.types import IMMUTABLE, Date, Length, Ref, Rsin, Shown, Url

METADATA = MetaData()
audit_table(METADATA)
outbox_table(METADATA, mirrored=True)

LEZEN = scopes("besluiten.lezen")
AANMAKEN = scopes("besluiten.aanmaken")
BIJWERKEN = scopes("besluiten.bijwerken")
VERWIJDEREN = scopes("besluiten.verwijderen")

ZAAK = Ref("zaken", "zaken", shape=("url", "identificatie", "bronorganisatie", "zaaktype"), blank=True)
BESLUITTYPE = Ref(
    "catalogi", "besluittypen", published=True, shape=("url", "catalogus", "zaaktypen", "informatieobjecttypen")
)

VERVALREDENEN = {
    "tijdelijk": "Besluit met tijdelijke werking",
    "ingetrokken_overheid": "Besluit ingetrokken door overheid",
    "ingetrokken_belanghebbende": "Besluit ingetrokken o.v.v. belanghebbende",
}

# --- Fields -----------------------------------------------------------------------------------------------------------


class BesluitFields(Fields):
    """The fields that clients write."""

    identificatie: Annotated[str, Length(50), IMMUTABLE] = ""
    verantwoordelijke_organisatie: Annotated[Rsin, Shown(9, 1), IMMUTABLE]
    besluittype: Annotated[str, BESLUITTYPE, Shown(1000, 1), IMMUTABLE]
    zaak: Annotated[str, ZAAK] = ""
    datum: Date
    toelichting: str = ""
    bestuursorgaan: Annotated[str, Length(50)] = ""
    ingangsdatum: Date
    vervaldatum: Date | None = None
    vervalreden: Literal["tijdelijk", "ingetrokken_overheid", "ingetrokken_belanghebbende", ""] = ""
    publicatiedatum: Date | None = None
    verzenddatum: Date | None = None
    uiterlijke_reactiedatum: Date | None = None


class BesluitShown(Fields):
    """The fields that only responses have."""

    url: Url
    vervalreden_weergave: str


# --- Tables -----------------------------------------------------------------------------------------------------------

BESLUIT_TABLE = make_table(
    METADATA,
    "besluit",
    BesluitFields,
    UniqueConstraint("verantwoordelijke_organisatie", "identificatie", name="besluit_identificatie"),
)
Index("besluit_zaak", BESLUIT_TABLE.c.zaak, postgresql_where=BESLUIT_TABLE.c.zaak != "")
Index("besluit_besluittype", BESLUIT_TABLE.c.besluittype)
Index("besluit_by_identificatie", BESLUIT_TABLE.c.identificatie)

NUMBERS = Numbers(BESLUIT_TABLE, "BESLUIT")

# --- Rules ------------------------------------------------------------------------------------------------------------


async def datum_ligt_niet_in_de_toekomst(check: Check) -> None:
    """Een besluit wordt niet in de toekomst genomen (besluiten.md §5.1)."""
    if check.row["datum"] > check.call.latest().astimezone(check.call.zone).date():
        check.reject("datum", "future_not_allowed", "Deze datum mag niet in de toekomst liggen.")


async def identificatie_is_uniek(check: Check) -> None:
    """brc-002: de identificatie is uniek binnen de organisatie, ook als twee besluiten tegelijk worden gemaakt."""
    table, row = BESLUIT_TABLE.c, check.row
    if not check.creating or not row["identificatie"]:
        return
    same = select(table.id).where(
        table.verantwoordelijke_organisatie == row["verantwoordelijke_organisatie"],
        table.identificatie == row["identificatie"],
    )
    if await check.call.db.row(check.call.tenant, same):
        check.errors.append(not_unique(row["identificatie"]))


async def besluittype_hoort_bij_zaaktype(check: Check) -> None:
    """brc-007: het besluittype is er een van het zaaktype van de zaak, vergeleken op catalogus en naam."""
    zaak, besluittype = check.resolved("zaak"), check.resolved("besluittype")
    if not zaak or not check.changed("zaak"):
        return
    zaaktype = await check.call.service.references.object(check.call.caller, zaak["zaaktype"])
    listed = (zaaktype or {}).get("besluittypen") or ()
    if zaaktype and check.row["besluittype"] in listed:
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


async def nummer_wordt_uitgegeven(check: Check) -> None:
    """brc-002: a besluit without identificatie gets the next number, which is never issued again."""
    if check.row["identificatie"] or not check.creating:
        return
    check.row["identificatie"] = await NUMBERS.next(check.call, check.row["datum"].year)


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
