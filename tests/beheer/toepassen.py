"""Applies a file, and what the operator sees of that."""

from pathlib import Path
from typing import Any

from beheer import configuration
from beheer.apply import Outcome, apply
from tests.beheer.configuratie import written
from tests.stack import Stack


async def applied(stack: Stack, folder: Path, content: Any, *, dry_run: bool = False) -> Outcome:
    """Apply a file, which must have no mistakes."""
    found, _ = configuration.read(written(folder, content))
    async with stack.admin() as admin:
        with stack._roles_alone():
            return await apply(admin, stack.settings, stack.dsn, found, dry_run=dry_run)


def told(outcome: Outcome, name: str) -> list[str]:
    """Return the lines that the operator sees; there must be no mistakes."""
    assert outcome.mistakes == []
    return [line.replace(f"{name}: ", "") for change in outcome.changes for line in change.lines()]
