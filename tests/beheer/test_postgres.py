"""The embedded PostgreSQL, with real processes that come, go and die."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import asyncpg
import psutil
import pytest
from pydantic import SecretStr

from beheer import postgres
from runtime.settings import Settings

ROOT = Path(__file__).parents[2]
USER = """\
import signal, sys; from pathlib import Path; from beheer import postgres
# A shell that starts something in the background lets it ignore SIGINT, and with it all that this starts.
signal.signal(signal.SIGINT, signal.default_int_handler)
"""
HOLD = USER + "print(postgres.start(Path(sys.argv[1])), flush=True); sys.stdin.read(); postgres.stop(Path(sys.argv[1]))"


@contextmanager
def another_user(home: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that has started PostgreSQL and holds it until its input ends."""
    command = [sys.executable, "-c", HOLD, str(home)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("postgresql://")
        try:
            yield process
        finally:
            process.kill()


def leave(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(20) == 0


def server_pid(home: Path) -> int:
    return int((home / "postgres" / "postmaster.pid").read_text().splitlines()[0])


def is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def ends(pid: int) -> bool:
    """Whether a process ends within a moment: the last thing that PostgreSQL does is not yet its exit."""
    deadline = time.monotonic() + 5
    while is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not is_running(pid)


async def ask(dsn: str, query: str = "SELECT 1") -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A home folder of which no server remains."""
    home = tmp_path / "var"
    yield home
    while postgres._held.get(home):
        postgres.stop(home)
    # A killed process left its server behind; starting and stopping takes that along.
    if (home / "postgres" / "postmaster.pid").exists():
        postgres.start(home)
        postgres.stop(home)


async def test_start_gives_a_working_server_on_a_private_socket(home: Path) -> None:
    dsn = postgres.start(home)
    assert await ask(dsn) == 1
    assert await ask(dsn, "SHOW listen_addresses") == ""
    assert await ask(dsn, "SHOW max_connections") == "200"
    assert (home / "postgres").stat().st_mode & 0o077 == 0
    pid = server_pid(home)
    postgres.stop(home)
    assert ends(pid)


async def test_data_survives_a_restart(home: Path) -> None:
    await ask(postgres.start(home), "CREATE TABLE kept AS SELECT 42 AS value")
    postgres.stop(home)
    assert await ask(postgres.start(home), "SELECT value FROM kept") == 42


async def test_the_last_of_two_processes_stops_it(home: Path) -> None:
    dsn = postgres.start(home)
    pid = server_pid(home)
    with another_user(home) as other:
        assert server_pid(home) == pid
        postgres.stop(home)
        assert await ask(dsn) == 1
        leave(other)
    assert ends(pid)


async def test_the_last_start_in_one_process_stops_it(home: Path) -> None:
    assert postgres.start(home) == postgres.start(home)
    pid = server_pid(home)
    postgres.stop(home)
    assert is_running(pid)
    postgres.stop(home)
    assert ends(pid)
    postgres.stop(home)


@pytest.mark.long
async def test_a_killed_user_leaves_a_server_that_is_adopted_and_stopped(home: Path) -> None:
    with another_user(home) as other:
        pid = server_pid(home)
        other.kill()
        other.wait()
    assert is_running(pid)
    assert await ask(postgres.start(home)) == 1
    assert server_pid(home) == pid
    postgres.stop(home)
    assert ends(pid)


async def test_a_killed_server_is_started_again(home: Path) -> None:
    dsn = postgres.start(home)
    await ask(dsn, "CREATE TABLE kept AS SELECT 42 AS value")
    postgres_pid = server_pid(home)
    os.kill(postgres_pid, signal.SIGKILL)
    assert ends(postgres_pid)
    # The second start finds the file of the killed server, and perhaps its dying children.
    assert await ask(postgres.start(home), "SELECT value FROM kept") == 42
    assert server_pid(home) != postgres_pid


@pytest.mark.parametrize(("free", "why"), [(0, "is full"), (10**9, "status 3; see the newest file in")])
def test_a_server_that_ends_without_a_word_is_told_with_a_reason(
    home: Path, monkeypatch: pytest.MonkeyPatch, free: int, why: str
) -> None:
    """On a full disk it cannot write why it ends."""
    postgres.start(home)
    postgres.stop(home)
    silent = subprocess.CompletedProcess([], 3, stdout="")
    monkeypatch.setattr("beheer.postgres._Cluster.control", lambda *_: silent)
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=free))
    monkeypatch.setattr(postgres, "PATIENCE", 0.1)
    with pytest.raises(postgres.PostgresError, match=why):
        postgres.start(home)


async def test_a_pid_that_belongs_to_another_program_by_now_does_not_block(home: Path) -> None:
    postgres.start(home)
    pidfile = home / "postgres" / "postmaster.pid"
    lines = pidfile.read_text().splitlines()
    postgres.stop(home)
    owner = (home / "postgres").stat()
    with subprocess.Popen(["sleep", "60"], user=owner.st_uid) as stranger:
        pidfile.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
        os.chown(pidfile, owner.st_uid, owner.st_gid)
        try:
            assert await ask(postgres.start(home)) == 1
            assert stranger.poll() is None
        finally:
            stranger.kill()


@pytest.mark.long
async def test_an_interrupt_from_the_terminal_does_not_reach_it(home: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(home)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT,
        start_new_session=True,
    ) as other:  # fmt: skip
        assert other.stdout is not None
        dsn = other.stdout.readline().strip()
        pid = server_pid(home)
        # An impatient operator presses Ctrl-C more than once; one press can fall before the process listens for it.
        for _ in range(20):
            os.killpg(other.pid, signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                other.wait(1)
                break
        assert other.returncode
    time.sleep(0.5)
    assert is_running(pid)
    assert await ask(dsn) == 1


@pytest.mark.long
async def test_a_long_path_gets_a_short_socket_of_its_own(tmp_path: Path) -> None:
    homes = [tmp_path / ("x" * 120) / name for name in ("one", "two")]
    dsns = [postgres.start(home) for home in homes]
    try:
        assert dsns[0] != dsns[1]
        for home, dsn in zip(homes, dsns, strict=True):
            assert await ask(dsn, "SHOW data_directory") == str(home / "postgres")
    finally:
        for home in homes:
            postgres.stop(home)
    for dsn in dsns:
        assert not Path(dsn.partition("host=")[2]).exists()


def test_data_of_another_version_is_refused(home: Path) -> None:
    (home / "postgres").mkdir(parents=True)
    (home / "postgres" / "PG_VERSION").write_text("12\n")
    with pytest.raises(postgres.PostgresError, match="is of PostgreSQL 12"):
        postgres.start(home)


async def test_an_interrupted_first_start_is_done_again(home: Path) -> None:
    (home / "postgres.new").mkdir(parents=True)
    (home / "postgres.new" / "PG_VERSION").write_text("half\n")
    assert await ask(postgres.start(home)) == 1


async def test_resolve_dsn_prefers_the_configured_database(home: Path) -> None:
    url = "postgresql://someone@db.example/samenzaak"
    with postgres.resolve_dsn(Settings(home=home, database_url=url, secret_key=SecretStr("x" * 32))) as dsn:
        assert dsn == url
    with postgres.resolve_dsn(Settings(home=home)) as dsn:
        assert await ask(dsn) == 1
    assert not (home / "postgres" / "postmaster.pid").exists()
