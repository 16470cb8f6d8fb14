"""Schemas of municipalities in tests: empty, of the first release, and what they hold for comparing them."""

from pathlib import Path

import asyncpg

from runtime.tenancy import login_role, schema_of

FIRST = "0001_first"
"""The migration of the first release."""
EERSTE = Path(__file__).parent / "eerste"
"""The data of a municipality in release 0.1.0: the demo's, and an object of most other kinds."""

HERE = "(SELECT to_regnamespace($1::text))"
OBJECTS = f"""
SELECT 'relation', relname::text, concat_ws(' ', relkind, relacl) FROM pg_class
  WHERE relnamespace = {HERE} AND relkind IN ('r', 'S', 'v', 'm')
UNION ALL
SELECT 'column', concat_ws('.', c.relname, attname), concat_ws(' ', format_type(atttypid, atttypmod), attnotnull,
    attidentity, attgenerated, pg_get_expr(d.adbin, d.adrelid), collname)
  FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid LEFT JOIN pg_collation l ON l.oid = attcollation
  LEFT JOIN pg_attrdef d ON (d.adrelid, d.adnum) = (c.oid, attnum)
  WHERE c.relnamespace = {HERE} AND c.relkind = 'r' AND attnum > 0 AND NOT attisdropped
UNION ALL
SELECT 'constraint', concat_ws(' ', conrelid::regclass, conname), pg_get_constraintdef(oid)
  FROM pg_constraint WHERE connamespace = {HERE}
UNION ALL
SELECT 'index', indexname::text, indexdef FROM pg_indexes WHERE schemaname = $1
UNION ALL
SELECT 'sequence', sequencename::text, concat_ws(' ', data_type, start_value, increment_by, cycle, cache_size)
  FROM pg_sequences WHERE schemaname = $1
UNION ALL
SELECT 'trigger', concat_ws(' ', tgrelid::regclass, tgname), pg_get_triggerdef(t.oid)
  FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid WHERE NOT tgisinternal AND c.relnamespace = {HERE}
UNION ALL
SELECT 'function', proname::text, pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = {HERE}
"""


async def objects(admin: asyncpg.Connection, schema: str) -> dict[tuple[str, str], str]:
    """Return everything that a schema holds, without its own name."""
    rows = [row.values() for row in await admin.fetch(OBJECTS, schema)]
    return {(kind, name.replace(schema, "…")): facts.replace(schema, "…") for kind, name, facts in rows}


async def make_empty(admin: asyncpg.Connection, tenant: str, service: str) -> str:
    """Make the role and the schema of a municipality, without tables, and return its name."""
    schema = schema_of(tenant, service)
    await admin.execute(
        f"""CREATE ROLE {schema} NOLOGIN; CREATE SCHEMA {schema}; GRANT USAGE ON SCHEMA {schema} TO {schema};
        ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {schema};
        ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT USAGE, SELECT ON SEQUENCES TO {schema};
        GRANT {schema} TO {login_role(service)}"""
    )
    return schema
