"""The parts of Samenzaak as separate processes that start within a fraction of a second.

Importing a part takes seconds of CPU, and a stack has eight. So they are forked from a process that has imported them
all; everything else of them is as ``beheer.split`` makes it.
"""

import atexit
import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from functools import cache
from pathlib import Path
from typing import Any

from beheer.split import Split

ROOT = Path(__file__).parents[1]
MESSAGE = 2**17
"""Bytes that the task of one process takes at most: its arguments and its environment."""


class Zygote:
    """What the parts are forked from. It ends with the process that made it."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._lock = threading.Lock()
        # A group of its own, so that Ctrl-C reaches the tests first, which end what it forked in order.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.forking", str(theirs.fileno())],
            cwd=ROOT,
            pass_fds=[theirs.fileno()],
            start_new_session=True,
        )
        theirs.close()
        atexit.register(self._end)

    def ask(self, task: Any, passed: list[int] | None = None) -> Any:
        """Have one task done, with these open files, and return what it gives."""
        with self._lock:
            socket.send_fds(self._socket, [json.dumps(task).encode()], passed or [])
            return json.loads(self._socket.recv(MESSAGE))

    def _end(self) -> None:
        self._socket.close()
        self._process.wait()


zygote = cache(Zygote)
"""Return the zygote of this process."""


class Forked:
    """A process, as far as ``Split`` uses a ``Popen``."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return the status, if it has ended."""
        if self.returncode is None:
            self.returncode = zygote().ask({"status of": self.pid})
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Return the status as soon as it has ended; raise TimeoutExpired when that takes too long."""
        end = time.monotonic() + (timeout if timeout is not None else 600)
        while (status := self.poll()) is None:
            if time.monotonic() > end:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 600)
            time.sleep(0.02)
        return status

    def terminate(self) -> None:
        """Send SIGTERM, if it runs."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL, if it runs."""
        self.send_signal(signal.SIGKILL)

    def send_signal(self, number: int) -> None:
        """Send a signal, if it runs."""
        # Until its status was asked for the kernel gives its number to no other.
        if self.poll() is None:
            os.kill(self.pid, number)


class ForkedSplit(Split):
    """All parts, forked."""

    def _run(self, command: list[str], environment: dict[str, str], passed: list[int]) -> Any:
        log = [self._log.fileno()] if self._log is not None else []
        arguments = command[command.index("beheer.serve_service") + 1 :]
        task = {"arguments": arguments, "environment": environment, "passed": passed, "log": bool(log)}
        return Forked(zygote().ask(task, [*passed, *log]))


def _serve(tasks: socket.socket) -> None:
    """Do what is asked until nobody is there to ask."""
    from beheer.part import main
    from beheer.provision import api_of
    from runtime.tenancy import SERVICES

    for service in SERVICES:
        api_of(service)
    gc.freeze()
    while True:
        select.select([tasks], [], [])
        message, files, _, _ = socket.recv_fds(tasks, MESSAGE, 8)
        if not message:
            return
        task = json.loads(message)
        if "status of" in task:
            pid, status = os.waitpid(task["status of"], os.WNOHANG)
            tasks.send(json.dumps(os.waitstatus_to_exitcode(status) if pid else None).encode())
            continue
        child = os.fork()
        if not child:
            tasks.close()
            _be(main, task, files)
        for file in files:
            os.close(file)
        tasks.send(json.dumps(child).encode())


def _be(main: Any, task: dict[str, Any], files: list[int]) -> None:
    """Be the part of a task, until the end of this process."""
    try:
        os.setsid()
        os.environ.clear()
        os.environ.update(task["environment"])
        if task["log"]:
            os.dup2(files[-1], 1)
        # The numbers that the files have here, in the place of those that they had there.
        here = {str(there): str(number) for there, number in zip(task["passed"], files, strict=False)}
        words = task["arguments"]
        main(
            [here[word] if before.endswith("-fd") else word for before, word in zip(["", *words], words, strict=False)]
        )
        status = 0
    except SystemExit as e:
        status = e.code if isinstance(e.code, int) else 1
        if isinstance(e.code, str):
            sys.stderr.write(f"{e.code}\n")
    except BaseException:
        sys.excepthook(*sys.exc_info())
        status = 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
