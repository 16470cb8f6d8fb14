"""Abonnementen: nrc-3 to nrc-6, nrc-10, and what is stored of them."""

import asyncio
from typing import Any

import httpx
import pytest

from runtime.tenancy import schema_of
from tests.answers import errors
from tests.notificaties.abonneren import ABONNEMENT, ROOT, ZAAKTYPE, abonnement, naam
from tests.notificaties.webhooks import AUTH, Webhook
from tests.stack import PUBLIC, Client, Stack


@pytest.fixture
async def kanaal(api: Client) -> str:
    """The name of a kanaal with the kenmerken kleur and grote_maat."""
    return await a_kanaal(api)


async def a_kanaal(client: Client) -> str:
    """Make a kanaal with these kenmerken and return its name."""
    found: str = (await client.created(f"{ROOT}/kanaal", {"naam": naam(), "filters": ["kleur", "grote_maat"]}))["naam"]
    return found


async def test_life_of_an_abonnement(stack: Stack, own: Client, webhook: Webhook) -> None:
    other = await stack.add_own()
    kanaal = await a_kanaal(own)
    sent = abonnement(
        webhook, {"naam": kanaal, "filters": {"kleur": "rood"}}, {"naam": kanaal, "filters": {"kleur": "*"}}
    )
    made = await own.post(ABONNEMENT, sent)
    assert made.status_code == 201, made.text
    shown = made.json()
    cloudevents = {"sendCloudevents": False, "cloudeventFilters": []}
    assert shown == {"url": shown["url"], "callbackUrl": webhook.url, "kanalen": sent["kanalen"], **cloudevents}
    assert made.headers["location"] == shown["url"]
    assert (await own.get(shown["url"])).json() == shown
    listed = (await own.get(ABONNEMENT)).json()
    assert listed == [shown]
    assert (await other.get(ABONNEMENT)).json() == []
    bare = abonnement(webhook, {"naam": kanaal})
    replaced = await own.put(shown["url"], bare)
    assert replaced.json()["kanalen"] == [{"naam": kanaal, "filters": {}}]
    emptied = await own.patch(shown["url"], {"kanalen": []})
    assert emptied.json() == {**shown, "kanalen": []}
    assert (await own.delete(shown["url"])).status_code == 204
    assert (await own.get(shown["url"])).status_code == 404


async def test_changes_at_the_same_moment(api: Client, webhook: Webhook, kanaal: str) -> None:
    made = await api.created(ABONNEMENT, abonnement(webhook, {"naam": kanaal}))
    filters = [{"naam": kanaal, "filters": {"kleur": str(n)}} for n in range(12)]
    answers = await asyncio.gather(*(api.patch(made["url"], {"kanalen": [each]}) for each in filters))
    assert {answer.status_code for answer in answers} == {200}
    assert (await api.get(made["url"])).json()["kanalen"][0] in filters


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"callbackUrl": None}, ("callbackUrl", "null")),
        ({"callbackUrl": ""}, ("callbackUrl", "blank")),
        ({"callbackUrl": "webhook"}, ("callbackUrl", "invalid")),
        ({"callbackUrl": "ftp://x.test/"}, ("callbackUrl", "invalid")),
        ({"auth": ""}, ("auth", "blank")),
        ({"auth": None}, ("auth", "null")),
        ({"auth": "a\nb: c"}, ("auth", "invalid")),
        ({"kanalen": None}, ("kanalen", "null")),
        ({"kanalen": {}}, ("kanalen", "not_a_list")),
        ({"kanalen": [{}]}, ("kanalen.0.naam", "required")),
        ({"kanalen": [{"naam": "x", "filters": []}]}, ("kanalen.0.filters", "not_a_dict")),
        ({"kanalen": [{"naam": "x", "filters": {"kleur": True}}]}, ("kanalen.0.filters.kleur", "invalid")),
        ({"kanalen": [{"naam": "x", "filters": {"kleur": "x" * 1001}}]}, ("kanalen.0.filters.kleur", "max_length")),
    ],
)
async def test_fields(api: Client, webhook: Webhook, changes: dict[str, Any], expected: tuple[str, str]) -> None:
    assert errors(await api.post(ABONNEMENT, abonnement(webhook, **changes))) == [expected]
    assert webhook.tests == []


