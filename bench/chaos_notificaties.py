"""Kills and restarts everything at random while clients write, and counts what subscribers got.

``python -m bench.chaos_notificaties [--writes 20000] [--seconds 180] [--seed 1]``. Writes are besluiten, changes of
besluiten, applicaties and messages of other publishers, in three municipalities. At the end, what PostgreSQL holds is
the truth: each committed write must have reached each matching subscriber, in order, and nothing else may have.
"""

import argparse
import asyncio
import random
import signal
import sys
import tempfile
import time
import uuid
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import orjson

from bench.system import Client, System

TENANTS = ("deventer", "olst-wijhe", "raalte")
FILTERED = "517439943"
ORGANISATIONS = ("000000000", FILTERED)
SUBSCRIBERS = ("all", "flaky", "filtered")
TARGETS = {"besluiten": 4, "notificaties": 5, "worker0": 5, "worker1": 5, "gateway": 1, "autorisaties": 2,
           "catalogi": 1, "subscriber0": 3, "subscriber1": 3, "subscriber2": 3, "postgres": 3}  # fmt: skip


@dataclass
class Outcome:
    """The counts of one run."""

    answered: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    unanswered: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    besluiten: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """(municipality, hoofdObject, actie): how often answered."""
    applicaties: set[tuple[str, str]] = field(default_factory=set)
    messages: set[tuple[str, str]] = field(default_factory=set)
    sent: set[tuple[str, str]] = field(default_factory=set)

    @property
    def writes(self) -> int:
        """All answered writes."""
        return sum(self.answered.values())


class Writer:
    """One client that writes, one request at a time."""

    def __init__(self, client: Client, besluittype: str, kanaal: str, outcome: Outcome, chance: random.Random) -> None:
        self.client, self.besluittype, self.kanaal, self.outcome, self.chance = (
            client,
            besluittype,
            kanaal,
            outcome,
            chance,
        )
        self.own: list[str] = []

    async def write(self) -> bool:
        """Make one write of some kind; return whether it was answered."""
        before = self.outcome.unanswered
        dice = self.chance.random()
        if dice < 0.02:
            await self._refused()
        elif dice < 0.04:
            await self._applicatie()
        elif dice < 0.35:
            await self._message()
        elif dice < 0.5 or not self.own:
            await self._besluit()
        else:
            await self._change(self.chance.choice(self.own[-5:]))
        return self.outcome.unanswered == before

    def _note(self, status: int, kind: str) -> bool:
        if 200 <= status < 300:
            self.outcome.answered[kind] += 1
            return True
        if 400 <= status < 500:
            self.outcome.refused += 1
        else:
            self.outcome.unanswered += 1
        return False

    def _body(self, **changes: Any) -> dict[str, Any]:
        body = {"verantwoordelijkeOrganisatie": self.chance.choice(ORGANISATIONS), "besluittype": self.besluittype}
        return {**body, "datum": "2026-01-01", "ingangsdatum": "2026-01-01", **changes}

    async def _refused(self) -> None:
        status, _ = await self.client.send("POST", "/besluiten/api/v1/besluiten", self._body(datum="gisteren"))
        self._note(status, "wrong")

    async def _besluit(self) -> None:
        status, made = await self.client.send("POST", "/besluiten/api/v1/besluiten", self._body())
        if self._note(status, "besluit create"):
            self.own.append(made["url"])
            self.outcome.besluiten[self.client.tenant, made["url"], "create"] += 1

    async def _change(self, url: str) -> None:
        status, _ = await self.client.send("PATCH", url, {"toelichting": uuid.uuid4().hex})
        if self._note(status, "besluit partial_update"):
            self.outcome.besluiten[self.client.tenant, url, "partial_update"] += 1

    async def _applicatie(self) -> None:
        grant = {"component": "ac", "scopes": ["autorisaties.lezen"]}
        body = {"clientIds": [uuid.uuid4().hex], "label": "proef", "autorisaties": [grant]}
        status, made = await self.client.send("POST", "/autorisaties/api/v1/applicaties", body)
        if self._note(status, "applicatie create"):
            self.outcome.applicaties.add((self.client.tenant, made["url"]))

    async def _message(self) -> None:
        name = uuid.uuid4().hex
        url = f"https://elders.example/{name}"
        body = {"kanaal": self.kanaal, "hoofdObject": url, "resource": name, "resourceUrl": url, "actie": "create"}
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        self.outcome.sent.add((self.client.tenant, name))
        url = "/notificaties/api/v1/notificaties"
        status, _ = await self.client.send("POST", url, {**body, "aanmaakdatum": moment, "kenmerken": {}})
        if self._note(status, "message"):
            self.outcome.messages.add((self.client.tenant, name))


