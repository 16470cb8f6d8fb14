"""Whether a type is in use: what cases, documents or decisions are made by cannot disappear (catalogi.md §6.6)."""

import logging
from urllib.parse import quote

import httpx

from runtime.faults import unreachable
from runtime.identity import system_caller
from runtime.problems import Problem
from zgw.check import Check

log = logging.getLogger("samenzaak.catalogi")

USERS = {
    "zaaktype": "zaken",
    "statustype": "zaken",
    "resultaattype": "zaken",
    "eigenschap": "zaken",
    "roltype": "zaken",
    "zaakobjecttype": "zaken",
    "informatieobjecttype": "documenten",
    "besluittype": "besluiten",
}
"""Per type the service whose objects are made by it."""


async def is_niet_in_gebruik(check: Check) -> None:
    """O16: a type that zaken, documenten or besluiten are made by is not removed (409), not even as a correction.

    A concept is never in use, because the other APIs refuse it.
    """
    name = check.resource.name
    if check.action != "destroy" or check.stored is None or check.stored.get("concept"):
        return
    # Tell first that it is published: whether it is in use matters only to a client that may remove it.
    check.stop()
    service, internal = USERS[name], check.call.service.internal
    caller = system_caller(check.call.tenant, "catalogi")
    try:
        response = await internal.send(caller, service, "GET", f"/_intern/uses?van={quote(check.path)}")
    except httpx.HTTPError as e:
        log.error("%s cannot be reached: %r", service, e)
        raise unreachable(service) from e
    if response.status_code != 200:
        raise Problem(503, "error", f"De {service}-API antwoordt met {response.status_code}.")
    if response.json():
        raise Problem(409, "conflict", f"{'De' if name == 'eigenschap' else 'Het'} {name} is in gebruik.")
