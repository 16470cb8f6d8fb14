"""Where processes start. Importing a program takes a second, in which Ctrl-C ends it as later: silently, status 130."""

import os
import signal
import sys
from importlib import import_module

INTERRUPTED = 130
"""The exit status of what Ctrl-C ended, as shells have it."""


def start(module: str, function: str) -> None:
    """Import ``module`` and call its ``function``.

    SIGINT ends the process at once during the import, in which nothing was begun: what modules run at their import
    would print a traceback, or lose the KeyboardInterrupt. Where SIGINT is ignored it stays ignored.

        start("beheer.part", "main")
    """
    listens = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if listens:
        signal.signal(signal.SIGINT, lambda *_: os._exit(INTERRUPTED))
    called = getattr(import_module(module), function)
    try:
        if listens:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        called()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def samenzaak() -> None:
    """The command ``samenzaak``."""
    start("beheer.cli", "app")
