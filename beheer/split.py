"""``samenzaak serve-split``: every part in a process of its own, on one machine, with the settings of a cluster.

This process keeps the listening sockets, so that a part is replaced without a moment at which nobody listens: the new
process starts, and only when it can answer is the old one told to stop. SIGHUP replaces them all, one by one; a
process that ends unasked is started again.
"""

import logging
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from pydantic import SecretStr

from beheer.keys import with_own_keys
from beheer.runner import PARTS, WORKER
from beheer.server import READY
from runtime.identity import CONSOLE, GATEWAY
from runtime.settings import PREFIX, Settings
from runtime.tenancy import SERVICES

log = logging.getLogger("samenzaak")

START_SECONDS = 120.0
STOP_SECONDS = 40.0


@dataclass
class Child:
    """A process, and the socket over which it tells that it is ready; closing that ends the process."""

    process: subprocess.Popen[bytes]
    parent: socket.socket
    began: float = field(default_factory=time.monotonic)

    def wait_until_ready(self) -> None:
        """Return when it answers requests; raise RuntimeError when it ends or does not get there in time."""
        end = self.began + START_SECONDS
        while time.monotonic() < end:
            if select.select([self.parent], [], [], 0.2)[0]:
                if self.parent.recv(16) == READY:
                    return
                break
            if self.process.poll() is not None:
                break
        raise RuntimeError(f"process {self.process.pid} did not become ready")

    def end(self) -> None:
        """Wait until it has ended; kill it when that takes too long."""
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            log.error("process %d does not end", self.process.pid)
            self.process.kill()
            self.process.wait()
        self.parent.close()


def as_environment(settings: Settings) -> dict[str, str]:
    """Return the variables that give another process these settings, as far as they are not the defaults."""
    found: dict[str, str] = {}
    for name, info in type(settings).model_fields.items():
        value = getattr(settings, name)
        if value is None or value == info.default:
            continue
        if isinstance(value, SecretStr):
            text = value.get_secret_value()
        elif isinstance(value, dict):
            plain = {k: v.get_secret_value() if isinstance(v, SecretStr) else v for k, v in value.items()}
            text = ",".join(f"{key}={each}" for key, each in plain.items())
        elif isinstance(value, tuple):
            text = ",".join(f"{number:g}" for number in value)
        else:
            text = str(value).lower() if isinstance(value, bool) else str(value)
        found[PREFIX + name.upper()] = text
    return found


def without_login(dsn: str) -> str:
    """Return a DSN without user and password: each part fills in its own."""
    parts = urlsplit(dsn)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens already, so that connections wait until somebody accepts them."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.create_server((host, port), family=family, backlog=2048)
    found.setblocking(False)
    return found


