"""The Dutch texts of a document: what a property, a parameter and an operation mean to a municipality.

They are in Markdown files beside the declarations of an API (``services/zaken/texts/*.md``), those of all APIs in
``oas/texts``. A heading names a schema, a term below it one of its properties; below *Filters* and *Bewerkingen* a term
is a parameter of its lists, or an operationId. Below the heading *Groepen* a term is a group of operations, a tag::

    # Zaak

    Een zaak is een hoeveelheid werk met een begin en een eind.

    identificatie
    : Het nummer van de zaak.

    ## Filters

    startdatum__gt
    : Zaken die na deze dag zijn begonnen.

    ## Bewerkingen

    zaak_list
    : Vraag de zaken op die u mag lezen.

Schemas for requests (``ZaakRequest``) have the texts of the response (``Zaak``). A heading of more names,
``# Lock, Unlock``, is for each of these schemas.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from oas.parts import SUFFIXES
from oas.schemas import Schema, beside

ANY = "Algemeen"
"""The heading of the texts for whatever has no other: a property of any schema, a parameter of any operation."""
GROUPS = "Groepen"
"""The heading of the texts for groups of operations (tags) that are not called after what their first one is about."""
FILTERS, OPERATIONS = "Filters", "Bewerkingen"
SEARCH = "Zoek"


@dataclass
class Texts:
    """The texts of one API. ``schemas`` by name; ``properties`` by schema and property; ``filters`` by schema and
    parameter; ``operations`` by operationId."""

    schemas: dict[str, str] = field(default_factory=dict)
    properties: dict[tuple[str, str], str] = field(default_factory=dict)
    filters: dict[tuple[str, str], str] = field(default_factory=dict)
    operations: dict[str, str] = field(default_factory=dict)
    same: dict[str, str] = field(default_factory=dict)
    """The schema whose texts another one has, by the name of that other one."""
    used: set[tuple[str, str]] = field(default_factory=set)
    """The texts that a document has, so that a test finds those that no document has."""

    def property(self, schema: str, name: str) -> str:
        """Return the text of a property, or an empty string. A criterion of a search (``ZaakZoek``) has the text of the
        filter."""
        found = self._first(self.properties, schema, name)
        return found or (self.parameter(schema.removesuffix(SEARCH), name) if schema.endswith(SEARCH) else "")

    def parameter(self, schema: str, name: str) -> str:
        """Return the text of a parameter of a query: its own, or what follows from the property that it compares."""
        if found := self._first(self.filters, schema, name):
            return found
        start, _, end = name.rpartition("__")
        about = self.property(schema, start or name)
        if not about:
            return ""
        asked = SUFFIXES[end] if start and end in SUFFIXES else "deze waarde is"
        # What follows the first part of the text is about writing and showing the property.
        meaning = re.split(r"[;.](?: |$)", about)[0]
        return f"Alleen objecten waarvan `{start or name}` {asked}. Dat veld: {meaning[:1].lower()}{meaning[1:]}."

    def _first(self, known: dict[tuple[str, str], str], schema: str, name: str) -> str:
        for key in ((self.same.get(schema, schema), name), (ANY, name)):
            if key in known:
                self.used.add(key)
                return known[key]
        return ""


def parsed(lines: Sequence[str], texts: Texts) -> None:
    """Add the texts of one file to ``texts``; raise ValueError for a heading that is none of the above,
    or a second text of the same."""
    schema = part = term = ""
    paragraph: list[str] = []

    def put() -> None:
        text = " ".join(paragraph)
        paragraph.clear()
        if not text:
            return
        if part == OPERATIONS:
            _add(texts.operations, term, text)
        elif term:
            _add(texts.filters if part == FILTERS else texts.properties, (schema, term), text)
        else:
            _add(texts.schemas, schema, text)

    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if heading := re.fullmatch(r"(#+) ([\w-]+(?:, \w+)*)", line):
            put()
            term = ""
            if heading[1] == "#":
                schema, *others = heading[2].split(", ")
                texts.same.update(dict.fromkeys(others, schema))
                part = ""
            elif heading[2] in (FILTERS, OPERATIONS):
                part = heading[2]
            else:
                raise ValueError(f"{line}: a second heading is {FILTERS} or {OPERATIONS}")
        elif following.startswith(": "):
            put()
            term = line
        elif line:
            paragraph.append(line.removeprefix(": ").strip())
    put()


def _add(known: dict[Any, str], key: Any, text: str) -> None:
    if key in known:
        raise ValueError(f"{key} has two texts")
    known[key] = text


@cache
def texts_of(service: str) -> Texts:
    """Return the texts of an API: ``texts_of("zaken")``."""
    texts = Texts()
    for folder in (files("oas") / "texts", files("services") / service / "texts"):
        for file in markdown(folder):
            parsed(file.read_text("utf-8").splitlines(), texts)
    return texts


def markdown(folder: Traversable) -> list[Traversable]:
    """Return the files with texts in a folder, by name; none when there is no such folder."""
    found = list(folder.iterdir()) if folder.is_dir() else []
    return sorted((file for file in found if file.name.endswith(".md")), key=lambda file: file.name)


def describe(whole: dict[str, Any], texts: Texts) -> None:
    """Write the texts into a document, in place. A description that the declarations give stays."""
    for name, schema in whole["components"]["schemas"].items():
        base = base_of(name)
        if text := texts.schemas.get(texts.same.get(base, base)):
            schema["description"] = text
        elif page := re.fullmatch("Paginated(.+)List", name):
            schema["description"] = f"Een pagina van een lijst: objecten van het soort {page[1]}."
        for owner, properties in objects(schema, base):
            for prop, value in properties.items():
                if not value.get("description") and (text := texts.property(owner, prop)):
                    properties[prop] = beside(value, {"description": text})
    first: dict[str, dict[str, Any]] = {}
    for item in whole["paths"].values():
        for operation in item.values():
            describe_operation(whole, operation, texts)
            first.setdefault(operation.get("tags", [""])[0], operation)
    for tag in whole.get("tags", ()):
        if not tag.get("description"):
            about = whole["components"]["schemas"].get(subject_of(whole, first[tag["name"]]), {})
            if text := texts.property(GROUPS, tag["name"]) or about.get("description"):
                tag["description"] = text


def describe_operation(whole: dict[str, Any], operation: dict[str, Any], texts: Texts) -> None:
    """Write the texts of an operation and of its parameters."""
    if text := texts.operations.get(operation["operationId"]):
        # The summary stands above it already.
        known = operation.get("description", "").removeprefix(operation.get("summary", "")).lstrip(". ")
        operation["description"] = "\n\n".join(filter(None, [text, known]))
    schema = subject_of(whole, operation)
    for parameter in operation["parameters"]:
        name, known = parameter["name"], parameter.get("description", "")
        if parameter["in"] == "path":
            parameter.update({"description": text} if (text := texts.property(ANY, name)) else {})
        elif not known or "__" in name:
            parameter["description"] = texts.parameter(schema, name) or known


def subject_of(whole: dict[str, Any], operation: dict[str, Any]) -> str:
    """Return the name of the schema that an operation answers or takes, without its envelope; else an empty string."""
    answers = [answer for status, answer in operation["responses"].items() if status.startswith("2")]
    for part in (*answers, operation.get("requestBody", {})):
        for content in part.get("content", {}).values():
            names = re.findall(r"#/components/schemas/(\w+)", str(content))
            for name in names:
                results = whole["components"]["schemas"][name].get("properties", {}).get("results")
                inner = re.findall(r"#/components/schemas/(\w+)", str(results)) if results else []
                return base_of((inner or names)[0])
    return ""


def objects(schema: Schema, name: str) -> Iterator[tuple[str, dict[str, Schema]]]:
    """Yield the objects that are written out inside a schema, each with the name under which its texts are."""
    if "properties" in schema:
        yield name, schema["properties"]
        for value in schema["properties"].values():
            yield from objects(value, name)
    if isinstance(items := schema.get("items"), dict):
        yield from objects(items, name)


def base_of(name: str) -> str:
    """Return the name of a schema without what its purpose adds: ``PatchRequest``, ``Request``."""
    return name.removesuffix("Request").removesuffix("Patch")
