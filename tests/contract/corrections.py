"""The OAS as the rulebook corrects it, where it contradicts the text of the standard, all implementations, or itself.

A correction is no permission to differ: the contract test compares with the corrected OAS, so what a correction says
must be served exactly, and a correction of something that the OAS does not say fails. `point` is that of the rulebook,
as in `deviations.py`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from .compare import matches
from .contract import Body, Contract, Operation

JSON = "application/json"
CATALOGI_LEZEN = ["catalogi.lezen", "documenten.lezen", "zaken.lezen"]


class Correction(NamedTuple):
    """What the OAS says (`oas`) at a place, and what holds instead (`holds`).

    `what` is `statuses` or `scopes`; a fact about a property, such as `request.required`; or a whole body, `request` or
    `response`, of which `holds` names the operation that has the right one. `operation` and `path` are patterns.
    """

    point: str
    reason: str
    operation: str
    what: str
    path: str = ""
    oas: Any = None
    holds: Any = None


CORRECTIONS: dict[str, list[Correction]] = {
    "catalogi": [
        Correction("O6", "A deleted type is not answered.", "*_destroy", "statuses", "", [200], [204]),
        Correction("O6", "A deleted type is not answered.", "*_destroy", "response", "", "object", None),
        Correction(
            "O6", "A created type is answered with 201 and Location, like every other resource.",
            "informatieobjecttype_create", "statuses", "", [200], [201],
        ),
        Correction(
            "catalogi §1.2", "The OAS leaves this body open; it is that of POST.",
            "informatieobjecttype_update", "request", "", "object", "informatieobjecttype_create",
        ),
        *(
            Correction(
                "catalogi §1.2", "The OAS leaves this body open; it is that of POST, and nothing is required.",
                f"{kind}_partial_update", "request", "", "object", f"{kind}_create",
            )
            for kind in ("zaaktype", "informatieobjecttype", "besluittype")
        ),
        *(
            Correction(
                "catalogi §1.2", "The OAS leaves this body open; it is the whole object.",
                operation, "response", "", "object", f"{operation.partition('_')[0]}_retrieve",
            )
            for operation in (
                "zaaktype_partial_update", "informatieobjecttype_update", "informatieobjecttype_partial_update",
                "besluittype_partial_update",
            )
        ),
        Correction(
            "catalogi §2.4", "Related types are written by name, in PATCH as in POST and PUT.",
            "resultaattype_partial_update", "request.format", "besluittypen[]|informatieobjecttypen[]", "uri", None,
        ),
        Correction(
            "catalogi §2.4", "Related types are written by name, in PATCH as in POST and PUT.",
            "resultaattype_partial_update", "request.nullable", "besluittypen[]|informatieobjecttypen[]", True, None,
        ),
        Correction(
            "O11", "The identificatie is generated when it is left out.",
            "zaaktype_create|zaaktype_update", "request.required", "identificatie", True, None,
        ),
        Correction(
            "catalogi §2.2", "Version 1.3.3 made deelzaaktypen optional in POST only; PUT follows.",
            "zaaktype_update", "request.required", "deelzaaktypen", True, None,
        ),
        Correction(
            "catalogi §2.9", "A reverse relation is worked out, so it is only read.",
            "informatieobjecttype_create|informatieobjecttype_update|informatieobjecttype_partial_update",
            "request.readOnly", "zaaktypeIdentificaties", None, True,
        ),
        Correction(
            "O15", "The compliance suites create types without a category.",
            "informatieobjecttype_create|informatieobjecttype_update", "request.required", "informatieobjectcategorie",
            True, None,
        ),
        Correction(
            "catalogi §2.7", "The catalogus is that of the zaaktype, so it can be left out.",
            "zaakobjecttype_create|zaakobjecttype_update", "request.required", "catalogus", True, None,
        ),
        Correction(
            "common §3", "A group is cleared with null.",
            "zaaktype_create|zaaktype_update|zaaktype_partial_update", "request.nullable",
            "broncatalogus|bronzaaktype", None, True,
        ),
        Correction(
            "common §3", "A group is cleared with null.",
            "informatieobjecttype_create|informatieobjecttype_update|informatieobjecttype_partial_update",
            "request.nullable", "omschrijvingGeneriek", None, True,
        ),
        Correction(
            "O12", "Who may read zaken or documenten may read all of their types, not only zaaktypen.",
            "*_list|*_retrieve", "scopes", "", ["catalogi.lezen"], CATALOGI_LEZEN,
        ),
        Correction(
            "catalogi §1.1", "HEAD gives away whether an object exists, so it needs the scope of GET.",
            "*_headers", "scopes", "", None, CATALOGI_LEZEN,
        ),
    ],
}  # fmt: skip


def correct(service: str, contract: Contract) -> list[Correction]:
    """Correct a contract; return the corrections of something that it does not say."""
    stale = []
    for correction in CORRECTIONS.get(service, ()):
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
    bodies: dict[str, Body] = getattr(operation, side)
    if JSON not in bodies:
        return False
    return _correct_fact(correction, fact, bodies) if fact else _replace(correction, operation, bodies, contract)


def _correct_fact(correction: Correction, fact: str, bodies: dict[str, Body]) -> bool:
    # A body may be shared with operations that the correction is not about.
    flat = {path: dict(facts) for path, facts in bodies[JSON].flat.items()}
    wrong = [path for path in flat if matches(correction.path, path) and flat[path].get(fact) == correction.oas]
    for path in wrong:
        flat[path].pop(fact, None)
        flat[path] |= {} if correction.holds is None else {fact: correction.holds}
    bodies[JSON] = Body(bodies[JSON].name, flat)
    return bool(wrong)


def _replace(correction: Correction, operation: Operation, bodies: dict[str, Body], contract: Contract) -> bool:
    """Give an operation whose body is an open object that of another operation, or none."""
    if bodies[JSON].flat != {"": {"type": correction.oas}}:
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
