"""Gathers what the derivation of the archiving parameters looks at, and no more than its afleidingswijze needs."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import select

from services.zaken.archivering import Archieffout, Besluit, Dossier, Object, afleidingswijze, datum_van
from services.zaken.remote import Gelezen, gelezen
from services.zaken.zaak_velden import ZAAK_REF, ZAAK_TABLE
from zgw.check import Check
from zgw.database import Executor, Row, among
from zgw.filters import uuid_in


async def dossier_van(
    db: Executor,
    check: Check,
    zaak: Row,
    einddatum: date,
    resultaattype: Mapping[str, Any],
    einddatum_hoofdzaak: date | None = None,
) -> Dossier:
    """Return the part of the zaak that the afleidingswijze of its resultaattype needs.

    It is read inside the transaction, so that what was just written counts.
    """
    wijze = afleidingswijze(resultaattype)
    if zaak["startdatum_bewaartermijn"] and "startdatum_bewaartermijn" not in zaak["afgeleid"]:
        return Dossier(einddatum)
    lezer = Lezer(db, check, zaak)
    if wijze == "hoofdzaak" and einddatum_hoofdzaak is None:
        einddatum_hoofdzaak = await lezer.einddatum_hoofdzaak()
    return Dossier(
        einddatum,
        einddatum_hoofdzaak=einddatum_hoofdzaak,
        eigenschappen=await lezer.eigenschappen() if wijze == "eigenschap" else {},
        objecten=await lezer.objecten(resultaattype) if wijze == "zaakobject" else (),
        einddatums_gerelateerd=await lezer.einddatums() if wijze == "gerelateerde_zaak" else (),
        besluiten=await lezer.besluiten() if wijze in ("ingangsdatum_besluit", "vervaldatum_besluit") else (),
        volledig=lezer.volledig,
    )


class Lezer:
    """Reads what belongs to one zaak. ``volledig`` tells afterwards whether all of it could be read."""

    def __init__(self, db: Executor, check: Check, zaak: Row) -> None:
        self._db, self._check, self._zaak = db, check, zaak
        self.volledig = True

    async def _gelezen(self, urls: Sequence[str]) -> Gelezen:
        """Return what is at these URLs. An own object that is gone has no dates any more; of one elsewhere that cannot
        be read nobody knows."""
        found = await gelezen(self._check, urls)
        self.volledig &= all(url in found for url in urls if url and not url.startswith("/"))
        return found

    async def _of_zaak(self, name: str) -> list[Row]:
        table = ZAAK_TABLE.metadata.tables[name]
        return await self._db.rows(select(table).where(table.c.zaak == self._zaak["uuid"]).order_by(table.c.id))

    async def einddatum_hoofdzaak(self) -> date | None:
        """Return when the hoofdzaak was closed, or None while it is open or when there is none."""
        if self._zaak["hoofdzaak"] is None:
            return None
        row = await self._db.row(select(ZAAK_TABLE.c.einddatum).where(ZAAK_TABLE.c.uuid == self._zaak["hoofdzaak"]))
        return row["einddatum"] if row else None

    async def eigenschappen(self) -> dict[str, str]:
        """Return the values of the zaakeigenschappen by their name; the newest one where a name has several."""
        return {row["naam"]: row["waarde"] for row in await self._of_zaak("zaakeigenschap")}

    async def objecten(self, resultaattype: Mapping[str, Any]) -> list[Object]:
        """Return the zaakobjecten of the kind that counts: what is registered here, and what their URL gives."""
        soort = resultaattype["brondatumArchiefprocedure"].get("objecttype")
        rows = [row for row in await self._of_zaak("zaakobject") if row["object_type"] == soort]
        fetched = await self._gelezen([row["object"] for row in rows])
        found = []
        for row in rows:
            known = row["object_identificatie"] or {}
            data = fetched.get(row["object"], {})
            # What is free to choose is looked for inside ``overigeData`` as well as beside it.
            found.append(Object(row["object_type"], {**data, **known, **(known.get("overigeData") or {})}))
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
