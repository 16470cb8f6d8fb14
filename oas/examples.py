"""The examples of a document: of each operation a request and an answer, and of each resource an object.

They are kept in ``services/NAME/examples.json``, in an order in which they can be sent. ``make examples`` sends them
and writes down what was answered, and a test holds that they are still answered so. An entry names its operation, the
values in the path and the query, the body, the status and the answer; one that is ``extra`` only makes what others
need.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import orjson

from oas.schemas import Schema

BASE = "https://zaken.deventer.example"
"""Stands for the address of the installation in the files."""
ORDER = ("catalogi", "autorisaties", "notificaties", "documenten", "zaken", "besluiten")
"""The APIs, in the order in which their examples refer to each other."""
NAME = "voorbeeld"


@dataclass(frozen=True)
class Example:
    """One request and its answer."""

    service: str
    """The API whose file has it."""
    name: str
    """Tells it from others of the same operation."""
    operation: str
    status: int
    request: Any = None
    answer: Any = None
    path: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    extra: bool = False
    api: str = ""
    """The API that it is of, when that is another: what it refers to is made there."""


def folder_of(service: str) -> Traversable:
    """Return the folder that has the examples of an API."""
    return files("services") / service


def entries_of(service: str, base: str = BASE) -> Sequence[Example]:
    """Return the examples of an API in their order, with ``base`` as the address of the installation."""
    file = folder_of(service) / "examples.json"
    written = orjson.dumps(base).decode().strip('"')
    entries = orjson.loads(file.read_text("utf-8").replace(BASE, written)) if file.is_file() else []
    return [Example(service, f"{entry['operation']}.{number}", **entry) for number, entry in enumerate(entries)]


def illustrate(whole: dict[str, Any], service: str, base: str) -> None:
    """Write the examples into a document, in place. Examples that are the same are written once."""
    every = (example for name in ORDER for example in entries_of(name, base) if not example.extra)
    shown = {example.operation: example for example in every if (example.api or example.service) == service}
    kept: dict[bytes, str] = {}
    examples: dict[str, Any] = {}

    def put(content: Schema, name: str, value: Any) -> None:
        key = orjson.dumps(value)
        if key not in kept:
            kept[key] = name
            examples[name] = {"value": orjson.loads(key)}
        content["examples"] = {NAME: {"$ref": f"#/components/examples/{kept[key]}"}}

    for operation in _operations(whole):
        example = shown.get(operation["operationId"])
        if example is None:
            continue
        for parameter in operation["parameters"]:
            values = example.path if parameter["in"] == "path" else example.query
            if parameter["in"] in ("path", "query") and (value := values.get(parameter["name"])) is not None:
                parameter["example"] = value
        if example.request is not None:
            first = next(iter(operation["requestBody"]["content"].values()))
            put(first, f"{example.operation}_verzoek", example.request)
        if example.answer is not None:
            content = operation["responses"][str(example.status)]["content"]["application/json"]
            put(content, example.operation, example.answer)
            _illustrate_schema(whole, content["schema"], example.answer)
    if examples:
        whole["components"]["examples"] = dict(sorted(examples.items()))


def _illustrate_schema(whole: dict[str, Any], schema: Schema, answer: Any) -> None:
    """Give the schema of an object the first example of it."""
    name = schema.get("$ref", "").rpartition("/")[2]
    if name and isinstance(answer, dict) and not name.startswith("Paginated"):
        whole["components"]["schemas"][name].setdefault("example", answer)


def _operations(whole: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for item in whole["paths"].values():
        yield from item.values()
