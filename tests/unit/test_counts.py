"""The counts without a database: which conditions they know, where a page lies, and the SQL of their triggers."""

import pytest
from sqlalchemy import Boolean, Column, ColumnElement, Date, MetaData, Table, Text, and_, exists, func, or_, select
from sqlalchemy.dialects import postgresql

from runtime.statements import among
from zgw.counts import BLOCK, Counted, Counts
from zgw.tally import Tally

METADATA = MetaData()
ZAAK = Table(
    "zaak",
    METADATA,
    *(Column(name, Text) for name in ("id", "uuid", "zaaktype", "level", "status", "naam")),
    Column("einddatum", Date),
    Column("gereed", Boolean),
)
ROL = Table("rol", METADATA, *(Column(name, Text) for name in ("id", "zaak", "soort", "gezet")))
OTHER = Table("ander", METADATA, Column("status", Text))
Z, R = ZAAK.c, ROL.c
OWN = Counted(ZAAK, "zaak", "zaaktype", "level", values=("status",), filled=("einddatum",), true=("gereed",))
BELOW = Counted(ROL, "zaak", "zaaktype", "level", reference="zaak", values=("soort",), moment="gezet")
COUNTS = Counts(ZAAK, "zaaktype", "level")


def text_of(condition: ColumnElement[bool] | None) -> str:
    """Return the SQL of a condition, with its values, or an empty text."""
    if condition is None:
        return ""
    compiled = condition.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True})  # type: ignore[no-untyped-call]
    return str(compiled)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (Z.status == "open", "counts.facts ->> 'status' = 'open'"),
        (
            or_(Z.status == "a", Z.status.is_(None)),
            "counts.facts ->> 'status' = 'a' OR counts.facts ->> 'status' IS NULL",
        ),
        (Z.einddatum.is_(None), "counts.facts ->> 'einddatum' = 'false'"),
        (Z.einddatum.is_not(None), "counts.facts ->> 'einddatum' = 'true'"),
        (Z.gereed.is_(True), "counts.facts ->> 'gereed' = 'true'"),
        (Z.gereed.is_not(True), "counts.facts ->> 'gereed' = 'false'"),
        (Z.zaaktype == "t", "counts.type = 't'"),
        (Z.level == "l", "counts.level = 'l'"),
    ],
)  # fmt: skip
def test_conditions_that_the_counts_know(condition: ColumnElement[bool], expected: str) -> None:
    assert text_of(OWN.on_counts(condition, COUNTS.totals)).replace("(", "").replace(")", "") == expected


@pytest.mark.parametrize(
    "condition",
    [
        Z.naam == "x",
        Z.einddatum > func.current_date(),
        Z.gereed.is_(None),
        Z.gereed.is_(False),
        and_(Z.status == "open", Z.naam == "x"),
        OTHER.c.status == "open",
        exists(select(R.id).where(R.zaak == Z.uuid)),
    ],
)
def test_conditions_that_have_to_be_counted(condition: ColumnElement[bool]) -> None:
    assert OWN.on_counts(condition, COUNTS.totals) is None


def test_what_is_below_a_main_object_has_no_type_of_its_own() -> None:
    assert BELOW.on_counts(Z.zaaktype == "t", COUNTS.totals) is None
    assert text_of(BELOW.on_counts(among(R.soort, ["a"]), COUNTS.totals)).startswith("counts.facts ->> 'soort' = ANY")


def test_blocks_have_bounds_in_ids_or_moments() -> None:
    assert [text_of(condition) for condition in OWN.between(3, 2)] == [
        f"zaak.id >= {2 * BLOCK}", f"zaak.id < {4 * BLOCK}",
    ]  # fmt: skip
    assert [text_of(condition) for condition in BELOW.between(1, 1)] == [
        "rol.gezet >= to_timestamp(2592000.0)", "rol.gezet < to_timestamp(5184000.0)",
    ]  # fmt: skip


PARTS = [(9, 10), (7, 3), (2, 20)]


@pytest.mark.parametrize(
    ("offset", "size", "window", "rest"),
    [
        (0, 10, (9, 9), 0),
        (0, 11, (9, 7), 0),
        (9, 5, (9, 2), 9),
        (10, 3, (7, 7), 0),
        (12, 2, (7, 2), 2),
        (13, 20, (2, 2), 0),
        (30, 100, (2, 2), 17),
    ],
)
def test_a_page_lies_in_few_parts(offset: int, size: int, window: tuple[int, int], rest: int) -> None:
    asked: list[tuple[int, int]] = []

    def between(first: int, last: int) -> list[ColumnElement[bool]]:
        asked.append((first, last))
        return []

    assert Tally(33, PARTS, between).window(offset, size) == ([], rest)
    assert asked == [window]


def test_beyond_the_last_part_there_is_no_window() -> None:
    assert Tally(33, PARTS).window(33, 10) == ([], 0)


def test_a_table_that_refers_to_the_id_of_its_main_object_is_in_the_order_of_those() -> None:
    kept = Counted(ROL, "zaak", "zaaktype", "level", reference="zaak", values=("soort",), key="id")
    assert kept.block("o") == f"o.zaak / {BLOCK}"
    assert "m.id = NEW.zaak FOR KEY SHARE" in kept.triggers()[0]
    assert "o.zaak = OLD.id" in kept.triggers()[1]
    assert "m.uuid = NEW.zaak FOR KEY SHARE" in BELOW.triggers()[0]


@pytest.mark.parametrize("counted", [OWN, BELOW])
def test_nothing_is_left_to_fill_in(counted: Counted) -> None:
    for statement in (*counted.triggers(), counted.recount()):
        assert "{" not in statement


def test_a_write_below_a_main_object_locks_its_key() -> None:
    assert BELOW.triggers()[0].count("FOR KEY SHARE") == 2
    assert "FOR KEY SHARE" not in OWN.triggers()[0]
