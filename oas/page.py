"""The interactive documentation of an API: one HTML page that loads nothing, made from its OpenAPI document.

The page is written here as a whole, its style and its script are in ``oas/assets``. The script sends what a form asks
for, and makes tokens; a policy with the hashes of the one style and the one script keeps anything else from running.
"""

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from html import escape
from importlib.resources import files
from typing import Any, Protocol

from oas.page_parts import anchor, example_of, examples, kind_of, marks, named, resolved, row, text_of
from runtime.tenancy import SERVICES

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
<p class="apis"><a href="{previous}" rel="prev">← {previous_title}</a><a href="/docs/">Handleidingen</a>
<a href="{next}" rel="next">{next_title} →</a></p>
<h1>{title} <small>{version}</small></h1>
<div class="intro">{description}</div>
<p>Adres: <code>{server}</code>. Download de specificatie als <a href="openapi.json">JSON</a> of
<a href="openapi.yaml">YAML</a>, of alle bewerkingen voor <a href="bruno.zip">Bruno</a> of
<a href="postman.json">Postman</a>.</p>
<p class="plain">Deze pagina is zonder JavaScript te lezen. Zoeken, een token maken, verzoeken doen en code in curl,
Python en TypeScript werken dan niet; zulke code staat ook in
<a href="/docs/nl/eerste-aanroep/">het eerste verzoek</a>.</p>
<p class="token"><label for="token">Token (JWT)</label>
<input id="token" type="password" autocomplete="off" spellcheck="false" aria-describedby="tokenhulp">
<small id="tokenhulp">Gaat mee met elk verzoek op deze pagina en wordt niet bewaard.</small></p>
<details class="maker" hidden><summary>Maak een token van een client_id en een secret</summary>
<p id="makerhulp">Uw browser ondertekent het token. Het secret verlaat deze pagina niet en wordt niet bewaard.</p>
{maker}
<button type="button" id="maak">Maak het token</button> <p role="status" id="gemaakt"></p></details>
</header>
<div class="columns">
<div class="side">
<div class="finder" role="search" hidden><label for="zoek">Zoek</label>
<input id="zoek" type="search" autocomplete="off" placeholder="bewerking of eigenschap">
<p role="status" id="aantal"></p><ol class="found" id="gevonden"></ol></div>
<nav aria-label="Bewerkingen"><details class="menu" open><summary>Bewerkingen</summary>{menu}
<p>{to_failures}<a href="#schemas">Schema’s</a></p></details></nav></div>
<main id="inhoud">{groups}
{failures}
<section id="schemas"><h2>Schema’s</h2>{schemas}</section></main>
</div>
<script>{script}</script>
</body>
</html>
"""
MAKER = (("client_id", "text"), ("secret", "password"), ("user_id", "text"), ("user_representation", "text"))
"""What a token is made of, and the kind of its field."""
BESIDE = "Naast de standaard"


def asset(name: str) -> str:
    """Return a file of ``oas/assets``."""
    return (files("oas") / "assets" / name).read_text("utf-8")


def policy(**inline: str) -> str:
    """Return the policy of a page that has nothing but these: ``policy(style="…")``."""
    allowed = "".join(f"; {kind}-src '{_hash(text)}'" for kind, text in inline.items())
    return f"default-src 'none'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'{allowed}"


class Documented(Protocol):
    """An API that a page is about."""

    @property
    def service(self) -> str:
        """Its name in addresses."""

    @property
    def title(self) -> str:
        """Its name."""

    @property
    def version(self) -> str:
        """Its version."""

    @property
    def description(self) -> str:
        """What it is for."""


def docs_page(api: Documented, oas: dict[str, Any]) -> str:
    """Return the page for the document of an API: ``docs_page(API, document(API, base))``."""
    groups: dict[str, list[tuple[str, str, Json]]] = {tag["name"]: [] for tag in oas["tags"]}
    for path, item in oas["paths"].items():
        for method, operation in item.items():
            groups[operation["tags"][0]].append((path, method, operation))
    # The order of reading: what is beside the standard comes last.
    ordered = sorted(groups, key=lambda name: _beside(groups[name]))
    about = {tag["name"]: tag.get("description", "") for tag in oas["tags"]}
    names = [operation["operationId"] for group in ordered for _, _, operation in groups[group]]
    around = dict(zip(names, zip(["", *names], [*names[1:], ""], strict=False), strict=True))
    sections = (
        f'<section id="{anchor("groep", name)}"><h2>{escape(name)}{_own(_beside(groups[name]))}</h2>'
        f"{text_of(about[name])}{''.join(_operation(oas, each, around) for each in groups[name])}</section>"
        for name in ordered
    )
    services = sorted({*SERVICES, api.service})
    before, after = (services[(services.index(api.service) + step) % len(services)] for step in (-1, 1))
    failures = "".join(_failure(oas, *each) for each in oas["components"].get("responses", {}).items())
    style, script = asset("page.css"), asset("page.js")
    return PAGE.format(
        policy=policy(style=style, script=script),
        title=escape(api.title),
        version=escape(api.version),
        description=text_of(api.description),
        server=escape(oas["servers"][0]["url"]),
        previous=docs_of(before),
        previous_title=f"{before.capitalize()} API",
        next=docs_of(after),
        next_title=f"{after.capitalize()} API",
        maker="".join(_made_of(name, kind) for name, kind in MAKER),
        menu="".join(_menu(ordered, groups)),
        groups="".join(sections),
        to_failures='<a href="#fouten">Fouten</a> · ' if failures else "",
        failures=f'<section id="fouten"><h2>Fouten</h2><dl>{failures}</dl></section>' if failures else "",
        schemas="".join(named(oas, name, schema) for name, schema in oas["components"]["schemas"].items()),
        style=style,
        script=script,
    )


def docs_of(service: str) -> str:
    """Return the path of the page of another API, from that of this one, whatever stands before both."""
    return f"../../../{service}/api/v1/docs"


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _beside(operations: list[tuple[str, str, Json]]) -> bool:
    return all(operation.get("x-samenzaak-extensie") for _, _, operation in operations)


def _own(beside: bool) -> str:
    return marks({"x-samenzaak-extensie": beside})


def _menu(names: list[str], groups: dict[str, list[tuple[str, str, Json]]]) -> Iterator[str]:
    """Yield the lists of operations: those of the standard, then those beside it."""
    for beside in (False, True):
        items = []
        for name in (name for name in names if _beside(groups[name]) == beside):
            links = "".join(
                f'<li><a href="#{escape(each["operationId"])}">{escape(each["operationId"])}</a></li>'
                for _, _, each in groups[name]
            )
            items.append(f"<li><details><summary>{escape(name)}</summary><ul>{links}</ul></details></li>")
        if items:
            yield f"{f'<h2>{BESIDE}</h2>' if beside else ''}<ul>{''.join(items)}</ul>"


def _made_of(name: str, kind: str) -> str:
    needed = ' required aria-describedby="makerhulp"' if not name.startswith("user") else ""
    field = f'<input id="{name}" type="{kind}" autocomplete="off" spellcheck="false"{needed}>'
    return f'<div class="row"><label for="{name}">{name}</label>{field}</div>'


# --- Operations ------------------------------------------------------------------------------------------------------


def _operation(oas: Json, found: tuple[str, str, Json], around: Mapping[str, tuple[str, str]]) -> str:
    path, method, operation = found
    name = operation["operationId"]
    scopes = ", ".join(scope for needed in operation["security"] for each in needed.values() for scope in each)
    fields = "".join(_field(anchor("veld", f"{name}.{p['in']}.{p['name']}"), p) for p in operation["parameters"])
    body = _body(oas, name, operation.get("requestBody", {}))
    summary = f"<code>{escape(path)}</code> <span>{text_of(operation['summary'], inline=True)}</span>{marks(operation)}"
    changes = "" if method in ("get", "head") else " <small>Wijzigt echte gegevens.</small>"
    return (
        f'<details class="operation" id="{escape(name)}"><summary><span class="method {method}">'
        f"{method.upper()}</span> {summary}</summary>"
        f'<p class="facts"><b>{escape(name)}</b>{f" · scopes: <code>{escape(scopes)}</code>" if scopes else ""}</p>'
        f'<div class="about">{text_of(operation.get("description", ""))}</div>'
        f'<form data-method="{method.upper()}" data-path="{escape(path)}">'
        f"{f'<fieldset><legend>Parameters</legend>{fields}</fieldset>' if fields else ''}{body}"
        f'<button>Probeer</button>{changes}<div class="answer" role="status" aria-live="polite"></div></form>'
        f"<h3>Antwoorden</h3>{_answers(oas, operation['responses'])}"
        f'<div class="samples"></div>{_pager(*around[name])}</details>'
    )


def _pager(before: str, after: str) -> str:
    links = (
        f'<a href="#{escape(name)}">{text.format(escape(name))}</a>' if name else "<span></span>"
        for name, text in ((before, "← {}"), (after, "{} →"))
    )
    return f'<p class="pager">{"".join(links)}</p>'


def _field(key: str, parameter: Json) -> str:
    schema, required = parameter["schema"], parameter.get("required", False)
    name = f"{parameter['in']}:{parameter['name']}"
    return row(name, key, parameter["name"], schema, required, parameter.get("description", ""), marks(parameter))


def _body(oas: Json, name: str, body: Json) -> str:
    if not body:
        return ""
    kind, content = next(iter(body["content"].items()))
    schema = content["schema"]
    key = anchor("inhoud", name)
    if kind != "application/json":
        members = resolved(oas, schema)
        rows = (
            row(f"form:{member}", f"{key}.{anchor('', member)}", member, inner, member in members.get("required", ()))
            for member, inner in members.get("properties", {}).items()
        )
        return f"<fieldset><legend>Inhoud ({escape(kind)})</legend>{''.join(rows)}</fieldset>"
    given = examples(oas, content)
    text = escape(json.dumps(given[0][1] if given else example_of(oas, schema), indent=2, ensure_ascii=False))
    return (
        f'<fieldset><legend>Inhoud</legend><div class="row"><label for="{key}">JSON</label>'
        f'<textarea id="{key}" name="json" rows="8" spellcheck="false">{text}</textarea>'
        f"<small>{kind_of(schema)}</small></div></fieldset>{_shown(given[1:])}"
    )


def _answers(oas: Json, responses: Json) -> str:
    """Return what an operation answers: what went well with its examples, errors as links to what is told of all."""
    told, errors = [], []
    for status, answer in responses.items():
        if "$ref" in answer:
            errors.append(f'<a href="#{anchor("fout", answer["$ref"].rpartition("/")[2])}">{escape(status)}</a>')
        else:
            told.append(_answer(oas, status, answer))
    listed = f"<p>Fouten: {' '.join(errors)}</p>" if errors else ""
    return f"<dl>{''.join(told)}</dl>{listed}"


def _answer(oas: Json, status: str, answer: Json) -> str:
    contents = answer.get("content", {}).values()
    kinds = "".join(f" <span>{kind_of(content['schema'])}</span>" for content in contents)
    shown = "".join(_shown(examples(oas, content)) for content in contents)
    return f"<dt>{escape(status)}</dt><dd>{escape(answer['description'])}{kinds}{shown}</dd>"


def _failure(oas: Json, name: str, answer: Json) -> str:
    shown = _answer(oas, name.removeprefix("Fout"), answer)
    return shown.replace("<dt>", f'<dt id="{anchor("fout", name)}">', 1)


def _shown(given: list[tuple[str, Any]]) -> str:
    """Return examples, each to be opened."""
    return "".join(
        f"<details><summary>Voorbeeld{escape(f': {name}' if name else '')}</summary>"
        f"<pre>{escape(json.dumps(value, indent=1, ensure_ascii=False))}</pre></details>"
        for name, value in given
    )
