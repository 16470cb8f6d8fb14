"""objectTypeOverigeDefinitie: an object that must satisfy a JSON schema, both found with jq (zaken.md §7.1).

The jq programs are the client's and the schema is somebody else's, so they run in a process of their own, with
little time and memory, without network, files, environment, and one or two at a time.
"""

import asyncio
import contextlib
import logging
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from services.zaken.remote import zichtbaar
from zgw.check import Check
from zgw.problems import Problem

log = logging.getLogger("samenzaak.zaken")

SECONDS = 30.0
"""How long the process may take on a very busy machine; the processor is its for one or two of them."""
MAX_INPUT = 1_000_000
"""Bytes of JSON that are looked at."""
CHILD = Path(__file__).with_name("begrensd.py")

_places = asyncio.Semaphore(2)


async def definitie_beschrijft_het_object(check: Check) -> None:
    """invalid-schema: een object met een definitie heeft de gegevens die het schema van zijn definitie vraagt.

    Both are read with the rights of the client, who would otherwise learn from the answer what is in them.
    """
    definition: Mapping[str, Any] | None = check.row["object_type_overige_definitie"]
    if definition is None or not (check.changed("object_type_overige_definitie") or check.changed("object")):
        return
    if not check.row["object"]:
        check.reject("objectUrl", "required", "Een objectTypeOverigeDefinitie vraagt om de URL van het object.")
        return
    if (described := await zichtbaar(check, definition["url"])) is None:
        check.reject("objectTypeOverigeDefinitie.url", "invalid", "Op deze URL staat geen JSON.")
    if (found := await zichtbaar(check, check.row["object"])) is None:
        check.reject("object", "bad-url")
    if described is None or found is None:
        return
    wrong = await judge(described, definition["schema"], found, definition["objectData"])
    names = {
        "schema": ("objectTypeOverigeDefinitie.schema", "invalid", "Hiermee is geen JSON-schema te vinden."),
        "objectData": ("objectTypeOverigeDefinitie.objectData", "invalid", "Hiermee zijn geen gegevens te vinden."),
        "object": ("object", "invalid-schema", "Het object voldoet niet aan het schema."),
    }
    if wrong:
        check.reject(*names[wrong])


async def judge(described: Any, schema: str, found: Any, data: str) -> str:
    """Return what is wrong: ``schema``, ``objectData``, ``object``, or an empty string.

    A program that takes too much time or memory counts as wrong, where it was busy. Raises a Problem with status 503
    when the machine does not get round to judging.
    """
    task = orjson.dumps({"described": described, "schema": schema, "found": found, "data": data})
    if len(task) > MAX_INPUT:
        return "schema"
    async with _places:
        # The empty environment keeps secrets out of the reach of ``$ENV``.
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", str(CHILD),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL, env={},
        )  # fmt: skip
        steps: list[str] = []
        try:
            await asyncio.wait_for(_follow(process, task, steps), SECONDS)
        except (TimeoutError, OSError):
            log.warning("the process that judges an object is stopped at %s", steps[-1:])
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
    # The process says which step it begins, and at the end that it is done: the last word is where it stopped.
    if not steps:
        log.error("the process that judges an object did not start working: status %s", process.returncode)
        detail = "De objectTypeOverigeDefinitie kon nu niet worden beoordeeld."
        raise Problem(503, "service_unavailable", detail, headers={"Retry-After": "5"})
    return "" if steps[-1] == "done" else steps[-1]


async def _follow(process: asyncio.subprocess.Process, task: bytes, steps: list[str]) -> None:
    """Give the process its task and note the steps that it names, until it ends."""
    reading, writing = process.stdout, process.stdin
    if reading is None or writing is None:
        return
    writing.write(task)
    await writing.drain()
    writing.close()
    async for line in reading:
        steps.append(line.decode("ascii", "replace").strip())
    await process.wait()
