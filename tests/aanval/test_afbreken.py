"""Every long-lived connection, lock and cache is right after its work was cancelled, at whichever await that was."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import text

from beheer.relations import check_relations
from beheer.runner import build_registry, own_dsn
from gateway import registry as clients
from gateway.config import secret_box
from runtime.identity import Caller
from runtime.pool import Database
from runtime.signals import Signals
from runtime.statements import Executor
from services.documenten import document_velden, journal
from services.notificaties import queues
from services.notificaties.abonnement import ABONNEMENT_TABLE
from services.notificaties.bericht import publish
from services.notificaties.delivery import Queue
from services.notificaties.kanaal import OwnKanalen
from services.notificaties.matching import Bericht
from services.notificaties.worker import Worker
from services.zaken import zaak_velden
from tests.aanval.afbreken import Count, at_every_await, eventually
from tests.besluiten.wereld import DOCUMENTEN, RSIN, ZAKEN, Werk, deelbaar
from tests.documenten.maak_document import body as document_body
from tests.maak import Maak
from tests.relaties.bewerkingen import OPERATIONS, Operation
from tests.selectielijst import Selectielijst
from tests.stack import PUBLIC, Client, Stack, common_folder, running, worker
from zgw import outbox

TENANT = "deventer"
BROKEN_OFF = ("zaakinformatieobject create", "zaakinformatieobject delete", "besluit move", "zaak delete")
BACKENDS = """
    SELECT pid, state FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()"""

LOCKS = """
    SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
    WHERE l.locktype = 'advisory' AND d.datname = current_database()"""


@pytest.fixture(scope="module")
def counts() -> Iterator[dict[str, Count]]:
    """How many awaits each part has; printed at the end (``-s`` shows it)."""
    found: dict[str, Count] = {}
    yield found
    rows = [f"{part}: {count.awaits} awaits, cancelled {count.cancelled} times" for part, count in found.items()]
    total = f"all: {sum(c.awaits for c in found.values())} awaits, {sum(c.cancelled for c in found.values())} times"
    sys.stdout.write("\n".join(["", *rows, total, ""]))


@pytest.fixture(scope="module")
async def still(tmp_path_factory: pytest.TempPathFactory, lijst: Selectielijst) -> AsyncIterator[Stack]:
    """Samenzaak in this process without background work, so that every connection is known."""
    folder, own = common_folder(tmp_path_factory), dict[str, Any](selectielijst_url=lijst.root)
    async with running(folder, f"still_{worker()}", split=False, background=False, **own) as stack:
        await stack.add_tenant(TENANT)
        await stack.add_tenant("raalte", ("raalte.test",))
        yield stack


@pytest.fixture(scope="module")
async def vendor(still: Stack) -> Client:
    """A client of Deventer with all rights."""
    return await still.add_client(TENANT, "afbreker")


@pytest.fixture(scope="module")
async def werk(vendor: Client, lijst: Selectielijst) -> Werk:
    """The types that the requests work with."""
    return await deelbaar(vendor, Maak(vendor, lijst))


@pytest.fixture
async def admin(still: Stack) -> AsyncIterator[asyncpg.Connection]:
    """The owner of the database looks on."""
    async with still.admin() as connection:
        yield connection


async def backends(admin: asyncpg.Connection, *known: Any) -> None:
    """Assert that PostgreSQL serves exactly these connections, and that none of them is in a transaction."""
    pids = {connection.get_server_pid() for connection in known if connection is not None}
    assert not any(connection.is_in_transaction() for connection in known if connection is not None)

    async def right() -> bool:
        rows = await admin.fetch(BACKENDS)
        return {row["pid"] for row in rows} == pids and all(row["state"] == "idle" for row in rows)

    await eventually(right, f"other connections than {pids}")


def pooled(stack: Stack, *more: Database) -> list[asyncpg.Connection]:
    """Return the open connections of all pools, after asserting that none is in use and all places are free."""
    found: list[asyncpg.Connection] = []
    for pool in (*(service.database for service in stack.standalone.services.values()), *more):
        assert pool.usage() == {"busy": 0, "idle": len(pool._idle), "max": pool.size, "waiting": 0}
        assert pool._free._value == pool.size
        assert {share._value for share in pool._shares.values()} <= {pool.size - pool.size // 4}
        found += [connection for connection in pool._idle if not connection.is_closed()]
    return found


async def at_rest(stack: Stack, admin: asyncpg.Connection, *more: Any) -> None:
    """Assert that every pool is whole, and that nothing else is connected than what is known."""
    own = (stack.standalone.signals._connection, stack.standalone.registry._connection)
    await backends(admin, *pooled(stack), *own, *more)


# --- The registry of the gateway --------------------------------------------------------------------------------------


@pytest.mark.parametrize("begin", ["connected", "fresh"])
@pytest.mark.parametrize("what", ["missing", "current"])
async def test_the_registry_never_reads_an_old_snapshot(
    still: Stack, admin: asyncpg.Connection, counts: dict[str, Count], what: str, begin: str
) -> None:
    # Its signals do not listen, so that each use reads the database.
    reg = build_registry(still.settings, still.dsn, Signals(still.dsn))
    names: list[str] = []

    async def changes_are_seen() -> None:
        names.append(f"nieuw-{uuid4().hex}")
        await clients.add_client(admin, secret_box(still.settings), TENANT, names[-1], "x" * 40)
        assert await reg.missing() == ""
        found = {name for _, name in (await reg.current()).clients}
        assert names[-1] in found
        if len(names) > 1:
            assert names[-2] not in found
            await at_rest(still, admin, reg._connection)
        await clients.remove_client(admin, TENANT, names[-1])
        if begin == "fresh":
            await reg.stop()

    try:
        counts[f"registry.{what} {begin}"] = await at_every_await(getattr(reg, what), changes_are_seen)
    finally:
        await reg.stop()


# --- Signals ----------------------------------------------------------------------------------------------------------


async def heard_again(signals: Signals, heard: list[str], admin: asyncpg.Connection) -> None:
    """Assert that a change is heard, and that the barrier lets through only after that."""
    if not signals.connected:
        await signals._tend()
    name = uuid4().hex
    await admin.execute("SELECT pg_notify('proef', $1)", name)
    await signals.barrier(timeout=30)
    assert name in heard
    assert not signals._acks
    assert not signals._busy.locked()


@pytest.mark.parametrize("what", ["barrier", "check", "reconnect"])
async def test_changes_are_heard_after_a_cancellation(
    still: Stack, admin: asyncpg.Connection, counts: dict[str, Count], what: str
) -> None:
    heard: list[str] = []
    signals = Signals(own_dsn(still.settings, still.dsn, "zaken"))
    signals.on("proef", heard.append)
    await signals._connect()

    async def work() -> None:
        if what == "barrier":
            await signals.barrier(timeout=30)
            return
        if what == "reconnect" and signals._connection is not None:
            signals._connection.terminate()
        await signals._tend()

    async def right() -> None:
        await heard_again(signals, heard, admin)
        await at_rest(still, admin, signals._connection)

    try:
        counts[f"signals {what}"] = await at_every_await(work, right)
    finally:
        await signals.stop()


async def test_listening_that_was_cancelled_leaves_no_connection(
    still: Stack, admin: asyncpg.Connection, counts: dict[str, Count]
) -> None:
    made: list[Signals] = []

    async def work() -> None:
        made.append(Signals(own_dsn(still.settings, still.dsn, "zaken")))
        await made[-1].start()

    async def right() -> None:
        assert made[-1].connected or made[-1]._task is None
        await made[-1].stop()
        await at_rest(still, admin)

    counts["signals.start and stop"] = await at_every_await(work, right)


# --- The pool ---------------------------------------------------------------------------------------------------------


async def insert(db: Executor) -> None:
    await db.connection.execute("INSERT INTO numbers VALUES (gen_random_uuid()::text, 1)")


async def by_acquire(pool: Database) -> None:
    async with pool.acquire(TENANT) as db:
        await insert(db)


async def by_transaction(pool: Database) -> None:
    async with pool.transaction(TENANT) as db:
        await insert(db)
        await db.value(text("SELECT pg_advisory_xact_lock(77)"))


async def by_rolled_back(pool: Database) -> None:
    with suppress(LookupError):
        async with pool.transaction(TENANT) as db:
            await insert(db)
            raise LookupError


async def by_settings(pool: Database) -> None:
    async with pool.acquire(TENANT) as db:
        await db.connection.execute("SET search_path TO public")
        await db.connection.execute("SELECT pg_advisory_lock(78)")
        await db.connection.execute("SELECT pg_advisory_unlock(78)")
        await db.connection.execute("RESET search_path")
        await db.connection.execute(f'SET search_path TO "{TENANT}_zaken", pg_temp')


async def by_tenants(pool: Database) -> None:
    assert TENANT in await pool.tenants()


async def by_missing(pool: Database) -> None:
    assert await pool.missing() == ""


USES: list[Callable[[Database], Awaitable[None]]] = [
    by_acquire, by_transaction, by_rolled_back, by_settings, by_tenants, by_missing,
]  # fmt: skip


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("begin", ["fresh", "switch", "same"])
async def test_a_pool_gives_the_right_role_without_a_transaction(
    still: Stack,
    admin: asyncpg.Connection,
    counts: dict[str, Count],
    use: Callable[[Database], Awaitable[None]],
    begin: str,
) -> None:
    known = still.standalone.services["zaken"].database.known
    pool = Database(own_dsn(still.settings, still.dsn, "zaken"), "zaken", 1, known=known)

    async def role(tenant: str) -> None:
        async with pool.acquire(tenant) as db:
            row = await db.connection.fetchrow("SELECT current_user, current_schema")
            assert not db.connection.is_in_transaction()
        assert row is not None
        assert tuple(row) == (f"{tenant}_zaken", f"{tenant}_zaken")

    async def prepare() -> None:
        if begin == "fresh":
            await pool.stop()
            pool._stopped = False
        for tenant in {"fresh": (), "switch": ("raalte", "raalte"), "same": (TENANT,)}[begin]:
            await role(tenant)

    async def right() -> None:
        await backends(admin, *pooled(still, pool), still.standalone.signals._connection, *_registry(still))
        for tenant in ("raalte", TENANT, "raalte"):
            await role(tenant)
        assert await admin.fetchval(LOCKS) == 0
        await prepare()

    await prepare()

    async def work() -> None:
        await use(pool)

    counts[f"pool {use.__name__} {begin}"] = await at_every_await(work, right)
    await pool.stop()
    await at_rest(still, admin)


def _registry(stack: Stack) -> list[Any]:
    found = stack.standalone.registry._connection
    return [found] if found is not None else []


async def test_who_waits_for_a_connection_loses_no_place(
    still: Stack, admin: asyncpg.Connection, counts: dict[str, Count]
) -> None:
    pool = Database(own_dsn(still.settings, still.dsn, "zaken"), "zaken", 1)
    holders: list[asyncio.Task[None]] = []

    async def hold(inside: asyncio.Event) -> None:
        async with pool.acquire(TENANT) as db:
            inside.set()
            await db.connection.fetchval("SELECT 1")

    async def work() -> None:
        inside = asyncio.Event()
        holders[:] = [asyncio.create_task(hold(inside))]
        await inside.wait()
        # Another that waits behind this one must be woken when this one does not take its turn.
        behind = asyncio.create_task(pool.rows(TENANT, text("SELECT 1")))
        holders.append(behind)  # type: ignore[arg-type]
        async with pool.acquire(TENANT) as db:
            await db.connection.fetchval("SELECT 1")

    async def right() -> None:
        async with asyncio.timeout(60):
            await asyncio.gather(*holders)
            await pool.rows(TENANT, text("SELECT 1"))
        await backends(admin, *pooled(still, pool), still.standalone.signals._connection, *_registry(still))

    counts["pool, waiting"] = await at_every_await(work, right)
    await pool.stop()


async def test_stopping_a_pool_leaves_no_connection(
    still: Stack, admin: asyncpg.Connection, counts: dict[str, Count]
) -> None:
    pools: list[Database] = []

    async def prepare() -> None:
        pools.append(Database(own_dsn(still.settings, still.dsn, "zaken"), "zaken", 4))
        await asyncio.gather(*(pools[-1].rows(tenant, text("SELECT 1")) for tenant in (TENANT, "raalte")))

    async def work() -> None:
        await pools[-1].stop()

    async def right() -> None:
        await pools[-1].stop()
        await at_rest(still, admin)
        await prepare()

    await prepare()
    counts["pool.stop"] = await at_every_await(work, right)
    await pools[-1].stop()


# --- The outbox and the deliveries ------------------------------------------------------------------------------------


def bericht() -> dict[str, Any]:
    """Return a message of the kanaal zaken with a name of its own."""
    url = f"{PUBLIC}/zaken/api/v1/zaken/{uuid4()}"
    return {
        "kanaal": "zaken", "hoofdObject": url, "resource": "zaak", "resourceUrl": url, "actie": "create",
        "aanmaakdatum": "2026-11-01T12:00:00Z", "kenmerken": {},
    }  # fmt: skip


async def test_the_relay_brings_what_it_was_kept_from(
    still: Stack, admin: asyncpg.Connection, counts: dict[str, Count], gemeld: list[dict[str, Any]]
) -> None:
    service = still.standalone.services["zaken"]
    table = service.api.metadata.tables["outbox"]
    waiting: list[str] = []

    async def prepare() -> None:
        message = bericht()
        waiting[:] = [message["resourceUrl"]]
        async with service.database.acquire(TENANT) as db:
            await db.execute(table.insert().values(bases=[PUBLIC], message=message))

    async def right() -> None:
        assert await outbox._relay_batch(service, TENANT) in (0, 1)
        assert waiting[0] in {message["resourceUrl"] for message in gemeld}
        assert await admin.fetchval(f"SELECT count(*) FROM {TENANT}_zaken.outbox") == 0
        await at_rest(still, admin)
        await prepare()

    await prepare()
    counts["relay"] = await at_every_await(lambda: outbox._relay_batch(service, TENANT), right)
    await right()
    await admin.execute(f"DELETE FROM {TENANT}_zaken.outbox")


class Deliveries:
    """The queue of one subscriber, whose webhook takes everything."""

    def __init__(self, stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
        self.service = stack.standalone.services["notificaties"]
        self.abonnement = uuid4()
        self.sent: list[str] = []
        self.expected: list[str] = []
        self.workers: list[Worker] = []
        # What another worker may take at once, so that nobody waits for a lease to run out.
        monkeypatch.setattr("services.notificaties.worker.LEASE", 0.0)
        monkeypatch.setattr("services.notificaties.delivery.LINGER", 0.001)

    def worker(self) -> Worker:
        """Return a worker of a new process, that only takes queues."""
        found = Worker(self.service)
        found.webhooks.post = self.post  # type: ignore[method-assign]
        self.workers.append(found)
        return found

    async def post(self, url: str, auth: str | None, body: bytes) -> tuple[int, str]:
        """Be the webhook."""
        await asyncio.sleep(0)
        self.sent.append(body.decode())
        return 204, ""

    async def subscribe(self) -> None:
        """Make the abonnement."""
        values = {
            "uuid": self.abonnement,
            "callback_url": "https://webhook.test",
            "kanalen": [{"naam": "zaken", "filters": {}}],
            "auth": self.worker()._box.encrypt(b"x").decode(),
            "client_id": "afbreker",
        }
        async with self.service.database.transaction(TENANT) as db:
            await db.execute(ABONNEMENT_TABLE.insert().values(**values))
            await db.execute(queues.QUEUE.insert().values(abonnement=self.abonnement))

    async def add(self) -> None:
        """Publish two messages about one object."""
        message = bericht()
        for number in ("1", "2"):
            sent = {**message, "actie": number}
            await publish(self.service, TENANT, [Bericht(sent, (PUBLIC,))])
            self.expected.append(message["resourceUrl"] + number)

    async def finish(self) -> None:
        """Let a worker of a new process deliver what is left, as :meth:`Worker.run` does."""
        found = self.worker()
        for _ in range(200):
            await found._claim(TENANT)
            while found._holding:
                await asyncio.gather(*found._holding.values())
            if await self.left() == 0:
                return
        raise AssertionError("deliveries are left")

    async def left(self) -> int:
        """Return how many deliveries are to be made."""
        async with self.service.database.acquire(TENANT) as db:
            return int(await db.connection.fetchval("SELECT count(*) FROM delivery"))

    def check(self) -> None:
        """Assert that all messages were delivered, each object's in order (some twice)."""
        order = [key for key in dict.fromkeys(self.keys()) if key in set(self.expected)]
        assert order == self.expected
        self.sent.clear()
        self.expected.clear()

    def keys(self) -> list[str]:
        """Return what was sent."""
        import orjson

        return [m["resourceUrl"] + m["actie"] for m in map(orjson.loads, self.sent)]


