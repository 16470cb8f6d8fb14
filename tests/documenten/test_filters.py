"""Filters and orderings of documents beside the standard, as existing applications send them."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from tests.answers import errors
from tests.documenten.bron import Bron
from tests.documenten.maak_document import EIO, ROOT, b64, body, document, informatieobjecttype, vergrendel
from tests.stack import PUBLIC, Client, Stack
from zgw import contains

TEXTS: dict[str, dict[str, Any]] = {
    "besluit": {
        "titel": "Besluit 50% korting_A",
        "auteur": "Jan de Vries",
        "beschrijving": "Over de Čapekstraat",
        "creatiedatum": "2024-01-31",
        "status": "definitief",
        "formaat": "application/pdf",
        "vertrouwelijkheidaanduiding": "openbaar",
        "trefwoorden": ["rood", "groot"],
        "inhoud": b64(b"x" * 30),
    },
    "brief": {
        "titel": "Brief van de ouders",
        "auteur": "Piet JANSEN",
        "beschrijving": "",
        "creatiedatum": "2024-02-01",
        "status": "in_bewerking",
        "formaat": "text/plain",
        "vertrouwelijkheidaanduiding": "intern",
        "trefwoorden": ["rood"],
        "inhoud": b64(b"x" * 20),
    },
    "foto": {
        "titel": "Foto",
        "auteur": "Aïcha",
        "beschrijving": "De \\ en het besluit",
        "creatiedatum": "2024-02-02",
        "status": "",
        "formaat": "image/png",
        "vertrouwelijkheidaanduiding": "geheim",
        "trefwoorden": [],
        "inhoud": None,
        "bestandsomvang": None,
    },
}
ALL = {*TEXTS}


@dataclass(frozen=True)
class Archive:
    """A type with documents of its own, by name, and the objects that they belong to."""

    api: Client
    kind: str
    urls: Mapping[str, str]
    zaak: str
    besluit: str

    async def found(self, query: str, client: Client | None = None) -> list[str]:
        """Return the names of the documents that a query finds, in order."""
        query = query.format(zaak=self.zaak, besluit=self.besluit, kind=self.kind)
        answer = await (client or self.api).get(f"{EIO}?informatieobjecttype={self.kind}&{query}")
        assert answer.status_code == 200, answer.text
        names = {url: name for name, url in self.urls.items()}
        assert answer.json()["count"] == len(answer.json()["results"])
        return [names[item["url"]] for item in answer.json()["results"]]


@pytest.fixture
async def archive(api: Client, bron: Bron) -> Archive:
    """Three documents: the decision belongs to a zaak and a besluit, the letter to that zaak, and is locked."""
    kind = await informatieobjecttype(api)
    made = {name: await document(api, informatieobjecttype=kind, **texts) for name, texts in TEXTS.items()}
    urls = {name: each["url"] for name, each in made.items()}
    zaak, besluit = bron.zaak(), bron.besluit()
    for name, target, object_type in (
        ("besluit", zaak, "zaak"),
        ("besluit", besluit, "besluit"),
        ("brief", zaak, "zaak"),
    ):
        bron.relations.add((target, urls[name]))
        link = {"informatieobject": urls[name], "object": target, "objectType": object_type}
        await api.created(f"{ROOT}/objectinformatieobjecten", link)
    await vergrendel(api, made["brief"])
    return Archive(api, kind, urls, zaak, besluit)


FOUND: list[tuple[str, set[str]]] = [
    ("titel=BESLUIT", {"besluit"}),
    ("titel=rief van de oud", {"brief"}),
    ("titel=o", {"besluit", "brief", "foto"}),
    ("titel=of", set()),
    ("titel=50%25", {"besluit"}),
    ("titel=5%25 k", set()),
    ("titel=korting_a", {"besluit"}),
    ("titel=fot_", set()),
    ("titel=besluiten", set()),
    ("titel=%20foto%20", {"foto"}),
    ("titel=", ALL),
    ("auteur=jan", {"besluit", "brief"}),
    ("auteur=AÏCH", {"foto"}),
    ("auteur=jan&titel=brief", {"brief"}),
    ("beschrijving=čapek", {"besluit"}),
    ("beschrijving=\\ en", {"foto"}),
    ("beschrijving=besluit", {"foto"}),
    ("creatiedatum__gte=2024-02-01", {"brief", "foto"}),
    ("creatiedatum__lte=2024-02-01", {"besluit", "brief"}),
    ("creatiedatum__gte=2024-02-01&creatiedatum__lte=2024-02-01", {"brief"}),
    ("creatiedatum__gte=", ALL),
    ("vertrouwelijkheidaanduiding=intern", {"brief"}),
    ("vertrouwelijkheidaanduiding=zeer_geheim", set()),
    ("locked=true", {"brief"}),
    ("locked=False", {"besluit", "foto"}),
    ("trefwoorden=rood", {"besluit", "brief"}),
    ("trefwoorden=groot,rood", {"besluit"}),
    ("trefwoorden__overlap=groot,blauw", {"besluit"}),
    ("trefwoorden__overlap=rood, groot", {"besluit", "brief"}),
    ("trefwoorden__overlap=ROOD", set()),
    ("trefwoorden__overlap=", ALL),
    ("objectinformatieobjecten__object={zaak}", {"besluit", "brief"}),
    ("objectinformatieobjecten__object={besluit}", {"besluit"}),
    ("objectinformatieobjecten__object={besluit}&objectinformatieobjecten__objectType=zaak", set()),
    ("objectinformatieobjecten__object={zaak}&objectinformatieobjecten__objectType=zaak&titel=brief", {"brief"}),
    ("objectinformatieobjecten__objectType=besluit", {"besluit"}),
    ("objectinformatieobjecten_object={zaak}&objectinformatieobjecten__objectType=besluit", set()),
    (f"objectinformatieobjecten__object={PUBLIC}/zaken/api/v1/zaken/{uuid.uuid4()}", set()),
    ("objectinformatieobjecten__object=https://elders.example.nl/1", set()),
    (f"informatieobjecttype={PUBLIC}/catalogi/api/v1/informatieobjecttypen/{uuid.uuid4()}", set()),
    ("informatieobjecttype=https://elders.example.nl/1", set()),
    ("ordering=", ALL),
]


async def test_what_the_filters_find(archive: Archive) -> None:
    found = [(query, set(await archive.found(query))) for query, _ in FOUND]
    assert found == FOUND


async def test_a_broad_filter_finds_the_same(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of more objects than are looked up by the index, each text is compared."""
    monkeypatch.setattr(contains, "MOST", 0)
    texts = [(query, names) for query, names in FOUND if query.startswith(("titel", "auteur", "beschrijving"))]
    assert [(query, set(await archive.found(query))) for query, _ in texts] == texts


