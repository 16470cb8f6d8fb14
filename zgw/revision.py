"""Whether the schema of a municipality is new enough for this version of the program."""

from collections.abc import Sequence

import asyncpg

from zgw.problems import Problem

LACKING = (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError, asyncpg.UndefinedFunctionError)
"""What PostgreSQL says of a schema that is older than the program."""


async def check_revision(connection: asyncpg.Connection, known: Sequence[str]) -> None:
    """Raise Problem 503 for a schema that is older than this version needs; ``known`` are its revisions, newest first.

    A newer one is served: migrations first expand, and contract when no older version runs any more.
    """
    try:
        revision = await connection.fetchval("SELECT version_num FROM alembic_version")
    except asyncpg.UndefinedTableError:
        revision = None
    if revision is None or revision in known[1:]:
        raise Problem(
            503,
            "service_unavailable",
            f"De gegevens van deze gemeente worden bijgewerkt: versie {revision or 0}, nodig {known[0]}.",
            headers={"Retry-After": "30"},
        )


async def outdated(error: BaseException, connection: asyncpg.Connection, known: Sequence[str]) -> Problem | None:
    """Return the 503 for a schema that was new enough before, and of which PostgreSQL now says that it lacks something:
    a backup has taken its place."""
    if not known or not isinstance(error, LACKING):
        return None
    try:
        await check_revision(connection, known)
    except Problem as problem:
        return problem
    return None
