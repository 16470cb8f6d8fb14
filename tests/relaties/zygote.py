"""Starts services as processes within a fraction of a second: it has imported everything already, and forks.

Each line of its standard input is ``<name> <port> <log file>``; it answers with the id of the new process.
"""

import os
import signal
import sys
from importlib import import_module

from beheer.part import main

for service in ("zaken", "documenten", "besluiten"):
    import_module(f"services.{service}.app")

# Nobody waits for the children, so the kernel clears them away.
signal.signal(signal.SIGCHLD, signal.SIG_IGN)

for line in sys.stdin:
    name, port, log = line.split()
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        for number in (1, 2):
            os.dup2(file, number)
        os.close(0)
        try:
            main([name, "--port", port])
        finally:
            os._exit(1)
    sys.stdout.write(f"{child}\n")
    sys.stdout.flush()
