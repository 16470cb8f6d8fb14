"""What a type lacks to be published, for clients that want it to be complete (``strengPubliceren``)."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Table, func, select

from runtime.problems import OBJECT, InvalidParam
from runtime.statements import Executor, among
from services.catalogi.geldigheid import IDENTITY, versions

CODE = "concept-relation"
RELATED = {
    "besluittype_omschrijving": "besluittype",
    "informatieobjecttype_omschrijving": "informatieobjecttype",
    "informatieobjecttype_omschrijvingen": "informatieobjecttype",
}
"""The columns with the names of types that have to be published, and what these are."""


async def lacking(db: Executor, table: Table, row: Mapping[str, Any]) -> list[InvalidParam]:
    """Return why a type is not complete: ``row``, of the table of a main type. All reasons, each with the same code."""
    found: list[InvalidParam] = []
    for column, kind in RELATED.items():
        if column in table.c and (names := await _unpublished(db, kind, row["catalogus"], row[column])):
            found.append(InvalidParam(OBJECT, CODE, f"Publiceer eerst {kind} {', '.join(names)}."))
    if table.name != "zaaktype":
        return found
    results = table.metadata.tables["resultaattype"]
    without_class = (results.c.zaaktype == row["uuid"], results.c.selectielijstklasse == "")
    if await db.value(select(func.count()).select_from(results).where(*without_class)):
        found.append(InvalidParam("resultaattypen", CODE, "Een resultaattype heeft geen selectielijstklasse."))
    for name, least, reason in (
        ("resultaattypen", 1, "Het zaaktype heeft geen resultaattype."),
        ("roltypen", 1, "Het zaaktype heeft geen roltype."),
        ("statustypen", 2, "Het zaaktype heeft minder dan twee statustypen."),
    ):
        if len(row[name]) < least:
            found.append(InvalidParam(name, CODE, reason))
    return found


async def _unpublished(db: Executor, kind: str, catalogus: Any, names: list[str]) -> list[str]:
    """Return the names of which the catalogue has no published version."""
    other = versions(kind)
    name = other.c[IDENTITY[kind]]
    same = (other.c.catalogus == catalogus, among(name, names), other.c.concept.is_(False))
    rows = await db.rows(select(name.label("name")).where(*same)) if names else []
    return sorted(set(names) - {row["name"] for row in rows})
