"""Every file of tests on its own: ``python -m tests.each_alone [FOLDER or FILE ...]``.

A file that passes only after others is told. Each has a process of its own, in which no test ran before; a few run at a
time. Importing Samenzaak and starting a PostgreSQL take longer than the tests of most files, so the processes are
forked from one that has done both, and have a database each. Those that fail are listed at the end.
"""

import gc
import importlib
import os
import signal
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import psycopg
import pytest
from psycopg import sql

from beheer import postgres
from beheer.provision import api_of
from runtime.tenancy import SERVICES
from tests import base_folder
from tests.stack import ROOMY

ROOT = Path(__file__).parents[1]
AT_ONCE = len(os.sched_getaffinity(0))
"""How many files run at a time."""
LIMIT = 1200
"""Seconds that one file may take."""
SHOWN = 3000
"""Characters of what a failing file said that are shown."""
USED = ("uvloop", "uvicorn", "jsonschema", "psycopg", "alembic.command", "beheer.cli", "beheer.split")
"""What else many files import."""
OPTIONS = ["-n0", "-p", "no:randomly", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
"""Of pytest; plugins that are imported already cannot be rewritten, which says nothing about the tests."""


def files(given: list[str]) -> list[Path]:
    """Return the files of tests in these folders: in all of them, when none is given."""
    found = []
    for path in [Path(name).resolve() for name in given] or [ROOT / "tests"]:
        found += sorted(path.rglob("test_*.py")) if path.is_dir() else [path]
    return found


@dataclass
class Run:
    """One file in a process of its own."""

    file: Path
    name: str
    """As which the process knows itself, and that its databases have in their name."""
    output: Path
    began: float


def forked(file: Path, base: Path, number: int) -> tuple[int, Run]:
    """Begin to run one file, and return the number of the process."""
    name = f"alone{number}"
    run = Run(file, name, base / f"{name}.txt", time.monotonic())
    if pid := os.fork():
        return pid, run
    signal.alarm(LIMIT)
    output = os.open(run.output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream, there in ((0, os.open(os.devnull, os.O_RDONLY)), (1, output), (2, output)):
        os.dup2(there, stream)
    # As one of several test processes, which have a PostgreSQL together.
    os.environ["PYTEST_XDIST_WORKER"] = name
    status: int = pytest.ExitCode.INTERNAL_ERROR
    try:
        status = int(pytest.main([*OPTIONS, f"--basetemp={base / name}", str(file)]))
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def tell(run: Run, status: int, processor: float) -> bool:
    """Tell how it went, with the end of what a file said that fails. Return whether it passes."""
    good = status in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
    seconds = f"{time.monotonic() - run.began:6.1f} s, {processor:5.1f} s of CPU"
    sys.stdout.write(f"{'passes' if good else 'FAILS '} {seconds}  {run.file.relative_to(ROOT)}\n")
    if not good:
        sys.stdout.write(run.output.read_text(errors="replace")[-SHOWN:] + "\n")
    sys.stdout.flush()
    return good


def drop_databases(dsn: str, name: str) -> None:
    """Remove the databases that a process leaves."""
    with psycopg.connect(dsn, autocommit=True) as admin:
        for (database,) in admin.execute(
            "SELECT datname FROM pg_database WHERE datname ~ %s", [f"_{name}_"]
        ).fetchall():
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(database)))


def run_all(todo: list[Path], base: Path, dsn: str) -> list[Path]:
    """Run these files, some at a time; return those that fail."""
    failing, running = [], dict[int, Run]()
    queue = list(enumerate(todo))
    while queue or running:
        while queue and len(running) < AT_ONCE:
            number, file = queue.pop(0)
            pid, run = forked(file, base, number)
            running[pid] = run
        pid, status, used = os.wait3(0)
        if ended := running.pop(pid, None):
            if not tell(ended, os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime):
                failing.append(ended.file)
            drop_databases(dsn, ended.name)
    return failing


def main() -> int:
    """Run them all."""
    for module in USED:
        importlib.import_module(module)
    for service in SERVICES:
        api_of(service)
    gc.freeze()
    base = base_folder.make(Path(tempfile.gettempdir()))
    home = base / "samenzaak-tests"
    home.mkdir()
    with mock.patch.object(postgres, "CONFIGURATION", ROOMY):
        dsn = postgres.start(home)
    try:
        failing = run_all(files(sys.argv[1:]), base, dsn)
    finally:
        postgres.stop(home)
    for file in failing:
        sys.stdout.write(f"fails alone: {file.relative_to(ROOT)}\n")
    return 1 if failing else 0


if __name__ == "__main__":
    sys.exit(main())
