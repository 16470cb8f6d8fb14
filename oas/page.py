"""The interactive documentation of an API: one HTML page that loads nothing, made from its OpenAPI document.

The page is written here as a whole; its script only sends what a form asks for. A policy with the hashes of the one
style and the one script keeps anything else from running.
"""

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from oas.page_assets import SCRIPT, STYLE
from zgw.api import Api

Json = Mapping[str, Any]

PAGE = """<!doctype html>
<html lang="nl">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>{title} {version}</title>
<link rel="icon" href="data:,">
<style>{style}</style>
</head>
<body>
<a class="skip" href="#inhoud">Naar de inhoud</a>
<header>
<h1>{title} <small>{version}</small></h1>
<div class="intro">{description}</div>
<p>Adres: <code>{server}</code>. Download de specificatie als <a href="openapi.json">JSON</a> of
<a href="openapi.yaml">YAML</a>.</p>
<p class="token"><label for="token">Token (JWT)</label>
<input id="token" type="password" autocomplete="off" spellcheck="false" aria-describedby="tokenhulp">
<small id="tokenhulp">Gaat mee met elk verzoek op deze pagina en wordt niet bewaard.</small></p>
</header>
<div class="columns">
<nav aria-label="Resources"><h2>Resources</h2><ul>{menu}</ul><p><a href="#schemas">Schema’s</a></p></nav>
<main id="inhoud">{groups}
<section id="schemas"><h2>Schema’s</h2>{schemas}</section></main>
</div>
<script>{script}</script>
</body>
</html>
"""


