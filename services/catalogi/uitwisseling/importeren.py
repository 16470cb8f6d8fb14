"""Importing a catalogue: every row passes the rules of the API, and then all are stored in one transaction, or none."""

import asyncio
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg
from sqlalchemy import Executable, func, select, union_all, update

from runtime.identity import Caller, system_caller
from runtime.problems import Problem
from runtime.statements import Bound, Executor, Prepared, Row, among, compile_statement
from services.catalogi.catalogus import CATALOGUS_TABLE
from services.catalogi.geldigheid import IDENTITY, METADATA
from services.catalogi.samenvatting import recount
from services.catalogi.selectielijst import Onthouden
from services.catalogi.uitwisseling.bestand import FILES, Bundel, Onleesbaar, Probleem, lees
from services.catalogi.uitwisseling.plan import Bestaand, Modus, Plan, Regel, maak_plan
from services.catalogi.uitwisseling.vorm import MAIN, RESOURCES, uuid_of
from services.catalogi.versie import lock_versions, overlapping
from services.catalogi.versies import versies_veranderd
from zgw import outbox
from zgw.check import Check
from zgw.parse import parse, row_of
from zgw.request import Call, Service
from zgw.rows import inserting_row

UNIQUE = {
    "StatusType": "volgnummer",
    "ZaakTypeInformatieObjectType": "volgnummer",
    "ResultaatType": "omschrijving",
    "RolType": "omschrijving",
    "Eigenschap": "naam",
}
"""ztc-x9: what is unique within a zaaktype."""
CHANGED = "De catalogus is tijdens de import door anderen gewijzigd."


class Werk(Call):
    """An import in the place of a request: the rules of the API need to know for whom they work."""

    def __init__(self, service: Service, caller: Caller) -> None:
        self.service = service
        self._caller = caller
        self.path: Mapping[str, Any] = {}
        self._applicatie = None
        self._db = None
        self.selectielijst: dict[str, Any] = {}


@dataclass
class Uitslag:
    """The outcome of an import; ``proef`` when it was only tried."""

    catalogus: str
    toegevoegd: dict[str, int] = field(default_factory=dict)
    overgeslagen: dict[str, int] = field(default_factory=dict)
    gepubliceerd: int = 0
    beeindigd: int = 0
    onbekend: list[str] = field(default_factory=list)
    proef: bool = False

    @property
    def brengt_iets(self) -> bool:
        """Whether the file has anything that was not there yet."""
        return bool(self.toegevoegd or self.beeindigd)

    def as_json(self) -> dict[str, Any]:
        """Return the answer over HTTP."""
        return dict(vars(self))


async def importeer(
    service: Service,
    tenant: str,
    content: bytes,
    modus: Modus = Modus.BEHOUD,
    *,
    bases: tuple[str, ...] = ("http://localhost",),
    proef: bool = False,
) -> Uitslag:
    """Import a ZIP into the catalogi of a municipality; raise :class:`Onleesbaar` with every problem when there is any.

    ``bases`` are the base URLs of the municipality; notifications of the new types carry the first one. ``proef``
    examines everything and stores nothing.
    """
    # Plan in a thread: counting and comparing must not delay the other requests of this process.
    bundel = await asyncio.to_thread(lees, content)
    werk = Werk(service, system_caller(tenant, "catalogi", bases))
    bestaand = await wat_er_is(werk, bundel)
    plan = await asyncio.to_thread(maak_plan, bundel, bestaand, modus)
    await _examine(werk, plan, bestaand)
    if plan.problemen:
        raise Onleesbaar(sorted(plan.problemen, key=lambda p: (p.bestand, p.rij)))
    catalogi = [str(r.uuid) for r in plan.of("Catalogus")] or [str(bestaand.catalogus)]
    uitslag = Uitslag(catalogi[0], overgeslagen=dict(plan.overgeslagen), onbekend=bundel.onbekend, proef=proef)
    for regel in plan.regels:
        uitslag.toegevoegd[regel.file] = uitslag.toegevoegd.get(regel.file, 0) + 1
    uitslag.gepubliceerd = sum(regel.publish for regel in plan.regels)
    uitslag.beeindigd = len(plan.eindigt)
    if not proef:
        await _store(werk, plan)
        await service.signals.barrier()
    return uitslag


