"""Large answers that nobody reads: they hold little memory, and take it from no other client."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from beheer.protocol import Protocol
from runtime.memory import AnswerMemory
from tests.aanval.sockets import connections, head
from tests.maak import Maak
from tests.selectielijst import Selectielijst
from tests.servers import serving
from tests.stack import CRS, PUBLIC, Client, Stack
from tests.waiting import until
from tests.zaken.zaakmaker import Zaakmaker
from zgw import request, routing

SIZE = 1_000_000
"""Bytes of a large answer in these tests."""
LIST = "/zaken/api/v1/zaken?pageSize=100"


@pytest.fixture(scope="module")
async def full(own: Client, lijst: Selectielijst) -> None:
    """A page of zaken in a municipality of their own, which is a large answer."""
    zaken = Zaakmaker(own, await Maak(own, lijst).zaaktype())
    kenmerken = [{"kenmerk": f"{number:040}", "bron": "x" * 40} for number in range(100)]
    for _ in range(100):
        await zaken.zaak(kenmerken=kenmerken)


@pytest.fixture
async def memory(stack: Stack, full: None, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[AnswerMemory]:
    """Room for a few of those answers."""
    found = AnswerMemory(12 * SIZE)
    monkeypatch.setattr(stack.standalone.services["zaken"], "memory", found)
    monkeypatch.setattr(request, "LARGE", SIZE // 2)
    yield found
    # Who left while it waited is noticed when its answer is sent, and until then nothing may be held for it.
    await until(lambda: not found.held and not found._waiting and not under_way())


def under_way() -> list[asyncio.Task[Any]]:
    """Return the requests over TCP that are not answered yet, also those whose client is gone."""
    return [task for task in asyncio.all_tasks() if "run_asgi" in getattr(task.get_coro(), "__qualname__", "")]


def headers(client: Client) -> dict[str, str]:
    """Return the headers of a request over TCP."""
    return {"Host": PUBLIC.removeprefix("http://"), "Authorization": f"Bearer {client.token()}", **CRS}


async def test_unread_answers_of_one_client_hold_half_and_others_are_answered(
    stack: Stack, own: Client, memory: AnswerMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = await stack.add_client(own.tenant, "leest-geen-lijst")
    size = len((await own.get(LIST)).content)
    assert SIZE // 2 < size < 2 * SIZE
    most: list[int] = []
    take = memory.take

    def taking(tenant: str, client: str, more: int) -> None:
        take(tenant, client, more)
        most.append(memory.held)

    monkeypatch.setattr(memory, "take", taking)
    crs = "Accept-Crs: EPSG:4326\r\nContent-Crs: EPSG:4326\r\n"
    async with serving(stack.gateway, Protocol) as url:
        async with connections(30, url, head("GET", LIST, reader, crs)):
            await until(lambda: len(memory._waiting) > 5)
            async with httpx.AsyncClient(base_url=url, timeout=60) as http:
                answers = [await http.get(LIST, headers=headers(own)) for _ in range(5)]
        await until(lambda: memory.held == 0)
    assert {answer.status_code for answer in answers} == {200}
    assert max(most) <= memory.total // 2 + size


async def test_what_finds_no_room_is_told_to_come_back_and_is_answered_when_there_is(
    own: Client, memory: AnswerMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory.take(own.tenant, own.client_id, memory.total // 2)
    monkeypatch.setattr(routing, "ROOM_SECONDS", 0.1)
    full = await own.get(LIST)
    assert (full.status_code, full.headers["retry-after"]) == (503, "1")
    assert (await own.get("/zaken/api/v1/zaken?pageSize=1")).status_code == 200
    monkeypatch.setattr(routing, "ROOM_SECONDS", 30)
    waiting = asyncio.create_task(own.get(LIST))
    await until(lambda: bool(memory._waiting))
    memory.give_back(own.tenant, own.client_id, memory.total // 2)
    assert (await waiting).status_code == 200


async def test_an_answer_that_fails_holds_nothing(own: Client, memory: AnswerMemory) -> None:
    assert (await own.get(LIST + "&expand=bestaatniet")).status_code in (400, 404)
    assert memory.held == 0
