"""The login that the operator's commands need: the owner of the database, who may make roles and is no superuser."""

from pathlib import Path

import asyncpg

from beheer import postgres
from beheer.migrate import head
from tests.opdracht import Samenzaak

FILE = """\
municipalities:
  raalte:
    naam: Gemeente Raalte
    rsin: "159351741"
    clients:
      zaaksysteem: {secretEnv: RAALTE_SECRET, alleAutorisaties: true}
"""


async def test_an_owner_who_is_no_superuser_can_do_everything(samenzaak: Samenzaak, tmp_path: Path) -> None:
    home = tmp_path / "cluster"
    superuser = postgres.start(home)
    try:
        admin = await asyncpg.connect(superuser)
        await admin.execute("CREATE ROLE eigenaar LOGIN CREATEROLE NOSUPERUSER")
        await admin.execute("CREATE DATABASE samenzaak OWNER eigenaar")
        await admin.close()
        dsn = superuser.replace("postgres@/postgres?", "eigenaar@/samenzaak?")
        (tmp_path / "samenzaak.yaml").write_text(FILE)
        settings = {"home": tmp_path / "home", "database_url": dsn, "secret_key": "geheim" * 8}

        def done(*arguments: str) -> str:
            found = samenzaak(*arguments, variables={"RAALTE_SECRET": "geheim" * 8}, **settings)
            assert found.returncode == 0, found.stderr
            text: str = found.stdout
            return text

        done("migrate")
        done("tenant", "add", "deventer", "--naam", "Gemeente Deventer", "--rsin", "517439943")
        applying = "+ raalte: rights of zaaksysteem"
        assert applying in done("apply", str(tmp_path / "samenzaak.yaml"))
        assert done("apply", str(tmp_path / "samenzaak.yaml")) == "Everything is as the file says.\n"
        newest = head("zaken")
        assert f"deventer zaken: {newest} -> {newest}" in done("migrate")
        assert "up to date" in done("status")
        assert done("notifications", "list", "raalte") == done("external", "list", "raalte") == ""
        assert done("token", "raalte", "zaaksysteem").count(".") == 2

        owner = await asyncpg.connect(dsn)
        try:
            roles = await owner.fetch(
                "SELECT rolname FROM pg_roles WHERE rolname LIKE '%zaken' AND NOT rolsuper ORDER BY 1"
            )
            assert [row["rolname"] for row in roles] == ["deventer_zaken", "raalte_zaken", "samenzaak_zaken"]
        finally:
            await owner.close()
    finally:
        postgres.stop(home)
