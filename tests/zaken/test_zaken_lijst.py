"""The list of zaken: filters, ordering, pages, counts and rights (zrc-006, zaken.md §5.1, §11)."""

import asyncio
from typing import Any

import pytest

from services.zaken.zaak_velden import COUNTS
from tests.answers import errors
from tests.maak import Maak
from tests.stack import Client, Stack
from tests.zaken.zaakmaker import RSIN, ZAKEN, Zaakmaker

ZOEK = f"{ZAKEN}/_zoek"


@pytest.fixture(scope="module")
async def own(api: Client, maak: Maak) -> Zaakmaker:
    """Makes zaken of a zaaktype that only this module uses."""
    return Zaakmaker(api, await maak.zaaktype())


@pytest.fixture(scope="module")
async def drie(own: Zaakmaker) -> list[dict[str, Any]]:
    """Three zaken that differ in everything that can be filtered."""
    found = []
    for number, level in enumerate(("openbaar", "vertrouwelijk", "geheim"), 1):
        changes: dict[str, Any] = {
            "startdatum": f"2026-01-0{number}",
            "registratiedatum": f"2026-02-0{number}",
            "einddatumGepland": f"2026-03-0{number}",
            "uiterlijkeEinddatumAfdoening": f"2026-04-0{number}",
            "publicatiedatum": f"2026-05-0{number}",
            "vertrouwelijkheidaanduiding": level,
            "bronorganisatie": (RSIN, RSIN, "000000000")[number - 1],
            "archiefnominatie": ("vernietigen", "blijvend_bewaren", None)[number - 1],
            "archiefactiedatum": ("2030-01-01", "2031-01-01", None)[number - 1],
            "archiefstatus": ("gearchiveerd", "nog_te_archiveren", "nog_te_archiveren")[number - 1],
        }
        found.append(await own.zaak(**changes))
    await own.rol(found[1]["url"], betrokkeneIdentificatie={"inpBsn": "999990007"})
    await own.resultaat(found[1]["url"])
    assert (await own.sluit(found[1]["url"], datumStatusGezet="2026-06-02T12:00:00Z")).status_code == 201
    return found


