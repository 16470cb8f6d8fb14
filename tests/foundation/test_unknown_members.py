"""Members of a body that nobody knows are ignored, and the answer names them; what answers show is known."""

from typing import Any

import httpx
import pytest

from beheer.metrics import MOST_CLIENTS, Metrics
from beheer.provision import api_of
from tests import wereld as werelden
from tests.bodies import RSIN, zaak_body
from tests.documenten.maak_document import body as document_body
from tests.stack import Client, built
from zgw.resource import Resource
from zgw.unknown import LONGEST_NAME, MOST_NAMES

ALL = [(service, resource) for service in built() for resource in api_of(service).resources]
START = "Onbekende velden zijn genegeerd: "


@pytest.fixture(scope="module")
async def wereld(api: Client) -> werelden.Wereld:
    """Everything at Deventer."""
    return await werelden.make(api)


def told(answer: httpx.Response) -> list[str]:
    """Return the names in the warning of an answer."""
    warning = answer.headers.get("x-warning", "")
    if not warning:
        return []
    assert warning.startswith(START), warning
    return str(warning).removeprefix(START).split(", ")


def writing(verb: str) -> list[Any]:
    """Return the resources that have this way to write."""
    key = {"create": "create", "replace": "update"}[verb]
    return [
        pytest.param(service, resource, id=f"{service}/{resource.path}")
        for service, resource in ALL
        if verb in resource.verbs and key in resource.scopes and not resource.parent
    ]


@pytest.mark.parametrize(("service", "resource"), writing("create"))
async def test_every_create_names_what_it_ignores(api: Client, service: str, resource: Resource) -> None:
    """Also when it is refused, as a misspelt name often makes it."""
    answer = await api.post(f"/{service}/api/v1/{resource.path}", {"onbekendVeld": 1, "url": "x", "_expand": {}})
    assert answer.status_code in (400, 403), answer.text
    if resource.main is None:
        assert told(answer) == ["onbekendVeld"]


@pytest.mark.few("service")
@pytest.mark.parametrize(("service", "resource"), writing("replace"))
async def test_what_was_read_can_be_sent_back_without_a_warning(
    wereld: werelden.Wereld, api: Client, service: str, resource: Resource
) -> None:
    url = wereld.urls.get(f"{service}/{resource.path}")
    if url is None:
        pytest.skip("needs an API or a webhook outside")
    read = (await api.get(url)).json()
    for method in ("PUT", "PATCH") if "merge" in resource.verbs else ("PUT",):
        same = await api.request(method, url, json=read)
        assert same.status_code < 500
        assert told(same) == [], same.text
        other = await api.request(method, url, json={**read, "nietBekend": {"a": 1}})
        assert told(other) == ["nietBekend"]


async def test_members_inside_groups_and_lists(wereld: werelden.Wereld, api: Client) -> None:
    body = {
        **zaak_body(wereld["catalogi/zaaktypen"]),
        "kenmerken": [{"kenmerk": "a", "bron": "b"}, {"kenmerk": "c", "bron": "d", "soort": "e"}],
        "verlenging": {"reden": "ziek", "duur": "P1D", "datum": "2026-01-01"},
        "trefwoorden": ["x"],
    }
    answer = await api.post("/zaken/api/v1/zaken", body)
    assert answer.status_code == 201, answer.text
    assert told(answer) == ["kenmerken.1.soort", "verlenging.datum", "trefwoorden"]
    persoon = {"inpBsn": "111222333", "bijnaam": "Jan", "verblijfsadres": {"straat": "Brink"}}
    rol = {
        "zaak": answer.json()["url"],
        "roltype": wereld["catalogi/roltypen"],
        "betrokkeneType": "natuurlijk_persoon",
        "roltoelichting": "x",
        "betrokkeneIdentificatie": persoon,
    }
    refused = await api.post("/zaken/api/v1/rollen", rol)
    assert refused.status_code == 400
    assert told(refused) == ["betrokkeneIdentificatie.bijnaam", "betrokkeneIdentificatie.verblijfsadres.straat"]
    overige = {
        "zaak": answer.json()["url"],
        "objectType": "overige",
        "objectTypeOverige": "kraam",
        "objectIdentificatie": {"overigeData": {"van": "de client"}},
    }
    made = await api.post("/zaken/api/v1/zaakobjecten", overige)
    assert (made.status_code, told(made)) == (201, [])
    patched = await api.patch(made.json()["url"], {"objectIdentificatie": {"overigeData": {}, "anders": 1}})
    assert told(patched) == ["objectIdentificatie.anders"]
    status = {"zaak": answer.json()["url"], "objectType": "besluit", "objectIdentificatie": {"nummer": 1}}
    assert told(await api.post("/zaken/api/v1/zaakobjecten", status)) == ["objectIdentificatie.nummer"]


