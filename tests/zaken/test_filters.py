"""Filters of zaken and rollen beside the standard, in the list and in ``_zoek``, as existing applications send them."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import pytest

from services.zaken import zaak_filters
from services.zaken.zaak_vindplaats import has
from tests.answers import errors
from tests.maak import Maak, Types
from tests.stack import PUBLIC, Client, Stack
from tests.zaken.zaakmaker import ZAKEN, Zaakmaker
from zgw import contains

ZOEK = f"{ZAKEN}/_zoek"
ROLLEN = "/zaken/api/v1/rollen"
NNP = "betrokkeneIdentificatie__nietNatuurlijkPersoon"
EHERKENNING = "urn:etoegang:core:assurance-class:"
DIGID = "urn:oasis:names:tc:SAML:2.0:ac:classes:"
ALL = {"boom", "fiets", "kelder"}


@dataclass(frozen=True)
class Register:
    """Three zaken that differ in everything, by name; each word below stands for a URL of their types."""

    api: Client
    types: Mapping[str, Types]
    urls: Mapping[str, str]
    rollen: Mapping[str, str]
    mark: str

    def filled(self, text: str) -> str:
        """Return a query with the addresses and marks of this register."""
        first, other = self.types["eerste"], self.types["ander"]
        return text.format(
            mark=self.mark,
            eerste=first.url,
            ander=other.url,
            ontvangen=first.statustypen[0],
            bezig=first.statustypen[1],
            klaar=first.statustypen[2],
            resultaat=first.resultaattypen[0],
        )

    async def found(self, query: str, client: Client | None = None) -> set[str]:
        """Return the names of the zaken that a query finds, which a search with the same criteria finds too."""
        client = client or self.api
        given = {"bronorganisatie": "000000000", **dict(parse_qsl(self.filled(query), keep_blank_values=True))}
        listed = await client.get(ZAKEN, params={**given, "pageSize": 500})
        searched = await client.post(f"{ZOEK}?pageSize=500", given)
        assert listed.status_code == searched.status_code == 200, (listed.text, searched.text)
        assert listed.json()["results"] == searched.json()["results"]
        assert listed.json()["count"] == len(listed.json()["results"])
        names = {url: name for name, url in self.urls.items()}
        return {names[zaak["url"]] for zaak in listed.json()["results"] if zaak["url"] in names}


@pytest.fixture(scope="module")
async def register(api: Client, maak: Maak) -> Register:
    """The tree is received, the bicycle was and is done, the cellar is of another zaaktype and has no status."""
    mark = uuid.uuid4().hex[:8]
    first = await maak.zaaktype(omschrijving=f"Kapvergunning {mark}")
    other = await maak.zaaktype(omschrijving=f"Bouwen 100% {mark}")
    one, two = Zaakmaker(api, first), Zaakmaker(api, other)
    rsin = {"bronorganisatie": "000000000"}
    made = {
        "boom": await one.zaak(
            **rsin,
            identificatie=f"Z-{mark}-BOOM",
            omschrijving="Eik aan de Brink_1",
            kenmerken=[{"bron": "Oud", "kenmerk": mark}, {"bron": "nieuw", "kenmerk": "7"}],
        ),
        "fiets": await one.zaak(
            **rsin,
            identificatie=f"Z-{mark}-FIETS",
            omschrijving="Fiets op de brink",
            kenmerken=[{"bron": "Oud", "kenmerk": "7"}],
        ),
        "kelder": await two.zaak(**rsin, identificatie=f"Y-{mark}", omschrijving="", kenmerken=[]),
    }
    urls = {name: zaak["url"] for name, zaak in made.items()}
    await one.status(urls["boom"], 1)
    await one.status(urls["fiets"], 1)
    await one.status(urls["fiets"], 2)
    await one.resultaat(urls["fiets"])
    assert (await one.sluit(urls["fiets"])).status_code == 201
    company = {"kvkNummer": "12345678", "vestigingsNummer": "000012345678"}
    login = {"source": "eherkenning", "actingSubject": "x", "levelOfAssurance": f"{EHERKENNING}loa2plus"}
    digid = {"source": "digid", "levelOfAssurance": f"{DIGID}Smartcard"}
    roles: dict[str, tuple[Zaakmaker, str, dict[str, Any]]] = {
        "bedrijf": (
            one,
            "boom",
            {
                "betrokkeneType": "niet_natuurlijk_persoon",
                "betrokkeneIdentificatie": company,
                "indicatieMachtiging": "gemachtigde",
                "authenticatieContext": login,
            },
        ),
        "mens": (
            one,
            "fiets",
            {
                "betrokkeneType": "natuurlijk_persoon",
                "betrokkeneIdentificatie": {"inpBsn": "999990019"},
                "authenticatieContext": digid,
            },
        ),
        "gever": (
            one,
            "fiets",
            {
                "betrokkeneType": "niet_natuurlijk_persoon",
                "roltype": first.roltypen["belanghebbende"],
                "betrokkeneIdentificatie": {"kvkNummer": "87654321"},
                "indicatieMachtiging": "machtiginggever",
            },
        ),
        "winkel": (
            two,
            "kelder",
            {
                "betrokkeneType": "vestiging",
                "betrokkeneIdentificatie": {"kvkNummer": "12345678", "vestigingsNummer": "000087654321"},
                "indicatieMachtiging": "gemachtigde",
            },
        ),
    }
    rollen = {name: (await maker.rol(urls[zaak], **body))["url"] for name, (maker, zaak, body) in roles.items()}
    return Register(api, {"eerste": first, "ander": other}, urls, rollen, mark)


ROL = f"rol__{NNP}"
FOUND: list[tuple[str, set[str]]] = [
    ("identificatie__icontains={mark}-boo", {"boom"}),
    ("identificatie__icontains=-{mark}", ALL),
    ("identificatie__icontains=z-{mark}", {"boom", "fiets"}),
    ("identificatie__icontains={mark}x", set()),
    ("identificatie__icontains=", ALL),
    ("omschrijving=BRINK", {"boom", "fiets"}),
    ("omschrijving=brink_", {"boom"}),
    ("omschrijving=brink%25", set()),
    ("omschrijving= eik ", {"boom"}),
    ("omschrijving=eik&identificatie__icontains=fiets", set()),
    ("zaaktype__omschrijving=KAPvergunning {mark}", {"boom", "fiets"}),
    ("zaaktype__omschrijving={mark}", ALL),
    ("zaaktype__omschrijving=100%25 {mark}", {"kelder"}),
    ("zaaktype__omschrijving=10_%25 {mark}", set()),
    ("zaaktype__omschrijving={mark}&zaaktype={ander}", {"kelder"}),
    ("zaaktype__omschrijving=", ALL),
    ("kenmerk=Oud:{mark}", {"boom"}),
    ("kenmerk=oud:{mark}", set()),
    ("kenmerk=Oud:7", {"fiets"}),
    ("kenmerk=nieuw:7", {"boom"}),
    ("kenmerk=nieuw:7&kenmerk__bron=Oud", {"boom"}),
    ("kenmerk__bron=Oud", {"boom", "fiets"}),
    ("kenmerk__bron=OUD", set()),
    ("kenmerk=", ALL),
    ("status__statustype={ontvangen}", {"boom"}),
    ("status__statustype={bezig}", set()),
    ("status__statustype={klaar}", {"fiets"}),
    ("status__statustype=https://elders.example.nl/1", set()),
    (f"status__statustype={PUBLIC}/catalogi/api/v1/statustypen/{uuid.uuid4()}", set()),
    ("status__statustype=", ALL),
    ("resultaat__resultaattype={resultaat}", {"fiets"}),
    ("resultaat__resultaattype={klaar}", set()),
    ("rol__machtiging=gemachtigde", {"boom", "kelder"}),
    ("rol__machtiging=machtiginggever", {"fiets"}),
    ("rol__machtiging=eigen", {"fiets"}),
    ("rol__machtiging=", ALL),
    (f"rol__machtiging__loa={EHERKENNING}loa4", {"boom"}),
    (f"rol__machtiging__loa={EHERKENNING}loa2plus", {"boom"}),
    (f"rol__machtiging__loa={EHERKENNING}loa2", set()),
    (f"rol__machtiging__loa={DIGID}SmartcardPKI", {"fiets"}),
    (f"rol__machtiging__loa={DIGID}MobileTwoFactorContract", set()),
    (f"{ROL}__kvkNummer=12345678", {"boom"}),
    (f"{ROL}__kvkNummer= 87654321 ", {"fiets"}),
    (f"{ROL}__kvkNummer=1234567", set()),
    (f"{ROL}__kvkNummer=", ALL),
    (f"{ROL}__vestigingsNummer=000012345678", {"boom"}),
    (f"{ROL}__vestigingsNummer=000087654321", set()),
    ("rol__betrokkeneIdentificatie__vestiging__kvkNummer=12345678", {"kelder"}),
    # All on one and the same rol.
    (f"{ROL}__kvkNummer=87654321&rol__machtiging=machtiginggever", {"fiets"}),
    (f"{ROL}__kvkNummer=87654321&rol__machtiging=eigen", set()),
    (f"{ROL}__kvkNummer=12345678&{ROL}__vestigingsNummer=000012345678&rol__machtiging=gemachtigde", {"boom"}),
    (f"rol__machtiging=eigen&rol__machtiging__loa={DIGID}Smartcard", {"fiets"}),
    (f"rol__machtiging=machtiginggever&rol__machtiging__loa={DIGID}Smartcard", set()),
    ("ordering=", ALL),
    ("einddatum__isnull=False", {"fiets"}),
    ("einddatum__isnull=0", {"fiets"}),
    ("einddatum__isnull=TRUE", {"boom", "kelder"}),
    ("archiefnominatie__in=,onbekend,blijvend_bewaren,vernietigen,", {"fiets"}),
    ("archiefnominatie__in=onbekend", set()),
]


async def test_what_the_filters_find(register: Register) -> None:
    listed = [(query, names) for query, names in FOUND if "__in=" not in query]
    assert [(query, await register.found(query)) for query, _ in listed] == listed


@pytest.mark.parametrize(("query", "names"), [one for one in FOUND if "__in=" in one[0]])
async def test_lists_forgive_what_they_do_not_know(register: Register, query: str, names: set[str]) -> None:
    found = await register.api.get(f"{ZAKEN}?zaaktype={register.types['eerste'].url}&{query}")
    assert [zaak["url"] for zaak in found.json()["results"]] == [register.urls[name] for name in names]


async def test_a_broad_filter_finds_the_same(register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of more zaken than are looked up by the index, each text is compared."""
    monkeypatch.setattr(contains, "MOST", 0)
    texts = [(query, names) for query, names in FOUND if query.startswith(("identificatie__", "omschrijving"))]
    assert [(query, await register.found(query)) for query, _ in texts] == texts


