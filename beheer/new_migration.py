"""Writes a migration from the difference between the migrations and the tables: ``make migration``.

    python -m beheer.new_migration zaken "A keyword of a zaak"

An embedded PostgreSQL in a temporary folder gets the schema that the migrations make, and Alembic compares it with the
tables of the service. Functions and triggers are compared as text. A difference that does not only expand is refused,
because the version before runs beside the new one during a rollout (docs/operators.md, expand and contract).
"""

import asyncio
import re
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

import asyncpg
from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext
from alembic.operations import ops
from sqlalchemy import Connection, TextClause, text

from beheer import postgres
from beheer.migrate import connected, head, scripts, upgrade
from beheer.provision import api_of, ddl
from runtime.tenancy import SERVICES, schema_of
from zgw.reading_log.table import TABLE

FILE = '''\
"""{what}."""

import sqlalchemy as sa
from alembic.operations import Operations
from sqlalchemy.dialects import postgresql

revision = "{revision}"
down_revision = "{before}"


def upgrade(op: Operations) -> None:
    """{what}."""
{body}
'''
EXPANDING = (
    ops.CreateTableOp,
    ops.AddColumnOp,
    ops.CreateIndexOp,
    ops.CreateForeignKeyOp,
    ops.CreateUniqueConstraintOp,
)
MOST = 32
"""Characters of the name of a revision."""
MIGRATED, DECLARED = "migrated", "declared"
FUNCTIONS = r"""
SELECT 'function', proname::text, regexp_replace(pg_get_functiondef(p.oid), n.nspname || '\.?', '', 'g')
  FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace WHERE nspname = :schema
UNION ALL
SELECT 'trigger', tgname::text, regexp_replace(pg_get_triggerdef(t.oid), n.nspname || '\.?', '', 'g')
  FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE NOT tgisinternal AND nspname = :schema
"""


class NotExpanding(Exception):
    """The difference would take something away that the version before still uses."""


def new_migration(service: str, what: str) -> Path | None:
    """Write the next migration of ``service`` (a name of ``SERVICES``) and return its file; None without a difference.

    ``what`` becomes its docstring. Raises NotExpanding for a change that removes, renames or narrows something, and for
    a column without a default that may not be empty.
    """
    with tempfile.TemporaryDirectory() as folder:
        dsn = postgres.start(Path(folder))
        try:
            asyncio.run(_make_schemas(dsn, service))
            upgrade(dsn, MIGRATED, service)
            with connected(dsn) as connection:
                # First without defaults: those of columns whose types differ cannot be compared.
                check_expanding(_difference(connection, service, defaults=False)[0])
                operations, body = _difference(connection, service)
                before, statements = _functions(connection, service)
        finally:
            postgres.stop(Path(folder))
    check_expanding(operations)
    code = "\n".join(line for line in body.splitlines() if not line.lstrip().startswith("#"))
    parts = [_execute(statement) for statement in before]
    parts += [textwrap.indent(textwrap.dedent(code), "    ")] if operations else []
    parts += [_execute(statement) for statement in statements]
    return _write(service, what, "\n".join(parts)) if parts else None


def _execute(statement: str) -> str:
    return f'    op.execute(r"""{statement}""")'.replace(":", r"\:")


def _write(service: str, what: str, body: str) -> Path:
    before = head(service)
    revision = named(int(before.partition("_")[0]) + 1, what)
    content = FILE.format(what=what.rstrip("."), revision=revision, before=before, body=body)
    if "sa." not in body:
        content = content.replace("import sqlalchemy as sa\n", "")
    if "postgresql." not in body:
        content = content.replace("from sqlalchemy.dialects import postgresql\n", "")
    file = Path(scripts(service).versions) / f"{revision}.py"
    file.write_text(content)
    # ruff belongs to the tools of a developer, as this module does.
    subprocess.run([sys.executable, "-m", "ruff", "format", "--quiet", str(file)], check=True)
    return file


def named(number: int, what: str) -> str:
    """Return the name of a revision, its number and as many words as Alembic has room for: ``named(2, "A keyword of a
    zaak, for searching") == "0002_a_keyword_of_a_zaak_for"``."""
    name = "_".join((f"{number:04d}", *(re.findall(r"[a-z0-9]+", what.lower()) or ["change"])))
    if len(name) <= MOST:
        return name
    # Up to the last whole word, if there is one.
    cut = name[: MOST + 1].rpartition("_")[0]
    return cut if "_" in cut else name[:MOST]


