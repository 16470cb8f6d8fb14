"""Commands that only read change nothing in the database: no password, no right, not one transaction that writes."""

import asyncio
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import typer

from beheer import postgres
from beheer.cli import app
from tests.opdracht import Samenzaak

READING: dict[str, tuple[str, ...]] = {
    "status": (),
    "token": ("deventer", "zac"),
    "tenant list": (),
    "tenant show": ("deventer",),
    "tenant cors": ("deventer",),
    "tenant profiel": ("deventer",),
    "client list": (),
    "client show": ("deventer", "zac"),
    "client profiel": ("deventer", "zac"),
    "client secret list": ("deventer", "zac"),
    "issuer list": ("deventer",),
    "catalogus export": ("deventer", "DEMO", "{folder}/een.zip"),
    "catalogus compare": ("{folder}/een.zip", "deventer:DEMO"),
    "check relations": ("deventer", "--grace", "0"),
    "check documents": ("deventer",),
    "check catalogi": ("deventer",),
    "notifications list": ("deventer",),
    "notifications show": ("deventer", "1"),
    "notifications stats": ("deventer",),
    "external list": ("deventer",),
    "verzoeken": ("deventer", "--client", "zac"),
    "usage": (),
    "inzage keuze": ("deventer",),
    "logboek show": ("deventer",),
    "apply": ("{folder}/samenzaak.yaml", "--dry-run"),
}
"""Every command that can be asked something without changing anything, with how that is asked."""

CHANGING = {
    *(
        "serve",
        "serve-split",
        "migrate",
        "tenant add",
        "tenant remove",
        "tenant time-zone",
        "client add",
        *("client secret add", "client secret revoke", "client secret replace"),
        "client remove",
    ),
    *("catalogus import", "selectielijst load", "notifications retry", "notifications drop"),
    *("external add", "external remove", "issuer add", "issuer remove", "webhook listen"),
    *("operator add", "operator link", "operator remove"),
    # The report of a data breach is itself recorded.
    *("inzage uitzondering", "inzage activiteit", "inzage datalek", "logboek set", "logboek remove"),
}

WITHOUT_DATABASE = {"keys"}

WITH_A_LOGBOOK = {"logboek persoon"}
"""It reads, and only of a municipality that has a logbook: ``tests/logboek`` asks it."""

ROLES = "SELECT rolname, rolpassword, xmin::text FROM pg_authid ORDER BY 1"
RIGHTS = (
    "SELECT nspname::text, nspacl::text FROM pg_namespace UNION ALL SELECT datname, datacl::text FROM pg_database"
    " UNION ALL SELECT roleid::regrole::text, member::regrole::text FROM pg_auth_members ORDER BY 1, 2"
)
NEXT_TRANSACTION = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text"
"""Only a transaction that writes gets a number."""

CONFIGURATION = """
municipalities:
  raalte: {naam: Gemeente Raalte, rsin: "517439943", clients: {zac: {alleAutorisaties: true}}}
  deventer: {naam: Anders, rsin: "517439943", clients: {nieuw: {alleAutorisaties: true}}}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files of the commands."""
    found = tmp_path_factory.mktemp("files")
    (found / "samenzaak.yaml").write_text(CONFIGURATION)
    return found


@pytest.fixture(scope="module")
def home(samenzaak: Samenzaak, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data folder with a municipality and its catalogue; PostgreSQL runs."""
    home = tmp_path_factory.mktemp("reading")
    dsn = postgres.start(home)
    here = partial(samenzaak, home=home)
    assert here("tenant", "add", "deventer", "--naam", "Deventer", "--rsin", "517439943").returncode == 0
    assert here("client", "add", "deventer", "--client-id", "zac", "--all-rights").returncode == 0
    asyncio.run(_fill(dsn))
    yield home
    postgres.stop(home)


async def _fill(dsn: str) -> None:
    admin = await asyncpg.connect(dsn)
    # Its own housekeeping writes too.
    await admin.execute("ALTER SYSTEM SET autovacuum = off")
    await admin.execute("SELECT pg_reload_conf()")
    await admin.execute(
        "INSERT INTO deventer_catalogi.catalogus (domein, rsin, contactpersoon_beheer_naam,"
        " contactpersoon_beheer_telefoonnummer, contactpersoon_beheer_emailadres, naam)"
        " VALUES ('DEMO', '517439943', 'Beheer', '', '', 'Demo')"
    )
    await admin.close()


async def facts(dsn: str) -> list[Any]:
    """Return everything that must stay as it was."""
    admin = await asyncpg.connect(dsn)
    try:
        return [
            await admin.fetch(ROLES),
            await admin.fetch(RIGHTS),
            await admin.fetchval(NEXT_TRANSACTION),
        ]
    finally:
        await admin.close()


def commands(group: Any, before: str = "") -> set[str]:
    """Return the names of all commands."""
    found = set()
    for name, command in group.commands.items():
        found |= commands(command, f"{before}{name} ") if hasattr(command, "commands") else {f"{before}{name}"}
    return found


def test_every_command_is_known_to_read_or_to_change() -> None:
    assert commands(typer.main.get_command(app)) == set(READING) | CHANGING | WITHOUT_DATABASE | WITH_A_LOGBOOK
    assert not set(READING) & CHANGING


@pytest.mark.parametrize("name", READING)
def test_a_command_that_reads_changes_nothing(
    samenzaak: Callable[..., Any], home: Path, folder: Path, name: str
) -> None:
    dsn = postgres.start(home)
    try:
        before = asyncio.run(facts(dsn))
        done = samenzaak(*name.split(), *(word.format(folder=folder) for word in READING[name]), home=home)
        after = asyncio.run(facts(dsn))
    finally:
        postgres.stop(home)
    if name == "notifications show":
        assert done.stderr == "samenzaak: deventer has no delivery 1\n"
    else:
        assert (done.returncode, done.stderr) == (0, "")
    assert after == before


def test_an_empty_database_is_left_empty(samenzaak: Callable[..., Any], tmp_path: Path) -> None:
    dsn = postgres.start(tmp_path)
    try:
        before = asyncio.run(facts(dsn))
        done = samenzaak("tenant", "list", home=tmp_path)
        assert (done.returncode, done.stdout) == (1, "")
        assert re.fullmatch("samenzaak: the database has nothing of Samenzaak yet; .*\n", done.stderr)
        assert asyncio.run(facts(dsn))[:2] == before[:2]
    finally:
        postgres.stop(tmp_path)
