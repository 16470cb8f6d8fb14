"""Prints how far we are from the standard: `python -m tests.contract.report [service]`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from itertools import groupby

from .compare import Difference, Verdict
from .conftest import is_built, verdict
from .extract import NORMATIVE_FILES


def lines(service: str, outcome: Verdict) -> Iterator[str]:
    """The report on one service, grouped by resource."""
    counts = f"{len(outcome.refused)} differences, {len(outcome.accepted)} accepted, {len(outcome.stale)} stale rows"
    yield f"{service}: {counts}"
    for resource, differences in by_resource(outcome.refused):
        yield f"\n  {resource} ({len(differences)})"
        yield from (f"    {difference}" for difference in differences)
    if outcome.stale:
        yield "\n  deviations that accept nothing any more"
        yield from (f"    {row.point} {row.operation} {row.kind} {row.path}".rstrip() for row in outcome.stale)


def by_resource(differences: Iterable[Difference]) -> list[tuple[str, list[Difference]]]:
    """The differences of each resource, in the order of their operations."""
    ordered = sorted(differences, key=lambda difference: difference.resource)
    return [(resource, list(group)) for resource, group in groupby(ordered, lambda difference: difference.resource)]


def main() -> None:
    """Reports on the services that are named, or on all that are built; tells by its status whether we conform."""
    services = sys.argv[1:] or [service for service in NORMATIVE_FILES if is_built(service)]
    if unknown := [service for service in services if service not in NORMATIVE_FILES]:
        raise SystemExit(f"Not a service: {', '.join(unknown)}. The services are {', '.join(NORMATIVE_FILES)}.")
    if not services:
        raise SystemExit("No service is built yet.")
    outcomes = {service: verdict(service) for service in services}
    for service, outcome in outcomes.items():
        sys.stdout.write("\n".join(lines(service, outcome)) + "\n\n")
    raise SystemExit(any(outcome.refused or outcome.stale for outcome in outcomes.values()))


if __name__ == "__main__":
    main()
