"""Each recipe of docs/recipes.md does what it says, in a copy of the product."""

from pathlib import Path

import pytest

from tests.recipes.recipe import Copy, copy, recipes, step_of

RECIPES = recipes()


def in_style(made: Copy) -> None:
    """Check that what the recipes give is as ``make format`` would leave it."""
    made.run(".venv/bin/ruff check . && .venv/bin/ruff format --check .")


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_does_what_it_says(tmp_path: Path, name: str) -> None:
    made = copy(tmp_path)
    for step in RECIPES[name]:
        made.carry_out(step)
    in_style(made)


@pytest.mark.long
def test_the_recipes_together_leave_a_product_that_passes_its_general_tests(tmp_path: Path) -> None:
    made = copy(tmp_path)
    for steps in RECIPES.values():
        for step in steps:
            made.carry_out(step)
    in_style(made)
    made.run(".venv/bin/mypy .")
    made.run(".venv/bin/pytest -n0 tests/architecture tests/contract tests/foundation tests/unit")


def test_every_recipe_ends_with_what_shows_that_it_works() -> None:
    assert [name for name, steps in RECIPES.items() if not steps or steps[-1].how != "Run"] == []


def test_a_block_that_goes_nowhere_is_no_recipe() -> None:
    with pytest.raises(ValueError, match="nothing tells where this goes: 'As an example:'"):
        step_of("As an example:\n", "x = 1\n")
