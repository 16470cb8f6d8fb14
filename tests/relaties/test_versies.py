"""During a rollout services of two versions speak with each other."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from runtime.identity import system_caller
from services.autorisaties.external import add_external, remove_external
from tests.stack import PUBLIC, Stack
from zgw.externals import Externals

CALLER = system_caller("deventer", "proef", (PUBLIC,))


@pytest.fixture
async def opened(stack: Stack) -> AsyncIterator[str]:
    """The root of an API elsewhere that is opened for expand."""
    root = "http://127.0.0.1:9/versies"
    async with stack.admin() as admin:
        await add_external(admin, stack.settings, "deventer", "versies", root, header="X-Key: x", expand=True)
        yield root
        await remove_external(admin, "deventer", "versies")


async def test_autorisaties_of_another_version_tells_less_or_more(
    stack: Stack, opened: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it left out is not open, and is asked again once that service has been replaced."""
    mine = stack.standalone.services["zaken"]
    send, change = mine.internal.send, {}
    change["of"] = lambda row: {name: row[name] for name in row.keys() - {"expand"}}

    async def changed(*args: Any, **kwargs: Any) -> httpx.Response:
        rows = (await send(*args, **kwargs)).json()
        return httpx.Response(200, json=[change["of"](row) for row in rows])

    monkeypatch.setattr(mine.internal, "send", changed)
    externals = Externals(mine.internal, mine.signals)
    assert [api.expand for api in await externals.configured(CALLER) or () if api.root == opened] == [False]
    change["of"] = lambda row: {**row, "later": 1}
    assert [api.expand for api in await externals.configured(CALLER) or () if api.root == opened] == [True]
