"""Corrects the OAS where the rulebook decides against it.

A correction is no permission to differ. The contract test compares with the corrected OAS and accepts no difference:
what a correction says must be served exactly, and a correction of something that the OAS does not say fails.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from .compare import matches
from .contract import Body, Contract, Operation
from .schema import Flat, Node, any_of, is_below

JSON = "application/json"


class Correction(NamedTuple):
    """What the OAS says (`oas`) at a place, and what holds instead (`holds`); None says that there is no such thing.

    `operation` and `path` are patterns. `what` is one of

    - `statuses` or `scopes` of the operation;
    - a fact about a property or a parameter, such as `request.required` or `parameter.format`;
    - `request.path` or `response.path`: a property, with all below it, that has another name;
    - `request` or `response`: a whole body, of which `oas` is the type; `holds` is the operation with the right one.
    """

    point: str
    reason: str
    operation: str
    what: str
    path: str = ""
    oas: Any = None
    holds: Any = None


def correct(contract: Contract, corrections: Iterable[Correction]) -> list[Correction]:
    """Correct a contract; return the corrections of something that it does not say."""
    stale = []
    for correction in corrections:
        operations = [each for each in contract.operations.values() if matches(correction.operation, each.name)]
        done = [_apply(correction, operation, contract) for operation in operations]
        stale += [] if any(done) else [correction]
    return stale


def _apply(correction: Correction, operation: Operation, contract: Contract) -> bool:
    """Correct one operation; return whether the OAS says there what the correction is about."""
    side, _, fact = correction.what.partition(".")
    if side in ("statuses", "scopes"):
        if getattr(operation, side) != correction.oas:
            return False
        setattr(operation, side, correction.holds)
        return True
    if side == "parameter":
        return _correct_fact(correction, fact, operation.parameters)
    bodies: dict[str, Body] = getattr(operation, side)
    if JSON not in bodies:
        return False
    if not fact:
        return _replace(correction, operation, bodies, contract)
    # A body may be shared with operations that the correction is not about.
    body = bodies[JSON] = Body(bodies[JSON].name, {path: dict(facts) for path, facts in bodies[JSON].flat.items()})
    return _rename(correction, body) if fact == "path" else _correct_fact(correction, fact, body.flat)


def _correct_fact(correction: Correction, fact: str, flat: Flat) -> bool:
    wrong = [path for path in flat if matches(correction.path, path) and flat[path].get(fact) == correction.oas]
    for path in wrong:
        flat[path].pop(fact, None)
        flat[path] |= {} if correction.holds is None else {fact: correction.holds}
    return bool(wrong)


def _rename(correction: Correction, body: Body) -> bool:
    """Give a property another name. Where something with that name is known, a client may send or receive both."""
    renamed = [path for path in body.flat if matches(correction.path, path)]
    for root in renamed:
        to = root.removesuffix(correction.oas) + correction.holds
        for path in [path for path in body.flat if path == root or is_below(path, [root])]:
            facts, there = body.flat.pop(path), to + path.removeprefix(root)
            known = body.flat.get(there)
            body.flat[there] = facts if known is None else any_of([Node(known), Node(facts)]).facts
    return bool(renamed)


def _replace(correction: Correction, operation: Operation, bodies: dict[str, Body], contract: Contract) -> bool:
    """Give an operation with an open object, or with an array, the body of another operation, or none."""
    open_object = correction.oas == "object" and len(bodies[JSON].flat) > 1
    if bodies[JSON].flat[""] != {"type": correction.oas} or open_object:
        return False
    if correction.holds is None:
        del bodies[JSON]
    else:
        other: dict[str, Body] = getattr(contract.operations[correction.holds], correction.what)
        flat = {path: dict(facts) for path, facts in other[JSON].flat.items()}
        if operation.method == "PATCH" and correction.what == "request":
            # Only the members of groups are required in a PATCH.
            for path in flat:
                if "." not in path:
                    flat[path].pop("required", None)
        bodies[JSON] = Body(operation.name, flat)
    return True
