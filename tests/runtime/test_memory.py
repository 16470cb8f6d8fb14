"""Memory for large answers, without a database."""

import asyncio

import pytest

from runtime.memory import AnswerMemory, NoRoom


async def test_each_has_its_share() -> None:
    memory = AnswerMemory(120)
    memory.take("a", "one", 60)
    for tenant, client, size in (("a", "one", 1), ("a", "two", 21), ("b", "x", 61)):
        with pytest.raises(NoRoom):
            memory.take(tenant, client, size)
    memory.take("a", "two", 20)
    memory.take("b", "x", 40)
    with pytest.raises(NoRoom):
        memory.take("c", "y", 1)
    for tenant, client, size in (("a", "one", 60), ("a", "two", 20), ("b", "x", 40)):
        memory.give_back(tenant, client, size)
    assert memory.held == 0
    assert not memory._by_client
    assert not memory._by_tenant


async def test_one_waiter_goes_on_for_each_that_gives_back() -> None:
    memory = AnswerMemory(100)
    memory.take("a", "one", 50)
    memory.take("b", "one", 50)
    waiters = [asyncio.create_task(memory.freed(10)) for _ in range(3)]
    await asyncio.sleep(0)
    waiters[0].cancel()
    await asyncio.sleep(0)
    memory.give_back("a", "one", 50)
    assert await waiters[1]
    assert not waiters[2].done()
    memory.give_back("b", "one", 50)
    assert await waiters[2]
    assert await memory.freed(0.001) is False
    assert not memory._waiting
