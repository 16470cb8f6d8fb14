"""``make migration`` writes what is missing between the migrations and the tables, and refuses what does not expand."""

import asyncio
import itertools
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import asyncpg
import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import BigInteger, Column, Index, MetaData, Table, Text, text

import services
from beheer import migrate, new_migration, postgres
from beheer.provision import api_of
from runtime.revisions import is_before_releases
from runtime.tenancy import schema_of
from zgw.columns import column_of
from zgw.fields import Fields, describe
from zgw.types import Ref

SERVICE = "besluiten"


class Samen(Fields):
    """A group."""

    naam: str = "x"


class EveryKind(Fields):
    """A field of each kind, as one line each would add to a resource."""

    trefwoord: str = ""
    lastig: str = "50% van 'a':b"
    soort: Literal["intern", "extern"] = "intern"
    openbaar: bool = True
    aantal: int = 3
    toelichting_datum: date | None = None
    namen: list[str] = []
    lastige_namen: list[str] = ["a:b", "50%", "'"]
    samen: Samen = Samen()
    geen_groep: Samen | None = None
    vorig_besluit: Annotated[str, Ref("besluiten", "besluiten", table="besluit")] | None = None
    elders: Annotated[str, Ref("catalogi", "zaaktypen", blank=True)] = ""


class Databases:
    """Stands in for a PostgreSQL of its own, which takes seconds: each start gives a database in one that runs."""

    def __init__(self, dsn: str) -> None:
        self._dsn, self._numbers = dsn, itertools.count()

    def start(self, folder: Path) -> str:
        """Return a database with nothing in it."""
        name = f"d{next(self._numbers)}"
        asyncio.run(self._make(name))
        return self._dsn.replace("/postgres?", f"/{name}?")

    async def _make(self, name: str) -> None:
        admin = await asyncpg.connect(self._dsn)
        await admin.execute(f"CREATE DATABASE {name}")
        await admin.close()

    def stop(self, folder: Path) -> None:
        """Leave it to the end of all."""


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """Databases of one PostgreSQL."""
    home = tmp_path_factory.mktemp("migrations")
    yield Databases(postgres.start(home))
    postgres.stop(home)


