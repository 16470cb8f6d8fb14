"""Collections of requests for programs in which people try an API: Bruno and Postman, from OpenAPI documents.

Both have every operation, with the examples of the document, and make a token before each request of the client_id and
the secret of an environment. A query parameter is there, and off unless it is needed. Addresses in examples begin with
the variable ``baseUrl``, so that they are of the installation that is called.
"""

import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from oas.page_parts import example_of, examples, resolved

Json = Mapping[str, Any]

NAME = "Samenzaak"
POSTMAN_SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
ENVIRONMENT = "samenzaak"
"""The environment of the installation that a collection came from."""
BASE_URL = "{{baseUrl}}"

# Both programs have this library for the scripts of a collection. Postman declares CryptoJS, request, data and other
# names beside a script, and refuses one that declares such a name again.
SCRIPT = """const hashes = require("crypto-js");
const base64url = (words) => hashes.enc.Base64.stringify(words)
  .replace(/\\+/g, "-").replace(/\\//g, "_").replace(/=+$/, "");
const part = (value) => base64url(hashes.enc.Utf8.parse(JSON.stringify(value)));
const clientId = GET("client_id");
const claims = { iss: clientId, client_id: clientId, iat: Math.floor(Date.now() / 1000) };
const text = part({ alg: "HS256", typ: "JWT" }) + "." + part(claims);
SET("token", text + "." + base64url(hashes.HmacSHA256(text, GET("secret"))));"""


@dataclass(frozen=True)
class Request:
    """One operation as a request; ``path`` is whole, ``required`` of a parameter tells whether it is on."""

    name: str
    method: str
    path: str
    about: str
    parameters: Sequence[tuple[str, str, str, bool]]
    """Place (path, query, header), name, value and whether it is needed."""
    body: Any = None
    form: Sequence[tuple[str, str, bool]] = ()
    """Name, value and whether it is a file, of a body in parts."""


def requests(oas: Json) -> Iterator[tuple[str, Request]]:
    """Yield the tag and the request of each operation of a document."""
    root = oas["servers"][0]["url"].removeprefix(_origin(oas))
    for path, item in oas["paths"].items():
        for method, operation in item.items():
            yield operation["tags"][0], _request(oas, root + path.rstrip("/"), method, operation)


def _origin(oas: Json) -> str:
    """Return the base URL of the installation that a document is of."""
    return re.sub(r"(?<=[^/:])/.*", "", oas["servers"][0]["url"])


def _request(oas: Json, path: str, method: str, operation: Json) -> Request:
    origin = _origin(oas)
    parameters = [
        (p["in"], p["name"], _value(p).replace(origin, BASE_URL), p.get("required", False))
        for p in operation["parameters"]
    ]
    body, form = None, []
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        if kind == "application/json" and body is None:
            given = examples(oas, content)
            example = given[0][1] if given else example_of(oas, content["schema"])
            body = json.loads(json.dumps(example).replace(origin, BASE_URL))
        elif kind == "multipart/form-data":
            members = resolved(oas, content["schema"])["properties"]
            form = [(name, "", schema.get("format") == "binary") for name, schema in members.items()]
    about = "\n\n".join(filter(None, (operation["summary"], operation.get("description", ""))))
    return Request(operation["operationId"], method, path, about, parameters, body, form)


def _value(parameter: Json) -> str:
    """Return a value to begin with: the example, else the only or first choice where one is needed."""
    schema = parameter["schema"]
    found = parameter.get("example", schema.get("example", schema.get("default")))
    if found is None and parameter.get("required") and schema.get("enum"):
        found = schema["enum"][0]
    return "" if found is None else found if isinstance(found, str) else json.dumps(found)


def _text(body: Any) -> str:
    return json.dumps(body, indent=2, ensure_ascii=False)


def _script(get: str, put: str) -> str:
    return SCRIPT.replace("GET(", f"{get}(").replace("SET(", f"{put}(")


# --- Postman ---------------------------------------------------------------------------------------------------------


def postman(documents: Sequence[Json]) -> dict[str, Any]:
    """Return the collection of these documents in Postman's format, version 2.1: a folder for each API, and in it for
    each tag."""
    return {
        "info": {"name": NAME, "schema": POSTMAN_SCHEMA, "description": _about(documents)},
        "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{token}}", "type": "string"}]},
        "event": [
            {
                "listen": "prerequest",
                "script": {
                    "type": "text/javascript",
                    "exec": _script("pm.variables.get", "pm.variables.set").split("\n"),
                },
            }
        ],
        "variable": [{"key": key, "value": value, "type": "string"} for key, value in _variables(documents).items()],
        "item": [{"name": oas["info"]["title"], "item": _folders(oas)} for oas in documents],
    }


def _folders(oas: Json) -> list[dict[str, Any]]:
    folders: dict[str, list[dict[str, Any]]] = {}
    for tag, request in requests(oas):
        folders.setdefault(tag, []).append({"name": request.name, "request": _postman(request)})
    return [{"name": tag, "item": items} for tag, items in folders.items()]


