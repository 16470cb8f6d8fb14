"""The libraries that applications are built on, as they are, against a Samenzaak that listens on loopback."""

import asyncio
import json
import sys
import time
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from beheer.protocol import Protocol
from runtime.tenancy import SERVICES
from tests.bodies import zaak_body
from tests.maak import Types
from tests.profiel.libraries import CHECKED
from tests.servers import serving
from tests.stack import PUBLIC, Client, Stack

ROOT = Path(__file__).parents[2]
SECONDS = 120


@pytest.fixture(scope="session")
async def done(stack: Stack, api: Client, types: Types) -> dict[str, Any]:
    """What the libraries did, in a process with a database of its own."""
    database = f"libraries_{time.time_ns()}"
    async with stack.admin() as admin, serving(stack.gateway, Protocol) as at:
        await admin.execute(f"CREATE DATABASE {database}")
        path = f"/{stack.dsn.rpartition('/')[2].partition('?')[0]}"
        asked = {
            "dsn": stack.dsn.replace(f"{path}?", f"/{database}?"),
            "base": PUBLIC,
            "port": urlsplit(at).port,
            "client_id": api.client_id,
            "secret": api.secret,
            "zaak": zaak_body(types.url),
            "name": f"bibliotheek-{uuid.uuid4().hex[:12]}",
        }
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.profiel.libraries"),
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(SECONDS):
            out, said = await process.communicate(json.dumps(asked).encode())
        assert process.returncode == 0, said.decode()
        found: dict[str, Any] = json.loads(out)
        return found


@pytest.mark.profiel("NAC", "root")
async def test_zgw_consumers_checks_its_connections(done: dict[str, Any]) -> None:
    """The root says nothing of the secret; a path does."""
    checks = done["checks"]
    assert checks["roots"] == checks["wrong"] == dict.fromkeys(SERVICES, 200)
    assert checks["paths"] == {name: [200, 403] for name in CHECKED}


async def test_zgw_consumers_writes_and_reads_pages(done: dict[str, Any]) -> None:
    pages = done["pages"]
    assert pages["one"] == "0"
    assert [url for url in pages["found"] if url in pages["made"]] == pages["made"][::-1]


async def test_gemma_zds_client_reads_the_oas(done: dict[str, Any]) -> None:
    assert done["zds"] == {"same": True, "changed": "anders", "count": 1, "code": "not_found"}


@pytest.mark.profiel("NAC", "kanaalPut")
@pytest.mark.profiel("OF", "kanaalPut")
async def test_notifications_api_common_registers_twice(done: dict[str, Any]) -> None:
    found = done["notifications"]
    name = found["sent"]["kanaal"]
    assert found["said"] == [f"Registered kanaal '{name}'", f"Updated already existing kanaal '{name}'"]
    assert found["filters"] == [["api_type"], ["api_type", "label"]]


async def test_notifications_api_common_sends_and_receives(done: dict[str, Any]) -> None:
    """The abonnement is asked for twice, without and with what it gave as auth."""
    found = done["notifications"]
    assert found["asked"] == [403, 204]
    assert found["kanalen"] == [{"naam": found["sent"]["kanaal"], "filters": {}}]
    [received] = found["received"]
    assert {name: received[name] for name in found["sent"]} == found["sent"]