async def which(
    own: Zaakmaker, drie: list[dict[str, Any]], query: dict[str, Any], client: Client | None = None
) -> list[int]:
    """Return the numbers of the zaken in the answer, in its order."""
    answer = await (client or own.api).get(ZAKEN, params={"zaaktype": own.types.url, **query})
    assert answer.status_code == 200, answer.text
    page = answer.json()
    urls = [zaak["url"] for zaak in drie]
    found = [urls.index(zaak["url"]) + 1 for zaak in page["results"]]
    assert page["count"] == len(found)
    return found


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, {1, 2, 3}),
        ({"bronorganisatie": RSIN}, {1, 2}),
        ({"bronorganisatie__in": f"{RSIN},000000000"}, {1, 2, 3}),
        ({"bronorganisatie__in": "000000000"}, {3}),
        ({"archiefnominatie": "vernietigen"}, {1}),
        ({"archiefnominatie__in": "vernietigen,blijvend_bewaren"}, {1, 2}),
        ({"archiefactiedatum": "2030-01-01"}, {1}),
        ({"archiefactiedatum__isnull": "true"}, {3}),
        ({"archiefactiedatum__isnull": "0"}, {1, 2}),
        ({"archiefactiedatum__lt": "2031-01-01"}, {1}),
        ({"archiefactiedatum__gt": "2030-01-01"}, {2}),
        ({"archiefstatus": "gearchiveerd"}, {1}),
        ({"archiefstatus__in": "nog_te_archiveren,overgedragen"}, {2, 3}),
        ({"startdatum": "2026-01-02"}, {2}),
        ({"startdatum__gt": "2026-01-02"}, {3}),
        ({"startdatum__gte": "2026-01-02"}, {2, 3}),
        ({"startdatum__lt": "2026-01-02"}, {1}),
        ({"startdatum__lte": "2026-01-02"}, {1, 2}),
        ({"registratiedatum": "2026-02-01"}, {1}),
        ({"registratiedatum__gt": "2026-02-01"}, {2, 3}),
        ({"registratiedatum__lt": "2026-02-02"}, {1}),
        ({"einddatum": "2026-06-02"}, {2}),
        ({"einddatum__isnull": "true"}, {1, 3}),
        ({"einddatum__gt": "2026-06-01"}, {2}),
        ({"einddatum__lt": "2026-06-02"}, set()),
        ({"einddatumGepland": "2026-03-01"}, {1}),
        ({"einddatumGepland__gt": "2026-03-01"}, {2, 3}),
        ({"einddatumGepland__lt": "2026-03-02"}, {1}),
        ({"uiterlijkeEinddatumAfdoening": "2026-04-01"}, {1}),
        ({"uiterlijkeEinddatumAfdoening__gt": "2026-04-01"}, {2, 3}),
        ({"uiterlijkeEinddatumAfdoening__lt": "2026-04-02"}, {1}),
        ({"maximaleVertrouwelijkheidaanduiding": "vertrouwelijk"}, {1, 2}),
        ({"maximaleVertrouwelijkheidaanduiding": "openbaar"}, {1}),
        ({"rol__betrokkeneIdentificatie__natuurlijkPersoon__inpBsn": "999990007"}, {2}),
        ({"rol__betrokkeneType": "natuurlijk_persoon", "rol__omschrijvingGeneriek": "initiator"}, {2}),
        ({"rol__betrokkeneType": "medewerker"}, set()),
        ({"startdatum": "", "identificatie": ""}, {1, 2, 3}),
        ({"identificatie": "bestaat niet"}, set()),
    ],
)
async def test_filters(own: Zaakmaker, drie: list[dict[str, Any]], query: dict[str, Any], expected: set[int]) -> None:
    assert set(await which(own, drie, query)) == expected
    body = {name: value.split(",") if name.endswith("__in") else value for name, value in query.items() if value}
    found = await own.api.post(ZOEK, {"zaaktype": own.types.url, **body})
    assert {zaak["url"] for zaak in found.json()["results"]} == {drie[number - 1]["url"] for number in expected}


async def test_filter_identificatie_and_bronorganisatie(own: Zaakmaker, drie: list[dict[str, Any]]) -> None:
    for number, zaak in enumerate(drie, 1):
        query = {"identificatie": zaak["identificatie"], "bronorganisatie": zaak["bronorganisatie"]}
        assert await which(own, drie, query) == [number]


@pytest.mark.parametrize(
    ("ordering", "expected"),
    [
        ("", [3, 2, 1]),
        ("startdatum", [1, 2, 3]),
        ("-startdatum", [3, 2, 1]),
        ("publicatiedatum", [1, 2, 3]),
        ("-registratiedatum", [3, 2, 1]),
        ("archiefactiedatum", [1, 2, 3]),
        ("-archiefactiedatum", [2, 1, 3]),
        ("einddatum,-startdatum", [2, 3, 1]),
        ("identificatie", [1, 2, 3]),
    ],
)
async def test_ordering(own: Zaakmaker, drie: list[dict[str, Any]], ordering: str, expected: list[int]) -> None:
    assert await which(own, drie, {"ordering": ordering}) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"ordering": "omschrijving"}, ("ordering", "invalid_choice")),
        ({"startdatum": "ooit"}, ("startdatum", "invalid")),
        ({"bronorganisatie": "123456789"}, ("bronorganisatie", "invalid")),
        ({"archiefstatus": "weg"}, ("archiefstatus", "invalid_choice")),
        ({"zaaktype": "geen-url"}, ("zaaktype", "invalid")),
        ({"uuid__in": "x"}, ("nonFieldErrors", "unknown-parameters")),
        ({"zaaktype__in": "x"}, ("nonFieldErrors", "unknown-parameters")),
        ({"einddatum__isnull": "misschien"}, ("einddatum__isnull", "invalid")),
    ],
)
async def test_wrong_parameters(api: Client, query: dict[str, str], expected: tuple[str, str]) -> None:
    assert errors(await api.get(ZAKEN, params=query)) == [expected]


