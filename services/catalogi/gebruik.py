"""Whether a type is in use: a published type that cases or decisions are made by cannot disappear (catalogi.md
§6.6)."""

import logging
from urllib.parse import quote

import httpx

from zgw.caller import system_caller
from zgw.check import Check
from zgw.problems import Problem

log = logging.getLogger("samenzaak.catalogi")

LISTS = {
    "zaaktype": ("zaken", "zaken", "zaaktype"),
    "statustype": ("zaken", "statussen", "statustype"),
    "resultaattype": ("zaken", "resultaten", "resultaattype"),
    "roltype": ("zaken", "rollen", "roltype"),
    "besluittype": ("besluiten", "besluiten", "besluittype"),
}
"""Per type the service, the list and the filter that tell what is made by it. For documents the standard has no such
filter."""

CRS = {"Accept-Crs": "EPSG:4326"}


async def is_niet_in_gebruik(check: Check) -> None:
    """O16: a type that zaken or besluiten are made by is not removed (409), not even with the scope for corrections.

    A concept is never in use, because the other APIs refuse it.
    """
    name = check.resource.name
    if check.action != "destroy" or name not in LISTS or check.stored is None or check.stored.get("concept"):
        return
    service, collection, parameter = LISTS[name]
    remote = check.call.service.remote
    if not remote.knows(service):
        return
    # Filters take URLs; on an internal call, which has no base of its own, any base will do.
    base = check.call.base or "http://catalogi.internal"
    caller = system_caller(check.call.tenant, "catalogi", (base,))
    path = f"/{service}/api/v1/{collection}?{parameter}={quote(base + check.path)}&pageSize=1"
    try:
        response = await remote.send(caller, service, "GET", path, headers=CRS)
    except httpx.HTTPError as e:
        log.error("%s cannot be reached: %r", service, e)
        raise Problem(503, "error", f"De {service}-API is niet bereikbaar.") from e
    if response.status_code != 200:
        raise Problem(503, "error", f"De {service}-API antwoordt met {response.status_code}.")
    if response.json()["count"]:
        raise Problem(409, "conflict", f"Het {name} is in gebruik.")
