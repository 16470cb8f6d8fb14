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


@pytest.fixture(scope="module")
def oas() -> dict[str, Any]:
    """The document of the sample."""
    return document(API, "https://zaken.example.nl")


@pytest.fixture(scope="module")
def page(oas: dict[str, Any]) -> Page:
    """The page of the sample."""
    return Page(docs_page(API, oas))


def test_page_loads_nothing(page: Page) -> None:
    assert not [a for a in page.all("script") if a]
    addresses = [v for _, a in page.elements for k, v in a.items() if k in ("src", "href", "action", "srcset") and v]
    assert {address for address in addresses if not address.startswith("#")} == {
        "data:,",
        "openapi.json",
        "openapi.yaml",
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
