"""Relations hold when the other service stops, freezes or fails, and when the calling process is killed.

``python -m bench.relation_faults`` does the same two hundred times, at random, and prints a table.
"""

import random
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.besluiten.wereld import deelbaar
from tests.maak import Maak
from tests.relaties.bewerkingen import OPERATIONS, Operation
from tests.relaties.storing import FAULTS, TENANT, Storing, storing
from tests.selectielijst import Selectielijst
from tests.stack import Stack

CRASHES = ("killed before", "killed after", "killed at random")


def rounds(faults: Sequence[str], step: int) -> list[Any]:
    """Return pairs of an operation and a fault: every ``step``-th pair, of which all but one per fault are long."""
    return [
        pytest.param(operation, fault, marks=[] if number == shift else pytest.mark.long)
        for number, operation in enumerate(OPERATIONS)
        for shift, fault in enumerate(faults)
        if (number + shift) % step == 0
    ]


@pytest.fixture(scope="module")
async def storm(stack: Stack, lijst: Selectielijst, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Storing]:
    """Three services as processes, and a municipality of their own."""
    folder: Path = tmp_path_factory.mktemp("storing")
    await stack.add_tenant(TENANT)
    client = await stack.add_client(TENANT, f"alles-{TENANT}")
    maak = Maak(client, lijst)
    async with storing(stack, await deelbaar(client, maak), folder) as running:
        yield running


# Each operation meets half of the faults, and each fault half of the operations.
@pytest.mark.parametrize(("operation", "fault"), rounds(FAULTS, 2), ids=lambda value: getattr(value, "name", value))
async def test_relations_hold(storm: Storing, operation: Operation, fault: str) -> None:
    outcome = await storm.round(operation, fault, random.Random(f"{operation.name} {fault}"))
    assert outcome.struck
    assert outcome.wrong == ()
    assert outcome.exact, (outcome.found, outcome.expected)
    assert not any(item.left for item in outcome.mended)
    assert outcome.left == 0
    assert outcome.disagreements == ()
    if fault in ("stopped", "500", "500 after", "frozen"):
        # The write was taken back, and nothing is left that would need repair.
        assert outcome.status == 400
        assert outcome.found == ()


@pytest.mark.parametrize(("operation", "fault"), rounds(CRASHES, 1), ids=lambda value: getattr(value, "name", value))
async def test_what_a_crash_leaves_is_mended_without_a_person(storm: Storing, operation: Operation, fault: str) -> None:
    outcome = await storm.round(operation, fault, random.Random(f"{operation.name} {fault}"), by_worker=True)
    assert outcome.wrong == ()
    assert outcome.left == 0
    assert outcome.disagreements == ()
    if fault == "killed before":
        assert outcome.found
