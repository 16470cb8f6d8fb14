"""docs/changes-per-api.md names what is deprecated, and every operation beside the standard."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from beheer.provision import api_of
from oas.openapi import document
from runtime.tenancy import SERVICES

PAGE = (Path(__file__).parents[2] / "docs" / "changes-per-api.md").read_text()
DEPRECATED = PAGE.partition("\n## Deprecated now\n")[2]


def named(part: Any, name: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each part of a document that has a mark, with the name that people know it by."""
    if isinstance(part, dict):
        own = str(part.get("operationId") or part.get("name") or name)
        if isinstance(part.get("deprecated"), bool) or part.get("x-samenzaak-extensie"):
            yield own, part
        for key, inner in part.items():
            yield from named(inner, key)
    elif isinstance(part, list):
        for inner in part:
            yield from named(inner, name)


@pytest.mark.parametrize("service", SERVICES)
def test_what_is_deprecated_or_an_operation_of_ours_is_on_the_page(service: str) -> None:
    own = PAGE.partition(f"\n## {service.capitalize()}\n")[2].partition("\n## ")[0]
    found = list(named(document(api_of(service))))
    deprecated = [name for name, part in found if part.get("deprecated")]
    assert [name for name in deprecated if f"`{name}`" not in DEPRECATED or f"`{name}`" not in own] == []
    operations = [name for name, part in found if "operationId" in part]
    assert f"{service}_root" in operations
    assert [name for name in operations if f"`{name}`" not in own] == []


def test_only_what_is_deprecated_is_called_so() -> None:
    known = {n for s in SERVICES for n, part in named(document(api_of(s))) if part.get("deprecated")}
    assert "reserveer_zaaknummer" in known
    first = [line.split("|")[1] for line in DEPRECATED.splitlines() if line.startswith("| `")]
    assert {name.strip(" `") for cell in first for name in cell.split(",")} == known
