"""Of which zaak a besluit is, for the Logboek Dataverwerkingen."""

from collections.abc import Mapping, Sequence

from runtime.statements import Executor
from zgw.logboek.source import Source

ZAKEN = """
    SELECT uuid::text, right(zaak, 36) FROM besluit
    WHERE starts_with(zaak, '/') AND uuid = ANY ($1::text[]::uuid[])"""


async def zaken(db: Executor, besluiten: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """Return the uuid of the zaak of each besluit that has one in this installation."""
    return {besluit: [zaak] for besluit, zaak in await db.connection.fetch(ZAKEN, besluiten)}


LOGBOEK = Source(zaken)