async def wat_er_is(werk: Werk, bundel: Bundel) -> Bestaand:
    """Return what the municipality has; the catalogue is that with the domein and rsin in the file."""
    found = Bestaand()
    catalogi = bundel.of("Catalogus")
    if len(catalogi) > 1:
        raise Onleesbaar([Probleem("Catalogus.json", 2, "", "invalid", "Een bestand bevat hoogstens één catalogus.")])
    async with werk.db.acquire(werk.tenant) as db:
        tables = [METADATA.tables[RESOURCES[file].table.name] for file in FILES]
        for row in await db.rows(union_all(*(select(t.c.uuid) for t in tables))):
            found.uuids.add(row["uuid"])
        if catalogi:
            t = CATALOGUS_TABLE
            same = (t.c.domein == str(catalogi[0].get("domein")), t.c.rsin == str(catalogi[0].get("rsin")))
            found.catalogus = await db.value(select(t.c.uuid).where(*same))
        else:
            found.catalogus = await _catalogue_of_types(db, bundel)
        if found.catalogus is not None:
            for kind in MAIN.values():
                table = METADATA.tables[kind]
                for row in await db.rows(select(table).where(table.c.catalogus == found.catalogus)):
                    found.types[kind, row[IDENTITY[kind]]].append(row)
    return found


async def _catalogue_of_types(db: Executor, bundel: Bundel) -> uuid.UUID:
    """Return the catalogue of a file of one zaaktype, which has no Catalogus.json: that of its types, or the only
    one."""
    keys = {uuid_of(row.get("catalogus")) for file in MAIN for row in bundel.of(file)}
    rows = await db.rows(select(CATALOGUS_TABLE.c.uuid))
    known = [row["uuid"] for row in rows]
    chosen = [key for key in known if str(key) in keys] or (known if len(known) == 1 else [])
    if len(chosen) != 1:
        raise Onleesbaar([Probleem("Catalogus.json", 0, "", "required", "Het bestand zegt niet in welke catalogus.")])
    return uuid.UUID(str(chosen[0]))


async def _examine(werk: Werk, plan: Plan, bestaand: Bestaand) -> None:
    """Let every row pass the rules of the API; add what is wrong to the problems."""
    root = werk.base + "/catalogi/api/v1"
    catalogus = plan.of("Catalogus")[0].uuid if plan.of("Catalogus") else bestaand.catalogus
    taken: set[tuple[Any, ...]] = set()
    for number, regel in enumerate(plan.regels):
        if number % 20 == 0:
            # Rules seldom wait for anything, and other requests must not wait for thousands of rows.
            await asyncio.sleep(0)
        targets: dict[str, Row | None] = {}
        if regel.file in MAIN:
            regel.body["catalogus"] = f"{root}/catalogussen/{catalogus}"
        elif regel.file != "Catalogus":
            targets = _parents(plan, regel, root)
        check = Check(werk, RESOURCES[regel.file], "create", regel.body, None)
        check.uuid = regel.uuid
        check.facts(Onthouden).objecten = werk.selectielijst
        check.targets = targets
        if parse(check):
            for rule in (*check.resource.rules, *check.resource.derive):
                await rule(check)
        if not check.errors:
            check.row = row_of(check)
        if not check.errors and (member := UNIQUE.get(regel.file)):
            key = (regel.file, check.row["zaaktype"], check.row[member])
            if key in taken:
                check.reject(member, "unique")
            taken.add(key)
        plan.problemen += [regel.problem(e.name, e.code, e.reason) for e in check.errors]
        if not check.errors:
            regel.row = check.row


