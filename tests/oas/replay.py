"""Sends the requests of the examples in the OAS to a running stack, in the order in which they are kept.

``python -m tests.oas.replay`` (``make examples``) writes what was answered into ``services/NAME/examples``; a test
compares it with what is there. An object has the same uuid in all examples, which is not the one that it really has:
what refers to it is rewritten on the way out and back. What a moment, a lock or a uuid is, is kept as it was.
"""

import asyncio
import re
import sys
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from beheer.demo import catalogus
from beheer.provision import api_of
from oas.examples import BASE, ORDER, Example, entries_of, folder_of
from oas.openapi import document
from services.autorisaties.external import add_external
from services.catalogi.selectielijst_laden import laad
from tests.servers import serving
from tests.stack import PUBLIC, Client, Stack, running

TENANT = "voorbeelden"
ELSEWHERE = "https://klantinteracties.deventer.example"
"""Stands for the server of an API of somebody else, and of a subscriber."""
SELECTIELIJST = Path(catalogus.__file__).with_name("selectielijst.json")
NAMES = uuid.UUID("6a1d3c0e-6f0e-4f57-9d55-8a1a55a1c0de")
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
VARIES = (
    UUID,
    re.compile(r"[0-9a-f]{32}"),
    re.compile(r"[A-Z0-9]{12}"),
    re.compile(r"\d{4}-\d\d-\d\d"),
    re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"),
)
"""Texts that are not the same in two runs: uuids, locks, identifications by chance, days and moments."""


class Elsewhere:
    """An API of somebody else: has every object that is asked for, and takes the relations that are posted to it."""

    base = ""

    def __init__(self) -> None:
        methods = ["GET", "POST", "DELETE"]
        self.app = Starlette(routes=[Route("/{path:path}", self.answer, methods=methods)])

    async def answer(self, request: Request) -> Response:
        """Answer one request; a callback refuses what has no Authorization."""
        if request.url.path == "/callback":
            return Response(status_code=204 if request.headers.get("Authorization") else 403)
        if request.method == "DELETE":
            return Response(status_code=204)
        here = f"{self.base}{request.url.path}"
        if request.method == "POST":
            return JSONResponse({"url": f"{here}/{uuid.uuid4()}", **await request.json()}, 201)
        listed = re.search(r"/object[a-z]+$", request.url.path)
        mirror = {"url": f"{here}/{uuid.uuid5(NAMES, str(request.query_params))}"}
        return JSONResponse([mirror] if listed else {"url": here})


@dataclass
class Replay:
    """One run of all examples at a municipality of its own."""

    client: Client
    elsewhere: str
    oas: dict[str, dict[str, Any]]
    real: dict[str, str] = field(default_factory=dict)
    """What an example calls something, and what it is called here: uuids and locks."""

    async def run(self) -> AsyncIterator[tuple[Example, httpx.Response]]:
        """Send all requests; yield each with its answer, of which the names are known by then."""
        for service in ORDER:
            for example in entries_of(service):
                answer = await self.send(example)
                if example.answer is not None and is_json(answer):
                    self.learn(example.answer, answer.json())
                yield example, answer

    async def send(self, example: Example) -> httpx.Response:
        """Send the request of an example."""
        service = example.api or example.service
        method, template, operation = operation_of(self.oas[service], example.operation)
        path = template.format(**self.outward(example.path))
        types = operation.get("requestBody", {}).get("content", {"application/json": {}})
        given = self.outward(example.request)
        body: dict[str, Any] = {} if given is None else {"json": given}
        if given is not None and "multipart/form-data" in types:
            content = given.pop("inhoud").encode()
            body = {"data": given, "files": {"inhoud": ("deel", content)}}
        url = f"/{service}/api/v1{path}"
        return await self.client.request(method.upper(), url, params=self.outward(example.query), **body)

    def outward(self, value: Any) -> Any:
        """Return what is sent for a value of an example."""
        if isinstance(value, dict):
            return {name: self.outward(each) for name, each in value.items()}
        if isinstance(value, list):
            return [self.outward(each) for each in value]
        if not isinstance(value, str):
            return value
        value = value.replace(BASE, PUBLIC).replace(ELSEWHERE, self.elsewhere)
        value = self.real.get(value, value)
        return UUID.sub(lambda found: self.real.get(found[0], found[0]), value)

    def learn(self, kept: Any, real: Any) -> None:
        """Note what the uuids and locks of an example are called here."""
        if isinstance(kept, dict) and isinstance(real, dict):
            for name in kept.keys() & real.keys():
                self.learn(kept[name], real[name])
        elif isinstance(kept, list) and isinstance(real, list):
            for one, other in zip(kept, real, strict=False):
                self.learn(one, other)
        elif isinstance(kept, str) and isinstance(real, str):
            ours, theirs = UUID.findall(kept), UUID.findall(real)
            if len(ours) == len(theirs):
                self.real |= {o: t for o, t in zip(ours, theirs, strict=True) if o not in self.real}
            if re.fullmatch("[0-9a-f]{32}", kept):
                self.real.setdefault(kept, real)

    def inward(self, real: Any, kept: Any, where: str) -> Any:
        """Return what is kept of an answer. ``kept`` is what was; ``where`` gives a new uuid its name."""
        if isinstance(real, dict):
            before = kept if isinstance(kept, dict) else {}
            return {name: self.inward(each, before.get(name), f"{where}.{name}") for name, each in real.items()}
        if isinstance(real, list):
            old = kept if isinstance(kept, list) else []
            return [self.inward(each, old[i] if i < len(old) else None, f"{where}.{i}") for i, each in enumerate(real)]
        if not isinstance(real, str):
            return real
        names = {there: here for here, there in self.real.items()}

        def name_for(found: re.Match[str]) -> str:
            if found[0] not in names:
                names[found[0]] = str(uuid.uuid5(NAMES, where))
                # What is in the selectielijst is called the same everywhere.
                names[found[0]] = found[0] if "selectielijst" in real else names[found[0]]
                self.real[names[found[0]]] = found[0]
            return names[found[0]]

        changed = UUID.sub(name_for, real.replace(PUBLIC, BASE).replace(self.elsewhere, ELSEWHERE))
        if isinstance(kept, str) and any(form.fullmatch(kept) and form.fullmatch(changed) for form in VARIES):
            return kept
        return changed


