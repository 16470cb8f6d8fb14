"""Relations under faults, at random: ``python -m bench.relation_faults --rounds 200 --seed 1``.

Three services run as processes; one write after another meets a fault. What the table counts must be so: no answer
is untrue, the check reports exactly what is inconsistent, and after the repair nothing is left.
"""

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.besluiten.wereld import deelbaar
from tests.maak import Maak
from tests.relaties.bewerkingen import OPERATIONS
from tests.relaties.storing import FAULTS, TENANT, Outcome, storing, table
from tests.selectielijst import selectielijst
from tests.stack import running


async def run(rounds: int, seed: int, faults: Sequence[str], folder: Path) -> list[Outcome]:
    """Do the rounds."""
    dice = random.Random(seed)
    outcomes: list[Outcome] = []
    with selectielijst() as lijst:
        async with running(folder, "faults", selectielijst_url=lijst.root) as stack:
            await stack.add_tenant(TENANT)
            client = await stack.add_client(TENANT, f"alles-{TENANT}")
            maak = Maak(client, lijst)
            async with storing(stack, await deelbaar(client, maak), folder) as storm:
                for number in range(rounds):
                    # Every fault is as frequent as the others; the operation and the moment are chance.
                    outcome = await storm.round(dice.choice(OPERATIONS), faults[number % len(faults)], dice)
                    outcomes.append(outcome)
                    if outcome.wrong or not outcome.exact or outcome.left or outcome.disagreements:
                        print(f"round {number}: {outcome}")
    return outcomes


def main() -> None:
    """Read the command line, run, print the table; the status tells whether all is as it must be."""
    parser = argparse.ArgumentParser(description="Inject faults between services.")
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--fault", choices=FAULTS, help="only this one; otherwise all of them in turn")
    given = parser.parse_args()
    faults = (given.fault,) if given.fault else FAULTS
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        outcomes = asyncio.run(run(given.rounds, given.seed, faults, Path(folder)))
    print(table(outcomes))
    print(f"{len(outcomes)} rounds with seed {given.seed} in {time.monotonic() - started:.0f} s")
    bad = [o for o in outcomes if o.wrong or not o.exact or o.left or o.disagreements]
    raise SystemExit(bool(bad))


if __name__ == "__main__":
    main()