async def test_search_only_criteria(own: Zaakmaker, drie: list[dict[str, Any]]) -> None:
    uuids = [zaak["uuid"] for zaak in drie[:2]]
    found = await own.api.post(ZOEK, {"uuid__in": uuids, "zaaktype__in": [own.types.url]})
    assert {zaak["uuid"] for zaak in found.json()["results"]} == set(uuids)


async def test_zrc_006_lists_hold_what_the_client_may_read(own: Zaakmaker, drie: list[dict[str, Any]]) -> None:
    for cap, expected in (("openbaar", [1]), ("vertrouwelijk", [2, 1]), ("zeer_geheim", [3, 2, 1])):
        client = await own.client("zaken.lezen", cap=cap)
        assert await which(own, drie, {}, client) == expected
        searched = await client.post(ZOEK, {"startdatum__gte": "2026-01-01"})
        assert [zaak["url"] for zaak in searched.json()["results"]] == [drie[n - 1]["url"] for n in expected]
        for number, zaak in enumerate(drie, 1):
            assert (await client.get(zaak["url"])).status_code == (200 if number in expected else 403)
    writer = await own.client("zaken.bijwerken")
    assert (await writer.get(ZAKEN)).status_code == 403


async def test_zrc_006_level_that_is_left_out_counts_as_that_of_the_zaaktype(own: Zaakmaker, maak: Maak) -> None:
    secret = Zaakmaker(own.api, await maak.zaaktype(vertrouwelijkheidaanduiding="geheim"))
    client = await secret.client("zaken.aanmaken", "zaken.bijwerken", "zaken.lezen", cap="vertrouwelijk")
    assert (await client.post(ZAKEN, secret.body())).status_code == 403
    for more in ({}, {"startdatum": ...}):
        # Also before any error in the body is told.
        above = secret.body(vertrouwelijkheidaanduiding="geheim", **more)
        assert (await client.post(ZAKEN, above)).status_code == 403
    wrong = secret.body(vertrouwelijkheidaanduiding="onzin")
    assert errors(await client.post(ZAKEN, wrong)) == [("vertrouwelijkheidaanduiding", "invalid_choice")]
    made = await client.post(ZAKEN, secret.body(vertrouwelijkheidaanduiding="intern"))
    assert made.status_code == 201
    url = made.json()["url"]
    for level in ("geheim", ""):
        assert (await client.patch(url, {"vertrouwelijkheidaanduiding": level})).status_code == 403
    assert (await client.patch(url, {"zaaktype": own.types.url})).status_code == 403
    assert (await client.patch(url, {"vertrouwelijkheidaanduiding": "openbaar"})).status_code == 200
    unknown = secret.body(zaaktype=secret.types.url[:-4] + "0000")
    assert errors(await client.post(ZAKEN, unknown)) == [("zaaktype", "bad-url")]


async def test_expand_shows_only_what_the_client_may_read(api: Client, maak: Maak) -> None:
    own = Zaakmaker(api, await maak.zaaktype())
    catalogus = await maak.een_catalogus()
    secret = await own.zaak(vertrouwelijkheidaanduiding="geheim")
    links = [{"url": secret["url"], "aardRelatie": "onderwerp"}]
    zaak = await own.zaak(relevanteAndereZaken=links)
    status = await own.status(zaak["url"])
    expand = "zaaktype.catalogus,status.statustype,resultaat,relevanteAndereZaken,status.zaak"
    full = (await own.api.get(zaak["url"], params={"expand": expand})).json()["_expand"]
    assert full["zaaktype"]["_expand"]["catalogus"]["url"] == catalogus
    assert full["status"]["_expand"]["statustype"]["url"] == status["statustype"]
    assert full["status"]["_expand"]["zaak"]["url"] == zaak["url"]
    assert full["resultaat"] == {}
    assert [item["url"] for item in full["relevanteAndereZaken"]] == [secret["url"]]
    client = await own.client("zaken.lezen", cap="openbaar")
    less = (await client.get(zaak["url"], params={"expand": "relevanteAndereZaken"})).json()
    assert less["_expand"]["relevanteAndereZaken"] == []
    wrong = await own.api.get(zaak["url"], params={"expand": "omschrijving"})
    assert (wrong.status_code, wrong.json()["code"]) == (404, "invalid-expand-field")


