"""The report of a data breach: what an application or a user saw in a period, and of whom.

Everything is worked out by PostgreSQL: of each log the objects with how often they were seen, and from these the
persons that are behind them now.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from runtime.identity import system_caller
from runtime.tenancy import schema_of
from zgw.reading_log.read import NAMES, PATHS, Kind

LOGS = ("zaken", "documenten", "besluiten")
NUMBERS = ("inpBsn", "anpIdentificatie", "innNnpId", "kvkNummer")
"""The members of betrokkeneIdentificatie that a person or company is known by."""

SEEN = "pg_temp.breach_seen"
PERSONS = "pg_temp.breach_person"

_OF_ONE_LOG = """
    SELECT u.object,
        max(get_byte(r.kinds, CASE WHEN octet_length(r.kinds) > 1 THEN u.place::int - 1 ELSE 0 END)) AS code,
        count(*) AS times, count(*) FILTER (WHERE r.action = 'download') AS downloads,
        min(r.moment) AS first, max(r.moment) AS last
    FROM "{schema}".reading_log r, unnest(r.objects) WITH ORDINALITY AS u (object, place)
    WHERE {where} GROUP BY u.object"""
_WHERE = """r.moment >= $1 AND r.moment < $2 AND ($3::text IS NULL OR r.client_id = $3)
    AND ($4::text IS NULL OR r.user_id = $4)"""


@dataclass(frozen=True)
class Wanted:
    """Of whom and when: ``client`` or ``user``, or both; from ``since`` to before ``until``."""

    since: datetime
    until: datetime
    client: str | None = None
    user: str | None = None

    def values(self) -> tuple[Any, ...]:
        """Return them as the parameters of the statements."""
        return self.since, self.until, self.client, self.user


@dataclass(frozen=True)
class Report:
    """What was seen: ``counts`` first, then the persons and the objects, those that were seen most first."""

    counts: Mapping[str, Any]
    persons: Sequence[Mapping[str, Any]]
    objects: Sequence[Mapping[str, Any]]


async def report(admin: asyncpg.Connection, tenant: str, wanted: Wanted, most: int = 1_000) -> Report:
    """Return the report, with at most so many persons and objects; the counts are of all.

    Raises ValueError without a client and a user. Run it in a transaction: it makes tables that end with it.
    """
    if wanted.client is None and wanted.user is None:
        raise ValueError("say of which client or of which user")
    schemas = {service: schema_of(tenant, service) for service in LOGS}
    each = " UNION ALL ".join(
        f'SELECT action, moment FROM "{schema}".reading_log r WHERE {_WHERE}'  # noqa: S608
        for schema in schemas.values()
    )
    [reads] = await admin.fetch(
        "SELECT count(*) AS reads, count(*) FILTER (WHERE action = 'download') AS downloads,"  # noqa: S608
        f" min(moment) AS first, max(moment) AS last FROM ({each}) r",
        *wanted.values(),
    )
    await _gather(admin, schemas, wanted)
    await _persons(admin, schemas)
    counted = await admin.fetch(f"SELECT code / 16 AS kind, count(*) AS n FROM {SEEN} GROUP BY 1")  # noqa: S608
    persons = await admin.fetch(
        f"""SELECT kind, number, count(DISTINCT object) AS objects, sum(times)::bigint AS times, min(first) AS first,
            max(last) AS last FROM {PERSONS} GROUP BY 1, 2 ORDER BY times DESC, objects DESC, number LIMIT $1""",  # noqa: S608
        most,
    )
    objects = await admin.fetch(f"SELECT * FROM {SEEN} ORDER BY times DESC, object LIMIT $1", most)  # noqa: S608
    counts = {
        **reads,
        "persons": await admin.fetchval(f"SELECT count(*) FROM (SELECT DISTINCT kind, number FROM {PERSONS}) p"),  # noqa: S608
        "objects": {NAMES[Kind(row["kind"])]: row["n"] for row in sorted(counted, key=lambda row: row["kind"])},
        "lost": await _lost(admin, tenant, schemas, wanted),
    }
    shown = [
        {
            "soort": NAMES[Kind(row["code"] // 16)],
            "path": f"{PATHS[Kind(row['code'] // 16)]}{row['object']}",
            **{name: row[name] for name in ("times", "downloads", "first", "last")},
        }
        for row in objects
    ]
    return Report(counts, [dict(row) for row in persons], shown)


async def _gather(admin: asyncpg.Connection, schemas: Mapping[str, str], wanted: Wanted) -> None:
    """Put what was seen in a table: each object once, with how often."""
    each = " UNION ALL ".join(_OF_ONE_LOG.format(schema=schema, where=_WHERE) for schema in schemas.values())
    # Enough memory for the objects of millions of reads; only this transaction has it.
    await admin.execute("SET LOCAL work_mem = '256MB'; SET LOCAL jit = off")
    await admin.execute(
        """CREATE TEMPORARY TABLE breach_seen (object uuid, code integer, times bigint, downloads bigint,
            first timestamptz, last timestamptz) ON COMMIT DROP;
        CREATE TEMPORARY TABLE breach_person (kind text, number text, object uuid, times bigint, first timestamptz,
            last timestamptz) ON COMMIT DROP"""
    )
    await admin.execute(
        f"""INSERT INTO {SEEN} SELECT object, max(code), sum(times), sum(downloads), min(first), max(last)
            FROM ({each}) seen GROUP BY object""",  # noqa: S608
        *wanted.values(),
    )
    await admin.execute("ANALYZE pg_temp.breach_seen")


async def _persons(admin: asyncpg.Connection, schemas: Mapping[str, str]) -> None:
    """Put in a table who is behind each object: by the rollen of its zaken, and of a document by its verzendingen."""
    zaken = f'"{schemas["zaken"]}"'
    numbers = ", ".join(f"('{key}', r.betrokkene_identificatie ->> '{key}')" for key in NUMBERS)
    zaak, rol, document, besluit = (int(kind) for kind in (Kind.ZAAK, Kind.ROL, Kind.DOCUMENT, Kind.BESLUIT))
    await admin.execute(
        f"""WITH of_zaak AS (
            SELECT s.object AS zaak, s.* FROM {SEEN} s WHERE s.code / 16 = {zaak}
            UNION ALL SELECT o.zaak, s.* FROM {SEEN} s JOIN {zaken}.zaakinformatieobject o
                ON o.informatieobject = '{PATHS[Kind.DOCUMENT]}' || s.object WHERE s.code / 16 = {document}
            UNION ALL SELECT b.zaak, s.* FROM {SEEN} s JOIN {zaken}.zaakbesluit b
                ON b.besluit = '{PATHS[Kind.BESLUIT]}' || s.object WHERE s.code / 16 = {besluit}
        ), of_rol AS (
            SELECT r.betrokkene, r.betrokkene_identificatie, z.object, z.times, z.first, z.last
                FROM of_zaak z JOIN {zaken}.rol r ON r.zaak = z.zaak
            UNION ALL SELECT r.betrokkene, r.betrokkene_identificatie, s.object, s.times, s.first, s.last
                FROM {SEEN} s JOIN {zaken}.rol r ON r.uuid = s.object WHERE s.code / 16 = {rol}
        )
        INSERT INTO {PERSONS}
        SELECT DISTINCT p.kind, p.number, r.object, r.times, r.first, r.last
        FROM of_rol r, LATERAL (VALUES {numbers}, ('betrokkene', r.betrokkene)) AS p (kind, number) WHERE p.number <> ''
        UNION
        SELECT 'betrokkene', v.betrokkene, s.object, s.times, s.first, s.last
        FROM {SEEN} s JOIN "{schemas["documenten"]}".verzending v ON v.informatieobject = s.object
        WHERE s.code / 16 = {document} AND v.betrokkene <> ''"""  # noqa: S608
    )


async def _lost(admin: asyncpg.Connection, tenant: str, schemas: Mapping[str, str], wanted: Wanted) -> int:
    """Return how many reads of anybody the logs say that they lost in the period."""
    found = 0
    for service, schema in schemas.items():
        # By the client that tells it: the log has an index of clients, and none of actions.
        found += await admin.fetchval(
            f"""SELECT coalesce(sum((filters::jsonb ->> 'aantal')::bigint), 0)::bigint FROM "{schema}".reading_log
                WHERE client_id = $3 AND action = 'verlies' AND moment >= $1
                AND moment < $2::timestamptz + interval '1 day'""",  # noqa: S608
            wanted.since,
            wanted.until,
            system_caller(tenant, service).client_id,
        )
    return found
