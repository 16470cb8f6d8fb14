"""Editing a concept: what a response did not show is not lost when the client sends it back (catalogi.md §4)."""

import uuid
from typing import Any

import pytest

from tests.answers import error_set
from tests.besluiten.wereld import Werk
from tests.maak import ROOT, Maak

OBJECT = "nonFieldErrors"


async def names(beheer: Maak, kind: str) -> tuple[dict[str, Any], list[str]]:
    """Return a published type of a kind, and three names: of that type, of a concept, and of nothing yet."""
    if kind == "zaaktype":
        shown, hidden = (await beheer.zaaktype()).zaaktype, await beheer.concept()
        key = "identificatie"
    else:
        make = beheer.besluittype if kind == "besluittype" else beheer.informatieobjecttype
        shown, hidden = await make(), await make(concept=True)
        key = "omschrijving"
    return shown, [shown[key], hidden[key], f"Nog te maken {uuid.uuid4().hex[:8]}"]


async def owner(beheer: Maak, collection: str, field: str, value: Any) -> dict[str, Any]:
    """Make a concept that names these types in a field."""
    if collection == "zaaktypen":
        return await beheer.concept(**{field: value})
    if collection == "besluittypen":
        return await beheer.besluittype(concept=True, **{field: value})
    return await beheer.resultaattype((await beheer.concept())["url"], **{field: value})


FIELDS = pytest.mark.parametrize(
    ("collection", "field", "listed", "kind"),
    [
        ("zaaktypen", "besluittypen", "besluittypeOmschrijving", "besluittype"),
        ("zaaktypen", "deelzaaktypen", "deelzaaktypeIdentificaties", "zaaktype"),
        ("besluittypen", "informatieobjecttypen", "informatieobjecttypeOmschrijvingen", "informatieobjecttype"),
        ("resultaattypen", "besluittypen", "besluittypeOmschrijving", "besluittype"),
        ("resultaattypen", "informatieobjecttypen", "informatieobjecttypeOmschrijving", "informatieobjecttype"),
    ],
)


@FIELDS
async def test_sending_back_what_was_read_loses_no_names(
    beheer: Maak, collection: str, field: str, listed: str, kind: str
) -> None:
    """A GET shows the URL of the published type only; PUT and PATCH of that keep the names of the others."""
    shown, given = await names(beheer, kind)
    made = await owner(beheer, collection, field, given)
    read = (await beheer.api.get(made["url"])).json()
    assert (read[field], read[listed]) == ([shown["url"]], given)
    without = {name: value for name, value in read.items() if name != listed}
    for answer in (
        await beheer.api.put(read["url"], read),
        await beheer.api.put(read["url"], without),
        await beheer.api.patch(read["url"], {field: read[field]}),
        await beheer.api.patch(read["url"], {"toelichting": "anders", field: read[field], listed: read[listed]}),
    ):
        assert answer.status_code == 200, answer.text
        assert (answer.json()[field], answer.json()[listed]) == ([shown["url"]], given)


@FIELDS
async def test_what_was_shown_is_removed_and_the_rest_by_name(
    beheer: Maak, collection: str, field: str, listed: str, kind: str
) -> None:
    """An empty list removes what the client could see; names, or the list of names itself, say what there is."""
    _, given = await names(beheer, kind)
    made = await owner(beheer, collection, field, given)

    async def patch(**changes: Any) -> list[str]:
        answer = await beheer.api.patch(made["url"], changes)
        assert answer.status_code == 200, answer.text
        found: list[str] = answer.json()[listed]
        return found

    assert await patch(**{field: []}) == given[1:]
    other, (extra, *_) = await names(beheer, kind)
    assert await patch(**{field: [other["url"]]}) == [*given[1:], extra]
    assert await patch(**{field: [other["url"], "Met naam"]}) == [*given[1:], extra, "Met naam"]
    assert await patch(**{field: [other["url"]], listed: [given[2], extra]}) == [given[2], extra]
    assert await patch(**{field: ["Alleen deze", given[1]]}) == ["Alleen deze", given[1]]
    assert await patch(**{field: [], listed: []}) == []


