"""objectTypeOverigeDefinitie: an object that must satisfy a JSON schema, both found with jq (zaken.md §7.1).

The jq programs are the client's and the schema is somebody else's, so they run in a process of their own, with
little time and memory, without network, files, environment: one of a municipality at a time, and two in all.
A program tells much of what it looks at. So it looks at nothing that was not meant for the client: own objects that the
client may read, and registers that the municipality opened to all its clients.
"""

import asyncio
import contextlib
import logging
import sys
from pathlib import Path
from typing import Any

import orjson

from runtime.places import Occupied, Places
from runtime.problems import Problem

log = logging.getLogger("samenzaak.zaken")

SECONDS = 30.0
"""How long the process may take on a very busy machine; the processor is its for one or two of them."""
MAX_INPUT = 1_000_000
"""Bytes of JSON that are looked at."""
OPEN = ", of is van een registratie die niet voor elke applicatie is opengesteld."
CHILD = Path(__file__).with_name("definitie_sandbox.py")

PLACES = Places(2, queue=5, patience=10.0)
"""A program takes a second or two."""


def busy() -> Problem:
    """Return the 503 for a program whose turn does not come."""
    detail = "De objectTypeOverigeDefinitie kon nu niet worden beoordeeld."
    return Problem(503, "service_unavailable", detail, headers={"Retry-After": "5"})


async def judge(tenant: str, described: Any, schema: str, found: Any, data: str) -> str:
    """Return what is wrong: ``schema``, ``objectData``, ``object``, or an empty string.

    A program that takes too much time or memory counts as wrong, where it was busy. Raises a Problem with status 503
    when the machine does not get round to judging.
    """
    task = orjson.dumps({"described": described, "schema": schema, "found": found, "data": data})
    if len(task) > MAX_INPUT:
        return "schema"
    try:
        async with PLACES.of(tenant):
            steps = await _run(task)
    except Occupied:
        raise busy() from None
    # The process says which step it begins, and at the end that it is done: the last word is where it stopped.
    if not steps:
        raise busy()
    return "" if steps[-1] == "done" else steps[-1]


async def _run(task: bytes) -> list[str]:
    """Return the steps that a process names that does the task."""
    steps: list[str] = []
    # The empty environment keeps secrets out of the reach of ``$ENV``.
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", str(CHILD),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL, env={},
    )  # fmt: skip
    try:
        async with asyncio.timeout(SECONDS):
            await _follow(process, task, steps)
    except (TimeoutError, OSError):
        log.warning("the process that judges an object is stopped at %s", steps[-1:])
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if not steps:
        log.error("the process that judges an object did not start working: status %s", process.returncode)
    return steps


async def _follow(process: asyncio.subprocess.Process, task: bytes, steps: list[str]) -> None:
    """Give the process its task and note the steps that it names, until it ends."""
    reading, writing = process.stdout, process.stdin
    if reading is None or writing is None:
        return
    # A process that ends without reading its task still says how far it came. uvloop raises RuntimeError for that.
    with contextlib.suppress(OSError, RuntimeError):
        writing.write(task)
        await writing.drain()
        writing.close()
    async for line in reading:
        steps.append(line.decode("ascii", "replace").strip())
    await process.wait()
