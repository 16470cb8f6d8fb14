"""Keeps the embedded PostgreSQL running under a server."""

import logging
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from beheer import postgres
from runtime.settings import Settings

log = logging.getLogger("samenzaak")

KEEP_PERIOD = 0.5
"""Seconds between two looks at whether the server still runs."""


@contextmanager
def kept_running(settings: Settings) -> Iterator[str]:
    """Like :func:`resolve_dsn`; while it is needed the embedded PostgreSQL is started again whenever it dies.

    When that fails this process gets SIGTERM, and PostgresError is raised at the end.
    """
    if settings.database_url is not None:
        yield settings.database_url
        return
    with postgres.resolve_dsn(settings) as dsn:
        keeper = _Keeper(settings.home.resolve())
        keeper.start()
        try:
            yield dsn
        finally:
            keeper.end()
        if keeper.failure is not None:
            raise keeper.failure


class _Keeper(threading.Thread):
    """Looks every half second whether the server of a home folder still runs, and starts it again."""

    def __init__(self, home: Path) -> None:
        super().__init__(name="keeps PostgreSQL running", daemon=True)
        self.failure: postgres.PostgresError | None = None
        self._home = home
        self._ending = threading.Event()

    def run(self) -> None:
        """Work until :meth:`end`."""
        while not self._ending.wait(KEEP_PERIOD):
            if postgres.runs(self._home):
                continue
            log.error("PostgreSQL in %s has ended; starting it again", self._home)
            try:
                postgres.start_again(self._home)
            except (postgres.PostgresError, OSError) as e:
                self.failure = postgres.PostgresError(f"PostgreSQL has ended and cannot be started again: {e}")
                log.critical("%s", self.failure)
                os.kill(os.getpid(), signal.SIGTERM)
                return
            log.warning("PostgreSQL in %s runs again", self._home)

    def end(self) -> None:
        """Stop looking, so that the server may be stopped."""
        self._ending.set()
        self.join()