async def test_gerelateerde_zaaktypen_are_not_lost(beheer: Maak) -> None:
    """They have no list of names: what a response left out stays, until the relations are written by name."""
    shown, given = await names(beheer, "zaaktype")
    related = [{"zaaktype": name, "aardRelatie": "vervolg", "toelichting": name[:5]} for name in given]
    made = await beheer.concept(gerelateerdeZaaktypen=related)
    assert [item["zaaktype"] for item in made["gerelateerdeZaaktypen"]] == [shown["url"]]
    for answer in (
        await beheer.api.put(made["url"], made),
        await beheer.api.patch(made["url"], {"gerelateerdeZaaktypen": made["gerelateerdeZaaktypen"]}),
    ):
        assert answer.json()["gerelateerdeZaaktypen"] == made["gerelateerdeZaaktypen"]
    hidden = (await beheer.api.get(f"{ROOT}/zaaktypen?status=alles&identificatie={given[1]}")).json()["results"][0]
    await beheer.publiceer(hidden["url"])
    now = (await beheer.api.get(made["url"])).json()["gerelateerdeZaaktypen"]
    assert {item["zaaktypeIdentificatie"]: item["toelichting"] for item in now} == {
        name: name[:5] for name in given[:2]
    }
    by_name = await beheer.api.patch(made["url"], {"gerelateerdeZaaktypen": related[:1]})
    assert [item["zaaktype"] for item in by_name.json()["gerelateerdeZaaktypen"]] == [shown["url"]]
    assert (await beheer.api.patch(made["url"], {"gerelateerdeZaaktypen": []})).json()["gerelateerdeZaaktypen"] == []


async def test_a_correction_keeps_them_too(beheer: Maak, corrector: Any) -> None:
    """Of a published type as well, for who may correct it."""
    shown, given = await names(beheer, "besluittype")
    published = await beheer.publiceer((await beheer.concept(besluittypen=given))["url"])
    assert published["besluittypen"] == [shown["url"]]
    answer = await corrector.put(published["url"], published)
    assert answer.json()["besluittypeOmschrijving"] == given


@pytest.mark.parametrize("kind", ["zaaktypen", "informatieobjecttypen"])
async def test_the_filter_of_besluittypen_agrees_with_what_they_show(beheer: Maak, kind: str) -> None:
    """A besluittype shows no URL of a concept, and is not found by one; by name it shows and finds concepts too."""
    if kind == "zaaktypen":
        besluit = await beheer.besluittype()
        other = await beheer.concept(besluittypen=[besluit["omschrijving"]])
        name, listed = other["identificatie"], "zaaktypeIdentificaties"
    else:
        other = await beheer.informatieobjecttype(concept=True)
        besluit = await beheer.besluittype(informatieobjecttypen=[other["omschrijving"]])
        name, listed = other["omschrijving"], "informatieobjecttypeOmschrijvingen"

    async def found(value: str) -> list[str]:
        answer = await beheer.api.get(f"{ROOT}/besluittypen", params={kind: value, "status": "alles"})
        return [item["url"] for item in answer.json()["results"]]

    for published in (False, True):
        if published:
            await beheer.publiceer(other["url"])
        now = (await beheer.api.get(besluit["url"])).json()
        urls = [other["url"]] if published else []
        assert (now[kind], now[listed]) == (urls, [name])
        assert await found(other["url"]) == ([besluit["url"]] if published else [])
        assert await found(name) == [besluit["url"]]


@pytest.mark.parametrize("kind", ["zaaktypen", "informatieobjecttypen", "besluittypen"])
async def test_ztc_009_a_published_type_in_use_is_refused_for_being_published(
    beheer: Maak, maak: Maak, corrector: Any, kind: str
) -> None:
    """Without the forced scope: 400 ``non-concept-object``, and not 409 in use; with it 409."""
    types = await maak.zaaktype()
    url = await used(maak, types, kind)
    assert error_set(await beheer.api.delete(url)) == {(OBJECT, "non-concept-object")}
    assert (await corrector.delete(url)).status_code == 409


async def used(maak: Maak, types: Any, kind: str) -> str:
    """Make an object of a type and return the URL of the type."""
    werk = Werk(maak.api, maak, types)
    zaak = await werk.zaak()
    if kind == "informatieobjecttypen":
        await werk.document()
    elif kind == "besluittypen":
        await werk.besluit(zaak=zaak)
    return str({"zaaktypen": types.url, "besluittypen": types.besluittype}.get(kind, types.informatieobjecttype))


async def test_ztc_010_what_belongs_to_a_published_zaaktype_and_is_in_use(beheer: Maak, maak: Maak) -> None:
    """The same of a subtype: 400 ``non-concept-zaaktype`` before 409."""
    types = await maak.zaaktype()
    zaak = await maak.api.created(
        "/zaken/api/v1/zaken",
        {
            "bronorganisatie": "517439943",
            "verantwoordelijkeOrganisatie": "517439943",
            "zaaktype": types.url,
            "startdatum": "2026-01-01",
        },
    )
    status = {"zaak": zaak["url"], "statustype": types.statustypen[0], "datumStatusGezet": "2026-01-01T12:00:00Z"}
    await maak.api.created("/zaken/api/v1/statussen", status)
    assert error_set(await beheer.api.delete(types.statustypen[0])) == {(OBJECT, "non-concept-zaaktype")}