async def prepare(system: System, session: aiohttp.ClientSession) -> dict[str, tuple[Client, str]]:
    """Make types and abonnementen; return per municipality its client and a besluittype."""
    found = {}
    for tenant in TENANTS:
        client = Client(system, tenant, session)
        catalogus = {"domein": "PROEF", "rsin": "000000000", "contactpersoonBeheerNaam": "Beheer", "naam": "Proef"}
        made = await client.created("/catalogi/api/v1/catalogussen", catalogus)
        body = {"catalogus": made["url"], "omschrijving": "Besluit", "publicatieIndicatie": False}
        body |= {"informatieobjecttypen": [], "beginGeldigheid": "2020-01-01"}
        kind = await client.created("/catalogi/api/v1/besluittypen", body)
        await client.created(f"{kind['url']}/publish", None)
        await client.created("/notificaties/api/v1/kanaal", {"naam": "proef"})
        names = [{"naam": naam} for naam in ("besluiten", "autorisaties", "proef")]
        filters = {
            "naam": "besluiten",
            "filters": {"verantwoordelijkeOrganisatie": FILTERED, "besluittype": kind["url"]},
        }
        await client.subscribe(system.url_of(0, f"{tenant}.all", "ok"), *names)
        await client.subscribe(system.url_of(1, f"{tenant}.flaky", "flaky"), {"naam": "besluiten"})
        await client.subscribe(system.url_of(2, f"{tenant}.filtered", "slow"), filters)
        found[tenant] = client, kind["url"]
    return found


async def kill_at_random(system: System, outcome: Outcome, chance: random.Random, interval: float) -> None:
    """Kill and restart until cancelled."""
    names, weights = list(TARGETS), list(TARGETS.values())
    while True:
        await asyncio.sleep(chance.uniform(0.4, 1.6) * interval)
        (name,) = chance.choices(names, weights)
        if name == "postgres":
            system.kill_postgres()
            outcome.kills["postgres"] += 1
            await asyncio.sleep(chance.uniform(0, 2))
            await asyncio.to_thread(system.start_postgres)
        elif name in system.running:
            if chance.random() < 0.2 and not name.startswith("subscriber"):
                outcome.kills[f"{name} (SIGTERM)"] += 1
                system.kill(name, signal.SIGTERM)
                await asyncio.sleep(chance.uniform(0.5, 3))
            else:
                outcome.kills[name] += 1
            system.kill(name)
            await asyncio.sleep(chance.choice((0, 0.5, 2)))
            system.start(name)


async def chaos(
    system: System, writes: int, seconds: float, limit: float, seed: int, interval: float
) -> tuple[Outcome, float, float]:
    """Write while everything is killed; return what happened, how long it lasted, and how long the rest took."""
    chance = random.Random(seed)
    outcome = Outcome()
    timeout = aiohttp.ClientTimeout(total=15)
    async with aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=0)) as session:
        everything = [*system.parts, *system.subscriber_names]
        system.start(*everything)
        await system.until_up(*everything)
        world = await prepare(system, session)
        start = time.monotonic()
        killer = asyncio.create_task(kill_at_random(system, outcome, chance, interval))
        supervisor = asyncio.create_task(supervise(system, everything))
        reporter = asyncio.create_task(report_progress(outcome, start))

        async def work(tenant: str, number: int) -> None:
            client, kind = world[tenant]
            writer = Writer(client, kind, "proef", outcome, random.Random(f"{seed} {tenant} {number}"))
            while outcome.writes < writes or time.monotonic() - start < seconds:
                if time.monotonic() - start > limit:
                    break
                # Spread over the whole time, so that the kills meet writes until the end.
                if outcome.writes > writes * (time.monotonic() - start) / seconds:
                    await asyncio.sleep(0.02)
                    continue
                if not await writer.write():
                    # A process that is down takes a while to come back.
                    await asyncio.sleep(0.1)

        await asyncio.gather(*(work(tenant, number) for tenant in TENANTS for number in range(8)))
        lasted = time.monotonic() - start
        for task in (killer, reporter):
            task.cancel()
        await asyncio.gather(killer, reporter, return_exceptions=True)
        await asyncio.to_thread(system.start_postgres)
        drained = await drain(system)
        supervisor.cancel()
        await asyncio.gather(supervisor, return_exceptions=True)
    return outcome, lasted, drained


