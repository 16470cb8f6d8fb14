"""Test runs side by side have folders of their own, and what they leave behind is bounded."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests import base_folder

RUN = """
import sys, time
from pathlib import Path
from tests import base_folder
print(base_folder.make(Path(sys.argv[1])), flush=True)
sys.stdin.read()
"""
ROOT = Path(__file__).parents[2]


def test_a_run_that_goes_on_is_left_alone_and_the_last_that_ended_are_kept(tmp_path: Path) -> None:
    command = [sys.executable, "-c", RUN, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as other:
        assert other.stdout is not None
        running = Path(other.stdout.readline().strip())
        ended = [tmp_path / f"{base_folder.PREFIX}{number}" for number in range(base_folder.KEPT + 2)]
        for age, folder in enumerate(reversed(ended)):
            (folder / "base").mkdir(parents=True)
            os.utime(folder, (time.time() - age - 1,) * 2)
        # The oldest of all, if age were what counts.
        os.utime(running, (0, 0))
        mine = base_folder.make(tmp_path)
        assert set(tmp_path.iterdir()) == {running, mine, *ended[2:]}
        other.kill()
        other.wait()
        assert base_folder.make(tmp_path).exists()
        assert not running.exists()
        assert mine.exists()


def test_this_run_is_not_in_the_folder_that_other_runs_close(tmp_path_factory: pytest.TempPathFactory) -> None:
    assert not [folder for folder in tmp_path_factory.getbasetemp().parents if folder.name.startswith("pytest-of-")]
