"""Programs that some tests need: a browser, Node.js with packages. Where they are missing the test is skipped."""

import shutil
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "node"
NODE = ("--target", "es2022", "--module", "nodenext", "--strict", "--skipLibCheck", "--types", "node")
"""Options of the compiler of TypeScript for a program that Node.js runs."""
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


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