async def counts(own: Zaakmaker, client: Client) -> tuple[int, int]:
    """Return the count of the list and the number of zaken that it holds."""
    query = {"zaaktype": own.types.url, "pageSize": 3}
    first = (await client.get(ZAKEN, params=query)).json()
    number, url = len(first["results"]), first["next"]
    while url:
        page = (await client.get(url)).json()
        assert page["count"] == first["count"]
        number, url = number + len(page["results"]), page["next"]
    return first["count"], number


async def test_counts_are_exact_whatever_happens(stack: Stack, api: Client, maak: Maak) -> None:
    own = Zaakmaker(api, await maak.zaaktype())
    other = Zaakmaker(api, await maak.zaaktype())
    low = await own.client("zaken.lezen", cap="openbaar")
    zaken = [await own.zaak() for _ in range(7)]
    assert (await counts(own, api), await counts(own, low)) == ((7, 7), (7, 7))
    await COUNTS.fold(stack.standalone.services["zaken"], "deventer")
    assert await counts(own, api) == (7, 7)
    assert (await api.patch(zaken[0]["url"], {"vertrouwelijkheidaanduiding": "geheim"})).status_code == 200
    assert (await api.patch(zaken[1]["url"], {"zaaktype": other.types.url})).status_code == 200
    assert (await api.patch(zaken[2]["url"], {"toelichting": "telt niet"})).status_code == 200
    assert (await api.delete(zaken[3]["url"])).status_code == 204
    assert (await counts(own, api), await counts(own, low), await counts(other, api)) == ((5, 5), (4, 4), (1, 1))

    async def busy() -> None:
        zaak = await own.zaak()
        assert (await api.patch(zaak["url"], {"vertrouwelijkheidaanduiding": "geheim"})).status_code == 200
        await api.delete(zaak["url"])

    folding = asyncio.gather(*(COUNTS.fold(stack.standalone.services["zaken"], "deventer") for _ in range(5)))
    await asyncio.gather(folding, *(busy() for _ in range(5)))
    assert (await counts(own, api), await counts(own, low)) == ((5, 5), (4, 4))


async def test_deep_pages_continue_where_the_one_before_ended(
    api: Client, maak: Maak, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zgw.pages.FEW", 0)
    own = Zaakmaker(api, await maak.zaaktype())
    made = [(await own.zaak())["url"] for _ in range(11)]
    await own.api.delete(made.pop(4))
    client = await own.client("zaken.lezen")
    for reader in (api, client):
        for query in ({}, {"ordering": "startdatum"}, {"startdatum__gte": "2020-01-01"}):
            found: list[str] = []
            for page in range(1, 5):
                params = {"zaaktype": own.types.url, "pageSize": 3, "page": page, **query}
                found += [zaak["url"] for zaak in (await reader.get(ZAKEN, params=params)).json()["results"]]
            assert sorted(found) == sorted(made)
            if not query:
                assert found == made[::-1]
        beyond = await reader.get(ZAKEN, params={"zaaktype": own.types.url, "pageSize": 3, "page": 5})
        assert beyond.status_code == 404


async def test_a_client_with_many_zaaktypen(stack: Stack, own: Zaakmaker, drie: list[dict[str, Any]]) -> None:
    base = own.types.url.rsplit("/", 1)[0]
    grants = [
        {
            "component": "zrc",
            "scopes": ["zaken.lezen"],
            "zaaktype": own.types.url if index == 77 else f"{base}/00000000-0000-4000-8000-{index:012d}",
            "maxVertrouwelijkheidaanduiding": "vertrouwelijk" if index % 2 else "intern",
        }
        for index in range(150)
    ]
    client = await stack.add_client("deventer", "honderdvijftig-zaaktypen", grants)
    assert (await client.get(ZAKEN)).json()["count"] == 2
    assert await which(own, drie, {"ordering": "startdatum"}, client) == [1, 2]
