"""What the gateway counts of each municipality, and what is kept of its users."""

from datetime import date
from typing import Any
from unittest.mock import patch

import asyncpg
import pytest

from gateway.usage import MOST_USERS, UsageLog
from runtime.months import Months
from tests.gateway.conftest import World
from tests.gateway.fakes import OTHER_SECRET, ask, make_token
from tests.gateway.own_requests import OWN, ZAKEN

KEPT = """SELECT tenant, requests, writes, users, key IS NULL AS closed, (
    SELECT count(*) FROM gateway.usage_user n WHERE (n.tenant, n.month) = (u.tenant, u.month)
) AS hashes FROM gateway.usage u ORDER BY tenant, month"""


async def kept(world: World) -> list[dict[str, Any]]:
    """Return what the database has, without what is empty."""
    return [{name: value for name, value in row.items() if value} for row in await world.db.fetch(KEPT)]


async def test_requests_writes_and_users_are_counted(world: World) -> None:
    for user in ("ann", "bob", "ann", ""):
        await ask(world.gateway, ZAKEN, token=make_token(user_id=user))
    await ask(world.gateway, ZAKEN, "POST", make_token(), body=[b"{}"])
    # Neither a search nor what is refused writes; the API of the gateway itself is asked too.
    await ask(world.gateway, f"{ZAKEN}/_zoek", "POST", make_token(), body=[b"{}"])
    assert (await ask(world.gateway, "/zaken/api/v1/nothing", "DELETE", make_token())).status >= 400
    await ask(world.gateway, OWN, token=make_token())
    await ask(world.gateway, ZAKEN, token=make_token("raalte-app", secret=OTHER_SECRET))
    # Of nobody.
    assert (await ask(world.gateway, ZAKEN, token=make_token(secret="x" * 40))).status == 403
    assert (await ask(world.gateway, ZAKEN)).status == 403
    await world.gateway.usage.flush()
    assert await kept(world) == [
        {"tenant": "deventer", "requests": 8, "writes": 1, "hashes": 2},
        {"tenant": "raalte", "requests": 1},
    ]


async def test_several_gateways_add_up_and_a_start_goes_on(world: World) -> None:
    for user in ("ann", "ann", "bob"):
        other = UsageLog(world.gateway.requests.store, "Europe/Amsterdam")
        other.start()
        other.count("deventer", user, "POST", b"/zaken/api/v1/zaken", 201)
        await other.stop()
    assert await kept(world) == [{"tenant": "deventer", "requests": 3, "writes": 3, "hashes": 2}]


async def test_what_cannot_be_written_is_written_later(world: World) -> None:
    usage = world.gateway.usage
    usage.count("deventer", "ann", "GET", b"", 200)
    with patch.object(world.gateway.requests.store, "add_usage", side_effect=OSError("away")):
        await usage.flush()
    usage.count("deventer", "bob", "POST", b"", 201)
    await usage.flush()
    assert await kept(world) == [{"tenant": "deventer", "requests": 2, "writes": 1, "hashes": 2}]


async def test_a_municipality_that_was_erased_leaves_nothing(world: World) -> None:
    world.gateway.usage.count("raalte", "ann", "GET", b"", 200)
    await world.gateway.usage.flush()
    world.gateway.usage.count("raalte", "ann", "GET", b"", 200)
    await world.db.execute("DELETE FROM gateway.tenant WHERE name = 'raalte'")
    await world.gateway.usage.flush()
    assert await kept(world) == []


async def test_of_a_month_that_is_over_only_the_number_of_users_is_kept(world: World) -> None:
    usage = world.gateway.usage
    for month, users in ((date(2026, 1, 1), ("ann", "bob")), (date(2026, 2, 1), ("ann",))):
        with patch.object(Months, "current", return_value=month):
            for user in users:
                usage.count("deventer", user, "GET", b"", 200)
    await usage.flush()
    hashes = await world.db.fetch("SELECT month, hash FROM gateway.usage_user")
    # The same name has another hash in another month, and no name is found in it.
    assert len({row["hash"] for row in hashes}) == 3
    # Two days into a month the one before it is still open, for gateways that could not write.
    for today, closed in ((date(2026, 2, 2), 0), (date(2026, 2, 3), 1)):
        with patch.object(Months, "today", return_value=today):
            await usage.close_months()
        assert sum(row.get("closed", False) for row in await kept(world)) == closed
    assert await kept(world) == [
        {"tenant": "deventer", "requests": 2, "users": 2, "closed": True},
        {"tenant": "deventer", "requests": 1, "hashes": 1},
    ]
    # What comes later still counts; whose it is nobody can tell any more.
    with patch.object(Months, "current", return_value=date(2026, 1, 1)):
        usage.count("deventer", "ann", "GET", b"", 200)
    await usage.flush()
    assert (await kept(world))[0] == {"tenant": "deventer", "requests": 3, "users": 2, "closed": True}


async def test_a_client_that_makes_up_users_fills_nothing(world: World) -> None:
    usage = world.gateway.usage
    for number in range(MOST_USERS + 10):
        usage.count("deventer", f"user {number}", "GET", b"", 200)
    await usage.flush()
    assert await kept(world) == [{"tenant": "deventer", "requests": MOST_USERS + 10, "hashes": MOST_USERS}]
    await world.db.execute(
        "SELECT gateway.add_usage('deventer', month, 0, 0, ARRAY(SELECT x::text FROM"
        " generate_series(1, 100000) x)) FROM gateway.usage"
    )
    assert (await kept(world))[0]["hashes"] == 100_000


@pytest.mark.parametrize("table", ["usage", "usage_user"])
async def test_a_gateway_cannot_read_what_it_counted(world: World, table: str) -> None:
    connection = await asyncpg.connect(world.dsn)
    try:
        for statement in (f"SELECT * FROM gateway.{table}", f"DELETE FROM gateway.{table}"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
        # Also where it is given the table, it sees no row.
        await world.db.execute(f"GRANT SELECT ON gateway.{table} TO samenzaak_gateway")
        world.gateway.usage.count("deventer", "ann", "GET", b"", 200)
        await world.gateway.usage.flush()
        assert await connection.fetch(f"SELECT * FROM gateway.{table}") == []
    finally:
        await world.db.execute(f"REVOKE SELECT ON gateway.{table} FROM samenzaak_gateway")
        await connection.close()