class Declared:
    """A copy of the tables and migrations of a service, for a test to change."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, databases: Databases) -> None:
        monkeypatch.setattr(new_migration, "postgres", databases)
        self.metadata = MetaData(info=dict(api_of(SERVICE).metadata.info))
        for table in api_of(SERVICE).metadata.sorted_tables:
            table.to_metadata(self.metadata).info.update(table.info)
        versions = folder / "versions"
        shutil.copytree(Path(services.__path__[0]) / SERVICE / "migrations" / "versions", versions)
        changed = replace(api_of(SERVICE), metadata=self.metadata)
        for module in (migrate, new_migration):
            monkeypatch.setattr(
                module, "scripts", lambda _: ScriptDirectory(str(folder), version_locations=[str(versions)])
            )
        monkeypatch.setattr(new_migration, "api_of", lambda _: changed)

    @property
    def besluit(self) -> Table:
        """The table of besluiten."""
        return self.metadata.tables["besluit"]


@pytest.fixture
def declared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, databases: Databases) -> Declared:
    """The tables of besluiten, as they are."""
    return Declared(tmp_path, monkeypatch, databases)


@pytest.mark.parametrize(
    ("number", "what", "name"),
    [
        (2, "A keyword of a zaak, for searching", "0002_a_keyword_of_a_zaak_for"),
        (12, "Één index", "0012_n_index"),
        (3, "…", "0003_change"),
        (4, "Archiefactiedatumberekeningswijze twee", "0004_archiefactiedatumberekeningsw"[:32]),
    ],
)
def test_the_name_of_a_revision(number: int, what: str, name: str) -> None:
    """It has a word behind the number, as those of before release 0.1.0 have not."""
    assert new_migration.named(number, what) == name
    assert not is_before_releases(name)


def test_without_a_difference_there_is_nothing_to_write() -> None:
    """With a PostgreSQL of its own, as the command has it."""
    assert new_migration.new_migration(SERVICE, "Nothing") is None


def test_a_column_an_index_and_a_trigger_come_and_then_nothing_is_missing(declared: Declared) -> None:
    declared.besluit.append_column(Column("trefwoord", Text, nullable=False, server_default=text("''")))
    declared.besluit.append_column(Column("telefoon", Text))
    Index("besluit_trefwoord", declared.besluit.c.trefwoord)
    declared.besluit.info["ddl"] = [
        "CREATE FUNCTION niets() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$ BEGIN"
        " PERFORM ':x'; RETURN NULL; END $$;"
        "CREATE TRIGGER besluit_niets AFTER INSERT ON besluit FOR EACH ROW EXECUTE FUNCTION niets()"
    ]
    file = new_migration.new_migration(SERVICE, "A keyword of a besluit.")
    assert file is not None
    written = file.read_text()
    assert written.startswith('"""A keyword of a besluit."""\n')
    assert f'down_revision = "{migrate.revisions(SERVICE)[1]}"' in written
    assert file.name == f"{migrate.head(SERVICE)}.py"
    assert file.name.endswith("_a_keyword_of_a_besluit.py")
    assert "op.add_column(" in written
    assert new_migration.new_migration(SERVICE, "Again") is None


def test_a_column_that_goes_or_changes_its_type_is_refused(declared: Declared) -> None:
    declared.besluit._columns.remove(declared.besluit.c.toelichting)
    with pytest.raises(new_migration.NotExpanding, match="toelichting"):
        new_migration.new_migration(SERVICE, "Less")
    declared.besluit.append_column(Column("toelichting", BigInteger, nullable=False, server_default=text("0")))
    with pytest.raises(new_migration.NotExpanding, match=r"modify_type.*toelichting"):
        new_migration.new_migration(SERVICE, "Otherwise")


def test_a_column_that_the_version_before_would_leave_empty_is_refused(declared: Declared) -> None:
    declared.besluit.append_column(Column("trefwoord", Text, nullable=False))
    with pytest.raises(new_migration.NotExpanding, match="trefwoord needs a default"):
        new_migration.new_migration(SERVICE, "Required")


@pytest.mark.parametrize("field", describe(EveryKind), ids=lambda field: field.attribute)
def test_the_default_of_a_field_is_that_of_its_column(field: Any) -> None:
    """Else a row of the version before, which does not know the column, is refused during a rollout."""
    column = column_of(field)
    assert column.nullable or column.server_default is not None


def test_a_date_as_default_is_none_of_the_column() -> None:
    class Dated(Fields):
        vandaag: date = date(2026, 1, 1)

    assert column_of(describe(Dated)[0]).server_default is None


def test_a_field_of_each_kind_is_one_generated_migration(declared: Declared, databases: Databases) -> None:
    for field in describe(EveryKind):
        declared.besluit.append_column(column_of(field))
    file = new_migration.new_migration(SERVICE, "A field of each kind")
    assert file is not None
    assert file.read_text().count("op.add_column(") == len(describe(EveryKind))
    assert new_migration.new_migration(SERVICE, "Again") is None
    found = asyncio.run(_row_of_the_version_before(databases.start(Path())))
    assert {name: found[name] for name in EveryKind.model_fields} == {
        "trefwoord": "",
        "lastig": "50% van 'a':b",
        "soort": "intern",
        "openbaar": True,
        "aantal": 3,
        "toelichting_datum": None,
        "namen": "[]",
        "lastige_namen": """["a:b", "50%", "'"]""",
        "samen": '{"naam": "x"}',
        "geen_groep": None,
        "vorig_besluit": None,
        "elders": "",
    }


async def _row_of_the_version_before(dsn: str) -> asyncpg.Record:
    """Migrate up to the newest revision and insert a row as the version before does; return it."""
    admin = await asyncpg.connect(dsn)
    schema = schema_of("proef", SERVICE)
    await admin.execute(f"CREATE SCHEMA {schema}; SET search_path TO {schema}")
    done = await asyncio.to_thread(migrate.upgrade, dsn, "proef", SERVICE)
    assert done.after == migrate.head(SERVICE)
    known = [
        column.name
        for column in api_of(SERVICE).metadata.tables["besluit"].c
        if not column.nullable and column.server_default is None and column.identity is None
    ]
    values = ", ".join("current_date" if name in ("datum", "ingangsdatum") else "'x'" for name in known)
    row = await admin.fetchrow(f"INSERT INTO besluit ({', '.join(known)}) VALUES ({values}) RETURNING *")
    assert row is not None
    await admin.close()
    return row
