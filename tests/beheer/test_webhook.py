"""What `samenzaak webhook listen` does with whatever arrives."""

import json
from io import BytesIO
from typing import Any

import aiohttp
import pytest

from beheer.webhook import as_json, as_line, listening

DEEP = b'{"kenmerken": ' + b'{"a":' * 900 + b"1" + b"}" * 901
NOTHING: list[tuple[bytes, dict[str, str], int]] = [
    (b"x", {}, 400),
    (b"[]", {}, 400),
    (b"\xff", {}, 400),
    (DEEP, {}, 400),
    (b"x", {"Content-Encoding": "gzip"}, 400),
    (b"{}", {"Authorization": "Bearer other"}, 401),
    (b" " * 3_000_000, {}, 413),
]


@pytest.mark.parametrize(("body", "headers", "status"), NOTHING)
async def test_what_is_no_notification_is_refused(body: bytes, headers: dict[str, str], status: int) -> None:
    heard: list[dict[str, Any]] = []
    async with listening(0, "Bearer mine", heard.append) as url, aiohttp.ClientSession() as session:
        given = {"Authorization": "Bearer mine", **headers}
        async with session.post(url, data=BytesIO(body), headers=given) as answer:
            assert answer.status == status
        async with session.post(url, json={"kanaal": "zaken"}, headers={"Authorization": "Bearer mine"}) as answer:
            assert answer.status == 204
    assert heard == [{"kanaal": "zaken"}]


@pytest.mark.parametrize("character", ["\x1b", "\x7f", "\x9b", "\n", "\u202e", "\u2028", "\U000e0001"])
def test_nothing_steers_the_terminal(character: str) -> None:
    message = {"kanaal": f"a{character}b", "kenmerken": {"\u00eb": character}}
    assert as_line(message).isprintable()
    assert as_json(message).isprintable()
    assert json.loads(as_json(message)) == message
