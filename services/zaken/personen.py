"""The persons that zaken are about, for the Logboek Dataverwerkingen."""

from collections.abc import Mapping, Sequence

from starlette.responses import Response

from runtime.statements import Executor
from zgw.dependencies import CurrentCall
from zgw.internal import internal_router
from zgw.logboek.source import Persons, Source
from zgw.logboek.subjects import subjects_of
from zgw.request import answer

intern = internal_router()

PERSONEN = """
    SELECT zaak.uuid::text AS zaak, zaaktype, betrokkene, betrokkene_identificatie AS wie
    FROM zaak LEFT JOIN rol ON rol.zaak = zaak.uuid WHERE zaak.uuid = ANY ($1::text[]::uuid[])
    ORDER BY zaak.id, rol.id"""
NUMMERS = {
    "inpBsn": "BSN",
    "anpIdentificatie": "ANP",
    "innNnpId": "RSIN",
    "kvkNummer": "KVK",
    "vestigingsNummer": "VESTIGING",
}
"""The kind of number that each member of a betrokkeneIdentificatie is; the first that is filled tells who it is."""


async def personen(db: Executor, zaken: Sequence[str]) -> Persons:
    """Return the zaaktype of each of these zaken that exists, and who has a rol in it."""
    found: dict[str, tuple[str, list[tuple[str, str]]]] = {}
    for row in await db.connection.fetch(PERSONEN, zaken):
        people = found.setdefault(row["zaak"], (row["zaaktype"], []))[1]
        wie = row["wie"] or {}
        number = next(((kind, wie[name]) for name, kind in NUMMERS.items() if wie.get(name)), None)
        if number is None and row["betrokkene"]:
            number = ("URL", row["betrokkene"])
        if number is not None and number not in people:
            people.append(number)
    return found


async def zelf(_db: Executor, zaken: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """Return each zaak as its own."""
    return {zaak: [zaak] for zaak in zaken}


LOGBOEK = Source(zelf, personen)


@intern.post("/betrokkenen")
async def personen_van_zaken(call: CurrentCall) -> Response:
    """Answer whose data the ``zaken`` (uuids) are about, encrypted with the key of the logbook of the municipality."""
    zaken = (await call.body())["zaken"]
    logboek = await call.service.logs.logboeken.of(call.caller)
    if logboek is None:
        return answer({})
    async with call.db.acquire(call.tenant) as db:
        found = await personen(db, zaken)
    return answer({zaak: subjects_of(logboek, {zaak: each}) for zaak, each in found.items()})