def docs_page(api: Api, oas: dict[str, Any]) -> str:
    """Return the page for the document of an API: ``docs_page(API, document(API, base))``."""
    groups: dict[str, list[str]] = {tag["name"]: [] for tag in oas["tags"]}
    for path, item in oas["paths"].items():
        for method, operation in item.items():
            groups[operation["tags"][0]].append(_operation(oas, path, method, operation))
    about = {tag["name"]: tag.get("description", "") for tag in oas["tags"]}
    sections = (
        f'<section id="{_id("groep", name)}"><h2>{escape(name)}</h2>{_text(about[name])}{"".join(operations)}</section>'
        for name, operations in groups.items()
    )
    return PAGE.format(
        policy=f"default-src 'none'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
        f"style-src '{_hash(STYLE)}'; script-src '{_hash(SCRIPT)}'",
        title=escape(api.title),
        version=escape(api.version),
        description=_text(api.description),
        server=escape(oas["servers"][0]["url"]),
        menu="".join(f'<li><a href="#{_id("groep", name)}">{escape(name)}</a></li>' for name in groups),
        groups="".join(sections),
        schemas="".join(_named(oas, name, schema) for name, schema in oas["components"]["schemas"].items()),
        style=STYLE,
        script=SCRIPT,
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _id(kind: str, name: str) -> str:
    return f"{kind}-{re.sub(r'[^A-Za-z0-9_.-]', '-', name)}"


def _inline(text: str) -> str:
    """Return escaped text, with code between backticks."""
    return re.sub(r"`+([^`]+)`+", r"<code>\1</code>", escape(text))


def _text(text: str) -> str:
    """Return escaped paragraphs, and lists of the lines that begin with a star."""
    found = []
    for block in filter(None, (part.strip() for part in text.split("\n\n"))):
        inner = _inline(block)
        if inner.startswith("* "):
            found.append("<ul>" + "".join(f"<li>{line}</li>" for line in inner[2:].split("\n* ")) + "</ul>")
        else:
            found.append(f"<p>{inner}</p>")
    return "".join(found)


# --- Operations ------------------------------------------------------------------------------------------------------


def _operation(oas: Json, path: str, method: str, operation: Json) -> str:
    name = operation["operationId"]
    scopes = ", ".join(scope for needed in operation["security"] for each in needed.values() for scope in each)
    old = ' <span class="old">verouderd</span>' if operation.get("deprecated") else ""
    fields = "".join(_field(_id("veld", f"{name}.{p['in']}.{p['name']}"), p) for p in operation["parameters"])
    body = _body(oas, name, operation.get("requestBody", {}))
    answers = "".join(_answer(oas, status, answer) for status, answer in operation["responses"].items())
    summary = f"<code>{escape(path)}</code> <span>{_inline(operation['summary'])}</span>{old}"
    return (
        f'<details class="operation" id="{_id("operatie", name)}"><summary><span class="method {method}">'
        f"{method.upper()}</span> {summary}</summary>"
        f'<p class="facts"><b>{escape(name)}</b>{f" · scopes: <code>{escape(scopes)}</code>" if scopes else ""}</p>'
        f"{_text(operation.get('description', ''))}"
        f'<form data-method="{method.upper()}" data-path="{escape(path)}">'
        f"{f'<fieldset><legend>Parameters</legend>{fields}</fieldset>' if fields else ''}{body}"
        f'<button>Probeer</button><div class="answer" role="status" aria-live="polite"></div></form>'
        f"<h3>Antwoorden</h3><dl>{answers}</dl></details>"
    )


def _field(key: str, parameter: Json) -> str:
    schema, required = parameter["schema"], parameter.get("required", False)
    return _row(
        f"{parameter['in']}:{parameter['name']}",
        key,
        parameter["name"],
        schema,
        required,
        parameter.get("description", ""),
    )


def _row(name: str, key: str, label: str, schema: Json, required: bool, description: str) -> str:
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
    told = [_kind(schema), f"<i>{facts}</i>" if facts else "", _inline(description)]
    over = " · ".join(filter(None, told))
    shown = f'<label for="{key}">{escape(label)}</label>{control}<small id="{key}-over">{over}</small>'
    return f'<div class="row">{shown}</div>'


def _body(oas: Json, name: str, body: Json) -> str:
    if not body:
        return ""
    kind, content = next(iter(body["content"].items()))
    schema = content["schema"]
    key = _id("inhoud", name)
    if kind != "application/json":
        members = _resolved(oas, schema)
        rows = (
            _row(f"form:{member}", f"{key}.{_id('', member)}", member, inner, member in members.get("required", ()), "")
            for member, inner in members.get("properties", {}).items()
        )
        return f"<fieldset><legend>Inhoud ({escape(kind)})</legend>{''.join(rows)}</fieldset>"
    text = escape(json.dumps(_example(oas, schema), indent=2, ensure_ascii=False))
    return (
        f'<fieldset><legend>Inhoud</legend><div class="row"><label for="{key}">JSON</label>'
        f'<textarea id="{key}" name="json" rows="8" spellcheck="false">{text}</textarea>'
        f"<small>{_kind(schema)}</small></div></fieldset>"
    )


def _answer(oas: Json, status: str, answer: Json) -> str:
    found = _resolved(oas, answer)
    kinds = "".join(f" <span>{_kind(content['schema'])}</span>" for content in found.get("content", {}).values())
    return f"<dt>{escape(status)}</dt><dd>{escape(found['description'])}{kinds}</dd>"


def _example(oas: Json, schema: Json, depth: int = 0) -> Any:
    """Return a body with the required properties, to fill in."""
    schema = _resolved(oas, schema)
    for keyword in ("allOf", "oneOf", "anyOf"):
        if keyword in schema:
            return _example(oas, schema[keyword][0], depth)
    if "properties" in schema and depth < 5:
        required = schema.get("required", ())
        return {
            name: _example(oas, inner, depth + 1) for name, inner in schema["properties"].items() if name in required
        }
    if "enum" in schema:
        return schema["enum"][0]
    return {"integer": schema.get("minimum", 0), "number": 0, "boolean": False, "array": [], "object": {}}.get(
        schema.get("type", ""), ""
    )


def _resolved(oas: Json, part: Json) -> Json:
    if "$ref" not in part:
        return part
    _, _, section, name = part["$ref"].split("/")
    found: Json = oas["components"][section][name]
    return found


# --- Schemas ---------------------------------------------------------------------------------------------------------


def _named(oas: Json, name: str, schema: Json) -> str:
    required = schema.get("required", ())
    rows = (
        f'<tr><th scope="row"><code>{escape(member)}</code></th><td>{_kind(inner)}</td>'
        f"<td>{'ja' if member in required else ''}</td><td>{escape(inner.get('description', ''))}</td></tr>"
        for member, inner in schema.get("properties", {}).items()
    )
    columns = "".join(f'<th scope="col">{title}</th>' for title in ("Naam", "Soort", "Verplicht", "Uitleg"))
    return (
        f'<details class="schema" id="{_id("schema", name)}"><summary><code>{escape(name)}</code></summary>'
        f"{_text(schema.get('description', ''))}"
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


def _kind(schema: Json) -> str:
    """Return in words what values a schema takes, with links to the schemas that it refers to."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f'<a href="#{_id("schema", name)}">{escape(name)}</a>'
    facts = [escape(text.format(schema[key])) for key, text in LIMITS.items() if key in schema]
    facts += [
        escape(word) for key, word in (("nullable", "mag null zijn"), ("readOnly", "alleen lezen")) if schema.get(key)
    ]
    facts += ["alleen schrijven"] if schema.get("writeOnly") else []
    for keyword, between in (("allOf", " en "), ("oneOf", " of "), ("anyOf", " of ")):
        if keyword in schema:
            return _with(between.join(_kind(part) for part in schema[keyword]), facts)
    if schema.get("type") == "array":
        return _with(f"lijst van {_kind(schema['items'])}", facts)
    if "enum" in schema:
        return _with(
            " | ".join(f"<code>{escape(json.dumps(c))}</code>" for c in schema["enum"] if c is not None), facts
        )
    if schema.get("properties"):
        inner = "".join(f"<li><code>{escape(n)}</code> {_kind(each)}</li>" for n, each in schema["properties"].items())
        return _with("object", facts) + f"<ul>{inner}</ul>"
    return _with(escape(schema.get("type", "willekeurig")), facts)


def _with(text: str, facts: Iterable[str]) -> str:
    listed = ", ".join(facts)
    return f"{text} ({listed})" if listed else text
