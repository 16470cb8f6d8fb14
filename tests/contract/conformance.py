"""Writes docs/conformance.md: `python -m tests.contract.conformance`.

Everything in it is taken from the code: the operations from the OAS that we serve, the corrections from the table that
the contract test holds us to, the rules from `rules.py`, with the tests that name them.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from .compare import counterpart
from .conftest import differences, served
from .contract import read
from .corrections import CORRECTIONS
from .extensions import EXTENSIONS, without_marked
from .extract import NORMATIVE_FILES, REPOSITORY, normative
from .rules import RULES

PAGE = REPOSITORY / "docs" / "conformance.md"
PREFIXES = {
    "zaken": "zrc",
    "catalogi": "ztc",
    "documenten": "drc",
    "besluiten": "brc",
    "autorisaties": "ac",
    "notificaties": "nrc",
}
RULE = re.compile(rf"(?<![0-9a-z-])({'|'.join(PREFIXES.values())})[-_](\d{{1,3}})([a-z]?)(?![0-9a-z-])", re.IGNORECASE)
HEAD = """\
# Conformance

How Samenzaak stands to the standard ZGW 1.7, per API. This page is written by `make docs`; a test fails when it
is out of date.

- **Operations**: those of the normative OAS that we serve, compared field by field: methods, paths, parameters,
  scopes, status codes, and the shape of requests and responses (`tests/contract/`).
- **Corrections of the OAS**: where the OAS contradicts the text of the standard, all implementations, or itself. What
  stands under "holds" is what the operations are compared with; there are no exceptions. The contract test fails on
  every difference, and on a correction of something that the OAS does not say.
- **Beside the standard**: every parameter, property and operation that only we have; the contract test fails on one
  that is not listed.
- **Rules**: the rules of the standard that no OAS can express, with the test files that name each. A test fails when
  no test names a rule. The text about Notificaties numbers no rules; those numbers are ours.
"""


def rule_ids(text: str) -> set[str]:
    """Return the rules that a text names, as `zrc-013`; a part such as `zrc-026a` belongs to its rule."""
    return {f"{found[1].lower()}-{found[2]}" for found in RULE.finditer(text)}


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield the functions in a file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


@cache
def naming_tests() -> dict[str, set[Path]]:
    """Return the test files that name each rule, in the name or the docstring of a test."""
    found: dict[str, set[Path]] = defaultdict(set)
    for path in sorted((REPOSITORY / "tests").rglob("test_*.py")):
        for function in functions(path):
            if function.name.startswith("test_"):
                for rule in rule_ids(f"{function.name} {ast.get_docstring(function) or ''}"):
                    found[rule].add(path)
    return found


def applied() -> set[str]:
    """Return the rules that the code names."""
    found: set[str] = set()
    for folder in ("services", "zgw"):
        for path in (REPOSITORY / folder).rglob("*.py"):
            found |= rule_ids(path.read_text(encoding="utf-8"))
    return found


def operations(service: str) -> Iterator[str]:
    """Yield the facts about the operations of a service."""
    standard, ours = normative(service), read(served(service))
    there = [operation for operation in standard.operations.values() if counterpart(operation, ours) is not None]
    names = {found.name for operation in there if (found := counterpart(operation, ours))}
    total = len(standard.operations)
    yield f"{len(there)} of the {total} operations of the standard ({NORMATIVE_FILES[service]}) are served."
    yield f"Differences with it, as corrected below: {len(differences(service))}."
    if missing := sorted(operation.name for operation in standard.operations.values() if operation not in there):
        yield f"Missing: {', '.join(f'`{name}`' for name in missing)}."
    if more := sorted(operation.name for operation in ours.operations.values() if operation.name not in names):
        yield f"Besides them: {', '.join(f'`{name}`' for name in more)}."


def corrections(service: str) -> Iterator[str]:
    """Yield the table of the corrections of the OAS of a service."""
    yield "| operations | what | where | OAS | holds | why |"
    yield "|---|---|---|---|---|---|"
    for row in CORRECTIONS[service]:
        oas, holds = ("nothing" if value is None else code(str(value)) for value in (row.oas, row.holds))
        cells = [code(row.operation), code(row.what), code(row.path), oas, holds, row.reason]
        yield "| " + " | ".join(cells) + " |"


def code(text: str) -> str:
    """Return a pattern, or a value, as code in a cell of a table."""
    return ", ".join(f"`{part}`" for part in text.split("|")) if text else ""


def rules(service: str) -> Iterator[str]:
    """Yield the table of the rules of a service."""
    tests = naming_tests()
    yield "| rule | what must be true | tested in |"
    yield "|---|---|---|"
    for rule in (rule for rule in RULES if rule.startswith(PREFIXES[service] + "-")):
        links = [f"[{path.stem}](../{path.relative_to(REPOSITORY)})" for path in sorted(tests[rule])]
        yield f"| {rule} | {RULES[rule]} | {', '.join(links)} |"


def extensions() -> Iterator[str]:
    """Yield the table of what we serve beside the standard."""
    yield "| API | operations | what | where | why |"
    yield "|---|---|---|---|---|"
    for row in EXTENSIONS:
        api = "all" if row.service == "*" else ", ".join(row.service.split("|"))
        yield f"| {api} | {code(row.operation)} | {row.what} | {code(row.path)} | {row.reason} |"
    yield ""
    yield "What the OAS marks with `x-samenzaak-extensie`, with its description there:"
    yield ""
    yield "| API | where | what | name | description |"
    yield "|---|---|---|---|---|"
    for service in NORMATIVE_FILES:
        rows: dict[tuple[str, str, str], str] = {}
        for each in without_marked(served(service))[1]:
            # A request and the answer to it have the same extension; the description is that of the first.
            place = each.place.removesuffix("Request").removesuffix("Patch")
            rows.setdefault((place, each.what, each.name), each.description.partition("\n")[0])
        for (place, what, name), description in rows.items():
            yield f"| {service} | {code(place)} | {what} | {code(name)} | {description} |"


def page() -> str:
    """Return the whole page."""
    parts = [HEAD]
    for service in NORMATIVE_FILES:
        parts += [f"## {service.title()}", "", *operations(service), ""]
        parts += ["### Corrections of the OAS", "", *corrections(service), ""]
        parts += ["### Rules", "", *rules(service), ""]
    parts += ["## Beside the standard", "", *extensions()]
    return "\n".join(parts).rstrip() + "\n"


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
