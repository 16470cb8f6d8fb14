"""Nothing of one municipality can be reached from another, for every resource of every API."""

import asyncio
import random
import uuid

import pytest

from beheer.provision import api_of
from tests import wereld as werelden
from tests.stack import Client, Stack, built
from zgw.profiel import SWITCHES
from zgw.verbs import collection_path

COLLECTIONS = [f"{service}/{resource.path}" for service in built() for resource in api_of(service).resources]
NOT_MADE = ("zaken/zaakcontactmomenten", "zaken/zaakverzoeken", "notificaties/abonnement")
"""These need an API or a webhook outside; the tests of their own services make them."""
FREE = ("catalogi/catalogussen", "autorisaties/applicaties", "notificaties/kanaal")
"""Bodies without a reference to anything: the other municipality may of course make the same."""

NOT_BY_CLIENTS = ("zaken/besluiten", "documenten/objectinformatieobjecten", "documenten/bestandsdelen")
"""Mirrors, and parts of something else: not made by clients."""


@pytest.fixture(scope="module")
async def wereld(api: Client) -> werelden.Wereld:
    """Everything at Deventer."""
    return await werelden.make(api)


@pytest.fixture(scope="module")
async def switched(stack: Stack) -> Client:
    """A client of the other municipality with every switch, beside those without."""
    return await stack.add_client("raalte", "raalte-openzaak", profiel=dict.fromkeys(SWITCHES, True))


@pytest.fixture(scope="module")
async def switched_here(stack: Stack) -> Client:
    """The same of the municipality that has everything."""
    return await stack.add_client("deventer", "deventer-openzaak", profiel=dict.fromkeys(SWITCHES, True))


async def test_the_world_has_every_resource(wereld: werelden.Wereld) -> None:
    assert set(COLLECTIONS) - set(wereld.urls) == set(NOT_MADE) & set(COLLECTIONS)
    assert set(wereld.urls) - set(wereld.bodies) == set(NOT_BY_CLIENTS)


@pytest.mark.parametrize("name", [name for name in COLLECTIONS if name not in NOT_MADE])
async def test_a_foreign_uuid_does_not_exist(
    wereld: werelden.Wereld, stack: Stack, api: Client, raalte: Client, switched: Client, name: str
) -> None:
    shared = Client(stack, "raalte", raalte.client_id, raalte.secret)
    url = wereld[name]
    path = "/" + url.split("/", 3)[3]
    own = await api.get(url)
    assert own.status_code in (200, 405), own.text
    for client in (raalte, shared, switched):
        for method, body in (("GET", None), ("HEAD", None), ("PUT", {}), ("PATCH", {}), ("DELETE", None)):
            answer = await client.request(method, path, json=body)
            assert answer.status_code in (404, 405, 415), (method, answer.status_code, answer.text)
        assert (await client.get(f"{path}/audittrail")).status_code == 404
        assert (await client.post(f"{path}/publish")).status_code in (404, 405)
        assert (await client.post(f"{path}/lock", {})).status_code in (404, 405)
        assert (await client.get(f"{path}/download")).status_code == 404
    assert (await api.get(url)).text == own.text


@pytest.mark.parametrize("name", [name for name in COLLECTIONS if name not in (*NOT_MADE, *FREE, *NOT_BY_CLIENTS)])
async def test_a_reference_to_another_municipality_is_refused(
    wereld: werelden.Wereld, stack: Stack, raalte: Client, switched: Client, name: str
) -> None:
    url, body = wereld.bodies[name]
    path = "/" + url.split("/", 3)[3] if url.startswith("http") else url
    shared = Client(stack, "raalte", raalte.client_id, raalte.secret)
    elsewhere = {
        key: value.replace("http://samenzaak.test", "http://raalte.test") if isinstance(value, str) else value
        for key, value in body.items()
    }
    for client, sent in ((shared, body), (raalte, body), (raalte, elsewhere), (switched, body)):
        answer = await client.post(path, sent)
        assert answer.status_code in (400, 403, 404), (answer.status_code, answer.text)


