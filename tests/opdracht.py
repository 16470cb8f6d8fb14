"""The command ``samenzaak`` in tests: each one in a process of its own, with an environment of its own.

Importing it takes longer than what most commands do. So the processes are forked from one that has imported it.
"""

import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
COMMAND = (sys.executable, "-m", "beheer")
SECONDS = 120
"""How long a command may take."""


def environment(**settings: Any) -> dict[str, str]:
    """Return the variables of this process, with these settings of Samenzaak and no others: ``home=folder``."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SAMENZAAK_")}
    return {**clean, **{f"SAMENZAAK_{name.upper()}": str(value) for name, value in settings.items()}}


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Samenzaak:
    """Runs commands: ``samenzaak("tenant", "list", home=folder)``; what is named is a setting or another variable."""

    def __init__(self, folder: Path) -> None:
        self._out, self._err = folder / "out", folder / "err"
        # A group of its own, so that a command that hangs is ended along with what it was forked from.
        self._zygote = subprocess.Popen(
            [sys.executable, "-m", "tests.opdracht"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def __call__(self, *arguments: str, variables: dict[str, str] | None = None, **settings: Any) -> Any:
        """Run one command to its end; return its ``returncode``, ``stdout`` and ``stderr``."""
        assert self._zygote.stdin is not None
        assert self._zygote.stdout is not None
        task = {
            "arguments": arguments,
            "environment": {**environment(**settings), **(variables or {})},
            "out": str(self._out),
            "err": str(self._err),
        }
        self._zygote.stdin.write(json.dumps(task) + "\n")
        self._zygote.stdin.flush()
        assert select.select([self._zygote.stdout], [], [], SECONDS)[0], f"{arguments} takes too long"
        status = int(self._zygote.stdout.readline())
        return subprocess.CompletedProcess(arguments, status, self._out.read_text(), self._err.read_text())

    def end(self) -> None:
        """Stop."""
        os.killpg(self._zygote.pid, signal.SIGKILL)
        self._zygote.communicate()


def _serve() -> None:
    """Run each command that standard input asks for in a child, and answer with its status."""
    from beheer.cli import app
    from beheer.provision import api_of
    from runtime.tenancy import SERVICES

    for service in SERVICES:
        api_of(service)
    # What is here now is of all children, which need not go through it at their end.
    gc.freeze()
    for line in sys.stdin:
        task = json.loads(line)
        child = os.fork()
        if not child:
            os.environ.clear()
            os.environ.update(task["environment"])
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            for number, name in ((1, "out"), (2, "err")):
                os.dup2(os.open(task[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
            app(task["arguments"], prog_name="samenzaak")
        sys.stdout.write(f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _serve()
