"""The collections for Bruno and Postman have every operation of every API, and their token is one that is taken."""

import io
import json
import re
import subprocess
import zipfile
from typing import Any

import jwt
import pytest

from beheer.provision import api_of
from oas.collection import POSTMAN_SCHEMA, bruno, postman, zipped
from oas.openapi import document
from runtime.tenancy import SERVICES
from tests.stack import Client
from tests.tools import program

BASE = "https://deventer.example.nl"
DOCUMENTS = [document(api_of(service), BASE) for service in SERVICES]
OPERATIONS = {
    operation["operationId"]: (method.upper(), re.sub(r"^\w+://[^/]+", "", oas["servers"][0]["url"]) + path.rstrip("/"))
    for oas in DOCUMENTS
    for path, item in oas["paths"].items()
    for method, operation in item.items()
}
BLOCK = re.compile(r"^([a-z][\w:-]*) (\{\n(.*?)^\}|\[\n(.*?)^\])\n", re.MULTILINE | re.DOTALL)


def blocks(text: str) -> dict[str, str]:
    """Return the blocks of a file for Bruno by name; fail when there is anything between them."""
    assert BLOCK.sub("", text).strip() == "", text
    return {name: inner or other for name, _, inner, other in BLOCK.findall(text)}


def pairs(block: str) -> dict[str, str]:
    """Return the lines of a block: a name, a colon and a value."""
    return {name: value.strip() for name, _, value in (line.strip().partition(":") for line in block.splitlines())}


def items(folder: Any) -> list[Any]:
    """Return the requests of a folder for Postman and of the folders in it."""
    return [found for each in folder for found in (items(each["item"]) if "item" in each else [each])]


def braces(path: str) -> str:
    """Return a path with its parameters as OpenAPI writes them."""
    return re.sub(r":(\w+)", r"{\1}", path)


def test_bruno_has_every_operation() -> None:
    files = bruno(DOCUMENTS)
    found = {}
    for path, text in files.items():
        if not path.endswith(".bru") or path.startswith(("collection", "environments")):
            continue
        parts = blocks(text)
        name = pairs(parts["meta"])["name"]
        assert path.endswith(f"/{name}.bru")
        [method] = {"get", "head", "post", "put", "patch", "delete"} & {*parts}
        url = pairs(parts[method])["url"].removeprefix("{{baseUrl}}").partition("?")[0]
        found[name] = (method.upper(), braces(url))
        assert {f"{{{each}}}" for each in pairs(parts.get("params:path", ""))} == {*re.findall(r"\{\w+\}", braces(url))}
        if "body:json" in parts:
            json.loads(parts["body:json"])
    assert found == OPERATIONS
    assert {"baseUrl", "client_id"} == {*pairs(blocks(files["environments/samenzaak.bru"])["vars"])}
    assert blocks(files["environments/samenzaak.bru"])["vars:secret"].strip() == "secret"
    assert zipfile.ZipFile(io.BytesIO(zipped(files))).namelist() == [*files]


def test_postman_has_every_operation() -> None:
    collection = postman(DOCUMENTS)
    assert collection["info"]["schema"] == POSTMAN_SCHEMA
    assert {*collection} == {"info", "auth", "event", "variable", "item"}
    found = {}
    for item in items(collection["item"]):
        assert {*item} == {"name", "request"}
        request, url = item["request"], item["request"]["url"]
        # The parts of a URL say the same as the whole.
        path = "/" + "/".join(url["path"])
        assert url["raw"].partition("?")[0] == "{{baseUrl}}" + path
        assert {each["key"] for each in url["variable"]} == {*re.findall(r":(\w+)", path)}
        assert all({*each} <= {"key", "value", "disabled"} for each in (*url["query"], *request["header"]))
        body = request.get("body", {"mode": "none"})
        assert body["mode"] in ("none", "raw", "formdata")
        if body["mode"] == "raw":
            json.loads(body["raw"])
        found[item["name"]] = (request["method"], braces(path))
    assert found == OPERATIONS


@pytest.mark.parametrize("service", SERVICES)
async def test_each_api_serves_its_own(api: Client, service: str) -> None:
    oas = document(api_of(service), BASE)
    names = {operation["operationId"] for item in oas["paths"].values() for operation in item.values()}
    collection = (await api.http.get(f"/{service}/api/v1/postman.json")).json()
    assert {item["name"] for item in items(collection["item"])} == names
    answer = await api.http.get(f"/{service}/api/v1/bruno.zip")
    assert answer.headers["content-type"] == "application/zip"
    paths = zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
    assert names <= {path.rpartition("/")[2].removesuffix(".bru") for path in paths}


