"""Types, documents and zaken of other installations: each reference has a shape (common.md §10)."""

import uuid
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.answers import errors
from tests.besluiten.wereld import BESLUITEN, Werk
from tests.documenten.maak_document import body as document_body
from tests.maak import Maak
from tests.zaken.elders import Elders, elders
from tests.zaken.zaakmaker import STATUSSEN, ZAKEN, Zaakmaker

API = "/zaken/api/v1"
ZAAKTYPE = {
    "catalogus": "https://elders.example/catalogi/api/v1/catalogussen/1",
    "identificatie": "ELDERS",
    "omschrijving": "Elders",
    "vertrouwelijkheidaanduiding": "openbaar",
    "concept": False,
}
OF_ZAAKTYPE = {"zaaktype": "https://elders.example/catalogi/api/v1/zaaktypen/1", "omschrijving": "Elders"}
BESLUITTYPE = {**ZAAKTYPE, "zaaktypen": [], "informatieobjecttypen": []}
GOED: dict[str, dict[str, Any]] = {
    "zaaktypen": ZAAKTYPE,
    "statustypen": {**OF_ZAAKTYPE, "volgnummer": 1},
    "resultaattypen": {**OF_ZAAKTYPE, "selectielijstklasse": "https://x.example/1", "brondatumArchiefprocedure": None},
    "roltypen": {**OF_ZAAKTYPE, "omschrijvingGeneriek": "initiator"},
    "eigenschappen": {**OF_ZAAKTYPE, "naam": "kleur", "specificatie": {"formaat": "tekst", "lengte": "10"}},
    "zaakobjecttypen": {**OF_ZAAKTYPE, "objecttype": "https://x.example/pand"},
    "informatieobjecttypen": ZAAKTYPE,
    "besluittypen": BESLUITTYPE,
}
"""Per collection what a type of it has; the URL is added."""
FOUT: dict[str, dict[str, Any]] = {
    "zaaktypen": {"vertrouwelijkheidaanduiding": "hoog", "catalogus": None, "productenOfDiensten": 1},
    "statustypen": {"volgnummer": "1", "zaaktype": {}},
    "resultaattypen": {"brondatumArchiefprocedure": "afgehandeld", "archiefactietermijn": 5, "omschrijving": []},
    "roltypen": {"omschrijvingGeneriek": "chef", "omschrijving": ["a"]},
    "eigenschappen": {"naam": 1, "specificatie": [], "zaaktype": None},
    "zaakobjecttypen": {"zaaktype": ["x"]},
    "informatieobjecttypen": {"vertrouwelijkheidaanduiding": None, "omschrijving": {}},
    "besluittypen": {"zaaktypen": "x", "informatieobjecttypen": [1]},
}
"""Per collection values that no type has."""
FIELDS = {
    "zaaktypen": "zaaktype",
    "statustypen": "statustype",
    "resultaattypen": "resultaattype",
    "roltypen": "roltype",
    "eigenschappen": "eigenschap",
    "zaakobjecttypen": "zaakobjecttype",
    "informatieobjecttypen": "informatieobjecttype",
    "besluittypen": "besluittype",
}
EACH = pytest.mark.parametrize("collection", FIELDS)


@pytest.fixture(scope="module")
async def register(zaken: Zaakmaker) -> AsyncIterator[Elders]:
    """An API elsewhere that the municipality registered."""
    async with elders(zaken.api.stack) as other:
        yield other


@pytest.fixture(scope="module")
async def zaak(zaken: Zaakmaker) -> str:
    """A zaak of an own type."""
    return str((await zaken.zaak())["url"])


