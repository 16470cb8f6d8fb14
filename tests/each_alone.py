"""Every file of tests on its own, in one process: ``python -m tests.each_alone [FOLDER or FILE ...]``.

A file that passes only after others is told. Two run at a time, sharing nothing. Those that fail are listed at the end.
"""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[1]
AT_ONCE = 2
"""How many files run at a time."""
NO_TESTS = 5
"""The status of pytest when a file has only tests that are left out."""


def files(given: list[str]) -> list[Path]:
    """Return the files of tests in these folders: in all of them, when none is given."""
    found = []
    for path in [Path(name).resolve() for name in given] or [ROOT / "tests"]:
        found += sorted(path.rglob("test_*.py")) if path.is_dir() else [path]
    return found


def passes(file: Path) -> bool:
    """Run one file, tell how long it took, and show the end of what it said when it fails."""
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-n0", "-p", "no:randomly", "-p", "no:cacheprovider", "-q", str(file)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    good = done.returncode in (0, NO_TESTS)
    said = f"{'passes' if good else 'FAILS'} {time.monotonic() - began:6.1f} s  {file.relative_to(ROOT)}\n"
    # In one piece, so that what two files say stays apart.
    sys.stdout.write(said if good else said + done.stdout[-3000:] + "\n")
    sys.stdout.flush()
    return good


def main() -> int:
    """Run them all."""
    found = files(sys.argv[1:])
    with ThreadPoolExecutor(AT_ONCE) as runs:
        failing = [file for file, good in zip(found, runs.map(passes, found), strict=True) if not good]
    for file in failing:
        sys.stdout.write(f"fails alone: {file.relative_to(ROOT)}\n")
    return 1 if failing else 0


if __name__ == "__main__":
    sys.exit(main())
