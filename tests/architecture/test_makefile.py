"""The Makefile names tests that are there: of a file that was renamed, its tests would be left out."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAMED = re.findall(r"(?<=[\s=])tests/[\w/.]+", (ROOT / "Makefile").read_text())


@pytest.mark.parametrize("name", NAMED)
def test_the_tests_that_are_named_are_there(name: str) -> None:
    assert (ROOT / name).exists()


def test_tests_are_named() -> None:
    assert len(NAMED) > 5
