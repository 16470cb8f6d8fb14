"""What the reading log costs: python -m bench.reading_log

CPU milliseconds of this process and of PostgreSQL for each read, of one zaak and of a list of a hundred: noting it on
the path of the request, and writing it beside that. With the bytes that a read takes in the table and its indexes.
"""

import asyncio
import tempfile
import time
import uuid
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import asyncpg
from pydantic import SecretStr

from beheer import postgres, tenants
from beheer.runner import own_dsn
from bench.measure import cpu_seconds, postgres_processes
from runtime.identity import Caller
from runtime.pool import Database
from runtime.settings import Settings
from zgw.reading_log import log as logs
from zgw.reading_log.hidden import Hasher
from zgw.reading_log.log import ReadingLog
from zgw.reading_log.read import Action, Sinks
from zgw.reading_log.recorder import answered, saw

BASE = "http://localhost:8000"
HEADERS = {"x-audit-toelichting": "Vraag aan de balie", "traceparent": ""}


def items(number: int) -> list[dict[str, Any]]:
    """Return zaken as they are rendered."""
    return [
        {
            "url": f"{BASE}/zaken/api/v1/zaken/{uuid.uuid4()}",
            "zaaktype": f"{BASE}/catalogi/api/v1/zaaktypen/7f6c1c53-4a58-4c0e-8f0a-0a51e1d6f0a3",
            "vertrouwelijkheidaanduiding": "openbaar",
        }
        for _ in range(number)
    ]


def call_of(sinks: Sinks, caller: Caller) -> Any:
    """Return what of a call the recorder looks at."""
    scope = {"route": SimpleNamespace(operation_id="zaak_retrieve")}
    request = SimpleNamespace(method="GET", headers=HEADERS, scope=scope)
    api = SimpleNamespace(service="zaken")
    service = SimpleNamespace(sinks=sinks, api=api)
    query = lambda: {"zaaktype": f"{BASE}/catalogi/api/v1/zaaktypen/x"}  # noqa: E731
    return SimpleNamespace(
        caller=caller,
        request=request,
        service=service,
        seen=None,
        base=BASE,
        internal=False,
        criteria=None,
        query=query,
    )


async def measure(log: ReadingLog, admin: asyncpg.Connection, home: Path, name: str, action: Action, size: int) -> None:
    """Record reads of ``size`` objects, and report what each costs."""
    count = 10_000 if size == 1 else 1_000
    caller = Caller("proef", "zaaksysteem", (BASE,), "jdv", "J. de Vries", uuid.uuid4().hex, inzage="alles")
    calls = [(call_of(Sinks(log), caller), items(size)) for _ in range(count)]
    before = await admin.fetchval("SELECT sum(pg_total_relation_size(inhrelid))::bigint FROM pg_inherits")
    began = time.process_time()
    for call, shown in calls:
        saw(call, action, shown)
        answered(call)
    noted = time.process_time()
    processes = postgres_processes(str(home))
    theirs = cpu_seconds(processes)
    await log.flush()
    written, theirs = time.process_time(), cpu_seconds(processes) - theirs
    after = await admin.fetchval("SELECT sum(pg_total_relation_size(inhrelid))::bigint FROM pg_inherits")
    on_path, beside, database = (1000 * each / count for each in (noted - began, written - noted, theirs))
    total = on_path + beside + database
    print(
        f"{name}: {total:.4f} ms CPU a read: {on_path:.4f} on the path, {beside:.4f} beside it, {database:.4f}"
        f" PostgreSQL; {(after - before) / count:.0f} bytes with indexes"
    )


async def main() -> None:
    """Measure each three times."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        dsn = postgres.start(home)
        admin = await asyncpg.connect(dsn)
        settings = Settings(home=home, secret_key=SecretStr("bench" * 8))
        await tenants.add_tenant(admin, settings, "proef", "Proef", "000000000")
        await admin.execute("SET search_path TO proef_zaken")
        database = Database(own_dsn(settings, dsn, "zaken"), "zaken")
        log = ReadingLog("zaken", database, Hasher(lambda: b"k" * 32))
        logs.FLUSH_SECONDS = 3600.0
        try:
            for _ in range(3):
                await measure(log, admin, home, "one zaak", Action.RETRIEVE, 1)
                await measure(log, admin, home, "a list of 100", Action.LIST, 100)
        finally:
            await log.stop()
            await database.stop()
            await admin.close()
            postgres.stop(home)


if __name__ == "__main__":
    asyncio.run(main())
