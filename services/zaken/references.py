"""Reads of other services by the Zaken API: types, documents and besluiten, with its own rights."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from runtime.problems import Problem
from runtime.statements import Row, among
from zgw.check import Check
from zgw.externals import at_once
from zgw.references import split_path

Gelezen = Mapping[str, Mapping[str, Any]]


@dataclass
class Beoordeeld:
    """What rules looked at below a zaak, to which nothing may have come until the commit."""

    documenten: list[str] | None = None
    """The documents, by path or URL; None when no rule looked at them."""
    subtypen: dict[str, set[str]] = field(default_factory=dict)
    """The types of what belongs to one zaaktype, by table."""


async def gelezen(check: Check, paden: Iterable[str], opened: bool = False) -> Gelezen:
    """Return the objects at stored paths or foreign URLs, as far as they can be read, by path or URL. Those elsewhere
    are asked for one by one, a few at the same time; with ``opened`` only in registers that are open to all clients."""
    references, externals, caller = check.call.service.references, check.call.service.externals, check.call.caller
    wanted = {pad for pad in paden if pad}
    found: dict[str, Mapping[str, Any]] = {}
    own = [pad for pad in wanted if pad.startswith("/")]
    if own:
        found.update(await references.objects(caller, own))

    async def read(url: str) -> None:
        if (item := await (externals.opened if opened else references.object)(caller, url)) is not None:
            found[url] = item

    await at_once(read, wanted - set(own))
    return found


async def opgehaald(check: Check, pad: str) -> Mapping[str, Any] | None:
    """Return the object at a stored path or foreign URL, or None when there is none, for whatever reason."""
    try:
        return await check.call.service.references.object(check.call.caller, pad)
    except Problem:
        return None


async def zichtbaar(check: Check, pad: str) -> Mapping[str, Any] | None:
    """Return the object at a stored path or foreign URL as far as the client itself may read it, else None. Elsewhere
    nobody here knows that: only a register that the municipality opened to all clients is asked."""
    service, collection, uuid = split_path(pad)
    if not service:
        return None if pad.startswith("/") else await check.call.service.externals.opened(check.call.caller, pad)
    try:
        found = await check.call.service.references.batch(check.call.caller, service, collection, [uuid])
    except Problem:
        return None
    return found[0] if found else None


async def deels_onzichtbaar(check: Check, paden: Iterable[str]) -> bool:
    """Return whether the client may not read one of the objects at these stored paths, which stand in its way."""
    return any([await zichtbaar(check, pad) is None for pad in paden])


async def uit_de_selectielijst(check: Check, url: str) -> Mapping[str, Any] | None:
    """Return the object of the selection list at a URL, or None. Catalogi has the list; another one may be an external
    API of the municipality."""
    return await check.call.service.externals.selectielijst(check.call.caller, url) or await opgehaald(check, url)


async def type_van(check: Check, pad: str) -> Mapping[str, Any] | None:
    """Return one type of the catalogus, or None when it cannot be read any more."""
    return (await gelezen(check, [pad])).get(pad)


async def rijen_van_zaken(check: Check, table: str, zaken: Iterable[Any]) -> list[Row]:
    """Return the rows of a table of this service that belong to these zaken."""
    found = check.resource.table.metadata.tables[table]
    return await check.call.db.rows(check.call.tenant, select(found).where(among(found.c.zaak, list(zaken))))


async def documenten_van(check: Check, zaak: Any) -> list[Mapping[str, Any]]:
    """Return the newest versions of the documents of a zaak. Of a document elsewhere that cannot be read nothing is
    known: it is an empty object. An own document that does not exist any more is left out.

    Which ones were looked at is one of the facts (:class:`Beoordeeld`)."""
    paden = check.facts(Beoordeeld).documenten = [
        row["informatieobject"] for row in await rijen_van_zaken(check, "zaakinformatieobject", [zaak])
    ]
    found = await gelezen(check, paden)
    return [found.get(pad, {}) for pad in paden if pad in found or not pad.startswith("/")]
