"""What an operator does with secrets holds in every process at once; with SAMENZAAK_TEST_SPLIT=1 the gateway is one of
its own."""

import asyncio
import time

from gateway import registry
from gateway.config import secret_box
from tests.stack import Client, Stack

PATH = "/autorisaties/api/v1/applicaties?clientIds=nobody"


async def in_force(stack: Stack) -> None:
    """Wait until every process has heard of the last change, the gateway of separate processes too."""
    assert await stack.standalone.signals.barrier(60)


async def test_an_added_secret_counts_and_a_revoked_one_does_not(stack: Stack) -> None:
    first = await stack.add_client("deventer", f"wissel-{time.time_ns()}")
    assert (await first.get(PATH)).status_code == 200
    box = secret_box(stack.settings)
    async with stack.admin() as admin:
        _, text = await registry.add_secret(admin, box, "deventer", first.client_id, name="next")
        second = Client(stack, "deventer", first.client_id, text)
        await in_force(stack)
        assert (await second.get(PATH)).status_code == 200
        assert (await first.get(PATH)).status_code == 200
        [old, _] = (await registry.find_client(admin, "deventer", first.client_id)).secrets
        await registry.revoke_secret(admin, "deventer", first.client_id, old.name)
        await in_force(stack)
        assert (await first.get(PATH)).status_code == 403
        assert (await second.get(PATH)).status_code == 200
        await registry.remove_client(admin, "deventer", first.client_id)
        await in_force(stack)
        assert (await second.get(PATH)).status_code == 403


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
