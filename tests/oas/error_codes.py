"""Which codes of errors the sources can give, read from the sources themselves.

A code reaches a client as the argument ``code`` of a function or of a dataclass: ``check.reject(name, code)``,
``InvalidParam(name, code)``, ``Problem(status, code)``. So every call of such a function is looked at, and its argument
followed to the texts that it can be.
"""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("runtime", "zgw", "gateway", "services")
MADE_BY_LIBRARIES = {
    "ExpiredSignatureError",
    "ImmatureSignatureError",
    "InvalidIssuedAtError",
    "InvalidIssuerError",
    "InvalidAlgorithmError",
    "InvalidTokenError",
}
"""The errors of PyJWT, after which ``gateway.tokens`` names its codes."""


READERS = {"kind_of", "title_of", "check_of", "reason_of", "Wanted"}
"""Functions and classes that take a code and give none: they explain it, or look for it among the last requests."""


@dataclass
class Sources:
    """The parsed modules, and what was found in them."""

    modules: dict[Path, ast.Module] = field(default_factory=dict)
    places: dict[str, set[int]] = field(default_factory=dict)
    """The positions of the argument ``code`` of each function or class, by its name."""
    unresolved: dict[str, list[str]] = field(default_factory=dict)
    """Arguments that could not be followed, with where they are."""


def sources() -> Sources:
    """Parse the modules, and find the functions and classes with an argument ``code``."""
    found = Sources(places={"PydanticCustomError": {0}})
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                found.modules[path] = ast.parse(path.read_text("utf-8"))
    for module in found.modules.values():
        for node in ast.walk(module):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                names = [arg.arg for arg in node.args.args if arg.arg != "self"]
            elif isinstance(node, ast.ClassDef):
                members = [each.target for each in node.body if isinstance(each, ast.AnnAssign)]
                names = [target.id for target in members if isinstance(target, ast.Name)]
            else:
                continue
            if "code" in names and node.name not in READERS:
                found.places.setdefault(node.name, set()).add(names.index("code"))
    return found


@cache
def codes() -> tuple[set[str], dict[str, list[str]]]:
    """Return all codes, and the arguments that could not be followed with where they are."""
    found = sources()
    result = {f"jwt-{name.lower()}" for name in MADE_BY_LIBRARIES}
    for path, module in found.modules.items():
        known = assigned(module)
        for node in ast.walk(module):
            for argument, place in arguments(node, found.places):
                texts = set(followed(argument, known, place))
                result |= texts
                if not texts:
                    where = f"{path.relative_to(ROOT)}:{argument.lineno}"
                    found.unresolved.setdefault(ast.unparse(argument), []).append(where)
        result |= given_back(module)
    return result, found.unresolved


def arguments(node: ast.AST, places: dict[str, set[int]]) -> Iterator[tuple[ast.expr, int]]:
    """Yield what a call passes as ``code``, and the default of such an argument; with its place in a tuple, when a
    whole one is passed."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        named = node.args.args[len(node.args.args) - len(node.args.defaults) :]
        yield from ((value, 0) for arg, value in zip(named, node.args.defaults, strict=True) if arg.arg == "code")
        return
    if not isinstance(node, ast.Call):
        return
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name) and node.func.value.id == "log":
        return
    if name not in places:
        return
    yield from ((keyword.value, 0) for keyword in node.keywords if keyword.arg == "code")
    for place in places[name]:
        stars = [i for i, argument in enumerate(node.args) if isinstance(argument, ast.Starred) and i <= place]
        if stars:
            yield node.args[stars[0]], place - stars[0]
        elif place < len(node.args):
            yield node.args[place], 0


def assigned(module: ast.Module) -> dict[str, list[ast.expr]]:
    """Return what is assigned to each name, to each attribute and to each member of a tuple in a module."""
    known: dict[str, list[ast.expr]] = {}
    for node in ast.walk(module):
        if isinstance(node, ast.Assign):
            pairs = [(target, node.value) for target in node.targets]
        elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value is not None:
            pairs = [(node.target, node.value)]
        elif isinstance(node, ast.For) and isinstance(node.iter, ast.Tuple):
            pairs = [(node.target, each) for each in node.iter.elts]
        else:
            continue
        for target, value in pairs:
            several = isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)
            names = target.elts if several and isinstance(target, ast.Tuple) else [target]
            values = value.elts if several and isinstance(value, ast.Tuple) else [value]
            for name, each in zip(names, values, strict=True):
                key = name.id if isinstance(name, ast.Name) else name.attr if isinstance(name, ast.Attribute) else ""
                known.setdefault(key, []).append(each)
    return known


def followed(
    node: ast.expr, known: dict[str, list[ast.expr]], place: int = 0, seen: frozenset[str] = frozenset()
) -> Iterator[str]:
    """Yield the texts that an expression can be: of a tuple, the one at ``place``."""
    inner: Iterable[ast.expr] = ()
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
        yield node.value
    elif isinstance(node, ast.IfExp):
        inner = (node.body, node.orelse)
    elif isinstance(node, ast.BoolOp | ast.Dict):
        inner = node.values
    elif isinstance(node, ast.Starred | ast.Subscript):
        inner = (node.value,)
    elif isinstance(node, ast.Tuple) and place < len(node.elts):
        inner = (node.elts[place],)
    elif isinstance(node, ast.Name | ast.Attribute):
        name = node.id if isinstance(node, ast.Name) else node.attr
        inner = known.get(name, ()) if name not in seen else ()
        seen |= {name}
    for each in inner:
        yield from followed(each, known, place, seen)


def given_back(module: ast.Module) -> set[str]:
    """Return the codes that functions answer beside nothing: ``return None, "not-published"``."""
    found: set[str] = set()
    for node in ast.walk(module):
        pair = node.value if isinstance(node, ast.Return) else None
        first = pair.elts[0] if isinstance(pair, ast.Tuple) and pair.elts else None
        if isinstance(pair, ast.Tuple) and isinstance(first, ast.Constant) and first.value is None:
            found |= set(followed(pair.elts[1], {}))
    return found
