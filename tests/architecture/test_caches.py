"""docs/architecture.md tells of everything that is remembered between requests: where, by which key, how much."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "architecture.md"
FOLDERS = ("gateway", "console", "runtime", "zgw", "services", "oas", "beheer")
CONTAINERS = {
    "dict",
    "OrderedDict",
    "defaultdict",
    "WeakValueDictionary",
    "WeakKeyDictionary",
    "TenantCache",
    "HeardCache",
    "set",
}
DECORATORS = {"cache", "lru_cache"}

NOT_BETWEEN_REQUESTS = {
    "zgw/check.py": "one write",
    "zgw/reading_log/read.py": "one read",
    "services/catalogi/uitwisseling/importeren.py": "one import",
    "services/notificaties/matching.py": "one batch of messages",
    "beheer/apply.py": "one run of the command",
    "beheer/apply_rights.py": "one run of the command",
    "beheer/configuration.py": "one run of the command",
    "beheer/document.py": "one run of the command",
    "beheer/postgres.py": "the embedded PostgreSQL of this process",
    "beheer/split.py": "the processes that were started",
    "beheer/runner.py": "the services of this process",
}
"""Files whose containers end with something else than the process, and with what."""


def last_name(node: ast.expr) -> str:
    """Return the name that an expression ends with: ``dict[str, int]`` and ``dict()`` are ``dict``."""
    while isinstance(node, ast.Subscript | ast.Call):
        node = node.value if isinstance(node, ast.Subscript) else node.func
    return node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")


def begins_empty(value: ast.expr | None) -> bool:
    """Return whether what is assigned is a container that others fill."""
    if isinstance(value, ast.Dict):
        return not value.keys
    if isinstance(value, ast.Call) and last_name(value) == "field":
        return any(last_name(k.value) in CONTAINERS for k in value.keywords if k.arg == "default_factory")
    return isinstance(value, ast.Call) and last_name(value) in CONTAINERS and not (value.args and _is_set(value))


def _is_set(value: ast.Call) -> bool:
    return last_name(value) in ("set", "dict")


def remembered(tree: ast.Module) -> Iterator[str]:
    """Yield the names of cached functions, and of containers that belong to an object or a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if DECORATORS & {last_name(decorator) for decorator in node.decorator_list}:
                yield node.name
        elif (
            isinstance(node, ast.AnnAssign)
            and last_name(node.annotation) in CONTAINERS
            and begins_empty(node.value)
            and isinstance(node.target, ast.Attribute)
        ):
            yield node.target.attr
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and begins_empty(node.value) and isinstance(node.target, ast.Name):
            yield node.target.id


def in_code() -> set[tuple[str, str]]:
    found = set()
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*.py"):
            name = path.relative_to(ROOT).as_posix()
            if name not in NOT_BETWEEN_REQUESTS:
                found |= {(name, cache) for cache in remembered(ast.parse(path.read_text()))}
    return found


def rows() -> list[list[str]]:
    section = PAGE.read_text().partition("## Caches")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def in_page() -> set[tuple[str, str]]:
    found = set()
    for row in rows():
        file, *names = re.findall(r"`([^`]+)`", row[0])
        found |= {(file, name) for name in names}
    return found


def test_every_cache_of_the_code_is_in_the_table_and_no_other() -> None:
    assert in_code() - in_page() == set()
    in_classes = {(file, name) for file, name in in_page() if name in (ROOT / file).read_text()}
    assert in_page() - in_classes == set()


def test_every_cache_has_a_key_a_bound_and_an_end() -> None:
    assert rows()
    assert [row for row in rows() if len(row) != 4 or not all(row)] == []
