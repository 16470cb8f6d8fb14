"""Everything about documents is tested twice: with a local folder, and with a server that speaks S3.

``SAMENZAAK_TEST_STORAGE_URL=az://container/folder`` (or ``gs://``, ``s3://``) tests it a third time: with that storage
and the credentials in the environment.
"""

import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from services.documenten.journal import sweep_tenant
from tests.clients import api, maak, raalte
from tests.documenten.bron import Bron
from tests.documenten.maak_document import informatieobjecttype
from tests.documenten.opslag import expire, journal, service_of
from tests.documenten.storing import Broken
from tests.documenten.wissel import Wissel, wisselend
from tests.stack import Client, Stack, common_folder, running, worker

__all__ = ["api", "maak", "raalte"]

CHUNK = 1024**2
"""The size of a bestandsdeel in these tests."""

BUCKET = "documenten"

GIVEN = os.environ.get("SAMENZAAK_TEST_STORAGE_URL", "")

ON_S3 = ("test_inhoud", "test_bestandsdelen", "test_opslag", "test_storing", "test_stores")
"""The files about content. The rules do not touch the storage; ``SAMENZAAK_TEST_S3=all`` tests them on it as well."""

LONG_ON_S3 = ("test_inhoud", "test_bestandsdelen")
"""What is sent and read over HTTP, which ``make test`` does with the local folder."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what would be tested twice for nothing."""
    for item in items:
        if item.path.parent == Path(__file__).parent and "[s3" in item.name and item.path.stem in LONG_ON_S3:
            item.add_marker(pytest.mark.long)
    if os.environ.get("SAMENZAAK_TEST_S3") == "all":
        return
    here = Path(__file__).parent
    left_out = [
        item
        for item in items
        if item.path.parent == here and ("[s3" in item.name or "[given" in item.name) and item.path.stem not in ON_S3
    ]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session")
def s3_server() -> Iterator[ThreadedMotoServer]:
    """An S3 server in this process."""
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def s3(s3_server: ThreadedMotoServer) -> Iterator[str]:
    """The URL of a bucket on it; the variables are those that every S3 client knows."""
    host, port = s3_server.get_host_and_port()
    variables = {
        "AWS_ACCESS_KEY_ID": "proef",
        "AWS_SECRET_ACCESS_KEY": "proef",
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
    }
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    boto3.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    yield f"s3://{BUCKET}/gemeenten"
    for name, value in before.items():
        os.environ.pop(name)
        if value is not None:
            os.environ[name] = value


@pytest.fixture(scope="session")
async def wissel() -> AsyncIterator[Wissel]:
    """What stands between separate processes."""
    async with wisselend() as found:
        yield found


@pytest.fixture(scope="session", params=["local", "s3", *(["given"] if GIVEN else [])])
async def stack(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, wissel: Wissel
) -> AsyncIterator[Stack]:
    """Samenzaak with the municipalities deventer and raalte, with small bestandsdelen."""
    more: dict[str, Any] = {"storage_url": GIVEN} if request.param == "given" else {}
    if request.param == "s3":
        more["storage_url"] = request.getfixturevalue("s3")
    name = f"{worker()}_documenten_{request.param}"
    async with running(
        common_folder(tmp_path_factory), name, before_start=wissel.place, chunk_size=CHUNK, **more
    ) as stack:
        await stack.add_tenant("deventer", common=True)
        await stack.add_tenant("raalte", ("raalte.test",), common=True)
        yield stack


@pytest.fixture(scope="session")
async def iot(api: Client) -> str:
    """A published informatieobjecttype of Deventer, openbaar."""
    return await informatieobjecttype(api)


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Broken:
    """Breaks the storage."""
    return Broken(monkeypatch)


@pytest.fixture
def settle(stack: Stack) -> Callable[[], Any]:
    """Return a function that sweeps, and makes sure that nothing is left to be swept."""

    async def done() -> None:
        await expire(stack)
        await sweep_tenant(service_of(stack), "deventer")
        assert await journal(stack) == []

    return done


@pytest.fixture
def bron(stack: Stack, wissel: Wissel) -> Iterator[Bron]:
    """Stands in for the Zaken API and the Besluiten API."""
    fake = Bron()
    with wissel.standing_in(stack, fake, "zaken", "besluiten"):
        yield fake
