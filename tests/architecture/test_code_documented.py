"""What the code offers is on a page: commands and their options, metrics, health, extensions of the standard."""

import re
from pathlib import Path

import pytest

from beheer import health
from gateway import pages
from tests.architecture import cli_page

ROOT = Path(__file__).parents[2]
METRIC = re.compile(r'"(samenzaak_[a-z_]+)"')
METRICS = sorted(set(METRIC.findall((ROOT / "beheer" / "metrics.py").read_text())))
HEALTH = sorted([health.LIVE, health.READY, *(path.decode() for path in pages.PATHS if b"health" in path)])


def documents() -> str:
    """Return the text of all pages of the documentation."""
    return "\n".join(path.read_text() for path in sorted((ROOT / "docs").glob("*.md")))


def test_every_command_and_option_is_on_its_page() -> None:
    """After a change of a command: `make docs`."""
    assert cli_page.PAGE.read_text() == cli_page.page()


@pytest.mark.parametrize("metric", METRICS)
def test_every_metric_is_on_a_page(metric: str) -> None:
    assert metric in documents()


@pytest.mark.parametrize("path", HEALTH)
def test_every_health_page_is_on_a_page(path: str) -> None:
    assert f"`{path}`" in documents()


def test_there_is_something_to_document() -> None:
    assert len(METRICS) > 4
    assert len(HEALTH) > 3