REFUSED: list[tuple[str, str, str]] = [
    (f"titel={'x' * 1001}", "titel", "max_length"),
    ("creatiedatum__gte=20240201", "creatiedatum__gte", "invalid"),
    ("creatiedatum__lte=1 februari", "creatiedatum__lte", "invalid"),
    ("vertrouwelijkheidaanduiding=Geheim", "vertrouwelijkheidaanduiding", "invalid_choice"),
    ("locked=misschien", "locked", "invalid"),
    ("objectinformatieobjecten__object=x", "objectinformatieobjecten__object", "invalid"),
    ("objectinformatieobjecten__objectType=Zaak", "objectinformatieobjecten__objectType", "invalid_choice"),
    ("informatieobjecttype=besluit", "informatieobjecttype", "invalid"),
    ("ordering=Titel", "ordering", "invalid_choice"),
    ("ordering=titel,taal", "ordering", "invalid_choice"),
    ("titel__icontains=x", "nonFieldErrors", "unknown-parameters"),
    ("objectinformatieobjecten___object=x", "nonFieldErrors", "unknown-parameters"),
]


@pytest.mark.parametrize(("query", "name", "code"), REFUSED)
async def test_what_the_filters_refuse(api: Client, query: str, name: str, code: str) -> None:
    assert errors(await api.get(f"{EIO}?{query}")) == [(name, code)]


