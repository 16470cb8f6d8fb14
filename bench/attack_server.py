"""The server that ``bench.attack`` attacks: ``samenzaak serve`` as a process, its memory, and a limit to that."""

import asyncio
import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import aiohttp
import psutil

from runtime.settings import Settings

MIB = 1024**2
GROUPS = (
    (Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes"),
    (Path("/sys/fs/cgroup"), "memory.max"),
)
"""Where control groups of memory are, and the file with the limit: of version 1, and of version 2."""


class Server:
    """The process. ``memory`` is the most that it may have in MiB, with what it starts; 0: no limit."""

    def __init__(self, settings: Settings, memory: int) -> None:
        self.url = f"http://localhost:{settings.port}"
        self.peak = 0.0
        self._memory = memory
        self._group = _make_group(memory) if memory else None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def alive(self) -> bool:
        """Whether the process that was started still runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def status(self) -> int | None:
        """The exit status: below 0 for a signal, -9 for one that had too much memory."""
        return self._process.poll() if self._process else None

    async def start(self, limited: bool = True) -> None:
        """Start, and wait until it answers; RuntimeError when it does not within a minute."""
        command = [sys.executable, "-m", "beheer", "serve"]
        if self._group and limited:
            # The shell enters the group and becomes the server.
            command = ["sh", "-c", f'echo $$ > {self._group}/cgroup.procs && exec "$@"', "sh", *command]
        self._process = subprocess.Popen(command)
        end = time.monotonic() + 60
        async with aiohttp.ClientSession() as session:
            while time.monotonic() < end and self.alive:
                with suppress(aiohttp.ClientError, OSError):
                    async with session.get(f"{self.url}/health/live"):
                        return
                await asyncio.sleep(0.1)
        raise RuntimeError("the server does not answer")

    async def restart(self) -> None:
        """Stop and start."""
        await asyncio.to_thread(self._end)
        await self.start()

    def _end(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def stop(self) -> None:
        """Stop for good."""
        self._end()
        if self._group:
            with suppress(OSError):
                self._group.rmdir()

    def forget_peak(self) -> None:
        """Begin anew with the most memory."""
        self.peak = 0.0
        if self._process is not None:
            with suppress(OSError):
                Path(f"/proc/{self._process.pid}/clear_refs").write_text("5")

    async def watch(self) -> None:
        """Keep the most memory that the server and what it started had, in MiB."""
        while self.alive:
            self._look()
            await asyncio.sleep(0.2)

    def _look(self) -> None:
        # The kernel knows the peak of the process itself; of the others, which live shortly, what they have now.
        if self._process is None:
            return
        main = self._process.pid
        total = _kilobytes(main, "VmHWM") + sum(_kilobytes(child, "VmRSS") for child in _children(main))
        self.peak = max(self.peak, total / 1024)


def _make_group(memory: int) -> Path:
    for root, limit in GROUPS:
        group = root / f"samenzaak-attack-{os.getpid()}"
        try:
            group.mkdir()
            (group / limit).write_text(str(memory * MIB))
        except OSError:
            with suppress(OSError):
                group.rmdir()
            continue
        return group
    raise SystemExit("no control group with a limit to the memory can be made here: that needs root and cgroups")


def _kilobytes(pid: int, name: str) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(f"{name}:")), 0)


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for thread in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            found += [int(child) for child in thread.read_text().split()]
    return [child for child in found if _name(child) != "postgres"]


def _name(pid: int) -> str:
    try:
        return psutil.Process(pid).name()
    except psutil.NoSuchProcess:
        return "postgres"
