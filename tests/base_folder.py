"""The base folder of a test run: one of its own, which no other run touches.

That of pytest lies in a folder that every run closes to other users when it starts. The PostgreSQL of a run of root is
such a user, and would no longer get through to its data.
"""

import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

PREFIX = "samenzaak-test-"
KEPT = 3
"""How many folders of runs that ended stay, to look into."""


def make(parent: Path) -> Path:
    """Make the folder of this run in ``parent``, and remove those of runs that ended, but the last ones."""
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
    # Never closed: the lock goes with this process, however it ends, and tells other runs that it is there.
    fcntl.flock(os.open(folder, os.O_RDONLY), fcntl.LOCK_SH)
    for old in _ended(parent)[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)
    return folder


def _ended(parent: Path) -> list[Path]:
    """Return the folders of the runs of this user that ended, the oldest first."""
    found: list[tuple[float, Path]] = []
    for folder in parent.glob(f"{PREFIX}*"):
        # One that is locked, or that another run removes at this moment, is left alone.
        with suppress(OSError):
            handle = os.open(folder, os.O_RDONLY)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                about = os.fstat(handle)
            finally:
                os.close(handle)
            if about.st_uid == os.getuid():
                found.append((about.st_mtime, folder))
    return [folder for _, folder in sorted(found)]
