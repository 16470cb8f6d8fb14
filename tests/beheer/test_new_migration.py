"""``make migration`` writes what is missing between the migrations and the tables, and refuses what does not expand."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import BigInteger, Column, Index, MetaData, Table, Text, text

import services
from beheer import migrate, new_migration
from beheer.provision import api_of

SERVICE = "besluiten"


class Declared:
    """A copy of the tables and migrations of a service, for a test to change."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.metadata = MetaData()
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
def declared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Declared:
    """The tables of besluiten, as they are."""
    return Declared(tmp_path, monkeypatch)


def test_without_a_difference_there_is_nothing_to_write(declared: Declared) -> None:
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
    assert "op.add_column(" in written
    assert new_migration.new_migration(SERVICE, "Again") is None


def test_a_column_that_goes_or_changes_its_type_is_refused(declared: Declared) -> None:
    declared.besluit._columns.remove(declared.besluit.c.toelichting)
    with pytest.raises(new_migration.NotExpanding, match="toelichting"):
        new_migration.new_migration(SERVICE, "Less")
    declared.besluit.append_column(Column("toelichting", BigInteger, nullable=False, server_default=text("0")))
    with pytest.raises(new_migration.NotExpanding, match="toelichting"):
        new_migration.new_migration(SERVICE, "Otherwise")


def test_a_column_that_the_version_before_would_leave_empty_is_refused(declared: Declared) -> None:
    declared.besluit.append_column(Column("trefwoord", Text, nullable=False))
    with pytest.raises(new_migration.NotExpanding, match="trefwoord needs a default"):
        new_migration.new_migration(SERVICE, "Required")
