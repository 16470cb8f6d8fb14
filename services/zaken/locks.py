"""Locks on several zaken at once, always in the order of their uuid, so that nobody waits in a circle.

A write below one zaak locks that zaak only (``zgw.rows``). What closes, reopens, moves or deletes a zaak, or derives
its archiving from other zaken, begins with a function of this module.
"""

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ARRAY, Select, Text, Uuid, bindparam, func, literal, select, union
from sqlalchemy.dialects.postgresql import JSONB

from runtime.problems import Again
from runtime.statements import Executor, Row
from services.zaken.afleiding import vergrendeld
from services.zaken.dossier import ZAAK
from services.zaken.gerelateerd import Koppeling
from services.zaken.gesloten import zaak_van
from services.zaken.zaak_velden import ZAAK_REF, ZAAK_TABLE, ZaakFields
from zgw.check import Check
from zgw.filters import uuid_in

_c = ZAAK_TABLE.c


@dataclass
class Sluiting:
    """The effect of a new status on its zaak."""

    eindstatus: bool = False
    """Whether it closes the zaak."""
    gerelateerd: bool = False
    """Whether its archiving then depends on its relevanteAndereZaken."""
    eerste: bool = False
    """Whether the client may only add a first status."""
    vergrendeld: dict[uuid.UUID, Row] = field(default_factory=dict)
    """The zaken that are locked, as they are now: when the zaak itself is one, it is closed or reopened."""


def related_zaken_of(zaak: Any) -> set[uuid.UUID]:
    """Return the own zaken that are relevanteAndereZaken of a row."""
    found = (uuid_in(item["url"], ZAAK_REF) for item in zaak["relevante_andere_zaken"])
    return {key for key in found if key is not None}


def zaken_naming(zaken: Collection[uuid.UUID]) -> Select[Any]:
    """Return the statement that reads which zaken name one of these as relevanteAndereZaak."""
    paden = bindparam(None, [f"{ZAAK_REF.prefix}{zaak}" for zaak in zaken], type_=ARRAY(Text))
    pad = func.unnest(paden).table_valued("pad", name="paden").render_derived()
    names_it = _c.relevante_andere_zaken.contains(func.jsonb_build_array(func.jsonb_build_object("url", pad.c.pad)))
    # The second condition is that of the index.
    return select(_c.uuid).join_from(pad, ZAAK_TABLE, names_it).where(_c.relevante_andere_zaken != literal([], JSONB))


async def lock_zaken(
    db: Executor, zaken: Iterable[uuid.UUID], *also: Select[Any], verwijderen: bool = False
) -> dict[uuid.UUID, Row]:
    """Lock these zaken and those of other statements; return the rows by uuid, as they are now."""
    given = select(func.unnest(bindparam(None, list(zaken), type_=ARRAY(Uuid))))
    of_these = ZAAK.where(_c.uuid.in_(union(given, *also) if also else given)).order_by(_c.uuid)
    rows = await db.rows(of_these.with_for_update(key_share=not verwijderen))
    return {row["uuid"]: row for row in rows}


async def lock_for_closing(db: Executor, check: Check) -> None:
    """zrc-007, zrc-008: closing or reopening a zaak locks its deelzaken, and the zaken that its archiving depends on
    or whose archiving depends on it; reopening locks its hoofdzaak, which must be open. Belongs in ``locks`` of a
    status.

    The few deelzaken of the latter are locked when they turn out to follow; who then waits in a circle starts again.
    """
    zaak = zaak_van(check)
    sluiting = check.facts(Sluiting)
    if not sluiting.eindstatus and zaak["einddatum"] is None:
        return
    wanted = {zaak["uuid"], *(related_zaken_of(zaak) if sluiting.gerelateerd else ())}
    if not sluiting.eindstatus and zaak["hoofdzaak"] is not None:
        wanted.add(zaak["hoofdzaak"])
    deelzaken = select(_c.uuid).where(_c.hoofdzaak == zaak["uuid"])
    sluiting.vergrendeld = await lock_zaken(db, wanted, deelzaken, zaken_naming([zaak["uuid"]]))


