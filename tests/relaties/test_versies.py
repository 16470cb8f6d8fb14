"""During a rollout services of two versions speak with each other."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from runtime.identity import system_caller
from services.autorisaties.external import add_external, remove_external
from tests.stack import PUBLIC, Stack
from zgw.remote import Remote

FORMER = {"name", "root", "client_id", "header", "secret", "private"}
"""What the version before ``expand`` knows of an API elsewhere, and refuses more of."""
CALLER = system_caller("deventer", "proef", (PUBLIC,))


@pytest.fixture
async def opened(stack: Stack) -> AsyncIterator[str]:
    """The root of an API elsewhere that is opened for expand."""
    root = "http://127.0.0.1:9/versies"
    async with stack.admin() as admin:
        await add_external(admin, stack.settings, "deventer", "versies", root, header="X-Key: x", expand=True)
        yield root
        await remove_external(admin, "deventer", "versies")


async def test_a_service_of_the_version_before_hears_what_it_knows(stack: Stack, opened: str) -> None:
    remote = stack.standalone.services["zaken"].remote
    me = CALLER.as_component("zaken")
    rows = (await remote.send(me, "autorisaties", "GET", "/_intern/external")).json()
    assert set(next(row for row in rows if row["root"] == opened)) == FORMER


async def test_autorisaties_of_another_version_tells_less_or_more(
    stack: Stack, opened: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it left out is not open, and is asked again once that service has been replaced."""
    mine = stack.standalone.services["zaken"].remote
    remote = Remote("zaken", stack.settings, mine.signals)
    change: dict[str, Any] = {}

    async def send(*args: Any, **kwargs: Any) -> httpx.Response:
        rows = (await mine.send(*args, **kwargs)).json()
        return httpx.Response(200, json=[change["of"](row) for row in rows])

    monkeypatch.setattr(remote, "send", send)
    change["of"] = lambda row: {name: row[name] for name in FORMER}
    assert [api.expand for api in await remote._configured(CALLER) or () if api.root == opened] == [False]
    change["of"] = lambda row: {**row, "later": 1}
    assert [api.expand for api in await remote._configured(CALLER) or () if api.root == opened] == [True]
    await remote.stop()
