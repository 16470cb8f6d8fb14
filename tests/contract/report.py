"""Prints how far we are from the standard: `python -m tests.contract.report [service]`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from itertools import groupby

from .compare import Difference
from .conftest import differences, is_built
from .extract import NORMATIVE_FILES


def lines(service: str, found: list[Difference]) -> Iterator[str]:
    """The report on one service, grouped by resource."""
    yield f"{service}: {len(found)} differences"
    for resource, group in by_resource(found):
        yield f"\n  {resource} ({len(group)})"
        yield from (f"    {difference}" for difference in group)


def by_resource(found: Iterable[Difference]) -> list[tuple[str, list[Difference]]]:
    """The differences of each resource, in the order of their operations."""
    ordered = sorted(found, key=lambda difference: difference.resource)
    return [(resource, list(group)) for resource, group in groupby(ordered, lambda difference: difference.resource)]


def main() -> None:
    """Reports on the services that are named, or on all that are built; tells by its status whether we conform."""
    services = sys.argv[1:] or [service for service in NORMATIVE_FILES if is_built(service)]
    if unknown := [service for service in services if service not in NORMATIVE_FILES]:
        raise SystemExit(f"Not a service: {', '.join(unknown)}. The services are {', '.join(NORMATIVE_FILES)}.")
    if not services:
        raise SystemExit("No service is built yet.")
    for service in services:
        sys.stdout.write("\n".join(lines(service, differences(service))) + "\n\n")
    raise SystemExit(any(differences(service) for service in services))


if __name__ == "__main__":
    main()
