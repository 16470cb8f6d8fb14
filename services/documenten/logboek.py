"""Of which zaken a document is, for the Logboek Dataverwerkingen."""

from collections.abc import Mapping, Sequence

from runtime.statements import Executor
from zgw.logboek.source import Source

ZAKEN = """
    SELECT informatieobject::text AS document, right(object, 36) AS zaak FROM objectinformatieobject
    WHERE object_type = 'zaak' AND starts_with(object, '/') AND informatieobject = ANY ($1::text[]::uuid[])"""


async def zaken(db: Executor, documenten: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """Return the uuids of the zaken of each document, of those in this installation."""
    found: dict[str, list[str]] = {}
    for document, zaak in await db.connection.fetch(ZAKEN, documenten):
        found.setdefault(document, []).append(zaak)
    return found


LOGBOEK = Source(zaken)