ORDERED = [
    ("auteur", ["foto", "besluit", "brief"]),
    ("-titel", ["foto", "brief", "besluit"]),
    ("formaat", ["besluit", "foto", "brief"]),
    ("creatiedatum", ["besluit", "brief", "foto"]),
    ("-creatiedatum", ["foto", "brief", "besluit"]),
    ("status", ["foto", "besluit", "brief"]),
    ("bestandsomvang", ["brief", "besluit", "foto"]),
    ("-bestandsomvang", ["besluit", "brief", "foto"]),
    ("vertrouwelijkheidaanduiding", ["foto", "brief", "besluit"]),
    (" -status , titel ", ["brief", "besluit", "foto"]),
    ("", ["foto", "brief", "besluit"]),
]


async def test_in_which_order(archive: Archive) -> None:
    assert [(order, await archive.found(f"ordering={order}")) for order, _ in ORDERED] == ORDERED


async def test_pages_keep_the_order(archive: Archive) -> None:
    first = await archive.api.get(f"{EIO}?informatieobjecttype={archive.kind}&ordering=titel&pageSize=2")
    last = await archive.api.get(first.json()["next"])
    again = await archive.api.get(f"{EIO}?informatieobjecttype={archive.kind}&ordering=titel&pageSize=2&page=last")
    assert last.json() == again.json()
    assert [item["url"] for item in last.json()["results"]] == [archive.urls["foto"]]
    assert (first.json()["count"], last.json()["count"], last.json()["next"]) == (3, 3, None)


async def test_the_latest_version_is_looked_at(archive: Archive) -> None:
    lock = (await archive.api.post(f"{archive.urls['foto']}/lock")).json()["lock"]
    assert (await archive.api.patch(archive.urls["foto"], {"titel": "Tekening", "lock": lock})).status_code == 200
    assert await archive.found("titel=foto") == []
    assert await archive.found("titel=teken") == ["foto"]


async def test_a_filter_tells_nothing_of_what_a_client_may_not_see(stack: Stack, archive: Archive) -> None:
    """Neither the objects nor their number."""
    grant = {"component": "drc", "scopes": ["documenten.lezen"], "informatieobjecttype": archive.kind}
    grants = [{**grant, "maxVertrouwelijkheidaanduiding": "openbaar"}]
    reader = await stack.add_client("deventer", f"filters-{uuid.uuid4()}", grants)
    for query, names in FOUND:
        assert await archive.found(query, reader) == [name for name in ("besluit",) if name in names], query
    assert await archive.found("ordering=-titel", reader) == ["besluit"]


async def test_another_municipality_finds_nothing(raalte: Client, archive: Archive) -> None:
    query = f"titel=besluit&objectinformatieobjecten__object={archive.zaak}"
    assert (await raalte.get(f"{EIO}?{query}")).json()["count"] == 0


async def test_filters_of_the_list_are_no_criteria_of_a_search(api: Client) -> None:
    """A mistyped criterion must not find everything."""
    answer = await api.post(f"{EIO}/_zoek", {"titel": "besluit"})
    assert errors(answer) == [("nonFieldErrors", "empty_search_body")]


async def test_a_text_that_is_no_longer_than_the_index_knows(api: Client) -> None:
    kind = await informatieobjecttype(api)
    for titel in ("ab", "abc", "xabcx"):
        await api.created(EIO, body(kind, titel=titel))
    for value, number in (("a", 3), ("ab", 3), ("abc", 2), ("abcd", 0)):
        found = await api.get(f"{EIO}?informatieobjecttype={kind}&titel={value}")
        assert found.json()["count"] == number, value
