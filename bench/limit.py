"""The limit: the same rows with bare asyncpg and orjson behind uvicorn, without any rule, right or standard.

Started by ``bench.core`` as ``uvicorn --factory bench.limit:create``; ``BENCH_DSN`` names the database. A POST writes
what ours writes (a row, its entry in the trail, its notification) in one transaction, and announces it to nobody.
"""

import os
import uuid
from typing import Any

import asyncpg
import orjson

RELATED = ("rol", "status", "zaakeigenschap", "zaakinformatieobject")
ONE = (
    "SELECT z.*, "
    + ", ".join(
        f"(SELECT array_agg(r.uuid) FROM {{0}}.{name} r WHERE r.zaak = z.uuid) AS {name}_urls" for name in RELATED
    )
    + " FROM {0}.zaak z"
)
NOTE = (
    "WITH entry AS (INSERT INTO {0}.audittrail (hoofdobject, aanmaakdatum, entry) VALUES ($1, now(), $2)) "
    "INSERT INTO {0}.outbox (bases, message, held_until) VALUES ('[]', $2::jsonb, 'infinity')"
)


def create() -> Any:
    """Return the ASGI app: ``GET /{schema}/{uuid}``, ``GET /{schema}`` and ``POST /{schema}``."""
    pool: asyncpg.Pool | None = None
    templates: dict[str, dict[str, Any]] = {}

    async def written(schema: str, sent: dict[str, Any]) -> dict[str, Any]:
        """Add a zaak like the first one, with another uuid and number."""
        assert pool is not None
        if schema not in templates:
            first = await pool.fetchrow(f"SELECT * FROM {schema}.zaak ORDER BY id LIMIT 1")
            templates[schema] = {name: value for name, value in (first or {}).items() if name != "id"}
        key = uuid.uuid4()
        row = {**templates[schema], "uuid": key, "identificatie": key.hex, "omschrijving": sent["omschrijving"]}
        places = ", ".join(f"${number}" for number in range(1, len(row) + 1))
        sql = f"INSERT INTO {schema}.zaak ({', '.join(row)}) VALUES ({places}) RETURNING *"
        async with pool.acquire() as connection, connection.transaction():
            content = dict(await connection.fetchrow(sql, *row.values()) or {})
            entry = orjson.dumps(content, default=str).decode()
            await connection.execute(NOTE.format(schema), key, entry)
        return content

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal pool
        if scope["type"] == "lifespan":
            await receive()
            pool = await asyncpg.create_pool(os.environ["BENCH_DSN"], min_size=4, max_size=8)
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await pool.close()
            await send({"type": "lifespan.shutdown.complete"})
            return
        assert pool is not None
        _, schema, *rest = scope["path"].split("/")
        sql, status = ONE.format(schema), 200
        content: Any = {}
        if scope["method"] == "POST":
            content = await written(schema, orjson.loads((await receive())["body"]))
            status = 201
        elif rest:
            content = dict(await pool.fetchrow(sql + " WHERE z.uuid = $1", rest[0]) or {})
        elif schema:
            rows = await pool.fetch(sql + " ORDER BY z.id DESC LIMIT 100")
            content = {"results": [dict(row) for row in rows]}
        body = orjson.dumps(content, default=str)
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app