@pytest.fixture
async def deliveries(still: Stack, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Deliveries]:
    """A subscriber of the kanaal zaken."""
    found = Deliveries(still, monkeypatch)
    await found.subscribe()
    yield found
    async with found.service.database.acquire(TENANT) as db:
        await db.execute(ABONNEMENT_TABLE.delete())
    for one in found.workers:
        await one.webhooks.stop()


@pytest.mark.parametrize("what", ["claim", "renew", "queue", "flush", "let go", "wind down"])
async def test_deliveries_are_made_after_a_cancellation(
    still: Stack, admin: asyncpg.Connection, counts: dict[str, Count], deliveries: Deliveries, what: str
) -> None:
    used: list[Worker] = []
    queues: list[Queue] = []

    async def claimed() -> Queue:
        """Take the queue without running it."""
        taker = deliveries.worker()
        taker._hold = queues.append  # type: ignore[method-assign,assignment]
        await taker._claim(TENANT)
        return queues[-1]

    async def prepare() -> None:
        await deliveries.add()
        if what != "claim":
            queue = await claimed()
            if what == "renew":
                used.append(deliveries.worker())
                used[-1].queues[TENANT, queue.abonnement] = queue
            elif what in ("flush", "let go", "wind down"):
                await queue._read()
                queue._send(queue.ready.popleft())
                with pytest.MonkeyPatch.context() as patch:
                    # What was delivered is not written down yet.
                    patch.setattr(queue, "_flush_soon", lambda: None)
                    await asyncio.gather(*queue._sending)

    async def work() -> Any:
        if what == "claim":
            used.append(deliveries.worker())
            await used[-1]._claim(TENANT)
        elif what == "renew":
            await used[-1]._renew_tenant(TENANT)
        elif what == "queue":
            await queues[-1].run()
        elif what == "flush":
            await queues[-1]._flush()
        elif what == "let go":
            await queues[-1]._let_go()
        else:
            await queues[-1].wind_down()

    async def right() -> None:
        for queue in (*queues[-1:], *(queue for one in used[-1:] for queue in one.queues.values())):
            queue.abandon()
        tasks = [task for one in used[-1:] for task in one._holding.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await deliveries.finish()
        deliveries.check()
        await at_rest(still, admin)
        await prepare()

    await prepare()
    counts[f"deliveries, {what}"] = await at_every_await(work, right)


# --- Documents, counts and caches -------------------------------------------------------------------------------------


async def test_the_journal_of_documents_forgets_nothing(
    still: Stack, admin: asyncpg.Connection, counts: dict[str, Count]
) -> None:
    service = still.standalone.services["documenten"]
    schema = f"{TENANT}_documenten"

    async def key() -> None:
        journal.stock_of(service, TENANT).clear()
        await journal.new_key(service, TENANT)

    async def keys_are_known() -> None:
        known = {row[0] for row in await admin.fetch(f"SELECT sleutel FROM {schema}.opslaglogboek")}
        assert {one.name for one in journal.stock_of(service, TENANT)} <= known
        await at_rest(still, admin)

    counts["journal, new key"] = await at_every_await(key, keys_are_known)

    async def due() -> None:
        await admin.execute(f"INSERT INTO {schema}.opslaglogboek VALUES ($1, now() - interval '1 hour')", uuid4().hex)

    async def swept() -> None:
        await journal.sweep_tenant(service, TENANT)
        assert await admin.fetchval(f"SELECT count(*) FROM {schema}.opslaglogboek WHERE vanaf < now()") == 0
        await at_rest(still, admin)
        await due()

    await due()
    counts["journal, sweep"] = await at_every_await(lambda: journal.sweep_tenant(service, TENANT), swept)


async def test_counts_are_folded_by_the_next(still: Stack, admin: asyncpg.Connection, counts: dict[str, Count]) -> None:
    for name, kept in (
        ("zaken", zaak_velden.COUNTS),
        ("documenten", document_velden.COUNTS),
    ):
        service = still.standalone.services[name]

        async def right(
            service: Any = service, fold: Any = kept.fold, where: str = f"{TENANT}_{name}.counts_delta"
        ) -> None:
            await fold(service, TENANT)
            assert await admin.fetchval(f"SELECT count(*) FROM {where}") == 0
            await at_rest(still, admin)

        counts[f"counts of {name}"] = await at_every_await(lambda fold=kept.fold, s=service: fold(s, TENANT), right)  # type: ignore[misc]


async def test_what_is_remembered_of_others_is_asked_again(
    still: Stack, vendor: Client, admin: asyncpg.Connection, counts: dict[str, Count]
) -> None:
    service = still.standalone.services["zaken"]
    caller = Caller(TENANT, vendor.client_id, (PUBLIC,), "", "", "")

    async def applicatie() -> None:
        service.clients._applicaties.drop(TENANT)
        await service.clients.applicatie(caller)

    async def changed() -> None:
        found = await service.clients.applicatie(caller)
        assert found is not None
        assert found.rights("zrc", frozenset({"zaken.lezen"})) is not None
        await at_rest(still, admin)

    counts["remembered rights"] = await at_every_await(applicatie, changed)

    async def configured() -> None:
        service.externals.forget(TENANT)
        await service.externals.configured(caller)

    async def none() -> None:
        assert await service.externals.configured(caller) == []
        await at_rest(still, admin)

    counts["remembered APIs elsewhere"] = await at_every_await(configured, none)
    made: list[OwnKanalen] = []

    async def kanalen() -> None:
        made.append(OwnKanalen(still.standalone.services["notificaties"]))
        await made[-1].ensure(caller)

    async def known() -> None:
        await made[-1].ensure(caller)
        assert len(made[-1]._known) == 6
        assert {tenant for tenant, _ in made[-1]._present} == {TENANT}
        await at_rest(still, admin)

    counts["own kanalen"] = await at_every_await(kanalen, known)


# --- Whole requests ---------------------------------------------------------------------------------------------------

RECORDED = """
    SELECT (SELECT count(*) FROM {schema}.{table}) - (SELECT count(DISTINCT hoofdobject) FROM {schema}.audittrail),
        (SELECT count(*) FROM {schema}.{table}) - (SELECT count(*) FROM {schema}.outbox
        WHERE message ->> 'resource' = '{resource}' AND message ->> 'actie' = 'create')"""


async def test_a_write_is_whole_or_not_there(
    still: Stack, werk: Werk, admin: asyncpg.Connection, counts: dict[str, Count]
) -> None:
    api = werk.api
    zaak = {
        "bronorganisatie": RSIN,
        "verantwoordelijkeOrganisatie": RSIN,
        "zaaktype": werk.types.url,
        "startdatum": "2024-01-01",
    }
    document = document_body(werk.types.informatieobjecttype)
    for name, url, body, table, schema in (
        ("zaak", ZAKEN, zaak, "zaak", f"{TENANT}_zaken"),
        ("enkelvoudiginformatieobject", DOCUMENTEN, document, "document", f"{TENANT}_documenten"),
    ):
        query = RECORDED.format(schema=schema, table=table, resource=name)

        async def whole(query: str = query, url: str = url, body: Any = body) -> None:
            await at_rest(still, admin)
            row = await admin.fetchrow(query)
            assert row is not None
            assert tuple(row) == (0, 0)
            await api.created(url, body)
            await at_rest(still, admin)

        def made(answer: Any) -> None:
            assert answer.status_code == 201

        counts[f"POST {name}"] = await at_every_await(lambda u=url, b=body: api.post(u, b), whole, made)  # type: ignore[misc]


async def test_the_next_request_is_right(
    still: Stack, werk: Werk, admin: asyncpg.Connection, counts: dict[str, Count]
) -> None:
    api, url = werk.api, await werk.zaak()
    document = await werk.document()
    number = iter(range(100_000))

    async def patched() -> Any:
        return await api.patch(url, {"omschrijving": f"nummer {next(number)}"})

    async def locked() -> Any:
        answer = await api.post(f"{document}/lock")
        return await api.post(f"{document}/unlock", {"lock": answer.json().get("lock", "")})

    async def right() -> None:
        text = f"nummer {next(number)}"
        assert (await api.patch(url, {"omschrijving": text})).json()["omschrijving"] == text
        assert (await api.get(url)).json()["omschrijving"] == text
        assert (await api.post(f"{document}/unlock")).status_code in (204, 400)
        await at_rest(still, admin)

    for name, work in (
        ("GET zaak", lambda: api.get(url)),
        ("GET zaken with expand", lambda: api.get(ZAKEN, params={"expand": "zaaktype,status", "pageSize": "5"})),
        ("PATCH zaak", patched),
        ("lock and unlock a document", locked),
        ("reserve a number", lambda: api.post("/zaken/api/v1/zaaknummer_reserveren", {"bronorganisatie": RSIN})),
    ):
        counts[name] = await at_every_await(work, right)


@pytest.mark.parametrize("operation", [one for one in OPERATIONS if one.name in BROKEN_OFF], ids=lambda one: one.name)
async def test_a_write_with_a_mirror_is_completed_or_not_there(
    still: Stack, werk: Werk, admin: asyncpg.Connection, counts: dict[str, Count], operation: Operation
) -> None:
    requests: list[tuple[str, str, Any]] = []
    services = [still.standalone.services[name] for name in ("zaken", "besluiten")]

    async def prepare() -> None:
        requests[:] = [operation.request(await operation.prepare(werk))]
        for service in services:
            await admin.execute(f"DELETE FROM {TENANT}_{service.api.service}.outbox")

    async def work() -> Any:
        method, url, body = requests[0]
        return await werk.api.request(method, url, json=body)

    async def right() -> None:
        # What was sent to PostgreSQL before the cancellation may be carried out until its process is gone.
        await at_rest(still, admin)
        for service in services:
            table = f"{TENANT}_{service.api.service}.outbox"
            await admin.execute(f"UPDATE {table} SET held_until = now() - interval '1 second' WHERE held_until > now()")
            for _ in range(3):
                await outbox._relay_batch(service, TENANT)
            assert await admin.fetch(f"SELECT * FROM {table}") == []
        assert await check_relations(admin, TENANT) == []
        await at_rest(still, admin)
        await prepare()

    await prepare()
    counts[operation.name] = await at_every_await(work, right)
