"""Filters of types beside the standard, as editors of catalogues and archivists send them."""

import uuid
from typing import Any

import pytest

from tests.answers import errors
from tests.maak import ROOT, Maak, Types
from tests.stack import PUBLIC, Client


async def names(api: Client, collection: str, key: str, **params: Any) -> list[str]:
    """Return a member of each object that a list answers, sorted."""
    answer = await api.get(f"{ROOT}/{collection}", params={"pageSize": 500, **params})
    assert answer.status_code == 200, answer.text
    assert answer.json()["count"] == len(answer.json()["results"])
    return sorted(item[key] for item in answer.json()["results"])


async def linked(maak: Maak, zaaktype: Types, *names: str) -> None:
    """Let documents with these names belong to cases of a zaaktype."""
    for number, name in enumerate(names, 50):
        body = {"zaaktype": zaaktype.url, "informatieobjecttype": name, "volgnummer": number, "richting": "intern"}
        await maak.api.created(f"{ROOT}/zaaktype-informatieobjecttypen", body)


async def test_a_part_of_the_name_of_a_zaaktype(maak: Maak, api: Client) -> None:
    mark = uuid.uuid4().hex[:8]
    one = await maak.zaaktype(omschrijving=f"Kap 100% {mark}")
    two = await maak.zaaktype(omschrijving=f"Bouw_{mark}", concept=True)
    identificatie = (await api.get(one.url)).json()["identificatie"]
    for query, expected in (
        ({"omschrijving__icontains": mark.upper()}, [one.url]),
        ({"omschrijving__icontains": mark, "status": "alles"}, sorted([one.url, two.url])),
        ({"omschrijving__icontains": f"100% {mark}"}, [one.url]),
        ({"omschrijving__icontains": f"1_0% {mark}"}, []),
        ({"omschrijving__icontains": f"bouw_{mark}", "status": "concept"}, [two.url]),
        ({"omschrijving__icontains": mark, "identificatie__icontains": identificatie[1:].lower()}, [one.url]),
        ({"omschrijving__icontains": mark, "identificatie__icontains": f"{identificatie}x"}, []),
        ({"omschrijving__icontains": f" {mark} ", "identificatie__icontains": ""}, [one.url]),
    ):
        assert await names(api, "zaaktypen", "url", **query) == expected, query
    refused = await api.get(f"{ROOT}/zaaktypen", params={"omschrijving__icontains": "x" * 1001})
    assert errors(refused) == [("omschrijving__icontains", "max_length")]


async def test_document_types_of_a_zaaktype(maak: Maak, api: Client) -> None:
    """The versions of the linked names that pass the other filters, also of a zaaktype that is a concept."""
    mark = uuid.uuid4().hex[:8]
    zaaktype = await maak.zaaktype(concept=True)
    catalogus = zaaktype.catalogus
    old: dict[str, Any] = {"beginGeldigheid": "2020-01-01", "eindeGeldigheid": "2020-12-31"}
    brief, nota, los = (f"{name} {mark}" for name in ("Brief", "Nota", "Los"))
    await maak.informatieobjecttype(catalogus=catalogus, omschrijving=brief, **old)
    await maak.informatieobjecttype(catalogus=catalogus, omschrijving=brief, beginGeldigheid="2021-01-01")
    await maak.informatieobjecttype(catalogus=catalogus, omschrijving=nota, concept=True)
    await maak.informatieobjecttype(catalogus=catalogus, omschrijving=los)
    elsewhere = (await maak.catalogus())["url"]
    await maak.informatieobjecttype(catalogus=elsewhere, omschrijving=brief)
    await linked(maak, zaaktype, brief, nota)
    own = {"zaaktype": zaaktype.url, "omschrijving__icontains": mark}
    for query, expected in (
        (own, [brief, brief]),
        ({**own, "status": "alles"}, [brief, brief, nota]),
        ({**own, "status": "concept"}, [nota]),
        ({**own, "datumGeldigheid": "2020-06-01"}, [brief]),
        ({**own, "omschrijving": brief}, [brief, brief]),
        ({**own, "omschrijving__icontains": f"RIEF {mark}"}, [brief, brief]),
        ({**own, "catalogus": elsewhere}, []),
        ({**own, "catalogus": catalogus}, [brief, brief]),
        ({**own, "zaaktype": f"{PUBLIC}/catalogi/api/v1/zaaktypen/{uuid.uuid4()}"}, []),
        ({**own, "zaaktype": "https://elders.example.nl/catalogi/api/v1/zaaktypen/1"}, []),
        ({**own, "zaaktype": "", "catalogus": catalogus}, [brief, brief, los]),
    ):
        assert await names(api, "informatieobjecttypen", "omschrijving", **query) == expected, query


