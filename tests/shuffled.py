"""The tests with their files in a random order: ``python -m tests.shuffled [SEED] [FOLDER or FILE ...]``.

Which files a test process runs, and in which order, differs with the machine. Here it differs with the seed alone: the
files are shuffled and dealt to two processes, so the same seed gives each file the same ones before it again. What
fails is told with the command that runs the files of its process up to it. The tests of a file stay in their order,
because some build on those before them.
"""

import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from tests import base_folder
from tests.each_alone import ROOT, files

PROCESSES = 2
OPTIONS = ["-n0", "-p", "no:cacheprovider", "-q", "-rfE", "--tb=short", "--disable-warnings"]
"""Of pytest; ``SAMENZAAK_TEST_ORDER=given`` keeps what takes longest from coming first (tests/conftest.py)."""


def dealt(seed: int, given: list[str]) -> list[list[str]]:
    """Return the files of each process, in their order."""
    todo = [str(path.relative_to(ROOT)) for path in files(given)]
    random.Random(seed).shuffle(todo)
    return [todo[number::PROCESSES] for number in range(PROCESSES)]


def main() -> int:
    """Run them all, and return how many processes failed."""
    seed, given = int(sys.argv[1]) if sys.argv[1:] else 1, sys.argv[2:]
    base = base_folder.make(Path(tempfile.gettempdir()))
    running = []
    for number, part in enumerate(dealt(seed, given)):
        output = base / f"shuffled-{seed}-{number}.txt"
        # A base folder each, and so a PostgreSQL each: neither knows of the other.
        command = [sys.executable, "-m", "pytest", *OPTIONS, f"--basetemp={base / str(number)}", *part]
        with output.open("w") as told:
            environment = {**os.environ, "SAMENZAAK_TEST_ORDER": "given"}
            process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=told, stderr=subprocess.STDOUT)
        running.append((process, output, part))
    failed = 0
    for process, output, part in running:
        if process.wait():
            failed += 1
            sys.stdout.write(f"{output.read_text(errors='replace')}\nwith seed {seed}, after one another:\n")
            sys.stdout.write(f"SAMENZAAK_TEST_ORDER=given {sys.executable} -m pytest -n0 {' '.join(part)}\n")
        else:
            sys.stdout.write(output.read_text(errors="replace").strip().rpartition("\n")[2] + "\n")
        sys.stdout.flush()
    return failed


if __name__ == "__main__":
    sys.exit(main())
