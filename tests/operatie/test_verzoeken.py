"""The log of own requests when the gateway is killed: what was written stays, and only the last second is lost."""

import asyncio
import uuid
from contextlib import suppress

import httpx

from tests.stack import Stack
from tests.waiting import until

OWN = "/beheer/api/v1/verzoeken"
NOWHERE = "/zaken/api/v1/zaken/6d2e6c0e-0b36-4a53-9a0f-5f6b1c1d2e3f"
PART = "gateway"


async def test_a_gateway_that_is_killed_loses_the_last_second_only(apart: Stack) -> None:
    client = await apart.add_client("deventer", f"gedood-{uuid.uuid4().hex[:8]}")
    numbers = [f"voor-{n}-{uuid.uuid4().hex}" for n in range(25)]
    for number in numbers:
        assert (await client.get(NOWHERE, headers={"X-Request-ID": number})).status_code == 404

    async def written() -> bool:
        # Not by its API, which writes what waits before it reads.
        async with apart.admin() as admin:
            query = "SELECT count(*) FROM gateway.request WHERE client_id = $1"
            return bool(await admin.fetchval(query, client.client_id) == len(numbers))

    await until(written)
    last = f"laatste-{uuid.uuid4().hex}"
    await client.get(NOWHERE, headers={"X-Request-ID": last})
    await killed(apart)
    after = f"na-{uuid.uuid4().hex}"
    with suppress(httpx.TransportError):
        # Over the connection to the one that is gone.
        await client.get("/zaken/api/v1")
    assert (await client.get(NOWHERE, headers={"X-Request-ID": after})).status_code == 404

    async def found() -> list[str]:
        # It is there a second later at most.
        rows = [each for each in (await client.get(OWN)).json()["results"] if each["pad"] == NOWHERE]
        return [each["requestId"] for each in rows] if after in str(rows) else []

    known = await until(found)
    assert [number for number in known if number != last] == [after, *reversed(numbers)]
    assert known.count(last) <= 1


async def killed(stack: Stack) -> None:
    """Kill the gateway, and start it again."""
    split = stack.split
    assert split is not None
    split.children[PART].process.kill()
    split.children[PART].began = 0.0
    await asyncio.to_thread(split.children[PART].process.wait)
    split.revive()
    await asyncio.to_thread(split.children[PART].wait_until_ready)
