"""The programs of docs/samples.md do what they say, with addresses that lead to the installation that they ask."""

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from beheer.protocol import Protocol
from guides.pages import LANGUAGES, ROOT, samples
from tests.guides.languages import needs_php, ready, run, started
from tests.maak import Maak, Types
from tests.selectielijst import Selectielijst
from tests.servers import serving
from tests.stack import Client, common_folder, running, worker

TOPICS = ("document", "large", "list", "error", "etag", "webhook")
PROGRAMS = dict(zip(TOPICS, samples((ROOT / "docs" / "samples.md").read_text()), strict=True))
PART = 1024**2


def each(topic: str) -> pytest.MarkDecorator:
    """Give the code of a topic in each of its languages."""
    return pytest.mark.parametrize(("language", "code"), PROGRAMS[topic].items(), ids=list(PROGRAMS[topic]))


@dataclass
class Installation:
    """An installation at the address that its answers have, and the variables of the programs."""

    api: Client
    types: Types
    variables: dict[str, str]
    app: Any = None
    zaken: list[str] = field(default_factory=list)

    async def zaak(self, **changes: Any) -> dict[str, Any]:
        """Make a zaak."""
        given = {
            "bronorganisatie": "517439943",
            "verantwoordelijkeOrganisatie": "517439943",
            "startdatum": "2025-12-31",
        }
        return await self.api.created("/zaken/api/v1/zaken", {**given, "zaaktype": self.types.url, **changes})

    async def run(self, language: str, code: str, folder: Path, **variables: str) -> list[str]:
        """Run a program and return the lines that it prints."""
        if language == "php":
            needs_php("curl")
        token = self.api.token()
        return (await run(language, code, folder, TOKEN=token, **self.variables, **variables)).split("\n")[:-1]


@pytest.fixture(scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory, lijst: Selectielijst) -> AsyncIterator[Installation]:
    """The installation, with parts of 1 MiB."""
    apps: list[Any] = []

    async def late(scope: Any, receive: Any, send: Any) -> None:
        await apps[0](scope, receive, send)

    callbacks: dict[str, Any] = {"callback_allow_http": True, "callback_allow_private": True}
    async with (
        serving(late, Protocol) as base,
        running(
            common_folder(tmp_path_factory),
            f"{worker()}_samples",
            selectielijst_url=lijst.root,
            public_url=base,
            chunk_size=PART,
            **callbacks,
        ) as stack,
    ):
        apps.append(stack.gateway)
        await stack.add_tenant("deventer")
        api = await stack.add_client("deventer", "leverancier", host=base)
        types = await Maak(api, lijst).zaaktype()
        own = {"INFORMATIEOBJECTTYPE": types.informatieobjecttype, "STATUSTYPE": types.statustypen[0]}
        yield Installation(api, types, {"BASE": base, "ZAAKTYPE": types.url, **own})


@each("document")
async def test_a_document_in_a_zaak_and_a_status(here: Installation, tmp_path: Path, language: str, code: str) -> None:
    zaak = await here.zaak()
    relation, status = await here.run(language, code, tmp_path, ZAAK=zaak["url"])
    found = (await here.api.get(relation)).json()
    document = (await here.api.get(found["informatieobject"])).json()
    assert (found["zaak"], document["titel"], document["bestandsomvang"]) == (zaak["url"], "Aanvraag", 15)
    assert (await here.api.get(document["inhoud"])).text == "Een straatfeest"
    assert (await here.api.get(status)).json()["statustoelichting"] == "Ontvangen"


@each("large")
async def test_a_large_document(here: Installation, tmp_path: Path, language: str, code: str) -> None:
    content = bytes(range(256)) * (2 * PART // 256) + b"the end"
    (tmp_path / "tekening.pdf").write_bytes(content)
    printed = await here.run(language, code, tmp_path, FILE=str(tmp_path / "tekening.pdf"))
    document = (await here.api.get(printed[-1])).json()
    assert (document["locked"], document["bestandsdelen"]) == (False, [])
    assert (await here.api.get(document["inhoud"])).content == content


@each("list")
async def test_a_list(here: Installation, tmp_path: Path, language: str, code: str) -> None:
    while len(here.zaken) < 5:
        zaak = await here.zaak(startdatum=f"2026-02-0{len(here.zaken) + 1}")
        here.zaken.append(zaak["identificatie"])
    await here.zaak()
    assert await here.run(language, code, tmp_path) == here.zaken


@each("error")
async def test_an_error(here: Installation, tmp_path: Path, language: str, code: str) -> None:
    required = ("zaaktype", "bronorganisatie", "verantwoordelijkeOrganisatie", "startdatum")
    assert {*await here.run(language, code, tmp_path)} == {f"{name}: required" for name in required}


@each("etag")
async def test_an_etag(here: Installation, tmp_path: Path, language: str, code: str) -> None:
    zaak = await here.zaak()
    assert " ".join(await here.run(language, code, tmp_path, ZAAK=zaak["url"])) == "200 304"


@each("webhook")
async def test_a_webhook(here: Installation, tmp_path: Path, language: str, code: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = await ready(language, code, tmp_path)
    if language == "php":
        command = [command[0], "-S", f"127.0.0.1:{port}", "call.php"]
    async with started(*command, folder=tmp_path, AUTH="Bearer afgesproken", PORT=str(port)) as printed:
        await until_it_listens(port)
        body = {"callbackUrl": f"http://127.0.0.1:{port}/", "auth": "Bearer afgesproken"}
        kanalen = [{"naam": "zaken", "filters": {}}]
        abonnement = await here.api.created("/notificaties/api/v1/abonnement", {**body, "kanalen": kanalen})
        try:
            zaak = await here.zaak()
            async with asyncio.timeout(60):
                while zaak["url"] not in (line := (await printed.readline()).decode()):
                    pass
        finally:
            await here.api.delete(abonnement["url"])
    assert "zaken" in line
    assert "create" in line


async def until_it_listens(port: int) -> None:
    """Wait until something answers at a port, and see that it lets nobody in without the agreed Authorization."""
    async with asyncio.timeout(60), httpx.AsyncClient() as stranger:
        while True:
            try:
                answer = await stranger.post(f"http://127.0.0.1:{port}/", content="{}")
            except httpx.TransportError:
                await asyncio.sleep(0.1)
            else:
                assert answer.status_code == 401
                return


def test_each_topic_has_the_languages_that_vendors_use() -> None:
    usual = {"python", "typescript", "csharp", "php"}
    assert [topic for topic, codes in PROGRAMS.items() if not usual <= codes.keys() <= LANGUAGES.keys()] == []