async def send(zaken: Zaakmaker, zaak: str, collection: str, url: str) -> httpx.Response:
    """Send what refers to a type at a URL."""
    api = zaken.api
    if collection == "zaaktypen":
        return await api.post(ZAKEN, zaken.body(zaaktype=url))
    if collection == "statustypen":
        return await api.post(STATUSSEN, zaken.status_body(zaak, statustype=url))
    if collection == "resultaattypen":
        return await api.post(f"{API}/resultaten", {"zaak": zaak, "resultaattype": url})
    if collection == "roltypen":
        rol = {"zaak": zaak, "roltype": url, "betrokkeneType": "medewerker", "roltoelichting": "x"}
        return await api.post(f"{API}/rollen", {**rol, "betrokkeneIdentificatie": {"identificatie": "1"}})
    if collection == "eigenschappen":
        return await api.post(f"{zaak}/zaakeigenschappen", {"zaak": zaak, "eigenschap": url, "waarde": "x"})
    if collection == "zaakobjecttypen":
        pand = {"objectType": "pand", "objectIdentificatie": {"identificatie": "1"}}
        return await api.post(f"{API}/zaakobjecten", {"zaak": zaak, "zaakobjecttype": url, **pand})
    if collection == "informatieobjecttypen":
        return await api.post("/documenten/api/v1/enkelvoudiginformatieobjecten", document_body(url))
    besluit = {"verantwoordelijkeOrganisatie": "517439943", "datum": "2026-01-01", "ingangsdatum": "2026-01-01"}
    return await api.post(BESLUITEN, {**besluit, "besluittype": url})


def add(register: Elders, collection: str, content: Any) -> str:
    """Let the other API have something at the URL of a type; an object gets that URL."""
    path = f"{collection}/{uuid.uuid4()}"
    if isinstance(content, dict):
        content = {"url": f"{register.base}/api/v1/{path}", **content}
    return register.add(path, content)


@EACH
async def test_another_object_is_no_type(zaken: Zaakmaker, zaak: str, register: Elders, collection: str) -> None:
    """Of an object that lacks any one property of the type: 400 ``invalid-resource``, and no 500 or empty level."""
    good = GOED[collection]
    needed = [name for name in good if name not in ("concept", "brondatumArchiefprocedure")]
    if collection in ("informatieobjecttypen", "besluittypen"):
        needed.remove("identificatie")
    if collection == "besluittypen":
        needed = ["catalogus", "zaaktypen", "informatieobjecttypen"]
    if collection in ("eigenschappen", "zaakobjecttypen"):
        needed.remove("omschrijving")
    contents: list[dict[str, Any]] = [{}, *({n: v for n, v in good.items() if n != name} for name in needed)]
    for content in contents:
        answer = await send(zaken, zaak, collection, add(register, collection, content))
        assert errors(answer) == [(FIELDS[collection], "invalid-resource")], content


@EACH
async def test_a_type_has_values_of_the_right_kind(
    zaken: Zaakmaker, zaak: str, register: Elders, collection: str
) -> None:
    """A property of another kind than the standard gives it: 400 ``invalid-resource``."""
    for name, value in FOUT[collection].items():
        url = add(register, collection, {**GOED[collection], name: value})
        answer = await send(zaken, zaak, collection, url)
        assert errors(answer) == [(FIELDS[collection], "invalid-resource")], (name, value)


@EACH
async def test_a_type_elsewhere_is_taken(zaken: Zaakmaker, zaak: str, register: Elders, collection: str) -> None:
    """With no more than these properties it is a type: what is wrong then is only that the zaak is of another one."""
    answer = await send(zaken, zaak, collection, add(register, collection, GOED[collection]))
    if collection in ("zaaktypen", "informatieobjecttypen", "besluittypen"):
        assert answer.status_code == 201, answer.text
    else:
        assert errors(answer) == [("nonFieldErrors", "zaaktype-mismatch")]


@EACH
@pytest.mark.parametrize("content", [[], "tekst", 1, b"<html>", b"{", b"\xff"])
async def test_an_answer_that_is_no_object_is_no_type(
    zaken: Zaakmaker, zaak: str, register: Elders, collection: str, content: Any
) -> None:
    """200 with something else than a JSON object: ``invalid-resource``; nothing there: ``bad-url``."""
    answer = await send(zaken, zaak, collection, add(register, collection, content))
    assert errors(answer) == [(FIELDS[collection], "invalid-resource")]
    nowhere = f"{register.base}/api/v1/{collection}/{uuid.uuid4()}"
    assert errors(await send(zaken, zaak, collection, nowhere)) == [(FIELDS[collection], "bad-url")]


def reason(answer: httpx.Response) -> str:
    """Return the reason of the one error of a 400."""
    (param,) = answer.json()["invalidParams"]
    return str(param["reason"])


