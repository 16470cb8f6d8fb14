"""What an operator does with secrets holds in every process at once; with SAMENZAAK_TEST_SPLIT=1 the gateway is one of
its own."""

import asyncio
import time

from gateway import registry
from gateway.config import secret_box
from tests.stack import Client, Stack

PATH = "/autorisaties/api/v1/applicaties?clientIds=nobody"
BOUND = 2.0
"""Seconds after which a change is in force (docs/operators.md)."""


async def seconds_until(client: Client, status: int) -> float:
    """Ask until the answer has this status; return after how many seconds."""
    began = time.monotonic()
    while (await client.get(PATH)).status_code != status:
        assert time.monotonic() - began < BOUND
        # In one process a refusal needs no input or output: without this the signals would not be read.
        await asyncio.sleep(0.01)
    return time.monotonic() - began


async def test_an_added_secret_counts_and_a_revoked_one_does_not(stack: Stack) -> None:
    first = await stack.add_client("deventer", f"wissel-{time.time_ns()}")
    assert (await first.get(PATH)).status_code == 200
    box = secret_box(stack.settings)
    async with stack.admin() as admin:
        _, text = await registry.add_secret(admin, box, "deventer", first.client_id, name="next")
        second = Client(stack, "deventer", first.client_id, text)
        assert await seconds_until(second, 200) < BOUND
        assert (await first.get(PATH)).status_code == 200
        [old, _] = (await registry.find_client(admin, "deventer", first.client_id)).secrets
        await registry.revoke_secret(admin, "deventer", first.client_id, old.name)
        assert await seconds_until(first, 403) < BOUND
        assert (await second.get(PATH)).status_code == 200
        await registry.remove_client(admin, "deventer", first.client_id)
        assert await seconds_until(second, 403) < BOUND


async def test_no_request_is_refused_while_secrets_change(stack: Stack) -> None:
    """An application that goes on with its secret does not notice a rotation, and neither do the others."""
    client, other = [await stack.add_client("deventer", f"{name}-{time.time_ns()}") for name in ("a", "b")]
    box, refused, done = secret_box(stack.settings), [], asyncio.Event()

    async def go_on(each: Client) -> None:
        while not done.is_set():
            if (answer := await each.get(PATH)).status_code != 200:
                refused.append(answer.text)

    async with stack.admin() as admin, asyncio.TaskGroup() as group:
        for each in (client, other):
            group.create_task(go_on(each))
        for _ in range(5):
            made, _ = await registry.add_secret(admin, box, "deventer", client.client_id)
            await asyncio.sleep(0.1)
            await registry.revoke_secret(admin, "deventer", client.client_id, made.name)
        done.set()
    assert refused == []
