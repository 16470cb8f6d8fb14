"""The derivation of the archiving parameters: all nine afleidingswijzen with their edge cases (zrc-021)."""

from datetime import date
from typing import Any

import pytest

from services.zaken.archivering import (
    AFLEIDINGSWIJZEN,
    Archieffout,
    Archiefgegevens,
    Besluit,
    Dossier,
    Object,
    afgeleid,
    brondatum,
    datum_van,
    opgeteld,
)

EIND = date(2026, 3, 15)
LATER, EERDER = date(2030, 1, 1), date(2027, 1, 1)
FOUT = Archieffout


def pand(**gegevens: Any) -> Object:
    return Object("pand", gegevens)


CASES: list[tuple[str, dict[str, Any], dict[str, Any], Any]] = [
    ("afgehandeld", {}, {}, EIND),
    ("hoofdzaak", {}, {}, None),
    ("hoofdzaak", {}, {"brondatum_hoofdzaak": LATER}, LATER),
    ("eigenschap", {"datumkenmerk": "tot"}, {"eigenschappen": {"tot": "20300101"}}, LATER),
    ("eigenschap", {"datumkenmerk": "tot"}, {"eigenschappen": {"tot": "20300101235959"}}, LATER),
    ("eigenschap", {"datumkenmerk": "tot"}, {"eigenschappen": {"tot": "2030-01-01"}}, LATER),
    ("eigenschap", {"datumkenmerk": "tot"}, {"eigenschappen": {"tot": "2030-01-01T10:00:00Z"}}, LATER),
    ("eigenschap", {"datumkenmerk": "tot"}, {"eigenschappen": {"tot": ""}}, None),
    ("eigenschap", {"datumkenmerk": "tot"}, {"eigenschappen": {"van": "20300101"}}, None),
    ("eigenschap", {"datumkenmerk": "tot"}, {"eigenschappen": {"tot": "volgend jaar"}}, FOUT),
    ("eigenschap", {"datumkenmerk": "tot"}, {"eigenschappen": {"tot": "20300231"}}, FOUT),
    ("eigenschap", {"datumkenmerk": ""}, {"eigenschappen": {"": "20300101"}}, FOUT),
    ("eigenschap", {}, {}, FOUT),
    ("ander_datumkenmerk", {"datumkenmerk": "overlijden"}, {"eigenschappen": {"overlijden": "20300101"}}, None),
    ("zaakobject", {"objecttype": "pand", "datumkenmerk": "sloop"}, {"objecten": [pand(sloop="2030-01-01")]}, LATER),
    (
        "zaakobject",
        {"objecttype": "pand", "datumkenmerk": "sloop"},
        {"objecten": [pand(sloop="2027-01-01"), pand(sloop="2030-01-01"), Object("wijk", {"sloop": "2040-01-01"})]},
        LATER,
    ),
    (
        "zaakobject",
        {"objecttype": "pand", "datumkenmerk": "bouw/eind"},
        {"objecten": [pand(bouw={"eind": "20300101"})]},
        LATER,
    ),
    ("zaakobject", {"objecttype": "pand", "datumkenmerk": "bouw/eind"}, {"objecten": [pand(bouw="20300101")]}, None),
    ("zaakobject", {"objecttype": "pand", "datumkenmerk": "sloop"}, {"objecten": [pand()]}, None),
    ("zaakobject", {"objecttype": "pand", "datumkenmerk": "sloop"}, {}, None),
    ("zaakobject", {"objecttype": "pand", "datumkenmerk": "sloop"}, {"objecten": [pand(sloop="ooit")]}, FOUT),
    ("zaakobject", {"objecttype": "pand"}, {"objecten": [pand(sloop="2030-01-01")]}, FOUT),
    ("zaakobject", {"datumkenmerk": "sloop"}, {"objecten": [pand(sloop="2030-01-01")]}, FOUT),
    ("termijn", {"procestermijn": "P1Y"}, {}, date(2027, 3, 15)),
    ("termijn", {"procestermijn": ""}, {}, FOUT),
    ("termijn", {}, {}, FOUT),
    ("termijn", {"procestermijn": "tien jaar"}, {}, FOUT),
    ("gerelateerde_zaak", {}, {"einddatums_gerelateerd": [EERDER, LATER, None]}, LATER),
    ("gerelateerde_zaak", {}, {"einddatums_gerelateerd": [None]}, None),
    ("gerelateerde_zaak", {}, {}, None),
    ("ingangsdatum_besluit", {}, {"besluiten": [Besluit(EERDER), Besluit(LATER, date(2050, 1, 1))]}, LATER),
    ("ingangsdatum_besluit", {}, {}, None),
    ("vervaldatum_besluit", {}, {"besluiten": [Besluit(EERDER, LATER), Besluit(EERDER)]}, LATER),
    ("vervaldatum_besluit", {}, {"besluiten": [Besluit(EERDER)]}, None),
    ("vervaldatum_besluit", {}, {}, None),
    # What is elsewhere and cannot be read could be later than all that is known.
    ("gerelateerde_zaak", {}, {"einddatums_gerelateerd": [EERDER], "volledig": False}, None),
    ("ingangsdatum_besluit", {}, {"besluiten": [Besluit(EERDER)], "volledig": False}, None),
    ("zaakobject", {"objecttype": "pand"}, {"volledig": False}, FOUT),
    ("op_gevoel", {}, {}, FOUT),
]


