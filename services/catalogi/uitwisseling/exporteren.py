"""Exporting a catalogue: all its types, concepts and old versions included, as Open Zaak's import reads them."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from runtime.pool import Database
from runtime.problems import not_found
from runtime.statements import Executor, Row
from services.catalogi.catalogus import CATALOGUS_TABLE
from services.catalogi.geldigheid import IDENTITY, METADATA
from services.catalogi.uitwisseling.bestand import FILES, Rows, schrijf
from services.catalogi.uitwisseling.vorm import BY_NAME, MAIN, RESOURCES, snake
from zgw.render import render
from zgw.select import full_reading


async def exporteer(
    database: Database, tenant: str, domein: str, rsin: str = "", base: str = "http://localhost"
) -> bytes:
    """Return the ZIP of the catalogue with this domein (and rsin, when several owners use the domein); raise Problem
    404.

    ``base`` is the base URL of the municipality, with which the URLs of the file begin.
    """
    t = CATALOGUS_TABLE
    async with database.acquire(tenant) as db:
        found = await db.rows(select(t.c.uuid).where(t.c.domein == domein, *([t.c.rsin == rsin] if rsin else [])))
        if len(found) != 1:
            raise not_found(
                "Deze catalogus bestaat niet." if not found else "Er zijn meer catalogi met dit domein; geef het rsin."
            )
        return schrijf(await rows_of(db, found[0]["uuid"], base))


async def rows_of(db: Executor, catalogus: Any, base: str) -> dict[str, Rows]:
    """Return all rows of a catalogue, by file."""
    urls = await _versions(db, catalogus, base)
    rows: dict[str, Rows] = {}
    for file in FILES:
        resource = RESOURCES[file]
        table = resource.table
        if file == "Catalogus":
            owner = table.c.uuid == catalogus
        elif file in MAIN:
            owner = table.c.catalogus == catalogus
        else:
            owner = METADATA.tables["zaaktype"].c.catalogus == catalogus
        stored = await db.rows(full_reading(resource).where(owner).order_by(table.c.id))
        rows[file] = [_row(file, snake(render(resource, "catalogi", [row], base)[0]), row, urls) for row in stored]
    return rows


def _row(file: str, row: dict[str, Any], stored: Row, urls: Mapping[tuple[str, str], str]) -> dict[str, Any]:
    """Return a row as Open Zaak writes it; what that format cannot say, a name without a version, stays beside it."""
    if file == "ZaakType":
        row["gerelateerde_zaaktypen"] = [
            {
                **snake(item),
                "zaaktype": urls.get(("zaaktype", item["zaaktype"]), item["zaaktype"]),
                "zaaktype_identificatie": item["zaaktype"],
            }
            for item in stored["gerelateerd"]
        ]
    for field, (kind, beside) in BY_NAME.get(file, {}).items():
        row[field] = [urls[kind, name] for name in row[beside] if (kind, name) in urls]
    if file == "BesluitType":
        row["zaaktypen"] = []
    if file == "ZaakTypeInformatieObjectType":
        name = row["informatieobjecttype"]
        row["informatieobjecttype"] = urls.get(("informatieobjecttype", name), name)
    return row


async def _versions(db: Executor, catalogus: Any, base: str) -> dict[tuple[str, str], str]:
    """Return for each name the URL of its last version, published or not: the format refers by URL only."""
    found: dict[tuple[str, str], str] = {}
    for file, kind in MAIN.items():
        table, identity = RESOURCES[file].table, RESOURCES[file].table.c[IDENTITY[kind]]
        statement = select(table.c.uuid, identity.label("name")).where(table.c.catalogus == catalogus)
        # A later row replaces an earlier one, so the last published version counts, else the last concept.
        for row in await db.rows(statement.order_by(table.c.concept.desc(), table.c.begin_geldigheid, table.c.id)):
            found[kind, row["name"]] = f"{base}/catalogi/api/v1/{RESOURCES[file].path}/{row['uuid']}"
    return found
