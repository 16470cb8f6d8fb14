"""One client attacks, the others go on: ``python -m bench.attack [--seconds N] [--memory MIB] [--attack TEXT] …``.

``samenzaak serve`` runs as a process with an embedded PostgreSQL. A client of one municipality carries out the attacks
of ``bench.attacks``, one after the other, from a process of its own. Meanwhile a client of another municipality asks
for zaaktypen and for a zaak at a calm pace, and so does another client of the attacked one. The table tells how long
they waited, how much memory the server took, and whether it lived. With ``--memory`` the server, without PostgreSQL,
runs in a control group with so many MiB (needs root). Everything stays on this machine, and stops by itself.
"""

import argparse
import asyncio
import multiprocessing
import os
import shutil
import sys
import tempfile
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import orjson

from beheer import postgres
from beheer.loading import load_settings
from beheer.serve import bring_up_to_date
from bench.attack_calm import Calm
from bench.attack_data import World, make_data, make_municipalities
from bench.attack_load import GRACE, attack
from bench.attack_server import Server
from bench.attacks import ATTACKS, Attack
from bench.system import FORKS, free_ports
from runtime.settings import Settings

P99, MOST = 150.0, 500.0
"""Milliseconds that the calm clients of the other municipality may wait."""
RSS = 400.0
"""MiB that the server may take."""
PREPARING = 60.0
"""Seconds that an attacker may take to make what it sends."""
RECOVERY = 60.0
"""Seconds that are waited for, after an attack, until the server answers as before."""


@dataclass
class Outcome:
    """The outcome of one attack. Times are in milliseconds, memory in MiB."""

    name: str
    sent: dict[str, int]
    p50: float
    p99: float
    most: float
    neighbour: float
    refused: dict[str, int]
    """The failures of the calm clients: a status or a word, by client."""
    rss: float
    ended: str
    recovery: float
    """Seconds after the attack until the server answered as before."""
    faults: list[str] = field(default_factory=list)

    def judge(self, found: Attack) -> None:
        """Fill in what was wrong."""
        wrong = {
            f"p99 {self.p99:.0f} ms": self.p99 >= P99,
            f"max {self.most:.0f} ms": self.most >= MOST,
            f"RSS {self.rss:.0f} MiB": self.rss >= RSS,
            self.ended: bool(self.ended),
            f"calm clients got {_counts(self.refused)}": bool(self.refused),
            "500": any(status.startswith("5") and status not in ("503", "507") for status in self.sent),
            "429": found.no_refusal and "429" in self.sent,
        }
        self.faults = [text for text, is_so in wrong.items() if is_so]


def _counts(found: dict[str, int]) -> str:
    return ", ".join(f"{count} x {status}" for status, count in sorted(found.items()))


def table(outcomes: list[Outcome]) -> str:
    """Return the outcomes as a table in Markdown."""
    head = "| attack | answers | p50 | p99 | max | neighbour p99 | RSS | verdict |"
    lines = [head, "|---|---|---:|---:|---:|---:|---:|---|"]
    for o in outcomes:
        verdict = "; ".join(o.faults) or "good"
        if o.recovery > 1:
            verdict += f" (again as before after {o.recovery:.0f} s)"
        times = f"{o.p50:.0f} | {o.p99:.0f} | {o.most:.0f} | {o.neighbour:.0f}"
        lines.append(f"| {o.name} | {_counts(o.sent)} | {times} | {o.rss:.0f} | {verdict} |")
    return "\n".join(lines)


async def measure(world: World, server: Server, one: Attack, seconds: float, connections: int) -> Outcome:
    """Carry out one attack and return what it came to; start the server again if it ended."""
    spawn = multiprocessing.get_context("spawn")
    results, ready = spawn.Queue(), spawn.Event()
    attacker = spawn.Process(target=attack, args=(world, one.name, seconds, connections, results, ready))
    calm = Calm(world)
    server.forget_peak()
    attacker.start()
    await asyncio.to_thread(ready.wait, PREPARING)
    watching = asyncio.create_task(server.watch())
    await calm.ask(seconds + GRACE, lambda: server.alive and attacker.is_alive())
    watching.cancel()
    sent = await asyncio.to_thread(_result, attacker, results)
    rss, ended = server.peak, "" if server.alive else f"ended with status {server.status}"
    if ended:
        await server.start()
    recovery = await calm.until_as_before(RECOVERY)
    others = calm.latencies("types") + calm.latencies("zaak")
    p50, p99, most = (calm.percentile(others, part) for part in (0.5, 0.99, 1.0))
    neighbour = calm.percentile(calm.latencies("neighbour"), 0.99)
    found = Outcome(one.name, dict(sent), p50, p99, most, neighbour, dict(calm.refused), rss, ended, recovery)
    found.judge(one)
    return found


