"""The documentation page shows every operation, loads nothing and runs nothing but its own script."""

import base64
import hashlib
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from oas.openapi import document
from oas.page import docs_page
from tests.oas.oas_sample import API
from zgw.api import Api

Attributes = dict[str, str | None]


class Page(HTMLParser):
    """What is on a page: its elements with their attributes, and its text."""

    VOID = frozenset({"meta", "link", "input", "br"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, Attributes]] = []
        self.open: list[str] = []
        self.shown: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep an element."""
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Check that elements are closed in order; an option needs no end."""
        while self.open and self.open[-1] != tag and self.open[-1] == "option":
            self.open.pop()
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Keep text outside the style and the script."""
        if self.open and self.open[-1] not in ("style", "script"):
            self.shown.append(data)

    def all(self, tag: str) -> list[Attributes]:
        """The attributes of every element of a kind."""
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture
def oas() -> dict[str, Any]:
    """The document of the sample."""
    return document(API, "https://zaken.example.nl")


@pytest.fixture
def page(oas: dict[str, Any]) -> Page:
    """The page of the sample."""
    return Page(docs_page(API, oas))


def test_page_loads_nothing(page: Page) -> None:
    assert not [a for a in page.all("script") if a]
    loaded = [v for _, a in page.elements for k, v in a.items() if k in ("src", "action", "srcset") and v]
    assert loaded + [link["href"] for link in page.all("link")] == ["data:,"]
    assert {a["href"] for a in page.all("a") if not (a["href"] or "").startswith("#")} == {
        "/docs/",
        "/docs/nl/eerste-aanroep/",
        "../../../autorisaties/api/v1/docs",
        "../../../notificaties/api/v1/docs",
        "bruno.zip",
        "openapi.json",
        "openapi.yaml",
        "postman.json",
    }


def test_policy_allows_only_the_style_and_the_script_of_the_page(oas: dict[str, Any]) -> None:
    text = docs_page(API, oas)
    policy = (
        next(a["content"] for a in Page(text).all("meta") if a.get("http-equiv") == "Content-Security-Policy") or ""
    )
    assert policy.startswith("default-src 'none'; connect-src 'self'")
    assert "unsafe" not in policy
    for name in ("style", "script"):
        (inner,) = re.findall(rf"<{name}>(.*?)</{name}>", text, re.DOTALL)
        assert f"{name}-src 'sha256-{base64.b64encode(hashlib.sha256(inner.encode()).digest()).decode()}'" in policy
    assert not re.search(r"\son\w+=|style=", text.partition("<body>")[2].partition("<script>")[0])


def test_every_operation_has_a_form(oas: dict[str, Any], page: Page) -> None:
    forms = {(form["data-method"], form["data-path"]) for form in page.all("form")}
    assert forms == {(method.upper(), path) for path, item in oas["paths"].items() for method in item}
    assert "(zaken.aanmaken | zaken.bijwerken)" in page.shown


def test_an_operation_has_its_name_as_link_and_leads_to_those_beside_it(oas: dict[str, Any], page: Page) -> None:
    names = [o["operationId"] for item in oas["paths"].values() for o in item.values()]
    shown = [a["id"] for a in page.all("details") if a.get("class") == "operation"]
    assert len(shown) == len(names)
    assert {*shown} == {*names}
    links = [a["href"] for a in page.all("a")]
    # From the menu, the one before and the one after.
    inner = [links.count(f"#{name}") for name in shown]
    assert inner == [2, *[3] * (len(shown) - 2), 2]


def test_what_is_beside_the_standard_is_marked_and_comes_last(oas: dict[str, Any]) -> None:
    for path, item in oas["paths"].items():
        for operation in item.values():
            operation["x-samenzaak-extensie"] = path in ("/", "/zaken")
            operation["tags"] = [{"/": "root", "/zaken": "Open Zaak"}.get(path, "rest")]
    oas["tags"] = [{"name": "Open Zaak"}, {"name": "root"}, {"name": "rest"}]
    text = docs_page(API, oas)
    assert "<h2>Naast de standaard</h2>" in text
    sections = re.findall(r'<section id="groep-([^"]+)"><h2>[^<]+(.*?)</h2>', text)
    own = [name for name, mark in sections if "extensie" in mark]
    assert own == ["Open-Zaak", "root"]
    assert [name for name, _ in sections] == ["rest", *own]


def test_examples_of_the_document_are_shown(oas: dict[str, Any]) -> None:
    create = oas["paths"]["/zaken"]["post"]
    create["requestBody"]["content"]["application/json"]["examples"] = {
        "klein": {"summary": "Een kleine zaak", "value": {"omschrijving": "Straatfeest"}},
        "elders": {"$ref": "#/components/examples/elders"},
    }
    elders = {"summary": "Van elders", "value": {"toelichting": "<b>"}}
    oas["components"].setdefault("examples", {})["elders"] = elders
    create["responses"]["201"]["content"]["application/json"]["example"] = {"identificatie": "ZAAK-1"}
    only = {"voorbeeld": {"value": {"omschrijving": "Het enige"}}}
    oas["paths"]["/zaken"]["get"]["responses"]["200"]["content"]["application/json"]["examples"] = only
    page = Page(docs_page(API, oas))
    [body] = [text for text in page.shown if '"omschrijving": "Straatfeest"' in text]
    assert body == '{\n  "omschrijving": "Straatfeest"\n}'
    assert "Voorbeeld: Van elders" in page.shown
    assert "Voorbeeld: voorbeeld" not in page.shown
    assert any('"omschrijving": "Het enige"' in text for text in page.shown)
    assert any('"toelichting": "<b>"' in text for text in page.shown)
    assert any('"identificatie": "ZAAK-1"' in text for text in page.shown)


def test_links_inside_the_page_lead_somewhere(page: Page) -> None:
    ids = [a["id"] for _, a in page.elements if "id" in a]
    assert len(ids) == len(set(ids))
    targets = {(a["href"] or "")[1:] for a in page.all("a") if (a["href"] or "").startswith("#")}
    targets |= {v for _, a in page.elements for k, v in a.items() if k in ("for", "aria-describedby") and v}
    assert targets <= set(ids)


def test_every_control_has_a_label(page: Page) -> None:
    labelled = {a["for"] for a in page.all("label")}
    controls = [*page.all("input"), *page.all("select"), *page.all("textarea")]
    assert {a["id"] for a in controls} == labelled
    assert page.all("html") == [{"lang": "nl"}]


def test_choices_and_required_values(page: Page) -> None:
    controls = {
        (a["name"], tag): a for tag, a in page.elements if tag in ("input", "select", "textarea") and "name" in a
    }
    assert "required" in controls["header:Accept-Crs", "select"]
    assert "required" in controls["query:clientId", "input"]
    assert controls["query:page", "input"]["type"] == "number"
    assert ("query:startdatum__isnull", "select") in controls
    assert ("json", "textarea") in controls
    assert ("form:rsin", "input") in controls


def test_body_begins_with_what_is_required(page: Page) -> None:
    assert any('"zaaktype": ""' in text and '"startdatum": ""' in text for text in page.shown)


def test_texts_are_escaped() -> None:
    evil = '"><img src=x onerror=alert(1)>{title}'
    api = Api("zaken", "zrc", evil, evil, [], API.metadata, API.routers, description=evil)
    oas = document(api, evil)
    for item in oas["paths"].values():
        for operation in item.values():
            operation["summary"] = operation["description"] = operation["tags"][0] = evil
            for parameter in operation["parameters"]:
                parameter |= {
                    "name": evil,
                    "description": evil,
                    "schema": {"type": evil, "enum": [evil], "format": evil},
                }
    oas["tags"] = [{"name": evil, "description": f"* {evil}\n* `{evil}`"}]
    oas["components"]["schemas"][evil] = {
        "description": evil,
        "properties": {evil: {"type": evil, "description": evil}},
    }
    text = docs_page(api, oas)
    assert "<img" not in text
    assert "{title}" in text
    Page(text)
