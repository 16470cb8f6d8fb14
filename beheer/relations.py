"""``samenzaak check relations``: finds in the database what a crash left between services, and mends it by the API.

The leading side decides. A record at the other side that is missing is made; one that nothing leads to any more is
removed; a leading record whose target does not exist any more is removed, or emptied when it is a field. Of relations
with APIs elsewhere this database has one side only; they are asked for the other side, when that is wanted.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

import asyncpg
import httpx

from runtime.faults import Unavailable
from runtime.identity import OPERATOR, Caller, system_caller
from runtime.internal import Internal
from runtime.tenancy import schema_of
from zgw.externals import Externals

MISSING = "mirror missing"
ORPHAN = "mirror without source"
TARGET_GONE = "target gone"
OUTDATED = "archiving outdated"
UNKNOWN = "the API elsewhere does not answer"

DOCUMENT = "/documenten/api/v1/enkelvoudiginformatieobjecten/"
OIO = "/documenten/api/v1/objectinformatieobjecten"

DOCUMENTS = """
    WITH ours AS (
        SELECT '{collection}' || l.uuid AS path, '{object}' || l.{key} AS source, l.informatieobject AS target,
               EXISTS (SELECT FROM {documenten}.document d WHERE '{document}' || d.uuid = l.informatieobject) AS present
        FROM {leading} l WHERE l.informatieobject LIKE '{document}%'
    ), theirs AS (
        SELECT '{oio}/' || m.uuid AS path, m.object AS source, '{document}' || m.informatieobject AS target
        FROM {documenten}.objectinformatieobject m WHERE m.object_type = '{key}' AND m.object LIKE '{object}%'
    )
"""
"""Relations of zaken and besluiten with own documents."""

ZAKEN = """
    WITH ours AS (
        SELECT '/besluiten/api/v1/besluiten/' || l.uuid AS path, '/besluiten/api/v1/besluiten/' || l.uuid AS source,
               l.zaak AS target,
               EXISTS (SELECT FROM {zaken}.zaak z WHERE '/zaken/api/v1/zaken/' || z.uuid = l.zaak) AS present
        FROM {besluiten}.besluit l WHERE l.zaak LIKE '/zaken/api/v1/zaken/%'
    ), theirs AS (
        SELECT '/zaken/api/v1/zaken/' || m.zaak || '/besluiten/' || m.uuid AS path, m.besluit AS source,
               '/zaken/api/v1/zaken/' || m.zaak AS target
        FROM {zaken}.zaakbesluit m WHERE m.besluit LIKE '/besluiten/api/v1/besluiten/%'
    )
"""

COMPARED = """
    SELECT coalesce(ours.path, theirs.path) AS path, source, target, ours.path IS NULL AS orphan, present
    FROM ours FULL JOIN theirs USING (source, target)
    WHERE ours.path IS NULL OR theirs.path IS NULL ORDER BY source, target
"""

ARCHIVING = """
    SELECT '/zaken/api/v1/zaken/' || z.uuid AS path, min(m.besluit) AS source
    FROM {zaken}.zaak z
    JOIN {zaken}.resultaat r ON r.zaak = z.uuid
    JOIN {catalogi}.resultaattype t ON '/catalogi/api/v1/resultaattypen/' || t.uuid = r.resultaattype
    JOIN {zaken}.zaakbesluit m ON m.zaak = z.uuid
    JOIN {besluiten}.besluit b ON '/besluiten/api/v1/besluiten/' || b.uuid = m.besluit
    WHERE z.einddatum IS NOT NULL AND z.archiefstatus = 'nog_te_archiveren' AND z.afgeleid ? 'archiefactiedatum'
      AND (z.startdatum_bewaartermijn IS NULL OR z.afgeleid ? 'startdatum_bewaartermijn')
      AND t.brondatum_archiefprocedure ->> 'afleidingswijze' IN ('ingangsdatum_besluit', 'vervaldatum_besluit')
      AND t.archiefactietermijn <> ''
    GROUP BY z.id, t.id
    HAVING z.archiefactiedatum IS DISTINCT FROM (t.archiefactietermijn::interval + CASE
      WHEN t.brondatum_archiefprocedure ->> 'afleidingswijze' = 'ingangsdatum_besluit' THEN max(b.ingangsdatum)
      ELSE max(b.vervaldatum) END)::date
