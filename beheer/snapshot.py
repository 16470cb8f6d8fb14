"""Writes the first migration of each service from its tables: ``make schema``.

Used as long as no version has been released; afterwards a change is a new revision.
"""

import sys
from pathlib import Path

import services
from beheer.provision import api_of, ddl
from zgw.tenancy import SERVICES

REVISION = '''"""The first tables."""

from pathlib import Path

from alembic.operations import Operations

revision = "0001"
down_revision = None


def upgrade(op: Operations) -> None:
    """Make everything of the first version."""
    op.execute(Path(__file__).with_suffix(".sql").read_text().replace(":", r"\\:"))
'''


def write(service: str) -> None:
    """Write ``0001.py`` and ``0001.sql`` of a service."""
    folder = Path(services.__path__[0]) / service / "migrations" / "versions"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "0001.py").write_text(REVISION)
    (folder / "0001.sql").write_text(ddl(api_of(service).metadata))


if __name__ == "__main__":
    for name in sys.argv[1:] or SERVICES:
        write(name)
