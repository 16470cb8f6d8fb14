"""Numbers without a database: what they look like, and what is looked at before one is given out."""

import pytest
from sqlalchemy import Column, MetaData, Table, Text

from zgw.numbers import Numbers


def numbers(owner: str = "rsin", remember: bool = True) -> Numbers:
    """Return the numbers of a table that only has them."""
    columns = [Column(name, Text) for name in ("identificatie", "rsin")]
    return Numbers(Table("dossier", MetaData(), *columns), "DOSSIER", owner, remember)


def test_prefix_has_four_digits() -> None:
    assert numbers().prefix(987) == "DOSSIER-0987-"


@pytest.mark.parametrize(
    ("number", "ours"),
    [
        ("DOSSIER-2026-0000000001", True),
        ("DOSSIER-2026-1", False),
        ("DOSSIER-26-0000000001", False),
        ("ZAAK-2026-0000000001", False),
        ("DOSSIER-2026-00000000012", False),
    ],
)
def test_only_numbers_of_this_form_can_come(number: str, ours: bool) -> None:
    assert bool(numbers().pattern.fullmatch(number)) == ours


@pytest.mark.parametrize(
    ("owner", "remember", "expected"),
    [
        ("rsin", True, ["rsin = $3", "owner = $3", "FROM numbers_taken"]),
        ("rsin", False, ["rsin = $3"]),
        ("", True, ["FROM numbers_taken"]),
        ("", False, []),
    ],
)
def test_a_number_is_looked_for_where_it_may_be(owner: str, remember: bool, expected: list[str]) -> None:
    one = numbers(owner, remember)
    parts = ["rsin = $3", "owner = $3", "FROM numbers_taken"]
    assert [part for part in parts if part in one._next] == expected
    assert "FROM dossier WHERE identificatie =" in one._next
    assert ("numbers_taken" in one.counters.metadata.tables) == remember
