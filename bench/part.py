"""One process of Samenzaak for benchmarks, in a child of a server that has imported everything already.

Starting Python and importing the services takes seconds of CPU, which a test that restarts processes all the time would
spend on nothing else.
"""

import asyncio
import os
from pathlib import Path

import uvloop

from beheer import part as served
from bench import subscriber
from services.autorisaties import app as _autorisaties  # noqa: F401 - imported before the children exist
from services.besluiten import app as _besluiten  # noqa: F401
from services.catalogi import app as _catalogi  # noqa: F401
from services.documenten import app as _documenten  # noqa: F401
from services.notificaties import worker
from services.zaken import app as _zaken  # noqa: F401

SHORT = ",".join(["0.25", "0.5", *["1", "2", "4"] * 40])
"""Waits between attempts; a worker that is killed is succeeded after some seconds as well."""


def _output_to(path: Path) -> None:
    out = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(out, 1)
    os.dup2(out, 2)


def serve(part: str, port: int, environment: dict[str, str], output: Path, short_waits: bool) -> None:
    """Be ``python -m beheer.serve_service``, if wanted with shorter waits between attempts."""
    _output_to(output)
    os.environ.clear()
    os.environ.update(environment)
    if short_waits:
        os.environ["SAMENZAAK_DELIVERY_WAITS"] = SHORT
        worker.LEASE = 4.0
    served.main([part, "--port", str(port)])


def subscribe(port: int, log: Path, output: Path) -> None:
    """Be ``python -m bench.subscriber``."""
    _output_to(output)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(subscriber.main(port, str(log)))
