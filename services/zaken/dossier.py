"""Gathers what the derivation of the archiving parameters looks at, and no more than its afleidingswijze needs."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import select

from runtime.statements import Executor, Row, among
from services.zaken.archivering import (
    Archieffout,
    Besluit,
    Dossier,
    Object,
    afleidingswijze,
    brondatum,
    brondatum_voor_deelzaken,
    datum_van,
)
from services.zaken.references import Gelezen, gelezen, type_van
from services.zaken.zaak_velden import ZAAK_REF, ZAAK_TABLE
from zgw.check import Check
from zgw.filters import uuid_in

ARCHIEFVELDEN = ("archiefnominatie", "startdatum_bewaartermijn", "archiefactiedatum")
NODIG = (
    "uuid",
    "zaaktype",
    "vertrouwelijkheidaanduiding",
    "hoofdzaak",
    "einddatum",
    "archiefstatus",
    "afgeleid",
    "relevante_andere_zaken",
    *ARCHIEFVELDEN,
)
ZAAK = select(*(ZAAK_TABLE.c[name] for name in NODIG))
"""Reads of a zaak what closing and archiving look at; a geometry can be large."""


async def dossier_van(
    db: Executor,
    check: Check,
    zaak: Row,
    einddatum: date,
    resultaattype: Mapping[str, Any],
    hoofdzaken: Mapping[uuid.UUID, date | None] = {},
) -> Dossier:
    """Return the part of the zaak that the afleidingswijze of its resultaattype needs.

    It is read inside the transaction, so that what was just written counts; its hoofdzaak only if that is not one of
    ``hoofdzaken``, of which :func:`brondatum_van_deelzaken` is known.
    """
    wijze = afleidingswijze(resultaattype)
    if zaak["startdatum_bewaartermijn"] and "startdatum_bewaartermijn" not in zaak["afgeleid"]:
        return Dossier(einddatum)
    lezer = Lezer(db, check, zaak)
    return Dossier(
        einddatum,
        brondatum_hoofdzaak=await lezer.brondatum_hoofdzaak(hoofdzaken) if wijze == "hoofdzaak" else None,
        eigenschappen=await lezer.eigenschappen() if wijze == "eigenschap" else {},
        objecten=await lezer.objecten(resultaattype) if wijze == "zaakobject" else (),
        einddatums_gerelateerd=await lezer.einddatums() if wijze == "gerelateerde_zaak" else (),
        besluiten=await lezer.besluiten() if wijze in ("ingangsdatum_besluit", "vervaldatum_besluit") else (),
        volledig=lezer.volledig,
    )


async def brondatum_van_deelzaken(db: Executor, check: Check, zaak: Row) -> date | None:
    """Return from which day the retention of the deelzaken of this zaak counts, or None as long as it is open or its
    own retention has no start.

    The start is stored only of what will be destroyed (zrc-026a); of other zaken it is found as it would be for those.
    """
    if zaak["einddatum"] is None:
        return None
    bron = zaak["startdatum_bewaartermijn"]
    table = ZAAK_TABLE.metadata.tables["resultaat"]
    row = None if bron else await db.row(select(table.c.resultaattype).where(table.c.zaak == zaak["uuid"]))
    if row and (resultaattype := await type_van(check, row["resultaattype"])):
        try:
            dossier = await dossier_van(db, check, zaak, zaak["einddatum"], resultaattype)
            bron = brondatum(resultaattype.get("brondatumArchiefprocedure") or {}, dossier)
        except Archieffout:
            # The zaak itself could be closed with this, because nothing of it is counted from that day.
            return None
    return brondatum_voor_deelzaken(zaak["einddatum"], bron)


class Lezer:
    """Reads what belongs to one zaak. ``volledig`` tells afterwards whether all of it could be read."""

    def __init__(self, db: Executor, check: Check, zaak: Row) -> None:
        self._db, self._check, self._zaak = db, check, zaak
        self.volledig = True

    async def _gelezen(self, urls: Sequence[str], opened: bool = False) -> Gelezen:
        """Return what is at these URLs. An own object that is gone has no dates any more; of one elsewhere that cannot
        be read nobody knows."""
        found = await gelezen(self._check, urls, opened)
        self.volledig &= all(url in found for url in urls if url and not url.startswith("/"))
        return found

    async def _of_zaak(self, name: str) -> list[Row]:
        table = ZAAK_TABLE.metadata.tables[name]
        return await self._db.rows(select(table).where(table.c.zaak == self._zaak["uuid"]).order_by(table.c.id))

    async def brondatum_hoofdzaak(self, known: Mapping[uuid.UUID, date | None]) -> date | None:
        """Return from which day the hoofdzaak lets the retention of its deelzaken count, or None when there is none."""
        key = self._zaak["hoofdzaak"]
        if key is None or key in known:
            return known.get(key)
        hoofdzaak = await self._db.row(ZAAK.where(ZAAK_TABLE.c.uuid == key))
        return await brondatum_van_deelzaken(self._db, self._check, hoofdzaak) if hoofdzaak else None

    async def eigenschappen(self) -> dict[str, str]:
        """Return the values of the zaakeigenschappen by their name; the newest one where a name has several."""
        return {row["naam"]: row["waarde"] for row in await self._of_zaak("zaakeigenschap")}

    async def objecten(self, resultaattype: Mapping[str, Any]) -> list[Object]:
        """Return the zaakobjecten of the kind that counts: what is registered here, and what their URL gives."""
        soort = resultaattype["brondatumArchiefprocedure"].get("objecttype")
        rows = [row for row in await self._of_zaak("zaakobject") if row["object_type"] == soort]
        # Which property counts is free to choose, so what is derived from it would tell of a register that is closed.
        fetched = await self._gelezen([row["object"] for row in rows], opened=True)
        found = []
        for row in rows:
            known = row["object_identificatie"] or {}
            data = fetched.get(row["object"], {})
            # A free member may be inside ``overigeData`` or beside it; that need not be an object.
            free = known.get("overigeData")
            found.append(Object(row["object_type"], {**data, **known, **(free if isinstance(free, dict) else {})}))
        return found

    async def einddatums(self) -> list[date | None]:
        """Return when the relevante andere zaken were closed."""
        urls = [item["url"] for item in self._zaak["relevante_andere_zaken"]]
        own = [key for url in urls if (key := uuid_in(url, ZAAK_REF)) is not None]
        rows = await self._db.rows(select(ZAAK_TABLE.c.einddatum).where(among(ZAAK_TABLE.c.uuid, own)))
        foreign = await self._gelezen([url for url in urls if not url.startswith("/")])
        return [row["einddatum"] for row in rows] + [_date(item.get("einddatum")) for item in foreign.values()]

    async def besluiten(self) -> list[Besluit]:
        """Return the besluiten that were taken in the zaak."""
        paths = [row["besluit"] for row in await self._of_zaak("zaakbesluit")]
        found = (await self._gelezen(paths)).values()
        return [Besluit(_date(item.get("ingangsdatum")), _date(item.get("vervaldatum"))) for item in found]


def _date(value: Any) -> date | None:
    try:
        return datum_van(value) if value else None
    except Archieffout:
        return None