def _parents(plan: Plan, regel: Regel, root: str) -> dict[str, Row | None]:
    """Let a row refer to the zaaktype and statustype that will be stored; return their rows, as far as they are right
    themselves: what is wrong with them is told once."""
    regel.body.pop("catalogus", None)
    found: dict[str, Row | None] = {}
    for name, path in (("zaaktype", "zaaktypen"), ("statustype", "statustypen")):
        if not regel.body.get(name):
            continue
        other = plan.by_source.get(uuid_of(regel.body[name]))
        if other is None or RESOURCES[other.file].path != path:
            plan.problemen.append(regel.problem(name, "does_not_exist", f"Het {name} staat niet in het bestand."))
        elif other.row:
            found[f"/catalogi/api/v1/{path}/{other.uuid}"] = {**other.row, "uuid": other.uuid, "concept": True}
        # Report each error once.
        regel.body[name] = f"{root}/{path}/{other.uuid if other else uuid.uuid4()}"
    return found


async def _store(werk: Werk, plan: Plan) -> None:
    """Store everything in one transaction, with a notification for each new type."""
    try:
        async with werk.db.transaction(werk.tenant) as db:
            for kind, key, day in plan.eindigt:
                table = METADATA.tables[kind]
                await db.execute(update(table).where(table.c.uuid == key).values(einde_geldigheid=day))
            for file in FILES:
                await _insert(db, plan.of(file))
            await recount(db, [regel.uuid for regel in plan.of("ZaakType")])
            for file in MAIN:
                await _publish(db, [regel for regel in plan.of(file) if regel.publish])
            await _announce(db, werk, [regel for regel in plan.regels if regel.file in MAIN])
            await db.execute(select(func.pg_notify("samenzaak_catalogi", werk.tenant)))
            await versies_veranderd(db, werk.caller, _typen(plan))
    except (asyncpg.UniqueViolationError, asyncpg.ForeignKeyViolationError, asyncpg.DeadlockDetectedError) as e:
        raise Problem(409, "conflict", CHANGED) from e


def _typen(plan: Plan) -> set[tuple[str, str, str]]:
    """Return the types of which the catalogue gets versions: kind, uuid of the catalogue and name."""
    found = set()
    for regel in plan.regels:
        if regel.file in MAIN:
            kind = RESOURCES[regel.file].table.name
            found.add((kind, str(regel.row["catalogus"]), str(regel.row[IDENTITY[kind]])))
    return found


async def _insert(db: Executor, regels: Sequence[Regel]) -> None:
    """Insert rows of one kind; the statement is the same for all of them."""
    if not regels:
        return
    table = RESOURCES[regels[0].file].table
    rows = [{"uuid": regel.uuid, **regel.row} for regel in regels]
    if "concept" in table.c:
        rows = [{**row, "concept": not regel.publish} for row, regel in zip(rows, regels, strict=True)]
    await _many(db, [inserting_row(table, row) for row in rows])


async def _many(db: Executor, statements: Sequence[Executable | Bound]) -> None:
    """Run statements that differ in their values only, in one go."""
    compiled = [compile_statement(statement) for statement in statements]
    if compiled:
        await db.connection.executemany(compiled[0][0], [values for _, values in compiled])


async def _publish(db: Executor, regels: Sequence[Regel]) -> None:
    """ztc-016 once more, now that nobody else publishes a version of these types."""
    if not regels:
        return
    table = RESOURCES[regels[0].file].table
    new = table.alias()
    await lock_versions(db, table, regels[0].row["catalogus"])
    among_new = among(new.c.uuid, [regel.uuid for regel in regels])
    if await db.row(select(table.c.uuid).where(among_new, overlapping(table, new.c)).limit(1)):
        raise Problem(409, "conflict", CHANGED)


async def _announce(db: Executor, werk: Werk, regels: Sequence[Regel]) -> None:
    """Tell subscribers of the new types."""
    root = f"{werk.base}/catalogi/api/v1"
    adding = Prepared(outbox.adding(METADATA, wakes=False))
    statements = []
    for regel in regels:
        resource = RESOURCES[regel.file]
        url = f"{root}/{resource.path}/{regel.uuid}"
        kenmerken = {"catalogus": f"{root}/catalogussen/{regel.row['catalogus']}"}
        message = outbox.message(werk.caller, resource.kanaal, url, resource.name, url, "create", kenmerken)
        statements.append(adding(**message))
    await _many(db, statements)
    if statements:
        await outbox.wake(db)
