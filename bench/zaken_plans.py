"""The statements behind the lists of zaken, as the service makes them, for :mod:`bench.zaken_million` to explain."""

from collections.abc import Iterator
from typing import Any

from services.zaken.telling import BLOK
from services.zaken.zaak import FILTERS, ZAAK
from services.zaken.zaak_velden import ZAAK_TABLE
from zgw.database import compile_statement
from zgw.filters import conditions
from zgw.output import reading, within
from zgw.reading import _on_page, count_of, ordering_of
from zgw.rights import EVERYTHING, Rights


def statements(zaaktypen: list[str], zaaktype: str, aantal: int) -> Iterator[tuple[str, str, list[Any]]]:
    """Return (name, SQL, values) for a client with all rights and for one with these zaaktypen."""
    caps = {f"/catalogi/api/v1/zaaktypen/{uuid}": 7 if index % 2 else 3 for index, uuid in enumerate(zaaktypen)}
    kind = f"http://x/catalogi/api/v1/zaaktypen/{zaaktype}"
    queries: dict[str, dict[str, str]] = {
        "first page": {},
        "identificatie": {"identificatie": "OUD-000004711"},
        "zaaktype + startdatum": {"zaaktype": kind, "startdatum__gte": "2020-01-01"},
        "rol inpBsn": {"rol__betrokkeneIdentificatie__natuurlijkPersoon__inpBsn": "999994711"},
        "ordering=startdatum": {"ordering": "startdatum"},
        "ordering=-startdatum": {"ordering": "-startdatum"},
    }
    for label, rights in (("all", EVERYTHING), (f"{len(caps)} types", Rights(caps=caps))):
        for name, query in queries.items():
            where = [*conditions(FILTERS, query, ("http://x",), []), within(ZAAK, rights)]
            order = ordering_of(ZAAK, query.get("ordering"), [])
            yield f"{label}: {name}", *compile_statement(reading(ZAAK).where(*where).order_by(*order).limit(100))
            if query and "ordering" not in query:
                yield f"{label}: {name}, count", *compile_statement(count_of(ZAAK, where))
        half = ZAAK_TABLE.c.id < (aantal // 2 // BLOK + 1) * BLOK
        page = _on_page(ZAAK, [within(ZAAK, rights), half], ordering_of(ZAAK, None, []), 100, BLOK // 2)
        yield f"{label}: deep page", *compile_statement(reading(ZAAK).where(page).order_by(ZAAK_TABLE.c.id.desc()))
