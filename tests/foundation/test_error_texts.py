"""What a client reads of its errors: those of fields first and in their order, and everything in Dutch."""

import json
import re
from typing import Any

import pytest

from beheer.provision import api_of
from tests import wereld as werelden
from tests.answers import errors
from tests.bodies import RSIN, zaak_body
from tests.maak import Maak
from tests.stack import Client, built
from zgw.fields import describe

ALL = [(service, resource) for service in built() for resource in api_of(service).resources]
CREATED = [
    pytest.param(service, resource, id=f"{service}/{resource.path}")
    for service, resource in ALL
    if "create" in resource.verbs and "create" in resource.scopes and not resource.parent
]
ENGLISH = re.compile(r"\b(the|must|should|expected|unexpected|input|string|value|valid|found|line|column|field|not)\b")


@pytest.fixture(scope="module")
async def wereld(api: Client) -> werelden.Wereld:
    """Everything at Deventer."""
    return await werelden.make(api)


@pytest.mark.parametrize(("service", "resource"), CREATED)
async def test_errors_are_in_the_order_of_the_fields(api: Client, service: str, resource: Any) -> None:
    """Also where the body has them in another order, and a group is judged after the rest."""
    names = [p.name for p in describe(resource.fields)]
    answer = await api.post(f"/{service}/api/v1/{resource.path}", {name: [{}] for name in reversed(names)})
    found = [param["name"].partition(".")[0] for param in answer.json()["invalidParams"]]
    places = [names.index(name) if name in names else len(names) for name in found]
    assert places == sorted(places), found


async def test_errors_of_fields_come_before_those_of_the_whole(
    wereld: werelden.Wereld, api: Client, maak: Maak
) -> None:
    """In whatever order the rules find them."""
    other = await maak.zaaktype()
    status = {
        "zaak": wereld["zaken/zaken"],
        "statustype": other.statustypen[0],
        "datumStatusGezet": "2100-01-01T00:00:00Z",
        "gezetdoor": "https://elders.example/rol",
    }
    answer = await api.post("/zaken/api/v1/statussen", status)
    assert errors(answer) == [
        ("datumStatusGezet", "date-in-future"),
        ("gezetdoor", "no_match"),
        ("nonFieldErrors", "zaaktype-mismatch"),
    ]
    large = {
        "identificatie": "x" * 10,
        "bronorganisatie": RSIN,
        "creatiedatum": "2026-01-01",
        "titel": "t",
        "auteur": "a",
        "taal": "nld",
        "status": "in_bewerking",
        "ontvangstdatum": "2026-01-01",
        "inhoud": "aGFsbG8=",
        "bestandsomvang": 99,
        "indicatieGebruiksrecht": True,
        "informatieobjecttype": wereld["catalogi/informatieobjecttypen"],
    }
    answer = await api.post("/documenten/api/v1/enkelvoudiginformatieobjecten", large)
    assert errors(answer) == [
        ("status", "invalid_for_received"),
        ("indicatieGebruiksrecht", "missing-gebruiksrechten"),
        ("nonFieldErrors", "file-size"),
    ]


async def test_errors_that_rules_find_are_in_the_order_of_the_fields(wereld: werelden.Wereld, api: Client) -> None:
    """The rules look at these in the opposite order."""
    body = {
        **zaak_body(wereld["catalogi/zaaktypen"]),
        "selectielijstklasse": "https://nergens.example/1",
        "laatsteBetaaldatum": "2100-01-01T00:00:00Z",
        "productenOfDiensten": ["https://producten.example/onbekend"],
    }
    answer = await api.post("/zaken/api/v1/zaken", body)
    names = [param["name"].partition(".")[0] for param in answer.json()["invalidParams"]]
    assert names == ["productenOfDiensten", "laatsteBetaaldatum", "selectielijstklasse"]


async def test_a_number_that_is_taken_is_named(wereld: werelden.Wereld, api: Client) -> None:
    for name in ("zaken/zaken", "besluiten/besluiten", "documenten/enkelvoudiginformatieobjecten"):
        url, body = wereld.bodies[name]
        nummer = (await api.get(wereld[name])).json()["identificatie"]
        answer = await api.post(url, {**body, "identificatie": nummer})
        assert answer.status_code == 400, answer.text
        (param,) = answer.json()["invalidParams"]
        assert (param["name"], param["code"]) == ("identificatie", "identificatie-niet-uniek")
        assert nummer in param["reason"]


BODIES = {
    "broken off": b'{"a": ',
    "empty": b"",
    "no UTF-8": b'{"a": "\xff"}',
    "a comma": b'{"a": 1,}',
    "more": b"{} x",
    "half a character": b'{"a": "\\ud800"}',
    "deep": b"[" * 5_000,
    "an array": b"[1]",
}


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize(
    "url",
    [
        "/zaken/api/v1/zaken",
        "/documenten/api/v1/enkelvoudiginformatieobjecten",
        "/notificaties/api/v1/notificaties",
        "/zaken/api/v1/zaken/_zoek",
    ],
)
async def test_parse_errors_are_told_in_dutch(api: Client, url: str, name: str) -> None:
    answer = await api.post(url, content=BODIES[name], headers={"Content-Type": "application/json"})
    assert answer.status_code == 400, answer.text
    found = answer.json()
    assert not ENGLISH.search(" ".join(texts(found))), found
    if name == "a comma":
        assert "regel 1, teken 8" in found["detail"]


@pytest.mark.parametrize(("service", "resource"), CREATED)
async def test_reasons_are_in_dutch(api: Client, service: str, resource: Any) -> None:
    names = [p.name for p in describe(resource.fields)]
    values: list[Any] = [{}, [], [{}], [None], 1.5, True, None, "", "\u0130" * 3_000, -(10**30), {"a": {"b": 1}}]
    for value in values:
        content = json.dumps(dict.fromkeys(names, value)).encode()
        answer = await api.post(
            f"/{service}/api/v1/{resource.path}", content=content, headers={"Content-Type": "application/json"}
        )
        assert answer.status_code == 400, answer.text
        assert not ENGLISH.search(" ".join(texts(answer.json()))), answer.text


def texts(problem: dict[str, Any]) -> list[str]:
    """Return what a problem says to people."""
    reasons = [param["reason"] for param in problem.get("invalidParams", [])]
    return [text.lower() for text in (problem["title"], problem["detail"], *reasons)]
