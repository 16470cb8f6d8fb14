"""What is kept of zaken so that lists find them, for tests that compare it with what is there."""

import asyncpg

TYPEN = """
SELECT z.id, (SELECT statustype FROM status WHERE zaak = z.uuid ORDER BY datum_status_gezet DESC LIMIT 1) AS status,
    (SELECT resultaattype FROM resultaat WHERE zaak = z.uuid) AS resultaat FROM zaak z
"""
DIFFERENT = {
    "zaak_typen": "SELECT zaak_id AS id, statustype, resultaattype FROM zaak_typen FULL JOIN"
    f" ({TYPEN}) t ON id = zaak_id WHERE (statustype, resultaattype) IS DISTINCT FROM (status, resultaat)",
    "zaak_bron": "SELECT zaak_id AS id, k.bron, found.bron AS there FROM zaak_bron k FULL JOIN"
    " (SELECT DISTINCT id, item ->> 'bron' AS bron FROM zaak, jsonb_array_elements(kenmerken) item) found"
    " ON (id, found.bron) = (zaak_id, k.bron) WHERE id IS NULL OR zaak_id IS NULL",
}


async def check_kept(admin: asyncpg.Connection, schema: str) -> None:
    """Fail when what is kept in a schema differs from what is there."""
    await admin.execute(f"SET search_path TO {schema}")
    assert {table: await admin.fetch(sql) for table, sql in DIFFERENT.items()} == {table: [] for table in DIFFERENT}
    await admin.execute("RESET search_path")