def _postman(request: Request) -> dict[str, Any]:
    path = re.sub(r"\{(\w+)\}", r":\1", request.path)
    by_place: dict[str, list[dict[str, Any]]] = {"path": [], "query": [], "header": []}
    for place, name, value, needed in request.parameters:
        off = {} if needed or place == "path" else {"disabled": True}
        by_place[place].append({"key": name, "value": value, **off})
    on = "&".join(f"{each['key']}={each['value']}" for each in by_place["query"] if "disabled" not in each)
    found: dict[str, Any] = {
        "method": request.method.upper(),
        "description": request.about,
        "header": by_place["header"],
        "url": {
            "raw": f"{BASE_URL}{path}{f'?{on}' if on else ''}",
            "host": [BASE_URL],
            "path": path.strip("/").split("/"),
            "query": by_place["query"],
            "variable": by_place["path"],
        },
    }
    if request.form:
        parts = [
            {"key": name, "type": "file", "src": []} if file else {"key": name, "type": "text", "value": value}
            for name, value, file in request.form
        ]
        found["body"] = {"mode": "formdata", "formdata": parts}
    elif request.body is not None:
        found["header"] = [*found["header"], {"key": "Content-Type", "value": "application/json"}]
        found["body"] = {
            "mode": "raw",
            "raw": _text(request.body),
            "options": {"raw": {"language": "json"}},
        }
    return found


def _variables(documents: Sequence[Json]) -> dict[str, str]:
    return {"baseUrl": _origin(documents[0]), "client_id": "", "secret": ""}


def _about(documents: Sequence[Json]) -> str:
    titles = ", ".join(oas["info"]["title"] for oas in documents)
    return f"{titles}. Vul baseUrl, client_id en secret in; elk verzoek krijgt een nieuw token."


# --- Bruno -----------------------------------------------------------------------------------------------------------


def bruno(documents: Sequence[Json]) -> dict[str, str]:
    """Return the files of the collection of these documents for Bruno, by path."""
    found = {
        "bruno.json": json.dumps({"version": "1", "name": NAME, "type": "collection"}, indent=2) + "\n",
        "collection.bru": _blocks(
            ("auth", ["mode: bearer"]),
            ("auth:bearer", ["token: {{token}}"]),
            ("script:pre-request", _script("bru.getEnvVar", "bru.setVar").split("\n")),
            ("docs", _about(documents).split("\n")),
        ),
    }
    variables = _blocks(("vars", [f"baseUrl: {_origin(documents[0])}", "client_id: "]))
    found[f"environments/{ENVIRONMENT}.bru"] = variables + "vars:secret [\n  secret\n]\n"
    for oas in documents:
        places: dict[str, int] = {}
        for tag, request in requests(oas):
            places[tag] = places.get(tag, 0) + 1
            folder = f"{oas['info']['title']}/{tag}"
            found[f"{folder}/{request.name}.bru"] = _bruno(request, places[tag])
    return found


def zipped(files: Mapping[str, str]) -> bytes:
    """Return files as a ZIP, the same for the same files."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in files.items():
            archive.writestr(zipfile.ZipInfo(path), text.encode(), zipfile.ZIP_DEFLATED)
    return made.getvalue()


def _bruno(request: Request, place: int) -> str:
    kind = "multipartForm" if request.form else "none" if request.body is None else "json"
    path = re.sub(r"\{(\w+)\}", r":\1", request.path)
    lists: dict[str, list[str]] = {"query": [], "path": [], "header": []}
    for where, name, value, needed in request.parameters:
        lists[where].append(f"{'' if needed or where == 'path' else '~'}{name}: {value}")
    on = "&".join(line.replace(": ", "=", 1) for line in lists["query"] if not line.startswith("~"))
    url = f"{BASE_URL}{path}{f'?{on}' if on else ''}"
    return _blocks(
        ("meta", [f"name: {request.name}", "type: http", f"seq: {place}"]),
        (request.method, [f"url: {url}", f"body: {kind}", "auth: inherit"]),
        ("params:query", lists["query"]),
        ("params:path", lists["path"]),
        ("headers", lists["header"]),
        ("body:json", [] if kind != "json" else _text(request.body).split("\n")),
        (
            "body:multipart-form",
            [f"{name}: {'@file()' if file else value}" for name, value, file in request.form],
        ),
        ("docs", request.about.split("\n")),
    )


def _blocks(*blocks: tuple[str, Sequence[str]]) -> str:
    """Return blocks with their lines, without those that have none."""
    inner = ((name, "".join(f"  {line}".rstrip() + "\n" for line in lines)) for name, lines in blocks if lines)
    shown = (f"{name} {{\n{text}}}\n" for name, text in inner)
    return "\n".join(shown) + "\n"
