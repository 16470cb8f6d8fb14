"""Documents survive that their process is killed; the bench does it more often."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.operatie.conftest import free_ports

ROOT = Path(__file__).parents[2]


@pytest.mark.long
def test_what_was_answered_holds_and_nothing_is_left_over() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench.documenten_crash", "--rounds", "1"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "BENCH_PORT": str(free_ports(1))},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    assert " 0 problems" in done.stdout
