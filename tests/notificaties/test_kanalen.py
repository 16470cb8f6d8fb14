"""Kanalen: nrc-7 and nrc-9."""

from typing import Any

import pytest

from runtime.identity import system_caller
from services.notificaties import kanaal
from services.notificaties.kanaal import OwnKanalen
from tests.answers import errors
from tests.notificaties.abonneren import KANAAL, naam
from tests.stack import PUBLIC, Client, Stack


async def test_life_of_a_kanaal(own: Client, raalte: Client) -> None:
    body = {"naam": naam(), "documentatieLink": "https://docs.test/k", "filters": ["kleur", "grote_maat"]}
    made = await own.post(KANAAL, body)
    assert made.status_code == 201
    kanaal = made.json()
    assert kanaal == {"url": kanaal["url"], **body}
    assert made.headers["location"] == kanaal["url"]
    assert made.headers["api-version"] == "1.0.1"
    assert (await own.get(kanaal["url"])).json() == kanaal
    assert (await own.get(f"{KANAAL}?naam={body['naam']}")).json() == [kanaal]
    assert kanaal in (await own.get(KANAAL)).json()
    assert (await raalte.get(f"{KANAAL}?naam={body['naam']}")).json() == []
    assert (await own.get(f"{KANAAL}?naam=bestaat-niet")).json() == []
    assert (await own.delete(kanaal["url"])).status_code == 405
    bare = await own.created(KANAAL, {"naam": naam()})
    assert (bare["documentatieLink"], bare["filters"]) == ("", [])


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"naam": None}, ("naam", "null")),
        ({"naam": ""}, ("naam", "blank")),
        ({"naam": "x" * 51}, ("naam", "max_length")),
        ({"naam": True}, ("naam", "invalid")),
        ({"documentatieLink": "geen url"}, ("documentatieLink", "invalid")),
        ({"documentatieLink": "https://x.test/" + "x" * 200}, ("documentatieLink", "max_length")),
        ({"filters": "kleur"}, ("filters", "not_a_list")),
        ({"filters": [""]}, ("filters.0", "blank")),
        ({"filters": ["x" * 101]}, ("filters.0", "max_length")),
        ({"filters": 3}, ("filters", "not_a_list")),
    ],
)
async def test_fields(api: Client, changes: dict[str, Any], expected: tuple[str, str]) -> None:
    assert errors(await api.post(KANAAL, {"naam": naam(), **changes})) == [expected]


async def test_nrc_7_a_name_is_used_once(api: Client, raalte: Client) -> None:
    name = naam()
    await api.created(KANAAL, {"naam": name})
    assert errors(await api.post(KANAAL, {"naam": name})) == [("naam", "unique")]
    await raalte.created(KANAAL, {"naam": name})


async def test_nrc_9_kanalen_of_our_own_apis_exist_without_registration(stack: Stack) -> None:
    await stack.add_tenant("olst-wijhe")
    client = await stack.add_client("olst-wijhe", "kanalen-ow")
    found = (await client.get(f"{KANAAL}?naam=autorisaties")).json()
    assert [kanaal["naam"] for kanaal in found] == ["autorisaties"]
    declared = {k.naam: list(k.kenmerken) for s in stack.standalone.services.values() for k in s.api.kanalen}
    assert {k["naam"]: k["filters"] for k in (await client.get(KANAAL)).json()} == declared
    # A publisher that registers it once more is told so, which it takes for success.
    assert errors(await client.post(KANAAL, {"naam": "autorisaties"})) == [("naam", "unique")]


async def test_nrc_9_own_kanalen_are_kept_up_to_date(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that told its kanalen may be of a newer version since, and a municipality restored from a backup."""
    await stack.add_tenant("kanaaldam")
    client = await stack.add_client("kanaaldam", "kanalen-kd")
    before = (await client.get(KANAAL)).json()
    own = OwnKanalen(stack.standalone.services["notificaties"])
    caller = system_caller("kanaaldam", "proef", (PUBLIC,))
    monkeypatch.setattr(kanaal, "RENEW", 0.0)
    await own.ensure(caller)
    async with stack.admin() as admin:
        await admin.execute("UPDATE kanaaldam_notificaties.kanaal SET filters = '[\"bronorganisatie\"]'")
    await own.ensure(caller)
    after = (await client.get(KANAAL)).json()
    assert {k["naam"]: set(k["filters"]) for k in after} == {
        k["naam"]: {"bronorganisatie", *k["filters"]} for k in before
    }


async def test_unknown_parameters_and_scopes(stack: Stack, api: Client) -> None:
    assert errors(await api.get(f"{KANAAL}?onbekend=1")) == [("nonFieldErrors", "unknown-parameters")]
    readers = [{"component": "nrc", "scopes": ["notificaties.consumeren"]}]
    reader = await stack.add_client("deventer", "kanalen-lezer", readers)
    assert (await reader.get(f"{KANAAL}?naam=zaken")).status_code == 200
    assert (await reader.post(KANAAL, {"naam": naam()})).status_code == 403
    nobody = await stack.add_client(
        "deventer", "kanalen-niemand", [{"component": "ac", "scopes": ["autorisaties.lezen"]}]
    )
    assert (await nobody.get(KANAAL)).status_code == 403
