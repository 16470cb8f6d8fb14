"""Subtypes, which belong to one version of a zaaktype: the fields, filters and rules that the six kinds share
(catalogi.md §2, §6)."""

from collections.abc import Iterable
from typing import Annotated, Any, Protocol

from sqlalchemy import ColumnElement, FromClause, Table, select

from runtime.problems import OBJECT, invalid
from runtime.statements import Executor, Row
from services.catalogi.geldigheid import (
    CORRIGEREN,
    GEFORCEERD_SCHRIJVEN,
    GEFORCEERD_VERWIJDEREN,
    LEZEN,
    VERWIJDEREN,
    begin_object,
    einde_object,
    status_filter,
    validity_filter,
)
from services.catalogi.samenvatting import recount
from services.catalogi.velden import CATALOGUS_REF, ONBEPERKT
from services.catalogi.zaaktype import ZAAKTYPE_TABLE
from zgw.check import Check
from zgw.fields import Fields
from zgw.filters import Filter, beside_standard, equal, reference, uuid_in
from zgw.resource import Effect, Rule
from zgw.types import WRITE_ONLY, Date, Ref, Url

ZT = ZAAKTYPE_TABLE
ZAAKTYPE_REF = Ref("catalogi", "zaaktypen", table="zaaktype")

Zaaktype = Annotated[str, ZAAKTYPE_REF, ONBEPERKT]
Catalogus = Annotated[str, CATALOGUS_REF]
GegevenCatalogus = Annotated[str, Ref("catalogi", "catalogussen", table="catalogus", blank=True), WRITE_ONLY, ONBEPERKT]
"""The catalogue in a request: only compared, because a subtype is where its zaaktype is."""

SCOPES = {"list": LEZEN, "fetch": LEZEN, "create": CORRIGEREN, "update": CORRIGEREN, "remove": VERWIJDEREN}


class VanZaaktype(Protocol):
    """The facts of a subtype that rules look at."""

    @property
    def zaaktype(self) -> str:
        """Its zaaktype."""


class MetCatalogus(VanZaaktype, Protocol):
    """The same, of a subtype that may be sent with a catalogue."""

    @property
    def catalogus(self) -> str | None:
        """That catalogue."""


class MetStatustype(VanZaaktype, Protocol):
    """The same, of a subtype that may belong to a statustype."""

    @property
    def statustype(self) -> str | None:
        """That statustype."""


class SubtypeShown(Fields):
    """The fields that all but one of the subtypes take from their zaaktype."""

    url: Url
    zaaktype_identificatie: str
    catalogus: Catalogus


class DatedShown(SubtypeShown):
    """With the dates of the zaaktype, which hold for its subtypes too."""

    begin_geldigheid: Date | None
    einde_geldigheid: Date | None
    begin_object: Date | None
    einde_object: Date | None


OF_ZAAKTYPE: dict[str, ColumnElement[Any]] = {
    "zaaktype_identificatie": ZT.c.identificatie,
    "catalogus": ZT.c.catalogus,
}
DATED = {
    **OF_ZAAKTYPE,
    "begin_geldigheid": ZT.c.begin_geldigheid,
    "einde_geldigheid": ZT.c.einde_geldigheid,
    "begin_object": begin_object("zaaktype", ZT.c),
    "einde_object": einde_object("zaaktype", ZT.c),
}


def with_zaaktype(table: Table) -> FromClause:
    """Return the table joined with the zaaktype of each row."""
    return table.join(ZT, ZT.c.uuid == table.c.zaaktype)


def subtype_filters(table: Table, identificatie: bool = True, datum: bool = True, status: bool = True) -> list[Filter]:
    """Return the filters on the zaaktype of a subtype; without ``status``, the standard does not have that one."""
    found = [reference("zaaktype", table.c.zaaktype, ZAAKTYPE_REF)]
    found += [equal("zaaktypeIdentificatie", ZT.c.identificatie)] if identificatie else []
    found += [status_filter(ZT.c)] if status else beside_standard(status_filter(ZT.c))
    return found + ([validity_filter(ZT.c)] if datum else [])


