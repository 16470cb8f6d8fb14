"""The gerelateerde zaken of a zaak: both zaken show each other. Beside the standard.

A relation is two rows, one for each side, so that reading either is one look in an index, and removing either removes
both. A write of one zaak changes what the other shows, but is no write of that: it has no entry in its trail, no
notification, and another ``laatstGemuteerd`` neither. It has nothing to do with relevanteAndereZaken.
"""

import uuid
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    ForeignKey,
    Text,
    UniqueConstraint,
    Uuid,
    case,
    cast,
    delete,
    func,
    literal,
    literal_column,
    not_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, insert

from runtime.problems import Again, invalid
from runtime.statements import Executor, among
from services.zaken.gesloten import LEZEN, mag_inzien
from services.zaken.zaak_velden import METADATA, ZAAK_REF, ZAAK_TABLE, ZaakFields
from zgw.check import Check
from zgw.columns import make_table
from zgw.filters import uuid_in
from zgw.resource import aggregate_order

MAXIMUM = 1000
"""Gerelateerde zaken of one zaak, whoever related them."""

GERELATEERDE_ZAAK_TABLE = make_table(
    METADATA,
    "gerelateerde_zaak",
    None,
    Column("zaak", Uuid, ForeignKey("zaak.uuid", ondelete="CASCADE"), nullable=False),
    Column("andere", Uuid, ForeignKey("zaak.uuid", ondelete="CASCADE"), nullable=False, index=True),
    UniqueConstraint("zaak", "andere", name="gerelateerde_zaak_zaak_andere"),
)
_c = GERELATEERDE_ZAAK_TABLE.c


@dataclass
class Koppeling:
    """What a write changes in the gerelateerde zaken."""

    erbij: set[uuid.UUID] = field(default_factory=set)
    eraf: set[uuid.UUID] = field(default_factory=set)
    blijft: set[uuid.UUID] = field(default_factory=set)


def gerelateerde_zaken() -> ColumnElement[Any]:
    """Return the gerelateerde zaken of a zaak, oldest relation first, as JSON with stored paths."""
    other = GERELATEERDE_ZAAK_TABLE.alias()
    item = func.jsonb_build_object("url", literal(ZAAK_REF.prefix).concat(cast(other.c.andere, Text)))
    found = select(func.jsonb_agg(aggregate_order(item, other.c.id))).where(other.c.zaak == ZAAK_TABLE.c.uuid)
    none = literal_column("'[]'::jsonb", JSONB)
    return case((ZAAK_TABLE.c.gerelateerd, func.coalesce(found.scalar_subquery(), none, type_=JSONB)), else_=none)


async def gerelateerde_zaken_mogen_worden_ingezien(check: Check[ZaakFields]) -> None:
    """zrc-006: een zaak wordt alleen gekoppeld aan een andere zaak van deze API, of daarvan losgemaakt, door wie die
    ook mag inzien."""
    if not check.was_sent(lambda zaak: zaak.gerelateerde_zaken):
        return
    keys = [uuid_in(item.url, ZAAK_REF) for item in check.fields.gerelateerde_zaken]
    stored = check.stored["gerelateerde_zaken"] if check.stored is not None else ()
    before = {found for item in stored if (found := uuid_in(item["url"], ZAAK_REF))}
    now = {key for key in keys if key is not None}
    koppeling = check.facts(Koppeling)
    koppeling.erbij, koppeling.eraf, koppeling.blijft = now - before, before - now, before & now
    columns = (ZAAK_TABLE.c.uuid, ZAAK_TABLE.c.zaaktype, ZAAK_TABLE.c.vertrouwelijkheidaanduiding)
    changed = select(*columns).where(among(ZAAK_TABLE.c.uuid, list(before ^ now)))
    zaken = await check.call.db.rows(check.call.tenant, changed) if before ^ now else []
    known = {zaak["uuid"] for zaak in zaken}
    for index, (item, key) in enumerate(zip(check.fields.gerelateerde_zaken, keys, strict=True)):
        if key == check.uuid:
            reason = "Een zaak is niet aan zichzelf gerelateerd."
            check.reject(f"gerelateerdeZaken.{index}.url", "invalid", reason)
        elif key is None or key not in before | known:
            await check.reject_url(f"gerelateerdeZaken.{index}.url", item.url)
    if not all([await mag_inzien(check, zaak) for zaak in zaken]):
        detail = "Een gerelateerde zaak ligt buiten uw autorisaties."
        raise await check.call.denied(check.resource, LEZEN, None, detail)


async def leg_koppelingen_vast(db: Executor, check: Check[ZaakFields]) -> None:
    """Store the gerelateerde zaken at both sides. Belongs in ``effects``, with the zaken locked."""
    koppeling = check.facts(Koppeling)
    if not koppeling.erbij and not koppeling.eraf:
        return
    stored = await db.rows(select(_c.andere).where(_c.zaak == check.uuid))
    if {row["andere"] for row in stored} != koppeling.eraf | koppeling.blijft:
        # Somebody related this zaak, or another one to it, since the rules looked.
        raise Again()
    if koppeling.eraf:
        others = list(koppeling.eraf)
        here = (_c.zaak == check.uuid) & among(_c.andere, others)
        await db.execute(
            delete(GERELATEERDE_ZAAK_TABLE).where(here | ((_c.andere == check.uuid) & among(_c.zaak, others)))
        )
    if koppeling.erbij:
        pairs = [pair for other in sorted(koppeling.erbij) for pair in ((check.uuid, other), (other, check.uuid))]
        await db.execute(insert(GERELATEERDE_ZAAK_TABLE).values([{"zaak": one, "andere": two} for one, two in pairs]))
        first = among(ZAAK_TABLE.c.uuid, [check.uuid, *koppeling.erbij]) & not_(ZAAK_TABLE.c.gerelateerd)
        await db.execute(update(ZAAK_TABLE).values(gerelateerd=True).where(first))
        full = select(_c.zaak).where(among(_c.zaak, list(koppeling.erbij))).group_by(_c.zaak)
        if await db.row(full.having(func.count() > MAXIMUM).limit(1)) is not None:
            reason = f"Een van deze zaken heeft al {MAXIMUM} gerelateerde zaken."
            raise invalid("gerelateerdeZaken", "max_length", reason)
