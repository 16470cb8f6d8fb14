"""What the Zaken API reads of other services: types, documents and besluiten, with its own rights."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select

from zgw.check import Check
from zgw.database import Row, among

Gelezen = Mapping[str, Mapping[str, Any]]


async def gelezen(check: Check, paden: Iterable[str]) -> Gelezen:
    """Return the objects at stored paths or foreign URLs, as far as they can be read, by path or URL."""
    remote, caller = check.call.service.remote, check.call.caller
    wanted = {pad for pad in paden if pad}
    found: dict[str, Mapping[str, Any]] = {}
    own = [pad for pad in wanted if pad.startswith("/")]
    if own:
        found.update(await remote.objects(caller, own))
    for url in wanted - set(own):
        if (item := await remote.external(caller, url)) is not None:
            found[url] = item
    return found


async def type_van(check: Check, pad: str) -> Mapping[str, Any] | None:
    """Return one type of the catalogus, or None when it cannot be read any more."""
    return (await gelezen(check, [pad])).get(pad)


async def rijen_van_zaken(check: Check, table: str, zaken: Iterable[Any]) -> list[Row]:
    """Return the rows of a table of this service that belong to these zaken."""
    found = check.resource.table.metadata.tables[table]
    return await check.call.db.rows(check.call.tenant, select(found).where(among(found.c.zaak, list(zaken))))


async def documenten_van(check: Check, zaak: Any) -> list[Mapping[str, Any]]:
    """Return the newest versions of the documents of a zaak; those that cannot be read are left out."""
    rows = await rijen_van_zaken(check, "zaakinformatieobject", [zaak])
    return list((await gelezen(check, [row["informatieobject"] for row in rows])).values())
