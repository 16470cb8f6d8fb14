"""Processes are replaced under load, and no request fails."""

import asyncio
import time

import pytest

from beheer.runner import PARTS
from beheer.split import Split
from tests.operatie.load import CATALOGUSSEN, Load
from tests.stack import Stack


def roll(split: Split, parts: tuple[str, ...]) -> None:
    """Replace these parts, or all of them as the command does."""
    if parts == PARTS:
        split.roll()
        return
    for child in [split.restart(name) for name in parts]:
        child.end()


@pytest.mark.long
@pytest.mark.parametrize("parts", [("gateway", "catalogi"), PARTS], ids=len)
async def test_processes_are_replaced_under_load_and_no_request_fails(anew: Stack, parts: tuple[str, ...]) -> None:
    split, vendor = anew.split, await anew.add_client("deventer", f"load-{len(parts)}")
    assert split is not None
    before = {name: child.process.pid for name, child in split.children.items()}
    load = Load()
    running = asyncio.create_task(load.run(split.url, vendor))
    await asyncio.sleep(1)
    warm, began = load.total, time.perf_counter()
    await asyncio.to_thread(roll, split, parts)
    seconds = time.perf_counter() - began
    during = load.total - warm
    await asyncio.sleep(1)
    load.stopping = True
    await running
    after = {name: child.process.pid for name, child in split.children.items()}
    print(  # noqa: T201
        f"\nreplaced {len(parts)} processes in {seconds:.1f} s; {during} requests meanwhile,"
        f" {len(load.failures)} failed, slowest {load.slowest * 1000:.0f} ms; {dict(load.statuses)}"
    )
    assert load.failures == []
    # No write waits for a process that has gone.
    assert load.slowest < 5
    assert during > 10 * len(parts)
    assert {name for name in after if after[name] != before[name]} == set(parts)
    assert len(after) == len(PARTS)
    # What was answered with 201 is there.
    made = await vendor.get(f"{CATALOGUSSEN}?page=1")
    assert made.json()["count"] >= load.statuses["POST 201"]
