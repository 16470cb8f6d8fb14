"""Migrations after the first only expand: during a rollout the version before works on the same schema
(docs/operators.md, expand and contract)."""

import hashlib
import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations

from beheer.migrate import GATEWAY, scripts
from runtime.tenancy import SERVICES

CONTRACTING: dict[tuple[str, str], str] = {}
"""The revisions that take something away, as (service, revision), with the release since which no program uses it."""

RELEASED = {
    "autorisaties": "63d2a7fe228dc41d",
    "besluiten": "e4052990017ec802",
    "catalogi": "a793fd635019244c",
    "documenten": "954e73344c0f506d",
    "gateway": "eaef9f239b499811",
    "notificaties": "74bb7e91a76f857e",
    "zaken": "cbebcd1e3d416199",
}
"""The beginning of the SHA-256 of the statements of the first release."""

NARROWS = {
    r"DROP (TABLE|SEQUENCE|FUNCTION|TRIGGER|TYPE|VIEW|SCHEMA)\b": "takes something away",
    r"ALTER TABLE .*\bDROP (COLUMN|CONSTRAINT)\b": "takes something away",
    r"ALTER TABLE .*\bDROP (?!NOT NULL|DEFAULT|COLUMN|CONSTRAINT)": "takes something away",
    r"ALTER .*\bRENAME\b": "renames",
    r"ALTER TABLE .*\bALTER .*\bTYPE\b": "changes a type",
    r"ALTER TABLE .*\bSET NOT NULL\b": "asks for a value that the version before may leave out",
    r"ALTER TABLE .*\bDROP DEFAULT\b": "asks for a value that the version before may leave out",
    r"ALTER TABLE .*\bADD (?!CONSTRAINT|FOREIGN|UNIQUE|CHECK)(?!.*\bDEFAULT\b).*\bNOT NULL\b": "adds a column that the"
    " version before leaves empty: give it a default",
    r"(TRUNCATE|DELETE FROM)\b": "removes rows",
}


def statements(service: str, before: str, after: str) -> Iterator[str]:
    """Yield the statements of the migration between two revisions, each on one line, without bodies of functions."""
    output = StringIO()
    steps = scripts(service)
    options = {"as_sql": True, "output_buffer": output, "fn": lambda *_: steps._upgrade_revs(after, before)}
    context = MigrationContext.configure(dialect_name="postgresql", opts={**options, "starting_rev": before})
    context.run_migrations(op=Operations(context))
    text = re.sub(r"\$\$.*?\$\$|--[^\n]*", "", output.getvalue(), flags=re.DOTALL)
    yield from (" ".join(part.split()) for part in text.split(";"))


def narrowing(statement: str) -> str:
    """Return what a statement does to the version before, or an empty string."""
    return next((why for pattern, why in NARROWS.items() if re.match(pattern, statement, re.IGNORECASE)), "")


def later(service: str) -> list[tuple[str, str, str]]:
    """Return (service, revision before, revision) of every migration after the first."""
    found = [(str(s.down_revision), s.revision) for s in scripts(service).walk_revisions() if s.down_revision]
    return [(service, before, after) for before, after in found if (service, after) not in CONTRACTING]


@pytest.mark.parametrize("service", [*SERVICES, GATEWAY])
def test_every_migration_after_the_first_only_expands(service: str) -> None:
    """What takes something away waits for a release in which no version uses it, and is a row of CONTRACTING then."""
    found = [
        f"{after}: {statement}: {why}"
        for _, before, after in later(service)
        for statement in statements(service, before, after)
        if (why := narrowing(statement)) and "alembic_version" not in statement
    ]
    assert found == []


@pytest.mark.parametrize("service", [*SERVICES, GATEWAY])
def test_what_was_released_never_changes(service: str) -> None:
    """Installations have run it: a change is a new file, which `make migration` writes."""
    first = Path(scripts(service).versions) / "0001_first.sql"
    assert hashlib.sha256(first.read_bytes()).hexdigest().startswith(RELEASED[service])


@pytest.mark.parametrize("service", [*SERVICES, GATEWAY])
def test_there_is_one_line_of_revisions_from_the_first_release(service: str) -> None:
    revisions = [script.revision for script in scripts(service).walk_revisions()]
    assert revisions[-1] == "0001_first"
    assert [revision[:4] for revision in reversed(revisions)] == [f"{n:04d}" for n in range(1, len(revisions) + 1)]


@pytest.mark.parametrize(
    ("statement", "expands"),
    [
        ("ALTER TABLE zaak ADD COLUMN trefwoord TEXT DEFAULT '' NOT NULL", True),
        ("ALTER TABLE zaak ADD COLUMN trefwoord TEXT", True),
        ("ALTER TABLE zaak ADD COLUMN trefwoord TEXT NOT NULL", False),
        ("ALTER TABLE zaak ADD CONSTRAINT uniek UNIQUE (trefwoord)", True),
        ("ALTER TABLE zaak ADD CONSTRAINT vol CHECK (trefwoord IS NOT NULL)", True),
        ("ALTER TABLE zaak ALTER COLUMN trefwoord DROP NOT NULL", True),
        ("ALTER TABLE zaak ALTER COLUMN trefwoord SET DEFAULT ''", True),
        ("ALTER TABLE zaak ALTER COLUMN trefwoord DROP DEFAULT", False),
        ("ALTER TABLE zaak ALTER COLUMN trefwoord SET NOT NULL", False),
        ("ALTER TABLE zaak ALTER COLUMN trefwoord TYPE JSONB", False),
        ("ALTER TABLE zaak DROP COLUMN trefwoord", False),
        ("ALTER TABLE zaak DROP trefwoord", False),
        ("ALTER TABLE zaak RENAME COLUMN trefwoord TO woord", False),
        ("ALTER INDEX zaak_trefwoord RENAME TO zaak_woord", False),
        ("CREATE INDEX zaak_trefwoord ON zaak (trefwoord)", True),
        ("DROP INDEX zaak_trefwoord", True),
        ("DROP TABLE zaak", False),
        ("DELETE FROM zaak", False),
        ("CREATE TABLE extra (id BIGINT NOT NULL)", True),
    ],
)
def test_what_narrows(statement: str, expands: bool) -> None:
    assert (narrowing(statement) == "") == expands
