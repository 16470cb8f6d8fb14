"""What the tests themselves keep to."""

import ast
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parents[1]


def returns(test: ast.AST) -> Iterator[int]:
    """Yield the lines in which a test returns, without those of functions inside it."""
    for node in ast.iter_child_nodes(test):
        if isinstance(node, ast.Return):
            yield node.lineno
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            yield from returns(node)


def test_no_test_returns_before_its_end() -> None:
    """A case that has nothing to test is not a case, or a skip that says why."""
    found = [
        f"{path.relative_to(TESTS)}:{line}"
        for path in TESTS.rglob("test_*.py")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
        for line in returns(node)
    ]
    assert found == []
