"""Whose data an action was about: the persons that have a rol in the zaken that it touched.

Zaken looks them up itself, in the transaction of a write; the other services know the zaken of their objects, and ask
Zaken for the rest. No number of a person leaves Zaken unencrypted.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from runtime.identity import system_caller
from runtime.problems import Problem
from zgw.logboek.config import Logboek
from zgw.logboek.source import Persons, Subjects
from zgw.request import Service


def subjects_of(logboek: Logboek, persons: Persons) -> Subjects:
    """Return the persons of these zaken as they are kept, each once for each zaaktype."""
    found = [
        [zaaktype, kind, logboek.encrypted(kind, number)]
        for zaaktype, people in persons.values()
        for kind, number in people
    ]
    nobody = [[zaaktype, "", ""] for zaaktype, people in persons.values() if not people]
    return _once(found or nobody)


def _once(subjects: Subjects) -> Subjects:
    return [list(each) for each in dict.fromkeys(tuple(each) for each in subjects)] or [["", "", ""]]


async def resolve(
    service: Service, tenant: str, logboek: Logboek, facts: Sequence[Mapping[str, Any]]
) -> list[Subjects]:
    """Return the subjects of several actions. Raises Problem and httpx.HTTPError while Zaken cannot tell."""
    source = service.api.logboek
    assert source is not None
    mains = sorted({main for each in facts for main in each.get("mains", ())})
    known: Mapping[str, Subjects] = {}
    async with service.database.acquire(tenant) as db:
        zaken = await source.zaken(db, mains) if mains else {}
        of_each = [
            [*each.get("zaken", ()), *(zaak for main in each.get("mains", ()) for zaak in zaken.get(main, ()))]
            for each in facts
        ]
        wanted = sorted({zaak for some in of_each for zaak in some})
        if source.personen is not None:
            persons = await source.personen(db, wanted)
            known = {zaak: subjects_of(logboek, {zaak: persons[zaak]}) for zaak in persons}
    if source.personen is None and wanted:
        known = await ask_zaken(service, tenant, wanted)
    found = []
    for some in of_each:
        parts = [part for zaak in some for part in known.get(zaak, ())]
        named = [part for part in parts if part[1]]
        found.append(_once(named or parts))
    return found


async def ask_zaken(service: Service, tenant: str, zaken: Sequence[str]) -> dict[str, Any]:
    """Return the subjects of zaken, by their uuid, as Zaken tells them."""
    caller = system_caller(tenant, service.api.service)
    response = await service.internal.send(caller, "zaken", "POST", "/_intern/betrokkenen", {"zaken": list(zaken)})
    if response.status_code != 200:
        raise Problem(503, "error", f"De zaken-API antwoordt met {response.status_code}.")
    found: dict[str, Any] = response.json()
    return found
