"""The login that the operator's commands need: the owner of the database, who may make roles and is no superuser."""

import os
import subprocess
import sys
from pathlib import Path

import asyncpg

from beheer import postgres
from beheer.migrate import head

FILE = """\
municipalities:
  raalte:
    naam: Gemeente Raalte
    rsin: "159351741"
    clients:
      zaaksysteem: {secretEnv: RAALTE_SECRET, alleAutorisaties: true}
"""


async def test_an_owner_who_is_no_superuser_can_do_everything(tmp_path: Path) -> None:
    home = tmp_path / "cluster"
    superuser = postgres.start(home)
    try:
        admin = await asyncpg.connect(superuser)
        await admin.execute("CREATE ROLE eigenaar LOGIN CREATEROLE NOSUPERUSER")
        await admin.execute("CREATE DATABASE samenzaak OWNER eigenaar")
        await admin.close()
        dsn = superuser.replace("postgres@/postgres?", "eigenaar@/samenzaak?")
        (tmp_path / "samenzaak.yaml").write_text(FILE)
        clean = {name: value for name, value in os.environ.items() if not name.startswith("SAMENZAAK_")}
        environment = {
            **clean,
            "SAMENZAAK_HOME": str(tmp_path / "home"),
            "SAMENZAAK_DATABASE_URL": dsn,
            "SAMENZAAK_SECRET_KEY": "geheim" * 8,
            "RAALTE_SECRET": "geheim" * 8,
        }

        def samenzaak(*arguments: str) -> str:
            command = [sys.executable, "-m", "beheer.cli", *arguments]
            done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
            assert done.returncode == 0, done.stderr
            return done.stdout

        samenzaak("migrate")
        samenzaak("tenant", "add", "deventer", "--naam", "Gemeente Deventer", "--rsin", "517439943")
        applying = "+ raalte: rights of zaaksysteem"
        assert applying in samenzaak("apply", str(tmp_path / "samenzaak.yaml"))
        assert samenzaak("apply", str(tmp_path / "samenzaak.yaml")) == "Everything is as the file says.\n"
        newest = head("zaken")
        assert f"deventer zaken: {newest} -> {newest}" in samenzaak("migrate")
        assert "up to date" in samenzaak("status")
        assert samenzaak("token", "raalte", "zaaksysteem").count(".") == 2

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
