"""The tables of the brondatumArchiefprocedure of a resultaattype (ztc-003 to ztc-008), without a database."""

import pytest

from services.catalogi.archief import MATRIX, fouten_in_procedure, past_bij_procestermijn
from tests.maak import PROCEDURES

FILLED = {
    "datumkenmerk": "x",
    "einddatumBekend": True,
    "objecttype": "pand",
    "registratie": "BAG",
    "procestermijn": "P1Y",
}


@pytest.mark.parametrize(
    ("procestermijn", "allowed"),
    [
        ("", set(MATRIX)),
        ("nihil", {"afgehandeld"}),
        ("ingeschatte_bestaansduur_procesobject", {"termijn"}),
        ("vast_te_leggen_datum", set(MATRIX) - {"afgehandeld"}),
        ("samengevoegd", set(MATRIX) - {"afgehandeld"}),
    ],
)
def test_ztc_003_what_the_selection_list_allows(procestermijn: str, allowed: set[str]) -> None:
    assert {wijze for wijze in MATRIX if past_bij_procestermijn(procestermijn, wijze)} == allowed


@pytest.mark.parametrize("wijze", MATRIX)
def test_ztc_004_to_008_what_each_afleidingswijze_needs_is_enough(wijze: str) -> None:
    needed = {"afleidingswijze": wijze, **PROCEDURES[wijze]}
    assert fouten_in_procedure(needed) == []
    for name in PROCEDURES[wijze]:
        for empty in ("", None):
            assert fouten_in_procedure({**needed, name: empty}) == [(name, "required")]
    # The one member that most of them leave free, absent or not.
    wrong = [] if wijze not in ("afgehandeld", "termijn") else [("einddatumBekend", "must-be-empty")]
    assert fouten_in_procedure({**needed, "einddatumBekend": True}) == wrong


@pytest.mark.parametrize("wijze", MATRIX)
def test_ztc_004_to_008_everything_filled_in_is_too_much(wijze: str) -> None:
    found = dict(fouten_in_procedure({"afleidingswijze": wijze, **FILLED}))
    assert set(found.values()) == {"must-be-empty"}
    free = set() if wijze in ("afgehandeld", "termijn") else {"einddatumBekend"}
    assert set(found) == set(FILLED) - set(PROCEDURES[wijze]) - free
