"""Deleting a zaak: everything that belongs to it goes as well, physically (zrc-023, zaken.md §10).

When another API cannot forget the zaak, everything comes back exactly as it was.
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import and_, delete, literal, select, update
from sqlalchemy.dialects.postgresql import JSONB

from runtime.problems import OBJECT, Again, invalid, not_found
from runtime.statements import Executor, Row, among
from services.zaken.locks import lock_zaken, zaken_naming
from services.zaken.mirroring import LEADING, mirrors_of
from services.zaken.numbers import NUMBERS
from services.zaken.references import deels_onzichtbaar
from services.zaken.zaak_velden import AUDITTRAIL, ZAAK_TABLE
from zgw.check import Check
from zgw.mirroring.agreement import Agreement, Mirror
from zgw.mirroring.undoing import keep
from zgw.outbox import announce_along, catalogus_of

_c = ZAAK_TABLE.c
NODIG = (_c.uuid, _c.id, _c.zaaktype, _c.vertrouwelijkheidaanduiding, _c.identificatie, _c.bronorganisatie)


@dataclass
class Verwijdering:
    """The rows that disappear with a zaak."""

    catalogi: dict[str, dict[str, str]] = field(default_factory=dict)
    """By zaaktype of the deelzaken, the kenmerk of its catalogus."""
    spiegels: list[Mirror] = field(default_factory=list)
    """The mirrors of the zaken in other APIs."""


def zaak_and_deelzaken(zaak: Any) -> Any:
    """Return the statement that reads a zaak and all zaken below it, each with its depth."""
    top = select(*NODIG, literal(0).label("diepte")).where(_c.uuid == zaak).cte("gezin", recursive=True)
    return select(top.union_all(select(*NODIG, top.c.diepte + 1).where(_c.hoofdzaak == top.c.uuid)))


DEELZAAK_BLIJFT = "Een deelzaak van deze zaak ligt buiten uw autorisaties; u kunt haar niet mee verwijderen."


async def client_mag_elke_deelzaak_verwijderen(check: Check) -> None:
    """zrc-023, zrc-006: wat met een zaak mee verdwijnt, mag de client ook zelf verwijderen: elke deelzaak, naar haar
    eigen type en vertrouwelijkheid."""
    zaken = await check.call.db.rows(check.call.tenant, zaak_and_deelzaken(check.uuid))
    await _weiger_wat_niet_mag(check, zaken)
    typed = check.resource.typed
    assert typed is not None
    typen = {zaak["zaaktype"] for zaak in zaken if zaak["uuid"] != check.uuid}
    check.facts(Verwijdering).catalogi = {kind: await catalogus_of(check, typed, kind) for kind in typen}


async def _weiger_wat_niet_mag(check: Check, zaken: Sequence[Row]) -> None:
    """Raise 403 when the client may not remove one of these zaken."""
    rights = await check.call.rights(check.resource.scopes["remove"])
    if not all(rights.allows(zaak["zaaktype"], zaak["vertrouwelijkheidaanduiding"]) for zaak in zaken):
        raise await check.call.denied(check.resource, rights.scopes, None, DEELZAAK_BLIJFT)


async def geen_besluit_verwijst_naar_de_zaak(check: Check) -> None:
    """zrc-023: een zaak waarin besluiten zijn genomen, blijft tot die zijn verwijderd."""
    table = ZAAK_TABLE.metadata.tables["zaakbesluit"]
    zaken = [row["uuid"] for row in await check.call.db.rows(check.call.tenant, zaak_and_deelzaken(check.uuid))]
    statement = select(table.c.besluit).where(among(table.c.zaak, zaken))
    if besluiten := [row["besluit"] for row in await check.call.db.rows(check.call.tenant, statement)]:
        hidden = await deels_onzichtbaar(check, besluiten)
        told = "; er is een besluit bij dat u niet mag inzien." if hidden else "."
        check.reject(OBJECT, "related-besluiten", f"Er zijn nog besluiten die naar de zaak verwijzen{told}")


async def deelzaken_gaan_mee(db: Executor, check: Check) -> None:
    """zrc-023: what the database does not remove by itself, and what has to be known of it afterwards.

    All are locked, in the order of ``sloten``. Then they are walked through from the top down: a deelzaak that is being
    added waits for this transaction, and then finds no hoofdzaak any more.
    """
    known = [row["uuid"] for row in await db.rows(zaak_and_deelzaken(check.uuid))]
    await lock_zaken(db, known, zaken_naming(known), verwijderen=True)
    zaken: list[Any] = []
    level = [check.uuid]
    while level:
        statement = select(*NODIG).where(among(_c.uuid, level)).order_by(_c.uuid).with_for_update()
        zaken += await db.rows(statement)
        below = await db.rows(select(_c.uuid).where(among(_c.hoofdzaak, level)))
        level = [row["uuid"] for row in below]
    if not zaken:
        # Somebody else was first.
        raise not_found()
    uuids = [zaak["uuid"] for zaak in zaken]
    # Check again for deelzaken that were added, or got another type or level, since the rules ran.
    await _weiger_wat_niet_mag(check, zaken)
    if any(zaak["zaaktype"] not in check.facts(Verwijdering).catalogi for zaak in zaken[1:]):
        raise Again()
    besluit = ZAAK_TABLE.metadata.tables["zaakbesluit"]
    # Taken between the rule above and the locks.
    if await db.row(select(besluit.c.id).where(among(besluit.c.zaak, uuids)).limit(1)):
        raise invalid(OBJECT, "related-besluiten", "Er zijn nog besluiten die naar de zaak verwijzen.")
    mirrors: list[Mirror] = []
    for name in LEADING:
        table = ZAAK_TABLE.metadata.tables[name]
        rows = await db.rows(select(table).where(among(table.c.zaak, uuids)).order_by(table.c.id))
        mirrors += [mirror for row in rows for mirror in mirrors_of(name, row)]
    check.facts(Verwijdering).spiegels = mirrors
    # Only a removal that others have to hear of can be taken back.
    if mirrors:
        await keep(db, check)
    numbers = await NUMBERS.retire(db, zaken)
    await db.execute(delete(AUDITTRAIL).where(among(AUDITTRAIL.c.hoofdobject, uuids)))
    paden = {f"/zaken/api/v1/zaken/{uuid}" for uuid in uuids}
    verwijzingen = await _vergeet_verwijzingen(db, paden)
    check.undo = [
        partial(NUMBERS.revive, numbers=numbers),
        partial(_verwijs_weer, verwijzingen=verwijzingen, paden=paden),
    ]
    await announce_along(db, check, zaken[1:], check.facts(Verwijdering).catalogi, held=bool(mirrors))
    for zaak in reversed(zaken[1:]):
        await db.execute(delete(ZAAK_TABLE).where(_c.uuid == zaak["uuid"]))


async def _vergeet_verwijzingen(db: Executor, paden: Set[str]) -> list[Row]:
    """Take the zaken out of the relevanteAndereZaken of others; return those as they were."""
    found: dict[Any, Row] = {}
    for pad in sorted(paden):
        refers = and_(
            _c.relevante_andere_zaken != literal([], JSONB), _c.relevante_andere_zaken.contains([{"url": pad}])
        )
        columns = select(_c.uuid, _c.relevante_andere_zaken).where(refers).order_by(_c.uuid)
        found |= {row["uuid"]: row for row in await db.rows(columns.with_for_update())}
    for row in found.values():
        await _verwijst_naar(db, row["uuid"], _zonder(row, paden))
    return list(found.values())


async def _verwijs_weer(db: Executor, verwijzingen: Sequence[Row], paden: Set[str]) -> None:
    """Let others refer to the zaken again, beside what was changed in the meantime."""
    for row in verwijzingen:
        columns = select(_c.uuid, _c.relevante_andere_zaken).where(_c.uuid == row["uuid"])
        if now := await db.row(columns.with_for_update()):
            before, items = row["relevante_andere_zaken"], now["relevante_andere_zaken"]
            lost = [item for item in before if item["url"] in paden and item not in items]
            await _verwijst_naar(db, row["uuid"], before if items == _zonder(row, paden) else items + lost)


def _zonder(row: Row, paden: Set[str]) -> list[Any]:
    return [item for item in row["relevante_andere_zaken"] if item["url"] not in paden]


async def _verwijst_naar(db: Executor, zaak: Any, items: list[Any]) -> None:
    await db.execute(update(ZAAK_TABLE).where(_c.uuid == zaak).values(relevante_andere_zaken=items))


def anderen_laten_los(check: Check) -> Agreement | None:
    """zrc-023, zrc-005: after the commit the other APIs forget the zaak; the documents themselves stay."""
    mirrors = check.facts(Verwijdering).spiegels
    return Agreement(OBJECT, mirrors) if mirrors else None
