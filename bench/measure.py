"""Load and CPU time: bounded request loops at a fixed concurrency, and what they cost each process."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import aiohttp
import psutil

CONCURRENCY = 8


@dataclass
class Result:
    """The outcome of one measurement: CPU milliseconds per request by process, requests per second, latency in ms."""

    name: str
    requests: int
    per_second: float
    p50: float
    p95: float
    cpu: dict[str, float]

    @property
    def total(self) -> float:
        """CPU milliseconds per request over all processes."""
        return sum(self.cpu.values())

    def as_json(self) -> dict[str, Any]:
        """Return the facts."""
        return {**asdict(self), "cpu_total": self.total}


def postgres_processes(data: str) -> list[psutil.Process]:
    """Return the postmaster that runs on the data folder ``data`` and all its children."""
    found: list[psutil.Process] = []
    for process in psutil.process_iter(["name", "cmdline"]):
        if process.info["name"] == "postgres" and data in " ".join(process.info["cmdline"] or ()):
            found += [process, *process.children(recursive=True)]
    return found


def cpu_seconds(processes: list[psutil.Process]) -> float:
    """Return the CPU time that these processes have used so far."""
    total = 0.0
    for process in processes:
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
    return total


async def measure(
    name: str,
    request: Callable[[aiohttp.ClientSession, int], Awaitable[int]],
    count: int,
    groups: Mapping[str, Callable[[], list[psutil.Process]]],
    expected: int = 200,
    concurrency: int = CONCURRENCY,
    warm_up: int = 50,
) -> Result:
    """Send ``count`` requests, ``concurrency`` at a time, after a warm-up of a tenth, or of ``warm_up`` when that is
    more; raise when a status is not expected."""
    connector = aiohttp.TCPConnector(limit=concurrency)
    async with aiohttp.ClientSession(connector=connector, auto_decompress=False) as session:
        await _run(session, request, max(count // 10, warm_up), concurrency, expected)
        before = {group: cpu_seconds(processes()) for group, processes in groups.items()}
        start = time.perf_counter()
        latencies = sorted(await _run(session, request, count, concurrency, expected))
        elapsed = time.perf_counter() - start
        after = {group: cpu_seconds(processes()) for group, processes in groups.items()}
    cpu = {group: (after[group] - before[group]) / count * 1000 for group in groups}
    p50, p95 = latencies[len(latencies) // 2], latencies[int(len(latencies) * 0.95)]
    return Result(name, count, count / elapsed, p50 * 1000, p95 * 1000, cpu)


async def _run(
    session: aiohttp.ClientSession,
    request: Callable[[aiohttp.ClientSession, int], Awaitable[int]],
    count: int,
    concurrency: int,
    expected: int,
) -> list[float]:
    latencies: list[float] = []
    numbers = iter(range(count))

    async def worker() -> None:
        for number in numbers:
            start = time.perf_counter()
            status = await request(session, number)
            latencies.append(time.perf_counter() - start)
            if status != expected:
                raise RuntimeError(f"request {number} answered {status}")

    await asyncio.gather(*(worker() for _ in range(concurrency)))
    return latencies


def table(results: list[Result]) -> str:
    """Return the results as a table for people."""
    groups = list(dict.fromkeys(group for result in results for group in result.cpu))
    head = ["", "requests", "req/s", "p50 ms", "p95 ms", *(f"{group} ms" for group in groups), "CPU ms"]
    rows = [
        [
            r.name,
            str(r.requests),
            f"{r.per_second:.0f}",
            f"{r.p50:.1f}",
            f"{r.p95:.1f}",
            *(f"{r.cpu[group]:.2f}" if group in r.cpu else "" for group in groups),
            f"{r.total:.2f}",
        ]
        for r in results
    ]
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    lines = [
        "  ".join(cell.rjust(w) if n else cell.ljust(w) for n, (cell, w) in enumerate(zip(row, widths, strict=True)))
        for row in [head, *rows]
    ]
    return "\n".join(lines)
