"""The log of requests in the database: written for every client, read by each for itself."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

import asyncpg

from runtime.redaction import masked

ANSWERED, REFUSED, FROM_STRANGERS = 0, 1, 2
"""The kinds of requests: each has a bound of its own."""

CONNECTIONS = 2
"""Connections of one process: one that writes, and one on which clients read."""
CONNECT_TIMEOUT = 5.0
READ_TIMEOUT = 5.0

_COLUMNS = {
    "moment": "float8",
    "tenant": "text",
    "client_id": "text",
    "kind": "int2",
    "method": "text",
    "path": "text",
    "query": "text",
    "status": "int2",
    "milliseconds": "float4",
    "request_id": "text",
    "trace_id": "text",
    "code": "text",
    "instance": "text",
    "refusal": "text",
}
_ARRAYS = ", ".join(f"${number}::{kind}[]" for number, kind in enumerate(_COLUMNS.values(), 1))
_SHAPED = {"moment": "to_timestamp(moment)", "refusal": "refusal::jsonb"}

# COPY cannot be used where rows have a policy. A client that was removed meanwhile has no log any more.
_ADD = f"""INSERT INTO gateway.request ({", ".join(_COLUMNS)})
SELECT {", ".join(_SHAPED.get(name, name) for name in _COLUMNS)} FROM unnest({_ARRAYS}) AS noted ({", ".join(_COLUMNS)})
WHERE EXISTS (SELECT FROM gateway.client c WHERE (c.tenant, c.client_id) = (noted.tenant, noted.client_id))"""  # noqa: S608

_WHERE = """FROM gateway.request WHERE tenant = $1 AND client_id = $2 AND moment > now() - interval '1 day'
    AND ($3::text IS NULL OR instance = $3) AND ($4::text IS NULL OR request_id = $4)
    AND ($5::int2 IS NULL OR status = $5) AND ($6::int2 IS NULL OR status >= $6)
    AND ($7::text IS NULL OR method = $7) AND ($8::text IS NULL OR starts_with(path, $8))
    AND ($9::text IS NULL OR code = $9)
    AND ($10::timestamptz IS NULL OR moment >= $10) AND ($11::timestamptz IS NULL OR moment <= $11)"""
COUNT = f"SELECT count(*) {_WHERE}"
READ = (
    "SELECT moment, kind, method, path, query, status, milliseconds, request_id, trace_id, code, instance, refusal"
    f" {_WHERE} ORDER BY moment DESC, request_id LIMIT $12 OFFSET $13"
)

_AS = "SELECT set_config('samenzaak.tenant', $1, true), set_config('samenzaak.client_id', $2, true)"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which requests of a client are wanted; None: all."""

    instance: str | None = None
    request_id: str | None = None
    status: int | None = None
    from_status: int | None = None
    method: str | None = None
    path: str | None = None
    code: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def values(self) -> tuple[Any, ...]:
        """Return them in the order of the parameters of the statements. What may be a BSN is not stored, so what is
        looked for is masked as that was."""
        known = asdict(self)
        for name in ("request_id", "path"):
            if known[name] is not None:
                known[name] = masked(known[name])
        return tuple(known.values())


class RequestStore:
    """The table of one installation, as the gateway may use it."""

    def __init__(self, dsn: str) -> None:
        """``dsn`` logs in as ``samenzaak_gateway``."""
        self._dsn = dsn
        self._pool: asyncpg.Pool | None = None

    async def add(self, rows: Sequence[Sequence[Any]]) -> None:
        """Add requests, each as the values of all columns. Raises what asyncpg raises, OSError and TimeoutError."""
        if rows:
            pool = await self._opened()
            await pool.execute(_ADD, *(list(column) for column in zip(*rows, strict=True)))

    async def shorten(self, tenant: str, client_id: str, kind: int, kept: int) -> None:
        """Remove the oldest requests of a client beyond the ``kept`` newest of one kind."""
        pool = await self._opened()
        await pool.execute("SELECT gateway.shorten_requests($1, $2, $3, $4)", tenant, client_id, kind, kept)

    async def remove_old(self) -> None:
        """Remove what is older than a day."""
        pool = await self._opened()
        while await pool.fetchval("SELECT gateway.remove_old_requests()"):
            pass

    async def add_usage(self, tenant: str, month: date, requests: int, writes: int, users: Sequence[str]) -> None:
        """Add to what a municipality asked in a month (``gateway.usage``). Raises as :meth:`add` does."""
        pool = await self._opened()
        await pool.execute("SELECT gateway.add_usage($1, $2, $3, $4, $5)", tenant, month, requests, writes, users)

    async def close_usage(self, before: date) -> None:
        """Forget who the users of the months before this one were."""
        pool = await self._opened()
        await pool.execute("SELECT gateway.close_usage($1)", before)

    async def read(
        self, tenant: str, client_id: str, wanted: Wanted, limit: int, offset: int
    ) -> tuple[int, Sequence[asyncpg.Record]]:
        """Return how many requests of a client are wanted, and a part of them, the newest first. The database shows
        those of this client alone."""
        pool = await self._opened()
        async with pool.acquire(timeout=READ_TIMEOUT) as db, db.transaction(readonly=True):
            await db.execute(_AS, tenant, client_id)
            count = await db.fetchval(COUNT, tenant, client_id, *wanted.values())
            return count, await db.fetch(READ, tenant, client_id, *wanted.values(), limit, offset)

    async def stop(self) -> None:
        """Close the connections."""
        if self._pool is not None:
            pool, self._pool = self._pool, None
            pool.terminate()

    async def _opened(self) -> asyncpg.Pool:
        if self._pool is None:
            # It connects when it is first used: the gateway starts without a database too.
            self._pool = await asyncpg.create_pool(
                self._dsn,
                min_size=0,
                max_size=CONNECTIONS,
                timeout=CONNECT_TIMEOUT,
                command_timeout=READ_TIMEOUT,
                server_settings={"application_name": "samenzaak gateway requests"},
            )
        return self._pool
