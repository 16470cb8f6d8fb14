"""The report of a data breach over millions of reads: python -m bench.reading_log_breach [MILLIONS]

Makes a municipality with 200,000 zaken, each with a rol, and reads of them by 20 applications and 1,000 users in the
last thirty days. Reports how long the report takes of users and
applications, and how large the log is. PostgreSQL is embedded, with the settings that it always has.
"""

import asyncio
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
from pydantic import SecretStr

from beheer import breach, postgres, tenants
from runtime.settings import Settings

ZAKEN = 200_000
FILL_ZAKEN = """
    INSERT INTO zaak_proef SELECT gen_random_uuid(), n FROM generate_series(1, $1) n"""
READS = """
    INSERT INTO reading_log
    SELECT g.n, now() - random() * interval '30 days', gen_random_uuid(), md5(g.n::text), 'applicatie-' || g.n % 20,
        'gebruiker-' || (g.n * 7919) % 1000, 'Gebruiker', CASE WHEN g.n % 10 = 0 THEN 'download' ELSE 'retrieve' END,
        NULL, NULL, '', '', ARRAY[z.uuid], '{}', '\\x11', 1
    FROM generate_series($1::bigint, $2::bigint) AS g (n) JOIN zaak_proef z ON z.n = 1 + (g.n * 48271) % $3"""


async def fill(admin: asyncpg.Connection, millions: float) -> None:
    """Make the zaken, their rollen and the reads."""
    await admin.execute('SET search_path TO "proef_zaken"; SET session_replication_role = replica')
    await admin.execute("CREATE UNLOGGED TABLE zaak_proef (uuid uuid, n bigint PRIMARY KEY)")
    await admin.execute(FILL_ZAKEN, ZAKEN)
    await admin.execute(
        """INSERT INTO rol (uuid, zaak, betrokkene, betrokkene_type, afwijkende_naam_betrokkene, roltype,
            roltoelichting, indicatie_machtiging, betrokkene_identificatie, omschrijving, omschrijving_generiek)
        SELECT gen_random_uuid(), uuid, '', 'natuurlijk_persoon', '', '/x', '', '',
            jsonb_build_object('inpBsn', lpad((n % 150000)::text, 9, '9')), 'x', 'initiator' FROM zaak_proef"""
    )
    await admin.execute("SELECT prepare_reading_log(now() - interval '30 days')")
    # Made afterwards: in a fraction of the time. The report has no use for that of the objects.
    await admin.execute("DROP INDEX reading_log_moment, reading_log_client, reading_log_user, reading_log_objects")
    total = int(millions * 1_000_000)
    for begin in range(1, total, 500_000):
        await admin.execute(READS, begin, min(begin + 499_999, total), ZAKEN)
    await admin.execute("SET maintenance_work_mem = '512MB'")
    await admin.execute("CREATE INDEX reading_log_moment ON reading_log (moment)")
    await admin.execute("CREATE INDEX reading_log_client ON reading_log (client_id, moment)")
    await admin.execute("CREATE INDEX reading_log_user ON reading_log (user_id, moment)")
    await admin.execute("ANALYZE rol; ANALYZE reading_log")


async def main(millions: float) -> None:
    """Fill, and report."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        dsn = postgres.start(home)
        admin = await asyncpg.connect(dsn, command_timeout=None)
        try:
            settings = Settings(home=home, secret_key=SecretStr("bench" * 8))
            await tenants.add_tenant(admin, settings, "proef", "Proef", "000000000")
            began = time.perf_counter()
            await fill(admin, millions)
            print(f"{millions} million reads made in {time.perf_counter() - began:.0f} s")
            size = await admin.fetch(
                "SELECT c.relname, pg_relation_size(c.oid) AS n FROM pg_class c"
                " WHERE relnamespace = to_regnamespace('proef_zaken') AND starts_with(relname, 'reading_log_2')"
                " ORDER BY 2 DESC LIMIT 8"
            )
            for row in size:
                print(f"  {row['relname']}: {row['n'] / millions / 1e6:.0f} bytes a read")
            now = datetime.now(UTC)
            for name, wanted in (
                ("one user, all days", breach.Wanted(now - timedelta(days=40), now, user="gebruiker-7")),
                ("one application, all days", breach.Wanted(now - timedelta(days=40), now, client="applicatie-3")),
                ("one application, a day", breach.Wanted(now - timedelta(days=1), now, client="applicatie-3")),
            ):
                for _ in range(2):
                    began = time.perf_counter()
                    async with admin.transaction():
                        found = await breach.report(admin, "proef", wanted)
                    seconds = time.perf_counter() - began
                counts = found.counts
                print(f"{name}: {seconds:.2f} s, {counts['reads']} reads, {counts['persons']} persons")
        finally:
            await admin.close()
            postgres.stop(home)


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1]) if len(sys.argv) > 1 else 10))