async def lock_deelzaken(db: Executor, check: Check) -> None:
    """zrc-021: what is written below a closed zaak can change when it is due, and its deelzaken then follow. Belongs in
    ``locks`` of what its archiving is derived from."""
    zaak = zaak_van(check)
    if zaak["einddatum"] is not None and zaak["deelzaken"]:
        await vergrendeld(db, zaak["uuid"])


async def lock_for_moving(db: Executor, check: Check[ZaakFields]) -> None:
    """zrc-013, zrc-021: giving a zaak another hoofdzaak or other gerelateerde zaken, or a closed one other
    relevanteAndereZaken, locks those; a change of a closed zaak locks its deelzaken, which may be due at another time
    by it. Belongs in ``locks`` of the zaak."""
    stored = check.stored
    if check.action == "destroy":
        return
    wanted = _newly_related(check)
    if stored is None:
        # Nobody sees the zaak itself yet; with a hoofdzaak alone there is nothing to lock at once.
        if check.facts(Koppeling).erbij:
            _still_there(check, await lock_zaken(db, wanted))
        return
    if stored["einddatum"] is not None and check.changed(lambda zaak: zaak.relevante_andere_zaken):
        wanted |= related_zaken_of(check.row)
    below = stored["einddatum"] is not None and stored["deelzaken"]
    if wanted or below:
        below_it = select(_c.uuid).where(_c.hoofdzaak == check.uuid)
        _still_there(check, await lock_zaken(db, [check.uuid, *wanted], below_it))


async def lock_for_bewerking(db: Executor, check: Check[ZaakFields], sluit: bool, gerelateerd: bool) -> None:
    """Lock at once what a change of a zaak and a new status of it lock one after the other, which would be in another
    order. ``sluit``: the status is the eindstatus, and with ``gerelateerd`` the archiving depends on other zaken."""
    stored = check.stored
    assert stored is not None
    deelzaken = select(_c.uuid).where(_c.hoofdzaak == check.uuid)
    wanted = {check.uuid, *_newly_related(check)}
    if not sluit and stored["einddatum"] is None:
        # As for any change; nobody closes it as long as this lasts.
        _still_there(check, await lock_zaken(db, wanted, *([deelzaken] if len(wanted) > 1 else [])))
        return
    if stored["hoofdzaak"] is not None and not sluit:
        wanted.add(stored["hoofdzaak"])
    if gerelateerd or stored["einddatum"] is not None:
        wanted |= related_zaken_of(stored) | related_zaken_of(check.row or stored)
    _still_there(check, await lock_zaken(db, wanted, deelzaken, zaken_naming([check.uuid])))


def _newly_related(check: Check[ZaakFields]) -> set[uuid.UUID]:
    """Return the zaken whose relation to this one changes: a new hoofdzaak, and gerelateerde zaken."""
    hoofdzaak, koppeling = check.resolved(check.fields.hoofdzaak), check.facts(Koppeling)
    new = {hoofdzaak["uuid"]} if hoofdzaak and check.changed(lambda zaak: zaak.hoofdzaak) else set()
    return new | koppeling.erbij | koppeling.eraf


def _still_there(check: Check[ZaakFields], locked: Collection[uuid.UUID]) -> None:
    """Raise Again when a new gerelateerde zaak was removed since the rules looked."""
    if not check.facts(Koppeling).erbij <= set(locked):
        raise Again()


async def check_unchanged(db: Executor, check: Check, name: str, column: str, known: Collection[Any]) -> None:
    """Raise Again when by now rows of a table below the zaak say something in this column that ``known`` has not: a
    rule looked at these before the zaak was locked."""
    table = ZAAK_TABLE.metadata.tables[name]
    zaak = check.main["uuid"] if check.resource.main and check.main else check.uuid
    rows = await db.rows(select(table.c[column]).where(table.c.zaak == zaak))
    if not {row[column] for row in rows} <= set(known):
        raise Again()