async def test_a_request_of_the_collection_is_answered(api: Client) -> None:
    [item] = [each for each in items(postman(DOCUMENTS)["item"]) if each["name"] == "zaak_list"]
    request = item["request"]
    headers = {each["key"]: each["value"] for each in request["header"] if "disabled" not in each}
    answer = await api.http.request(
        request["method"],
        request["url"]["raw"].removeprefix("{{baseUrl}}"),
        headers={**headers, "Authorization": f"Bearer {api.token()}"},
    )
    assert answer.status_code == 200, answer.text


def test_addresses_in_collections_are_those_of_the_installation_that_is_called() -> None:
    texts = {**bruno(DOCUMENTS), "postman": json.dumps(postman(DOCUMENTS))}
    # The origin is only where the variable is set, and in the address of the pages about errors.
    allowed = re.compile(r"baseUrl(: |\", \"value\": \")\S*?(?=[\"\s])|" + BASE + "/ref/fouten/")
    elsewhere = {
        name: line for name, text in texts.items() for line in allowed.sub("", text).splitlines() if BASE in line
    }
    assert not elsewhere
    assert "{{baseUrl}}/catalogi/api/v1/zaaktypen/" in texts["Zaken API/zaken/zaak_create.bru"]
    assert pairs(blocks(texts["environments/samenzaak.bru"])["vars"])["baseUrl"] == BASE
    assert {each["key"]: each["value"] for each in postman(DOCUMENTS)["variable"]}["baseUrl"] == BASE


@pytest.mark.parametrize("service", SERVICES)
async def test_no_address_in_the_archive_is_a_placeholder(api: Client, service: str) -> None:
    answer = await api.http.get(f"/{service}/api/v1/bruno.zip")
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert [name for name in archive.namelist() if ".invalid" in archive.read(name).decode()] == []


@pytest.mark.parametrize("path", ["zaken/api/v1", "beheer/api/v1"])
async def test_environments_have_the_host_that_was_asked(api: Client, path: str) -> None:
    """Of a municipality with a name of its own, and no other one."""
    for host in ("samenzaak.test", "raalte.test"):
        headers = {"Host": host}
        archive = zipfile.ZipFile(io.BytesIO((await api.http.get(f"/{path}/bruno.zip", headers=headers)).content))
        environments = [name for name in archive.namelist() if name.startswith("environments/")]
        bases = {pairs(blocks(archive.read(name).decode())["vars"])["baseUrl"] for name in environments}
        assert bases == {f"http://{host}"}
        collection = (await api.http.get(f"/{path}/postman.json", headers=headers)).json()
        assert {each["key"]: each["value"] for each in collection["variable"]}["baseUrl"] == f"http://{host}"


DECLARED = (
    "pm,require,console,_,CryptoJS,atob,btoa,tv4,xml2Json,Backbone,cheerio,tests,globals,environment,data,request,"
    "responseCookies,responseHeaders,responseTime,responseCode,responseBody,iteration,postman"
)
"""What Postman declares beside a script: it refuses a script that declares such a name by itself."""

# A small part of crypto-js, in the place of the library that both programs have.
LIBRARY = """
const { createHmac } = require("node:crypto");
const library = {
  enc: { Base64: { stringify: (bytes) => bytes.toString("base64") }, Utf8: { parse: (text) => Buffer.from(text) } },
  HmacSHA256: (text, key) => createHmac("sha256", key).update(text).digest(),
};
"""


@pytest.mark.parametrize("program_name", ["postman", "bruno"])
def test_the_script_makes_a_token(program_name: str) -> None:
    if program_name == "postman":
        script = "\n".join(postman(DOCUMENTS)["event"][0]["script"]["exec"])
        names, own = DECLARED, "{ variables: { get: (name) => given[name], set: (name, value) => console.log(value) } }"
    else:
        script = blocks(bruno(DOCUMENTS)["collection.bru"])["script:pre-request"]
        names, own = "bru,require", "{ getEnvVar: (name) => given[name], setVar: (name, value) => console.log(value) }"
    run = f"""{LIBRARY}
const given = {{ client_id: "zaaksysteem", secret: "s".repeat(32) }};
new Function(...{json.dumps(names.split(","))}, {json.dumps(script)})({own}, () => library, console);"""
    done = subprocess.run([program("node"), "-e", run], capture_output=True, text=True, timeout=60, check=False)
    assert not done.returncode, done.stderr
    claims = jwt.decode(done.stdout.strip(), "s" * 32, ["HS256"])
    assert claims["client_id"] == claims["iss"] == "zaaksysteem"
