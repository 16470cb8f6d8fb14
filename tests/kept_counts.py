"""The counts that a service keeps, for tests that compare them."""

from typing import Any

import asyncpg

from zgw.counts import Counts

SUMS = """
SELECT kind, type, level, facts::text, block, sum(number)::bigint AS number FROM (
    SELECT kind, type, level, facts, unnest(blocks) AS block, unnest(numbers) AS number FROM counts
    UNION ALL SELECT kind, type, level, facts, block, number FROM counts_delta
) s GROUP BY 1, 2, 3, 4, 5 HAVING sum(number) <> 0 ORDER BY 1, 2, 3, 4, 5
"""
TOTALS = """
SELECT kind, type, level, facts::text, sum(number)::bigint AS number FROM (
    SELECT kind, type, level, facts, total AS number FROM counts
    UNION ALL SELECT kind, type, level, facts, number FROM counts_delta
) s GROUP BY 1, 2, 3, 4 HAVING sum(number) <> 0 ORDER BY 1, 2, 3, 4
"""


async def kept(admin: asyncpg.Connection) -> tuple[list[Any], list[Any]]:
    """Return the numbers that are kept: by block, and in all."""
    return [tuple(row) for row in await admin.fetch(SUMS)], [tuple(row) for row in await admin.fetch(TOTALS)]


async def check_counts(admin: asyncpg.Connection, counts: Counts, schema: str) -> None:
    """Fail when what is kept in a schema differs from what is there."""
    await admin.execute(f"SET search_path TO {schema}")
    found = await kept(admin)
    rollback = admin.transaction()
    await rollback.start()
    for statement in counts.recount():
        await admin.execute(statement)
    again = await kept(admin)
    await rollback.rollback()
    await admin.execute("RESET search_path")
    assert found == again