@EACH
async def test_an_api_that_is_not_registered_is_told_to_be_so(
    zaken: Zaakmaker, zaak: str, register: Elders, collection: str
) -> None:
    """``bad-url`` of an API that nobody registered says so; of a registered one it does not."""
    unknown = await send(zaken, zaak, collection, f"https://elders.example/api/v1/{collection}/{uuid.uuid4()}")
    assert errors(unknown) == [(FIELDS[collection], "bad-url")]
    assert "niet geregistreerd" in reason(unknown)
    known = await send(zaken, zaak, collection, f"{register.base}/api/v1/{collection}/{uuid.uuid4()}")
    assert "geregistreerd" not in reason(known)


async def test_other_references_tell_so_too(zaken: Zaakmaker, zaak: str, register: Elders) -> None:
    """communicatiekanaal, selectielijstklasse, relevanteAndereZaken and the object of a zaakobject."""
    outside = "https://elders.example/api/v1/dingen/1"
    for name in ("communicatiekanaal", "selectielijstklasse"):
        answer = await zaken.api.post(ZAKEN, zaken.body(**{name: outside}))
        assert errors(answer) == [(name, "bad-url")]
        assert "niet geregistreerd" in reason(answer)
        answered: list[Any] = [[], b"<html>"]
        for content in answered:
            url = add(register, "dingen", content)
            assert errors(await zaken.api.post(ZAKEN, zaken.body(**{name: url}))) == [(name, "invalid-resource")]
    links = [{"url": outside, "aardRelatie": "vervolg"}]
    assert "niet geregistreerd" in reason(await zaken.api.post(ZAKEN, zaken.body(relevanteAndereZaken=links)))
    thing = {"zaak": zaak, "objectType": "pand", "object": outside}
    assert "niet geregistreerd" in reason(await zaken.api.post(f"{API}/zaakobjecten", thing))


async def test_documents_and_zaken_elsewhere_have_a_shape(
    zaken: Zaakmaker, maak: Maak, zaak: str, register: Elders
) -> None:
    """A document in a zaak, and the zaak of a besluit: what is read of them is a text, or it is no such object."""
    werk = Werk(zaken.api, maak, zaken.types)
    type_ = zaken.types.informatieobjecttype
    documents: list[Any] = [
        {},
        {"informatieobjecttype": {}},
        {"informatieobjecttype": type_, "identificatie": [1]},
        [],
    ]
    for content in documents:
        url = add(register, "enkelvoudiginformatieobjecten", content)
        answer = await zaken.api.post(f"{API}/zaakinformatieobjecten", {"zaak": zaak, "informatieobject": url})
        assert errors(answer) == [("informatieobject", "invalid-resource")], content
    whole = {"identificatie": "Z-1", "bronorganisatie": "517439943", "zaaktype": zaken.types.url}
    wrong: list[dict[str, Any]] = [{"zaaktype": {}}, {"vertrouwelijkheidaanduiding": "hoog"}, {"identificatie": 1}]
    for changes in wrong:
        url = add(register, "zaken", {**whole, **changes})
        answer = await zaken.api.post(BESLUITEN, werk.body(zaak=url))
        assert errors(answer) == [("zaak", "invalid-resource")], changes


@pytest.mark.parametrize("content", [[], "tekst", b"<html>"])
async def test_what_has_no_shape_is_an_object_still(
    zaken: Zaakmaker, zaak: str, register: Elders, content: Any
) -> None:
    """The object of a zaakobject and a relevante andere zaak are of any kind, but JSON objects."""
    url, nowhere = add(register, "dingen", content), f"{register.base}/api/v1/dingen/{uuid.uuid4()}"
    for sent, code in ((url, "invalid-resource"), (nowhere, "bad-url")):
        body = {"zaak": zaak, "objectType": "pand", "object": sent}
        assert errors(await zaken.api.post(f"{API}/zaakobjecten", body)) == [("object", code)]
        related = [{"url": sent, "aardRelatie": "vervolg"}]
        assert await zaken.weiger(relevanteAndereZaken=related) == [("relevanteAndereZaken.0.url", code)]