@pytest.mark.parametrize("name", ["status__statustype", "resultaat__resultaattype", "kenmerk__bron"])
async def test_a_value_that_many_have_finds_the_same(
    register: Register, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """It is written into the statement, which so is planned for it and not for any type."""
    written: list[bool] = []

    def noted(condition: Any) -> Any:
        written.append(getattr(condition.right, "is_literal", False))
        return has(condition)

    monkeypatch.setattr(zaak_filters, "has", noted)
    asked = [(query, names) for query, names in FOUND if query.startswith(f"{name}=")]
    assert [(query, await register.found(query)) for query, _ in asked] == asked
    assert {*written} == {False}
    monkeypatch.setattr(zaak_filters, "MANY", 0)
    assert [(query, await register.found(query)) for query, _ in asked] == asked
    assert {*written} == {False, True}
    assert await register.found(f"{name}=https://elders.example.nl/'") == set()
    assert written[-1] is False


REFUSED: list[tuple[str, str, str]] = [
    (f"omschrijving={'x' * 1001}", "omschrijving", "max_length"),
    (f"zaaktype__omschrijving={'x' * 1001}", "zaaktype__omschrijving", "max_length"),
    ("kenmerk=oud", "kenmerk", "invalid"),
    ("kenmerk=a:b:c", "kenmerk", "invalid"),
    ("status__statustype=klaar", "status__statustype", "invalid"),
    ("resultaat__resultaattype=x", "resultaat__resultaattype", "invalid"),
    ("rol__machtiging=Eigen", "rol__machtiging", "invalid_choice"),
    ("rol__machtiging__loa=loa3", "rol__machtiging__loa", "invalid_choice"),
    (f"{ROL}__kvkNummer=123456789", f"{ROL}__kvkNummer", "max_length"),
    (f"{ROL}__vestigingsNummer={'1' * 25}", f"{ROL}__vestigingsNummer", "max_length"),
    ("einddatum__isnull=misschien", "einddatum__isnull", "invalid"),
    ("ordering=Startdatum", "ordering", "invalid_choice"),
    ("ordering=startdatum,x", "ordering", "invalid_choice"),
    ("zaaktype__in=x", "nonFieldErrors", "unknown-parameters"),
    ("zaaktype__not_in=x", "nonFieldErrors", "unknown-parameters"),
    ("zaaktype__notIn=x", "nonFieldErrors", "unknown-parameters"),
    ("uuid__in=x", "nonFieldErrors", "unknown-parameters"),
    ("omschrijving__icontains=x", "nonFieldErrors", "unknown-parameters"),
]


@pytest.mark.parametrize(("query", "name", "code"), REFUSED)
async def test_what_the_filters_refuse(api: Client, query: str, name: str, code: str) -> None:
    assert errors(await api.get(f"{ZAKEN}?{query}")) == [(name, code)]


async def searched(register: Register, body: dict[str, Any], query: str = "") -> set[str]:
    """Return the names of the zaken that a search finds."""
    answer = await register.api.post(f"{ZOEK}?pageSize=500{query}", body)
    assert answer.status_code == 200, answer.text
    names = {url: name for name, url in register.urls.items()}
    return {names[zaak["url"]] for zaak in answer.json()["results"] if zaak["url"] in names}


async def test_zaaktypen_that_are_not_looked_for(register: Register) -> None:
    first, other = register.types["eerste"].url, register.types["ander"].url
    own = {"identificatie__icontains": register.mark}
    reader = await Zaakmaker(register.api, register.types["eerste"]).client("zaken.lezen")
    for name in ("zaaktype__not_in", "zaaktype__notIn"):
        assert await searched(register, {**own, name: [first]}) == {"kelder"}
        assert await searched(register, {**own, name: [first, other]}) == set()
        assert await searched(register, {**own, name: []}) == ALL
        assert await searched(register, {**own, name: ["https://elders.example.nl/1", ""]}) == ALL
        assert await searched(register, {**own, name: [other], "zaaktype__in": [first, other]}) == {"boom", "fiets"}
        everything = await reader.post(ZOEK, {name: []})
        assert everything.json()["count"] == (await reader.get(ZAKEN)).json()["count"] == 2
        refused = await register.api.post(ZOEK, {name: ["x"]})
        assert errors(refused) == [(name, "invalid")]
    unknown = f"{PUBLIC}/catalogi/api/v1/zaaktypen/{uuid.uuid4()}"
    assert await searched(register, {**own, "zaaktype__in": [unknown]}) == set()
    assert await searched(register, {**own, "zaaktype__in": [unknown, first]}) == {"boom", "fiets"}


async def test_the_page_of_a_search_may_be_in_its_body(register: Register) -> None:
    own = {"identificatie__icontains": register.mark}

    async def page(body: dict[str, Any], query: str = "") -> list[str]:
        answer = await register.api.post(f"{ZOEK}{query}", {**own, **body})
        assert (answer.status_code, answer.json().get("count")) == (200, 3), answer.text
        assert "x-warning" not in answer.headers
        return [zaak["url"] for zaak in answer.json()["results"]]

    newest = [register.urls[name] for name in ("kelder", "fiets", "boom")]
    assert await page({"pageSize": 2}) == newest[:2]
    assert await page({"pageSize": "2", "page": 2}) == newest[2:]
    assert await page({"pageSize": 1, "page": 3}, "?page=1") == newest[:1]
    assert await page({"pageSize": 2}, "?page=last") == newest[2:]
    wrong: tuple[Any, ...] = (99, "0", "x", ["x"], {"x": 1}, True)
    for number in wrong:
        answer = await register.api.post(ZOEK, {**own, "page": number})
        assert answer.status_code == 404, answer.text
    assert errors(await register.api.post(ZOEK, {"page": 1, "pageSize": 2})) == [
        ("nonFieldErrors", "empty_search_body")
    ]


async def test_the_last_page_within_an_area(register: Register, zaken: Zaakmaker) -> None:
    made = await zaken.zaak(zaakgeometrie={"type": "Point", "coordinates": [3.001, 51.001]})
    ring = [[3, 51], [3.01, 51], [3.01, 51.01], [3, 51.01], [3, 51]]
    body = {"zaakgeometrie": {"within": {"type": "Polygon", "coordinates": [ring]}}}
    found = await zaken.api.post(f"{ZOEK}?page=last&pageSize=1", body)
    assert [zaak["url"] for zaak in found.json()["results"]] == [made["url"]]
    assert (found.json()["count"], found.json()["next"]) == (1, None)


async def test_a_filter_tells_nothing_of_what_a_client_may_not_see(stack: Stack, register: Register) -> None:
    """Neither the zaken nor their number."""
    types = {"component": "zrc", "scopes": ["zaken.lezen"], "zaaktype": register.types["ander"].url}
    grants = [{**types, "maxVertrouwelijkheidaanduiding": "zeer_geheim"}]
    reader = await stack.add_client("deventer", f"filters-{uuid.uuid4()}", grants)
    for query, names in FOUND:
        if "__in=" not in query:
            assert await register.found(query, reader) == names & {"kelder"}, query
    last = await reader.get(f"{ZAKEN}?page=last&pageSize=1")
    assert [zaak["url"] for zaak in last.json()["results"]] == [register.urls["kelder"]]


async def test_another_municipality_finds_nothing(raalte: Client, register: Register) -> None:
    for query in ("zaaktype__omschrijving={mark}", "identificatie__icontains={mark}", "status__statustype={klaar}"):
        assert (await raalte.get(f"{ZAKEN}?{register.filled(query)}")).json()["count"] == 0


async def test_too_many_zaaktypen(register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zaak_filters, "MOST_TYPES", 1)
    answer = await register.api.get(f"{ZAKEN}?zaaktype__omschrijving={register.mark}")
    assert errors(answer) == [("zaaktype__omschrijving", "invalid")]


ROLLEN_FOUND: list[tuple[str, set[str]]] = [
    (f"{NNP}__kvkNummer=12345678", {"bedrijf"}),
    (f"{NNP}__vestigingsNummer=000012345678", {"bedrijf"}),
    ("betrokkeneIdentificatie__vestiging__kvkNummer=12345678", {"winkel"}),
    ("machtiging=gemachtigde", {"bedrijf", "winkel"}),
    ("machtiging=machtiginggever", {"gever"}),
    ("machtiging=eigen", {"mens"}),
    (f"machtiging__loa={EHERKENNING}loa3", {"bedrijf"}),
    (f"machtiging__loa={DIGID}PasswordProtectedTransport", set()),
    (f"machtiging=gemachtigde&machtiging__loa={EHERKENNING}loa1", set()),
    ("machtiging=", {"bedrijf", "mens", "gever", "winkel"}),
]


async def test_what_the_filters_of_rollen_find(register: Register) -> None:
    names = {url: name for name, url in register.rollen.items()}
    for query, expected in ROLLEN_FOUND:
        found: set[str] = set()
        for zaak in register.urls.values():
            answer = (await register.api.get(f"{ROLLEN}?zaak={zaak}&{query}")).json()
            assert answer["count"] == len(answer["results"])
            found |= {names[rol["url"]] for rol in answer["results"]}
        assert found == expected, query


@pytest.mark.parametrize(
    ("query", "name", "code"),
    [
        ("machtiging=ja", "machtiging", "invalid_choice"),
        ("machtiging__loa=3", "machtiging__loa", "invalid_choice"),
        (f"{NNP}__kvkNummer=123456789", f"{NNP}__kvkNummer", "max_length"),
        ("rol__machtiging=eigen", "nonFieldErrors", "unknown-parameters"),
    ],
)
async def test_what_the_filters_of_rollen_refuse(api: Client, query: str, name: str, code: str) -> None:
    assert errors(await api.get(f"{ROLLEN}?{query}")) == [(name, code)]
