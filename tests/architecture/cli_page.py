"""Writes docs/cli.md from the commands: `make docs`."""

from pathlib import Path

import typer
import typer.main
from typer.cli import get_docs_for_click

from beheer.cli import app

PAGE = Path(__file__).parents[2] / "docs" / "cli.md"
HEAD = """\
# The command samenzaak

Every command with its arguments and options, as `--help` tells them. This page is written by `make docs`; a test fails
when it is out of date. What to do with them is in [operators.md](operators.md).
"""


def page() -> str:
    """Return the whole page."""
    command = typer.main.get_command(app)
    context = typer.Context(command, info_name="samenzaak")
    text = get_docs_for_click(obj=command, ctx=context, name="samenzaak", title="")
    return HEAD + text.partition("\n")[2].rstrip() + "\n"


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