"""
"""Closed zaken that would be archived at another time if it were derived again from their besluiten (zrc-021)."""


LEADING_ELSEWHERE = {
    "zaakinformatieobject": """
        SELECT '/zaken/api/v1/zaakinformatieobjecten/' || uuid AS path, '/zaken/api/v1/zaken/' || zaak AS source,
               informatieobject AS target FROM {zaken}.zaakinformatieobject WHERE informatieobject NOT LIKE '/%'
    """,
    "besluitinformatieobject": """
        SELECT '/besluiten/api/v1/besluitinformatieobjecten/' || uuid AS path,
               '/besluiten/api/v1/besluiten/' || besluit AS source,
               informatieobject AS target FROM {besluiten}.besluitinformatieobject WHERE informatieobject NOT LIKE '/%'
    """,
    "zaakbesluit": """
        SELECT '/besluiten/api/v1/besluiten/' || uuid AS path, '/besluiten/api/v1/besluiten/' || uuid AS source,
               zaak AS target FROM {besluiten}.besluit WHERE zaak <> '' AND zaak NOT LIKE '/%'
    """,
}
"""Relations whose leading side is here and whose mirror is elsewhere."""

LED_FROM_ELSEWHERE = {
    "zaakinformatieobject": """
        SELECT '/documenten/api/v1/objectinformatieobjecten/' || uuid AS path, object AS source,
               '/documenten/api/v1/enkelvoudiginformatieobjecten/' || informatieobject AS target
        FROM {documenten}.objectinformatieobject WHERE object NOT LIKE '/%' AND object_type = 'zaak'
    """,
    "besluitinformatieobject": """
        SELECT '/documenten/api/v1/objectinformatieobjecten/' || uuid AS path, object AS source,
               '/documenten/api/v1/enkelvoudiginformatieobjecten/' || informatieobject AS target
        FROM {documenten}.objectinformatieobject WHERE object NOT LIKE '/%' AND object_type = 'besluit'
    """,
    "zaakbesluit": """
        SELECT '/zaken/api/v1/zaken/' || zaak || '/besluiten/' || uuid AS path, besluit AS source,
               '/zaken/api/v1/zaken/' || zaak AS target FROM {zaken}.zaakbesluit WHERE besluit NOT LIKE '/%'
    """,
}
"""The mirrors here of what leads elsewhere."""

ASKED_AT_ONCE = 8


@dataclass(frozen=True)
class Inconsistency:
    """One relation that the two sides tell differently. ``path`` is the record that is there, ``source`` and ``target``
    are what it connects. ``repaired`` is None when nothing was tried, else empty or why it failed."""

    relation: str
    kind: str
    path: str
    source: str
    target: str
    repaired: str | None = None

    @property
    def left(self) -> bool:
        """Whether it is still there, as far as is known."""
        return self.repaired != ""


async def check_relations(
    admin: asyncpg.Connection,
    tenant: str,
    operator: Internal | None = None,
    base: str = "",
    grace: float = 0.0,
    elsewhere: Externals | None = None,
) -> list[Inconsistency]:
    """Return what is inconsistent between the services of one municipality; with ``operator`` also mend it.

    With ``elsewhere`` APIs outside are asked as well, one request for each relation with them. ``base`` is the base URL
    of the municipality: in notifications of repairs, and for APIs elsewhere. On a system at work a write may just be on
    its way: with ``grace`` only that is reported which is still there after so many seconds. Raises LookupError for an
    unknown municipality.
    """
    caller = system_caller(tenant, OPERATOR, (base,))

    async def compare() -> list[Inconsistency]:
        outside = await _compare_elsewhere(admin, tenant, elsewhere, caller) if elsewhere else []
        return await _compare(admin, tenant) + outside

    found = await compare()
    if found and grace:
        await asyncio.sleep(grace)
        again = set(await compare())
        found = [item for item in found if item in again]
    if operator is None:
        return found
    return [replace(item, repaired=await _repair(operator, elsewhere, caller, item)) for item in found]


async def _compare(admin: asyncpg.Connection, tenant: str) -> list[Inconsistency]:
    services = ("zaken", "besluiten", "documenten", "catalogi")
    zaken, besluiten, documenten, catalogi = (f'"{schema_of(tenant, name)}"' for name in services)
    queries = {
        "zaakinformatieobject": DOCUMENTS.format(
            collection="/zaken/api/v1/zaakinformatieobjecten/",
            object="/zaken/api/v1/zaken/",
            key="zaak",
            leading=f"{zaken}.zaakinformatieobject",
            documenten=documenten,
            document=DOCUMENT,
            oio=OIO,
        ),
        "besluitinformatieobject": DOCUMENTS.format(
            collection="/besluiten/api/v1/besluitinformatieobjecten/",
            object="/besluiten/api/v1/besluiten/",
            key="besluit",
            leading=f"{besluiten}.besluitinformatieobject",
            documenten=documenten,
            document=DOCUMENT,
            oio=OIO,
        ),
        "zaakbesluit": ZAKEN.format(zaken=zaken, besluiten=besluiten),
    }
    found: list[Inconsistency] = []
    try:
        for relation, query in queries.items():
            for row in await admin.fetch(query + COMPARED):
                kind = ORPHAN if row["orphan"] else MISSING if row["present"] else TARGET_GONE
                found.append(Inconsistency(relation, kind, row["path"], row["source"], row["target"]))
        for row in await admin.fetch(ARCHIVING.format(zaken=zaken, besluiten=besluiten, catalogi=catalogi)):
            found.append(Inconsistency("zaakbesluit", OUTDATED, row["path"], row["source"], row["path"]))
    except asyncpg.UndefinedTableError as e:
        raise LookupError(f"there is no municipality {tenant}") from e
    return found


async def _compare_elsewhere(
    admin: asyncpg.Connection, tenant: str, elsewhere: Externals, caller: Caller
) -> list[Inconsistency]:
    schemas = {name: f'"{schema_of(tenant, name)}"' for name in ("zaken", "besluiten", "documenten")}
    limit = asyncio.Semaphore(ASKED_AT_ONCE)

    async def judged(relation: str, judge: Judge, row: asyncpg.Record) -> Inconsistency:
        async def ask(url: str) -> tuple[int, Any]:
            return await elsewhere.request(caller, "GET", url) or (0, None)

        async with limit:
            kind = await judge(ask, relation, row["source"], row["target"])
        return Inconsistency(relation, kind, row["path"], row["source"], row["target"])

    work = []
    for queries, judge in ((LEADING_ELSEWHERE, _of_leading), (LED_FROM_ELSEWHERE, _of_led)):
        for relation, query in queries.items():
            rows = await admin.fetch(query.format(**schemas) + " ORDER BY id")
            work += [judged(relation, judge, row) for row in rows]
    return [item for item in await asyncio.gather(*work) if item.kind]


Ask = Callable[[str], Awaitable[tuple[int, Any]]]
Judge = Callable[[Ask, str, str, str], Awaitable[str]]
"""Returns what is wrong with a relation from source to target, or an empty string."""


async def _of_leading(ask: Ask, relation: str, source: str, target: str) -> str:
    """The leading side is here. The other side may know us by several host names, so only the path is compared."""
    if relation == "zaakbesluit":
        status, items = await ask(f"{target}/besluiten")
        known = [item.get("besluit") for item in _items(items)]
    else:
        root = target.rsplit("/", 2)[0]
        status, items = await ask(f"{root}/objectinformatieobjecten?{urlencode({'informatieobject': target})}")
        known = [item.get("object") for item in _items(items)]
    if status == 200 and any(str(url).endswith(source) for url in known):
        return ""
    there = status if status in (0, 404) else (await ask(target))[0]
    return {200: MISSING, 404: TARGET_GONE}.get(there, UNKNOWN)


async def _of_led(ask: Ask, relation: str, source: str, target: str) -> str:
    """The leading side is elsewhere."""
    if relation == "zaakbesluit":
        status, besluit = await ask(source)
        known = [besluit.get("zaak")] if isinstance(besluit, dict) else []
    else:
        root, kind = source.rsplit("/", 2)[0], relation.removesuffix("informatieobject")
        status, items = await ask(f"{root}/{relation}en?{urlencode({kind: source})}")
        known = [item.get("informatieobject") for item in _items(items)]
    if status == 200 and any(str(url).endswith(target) for url in known):
        return ""
    return ORPHAN if status in (200, 404) else UNKNOWN


def _items(answer: Any) -> list[dict[str, Any]]:
    found = answer.get("results") if isinstance(answer, dict) else answer
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


async def _repair(operator: Internal, elsewhere: Externals | None, caller: Caller, item: Inconsistency) -> str:
    """Mend one inconsistency through the API, which checks it again; return why that failed, or an empty string."""
    if item.kind == UNKNOWN:
        return UNKNOWN
    service, method, path, body = _mending(item, caller.base)
    if service:
        try:
            answer = await operator.send(caller, service, method, path, body)
        except (httpx.HTTPError, Unavailable) as e:
            return repr(e)
        status, text = answer.status_code, answer.text
    else:
        # Only APIs elsewhere told of it.
        assert elsewhere is not None
        status, content = await elsewhere.request(caller, method, path, body) or (0, UNKNOWN)
        text = str(content)
    # Somebody else may have done the same meanwhile.
    gone = method == "DELETE" and status == 404
    there = method == "POST" and "unique" in text
    return "" if status in (200, 201, 204) or gone or there else f"{status} {text}"


def _mending(item: Inconsistency, base: str) -> tuple[str, str, str, dict[str, str] | None]:
    """Return the service (none when it is elsewhere), method, path and body of the request that mends it."""
    service = item.path.split("/")[1]
    if item.kind == OUTDATED:
        return "zaken", "POST", "/_intern/besluit", {"besluit": item.source}
    if item.kind == TARGET_GONE and item.relation == "zaakbesluit":
        return service, "PATCH", item.path, {"zaak": ""}
    if item.kind in (ORPHAN, TARGET_GONE):
        return service, "DELETE", item.path, None
    own = item.target.startswith("/")
    if item.relation == "zaakbesluit":
        return "zaken" if own else "", "POST", f"{item.target}/besluiten", {"besluit": base + item.source}
    body = {
        "informatieobject": base + item.target if own else item.target,
        "object": base + item.source,
        "objectType": item.relation.removesuffix("informatieobject"),
    }
    root = item.target.rsplit("/", 2)[0]
    return "documenten" if own else "", "POST", f"{root}/objectinformatieobjecten", body
