"""The Autorisaties API: applicaties and rules ac-001 to ac-003."""

import asyncio
import uuid
from typing import Any

import pytest

from tests.answers import errors
from tests.stack import Client, Stack
from tests.waiting import until

URL = "/autorisaties/api/v1/applicaties"
ZAAKTYPE = "http://samenzaak.test/catalogi/api/v1/zaaktypen/0b3d6e7e-9d7c-4a53-a0f5-2f0d4f0d9f3c"


def body(**changes: Any) -> dict[str, Any]:
    """Return an applicatie with one autorisatie."""
    grant = {
        "component": "zrc",
        "scopes": ["zaken.lezen"],
        "zaaktype": ZAAKTYPE,
        "maxVertrouwelijkheidaanduiding": "openbaar",
    }
    return {"clientIds": [f"app-{uuid.uuid4()}"], "label": "Balie", "autorisaties": [grant], **changes}


async def test_life_of_an_applicatie(api: Client) -> None:
    made = await api.post(URL, body())
    assert made.status_code == 201
    applicatie = made.json()
    assert made.headers["location"] == applicatie["url"]
    assert made.headers["api-version"] == "1.1.0"
    assert applicatie["autorisaties"][0]["componentWeergave"] == "Zaken API"
    assert "besluittype" not in applicatie["autorisaties"][0]
    assert (await api.get(applicatie["url"])).json() == applicatie
    changed = await api.patch(applicatie["url"], {"label": "Balie 2"})
    assert changed.json() == {**applicatie, "label": "Balie 2"}
    # PUT gives omitted optional fields their default, and then the application has no rights at all.
    again = await api.put(applicatie["url"], {"clientIds": applicatie["clientIds"], "label": "x"})
    assert errors(again) == [("nonFieldErrors", "missing-authorizations")]
    assert (await api.delete(applicatie["url"])).status_code == 204
    assert (await api.get(applicatie["url"])).status_code == 404


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"clientIds": []}, [("clientIds", "empty")]),
        ({"clientIds": None}, [("clientIds", "null")]),
        ({"clientIds": "x"}, [("clientIds", "not_a_list")]),
        ({"clientIds": ["x" * 51]}, [("clientIds.0", "max_length")]),
        ({"label": ""}, [("label", "blank")]),
        ({"label": "x" * 101}, [("label", "max_length")]),
        ({"heeftAlleAutorisaties": True}, [("nonFieldErrors", "ambiguous-authorizations-specified")]),
        ({"autorisaties": []}, [("nonFieldErrors", "missing-authorizations")]),
        ({"autorisaties": [{"component": "kc", "scopes": []}]}, [("autorisaties.0.component", "invalid_choice")]),
        (
            {"autorisaties": [{"component": "zrc", "scopes": ["zaken.lezen"]}]},
            [("autorisaties.0.maxVertrouwelijkheidaanduiding", "required"), ("autorisaties.0.zaaktype", "required")],
        ),
        (
            {"autorisaties": [{"component": "drc", "scopes": ["documenten.lezen"]}]},
            [
                ("autorisaties.0.informatieobjecttype", "required"),
                ("autorisaties.0.maxVertrouwelijkheidaanduiding", "required"),
            ],
        ),
        (
            {"autorisaties": [{"component": "brc", "scopes": ["besluiten.lezen"], "besluittype": ""}]},
            [("autorisaties.0.besluittype", "required")],
        ),
        (
            {"autorisaties": [{"component": "zrc", "scopes": ["zaken.lezen"], "zaaktype": "geen-url"}]},
            [("autorisaties.0.zaaktype", "invalid")],
        ),
    ],
)
async def test_ac_002_ac_003_and_field_errors(
    api: Client, changes: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert errors(await api.post(URL, body(**changes))) == expected


async def test_ac_003_is_not_triggered_by_other_scopes(api: Client) -> None:
    await api.created(URL, body(autorisaties=[{"component": "zrc", "scopes": ["audittrails.lezen"]}]))


async def test_fields_of_other_components_are_ignored(api: Client) -> None:
    """autorisaties.md §2.1: whatever is in them."""
    strange = {"zaaktype": "geen-url", "besluittype": None, "maxVertrouwelijkheidaanduiding": "heel", "x": 1}
    type_ = {"informatieobjecttype": ZAAKTYPE, "maxVertrouwelijkheidaanduiding": "geheim"}
    made = await api.created(
        URL,
        body(
            autorisaties=[
                {"component": "ac", "scopes": [], **strange},
                {"component": "drc", "scopes": ["documenten.lezen"], **strange, **type_},
                {"component": "brc", "scopes": ["onbekend.label"], "zaaktype": "", "besluittype": ""},
            ]
        ),
    )
    assert made["autorisaties"] == [
        {"component": "ac", "componentWeergave": "Autorisaties API", "scopes": []},
        {"component": "drc", "componentWeergave": "Documenten API", "scopes": ["documenten.lezen"], **type_},
        {"component": "brc", "componentWeergave": "Besluiten API", "scopes": ["onbekend.label"]},
    ]
    own = [{"component": "zrc", "scopes": [], "zaaktype": "geen-url", "besluittype": "geen-url"}]
    assert errors(await api.patch(made["url"], {"autorisaties": own})) == [("autorisaties.0.zaaktype", "invalid")]


async def test_ac_002_on_patch_looks_at_the_merged_state(api: Client) -> None:
    url = (await api.created(URL, body()))["url"]
    ambiguous = [("nonFieldErrors", "ambiguous-authorizations-specified")]
    assert errors(await api.patch(url, {"heeftAlleAutorisaties": True})) == ambiguous
    assert errors(await api.patch(url, {"autorisaties": []})) == [("nonFieldErrors", "missing-authorizations")]
    everything = {"heeftAlleAutorisaties": True, "autorisaties": []}
    changed = await api.patch(url, {**everything, "alleenIsGereedVoorPublicatie": True})
    assert changed.status_code == 200, changed.text
    # PUT gives what is left out its default.
    again = {"clientIds": changed.json()["clientIds"], "label": "Balie", **everything}
    assert (await api.put(url, again)).json()["alleenIsGereedVoorPublicatie"] is False


async def test_removing_the_last_administrator_is_allowed_and_logged(
    stack: Stack, raalte: Client, caplog: pytest.LogCaptureFixture
) -> None:
    """autorisaties.md §4."""
    await stack.add_tenant("ommen")
    grant = [{"component": "ac", "scopes": ["autorisaties.bijwerken", "autorisaties.lezen"]}]
    one, two = [await stack.add_client("ommen", f"beheer-{name}", grant) for name in "ab"]
    urls = {item["label"]: item["url"] for item in (await one.get(URL)).json()["results"]}
    assert (await one.delete(urls["beheer-b"])).status_code == 204
    assert not [record for record in caplog.records if "ommen" in record.getMessage()]
    reading = [{"component": "ac", "scopes": ["autorisaties.lezen"]}]
    assert (await one.patch(urls["beheer-a"], {"autorisaties": reading})).status_code == 200
    assert [record.levelname for record in caplog.records if "ommen" in record.getMessage()] == ["WARNING"]
    assert (await one.patch(urls["beheer-a"], {"autorisaties": grant})).status_code == 403
    assert (await two.get(URL)).status_code == 403


async def test_notifications(api: Client, gemeld: list[dict[str, Any]]) -> None:
    """autorisaties.md §5: kanaal autorisaties, without kenmerken."""
    url = (await api.created(URL, body()))["url"]
    await api.put(url, body())
    await api.patch(url, {"label": "Balie 2"})
    await api.delete(url)
    await until(lambda: sum(message["hoofdObject"] == url for message in gemeld) >= 4)
    mine = [message for message in gemeld if message["hoofdObject"] == url]
    assert [message["actie"] for message in mine] == ["create", "update", "partial_update", "destroy"]
    for message in mine:
        assert (message["kanaal"], message["resource"], message["kenmerken"]) == ("autorisaties", "applicatie", {})
        assert message["resourceUrl"] == url


async def test_ac_001_client_id_belongs_to_one_applicatie(api: Client) -> None:
    first = await api.created(URL, body())
    assert errors(await api.post(URL, body(clientIds=first["clientIds"]))) == [("clientIds", "clientId-exists")]
    doubled = await api.patch(first["url"], {"clientIds": first["clientIds"] * 2})
    assert doubled.json()["clientIds"] == first["clientIds"]


async def test_ac_001_holds_when_several_administrators_write_at_once(api: Client) -> None:
    client = f"app-{uuid.uuid4()}"
    answers = await asyncio.gather(*(api.post(URL, body(clientIds=[client])) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 400, 400, 400, 400]
    assert {code for answer in answers if answer.status_code == 400 for code in errors(answer)} == {
        ("clientIds", "clientId-exists")
    }
    urls = [(await api.created(URL, body()))["url"] for _ in range(3)]
    client = f"app-{uuid.uuid4()}"
    answers = await asyncio.gather(*(api.patch(url, {"clientIds": [client]}) for url in urls))
    assert sorted(answer.status_code for answer in answers) == [200, 400, 400]
    assert (await api.get(f"{URL}?clientIds={client}")).json()["count"] == 1


async def test_list_and_consumer(api: Client) -> None:
    made = await api.created(URL, body(clientIds=[f"a-{uuid.uuid4()}", f"b-{uuid.uuid4()}"]))
    one, two = made["clientIds"]
    for query in (f"clientIds={one}", f"clientIds={one},{two}", f"ClientIds={two}", f"page=1&clientids={one}%2C{two}"):
        assert (await api.get(f"{URL}?{query}")).json()["results"] == [made]
    assert (await api.get(f"{URL}?clientIds={one},niemand")).json()["count"] == 0
    assert (await api.get(f"{URL}/consumer?clientId={two}")).json() == made
    assert (await api.get(f"{URL}/consumer?clientId=niemand")).status_code == 404
    assert errors(await api.get(f"{URL}/consumer")) == [("clientId", "required")]
    assert errors(await api.get(f"{URL}/consumer?clientId=")) == [("clientId", "required")]
    # Client ids differ by case.
    assert (await api.get(f"{URL}/consumer?clientId={one.upper()}")).status_code == 404
    assert errors(await api.get(f"{URL}?onbekend=1")) == [("nonFieldErrors", "unknown-parameters")]


async def test_a_change_counts_from_the_next_request_on(stack: Stack, api: Client) -> None:
    listed = f"{URL}?clientIds=ac-lezer"
    reader = await stack.add_client("deventer", "ac-lezer", [{"component": "ac", "scopes": ["autorisaties.lezen"]}])
    assert (await reader.get(listed)).status_code == 200
    assert (await reader.post(URL, body())).status_code == 403
    own = (await api.get(f"{URL}/consumer?clientId=ac-lezer")).json()
    for _ in range(20):
        await api.patch(own["url"], {"autorisaties": [{"component": "ac", "scopes": ["autorisaties.bijwerken"]}]})
        assert (await reader.get(listed)).status_code == 403
        await api.patch(own["url"], {"autorisaties": [{"component": "ac", "scopes": ["autorisaties.lezen"]}]})
        assert (await reader.get(listed)).status_code == 200
    await api.delete(own["url"])
    assert (await reader.get(listed)).status_code == 403
