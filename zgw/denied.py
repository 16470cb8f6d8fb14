"""The 403 that tells a client which right it lacks: the scope, and the type and level where it knows those itself."""

from collections.abc import Mapping
from typing import Any

from runtime.problems import Problem
from zgw.problems import MAX_URL
from zgw.rights import COMPONENTS

MEMBER = "ontbrekendeAutorisatie"
"""The member of a problem with the autorisatie that would do, as the Autorisaties API has it."""


class Unheld(Problem):
    """The 403 of a client that has a scope for no type at all: it comes before the request is looked at, so that
    ``zgw.unheld`` adds what that is about."""


def lacking(
    component: str,
    scopes: frozenset[str],
    *,
    name: str = "",
    kind: str = "",
    url: str = "",
    level: str = "",
    detail: str = "",
) -> Problem:
    """Return the 403 for a client that has none of ``scopes`` in an API, or not for a type (``kind`` and ``url``) up to
    a ``level``::

        lacking("zrc", scopes("zaken.aanmaken"), name="Balie", kind="zaaktype", url=url).detail
        # Applicatie Balie mist de scope zaken.aanmaken op zaaktype https://…

    ``name`` is that of its Applicatie; ``detail`` tells first what it may not do. Never give the type or level of an
    object that the client may not read.
    """
    # Of scopes of several APIs (ztc-014) those of this one are told: they are what its administrator would give.
    own = [scope for scope in scopes if COMPONENTS.get(scope.partition(".")[0], component) == component]
    told = sorted(own or scopes)
    owner = component if own else COMPONENTS[told[0].partition(".")[0]]
    member: dict[str, Any] = {"component": owner, "scopes": told}
    what = f"de scope {' of '.join(told)}"
    if kind:
        member[kind] = url[:MAX_URL]
        what += f" op {kind} {url[:MAX_URL]}"
    if kind and level:
        member["maxVertrouwelijkheidaanduiding"] = level
        what += f" voor vertrouwelijkheidaanduiding {level}"
    who = f"Applicatie {name}" if name else "De applicatie"
    parts = [detail, f"{who} mist {what}."]
    return Problem(403, "permission_denied", " ".join(filter(None, parts)), members={MEMBER: member})


def carried(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the member of a problem that another of our services answered, for the one that passes it on."""
    return {MEMBER: content[MEMBER]} if MEMBER in content else {}


def outside(component: str, scopes: frozenset[str], name: str = "") -> Problem:
    """Return the 403 for an object that exists, of which the client may know nothing else."""
    problem = lacking(component, scopes, name=name)
    told = " of ".join(problem.members[MEMBER]["scopes"])
    who = f"applicatie {name}" if name else "de applicatie"
    problem.detail = f"Dit object valt buiten de autorisaties van {who} met de scope {told}."
    return problem
