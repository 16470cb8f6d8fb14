"""PostgreSQL killed under load, again and again: ``python -m bench.postmaster [--kills 20] [--command serve]``.

A server with its embedded PostgreSQL gets every kind of request while the postmaster is killed with SIGKILL. Measured
is how long it takes until every kind of request that was refused is answered again. No answer may be a 500, each 503
has its code and Retry-After, and nothing that was answered with 201 may be lost.
"""

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from pathlib import Path

from tests.opdracht import Samenzaak
from tests.operatie.outage import Outage


async def run(outage: Outage, kills: int, dice: random.Random) -> tuple[list[float], list[str]]:
    """Kill it so many times; return the seconds that each took, and what was lost."""
    outage.start()
    await outage.prepare()
    loading = asyncio.create_task(outage.load())
    seconds = []
    for _ in range(kills):
        await asyncio.sleep(dice.uniform(0.5, 3))
        began = outage.kill()
        while not outage.recovered() and time.monotonic() < began + 120:
            await asyncio.sleep(0.01)
        seconds.append(max(outage.answers.again.values(), default=began + 120) - began)
    outage.stopping = True
    await loading
    return seconds, await outage.lost()


def main() -> None:
    """Read the command line, run, print; the status tells whether all is as it must be."""
    parser = argparse.ArgumentParser(description="Kill PostgreSQL under load.")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--command", choices=("serve", "serve-split"), default="serve")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        samenzaak = Samenzaak(Path(folder))
        outage = Outage(Path(folder), given.command, samenzaak)
        try:
            seconds, lost = asyncio.run(run(outage, given.kills, random.Random(given.seed)))
        finally:
            outage.end()
            failures = outage.log.read_text().split("Traceback (most recent call last)")[1:]
            samenzaak.end()
    answers = outage.answers
    print(f"{given.command}: {given.kills} kills, {sum(answers.statuses.values())} answers: {dict(answers.statuses)}")
    print(f"answered again after {statistics.median(seconds):.1f} s (median), {max(seconds):.1f} s (longest)")
    print(f"{len(answers.made)} objects made, {len(lost)} lost; {len(answers.wrong)} answers wrong")
    for line in (*lost, *answers.wrong[:20]):
        print(line[:500])
    for trace in failures[:3]:
        print(trace[:6000])
    raise SystemExit(bool(lost or answers.wrong or max(seconds) > 10))


if __name__ == "__main__":
    main()
