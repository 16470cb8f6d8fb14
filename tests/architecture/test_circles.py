"""No module imports, by whatever way, one that imports it: whoever reads a module has read what it is built on."""

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("runtime", "zgw", "services", "gateway", "oas", "beheer")

LATER = {("zgw.resource", "zgw.check"), ("zgw.resource", "zgw.request"), ("zgw.filters", "zgw.request")}
"""Imports for a type that cannot be elsewhere: a declaration has functions that get a Check or Call, which know the
declaration."""


def modules() -> dict[str, Path]:
    """Return the files of the product by the name of the module."""
    files = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
    return {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in files}


def imported(node: ast.AST, known: dict[str, Path]) -> Iterator[str]:
    """Yield the modules of the product that are imported below a node, also in functions and for types only."""
    for each in ast.walk(node):
        if isinstance(each, ast.Import):
            yield from (alias.name for alias in each.names if alias.name in known)
        elif isinstance(each, ast.ImportFrom) and each.module in known:
            inside = [f"{each.module}.{alias.name}" for alias in each.names]
            found = {name if name in known else each.module for name in inside}
            yield from found


def for_types_only(tree: ast.Module) -> list[ast.If]:
    """Return the parts of a module that are read by mypy alone."""
    return [node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]


def test_there_is_no_circle_of_imports() -> None:
    known = modules()
    graph = {name: set(imported(ast.parse(path.read_text()), known)) for name, path in known.items()}
    for name, other in LATER:
        graph[name].discard(other)
    try:
        TopologicalSorter(graph).prepare()
        circle = []
    except CycleError as e:
        circle = e.args[1]
    assert circle == []


def test_what_is_excepted_is_imported_for_a_type_only() -> None:
    known = modules()
    for name, other in LATER:
        tree = ast.parse(known[name].read_text())
        parts = for_types_only(tree)
        assert other in {module for part in parts for module in imported(part, known)}
        rest = [node for node in tree.body if node not in parts]
        assert other not in {module for node in rest for module in imported(node, known)}
