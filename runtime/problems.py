"""The one error type. Raise it anywhere; the edge turns it into problem+json (RFC 9457)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

OBJECT = "nonFieldErrors"
"""The name under which an error of the object as a whole is reported."""


@dataclass(frozen=True, slots=True)
class InvalidParam:
    """One entry of ``invalidParams``: where, which code, and why in Dutch."""

    name: str
    code: str
    reason: str = ""


@dataclass
class Problem(Exception):
    """Every failure that a client sees. Raise it anywhere; the edge turns it into problem+json."""

    status: int
    code: str
    detail: str = ""
    invalid_params: Sequence[InvalidParam] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    title: str = ""
    members: Mapping[str, Any] = field(default_factory=dict)
    """Members of our own beside those of the standard."""

    def __str__(self) -> str:
        return f"{self.status} {self.code} {self.detail} {list(self.invalid_params)}"


class Again(Problem):
    """What was checked is no longer so, because of somebody else: the write starts again, and tells this 409 only when
    that happens time after time."""

    def __init__(self, detail: str = "Het object wordt tegelijk door anderen gewijzigd.") -> None:
        super().__init__(409, "conflict", detail, headers={"Retry-After": "1"})


class UnknownTenant(Problem):
    """The database has no such municipality, or no longer: it was erased after this work began."""

    def __init__(self) -> None:
        super().__init__(403, "permission_denied", "Deze gemeente is hier niet bekend.")


def invalid(name: str, code: str, reason: str = "") -> Problem:
    """Return the 400 for one field: ``raise invalid("zaaktype", "bad-url")``."""
    return Problem(400, "invalid", invalid_params=[InvalidParam(name, code, reason)])


def forbidden(detail: str = "") -> Problem:
    """Return the 403 for a missing right."""
    return Problem(403, "permission_denied", detail)


def not_found(detail: str = "") -> Problem:
    """Return the 404 for an object or page that does not exist."""
    return Problem(404, "not_found", detail)