async def supervise(system: System, names: list[str]) -> None:
    """Start again what ends by itself, as a service that finds no PostgreSQL when it starts."""
    while True:
        await asyncio.sleep(1.5)
        system.start(*names)


async def report_progress(outcome: Outcome, start: float) -> None:
    """Print a line now and then."""
    while True:
        await asyncio.sleep(20)
        text = f"{time.monotonic() - start:5.0f} s  {outcome.writes} writes, {outcome.unanswered} unanswered"
        print(f"{text}, {sum(outcome.kills.values())} kills", flush=True)


async def drain(system: System, patience: float = 240) -> float:
    """Wait until no outbox and no queue holds anything; return how long that took."""
    start = time.monotonic()
    admin = await asyncpg.connect(system.dsn)
    try:
        while time.monotonic() - start < patience:
            total = 0
            for tenant in TENANTS:
                name = tenant.replace("-", "_")
                for table in (
                    f"{name}_besluiten.outbox",
                    f"{name}_autorisaties.outbox",
                    f"{name}_notificaties.delivery",
                ):
                    total += await admin.fetchval(f"SELECT count(*) FROM {table}")
            if not total:
                break
            await asyncio.sleep(0.2)
    finally:
        await admin.close()
    return time.monotonic() - start


@dataclass
class Verdict:
    """The messages that one subscriber of one municipality got, against those that it should have got."""

    expected: int = 0
    missing: int = 0
    never_written: int = 0
    out_of_order: int = 0
    duplicates: int = 0


