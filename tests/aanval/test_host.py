"""What a client says of where it calls: nothing of that is kept, sent to others, or rendered anew."""

from collections import Counter
from typing import Any

import httpx
import pytest
import yaml

from oas import openapi, routes
from tests.stack import PUBLIC, Client, Stack
from tests.waiting import until

OWN = "http://hosts.test"
ELSEWHERE = {
    "Host": "hosts.test:4711",
    "X-Forwarded-Host": "evil.test",
    "X-Forwarded-Proto": "https",
    "Forwarded": "host=evil.test;proto=https",
}


@pytest.fixture(scope="module")
async def own(stack: Stack) -> Client:
    """A client of a municipality with a host name of its own, which only this file has."""
    return await stack.add_own("hosts", ("hosts.test",))


def strange(content: Any) -> bool:
    return any(word in str(content) for word in (":4711", "evil", "https://hosts"))


@pytest.mark.few
@pytest.mark.parametrize("path", ["openapi.yaml", "openapi.json", "docs"])
async def test_documentation_is_rendered_once_whatever_the_host(
    stack: Stack, own: Client, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rendered: Counter[str] = Counter()
    real = openapi.document

    def counted(api: Any, *arguments: Any, **more: Any) -> Any:
        rendered[api.service] += 1
        return real(api, *arguments, **more)

    monkeypatch.setattr(routes, "document", counted)
    async with httpx.AsyncClient(transport=stack.transport(), base_url=PUBLIC) as stranger:
        answers = {
            (await stranger.get(f"/zaken/api/v1/{path}", headers={"Host": f"hosts.test:{port}"})).content
            for port in range(1000, 1030)
        }
        public = await stranger.get(f"/zaken/api/v1/{path}")
    assert len(answers) == 1
    assert rendered["zaken"] <= 1
    for content, base in ((answers.pop(), OWN), (public.content, PUBLIC)):
        assert f"{base}/zaken/api/v1".encode() in content
        assert routes.ANY_BASE.encode() not in content
        if path != "docs":
            assert yaml.safe_load(content)["servers"][0]["url"] == f"{base}/zaken/api/v1"


async def test_a_strange_port_reaches_no_notification_trail_or_page(own: Client, gemeld: list[dict[str, Any]]) -> None:
    body = {
        "domein": "HOSTX",
        "rsin": "517439943",
        "contactpersoonBeheerNaam": "x",
        "naam": "Hosts",
    }
    catalogus = await own.post("/catalogi/api/v1/catalogussen", body, headers=ELSEWHERE)
    assert catalogus.status_code == 201, catalogus.text
    kind = {
        "catalogus": catalogus.json()["url"],
        "omschrijving": "Hosts",
        "vertrouwelijkheidaanduiding": "openbaar",
        "beginGeldigheid": "2025-01-01",
        "informatieobjectcategorie": "x",
    }
    made = await own.post("/catalogi/api/v1/informatieobjecttypen", kind, headers=ELSEWHERE)
    assert made.status_code == 201, made.text
    await own.post(f"{made.json()['url']}/publish", headers=ELSEWHERE)
    document = await own.post(
        "/documenten/api/v1/enkelvoudiginformatieobjecten",
        {
            "bronorganisatie": "517439943",
            "creatiedatum": "2025-01-01",
            "titel": "t",
            "auteur": "a",
            "taal": "nld",
            "informatieobjecttype": made.json()["url"],
            "inhoud": "",
        },
        headers=ELSEWHERE,
    )
    assert document.status_code == 201, document.text
    assert document.json()["url"].startswith(f"{OWN}/")
    path = document.json()["url"].removeprefix(OWN)
    for headers in (ELSEWHERE, {}):
        trail = await own.get(f"{path}/audittrail", headers=headers)
        assert trail.json()[0]["hoofdObject"] == trail.json()[0]["resourceUrl"] == OWN + path
        assert trail.json()[0]["wijzigingen"]["nieuw"]["url"] == OWN + path
        page = await own.get("/catalogi/api/v1/informatieobjecttypen?pageSize=1&status=alles", headers=headers)
        assert page.json()["next"] is None or page.json()["next"].startswith(f"{OWN}/catalogi/")
        assert not strange([document.json(), trail.json(), page.json()])
    told = await until(lambda: [m for m in gemeld if m["resourceUrl"] == OWN + path])
    assert told[0]["hoofdObject"] == OWN + path
    assert not strange(gemeld)


async def test_the_public_host_and_the_own_host_give_subscribers_the_same_urls(
    stack: Stack, own: Client, gemeld: list[dict[str, Any]]
) -> None:
    client = await stack.add_client(own.tenant, "publiek", host=PUBLIC)
    zelf = await stack.add_client(own.tenant, "eigen", host=OWN)
    for domein, api, base in (("HOSTA", client, PUBLIC), ("HOSTB", zelf, OWN)):
        made = await api.created(
            "/catalogi/api/v1/catalogussen",
            {"domein": domein, "rsin": "517439943", "contactpersoonBeheerNaam": "x", "naam": "Hosts"},
        )
        assert made["url"].startswith(f"{base}/")
        kind = await api.created(
            "/catalogi/api/v1/informatieobjecttypen",
            {
                "catalogus": made["url"],
                "omschrijving": "Hosts",
                "vertrouwelijkheidaanduiding": "openbaar",
                "beginGeldigheid": "2025-01-01",
                "informatieobjectcategorie": "x",
            },
        )
        page = (await api.get("/catalogi/api/v1/informatieobjecttypen?pageSize=1&status=alles")).json()
        assert page["results"][0]["url"].startswith(f"{base}/")
        assert page["next"] is None or page["next"].startswith(f"{OWN}/")
        path = kind["url"].removeprefix(base)
        told = await until(lambda path=path: [m for m in gemeld if m["resourceUrl"].endswith(path)])  # type: ignore[misc]
        assert told[0]["resourceUrl"] == told[0]["hoofdObject"] == OWN + path
        assert told[0]["kenmerken"]["catalogus"].startswith(f"{OWN}/")


async def test_hosts_that_a_client_makes_up_fill_no_cache(stack: Stack, own: Client) -> None:
    client = await stack.add_client(own.tenant, "verzint-poorten", host=OWN)
    for port in range(2000, 2030):
        answer = await client.get("/zaken/api/v1/zaken", headers={"Host": f"hosts.test:{port}"})
        assert answer.status_code == 200
    known = stack.standalone.services["zaken"].clients._applicaties._known
    assert [client_id for client_id, _ in known.get(own.tenant, ())].count(client.client_id) <= 1
