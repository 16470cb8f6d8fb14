"""Messages: nrc-1, nrc-2, nrc-8, nrc-11 and nrc-12."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.answers import errors
from tests.notificaties.abonneren import ABONNEMENT, BERICHTEN, ROOT, ZAAKTYPE, bericht, kanaal_with, naam
from tests.notificaties.abonneren import abonnement as abonnement
from tests.notificaties.webhooks import AUTH, Webhook, listening
from tests.stack import PUBLIC, Client, Stack


async def test_a_message_is_delivered_as_it_was_published(api: Client, webhook: Webhook) -> None:
    kanaal = await kanaal_with(api, "bronorganisatie", "zaak_type")
    await api.created(ABONNEMENT, abonnement(webhook, {"naam": kanaal}))
    kenmerken = {"bronorganisatie": "", "Zaak_Type": f"{PUBLIC}{ZAAKTYPE}", "meer": "é☃"}
    sent = bericht(kanaal, kenmerken=kenmerken, hoofdObject=f"{PUBLIC}/x", actie="willekeurig")
    answer = await api.post(BERICHTEN, {**sent, "bron": "mijn-app", "nogIets": 1})
    assert answer.status_code == 201
    assert answer.json() == sent
    assert await webhook.got(1) == [sent]
    headers = webhook.headers[0]
    assert headers["Authorization"] == AUTH
    assert headers["Content-Type"] == "application/json"


async def test_the_moment_is_shown_and_delivered_in_utc(api: Client, webhook: Webhook) -> None:
    kanaal = await kanaal_with(api)
    await api.created(ABONNEMENT, abonnement(webhook, {"naam": kanaal}))
    for sent, shown in (
        ("2026-03-02T10:14:03.120000+01:00", "2026-03-02T09:14:03.120000Z"),
        ("2026-03-02T09:14:03Z", "2026-03-02T09:14:03Z"),
    ):
        answer = await api.post(BERICHTEN, bericht(kanaal, aanmaakdatum=sent))
        assert answer.json()["aanmaakdatum"] == shown
        assert (await webhook.got(1))[0]["aanmaakdatum"] == shown
        webhook.received.clear()


async def test_kenmerken_may_be_absent(api: Client, webhook: Webhook) -> None:
    kanaal = await kanaal_with(api)
    await api.created(ABONNEMENT, abonnement(webhook, {"naam": kanaal}))
    sent = bericht(kanaal)
    del sent["kenmerken"]
    assert (await api.post(BERICHTEN, sent)).json() == {**sent, "kenmerken": {}}
    assert (await webhook.got(1))[0]["kenmerken"] == {}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"kanaal": ""}, ("kanaal", "blank")),
        ({"kanaal": "x" * 51}, ("kanaal", "max_length")),
        ({"hoofdObject": "x"}, ("hoofdObject", "invalid")),
        ({"hoofdObject": None}, ("hoofdObject", "null")),
        ({"resource": "x" * 101}, ("resource", "max_length")),
        ({"resourceUrl": ""}, ("resourceUrl", "blank")),
        ({"actie": "x" * 101}, ("actie", "max_length")),
        ({"aanmaakdatum": "gisteren"}, ("aanmaakdatum", "invalid")),
        ({"kenmerken": []}, ("kenmerken", "not_a_dict")),
        ({"kenmerken": None}, ("kenmerken", "null")),
        ({"kenmerken": {"kleur": True}}, ("kenmerken.kleur", "invalid")),
        ({"kenmerken": {"kleur": "x" * 1001}}, ("kenmerken.kleur", "max_length")),
        ({"actie": "a\0b"}, ("actie", "invalid")),
    ],
)
async def test_fields(api: Client, changes: dict[str, Any], expected: tuple[str, str]) -> None:
    assert errors(await api.post(BERICHTEN, bericht("autorisaties", **changes))) == [expected]


@pytest.mark.parametrize("field", ["kanaal", "hoofdObject", "resource", "resourceUrl", "actie", "aanmaakdatum"])
async def test_required_fields(api: Client, field: str) -> None:
    sent = bericht("autorisaties")
    del sent[field]
    assert errors(await api.post(BERICHTEN, sent)) == [(field, "required")]


async def test_nrc_1_kanaal_exists(api: Client) -> None:
    assert errors(await api.post(BERICHTEN, bericht("bestaat-niet"))) == [("kanaal", "message_kanaal")]


@pytest.mark.parametrize(
    ("kenmerken", "fits"),
    [
        ({}, True),
        ({"bronorganisatie": "1"}, True),
        ({"bronorganisatie": "1", "zaaktype": "A"}, True),
        ({"bronorganisatie": "1", "zaaktype": "A", "kleur": "x"}, True),
        ({"BRON_organisatie": "1"}, True),
        ({"bronorganisatie": "1", "kleur": "x"}, False),
        ({"kleur": "x"}, False),
    ],
)
async def test_nrc_2_kenmerken_fit_the_kanaal(api: Client, kenmerken: dict[str, str], fits: bool) -> None:
    kanaal = await kanaal_with(api, "bronorganisatie", "zaaktype")
    answer = await api.post(BERICHTEN, bericht(kanaal, kenmerken=kenmerken))
    if fits:
        assert answer.status_code == 201
    else:
        assert errors(answer) == [("kenmerken", "kenmerken_inconsistent")]


async def test_nrc_8_aanmaakdatum_is_not_in_the_future(api: Client) -> None:
    kanaal = await kanaal_with(api)
    soon, later = (datetime.now(UTC) + timedelta(seconds=seconds) for seconds in (30, 120))
    assert (await api.post(BERICHTEN, bericht(kanaal, aanmaakdatum=soon.isoformat()))).status_code == 201
    answer = await api.post(BERICHTEN, bericht(kanaal, aanmaakdatum=later.isoformat()))
    assert errors(answer) == [("aanmaakdatum", "future_not_allowed")]


ALL = {"bronorganisatie": "1", "zaaktype": "A"}


@pytest.mark.parametrize(
    ("kenmerken", "groups", "delivered"),
    [
        (ALL, [{"zaaktype": "A"}], True),
        (ALL, [{"zaaktype": "B"}], False),
        (ALL, [{"zaaktype": "a"}], False),
        (ALL, [{"zaaktype": "*"}], True),
        (ALL, [{"zaaktype": "A*"}], False),
        ({"bronorganisatie": "1"}, [{"zaaktype": "B"}], True),
        ({"bronorganisatie": "1"}, [{"zaaktype": "*"}], True),
        ({**ALL, "kleur": "x"}, [{}], True),
        (ALL, [{"zaaktype": "A"}, {"bronorganisatie": "1"}], True),
        (ALL, [{"zaaktype": "B"}, {"bronorganisatie": "1"}], True),
        (ALL, [{"zaaktype": "A", "bronorganisatie": "2"}], False),
        ({"bron_Organisatie": "1", "zaaktype": "A"}, [{"bronOrganisatie": "1"}], True),
        ({"bron_Organisatie": "1", "zaaktype": "A"}, [{"bronOrganisatie": "2"}], False),
        (ALL, [], False),
    ],
)
async def test_nrc_12_every_matching_abonnement_gets_one_copy(
    api: Client, webhook: Webhook, kenmerken: dict[str, str], groups: list[dict[str, str]], delivered: bool
) -> None:
    kanaal = await kanaal_with(api, "bronorganisatie", "zaaktype")
    other = await kanaal_with(api)
    kanalen = [{"naam": kanaal, "filters": filters} for filters in groups]
    await api.created(ABONNEMENT, abonnement(webhook, *kanalen, {"naam": other}))
    await api.created(BERICHTEN, bericht(kanaal, kenmerken=kenmerken))
    # The same hoofdObject, so this one never arrives before the first.
    last = await api.created(BERICHTEN, bericht(other))
    await webhook.until(lambda: last in webhook.received)
    assert [m["kanaal"] for m in webhook.received] == [kanaal] * delivered + [other]


@pytest.mark.parametrize("published", ["http://raalte.test", "http://zaken.raalte.test"])
async def test_nrc_12_own_urls_match_whichever_host_was_used(raalte: Client, webhook: Webhook, published: str) -> None:
    kanaal = await kanaal_with(raalte, "zaaktype")
    filters = {"zaaktype": f"http://zaken.raalte.test{ZAAKTYPE}"}
    await raalte.created(ABONNEMENT, abonnement(webhook, {"naam": kanaal, "filters": filters}))
    await raalte.created(BERICHTEN, bericht(kanaal, kenmerken={"zaaktype": f"http://elders.test{ZAAKTYPE}"}))
    sent = await raalte.created(BERICHTEN, bericht(kanaal, kenmerken={"zaaktype": f"{published}{ZAAKTYPE}"}))
    assert await webhook.got(1) == [sent]


async def test_nrc_12_municipalities_do_not_get_each_others_messages(api: Client, raalte: Client) -> None:
    async with listening() as one, listening() as two:
        name = await kanaal_with(api)
        await raalte.created(f"{ROOT}/kanaal", {"naam": name})
        await api.created(ABONNEMENT, abonnement(one, {"naam": name}))
        await raalte.created(ABONNEMENT, abonnement(two, {"naam": name}))
        first = await api.created(BERICHTEN, bericht(name, resource="van-deventer"))
        second = await raalte.created(BERICHTEN, bericht(name, resource="van-raalte"))
        assert await one.got(1) == [first]
        assert await two.got(1) == [second]


async def test_nrc_11_a_write_of_our_own_is_announced_without_content(api: Client, webhook: Webhook) -> None:
    await api.created(ABONNEMENT, abonnement(webhook, {"naam": "autorisaties"}))
    grant = {"component": "ac", "scopes": ["autorisaties.lezen"]}
    sent = {"clientIds": [naam()], "label": "Geheim", "autorisaties": [grant]}
    made = await api.created("/autorisaties/api/v1/applicaties", sent)
    await api.patch(made["url"], {"label": "Ander geheim"})
    await api.delete(made["url"])
    await webhook.until(lambda: len([m for m in webhook.received if m["hoofdObject"] == made["url"]]) == 3)
    own = [m for m in webhook.received if m["hoofdObject"] == made["url"]]
    assert [m["actie"] for m in own] == ["create", "partial_update", "destroy"]
    for message in own:
        assert set(message) == set(bericht("x"))
        assert message["resourceUrl"] == made["url"]
        assert message["resource"] == "applicatie"
        assert "eheim" not in str(message)


async def test_scope(stack: Stack, api: Client) -> None:
    kanaal = await kanaal_with(api)
    grants = {name: [{"component": "nrc", "scopes": [f"notificaties.{name}"]}] for name in ("publiceren", "consumeren")}
    publisher = await stack.add_client("deventer", "bericht-publiceert", grants["publiceren"])
    consumer = await stack.add_client("deventer", "bericht-consumeert", grants["consumeren"])
    assert (await publisher.post(BERICHTEN, bericht(kanaal))).status_code == 201
    assert (await consumer.post(BERICHTEN, bericht(kanaal))).status_code == 403
    assert (await api.get(BERICHTEN)).status_code == 405
    assert (await api.post("/notificaties/api/v1/../../_intern/notificaties", {"berichten": []})).status_code == 404
    assert (await api.post("/_intern/notificaties", {"berichten": []})).status_code == 404
