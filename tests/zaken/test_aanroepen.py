"""What reading costs, counted in calls of Python functions: the same on every machine, however busy it is.

A GET that took a tenth more than before was seen by nobody until it was measured. Whoever adds what every request pays
for finds it here; when it is worth that, the number goes up.
"""

import sys
from collections.abc import MutableMapping
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.stack import CRS, PUBLIC, Client, Stack
from tests.zaken.zaakmaker import Zaakmaker


async def calls_of(stack: Stack, client: Client, url: str) -> int:
    """Return how many functions a GET calls, in the gateway and the service in one process; a coroutine that goes on
    counts once more. The fewest of some requests, because other work of the process may come between."""
    parts = urlsplit(url)
    given = {"Host": urlsplit(PUBLIC).netloc, "Authorization": f"Bearer {client.token()}", **CRS}
    headers = [(name.lower().encode(), value.encode()) for name, value in given.items()]
    answers: list[MutableMapping[str, Any]] = []
    calls = 0

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        answers.append(message)

    def count(_frame: Any, event: str, _arg: Any) -> None:
        nonlocal calls
        calls += event == "call"

    found = []
    for _ in range(10):
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": parts.path,
            "raw_path": parts.path.encode(),
            "query_string": parts.query.encode(),
            "headers": list(headers),
        }
        answers.clear()
        calls = 0
        sys.setprofile(count)
        try:
            await stack.gateway(scope, receive, send)
        finally:
            sys.setprofile(None)
        assert answers[0]["status"] == 200
        found.append(calls)
    return min(found)


@pytest.mark.parametrize(("what", "most"), [("one", 410), ("list", 1_600)])
async def test_reading_calls_few_functions(stack: Stack, api: Client, zaken: Zaakmaker, what: str, most: int) -> None:
    zaak = await zaken.zaak()
    lijst = f"{zaak['url'].rpartition('/')[0]}?identificatie={zaak['identificatie']}"
    assert await calls_of(stack, api, zaak["url"] if what == "one" else lijst) <= most
