"""Switches: each changes one thing, for the clients that have it on, and nothing that is kept or sent to others."""

from typing import Any

import pytest

from gateway import registry
from tests.answers import errors
from tests.stack import Client, Stack
from tests.zaken.zaakmaker import Zaakmaker
from zgw.profiel import SWITCHES, Profiel, check_switches, profiel_of

APPLICATIES = "/autorisaties/api/v1/applicaties"
ROLLEN = "/zaken/api/v1/rollen"


@pytest.mark.parametrize(
    ("default", "own", "on"),
    [
        ((), {}, set()),
        (("ziotUrl",), {}, {"ziot_url"}),
        (("ziotUrl",), {"ziotUrl": False, "betrokkeneNull": True}, {"betrokkene_null"}),
        (("ziotUrl",), {"ziotUrl": None}, {"ziot_url"}),
        (("ofALaterRelease",), {"ofALaterRelease": True}, set()),
    ],
)
def test_an_application_overrules_its_municipality(
    default: tuple[str, ...], own: dict[str, bool | None], on: set[str]
) -> None:
    assert profiel_of(default, own) == Profiel(**dict.fromkeys(on, True))


def test_openzaak_is_the_whole_set() -> None:
    assert check_switches(["openzaak"]) == tuple(SWITCHES)
    assert check_switches(["betrokkeneNull", "ziotUrl"]) == ("ziotUrl", "betrokkeneNull")
    with pytest.raises(ValueError, match="ziotURL"):
        check_switches(["ziotURL"])


async def url_only(zaken: Zaakmaker) -> dict[str, Any]:
    """Make a rol that has only the URL of its party."""
    body = {
        "zaak": (await zaken.zaak())["url"],
        "roltype": zaken.types.roltypen["belanghebbende"],
        "betrokkeneType": "medewerker",
        "roltoelichting": "url",
        "betrokkene": "https://elders.invalid/medewerkers/1",
    }
    return await zaken.api.created(ROLLEN, body)


async def test_betrokkene_null(zaken: Zaakmaker, openzaak: Client) -> None:
    rol = await url_only(zaken)
    assert "betrokkeneIdentificatie" not in rol
    own = (await openzaak.get(rol["url"])).json()
    assert own == {**rol, "betrokkeneIdentificatie": None}
    listed = (await openzaak.get(ROLLEN, params={"zaak": rol["zaak"]})).json()["results"]
    assert listed == [own]
    expanded = (await openzaak.get(rol["zaak"], params={"expand": "rollen"})).json()
    assert expanded["_expand"]["rollen"] == [own]
    standard = (await zaken.api.get(rol["zaak"], params={"expand": "rollen"})).json()
    assert standard["_expand"]["rollen"] == [rol]
    made = await openzaak.created(ROLLEN, {name: rol[name] for name in rol if name not in ("url", "uuid")})
    assert made["betrokkeneIdentificatie"] is None
    trail = (await zaken.api.get(f"{rol['zaak']}/audittrail")).json()
    assert [entry["wijzigingen"]["nieuw"] for entry in trail if entry["resource"] == "rol"][-1] == {
        name: value for name, value in made.items() if name != "betrokkeneIdentificatie"
    }


async def test_betrokkene_null_in_several_writes_at_once(zaken: Zaakmaker, openzaak: Client) -> None:
    rol = await url_only(zaken)
    uuid = rol["zaak"].rpartition("/")[2]
    for client in (zaken.api, openzaak):
        body: dict[str, Any] = {"status": {**zaken.status_body(rol["zaak"], 1), "zaak": None}}
        shown = await client.post(f"/zaken/api/v1/zaak_bijwerken/{uuid}", body)
        assert shown.status_code == 200, shown.text
        assert shown.json()["rollen"] == [(await client.get(rol["url"])).json()]
        sent = {name: rol[name] for name in ("roltype", "betrokkeneType", "roltoelichting", "betrokkene")}
        body = {"zaak": zaken.body(), "status": zaken.status_body(""), "rollen": [sent], "zaakinformatieobjecten": []}
        made = await client.post("/zaken/api/v1/zaak_registreren", body)
        assert made.status_code == 201, made.text
        [new] = made.json()["rollen"]
        assert new == (await client.get(new["url"])).json()
        assert ("betrokkeneIdentificatie" in new) == (client is openzaak)


