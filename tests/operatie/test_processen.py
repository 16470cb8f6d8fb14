"""Processes: they end with their parent, refuse a schema that is too old, and tell what is missing."""

import asyncio
import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import httpx
import psutil
import pytest

from beheer import postgres
from beheer.provision import password_of
from beheer.runner import PARTS, WORKER
from beheer.server import CLOSE, Draining, Server, configure
from beheer.split import Split, as_environment, without_login
from runtime.pool import Database
from runtime.problems import Problem
from runtime.settings import Settings
from runtime.tenancy import service_dsn
from tests.opdracht import COMMAND, environment, free_port
from tests.stack import Client, Stack, running

ROOT = Path(__file__).parents[2]


async def test_each_part_logs_in_with_its_own_roles_only(apart: Stack) -> None:
    async with apart.admin() as admin:
        rows = await admin.fetch(
            "SELECT DISTINCT usename FROM pg_stat_activity WHERE datname = current_database() AND usename <> 'postgres'"
        )
    assert {row["usename"] for row in rows} >= {"samenzaak_gateway", "samenzaak_zaken", "samenzaak_notificaties"}
    assert apart.split is not None
    assert "@" not in without_login(apart.dsn)
    assert apart.split.settings.database_url == without_login(apart.dsn)


async def test_health_tells_of_every_service(apart: Stack, vendor: Client) -> None:
    answer = await vendor.http.get("/health/ready")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_settings_survive_the_way_through_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(
        home=tmp_path, background=False, service_urls={"zaken": "http://a", "catalogi": "http://b"}, client_rate=1.5
    )
    for name, value in as_environment(settings).items():
        monkeypatch.setenv(name, value)
    assert Settings() == settings


@pytest.fixture
def orphanage(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """``make run-split`` in a process of its own, with everything that it starts; it prints into ``shown``."""
    home = tmp_path / "home"
    with (tmp_path / "shown").open("wb") as shown:
        process = subprocess.Popen(
            [*COMMAND, "serve-split", "--demo"], env=environment(home=home, port=free_port()), stdout=shown, cwd=ROOT
        )
    yield process
    process.kill()
    process.wait()
    # Who is killed cannot stop the embedded PostgreSQL; the next user of the folder does.
    postgres.start(home)
    postgres.stop(home)


def parts_of(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    found = []
    for child in psutil.Process(process.pid).children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if "beheer.serve_service" in child.cmdline():
                found.append(child)
    return found


def all_parts_of(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    end = time.monotonic() + 60
    while len(parts := parts_of(process)) < len(PARTS) and time.monotonic() < end:
        time.sleep(0.1)
    assert len(parts) == len(PARTS)
    return parts


@pytest.mark.long
def test_all_processes_end_with_the_one_that_is_killed(orphanage: subprocess.Popen[bytes]) -> None:
    parts = all_parts_of(orphanage)
    orphanage.kill()
    _, alive = psutil.wait_procs(parts, timeout=60)
    assert alive == []


@pytest.mark.long
def test_the_demo_is_shown_without_the_log_of_the_processes(orphanage: subprocess.Popen[bytes], tmp_path: Path) -> None:
    """All processes end with the one that started them."""
    parts, shown, end = all_parts_of(orphanage), tmp_path / "shown", time.monotonic() + 120
    while "Try it:" not in shown.read_text() and time.monotonic() < end:
        time.sleep(0.1)
    orphanage.terminate()
    assert orphanage.wait(60) == 0
    assert psutil.wait_procs(parts, timeout=60)[1] == []
    text, log = shown.read_text(), tmp_path / "home" / "processes.log"
    assert "webhook received" in text
    assert f"their log is in {log}" in text
    assert "POST /zaken/api/v1/zaken 201" not in text
    assert "POST /zaken/api/v1/zaken 201" in log.read_text()


async def test_a_schema_that_is_too_old_is_refused_and_a_newer_one_is_served(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    async with running(tmp_path_factory.mktemp("schema"), "schema", split=False) as stack:
        await stack.add_tenant("deventer")
        await stack.add_tenant("raalte")
        dsn = service_dsn(stack.dsn, "besluiten", password_of(stack.settings, "besluiten"))
        # This version needs revision 2, and both municipalities are at another one.
        ours = Database(dsn, "besluiten", known=("2", "1"))
        async with stack.admin() as admin:
            await admin.execute("UPDATE deventer_besluiten.alembic_version SET version_num = '1'")
            await admin.execute("UPDATE raalte_besluiten.alembic_version SET version_num = '3'")
        async with ours.acquire("raalte"):
            pass
        with pytest.raises(Problem) as refused:
            async with ours.acquire("deventer"):
                raise AssertionError("the schema is too old")
        assert (refused.value.status, refused.value.headers["Retry-After"]) == (503, "30")
        assert "versie 1, nodig 2" in refused.value.detail
        assert await ours.missing() == "migration of deventer"
        async with stack.admin() as admin:
            await admin.execute("UPDATE deventer_besluiten.alembic_version SET version_num = '2'")
        assert await ours.missing() == ""
        # A process that serves does not leave everybody alone when one municipality is put back to an old backup.
        async with stack.admin() as admin:
            await admin.execute("UPDATE deventer_besluiten.alembic_version SET version_num = '1'")
        assert await ours.missing() == ""
        await ours.stop()


async def test_an_answer_under_way_arrives_and_ends_its_connection() -> None:
    release = asyncio.Event()

    async def slow(scope: object, receive: object, send: object) -> None:
        await release.wait()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})  # type: ignore[operator]
        await send({"type": "http.response.body", "body": b"ok"})  # type: ignore[operator]

    server = Server(configure(Draining(slow), host="127.0.0.1", port=0, loop="none"))
    task = asyncio.create_task(server._serve())
    while not server.started:
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    async with httpx.AsyncClient() as http:
        asked = asyncio.create_task(http.get(f"http://127.0.0.1:{port}/"))
        await asyncio.sleep(0.1)
        server.should_exit = True
        await asyncio.sleep(0.3)
        release.set()
        answer = await asked
        assert (answer.status_code, answer.text) == (200, "ok")
        assert answer.headers["connection"] == CLOSE[1].decode()
        await asyncio.wait_for(task, 20)


@pytest.mark.long
async def test_a_part_without_the_addresses_of_the_others_does_not_start(tmp_path: Path) -> None:
    variables = environment(home=tmp_path, database_url="postgresql://localhost/x", secret_key="k" * 40)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "beheer.serve_service", "zaken", env=variables, stderr=asyncio.subprocess.PIPE
    )
    _, told = await process.communicate()
    assert process.returncode == 1
    assert b"SAMENZAAK_SERVICE_URLS has no autorisaties" in told


@pytest.mark.long
async def test_a_start_that_fails_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("beheer.split.PARTS", ("zaken", WORKER))
    settings = Settings(home=tmp_path, secret_key="k" * 40, log_level="error")  # type: ignore[arg-type]
    split = Split(settings, "postgresql://localhost:1/nothing", 0)
    with pytest.raises(RuntimeError, match="did not become ready"):
        await asyncio.to_thread(split.start)
    assert split.children == {}


async def test_a_statement_that_takes_too_long_is_broken_off(apart: Stack) -> None:
    dsn = service_dsn(apart.dsn, "zaken", password_of(apart.settings, "zaken"))
    database = Database(dsn, "zaken", statement_timeout_ms=50)
    async with database.acquire("deventer") as db:
        with pytest.raises(asyncpg.QueryCanceledError):
            await db.connection.execute("SELECT pg_sleep(5)")
    await database.stop()