@pytest.mark.parametrize("field", ["callbackUrl", "auth", "kanalen"])
async def test_required_fields(api: Client, webhook: Webhook, field: str) -> None:
    sent = abonnement(webhook)
    del sent[field]
    assert errors(await api.post(ABONNEMENT, sent)) == [(field, "required")]
    made = await api.created(ABONNEMENT, abonnement(webhook))
    assert errors(await api.put(made["url"], sent)) == [(field, "required")]


async def test_long_callbacks_and_credentials(api: Client, webhook: Webhook) -> None:
    webhook.auth = "Bearer " + "x" * 3000
    made = await api.created(
        ABONNEMENT, abonnement(webhook, callbackUrl=f"{webhook.url}/{'x' * 2000}", auth=webhook.auth)
    )
    assert len(made["callbackUrl"]) > 2000


async def test_nrc_3_kanaal_exists(api: Client, webhook: Webhook, kanaal: str) -> None:
    answer = await api.post(ABONNEMENT, abonnement(webhook, {"naam": kanaal}, {"naam": "bestaat-niet"}))
    assert errors(answer) == [("naam", "kanaal_naam")]
    made = await api.created(ABONNEMENT, abonnement(webhook, {"naam": kanaal}))
    assert errors(await api.patch(made["url"], {"kanalen": [{"naam": "bestaat-niet"}]})) == [("naam", "kanaal_naam")]


@pytest.mark.parametrize(
    ("filters", "fits"),
    [
        ({}, True),
        ({"kleur": "rood"}, True),
        ({"groteMaat": "1", "KLEUR": "x"}, True),
        ({"kleur": "rood", "grote_maat": "1", "meer": "x"}, True),
        ({"meer": "x"}, False),
        ({"kleur": "rood", "meer": "x"}, False),
    ],
)
async def test_nrc_4_filters_fit_the_kanaal(
    api: Client, webhook: Webhook, kanaal: str, filters: dict[str, str], fits: bool
) -> None:
    answer = await api.post(ABONNEMENT, abonnement(webhook, {"naam": kanaal, "filters": filters}))
    if fits:
        assert answer.status_code == 201
        assert answer.json()["kanalen"][0]["filters"] == filters
    else:
        assert errors(answer) == [("filters", "inconsistent-abonnement-filters")]


async def test_nrc_5_nrc_6_both_tests_are_made(api: Client, webhook: Webhook) -> None:
    await api.created(ABONNEMENT, abonnement(webhook))
    assert webhook.tests == [None, AUTH]


@pytest.mark.parametrize("status", [200, 204, 302, 401, 500])
async def test_nrc_5_callback_takes_the_test_message(api: Client, webhook: Webhook, status: int) -> None:
    webhook.test_answer = lambda given: status if given else 401
    answer = await api.post(ABONNEMENT, abonnement(webhook))
    if status < 300:
        assert answer.status_code == 201
    else:
        assert errors(answer) == [("nonFieldErrors", "invalid-callback-url")]


@pytest.mark.parametrize("status", [200, 302, 404, 500, 403, 401])
async def test_nrc_6_callback_is_protected(api: Client, webhook: Webhook, status: int) -> None:
    """nrc-6 and nrc-10."""
    webhook.test_answer = lambda given: 204 if given else status
    answer = await api.post(ABONNEMENT, abonnement(webhook))
    if status in (401, 403):
        assert answer.status_code == 201
    else:
        assert errors(answer) == [("callbackUrl", "no-auth-on-callback-url")]


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9/webhook", "http://bestaat-niet.invalid/webhook", "http://[::1]:9/", "http://x..y/"]
)
async def test_nrc_6_an_unreachable_callback_is_a_400(api: Client, webhook: Webhook, url: str) -> None:
    assert errors(await api.post(ABONNEMENT, abonnement(webhook, callbackUrl=url))) == [
        ("callbackUrl", "no-auth-on-callback-url")
    ]


async def test_nrc_5_only_what_changes_is_tested(api: Client, webhook: Webhook, kanaal: str) -> None:
    made = await api.created(ABONNEMENT, abonnement(webhook))
    webhook.tests.clear()
    assert (await api.patch(made["url"], {"kanalen": [{"naam": kanaal}]})).status_code == 200
    assert webhook.tests == []
    # PATCH of one of both uses the stored other one.
    assert (await api.patch(made["url"], {"callbackUrl": webhook.url + "/2"})).status_code == 200
    assert webhook.tests == [None, AUTH]
    webhook.tests.clear()
    assert errors(await api.patch(made["url"], {"auth": "Bearer anders"})) == [
        ("nonFieldErrors", "invalid-callback-url")
    ]
    webhook.auth = "Bearer nieuw"
    assert (await api.patch(made["url"], {"auth": "Bearer nieuw"})).status_code == 200
    webhook.tests.clear()
    assert (await api.put(made["url"], abonnement(webhook, auth="Bearer nieuw"))).status_code == 200
    assert webhook.tests == [None, "Bearer nieuw"]


