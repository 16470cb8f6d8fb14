"""No way around the gateway: forged internal headers, the port of a service, the host of another municipality."""

import time

import httpx
import jwt
import pytest

from runtime.identity import CALLER_HEADER, Caller, purpose, sign
from tests.stack import PUBLIC, Client, Stack, built

URL = "/autorisaties/api/v1/applicaties"


async def test_an_internal_header_from_outside_is_removed(stack: Stack, own: Client) -> None:
    key = stack.settings.derive(purpose("zaken", "autorisaties"))
    own_key = sign(Caller("raalte", "x", (PUBLIC,), component="zaken"), "zaken", key)
    # Even a token with the right signature: nobody outside has it, and the gateway does not pass it on.
    answer = await own.get(URL, headers={CALLER_HEADER: own_key})
    assert answer.status_code == 200
    assert [item["label"] for item in answer.json()["results"]] == [own.client_id]
    anonymous = await own.http.get(URL, headers={CALLER_HEADER: own_key})
    assert anonymous.status_code == 403


@pytest.mark.parametrize("service", built())
async def test_a_service_answers_nobody_but_the_gateway(stack: Stack, service: str) -> None:
    app = stack.standalone.apps[service]
    resource = stack.standalone.services[service].api.resources[0]
    path = f"/{service}/api/v1/{resource.path}"
    caller = Caller("deventer", "x", (PUBLIC,), component="zaken")
    key = stack.settings.derive(purpose("zaken", service))
    forged = {
        "absent": {},
        "empty": {CALLER_HEADER: ""},
        "garbage": {CALLER_HEADER: "x.y.z"},
        "another key": {CALLER_HEADER: sign(caller, "zaken", b"k" * 32)},
        "nobody": {CALLER_HEADER: sign(caller, "nobody", b"k" * 32)},
        "no signature": {CALLER_HEADER: jwt.encode({"t": "deventer", "exp": int(time.time()) + 60}, "", "none")},
        "expired": {CALLER_HEADER: "zaken " + jwt.encode({"t": "deventer", "exp": int(time.time()) - 1}, key, "HS256")},
        "a client's token": {"Authorization": f"Bearer {jwt.encode({'client_id': 'x'}, 'y' * 32, 'HS256')}"},
    }
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service") as http:
        for name, headers in forged.items():
            answer = await http.get(path, headers=headers)
            assert answer.status_code == 403, name
            assert answer.json()["code"] == "permission_denied", name
            intern = await http.post("/_intern/objects/" + resource.path, json={"uuids": []}, headers=headers)
            assert intern.status_code == 403, name


async def test_internal_paths_cannot_be_reached_through_the_gateway(api: Client) -> None:
    for path in (
        "/_intern/client?clientId=x",
        "/autorisaties/_intern/client",
        "/autorisaties/api/v1/../../_intern/client",
    ):
        assert (await api.get(path)).status_code == 404, path


async def test_a_token_of_one_municipality_on_the_host_of_another(stack: Stack, api: Client, raalte: Client) -> None:
    there = {"Host": "raalte.test"}
    answer = await api.get(URL, headers=there)
    assert (answer.status_code, answer.json()["code"]) == (403, "invalid-jwt-signature")
    url = f"{URL}?clientIds={raalte.client_id}"
    [found] = (await raalte.get(url)).json()["results"]
    # On the shared host each client belongs to its own municipality.
    [same] = (await Client(stack, "raalte", raalte.client_id, raalte.secret).get(url)).json()["results"]
    assert (same["label"], same["url"][-36:]) == (found["label"], found["url"][-36:])


async def test_urls_are_those_of_the_host_that_was_asked(stack: Stack, raalte: Client) -> None:
    for client, host in (
        (raalte, "http://raalte.test"),
        (Client(stack, "raalte", raalte.client_id, raalte.secret), PUBLIC),
    ):
        [found] = (await client.get(f"{URL}?clientIds={raalte.client_id}")).json()["results"]
        assert found["url"].startswith(f"{host}/")
