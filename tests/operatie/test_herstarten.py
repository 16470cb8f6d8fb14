"""What happens to processes that are replaced or started again while something is wrong."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from beheer.runner import PARTS
from beheer.split import Child, Split, keep
from tests.opdracht import free_port

ROOT = Path(__file__).parents[2]


class Pretending(Split):
    """Replaces parts that do not exist. What happens at a moment is in ``at``, by the number of the replacement."""

    def __init__(self, at: dict[int, Callable[[], None]]) -> None:
        self.at, self.replaced, self.children = at, 0, {}

    def restart(self, name: str) -> Child:
        """Count."""
        self.replaced += 1
        self.at.get(self.replaced, lambda: None)()
        return Gone()


class Gone(Child):
    """A process that was replaced."""

    def __init__(self) -> None:
        pass

    def end(self) -> None:
        """Do nothing."""


def fail() -> None:
    raise RuntimeError("process 1 did not become ready")


@pytest.mark.parametrize("again", [1, 2, 3])
def test_signals_during_a_replacement_end_nothing(again: int) -> None:
    asked: list[int] = [signal.SIGHUP]
    at = {3: lambda: asked.extend([signal.SIGHUP] * again), 2 * len(PARTS): lambda: asked.append(signal.SIGTERM)}
    split = Pretending(at)
    keep(split, asked)
    assert split.replaced == 2 * len(PARTS)


def test_who_is_told_to_end_during_a_replacement_does_so_at_once() -> None:
    asked: list[int] = [signal.SIGHUP]
    split = Pretending({2: lambda: asked.append(signal.SIGTERM)})
    keep(split, asked)
    assert split.replaced == 2


def test_a_replacement_that_fails_leaves_what_runs() -> None:
    asked: list[int] = [signal.SIGHUP]

    def fail_and_ask_again() -> None:
        asked.append(signal.SIGHUP)
        fail()

    split = Pretending({3: fail_and_ask_again, 4: lambda: asked.append(signal.SIGTERM)})
    keep(split, asked)
    assert split.replaced == 4


@pytest.fixture
def workers() -> Iterator[tuple[psutil.Process, str]]:
    """Two workers that are slow to start, and their URL."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "tests.operatie.slow_workers", str(port)], cwd=ROOT)
    yield psutil.Process(process.pid), f"http://127.0.0.1:{port}/"
    process.terminate()
    process.wait(30)


def answered(url: str, seconds: float = 40) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if httpx.get(url, timeout=1).status_code == 204:
                return True
        except httpx.HTTPError:
            time.sleep(0.1)
    return False


def test_workers_that_start_slowly_are_waited_for(workers: tuple[psutil.Process, str]) -> None:
    process, url = workers
    assert answered(url)
    time.sleep(3)
    served = [child for child in process.children() if "spawn_main" in " ".join(child.cmdline())]
    assert len(served) == 2
    for child in served:
        os.kill(child.pid, signal.SIGKILL)
        assert answered(url)