@pytest.mark.parametrize(
    ("query", "name", "code"),
    [
        ("zaaktype=kap", "zaaktype", "invalid"),
        (f"omschrijving__icontains={'x' * 1001}", "omschrijving__icontains", "max_length"),
        ("trefwoorden=x", "nonFieldErrors", "unknown-parameters"),
    ],
)
async def test_what_the_filters_refuse(api: Client, query: str, name: str, code: str) -> None:
    assert errors(await api.get(f"{ROOT}/informatieobjecttypen?{query}")) == [(name, code)]


async def test_a_document_type_of_a_relation_by_url_or_name(maak: Maak, api: Client) -> None:
    zaaktype = await maak.zaaktype(concept=True)
    kind = await maak.informatieobjecttype(catalogus=zaaktype.catalogus)
    await linked(maak, zaaktype, kind["omschrijving"])
    own = {"zaaktype": zaaktype.url, "status": "alles"}
    for value, number in (
        (kind["url"], 1),
        (kind["omschrijving"], 1),
        (f"{kind['url'][:-36]}{uuid.uuid4()}", 0),
        ("https://elders.example.nl/1", 0),
        ("onbekend", 0),
    ):
        found = await names(api, "zaaktype-informatieobjecttypen", "url", informatieobjecttype=value, **own)
        assert len(found) == number, value


async def test_roltypen_by_their_whole_omschrijving(maak: Maak, api: Client) -> None:
    zaaktype = await maak.zaaktype(concept=True)
    for omschrijving in ("Aanvrager", "Aanvrager namens"):
        body = {"zaaktype": zaaktype.url, "omschrijving": omschrijving, "omschrijvingGeneriek": "belanghebbende"}
        await api.created(f"{ROOT}/roltypen", body)
    own = {"zaaktype": zaaktype.url, "status": "alles"}
    for value, expected in (
        ("Aanvrager", ["Aanvrager"]),
        (" Aanvrager ", ["Aanvrager"]),
        ("aanvrager", []),
        ("Aanvr", []),
    ):
        assert await names(api, "roltypen", "omschrijving", omschrijving=value, **own) == expected, value
    assert {"Aanvrager", "Aanvrager namens"} <= {*await names(api, "roltypen", "omschrijving", omschrijving="", **own)}


async def test_object_types_of_concepts_are_hidden_unless_asked_for(maak: Maak, api: Client) -> None:
    zaaktype = await maak.zaaktype(concept=True)
    body = {
        "anderObjecttype": False,
        "objecttype": "https://example.org/pand",
        "relatieOmschrijving": "betreft",
        "zaaktype": zaaktype.url,
    }
    made = await api.created(f"{ROOT}/zaakobjecttypen", body)
    own = {"zaaktype": zaaktype.url, "objecttype": body["objecttype"], "relatieOmschrijving": "betreft"}
    for status, shown in ((None, False), ("definitief", False), ("concept", True), ("alles", True)):
        found = await names(api, "zaakobjecttypen", "url", **own, **({"status": status} if status else {}))
        assert (made["url"] in found) == shown, status