def is_json(answer: httpx.Response) -> bool:
    """Return whether an answer has a body of JSON."""
    return answer.headers.get("content-type") == "application/json" and bool(answer.content)


def operation_of(oas: dict[str, Any], name: str) -> tuple[str, str, dict[str, Any]]:
    """Return (method, path, operation) of an operationId."""
    return next(
        (method, path, operation)
        for path, item in oas["paths"].items()
        for method, operation in item.items()
        if operation["operationId"] == name
    )


@asynccontextmanager
async def replaying(stack: Stack) -> AsyncIterator[Replay]:
    """Prepare a municipality for the examples."""
    await stack.add_tenant(TENANT)
    client = await stack.add_client(TENANT, "voorbeelden")
    other = Elsewhere()
    async with serving(other.app) as other.base, stack.admin() as admin:
        await laad(admin, [TENANT], str(SELECTIELIJST))
        await add_external(
            admin, stack.settings, TENANT, "elders", other.base, header="Authorization: Token abc", expand=True
        )
        await stack.standalone.signals.barrier()
        yield Replay(client, other.base, {service: document(api_of(service)) for service in ORDER})


def written(example: Example, content: Any) -> Iterator[tuple[str, Any]]:
    """Yield the members of an example as they are kept."""
    yield "operation", example.operation
    for name in ("extra", "api", "path", "query", "request"):
        if value := getattr(example, name):
            yield name, value
    if example.request == {}:
        yield "request", {}
    yield "status", example.status
    if content is not None:
        yield "answer", content


async def write() -> None:
    """Write the answers of a stack that is new into the files."""
    callbacks: dict[str, Any] = {"callback_allow_http": True, "callback_allow_private": True}
    with tempfile.TemporaryDirectory(prefix="samenzaak-examples-") as folder:
        async with running(Path(folder), "examples", split=False, **callbacks) as stack, replaying(stack) as replay:
            found: dict[str, list[dict[str, Any]]] = {}
            failed: list[str] = []
            async for example, answer in replay.run():
                if answer.status_code != example.status:
                    failed.append(f"{example.name}: {answer.status_code} {answer.text}")
                content = replay.inward(answer.json(), example.answer, example.name) if is_json(answer) else None
                found.setdefault(example.service, []).append(dict(written(example, content)))
    if failed:
        sys.exit("\n".join(failed))
    for service, examples in found.items():
        file = folder_of(service) / "examples.json"
        Path(str(file)).write_bytes(orjson.dumps(examples, option=orjson.OPT_INDENT_2) + b"\n")


if __name__ == "__main__":
    asyncio.run(write())
