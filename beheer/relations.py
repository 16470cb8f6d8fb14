"""``samenzaak check relations``: finds in the database what a crash left between services, and mends it by the API.

The leading side decides. A record at the other side that is missing is made; one that nothing leads to any more is
removed; a leading record whose target does not exist any more is removed, or emptied when it is a field.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

import asyncpg
import httpx

from zgw.caller import Caller, system_caller
from zgw.remote import Remote
from zgw.tenancy import schema_of

MISSING = "mirror missing"
ORPHAN = "mirror without source"
TARGET_GONE = "target gone"
OUTDATED = "archiving outdated"

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
"""Relations of zaken and besluiten with own documents; those with documents elsewhere cannot be seen from here."""

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
    admin: asyncpg.Connection, tenant: str, remote: Remote | None = None, base: str = "", grace: float = 0.0
) -> list[Inconsistency]:
    """Return what is inconsistent between the services of one municipality; with ``remote`` also mend it.

    ``base`` is the base URL that notifications of repairs carry. On a system at work a write may just be on its way:
    with ``grace`` only that is reported which is still there after so many seconds. Raises LookupError for an
    unknown municipality.
    """
    found = await _compare(admin, tenant)
    if found and grace:
        await asyncio.sleep(grace)
        again = set(await _compare(admin, tenant))
        found = [item for item in found if item in again]
    if remote is None:
        return found
    caller = system_caller(tenant, "beheer", (base,))
    return [replace(item, repaired=await _repair(remote, caller, item)) for item in found]


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


async def _repair(remote: Remote, caller: Caller, item: Inconsistency) -> str:
    """Mend one inconsistency through the API, which checks it again; return why that failed, or an empty string."""
    service, method, path, body = _mending(item, caller.base)
    try:
        answer = await remote.send(caller, service, method, path, body)
    except httpx.HTTPError as e:
        return repr(e)
    # Somebody else may have done the same meanwhile.
    gone = method == "DELETE" and answer.status_code == 404
    there = method == "POST" and '"unique"' in answer.text
    return "" if answer.status_code in (200, 201, 204) or gone or there else f"{answer.status_code} {answer.text}"


def _mending(item: Inconsistency, base: str) -> tuple[str, str, str, dict[str, str] | None]:
    service = item.path.split("/")[1]
    if item.kind == OUTDATED:
        return "zaken", "POST", "/_intern/besluit", {"besluit": item.source}
    if item.kind == TARGET_GONE and item.relation == "zaakbesluit":
        return service, "PATCH", item.path, {"zaak": ""}
    if item.kind in (ORPHAN, TARGET_GONE):
        return service, "DELETE", item.path, None
    if item.relation == "zaakbesluit":
        return "zaken", "POST", f"{item.target}/besluiten", {"besluit": base + item.source}
    kind = item.relation.removesuffix("informatieobject")
    body = {"informatieobject": base + item.target, "object": base + item.source, "objectType": kind}
    return "documenten", "POST", OIO, body


def as_table(found: Sequence[Inconsistency]) -> str:
    """Return a report for people: one line for each inconsistency."""
    state = {None: "", "": "  repaired"}
    lines = [
        f"{item.relation}: {item.kind}: {item.source} -> {item.target}"
        + state.get(item.repaired, f"  NOT repaired: {item.repaired}")
        for item in found
    ]
    return "\n".join([*lines, f"{len(found)} inconsistent, {sum(item.left for item in found)} left"])
