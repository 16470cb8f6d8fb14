"""What applications that know Open Notificaties send to the Notificaties API."""

import pytest

from tests.answers import errors
from tests.maak import Maak
from tests.notificaties.abonneren import ABONNEMENT, BERICHTEN, KANAAL, abonnement, bericht, naam
from tests.notificaties.webhooks import Webhook
from tests.stack import Client, Stack

FILTERS = [{"typeSubstring": "nl.overheid.zaken", "filters": {"zaaktype": "https://elders.test/zaaktypen/1"}}]


# --- A kanaal that is registered at each start (notifications-api-common, register_kanalen) ---


async def register(client: Client, name: str, filters: list[str]) -> dict[str, object]:
    """Register a kanaal as the library does: look whether it is there, and make or replace it."""
    body = {"naam": name, "documentatieLink": "https://objecten.test/kanaal", "filters": filters}
    found = (await client.get(KANAAL, params={"naam": name})).json()
    answer = await client.put(found[0]["url"], body) if found else await client.post(KANAAL, body)
    assert answer.status_code == (200 if found else 201), answer.text
    shown: dict[str, object] = answer.json()
    assert (await client.get(str(shown["url"]))).json() == shown
    return shown


async def test_a_kanaal_is_registered_twice(api: Client) -> None:
    name = naam()
    first = await register(api, name, ["objectType"])
    assert await register(api, name, ["objectType"]) == first
    assert await register(api, name, ["object_type", "kleur"]) == {**first, "filters": ["object_type", "kleur"]}
    url = str(first["url"])
    changed = await api.patch(url, {"documentatieLink": ""})
    assert changed.json() == {**first, "documentatieLink": "", "filters": ["object_type", "kleur"]}


async def test_the_name_of_a_kanaal_stays(api: Client) -> None:
    made = await api.created(KANAAL, {"naam": naam(), "filters": ["kleur"]})
    for answer in (
        await api.patch(made["url"], {"naam": naam()}),
        await api.put(made["url"], {**made, "naam": naam()}),
    ):
        assert (answer.status_code, errors(answer)) == (400, [("naam", "wijzigen-niet-toegelaten")])
    assert errors(await api.put(made["url"], {**made, "filters": ["x" * 101]})) == [("filters.0", "max_length")]
    assert (await api.get(made["url"])).json() == made


async def test_a_kanaal_of_ours_keeps_what_its_messages_have(api: Client) -> None:
    [zaken] = (await api.get(KANAAL, params={"naam": "zaken"})).json()
    assert "zaaktype" in zaken["filters"]
    changed = await register(api, "zaken", ["eigen"])
    assert changed["filters"] == ["eigen", *zaken["filters"]]
    assert (await register(api, "zaken", zaken["filters"]))["filters"] == zaken["filters"]


async def test_only_publishers_change_a_kanaal(stack: Stack, api: Client) -> None:
    made = await api.created(KANAAL, {"naam": naam()})
    rights = [{"component": "nrc", "scopes": ["notificaties.consumeren"]}]
    consumer = await stack.add_client("deventer", "alleen-consument", rights)
    assert (await consumer.put(made["url"], made)).status_code == 403
    assert (await consumer.patch(made["url"], {})).status_code == 403


# --- An abonnement with cloud events ---


async def test_what_an_abonnement_says_of_cloud_events_is_kept(api: Client, webhook: Webhook) -> None:
    sent = abonnement(webhook, {"naam": "zaken", "filters": {}}, sendCloudevents=True, cloudeventFilters=FILTERS)
    made = await api.created(ABONNEMENT, sent)
    assert made == {"url": made["url"], **{name: sent[name] for name in sent if name != "auth"}}
    assert (await api.get(made["url"])).json() == made
    changed = (await api.patch(made["url"], {"sendCloudevents": False})).json()
    assert changed == {**made, "sendCloudevents": False}
    replaced = (await api.put(made["url"], abonnement(webhook))).json()
    assert replaced == {**made, "kanalen": [], "sendCloudevents": False, "cloudeventFilters": []}


async def test_own_urls_in_filters_of_cloud_events(api: Client, maak: Maak, webhook: Webhook) -> None:
    zaaktype = (await maak.concept())["url"]
    filters = [{"typeSubstring": "zaak", "filters": {"zaaktype": zaaktype}}]
    made = await api.created(ABONNEMENT, abonnement(webhook, cloudeventFilters=filters))
    assert made["cloudeventFilters"] == filters
    again = await api.put(made["url"], abonnement(webhook, cloudeventFilters=made["cloudeventFilters"]))
    assert again.json()["cloudeventFilters"] == filters


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"sendCloudevents": "misschien"}, ("sendCloudevents", "invalid")),
        ({"cloudeventFilters": [{}]}, ("cloudeventFilters.0.typeSubstring", "required")),
        ({"cloudeventFilters": [{"typeSubstring": ""}]}, ("cloudeventFilters.0.typeSubstring", "blank")),
        ({"cloudeventFilters": {}}, ("cloudeventFilters", "not_a_list")),
    ],
)
async def test_fields_of_cloud_events(
    api: Client,
    webhook: Webhook,
    changes: dict[str, object],
    expected: tuple[str, str],
) -> None:
    assert errors(await api.post(ABONNEMENT, abonnement(webhook, **changes))) == [expected]


async def test_a_token_is_delivered_as_it_was_given(api: Client, webhook: Webhook) -> None:
    """Libraries subscribe with a token of twelve hours; only who gets it can tell whether it is still good."""
    webhook.auth = "Bearer eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjE1Nzc4MzY4MDB9.afgelopen"
    sent = {"callbackUrl": webhook.url, "auth": webhook.auth, "kanalen": [{"filters": {}, "naam": "zaken"}]}
    await api.created(ABONNEMENT, sent)
    assert webhook.tests == [None, webhook.auth]


# --- Where a message comes from ---


async def test_a_message_tells_its_source(api: Client, webhook: Webhook) -> None:
    name = (await api.created(KANAAL, {"naam": naam()}))["naam"]
    await api.created(ABONNEMENT, abonnement(webhook, {"naam": name}))
    source = "urn:nld:oin:00000001823288444000:systeem:objecten"
    for sent in (bericht(name, source=source), bericht(name)):
        assert await api.created(BERICHTEN, sent) == sent
    assert await webhook.got(2) == [bericht(name, source=source), bericht(name)]
    assert errors(await api.post(BERICHTEN, bericht(name, source="x" * 256))) == [("source", "max_length")]


async def test_our_messages_tell_the_source_that_is_configured(
    stack: Stack,
    api: Client,
    maak: Maak,
    webhook: Webhook,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    service = stack.standalone.services["notificaties"]
    await api.created(ABONNEMENT, abonnement(webhook, {"naam": "besluittypen"}))
    await maak.besluittype(concept=True)
    configured = service.settings.model_copy(update={"notification_source": "urn:nld:gemeente:{tenant}"})
    await webhook.got(1)
    with monkeypatch.context() as changed:
        changed.setattr(service, "settings", configured)
        await maak.besluittype(concept=True)
        found = await webhook.got(2)
    assert [message.get("source") for message in found] == [None, "urn:nld:gemeente:deventer"]
