"""The table of the reading log, which is made by SQL: SQLAlchemy knows nothing of partitions and triggers."""

from collections.abc import Callable
from pathlib import Path

from alembic.operations import Operations
from sqlalchemy import MetaData

from runtime.revisions import statements_beside

_FILE = Path(__file__)
TABLE = "reading_log"


def reading_log_table(metadata: MetaData) -> None:
    """Add the reading log to the tables of a service."""
    metadata.info.setdefault("ddl", []).append(_FILE.with_suffix(".sql").read_text().strip())
    metadata.info[TABLE] = True


def has_reading_log(metadata: MetaData) -> bool:
    """Return whether a service has a reading log."""
    return TABLE in metadata.info


def migration() -> Callable[[Operations], None]:
    """Return the upgrade that adds the table to a schema of before it was there."""
    return statements_beside(str(_FILE))