async def _make_schemas(dsn: str, service: str) -> None:
    """Make an empty schema for the migrations, and one with everything that is declared."""
    connection = await asyncpg.connect(dsn)
    await connection.execute(f'CREATE SCHEMA "{schema_of(MIGRATED, service)}"')
    declared = schema_of(DECLARED, service)
    await connection.execute(f'CREATE SCHEMA "{declared}"; SET search_path TO "{declared}"')
    await connection.execute(ddl(api_of(service).metadata))
    await connection.close()


def _difference(
    connection: Connection, service: str, *, defaults: bool = True
) -> tuple[list[ops.MigrateOperation], str]:
    """Return the operations that make the migrated schema the declared one, and their text."""
    connection.execute(text(f'SET search_path TO "{schema_of(MIGRATED, service)}"'))
    # Alembic takes the first schema of the search path for the default one, whose name it then leaves out.
    connection.dialect.default_schema_name = schema_of(MIGRATED, service)
    options = {
        "compare_type": True,
        "compare_server_default": defaults,
        "alembic_module_prefix": "op.",
        "sqlalchemy_module_prefix": "sa.",
        # The reading log is made by SQL alone, with its partitions.
        "include_object": lambda item, name, kind, reflected, other: not str(name).startswith(("alembic_", TABLE)),
    }
    context = MigrationContext.configure(connection, opts=options)
    upgrade_ops = produce_migrations(context, api_of(service).metadata).upgrade_ops
    assert upgrade_ops is not None
    return list(upgrade_ops.ops), render_python_code(
        upgrade_ops, migration_context=context, render_item=_render_default
    )


def _render_default(kind: str, item: Any, _: Any) -> str | Literal[False]:
    """Write SQL of a default as it is; Alembic doubles its percent signs and does not escape its colons."""
    clause = getattr(item, "arg", item)
    if kind != "server_default" or not isinstance(clause, TextClause):
        return False
    return f"sa.text({clause.text!r})"


def flat(operations: Iterable[ops.MigrateOperation]) -> Iterator[ops.MigrateOperation]:
    """Yield the operations one by one; Alembic puts those of one table together."""
    for operation in operations:
        if isinstance(operation, ops.ModifyTableOps):
            yield from flat(operation.ops)
        else:
            yield operation


def check_expanding(operations: Iterable[ops.MigrateOperation]) -> None:
    """Raise NotExpanding for an operation after which the version before no longer works."""
    for operation in flat(operations):
        if isinstance(operation, ops.AlterColumnOp) and _widens(operation):
            continue
        if not isinstance(operation, EXPANDING):
            raise NotExpanding(f"{operation.to_diff_tuple()} does not only expand")
        if isinstance(operation, ops.AddColumnOp):
            column = operation.column
            if not column.nullable and column.server_default is None:
                raise NotExpanding(f"{operation.table_name}.{column.name} needs a default, or has to allow NULL")


def _widens(operation: ops.AlterColumnOp) -> bool:
    """Return whether a change of a column only gives it a default, or lets it be NULL."""
    narrower = (operation.modify_type, operation.modify_name) != (None, None) or operation.modify_nullable is False
    return not narrower and operation.modify_server_default is not None


def _functions(connection: Connection, service: str) -> tuple[list[str], list[str]]:
    """Return the declared statements of the functions and triggers that the migrated schema lacks or has otherwise:
    those that tables and indexes need, and those that need the tables."""
    found = [
        {(kind, name): body for kind, name, body in connection.execute(text(FUNCTIONS), {"schema": schema})}
        for schema in (schema_of(MIGRATED, service), schema_of(DECLARED, service))
    ]
    migrated, declared = found
    if gone := sorted(name for key, name in migrated.keys() - declared.keys()):
        raise NotExpanding(f"{', '.join(gone)} would disappear")
    changed = {name for (_, name), body in declared.items() if migrated.get((_, name)) != body}
    metadata = api_of(service).metadata
    after = [part for table in metadata.sorted_tables for part in table.info.get("ddl", [])]
    needed, others = (
        [
            re.sub(r"CREATE (FUNCTION|TRIGGER)", r"CREATE OR REPLACE \1", statement)
            for statement in statements
            if any(re.search(rf"\b{re.escape(name)}\b", statement) for name in changed)
        ]
        for statements in (metadata.info.get("ddl", []), after)
    )
    return needed, others


def main() -> None:
    """Run from the command line: the service, and what the migration does."""
    if len(sys.argv) != 3 or sys.argv[1] not in SERVICES or not sys.argv[2].strip():
        sys.exit(f'usage: make migration SERVICE={"|".join(SERVICES)} WHAT="A keyword of a zaak"')
    try:
        file = new_migration(sys.argv[1], sys.argv[2])
    except NotExpanding as e:
        sys.exit(f"no migration was written: {e}")
    sys.stdout.write(f"{file}\n" if file else "The migrations make exactly these tables: nothing to do.\n")


if __name__ == "__main__":
    main()
