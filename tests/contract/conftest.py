"""Where the contract test gets the OAS that we serve."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

from oas.openapi import document

from .compare import Difference, compare
from .contract import Contract, read
from .correct import Correction, correct
from .corrections import CORRECTIONS
from .extensions import without_marked
from .extract import REPOSITORY, normative


def served(service: str) -> dict[str, Any]:
    """The OAS document that a service serves, made from its own declarations.

    The services are imported here and not above, so that the comparison itself is testable without them.
    """
    return document(import_module(f"services.{service}.app").API)


def is_built(service: str) -> bool:
    """Whether the service has an app yet. An app that is there but cannot be imported is a failure, not a skip."""
    return (REPOSITORY / "services" / service / "app.py").is_file()


@cache
def standard_part(service: str) -> Contract:
    """What a service serves, without what its OAS marks as beside the standard."""
    return read(without_marked(served(service))[0])


@cache
def corrected(service: str) -> tuple[Contract, list[Correction]]:
    """The standard as the rulebook corrects it, and the corrections that found nothing to correct."""
    contract = normative(service)
    return contract, correct(contract, CORRECTIONS[service])


@cache
def differences(service: str) -> list[Difference]:
    """The differences between what a service serves and the corrected standard."""
    return compare(service, corrected(service)[0], standard_part(service))