class Split:
    """All parts. Its methods block; use threads or a process of its own beside an event loop."""

    def __init__(self, settings: Settings, dsn: str, port: int | None = None, log: Path | None = None) -> None:
        """``port`` 0 takes a free port for the gateway; ``self.url`` tells which. ``log``: a file for what they
        print."""
        self._log = log.open("ab") if log is not None else None
        self.sockets = {name: listening("127.0.0.1", 0) for name in (*SERVICES, CONSOLE)}
        self.sockets[GATEWAY] = listening(settings.host, settings.port if port is None else port)
        urls = {name: f"http://127.0.0.1:{self.sockets[name].getsockname()[1]}" for name in (*SERVICES, CONSOLE)}
        self.port: int = self.sockets[GATEWAY].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        changes: dict[str, Any] = {
            "console_url": urls.pop(CONSOLE),
            "service_urls": urls,
            "database_url": without_login(dsn),
            "background": False,
            "port": self.port,
            "public_url": settings.public_url or f"http://localhost:{self.port}",
            "workers": 1,
        }
        self.settings = settings.model_copy(update=changes)
        self.children: dict[str, Child] = {}
        self._lock = threading.Lock()

    def start(self) -> None:
        """Start everything, and return when all of it answers; raise RuntimeError, with nothing left running."""
        try:
            for name in PARTS:
                self.children[name] = self._spawn(name)
            for child in self.children.values():
                child.wait_until_ready()
        except BaseException:
            self.stop()
            raise

    def restart(self, name: str) -> Child:
        """Replace one process; return the old one, which may still be busy with its last requests."""
        with self._lock:
            new = self._spawn(name)
            try:
                new.wait_until_ready()
            except RuntimeError:
                new.process.kill()
                new.end()
                raise
            old, self.children[name] = self.children[name], new
        old.process.terminate()
        return old

    def roll(self, wanted: Callable[[], bool] = lambda: True) -> bool:
        """Replace every process, one by one, for as long as it is ``wanted``; return whether all of them were.

        When a new one does not become ready, it is ended, and what it was to replace goes on, as do the others.
        """
        old: list[Child] = []
        try:
            for name in PARTS:
                if not wanted():
                    return False
                try:
                    old.append(self.restart(name))
                except (RuntimeError, OSError) as e:
                    log.error("%s is not replaced, nor are those after it: %s", name, e)
                    return False
            return True
        finally:
            for child in old:
                child.end()

    def revive(self) -> None:
        """Start again what has ended unasked."""
        for name, child in list(self.children.items()):
            if child.process.poll() is None or time.monotonic() - child.began < 2:
                continue
            log.error("%s ended with status %s; starting it again", name, child.process.returncode)
            child.parent.close()
            try:
                self.children[name] = self._spawn(name)
            except OSError as e:
                log.error("%s cannot be started: %s", name, e)
                child.began = time.monotonic()

    def stop(self) -> None:
        """Stop everything: first the gateway, then what it needs."""
        with self._lock:
            for names in ((GATEWAY,), (CONSOLE,), (WORKER, *SERVICES)):
                ending = [child for name in names if (child := self.children.pop(name, None)) is not None]
                for child in ending:
                    # Without its parent a process ends at once: nothing else starts here that could take over.
                    child.parent.shutdown(socket.SHUT_RDWR)
                for child in ending:
                    child.end()
            for listen in self.sockets.values():
                listen.close()
            if self._log is not None:
                self._log.close()

    def pids(self, name: str) -> list[int]:
        """Return the process of a part, for measurements."""
        return [self.children[name].process.pid]

    def _metrics_port(self, name: str) -> int:
        """Return the port for the metrics of a part: it has two, for the process that it replaces still holds one."""
        first = self.settings.metrics_port + 2 * PARTS.index(name)
        with socket.socket() as probe:
            return first if probe.connect_ex(("127.0.0.1", first)) else first + 1

    def _spawn(self, name: str) -> Child:
        mine, theirs = socket.socketpair()
        command = [sys.executable, "-m", "beheer.serve_service", name, "--parent-fd", str(theirs.fileno())]
        passed = [theirs.fileno()]
        # Each process gets only its own keys, as in a cluster: none can act as another.
        settings = with_own_keys(self.settings, name)
        if (listen := self.sockets.get(name)) is not None:
            command += ["--listen-fd", str(listen.fileno())]
            passed.append(listen.fileno())
        else:
            # The worker has no API, but serves its metrics; it listens where nobody calls.
            command += ["--port", "0"]
        if settings.metrics_port:
            settings = settings.model_copy(update={"metrics_port": self._metrics_port(name)})
        environment = {key: value for key, value in os.environ.items() if not key.startswith(PREFIX)}
        environment |= as_environment(settings)
        root = str(Path(__file__).parents[1])
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, (root, environment.get("PYTHONPATH"))))
        process = self._run(command, environment, passed)
        theirs.close()
        return Child(process, mine)

    def _run(self, command: list[str], environment: dict[str, str], passed: list[int]) -> subprocess.Popen[bytes]:
        # A process group of its own: Ctrl-C reaches this process, which ends the others in order.
        return subprocess.Popen(command, env=environment, pass_fds=passed, start_new_session=True, stdout=self._log)


def serve_split(
    settings: Settings, dsn: str, background: Callable[[], None] | None = None, output: Path | None = None
) -> None:
    """Serve until SIGINT or SIGTERM; SIGHUP replaces every process without losing a request. ``output``: a file for
    what the processes print, which begins anew."""
    if output is not None:
        output.unlink(missing_ok=True)
    split = Split(settings, dsn, log=output)
    asked: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: asked.append(number))
    split.start()
    started = ", ".join(f"{name} {child.process.pid}" for name, child in split.children.items())
    where = f"; their log is in {output}" if output is not None else ""
    log.info("%s is served by these processes: %s%s", split.settings.public_base_url, started, where)
    if background is not None:
        threading.Thread(target=background, daemon=True).start()
    try:
        keep(split, asked)
    finally:
        split.stop()


def keep(split: Split, asked: list[int]) -> None:
    """Keep all parts running until ``asked``, to which signals are added, holds one that is not SIGHUP."""

    def going_on() -> bool:
        return all(number == signal.SIGHUP for number in asked)

    while going_on():
        if asked:
            # One round is enough for all that came before it. Nothing but SIGHUP is taken away.
            while signal.SIGHUP in asked:
                asked.remove(signal.SIGHUP)
            if split.roll(going_on):
                log.info("every process was replaced")
        split.revive()
        time.sleep(0.2)
