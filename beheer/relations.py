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

ZAKEN, BESLUITEN, DOCUMENTEN = "/zaken/api/v1/", "/besluiten/api/v1/", "/documenten/api/v1/"


@dataclass(frozen=True)
class Side:
    """The records of one side: their table, and in SQL the path of a record and the URLs of what it connects."""

    service: str
    table: str
    path: str
    source: str
    target: str
    condition: str = "true"

    def rows(self, tenant: str) -> str:
        """Return the query of all records of a municipality."""
        columns = f"id, {self.path} AS path, {self.source} AS source, {self.target} AS target"
        return f"SELECT {columns} FROM {_schema(tenant, self.service)}.{self.table} WHERE {self.condition}"  # noqa: S608


@dataclass(frozen=True)
class Relation:
    """The two sides of a relation, and where its targets are: the service, the table and the beginning of the path."""

    leading: Side
    mirror: Side
    targets: tuple[str, str, str]

    def compared(self, tenant: str) -> str:
        """Return the query of what only one side has, of the relations within this installation."""
        service, table, prefix = self.targets
        exists = f"EXISTS (SELECT FROM {_schema(tenant, service)}.{table} t WHERE '{prefix}' || t.uuid = target)"
        return f"""
            WITH ours AS (
                SELECT *, {exists} AS present FROM ({self.leading.rows(tenant)}) l WHERE target LIKE '{prefix}%'
            ), theirs AS (
                SELECT * FROM ({self.mirror.rows(tenant)}) m WHERE source LIKE '/%'
            )
            SELECT coalesce(ours.path, theirs.path) AS path, source, target, ours.path IS NULL AS orphan, present
            FROM ours FULL JOIN theirs USING (source, target)
            WHERE ours.path IS NULL OR theirs.path IS NULL ORDER BY source, target"""  # noqa: S608


def _of_documents(service: str, kind: str, objects: str) -> Relation:
    leading = Side(
        service,
        f"{kind}informatieobject",
        f"'/{service}/api/v1/{kind}informatieobjecten/' || uuid",
        f"'{objects}' || {kind}",
        "informatieobject",
    )
    mirror = Side(
        "documenten",
        "objectinformatieobject",
        f"'{DOCUMENTEN}objectinformatieobjecten/' || uuid",
        "object",
        f"'{DOCUMENTEN}enkelvoudiginformatieobjecten/' || informatieobject",
        f"object_type = '{kind}'",
    )
    return Relation(leading, mirror, ("documenten", "document", f"{DOCUMENTEN}enkelvoudiginformatieobjecten/"))


RELATIONS = {
    "zaakinformatieobject": _of_documents("zaken", "zaak", f"{ZAKEN}zaken/"),
    "besluitinformatieobject": _of_documents("besluiten", "besluit", f"{BESLUITEN}besluiten/"),
    "zaakbesluit": Relation(
        Side("besluiten", "besluit", f"'{BESLUITEN}besluiten/' || uuid", f"'{BESLUITEN}besluiten/' || uuid", "zaak"),
        Side(
            "zaken",
            "zaakbesluit",
            f"'{ZAKEN}zaken/' || zaak || '/besluiten/' || uuid",
            "besluit",
            f"'{ZAKEN}zaken/' || zaak",
        ),
        ("zaken", "zaak", f"{ZAKEN}zaken/"),
    ),
}

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


def _schema(tenant: str, service: str) -> str:
    return f'"{schema_of(tenant, service)}"'


async def _compare(admin: asyncpg.Connection, tenant: str) -> list[Inconsistency]:
    found: list[Inconsistency] = []
    schemas = {name: _schema(tenant, name) for name in ("zaken", "besluiten", "catalogi")}
    try:
        for name, relation in RELATIONS.items():
            for row in await admin.fetch(relation.compared(tenant)):
                kind = ORPHAN if row["orphan"] else MISSING if row["present"] else TARGET_GONE
                found.append(Inconsistency(name, kind, row["path"], row["source"], row["target"]))
        for row in await admin.fetch(ARCHIVING.format(**schemas)):
            found.append(Inconsistency("zaakbesluit", OUTDATED, row["path"], row["source"], row["path"]))
    except asyncpg.UndefinedTableError as e:
        raise LookupError(f"there is no municipality {tenant}") from e
    return found


async def _compare_elsewhere(
    admin: asyncpg.Connection, tenant: str, elsewhere: Externals, caller: Caller
) -> list[Inconsistency]:
    limit = asyncio.Semaphore(ASKED_AT_ONCE)

    async def judged(relation: str, judge: Judge, row: asyncpg.Record) -> Inconsistency:
        async def ask(url: str) -> tuple[int, Any]:
            return await elsewhere.request(caller, "GET", url) or (0, None)

        async with limit:
            kind = await judge(ask, relation, row["source"], row["target"])
        return Inconsistency(relation, kind, row["path"], row["source"], row["target"])

    work = []
    for relation, sides in RELATIONS.items():
        for side, judge, outside in (
            (sides.leading, _of_leading, "target <> '' AND target NOT LIKE '/%'"),
            (sides.mirror, _of_led, "source NOT LIKE '/%'"),
        ):
            rows = await admin.fetch(f"SELECT * FROM ({side.rows(tenant)}) s WHERE {outside} ORDER BY id")  # noqa: S608
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
