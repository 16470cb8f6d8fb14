"""Who may import whom (design: zgw imports no service, services never import each other, only beheer imports all)."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SERVICES = sorted(path.name for path in (ROOT / "services").iterdir() if (path / "app.py").exists())


def imported(folder: str) -> Iterator[tuple[Path, str]]:
    """Yield (file, module) of every import below a folder, also those inside functions."""
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                yield from ((path, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield path, node.module


def forbidden(folder: str, *roots: str) -> list[str]:
    """Return the imports below ``folder`` that begin with one of ``roots``."""
    return [
        f"{path.relative_to(ROOT)} imports {module}"
        for path, module in imported(folder)
        if any(module == root or module.startswith(root + ".") for root in roots)
    ]


def test_runtime_knows_nothing_of_zgw() -> None:
    assert forbidden("runtime", "zgw", "oas", "services", "gateway", "console", "beheer", "tests") == []


def test_zgw_imports_no_service_gateway_or_beheer() -> None:
    assert forbidden("zgw", "services", "gateway", "console", "beheer", "tests") == []


def test_the_oas_is_made_from_zgw_alone_and_zgw_does_not_know_it() -> None:
    assert forbidden("oas", "services", "gateway", "console", "beheer", "tests") == []
    assert forbidden("zgw", "oas") == []


def test_the_gateway_imports_no_service() -> None:
    assert forbidden("gateway", "services", "console", "beheer", "tests") == []


def test_the_console_reaches_the_services_over_http_alone() -> None:
    """It changes nothing of a municipality but through a service, and has no connection to one's schema."""
    assert forbidden("console", "services", "beheer", "tests", "sqlmodel", "sqlalchemy", "runtime.pool") == []


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_imports_only_itself_and_zgw(service: str) -> None:
    others = [f"services.{other}" for other in SERVICES if other != service]
    assert forbidden(f"services/{service}", *others, "gateway", "console", "beheer", "tests") == []


def test_the_guides_are_built_without_the_product() -> None:
    """An image builds them in an environment that has none of what the product needs."""
    assert forbidden("guides", "runtime", "zgw", "oas", "services", "gateway", "console", "beheer", "tests") == [
        "guides/sphinx_site.py imports runtime.version"
    ]


def test_no_test_imports_another_test() -> None:
    """What tests share is in a module that has no tests of its own."""
    one = re.compile(r"^\s*(?:from|import) \S*\btest_\w+|^\s*from \S* import test_\w+", re.MULTILINE)
    found = {str(path.relative_to(ROOT)): one.findall(path.read_text()) for path in (ROOT / "tests").rglob("*.py")}
    assert {name: imports for name, imports in found.items() if imports} == {}


def test_there_are_no_drawers_for_everything() -> None:
    folders = ("runtime", "zgw", "oas", "gateway", "console", "services", "beheer", "guides")
    names = {path.name for folder in folders for path in (ROOT / folder).rglob("*.py")}
    assert names.isdisjoint({"utils.py", "helpers.py", "misc.py", "common.py"})


def test_no_file_is_over_400_lines() -> None:
    sizes = {
        str(path.relative_to(ROOT)): len(path.read_text().splitlines())
        for folder in ("runtime", "zgw", "oas", "gateway", "console", "services", "beheer", "bench", "guides", "tests")
        for path in (ROOT / folder).rglob("*.py")
    }
    assert {name: size for name, size in sizes.items() if size > 400} == {}
