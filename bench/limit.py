"""The limit: the same rows with bare asyncpg and orjson behind uvicorn, without any rule, right or standard.

Started by ``bench.core`` as ``uvicorn --factory bench.limit:create``; ``BENCH_DSN`` names the database.
"""

import os
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


def create() -> Any:
    """Return the ASGI app: ``GET /{schema}/{uuid}`` and ``GET /{schema}``."""
    pool: asyncpg.Pool | None = None

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
        sql = ONE.format(schema)
        if rest:
            row = await pool.fetchrow(sql + " WHERE z.uuid = $1", rest[0])
            content: Any = dict(row or {})
        else:
            rows = await pool.fetch(sql + " ORDER BY z.id DESC LIMIT 100")
            content = {"results": [dict(row) for row in rows]}
        body = orjson.dumps(content, default=str)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": body})

    return app