async def test_credentials_are_encrypted_and_never_shown(stack: Stack, own: Client, webhook: Webhook) -> None:
    webhook.auth = "Bearer heel-geheim"
    sent = abonnement(webhook, auth=webhook.auth)
    made = await own.post(ABONNEMENT, sent)
    url = made.json()["url"]
    answers = [
        made,
        await own.get(url),
        await own.get(ABONNEMENT),
        await own.put(url, sent),
        await own.patch(url, {"auth": webhook.auth}),
    ]
    for answer in answers:
        assert answer.is_success
        assert "auth" not in answer.text
        assert "heel-geheim" not in answer.text
    async with stack.admin() as admin:
        schema = schema_of(own.tenant, "notificaties")
        rows = await admin.fetch(f'SELECT to_jsonb(a)::text AS row FROM "{schema}".abonnement a')
        assert rows
        assert not any("heel-geheim" in row["row"] for row in rows)


async def test_filters_with_own_urls_are_shown_with_the_host_of_the_reader(raalte: Client, webhook: Webhook) -> None:
    kanaal = await raalte.created(f"{ROOT}/kanaal", {"naam": naam(), "filters": ["zaaktype"]})
    filters = {"zaaktype": f"http://zaken.raalte.test{ZAAKTYPE}"}
    made = await raalte.created(ABONNEMENT, abonnement(webhook, {"naam": kanaal["naam"], "filters": filters}))
    assert made["kanalen"][0]["filters"] == {"zaaktype": f"http://raalte.test{ZAAKTYPE}"}
    again = await raalte.put(made["url"], abonnement(webhook, *made["kanalen"]))
    assert again.json()["kanalen"] == made["kanalen"]
    foreign = {"zaaktype": f"{PUBLIC}x{ZAAKTYPE}"}
    patched = await raalte.patch(made["url"], {"kanalen": [{"naam": kanaal["naam"], "filters": foreign}]})
    assert patched.json()["kanalen"][0]["filters"] == foreign


async def test_scopes(stack: Stack, api: Client, webhook: Webhook) -> None:
    async def client(name: str, *scopes: str) -> Client:
        return await stack.add_client("deventer", name, [{"component": "nrc", "scopes": list(scopes)}])

    publisher = await client("abo-publiceert", "notificaties.publiceren")
    consumer = await client("abo-consumeert", "notificaties.consumeren")
    made = await consumer.created(ABONNEMENT, abonnement(webhook))
    assert (await publisher.get(ABONNEMENT)).json() == []
    assert (await consumer.get(ABONNEMENT)).json() == [made]
    assert (await consumer.get(made["url"])).status_code == 200
    attempts: list[tuple[str, str, Any]] = [
        ("POST", ABONNEMENT, abonnement(webhook)),
        ("PUT", made["url"], abonnement(webhook)),
        ("PATCH", made["url"], {"kanalen": []}),
        ("DELETE", made["url"], None),
    ]
    for method, url, sent in attempts:
        assert (await publisher.request(method, url, json=sent)).status_code == 403
        assert (await consumer.request(method, url, json=sent)).is_success
    assert errors(await consumer.get(f"{ABONNEMENT}?page=1")) == [("nonFieldErrors", "unknown-parameters")]


async def test_unusual_requests_are_refused(api: Client, webhook: Webhook) -> None:
    made = await api.created(ABONNEMENT, abonnement(webhook))
    for url in (ABONNEMENT, made["url"]):
        method = "POST" if url == ABONNEMENT else "PATCH"
        text: httpx.Response = await api.request(method, url, content=b"x", headers={"Content-Type": "text/plain"})
        assert text.status_code == 415
        broken = await api.request(method, url, content=b"{", headers={"Content-Type": "application/json"})
        assert (broken.status_code, broken.json()["code"]) == (400, "parse_error")
    assert (await api.get(made["url"], headers={"Accept": "text/html"})).status_code == 406
    nowhere = made["url"][:-1] + ("0" if made["url"][-1] != "0" else "1")
    assert (await api.patch(nowhere, {"kanalen": []})).status_code == 404
    assert errors(await api.patch(f"{made['url']}?x=1", {})) == [("nonFieldErrors", "unknown-parameters")]
