"""What is accepted for a value that it is not (common.md §2, §3)."""

from datetime import date
from typing import Annotated, Any, Literal

import pytest

from zgw.accept import accepted
from zgw.fields import Fields, kinds_of
from zgw.types import NULL_IS_EMPTY


class Sample(Fields):
    """A text, a date that may be null, a boolean, lists of several kinds, and an enum."""

    titel: str = ""
    einddatum: date | None = None
    klaar: bool = False
    namen: list[str] = []
    zaken: Annotated[list[str], NULL_IS_EMPTY] = []
    soorten: list[Literal["a", "b"]] = []
    nodig: list[str]
    soort: Literal["a", "b", ""] = ""


@pytest.mark.parametrize(
    ("sent", "taken"),
    [
        ({"einddatum": ""}, {"einddatum": None}),
        ({"einddatum": "  "}, {"einddatum": None}),
        ({"einddatum": "2026-01-01"}, {"einddatum": "2026-01-01"}),
        ({"titel": ""}, {"titel": ""}),
        ({"soort": " a\t"}, {"soort": "a"}),
        ({"soort": "  "}, {"soort": ""}),
        ({"soorten": [" a", "b", 1]}, {"soorten": ["a", "b", 1]}),
        ({"klaar": " true "}, {"klaar": "true"}),
        ({"zaken": None}, {"zaken": []}),
        ({"namen": None}, {"namen": None}),
        # What is required is not made up.
        ({"nodig": None}, {"nodig": None}),
        ({"titel": None}, {"titel": None}),
        # A number whose text would be another one than the client wrote.
        ({"titel": 2.0**53}, {"titel": False}),
        ({"titel": 1.5}, {"titel": 1.5}),
        ({"namen": [1.5, -(2.0**53)]}, {"namen": [1.5, False]}),
        ({"onbekend": ""}, {"onbekend": ""}),
        ([], []),
        (None, None),
    ],
)
def test_what_is_taken(sent: Any, taken: Any) -> None:
    before = repr(sent)
    assert accepted(kinds_of(Sample), sent) == taken
    assert repr(sent) == before


def test_the_kinds_of_fields() -> None:
    kinds = [{"einddatum"}, {"zaken"}, {"titel", "namen", "nodig", "zaken"}, {"soort", "klaar", "soorten"}]
    assert [set(names) for names in kinds_of(Sample)] == kinds
