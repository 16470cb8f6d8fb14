"""What the code offers is on a page: commands and their options, metrics, health, extensions of the standard."""

import asyncio
import json
import re
from pathlib import Path

import pytest
from fastapi.routing import APIRoute

from beheer import health
from beheer.metrics import Metrics, count_waiting
from gateway import pages
from tests.architecture import cli_page

ROOT = Path(__file__).parents[2]
PAGES = [route.path for route in pages.router.routes if isinstance(route, APIRoute)]
HEALTH = sorted([health.LIVE, health.READY, *(path for path in PAGES if "health" in path)])


def metrics() -> list[str]:
    """Return the names of the metrics of ours; that of a counter is without ``_total``."""
    families = [*Metrics().registry.collect(), *asyncio.run(count_waiting([]))]
    return sorted(family.name for family in families if family.name.startswith("samenzaak_"))


def documents() -> str:
    """Return the text of all pages of the documentation. The recipes are about what is not there."""
    pages = [path for path in sorted((ROOT / "docs").glob("*.md")) if path.name != "recipes.md"]
    return "\n".join(path.read_text() for path in pages)


def test_every_command_and_option_is_on_its_page() -> None:
    """After a change of a command: `make docs`."""
    assert cli_page.PAGE.read_text() == cli_page.page()


@pytest.mark.parametrize("metric", metrics())
def test_every_metric_is_on_a_page(metric: str) -> None:
    assert re.search(rf"`{metric}(_total)?`", documents())


@pytest.mark.parametrize("path", HEALTH)
def test_every_health_page_is_on_a_page(path: str) -> None:
    assert f"`{path}`" in documents()


@pytest.mark.parametrize("missing", [[], ["zaken"]])
async def test_every_answer_about_health_is_on_a_page(missing: list[str]) -> None:
    answer = json.loads(bytes((await pages.ready(missing)).body))
    for word in (*answer, answer["status"]):
        assert f"`{word}`" in documents()


def test_there_is_something_to_document() -> None:
    assert len(metrics()) > 8
    assert len(HEALTH) > 3