async def test_actions_name_what_they_ignore(wereld: werelden.Wereld, api: Client) -> None:
    documenten = "/documenten/api/v1/enkelvoudiginformatieobjecten"
    document = await api.created(documenten, document_body(wereld["catalogi/informatieobjecttypen"]))
    bericht = {
        "kanaal": "autorisaties",
        "hoofdObject": "https://example.org/1",
        "resource": "applicatie",
        "resourceUrl": "https://example.org/1",
        "actie": "create",
        "aanmaakdatum": "2026-01-15T10:00:00Z",
        "kenmerken": {"vrij": "ja"},
    }
    calls: list[tuple[str, dict[str, Any]]] = [
        ("/zaken/api/v1/zaken/_zoek", {"identificatie": "x", "expand": "status"}),
        ("/zaken/api/v1/zaaknummer_reserveren", {"bronorganisatie": RSIN}),
        (f"{documenten}/_zoek", {"identificatie": "x"}),
        (documenten, document_body(wereld["catalogi/informatieobjecttypen"])),
        (f"{document['url']}/unlock", {"lock": "x"}),
        ("/notificaties/api/v1/notificaties", bericht),
    ]
    for url, body in calls:
        assert told(await api.post(url, body)) == [], url
        assert told(await api.post(url, {**body, "nietBekend": 1})) == ["nietBekend"], url
    for method in ("PUT", "PATCH"):
        answer = await api.request(method, document["url"], json={"lock": "x", "titel": "y", "nietBekend": 1})
        assert told(answer) == ["nietBekend"]
    form = {"lock": "x", "naam": "y"}
    part = await api.request("PUT", wereld["documenten/bestandsdelen"], files={"inhoud": b"0123456789"}, data=form)
    assert told(part) == ["naam"]
    part = await api.request("PUT", wereld["documenten/bestandsdelen"], data={**form, "inhoud": "x"})
    assert told(part) == ["naam"]


async def test_a_warning_tells_deep_names_whole(wereld: werelden.Wereld, api: Client) -> None:
    """Names that begin alike could not be told apart when the end is left out."""
    abroad = {"lndLandcode": "5010", "lndLandnaam": "Belgie", "subAdresBuitenland1": "x", "subAdresBuitenland2": "y"}
    rol = {
        "zaak": wereld["zaken/zaken"],
        "betrokkeneType": "natuurlijk_persoon",
        "roltype": wereld["catalogi/roltypen"],
        "roltoelichting": "x",
        "betrokkeneIdentificatie": {"inpBsn": "1", "subVerblijfBuitenland": abroad},
    }
    answer = await api.post("/zaken/api/v1/rollen", rol)
    path = "betrokkeneIdentificatie.subVerblijfBuitenland.subAdresBuitenland"
    assert told(answer) == [f"{path}1", f"{path}2"]


async def test_a_warning_is_short_and_cannot_carry_a_header(wereld: werelden.Wereld, api: Client) -> None:
    body = zaak_body(wereld["catalogi/zaaktypen"])
    evil = {"a\r\nSet-Cookie: x=1": 1, "é\u2028\u0130": 1, "x, y": 1, "z" * 5_000: 1}
    answer = await api.post("/zaken/api/v1/zaken", {**body, **evil})
    assert answer.status_code == 201, answer.text
    assert "set-cookie" not in answer.headers
    names = told(answer)
    assert names == ["a??Set-Cookie:?x?1", "???", "x??y", "z" * LONGEST_NAME]
    many = await api.post("/zaken/api/v1/zaken", {**body, **{f"veld{n}" * 20: 1 for n in range(5_000)}})
    warning = many.headers["x-warning"]
    assert (many.status_code, warning.endswith(" en andere"), warning.count(",")) == (201, True, MOST_NAMES - 1)
    assert len(warning) < len(START) + MOST_NAMES * (LONGEST_NAME + 2) + 20


async def test_another_warning_stays(wereld: werelden.Wereld, api: Client) -> None:
    zaak = await api.created("/zaken/api/v1/zaken", zaak_body(wereld["catalogi/zaaktypen"]))
    body = {"eigenschap": wereld["catalogi/eigenschappen"], "waarde": "x" * 300, "nietBekend": 1, "zaak": zaak["url"]}
    answer = await api.post(f"{zaak['url']}/zaakeigenschappen", body)
    assert answer.status_code == 201, answer.text
    warnings = answer.headers.get_list("x-warning")
    assert warnings == ["De waarde voldoet niet aan de specificatie van de eigenschap.", f"{START}nietBekend"]


async def test_clients_are_counted_apart_up_to_a_bound() -> None:
    metrics = Metrics()
    for number in range(MOST_CLIENTS + 5):
        metrics.ignored("zaken", "deventer", f"client-{number}")
    metrics.ignored("zaken", "deventer", "client-1")
    lines = [line for line in (await metrics.text()).decode().splitlines() if "ignored_members_total{" in line]
    assert len(lines) == MOST_CLIENTS + 1
    assert 'samenzaak_service_ignored_members_total{client="client-1",service="zaken",tenant="deventer"} 2.0' in lines
    assert 'samenzaak_service_ignored_members_total{client="other",service="zaken",tenant="deventer"} 5.0' in lines