@pytest.mark.parametrize("service", built())
async def test_a_filter_with_a_foreign_url_finds_nothing(wereld: werelden.Wereld, raalte: Client, service: str) -> None:
    answered = 0
    for resource in api_of(service).resources:
        if resource.parent or "list" not in resource.scopes:
            continue
        for declared in resource.filters:
            if declared.search_only:
                continue
            for name in ("zaken/zaken", "catalogi/zaaktypen", "documenten/enkelvoudiginformatieobjecten"):
                if name not in wereld.urls:
                    continue
                answer = await raalte.get(
                    f"/{service}/api/v1{collection_path(resource)}?{declared.name}={wereld[name]}"
                )
                if answer.status_code == 200:
                    answered += 1
                    found = answer.json()
                    assert "samenzaak.test/" not in str(found["results"] if isinstance(found, dict) else found)
                    assert (found["count"] if isinstance(found, dict) else len(found)) == 0
    if not answered:
        pytest.skip("no filter takes such a URL")


@pytest.mark.parametrize("kind", ["raalte", "switched"])
async def test_search_and_expand_with_foreign_uuids(
    wereld: werelden.Wereld, request: pytest.FixtureRequest, kind: str
) -> None:
    raalte: Client = request.getfixturevalue(kind)
    zaak = wereld["zaken/zaken"].rsplit("/", 1)[1]
    found = await raalte.post("/zaken/api/v1/zaken/_zoek", {"uuid__in": [zaak], "expand": "zaaktype,rollen"})
    assert (found.status_code, found.json()["count"]) == (200, 0)
    document = wereld["documenten/enkelvoudiginformatieobjecten"].rsplit("/", 1)[1]
    found = await raalte.post("/documenten/api/v1/enkelvoudiginformatieobjecten/_zoek", {"uuid__in": [document]})
    assert (found.status_code, found.json()["count"]) == (200, 0)


@pytest.mark.parametrize("number", [300, pytest.param(10_000, marks=pytest.mark.long)])
async def test_thousands_of_mixed_requests_none_wrong(
    stack: Stack, api: Client, raalte: Client, switched: Client, switched_here: Client, number: int
) -> None:
    """Pooled connections alternate municipalities, and clients with and without switches, under concurrency; every
    answer is of the municipality that asked."""
    url = "/autorisaties/api/v1/applicaties"
    shared = Client(stack, "raalte", raalte.client_id, raalte.secret)
    own: dict[str, list[str]] = {}
    for client in (api, shared):
        made = [
            await client.created(
                url, {"clientIds": [f"m-{uuid.uuid4()}"], "label": client.tenant, "heeftAlleAutorisaties": True}
            )
            for _ in range(5)
        ]
        own[client.tenant] = [item["url"] for item in made]
    of_other = Client(stack, "raalte", switched.client_id, switched.secret)
    clients = {"deventer": api, "raalte": shared}
    kinds = {"deventer": (api, switched_here), "raalte": (shared, of_other)}
    headers = {name: [{"Authorization": f"Bearer {each.token()}"} for each in both] for name, both in kinds.items()}
    choose = random.Random(1)
    wrong: list[str] = []
    # Between separate processes each costs five times as much, and what alternates is the same.
    todo = iter(range(number if stack.split is None else min(number, 2000)))

    async def worker() -> None:
        for _ in todo:
            tenant = choose.choice(("deventer", "raalte"))
            other = "raalte" if tenant == "deventer" else "deventer"
            kind = choose.random()
            http, own_headers = clients[tenant].http, choose.choice(headers[tenant])
            if kind < 0.6:
                answer = await http.get(choose.choice(own[tenant]), headers=own_headers)
                if answer.status_code != 200 or answer.json()["label"] != tenant:
                    wrong.append(f"{tenant} own: {answer.status_code} {answer.text}")
            elif kind < 0.9:
                answer = await http.get(choose.choice(own[other]), headers=own_headers)
                if answer.status_code != 404:
                    wrong.append(f"{tenant} of {other}: {answer.status_code}")
            elif kind < 0.95:
                answer = await http.get(f"{url}?pageSize=500", headers=own_headers)
                if set(own[other]) & {item["url"] for item in answer.json()["results"]}:
                    wrong.append(f"{tenant} lists {other}")
            else:
                answer = await http.patch(choose.choice(own[other]), json={"label": "x"}, headers=own_headers)
                if answer.status_code != 404:
                    wrong.append(f"{tenant} changes {other}: {answer.status_code}")

    await asyncio.gather(*(worker() for _ in range(16)))
    assert wrong == []
    assert {(await api.get(u)).json()["label"] for u in own["deventer"]} == {"deventer"}
    assert {(await shared.get(u)).json()["label"] for u in own["raalte"]} == {"raalte"}
