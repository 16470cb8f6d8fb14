"""Revisions of a schema: a number and a few words, such as ``0002_a_keyword_of_a_zaak``, kept by Alembic."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from alembic.operations import Operations

_BEFORE_RELEASES = re.compile(r"\d{4}")


def is_before_releases(revision: str) -> bool:
    """Return whether a revision is one of before release 0.1.0, from which there is no way to a later one. Those had a
    number only: ``0007``."""
    return _BEFORE_RELEASES.fullmatch(revision) is not None


def is_too_old(revision: str | None, known: Sequence[str]) -> bool:
    """Return whether a schema of this revision (None: it has none) is older than a version needs whose revisions are
    ``known``, newest first. A newer one is served: migrations only expand while the version before runs."""
    return revision is None or revision in known[1:] or is_before_releases(revision)


def statements_beside(file: str) -> Callable[[Operations], None]:
    """Return the upgrade of a migration whose statements are in the ``.sql`` beside it:
    ``upgrade = statements_beside(__file__)``."""

    def upgrade(op: Operations) -> None:
        # A colon would begin a parameter.
        op.execute(Path(file).with_suffix(".sql").read_text().replace(":", r"\:"))

    return upgrade
