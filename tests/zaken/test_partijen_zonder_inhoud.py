"""A party or an object of which nothing is left is refused: nobody may lose an applicant without a word."""

from typing import Any

import pytest

from services.zaken.betrokkene import BETROKKENEN
from tests.answers import errors
from tests.zaken.zaakmaker import Zaakmaker

ROLLEN = "/zaken/api/v1/rollen"
ZAAKOBJECTEN = "/zaken/api/v1/zaakobjecten"

NOTHING: dict[str, dict[str, Any]] = {
    "members that nobody knows": {"kvkNr": "12345678", "naam_": "Bakker"},
    "members that nobody knows, deep": {"adres": {"straat": "Brink"}},
    "blanks": {"identificatie": " ", "achternaam": "\t", "inpBsn": " ", "innNnpId": "", "vestigingsNummer": " "},
    "empty lists and groups": {"handelsnaam": [" "], "verblijfsadres": None, "subVerblijfBuitenland": None},
    "an empty object": {},
}


@pytest.fixture(scope="module")
async def zaak(zaken: Zaakmaker) -> str:
    """A zaak."""
    return str((await zaken.zaak())["url"])


def rol(zaken: Zaakmaker, zaak: str, soort: str, identificatie: Any, **changes: Any) -> dict[str, Any]:
    """Return the body of a rol."""
    roltype = zaken.types.roltypen["belanghebbende"]
    body = {"zaak": zaak, "roltype": roltype, "betrokkeneType": soort, "roltoelichting": "x"}
    return {**body, "betrokkeneIdentificatie": identificatie, **changes}


@pytest.mark.parametrize("soort", BETROKKENEN)
@pytest.mark.parametrize("name", NOTHING)
async def test_a_party_of_which_nothing_is_left(zaken: Zaakmaker, zaak: str, soort: str, name: str) -> None:
    body = rol(zaken, zaak, soort, NOTHING[name])
    assert errors(await zaken.api.post(ROLLEN, body)) == [("nonFieldErrors", "invalid-betrokkene")]
    # Who is known by a URL is not lost.
    made = await zaken.api.created(ROLLEN, {**body, "betrokkene": "https://personen.example/1"})
    assert made["betrokkene"] == "https://personen.example/1"
    assert "betrokkeneIdentificatie" not in made


@pytest.mark.parametrize(
    ("soort", "identificatie"),
    [
        ("vestiging", {"handelsnaam": ["Bakker"]}),
        ("medewerker", {"achternaam": "Vries", "onbekend": 1}),
        ("niet_natuurlijk_persoon", {"subVerblijfBuitenland": {"lndLandcode": "6030", "lndLandnaam": ""}}),
    ],
)
async def test_a_party_of_which_something_is_left(
    zaken: Zaakmaker, zaak: str, soort: str, identificatie: dict[str, Any]
) -> None:
    made = await zaken.api.created(ROLLEN, rol(zaken, zaak, soort, identificatie))
    found = made["betrokkeneIdentificatie"]
    for name, value in identificatie.items():
        if isinstance(value, dict):
            assert {member: found[name][member] for member in value} == value
        else:
            assert name == "onbekend" or found[name] == value


@pytest.mark.parametrize("soort", [*BETROKKENEN, "besluit", "status"])
async def test_an_object_of_which_nothing_is_left(zaken: Zaakmaker, zaak: str, soort: str) -> None:
    body = {"zaak": zaak, "objectType": soort, "objectIdentificatie": {"nergensBekend": "x"}}
    assert errors(await zaken.api.post(ZAAKOBJECTEN, body)) == [("nonFieldErrors", "invalid-zaakobject")]


@pytest.mark.parametrize("soort", BETROKKENEN)
@pytest.mark.parametrize("name", NOTHING)
async def test_a_party_that_a_zaak_is_about(zaken: Zaakmaker, zaak: str, soort: str, name: str) -> None:
    body = {"zaak": zaak, "objectType": soort, "objectIdentificatie": NOTHING[name]}
    assert errors(await zaken.api.post(ZAAKOBJECTEN, body)) == [("nonFieldErrors", "invalid-zaakobject")]


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize("name", NOTHING)
async def test_a_change_loses_no_party(zaken: Zaakmaker, zaak: str, name: str, method: str) -> None:
    body = {"zaak": zaak, "objectType": "natuurlijk_persoon", "objectIdentificatie": {"geslachtsnaam": "Vries"}}
    made = await zaken.api.created(ZAAKOBJECTEN, body)
    answer = await zaken.api.request(method, made["url"], json={**body, "objectIdentificatie": NOTHING[name]})
    assert errors(answer) == [("nonFieldErrors", "invalid-zaakobject")]
    kept = (await zaken.api.get(made["url"])).json()
    assert kept["objectIdentificatie"]["geslachtsnaam"] == "Vries"


async def test_a_party_that_is_taken_away_on_purpose(zaken: Zaakmaker, zaak: str) -> None:
    body = {"zaak": zaak, "objectType": "medewerker", "objectIdentificatie": {"achternaam": "Vries"}}
    made = await zaken.api.created(ZAAKOBJECTEN, body)
    answer = await zaken.api.patch(made["url"], {"objectIdentificatie": None})
    assert answer.status_code == 200, answer.text
    assert not answer.json().get("objectIdentificatie")


@pytest.mark.parametrize("nothing", [None, "", "  "])
async def test_an_identification_without_value_is_none(zaken: Zaakmaker, zaak: str, nothing: str | None) -> None:
    url = "https://personen.example/1"
    made = await zaken.api.created(ROLLEN, rol(zaken, zaak, "medewerker", nothing, betrokkene=url))
    assert "betrokkeneIdentificatie" not in made
    assert errors(await zaken.api.post(ROLLEN, rol(zaken, zaak, "medewerker", nothing))) == [
        ("nonFieldErrors", "invalid-betrokkene")
    ]
    body = {"zaak": zaak, "objectType": "pand", "objectIdentificatie": nothing}
    assert errors(await zaken.api.post(ZAAKOBJECTEN, body)) == [("nonFieldErrors", "invalid-zaakobject")]
