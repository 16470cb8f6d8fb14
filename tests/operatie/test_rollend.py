"""Every process is replaced under load, and no request fails."""

import asyncio
import time

from tests.operatie.load import CATALOGUSSEN, Load
from tests.stack import Client, Stack


async def test_every_process_is_replaced_under_load_and_no_request_fails(apart: Stack, vendor: Client) -> None:
    assert apart.split is not None
    before = {name: child.process.pid for name, child in apart.split.children.items()}
    load = Load()
    running = asyncio.create_task(load.run(apart.split.url, vendor))
    await asyncio.sleep(1)
    warm, began = load.total, time.perf_counter()
    await asyncio.to_thread(apart.split.roll)
    seconds = time.perf_counter() - began
    during = load.total - warm
    await asyncio.sleep(1)
    load.stopping = True
    await running
    after = {name: child.process.pid for name, child in apart.split.children.items()}
    print(  # noqa: T201
        f"\nreplaced {len(after)} processes in {seconds:.1f} s; {during} requests meanwhile,"
        f" {len(load.failures)} failed, slowest {load.slowest * 1000:.0f} ms; {dict(load.statuses)}"
    )
    assert load.failures == []
    # No write waits for a process that has gone.
    assert load.slowest < 5
    assert during > 100
    assert not set(before.values()) & set(after.values())
    assert len(after) == 8
    # What was answered with 201 is there.
    made = await vendor.get(f"{CATALOGUSSEN}?page=1")
    assert made.json()["count"] >= load.statuses["POST 201"]