async def zaaktypen_of(check: Check[VanZaaktype]) -> list[Row]:
    """Return the rows of the zaaktype that the subtype is of, and of the one that it was of before."""
    target = None if check.action == "destroy" else check.resolved(check.fields.zaaktype)
    found: list[Row] = [] if target is None else [target]
    if check.stored is not None and not any(row["uuid"] == check.stored["zaaktype"] for row in found):
        statement = select(ZT).where(ZT.c.uuid == check.stored["zaaktype"])
        row = await check.call.db.row(check.call.tenant, statement)
        found += [row] if row is not None else []
    return found


ADDED = ("eigenschap", "roltype", "zaakobjecttype", "zaaktypeinformatieobjecttype", "statustype")
"""O3: what may be added to a published zaaktype where the installation allows that (``catalogi_additive_posts``)."""


async def may_correct(check: Check[VanZaaktype]) -> bool:
    """Return whether the client may change what belongs to a published zaaktype."""
    needed = GEFORCEERD_VERWIJDEREN if check.action == "destroy" else GEFORCEERD_SCHRIJVEN
    return await check.call.holds(needed)


async def may_write(check: Check[VanZaaktype], zaaktypen: Iterable[Row]) -> bool:
    """Return whether the client may make this write: to a concept always, to a published zaaktype as a correction, or
    (O3) as an addition."""
    added = check.creating and check.resource.name in ADDED and check.call.service.settings.catalogi_additive_posts
    return added or all(row["concept"] for row in zaaktypen) or await may_correct(check)


def zaaktype_is_concept(code: str = "non-concept-zaaktype") -> "Rule[VanZaaktype]":
    """Return the rule ztc-010 with the code that this kind of subtype has for it."""

    async def rule(check: Check[VanZaaktype]) -> None:
        if not await may_write(check, await zaaktypen_of(check)):
            check.reject(OBJECT, code, "Het zaaktype is gepubliceerd; wat erbij hoort kan niet meer gewijzigd worden.")

    rule.__doc__ = (
        "ztc-010: wat bij een zaaktype hoort, verandert alleen zolang dat concept is of met de scope voor correcties."
    )
    rule.__name__ = "zaaktype_is_concept"
    return rule


def summarise(code: str = "non-concept-zaaktype") -> "Effect[VanZaaktype]":
    """Return the effect that brings the zaaktype up to date, and looks once more at its concept flag (ztc-010).

    The row of the zaaktype is locked by then, so nobody can publish it before this write is there.
    """

    async def effect(db: Executor, check: Check[VanZaaktype]) -> None:
        if not await may_write(check, await recount(db, {row["uuid"] for row in await zaaktypen_of(check)})):
            raise invalid(OBJECT, code)

    return effect


async def begin_is_dat_van_het_zaaktype(check: Check[VanZaaktype]) -> None:
    """§5: waar de installatie streng is, is een beginGeldigheid in het verzoek het begin en de versiedatum van het
    zaaktype.
    """
    zaaktype, given = check.resolved(check.fields.zaaktype), check.sent.get("beginGeldigheid")
    if zaaktype is None or given is None or not check.call.service.settings.catalogi_strict_dates:
        return
    if any(given != str(zaaktype[name]) for name in ("begin_geldigheid", "versiedatum")):
        check.reject("beginGeldigheid", "invalid", "De datum begin geldigheid is niet die van het zaaktype.")


async def catalogus_is_die_van_het_zaaktype(check: Check[MetCatalogus]) -> None:
    """ztc-x8: een catalogus in het verzoek is die van het zaaktype."""
    zaaktype, given = check.resolved(check.fields.zaaktype), check.fields.catalogus
    if zaaktype is None or not given or not check.was_sent(lambda it: it.catalogus):
        return
    if uuid_in(given, CATALOGUS_REF) != zaaktype["catalogus"]:
        check.reject(OBJECT, "relations-incorrect-catalogus", "De catalogus is niet die van het zaaktype.")


async def statustype_hoort_bij_zaaktype(check: Check[MetStatustype]) -> None:
    """ztc-x7: het statustype hoort bij hetzelfde zaaktype."""
    statustype, zaaktype = check.resolved(check.fields.statustype), check.resolved(check.fields.zaaktype)
    if statustype is not None and zaaktype is not None and statustype["zaaktype"] != zaaktype["uuid"]:
        check.reject(OBJECT, "relations-incorrect-zaaktype", "Het statustype hoort bij een ander zaaktype.")
