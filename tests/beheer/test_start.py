"""Ctrl-C in the second in which a program is imported: it ends silently with status 130, as it does later."""

import os
import re
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from tests.opdracht import COMMAND, ROOT, environment

SCRIPT = str(Path(sys.executable).with_name("samenzaak"))
PART = (sys.executable, "-m", "beheer.serve_service", "zaken")
START = (sys.executable, "-c", "from beheer.start import start; start('program', 'main')")


def interrupted(command: tuple[str, ...], folder: Path) -> tuple[int, list[str]]:
    """Run a command, press Ctrl-C while it imports; return its status and what it said beside its imports."""
    log = folder / "log"
    # Python tells each import as soon as it is done, so there is something to wait for. Tests in the background ignore
    # SIGINT, and with them what they start.
    variables = environment(home=folder / "var") | {"PYTHONPROFILEIMPORTTIME": "1"}
    # A make below another takes over its -j, and warns that it has no jobs of it.
    variables = {name: value for name, value in variables.items() if name not in {"MAKEFLAGS", "MAKELEVEL", "MFLAGS"}}
    with log.open("w") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=variables,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
        )
        end = time.monotonic() + 60
        while not re.search(r"\| +asyncio$", log.read_text(), re.MULTILINE):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < end
            time.sleep(0.005)
        os.killpg(process.pid, signal.SIGINT)
        status = process.wait(30)
    return status, [line for line in log.read_text().splitlines() if not line.startswith("import time:")]


@pytest.mark.parametrize("command", [(SCRIPT, "serve"), (*COMMAND, "status"), PART], ids=["script", "module", "part"])
def test_ctrl_c_during_the_imports_is_silent(tmp_path: Path, command: tuple[str, ...]) -> None:
    assert interrupted(command, tmp_path) == (130, [])
    assert not (tmp_path / "var").exists()


def test_ctrl_c_in_make_run_shows_nothing_of_python(tmp_path: Path) -> None:
    _, said = interrupted(("make", "--assume-old=setup", "run"), tmp_path)
    assert [line for line in said if line.strip() and not line.startswith("make: ")] == []


PRESS = "import os, signal; os.kill(os.getpid(), signal.SIGINT)"


@pytest.mark.parametrize(
    ("program", "ignored", "expected"),
    [
        (f"try:\n    {PRESS}\nexcept KeyboardInterrupt:\n    print('lost')", False, 130),
        (f"def main():\n    {PRESS}", False, 130),
        (f"{PRESS}\ndef main():\n    print('went on')", True, 0),
    ],
    ids=["in an import that would lose it", "in the program", "in the background, where a shell ignores it"],
)
def test_where_the_interrupt_comes(tmp_path: Path, program: str, ignored: bool, expected: int) -> None:
    (tmp_path / "program.py").write_text(program)
    said = subprocess.run(
        START,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_IGN if ignored else signal.SIG_DFL),
    )
    assert (said.returncode, said.stdout, said.stderr) == (expected, "went on\n" if ignored else "", "")
