"""Each recipe of docs/recipes.md does what it says, in a copy of the product."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.recipes.recipe import PAGE, Copy, copy, recipes, step_of

RECIPES = recipes()
PYTEST = ".venv/bin/pytest -n0"
QUICK = "A page of documentation"
"""The recipe of which the commands are run by ``make test`` as well; the others take a minute."""


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Copy]:
    """A copy of the product."""
    # The address of the socket of a PostgreSQL has to be short, and that of this test is in a deep folder.
    with tempfile.TemporaryDirectory(prefix="recipe-") as temporary:
        yield copy(tmp_path, Path(temporary))


def in_style(made: Copy) -> None:
    """Check that what the recipes give is as ``make format`` would leave it."""
    made.run(".venv/bin/ruff check . && .venv/bin/ruff format --check .")


def test_every_block_goes_where_it_says(made: Copy) -> None:
    for steps in RECIPES.values():
        for step in steps:
            if step.how != "Run":
                made.carry_out(step)
    in_style(made)


@pytest.mark.long
def test_the_recipes_do_what_they_say(made: Copy) -> None:
    """One after the other in the same copy; their tests come together at the end, because most need a running stack."""
    tests: list[str] = []
    for steps in RECIPES.values():
        for step in steps:
            tests += made.carry_out(step, later=PYTEST)
    in_style(made)
    made.run(f"{PYTEST} {' '.join(dict.fromkeys(tests))}")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name == QUICK else pytest.mark.long) for name in RECIPES]
)
def test_a_recipe_needs_no_other(made: Copy, name: str) -> None:
    for step in RECIPES[name]:
        made.carry_out(step)
    in_style(made)


@pytest.mark.long
def test_the_recipes_leave_a_product_that_passes_its_general_tests(made: Copy) -> None:
    for steps in RECIPES.values():
        for step in steps:
            made.carry_out(step, later=PYTEST)
    made.run(".venv/bin/mypy .")
    made.run(f"{PYTEST} tests/architecture tests/contract tests/foundation tests/unit")


def test_every_recipe_ends_with_what_shows_that_it_works() -> None:
    assert [name for name, steps in RECIPES.items() if not steps or steps[-1].how != "Run"] == []


def test_no_block_is_left_out() -> None:
    assert PAGE.read_text().count("\n```") == 2 * sum(len(steps) for steps in RECIPES.values())


def test_a_block_that_goes_nowhere_is_no_recipe() -> None:
    with pytest.raises(ValueError, match="nothing tells where this goes: 'As an example:'"):
        step_of("As an example:\n", "x = 1\n")
