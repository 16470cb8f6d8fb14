"""Recipes of docs/recipes.md: the code blocks below a heading, which are carried out in a copy of the product.

The line before a block tells what to do with it, in one of these forms::

    In `PATH`, below `TEXT`:          after the only line of the file that has the text
    In `PATH`, above `TEXT`:          before it
    In `PATH`, instead of `TEXT`:     in its place
    At the end of `PATH`:
    A new file, `PATH`:
    Run:                              each line is a command; the block is marked `sh`
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "recipes.md"
PART = re.compile(r"^## ([^\n]+)$|((?:^[^#\n][^\n]*\n)+)\n```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
WHERE = (
    re.compile(r"In `(?P<path>[^`]+)`, (?P<how>below|above|instead of) `(?P<text>[^`]+)`:$"),
    re.compile(r"(?P<how>At the end of|A new file,) `(?P<path>[^`]+)`:$"),
    re.compile(r"(?P<how>Run):$"),
)
SECONDS = 300
"""How long a command of a recipe may take."""


@dataclass(frozen=True)
class Step:
    """One block: ``how`` its text goes to ``path``, relative to ``text`` (empty: the file as a whole)."""

    how: str
    block: str
    path: str = ""
    text: str = ""


def recipes() -> dict[str, list[Step]]:
    """Return the steps of each recipe, by its heading. Raises ValueError for a block of which nothing tells where it
    goes."""
    found: dict[str, list[Step]] = {}
    # A block may have headings of its own, so both are looked for at once.
    for heading, before, _, block in PART.findall(PAGE.read_text()):
        if heading:
            found[heading] = steps = []
        else:
            steps.append(step_of(before, block))
    return found


def step_of(before: str, block: str) -> Step:
    """Return what the paragraph before a block says of it."""
    line = " ".join(before.split())
    for form in WHERE:
        if fits := form.search(line):
            return Step(block=block, **fits.groupdict())
    raise ValueError(f"nothing tells where this goes: {line!r}")


@dataclass(frozen=True)
class Copy:
    """A copy of the product in which recipes are carried out. ``temporary`` is a folder for what runs in it."""

    folder: Path
    temporary: Path

    def carry_out(self, step: Step, later: str | None = None) -> list[str]:
        """Do one step, but of the commands that begin with ``later`` return the arguments.

        Raises AssertionError when its text is not on one line of the file, or a command fails.
        """
        if step.how == "Run":
            left: list[str] = []
            for command in step.block.splitlines():
                # What chooses tests by a word would choose among all of them.
                if later and command.startswith(later) and " -k " not in command:
                    left += words(command.removeprefix(later))
                else:
                    self.run(command)
            return left
        self._write(step)
        return []

    def _write(self, step: Step) -> None:
        file = self.folder / step.path
        if step.how == "A new file,":
            assert not file.exists(), f"{step.path} exists"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(step.block)
            return
        lines = file.read_text().splitlines(keepends=True)
        if step.how == "At the end of":
            first = last = len(lines)
        else:
            at = [number for number, line in enumerate(lines) if step.text in line]
            assert len(at) == 1, f"{step.path} has {len(at)} lines with {step.text!r}"
            first = at[0] + (step.how == "below")
            last = at[0] + (step.how != "above")
        file.write_text("".join([*lines[:first], step.block, *lines[last:]]))

    def run(self, command: str) -> str:
        """Run a command in the copy, and return what it printed."""
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=self._environment(),
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def _environment(self) -> Mapping[str, str]:
        # What belongs to this run of the tests is not for a run inside it. What is installed is the product itself, and
        # the copy comes before that.
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("SAMENZAAK_", "PYTEST_"))}
        return {**kept, "PYTHONPATH": str(self.folder), "TMPDIR": str(self.temporary)}


def words(command: str) -> list[str]:
    """Return the words of a command, as a shell reads them, each quoted anew."""
    return [shlex.quote(word) for word in shlex.split(command)]


def copy(folder: Path, temporary: Path) -> Copy:
    """Copy what git knows, and what it would add, to ``folder``, with the environment of this process as ``.venv``."""
    names = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    for name in names:
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    (folder / ".venv").mkdir()
    for part in Path(sys.prefix).iterdir():
        (folder / ".venv" / part.name).symlink_to(part)
    (folder / ".venv" / ".ready").unlink(missing_ok=True)
    (folder / ".venv" / ".ready").touch()
    return Copy(folder, temporary)