def received(system: System) -> dict[str, list[dict[str, Any]]]:
    """Return the messages of each subscriber, in the order in which it took them."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for subscriber in system.subscriber_names:
        for line in system.log_of(subscriber).read_bytes().splitlines():
            name, _, message = line.split(b"\t", 2)
            found[name.decode()].append(orjson.loads(message))
    return found


async def verify(system: System, outcome: Outcome) -> dict[str, Verdict]:
    """Compare what arrived with what was committed."""
    got = received(system)
    verdicts = {}
    admin = await asyncpg.connect(system.dsn)
    try:
        for tenant in TENANTS:
            name = tenant.replace("-", "_")
            rows = await admin.fetch(
                f"""SELECT b.uuid, b.verantwoordelijke_organisatie AS organisation, a.entry::jsonb->>'actie' AS actie
                FROM {name}_besluiten.audittrail a JOIN {name}_besluiten.besluit b ON b.uuid = a.hoofdobject"""
            )
            committed = Counter((f"{system.base}/besluiten/api/v1/besluiten/{r['uuid']}", r["actie"]) for r in rows)
            organisation = {f"{system.base}/besluiten/api/v1/besluiten/{r['uuid']}": r["organisation"] for r in rows}
            for (owner, url, actie), count in outcome.besluiten.items():
                if owner == tenant and committed[url, actie] < count:
                    raise SystemExit(f"{url} {actie}: answered {count} times, written {committed[url, actie]} times")
            applicaties = {
                f"{system.base}/autorisaties/api/v1/applicaties/{row['uuid']}"
                for row in await admin.fetch(f"SELECT uuid FROM {name}_autorisaties.applicatie WHERE label = 'proef'")
            }
            for subscriber in SUBSCRIBERS:
                wanted = Counter(
                    {k: n for k, n in committed.items() if subscriber != "filtered" or organisation[k[0]] == FILTERED}
                )
                verdict = verdicts[f"{tenant}.{subscriber}"] = judge(got[f"{tenant}.{subscriber}"], wanted)
                if subscriber == "all":
                    others(verdict, got[f"{tenant}.all"], tenant, outcome, applicaties)
    finally:
        await admin.close()
    return verdicts


def judge(messages: list[dict[str, Any]], wanted: Counter[tuple[str, str]]) -> Verdict:
    """Judge the notifications of besluiten: each write has its own moment."""
    verdict = Verdict(expected=sum(wanted.values()))
    moments: dict[tuple[str, str], set[str]] = defaultdict(set)
    last: dict[str, str] = {}
    for message in messages:
        if message["kanaal"] != "besluiten":
            continue
        url, actie, moment = message["hoofdObject"], message["actie"], message["aanmaakdatum"]
        if moment in moments[url, actie]:
            verdict.duplicates += 1
            continue
        moments[url, actie].add(moment)
        if moment < last.get(url, ""):
            verdict.out_of_order += 1
        last[url] = max(moment, last.get(url, ""))
    for key in {*wanted, *moments}:
        verdict.missing += max(0, wanted[key] - len(moments[key]))
        verdict.never_written += max(0, len(moments[key]) - wanted[key])
    return verdict


def others(
    verdict: Verdict, messages: list[dict[str, Any]], tenant: str, outcome: Outcome, applicaties: set[str]
) -> None:
    """Add the notifications of applicaties, and the messages of other publishers."""
    seen = Counter(m["resourceUrl"] for m in messages if m["kanaal"] == "autorisaties")
    sent = Counter(m["resource"] for m in messages if m["kanaal"] == "proef")
    answered = {name for owner, name in outcome.messages if owner == tenant}
    written = {url for owner, url in outcome.applicaties if owner == tenant}
    verdict.expected += len(applicaties) + len(answered)
    verdict.missing += len((applicaties | written) - set(seen)) + len(answered - set(sent))
    verdict.never_written += len(set(seen) - applicaties)
    verdict.never_written += len(set(sent) - {name for owner, name in outcome.sent if owner == tenant})
    verdict.duplicates += sum(n - 1 for n in (*seen.values(), *sent.values()))


def table(outcome: Outcome, lasted: float, drained: float, verdicts: dict[str, Verdict]) -> str:
    """Return the report."""
    lines = [
        f"{outcome.writes} answered writes in {lasted:.0f} s, everything delivered {drained:.1f} s after the last",
        f"{outcome.refused} refused with 4xx, {outcome.unanswered} without an answer or with 5xx (committed or not)",
        "\n| writes | answered |\n|---|---:|",
        *(f"| {name} | {count} |" for name, count in sorted(outcome.answered.items())),
        "\n| killed and restarted | times |\n|---|---:|",
        *(f"| {name} | {count} |" for name, count in sorted(outcome.kills.items())),
        f"| **all** | {sum(outcome.kills.values())} |",
        "\n| subscriber | expected | missing | never written | out of order | duplicates |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, v in verdicts.items():
        lines.append(f"| {name} | {v.expected} | {v.missing} | {v.never_written} | {v.out_of_order} | {v.duplicates} |")
    return "\n".join(lines)


def good(verdicts: dict[str, Verdict]) -> bool:
    """Return whether nothing was lost, invented or overtaken."""
    return not any(v.missing or v.never_written or v.out_of_order for v in verdicts.values())


async def run(
    home: Path, writes: int, seconds: float, limit: float, seed: int, interval: float
) -> tuple[str, bool, Outcome]:
    """Do all of it in a new folder."""
    with System(home, TENANTS, workers=2, subscribers=3, short_waits=True, OUTGOING_TIMEOUT="3") as system:
        await system.prepare()
        outcome, lasted, drained = await chaos(system, writes, seconds, limit, seed, interval)
        verdicts = await verify(system, outcome)
    return table(outcome, lasted, drained, verdicts), good(verdicts), outcome


def main() -> None:
    """Read the command line, and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("--writes", 20_000), ("--seconds", 180.0), ("--seed", 1)):
        parser.add_argument(name, type=type(default), default=default)
    parser.add_argument("--limit", type=float, default=3600, help="seconds after which no more is written")
    parser.add_argument("--interval", type=float, default=4, help="mean seconds between two kills")
    given = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="samenzaak-chaos-"))
    text, passed, _ = asyncio.run(run(home, given.writes, given.seconds, given.limit, given.seed, given.interval))
    print(text)
    sys.exit(not passed)


if __name__ == "__main__":
    main()
