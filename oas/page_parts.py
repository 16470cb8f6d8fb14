"""Parts of the documentation page: texts, kinds of values, fields to fill in, examples and schemas."""

import json
import re
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from oas.examples import NAME
from oas.schemas import BESIDE_STANDARD, VALUES_BESIDE

Json = Mapping[str, Any]

OWN = ' <span class="own" title="Niet in de standaard">extensie</span>'
OLD = ' <span class="old">verouderd</span>'


def anchor(kind: str, name: str) -> str:
    """Return the id of a part of the page: ``anchor("schema", "Zaak")``."""
    return f"{kind}-{re.sub(r'[^A-Za-z0-9_.-]', '-', name)}"


def marks(part: Json) -> str:
    """Return what an operation, a parameter or a property is beside ordinary: an extension, deprecated."""
    own = all(part.get(key) == value for key, value in BESIDE_STANDARD.items())
    return f"{OWN if own else ''}{OLD if part.get('deprecated') else ''}"


def text_of(text: str, *, inline: bool = False) -> str:
    """Return escaped paragraphs with code between backticks, and lists of the lines that begin with a star; ``inline``:
    the text alone."""
    if inline:
        return re.sub(r"`+([^`]+)`+", r"<code>\1</code>", escape(text))
    found = []
    for block in filter(None, (part.strip() for part in text.split("\n\n"))):
        inner = text_of(block, inline=True)
        if inner.startswith("* "):
            found.append("<ul>" + "".join(f"<li>{line}</li>" for line in inner[2:].split("\n* ")) + "</ul>")
        else:
            found.append(f"<p>{inner}</p>")
    return "".join(found)


def row(name: str, key: str, label: str, schema: Json, required: bool, description: str = "", marked: str = "") -> str:
    """Return a labelled control for one value, a list of choices where there are only some."""
    needed = " required" if required else ""
    common = f'id="{key}" name="{escape(name)}" aria-describedby="{key}-over"{needed}'
    choices = schema.get("enum") or (["true", "false"] if schema.get("type") == "boolean" else [])
    if choices:
        options = [] if required else ["<option></option>"]
        options += [f"<option>{escape(str(choice))}</option>" for choice in choices if choice not in ("", None)]
        control = f"<select {common}>{''.join(options)}</select>"
    else:
        kind = {"binary": "file"}.get(schema.get("format", ""), "number" if schema.get("type") == "integer" else "text")
        control = f'<input type="{kind}" autocomplete="off" {common}>'
    place = {"path": "in het pad", "header": "header"}.get(name.partition(":")[0], "")
    facts = ", ".join(filter(None, ["verplicht" if required else "", place]))
    told = [kind_of(schema), f"<i>{facts}</i>" if facts else "", text_of(description, inline=True)]
    over = " · ".join(filter(None, told)) + marked
    shown = f'<label for="{key}">{escape(label)}</label>{control}<small id="{key}-over">{over}</small>'
    return f'<div class="row">{shown}</div>'


# --- Examples --------------------------------------------------------------------------------------------------------


def examples(oas: Json, content: Json) -> list[tuple[str, Any]]:
    """Return the examples that the document gives for a body or an answer, each with its title."""
    if "example" in content:
        return [("", content["example"])]
    found = ((name, resolved(oas, each)) for name, each in content.get("examples", {}).items())
    return [
        (each.get("summary", "" if name == NAME else name), each["value"]) for name, each in found if "value" in each
    ]


def example_of(oas: Json, schema: Json, depth: int = 0) -> Any:
    """Return a body with the required properties, to fill in."""
    schema = resolved(oas, schema)
    for keyword in ("allOf", "oneOf", "anyOf"):
        if keyword in schema:
            return example_of(oas, schema[keyword][0], depth)
    if "properties" in schema and depth < 5:
        required = schema.get("required", ())
        return {
            name: example_of(oas, inner, depth + 1) for name, inner in schema["properties"].items() if name in required
        }
    if "enum" in schema:
        return schema["enum"][0]
    return {"integer": schema.get("minimum", 0), "number": 0, "boolean": False, "array": [], "object": {}}.get(
        schema.get("type", ""), ""
    )


def resolved(oas: Json, part: Json) -> Json:
    """Return a part, or what it refers to."""
    if "$ref" not in part:
        return part
    _, _, section, name = part["$ref"].split("/")
    found: Json = oas["components"][section][name]
    return found


# --- Schemas ---------------------------------------------------------------------------------------------------------


def named(oas: Json, name: str, schema: Json) -> str:
    """Return the table of the properties of a schema."""
    required = schema.get("required", ())
    rows = (
        f'<tr><th scope="row"><code>{escape(member)}</code></th><td>{kind_of(inner)}{marks(inner)}</td>'
        f"<td>{'ja' if member in required else ''}</td>"
        f"<td>{text_of(inner.get('description', ''), inline=True)}</td></tr>"
        for member, inner in schema.get("properties", {}).items()
    )
    columns = "".join(f'<th scope="col">{title}</th>' for title in ("Naam", "Soort", "Verplicht", "Uitleg"))
    return (
        f'<details class="schema" id="{anchor("schema", name)}"><summary><code>{escape(name)}</code></summary>'
        f"{text_of(schema.get('description', ''))}"
        f"<table><thead><tr>{columns}</tr></thead><tbody>{''.join(rows)}</tbody></table></details>"
    )


LIMITS = {
    "format": "{}",
    "minLength": "minstens {} tekens",
    "maxLength": "hoogstens {} tekens",
    "minimum": "vanaf {}",
    "maximum": "tot en met {}",
    "minItems": "minstens {} keer",
    "maxItems": "hoogstens {} keer",
}


def kind_of(schema: Json) -> str:
    """Return in words what values a schema takes, with links to the schemas that it refers to."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f'<a href="#{anchor("schema", name)}">{escape(name)}</a>'
    facts = [escape(text.format(schema[key])) for key, text in LIMITS.items() if key in schema]
    facts += [
        escape(word) for key, word in (("nullable", "mag null zijn"), ("readOnly", "alleen lezen")) if schema.get(key)
    ]
    facts += ["alleen schrijven"] if schema.get("writeOnly") else []
    for keyword, between in (("allOf", " en "), ("oneOf", " of "), ("anyOf", " of ")):
        if keyword in schema:
            return _with(between.join(kind_of(part) for part in schema[keyword]), facts)
    if schema.get("type") == "array":
        return _with(f"lijst van {kind_of(schema['items'])}", facts)
    if "enum" in schema:
        own = schema.get(VALUES_BESIDE, ())
        values = (
            f"<code>{escape(json.dumps(c, ensure_ascii=False))}</code>{OWN if c in own else ''}"
            for c in schema["enum"]
            if c is not None
        )
        return _with(" | ".join(values), facts)
    if schema.get("properties"):
        inner = "".join(
            f"<li><code>{escape(n)}</code> {kind_of(each)}{marks(each)}</li>"
            for n, each in schema["properties"].items()
        )
        return _with("object", facts) + f"<ul>{inner}</ul>"
    return _with(escape(schema.get("type", "willekeurig")), facts)


def _with(text: str, facts: Iterable[str]) -> str:
    listed = ", ".join(facts)
    return f"{text} ({listed})" if listed else text