async def test_a_copy_of_one_form_is_not_fresh_in_the_other(zaken: Zaakmaker, openzaak: Client) -> None:
    rol = await url_only(zaken)
    for one, other in ((zaken.api, openzaak), (openzaak, zaken.api)):
        tag = (await one.get(rol["url"])).headers["etag"]
        assert (await one.get(rol["url"], headers={"If-None-Match": tag})).status_code == 304
        assert (await other.get(rol["url"], headers={"If-None-Match": tag})).status_code == 200


async def test_bron_hoofdletters(zaken: Zaakmaker, openzaak: Client) -> None:
    # The toelichting has the text that is changed, and stays.
    url = (await zaken.zaak(toelichting='"bron":"zrc"'))["url"]
    standard = (await zaken.api.get(f"{url}/audittrail")).json()
    own = (await openzaak.get(f"{url}/audittrail")).json()
    assert [entry["bron"] for entry in standard] == ["zrc"]
    assert own == [{**standard[0], "bron": "ZRC"}]
    one = f"{url}/audittrail/{standard[0]['uuid']}"
    assert ((await openzaak.get(one)).json(), (await zaken.api.get(one)).json()) == (own[0], standard[0])


async def test_bron_of_a_large_entry(zaken: Zaakmaker, openzaak: Client) -> None:
    kenmerken = [{"kenmerk": "k" * 40, "bron": "zrc"} for _ in range(400)]
    url = (await zaken.zaak(kenmerken=kenmerken))["url"]
    standard = (await zaken.api.get(f"{url}/audittrail")).json()
    assert (await openzaak.get(f"{url}/audittrail")).json() == [{**standard[0], "bron": "ZRC"}]


async def test_switches_are_a_member_of_the_applicatie(stack: Stack, api: Client) -> None:
    body = {"clientIds": ["met-profiel"], "label": "p", "heeftAlleAutorisaties": True}
    made = await api.created(APPLICATIES, {**body, "profiel": {"ziotUrl": True}})
    assert made["profiel"] == {**dict.fromkeys(SWITCHES), "ziotUrl": True}
    changed = await api.patch(made["url"], {"profiel": {"ziotUrl": False}})
    assert changed.json()["profiel"]["ziotUrl"] is False
    # Who only knows the standard leaves them as they are.
    assert (await api.put(made["url"], body)).json()["profiel"]["ziotUrl"] is False
    assert (await api.put(made["url"], {**body, "profiel": None})).json()["profiel"] is None
    wrong = await api.patch(made["url"], {"profiel": {"ziotUrl": "soms"}})
    assert (wrong.status_code, errors(wrong)) == (400, [("profiel.ziotUrl", "invalid")])
    # A name that is no switch would leave off what somebody wanted on, and the others with it.
    for name in ("openzaak", "ziotURL"):
        wrong = await api.patch(made["url"], {"profiel": {"ziotUrl": True, name: True}})
        assert (wrong.status_code, errors(wrong)) == (400, [("profiel", "invalid")])
        assert f"schakelaar {name}; er zijn ziotUrl, " in wrong.text
    spelled = await api.patch(made["url"], {"profiel": {"ziot_url": True}})
    assert spelled.json()["profiel"] == {**dict.fromkeys(SWITCHES), "ziotUrl": True}
    assert (await api.delete(made["url"])).status_code == 204


async def test_the_default_of_the_municipality_counts_from_the_next_request_on(
    stack: Stack, zaken: Zaakmaker, openzaak: Client
) -> None:
    rol = await url_only(zaken)
    strict = await stack.add_client("deventer", "streng-standaard", profiel={"betrokkeneNull": False})
    async with stack.admin() as admin:
        await registry.set_profiel(admin, "deventer", ["openzaak"])
        try:
            shown = [(await client.get(rol["url"])).json() for client in (zaken.api, strict, openzaak)]
        finally:
            await registry.set_profiel(admin, "deventer", [])
    assert ["betrokkeneIdentificatie" in each for each in shown] == [True, False, True]
    assert "betrokkeneIdentificatie" not in (await zaken.api.get(rol["url"])).json()