@pytest.mark.parametrize(("wijze", "procedure", "dossier", "expected"), CASES)
def test_zrc_021_brondatum(wijze: str, procedure: dict[str, Any], dossier: dict[str, Any], expected: Any) -> None:
    given = {"afleidingswijze": wijze, **procedure}
    if expected is FOUT:
        with pytest.raises(Archieffout):
            brondatum(given, Dossier(EIND, **dossier))
    else:
        assert brondatum(given, Dossier(EIND, **dossier)) == expected


def test_zrc_021_every_afleidingswijze_has_its_cases() -> None:
    assert {wijze for wijze, *_ in CASES} - {"op_gevoel"} == set(AFLEIDINGSWIJZEN)
    assert len(AFLEIDINGSWIJZEN) == 9


@pytest.mark.parametrize(
    ("begin", "duur", "expected"),
    [
        ("2024-01-31", "P1M", "2024-02-29"),
        ("2023-01-31", "P1M", "2023-02-28"),
        ("2024-02-29", "P1Y", "2025-02-28"),
        ("2024-02-29", "P4Y", "2028-02-29"),
        ("2026-12-31", "P1Y2M10D", "2028-03-10"),
        ("2026-03-15", "P2W", "2026-03-29"),
        ("2026-03-15", "P20Y", "2046-03-15"),
        ("2026-03-15", "PT36H", "2026-03-15"),
        ("2026-03-15", "P0D", "2026-03-15"),
    ],
)
def test_zrc_021_terms_follow_the_calendar(begin: str, duur: str, expected: str) -> None:
    assert opgeteld(date.fromisoformat(begin), duur).isoformat() == expected


@pytest.mark.parametrize("duur", ["P9000Y", "P999999D" * 2, "1Y", ""])
def test_zrc_021_terms_that_no_calendar_has(duur: str) -> None:
    with pytest.raises(Archieffout):
        opgeteld(EIND, duur)


@pytest.mark.parametrize(
    "waarde", ["2026", "202601011", "2026-1-", "1 januari", "٢٠٢٦-٠١-٠١", 20260101, None, ["2026-01-01"]]
)
def test_zrc_021_what_is_no_date(waarde: Any) -> None:
    with pytest.raises(Archieffout):
        datum_van(waarde)


GEEN = Archiefgegevens(None, None, None)
TYPE = {"archiefnominatie": "vernietigen", "archiefactietermijn": "P10Y"}


@pytest.mark.parametrize(
    ("resultaattype", "given", "expected"),
    [
        (TYPE, GEEN, ("vernietigen", EIND, date(2036, 3, 15))),
        ({**TYPE, "archiefactietermijn": None}, GEEN, ("vernietigen", None, None)),
        ({**TYPE, "archiefactietermijn": ""}, GEEN, ("vernietigen", None, None)),
        # zrc-026a: only what is destroyed has a retention that starts; a transfer has just its date.
        ({**TYPE, "archiefnominatie": "blijvend_bewaren"}, GEEN, ("blijvend_bewaren", None, date(2036, 3, 15))),
        ({**TYPE, "archiefnominatie": ""}, GEEN, (None, None, date(2036, 3, 15))),
        # What a client filled in stays (Z5).
        (TYPE, Archiefgegevens("blijvend_bewaren", None, None), ("blijvend_bewaren", None, date(2036, 3, 15))),
        (TYPE, Archiefgegevens(None, None, LATER), ("vernietigen", EIND, LATER)),
        (TYPE, Archiefgegevens(None, EERDER, None), ("vernietigen", EERDER, date(2037, 1, 1))),
        # No calendar holds the end.
        (TYPE, Archiefgegevens(None, date.max, None), ("vernietigen", date.max, None)),
        ({**TYPE, "brondatumArchiefprocedure": {"afleidingswijze": "hoofdzaak"}}, GEEN, ("vernietigen", None, None)),
        ({**TYPE, "brondatumArchiefprocedure": None}, GEEN, ("vernietigen", EIND, date(2036, 3, 15))),
    ],
)
def test_zrc_021_zrc_026a_archiving_parameters(
    resultaattype: dict[str, Any], given: Archiefgegevens, expected: tuple[Any, Any, Any]
) -> None:
    assert afgeleid(resultaattype, Dossier(EIND), given) == Archiefgegevens(*expected)