def _result(attacker: Any, results: Any) -> Counter[str]:
    attacker.join(30)
    if attacker.is_alive():
        attacker.kill()
        attacker.join()
    if results.empty():
        return Counter({f"the attacker ended with status {attacker.exitcode}": 1})
    found: Counter[str] = results.get()
    return found


async def run(settings: Settings, dsn: str, arguments: argparse.Namespace) -> list[Outcome]:
    """Make the data, carry out the attacks, and return what they came to."""
    port = free_ports(1)[0]
    taken = settings.home / "taken.log"
    subscriber = FORKS.Process(target=_subscribe, args=(port, taken))
    subscriber.start()
    server = Server(settings, arguments.memory)
    outcomes: list[Outcome] = []
    try:
        await bring_up_to_date(dsn, settings)
        await make_municipalities(dsn, settings)
        # Making large things is allowed to take what it takes; the limit holds from the first attack on.
        await server.start(limited=False)
        world = await asyncio.to_thread(make_data, server.url, f"http://127.0.0.1:{port}/proef/ok")
        print(f"a large zaak has {world.kenmerken} kenmerken, a broad client {world.autorisaties} autorisaties\n")
        await server.restart()
        for one in ATTACKS:
            if arguments.attack.lower() not in one.name.lower():
                continue
            if arguments.fresh:
                await server.restart()
            outcome = await measure(world, server, one, arguments.seconds, arguments.connections)
            outcomes.append(outcome)
            print(table([outcome]).splitlines()[-1], flush=True)
    finally:
        server.stop()
        subscriber.kill()
        subscriber.join()
    return outcomes


def _subscribe(port: int, log: Path) -> None:
    from bench.subscriber import main as take

    asyncio.run(take(port, str(log)))


def main() -> None:
    """Run it; exit status 1 when an attack did harm."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20.0, help="how long each attack lasts")
    parser.add_argument("--connections", type=int, default=3, help="of an attack that does not say how many it needs")
    parser.add_argument("--memory", type=int, default=0, help="MiB that the server may have; more kills it")
    parser.add_argument("--attack", default="", help="only those with this in their name")
    parser.add_argument("--fresh", action="store_true", help="start the server again before each, to tell them apart")
    parser.add_argument("--json", type=Path, help="also write the outcomes to this file")
    parser.add_argument("--list", action="store_true", help="only tell which attacks there are")
    arguments = parser.parse_args()
    if arguments.list:
        print("\n".join(one.name for one in ATTACKS))
        return
    home = Path(tempfile.mkdtemp(prefix="samenzaak-attack-"))
    os.environ.update(SAMENZAAK_HOME=str(home), SAMENZAAK_PORT=str(free_ports(1)[0]), SAMENZAAK_LOG_LEVEL="warning")
    settings = load_settings()
    try:
        # PostgreSQL is started here, outside the control group, and the server finds it running.
        with postgres.resolve_dsn(settings) as dsn:
            outcomes = asyncio.run(run(settings, dsn, arguments))
    finally:
        shutil.rmtree(home, ignore_errors=True)
    print(f"\n{table(outcomes)}\n")
    bad = [outcome for outcome in outcomes if outcome.faults]
    ended = sum(bool(outcome.ended) for outcome in outcomes)
    limit = f" under {arguments.memory} MiB" if arguments.memory else ""
    print(f"{len(outcomes)} attacks{limit}: {len(bad)} did harm, {ended} ended the server")
    if arguments.json:
        arguments.json.write_bytes(orjson.dumps([asdict(o) for o in outcomes], option=orjson.OPT_INDENT_2))
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
