"""Programs that some tests need: a browser, Node.js with packages. Where they are missing the test is skipped."""

import asyncio
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "node"
NODE = ("--target", "es2022", "--module", "nodenext", "--strict", "--skipLibCheck", "--types", "node")
"""Options of the compiler of TypeScript for a program that Node.js runs."""
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SECONDS = 120
"""How long a program may take."""


async def output(
    *command: str, folder: Path, codes: tuple[int, ...] = (0,), variables: Mapping[str, str] | None = None
) -> str:
    """Return what a program prints that runs in a folder, with these variables beside those of the environment.

    Fail with all that it says when it ends otherwise than with one of ``codes``; raise TimeoutError after 120 s.
    """
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env={**os.environ, **(variables or {})},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(SECONDS):
            printed, said = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode in codes, (printed + said).decode()
    return printed.decode()


def program(*names: str) -> str:
    """Return the path of the first of these programs that is there; skip the test where none is."""
    for name in names:
        if found := shutil.which(name):
            return found
    pytest.skip(f"{names[0]} is not on this machine")


def node_modules() -> Path:
    """Return the folder of the packages that `make node` installs; skip the test where it or Node.js is missing."""
    program("node")
    if not (FOLDER / "node_modules" / ".package-lock.json").exists():
        pytest.skip("the packages of tests/node are not installed (make node)")
    return FOLDER / "node_modules"


def browser() -> str:
    """Return the path of a browser that Playwright can drive; skip the test where there is none."""
    return program(*BROWSERS)
