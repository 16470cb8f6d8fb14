"""The worker processes of ``samenzaak serve --workers N``, and what starts one again that has ended.

uvicorn asks a worker after five seconds whether it is there, and kills it when it says nothing. On a busy machine a
worker needs longer to import its program, so it was killed and started again for ever, while everybody waited.
"""

import logging
import time
from typing import Any

from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors.multiprocess import Multiprocess, Process

log = logging.getLogger("samenzaak")

START_SECONDS = 120.0
PAUSE_SECONDS = 2.0
"""A worker that ends so soon is not started again before."""


class Worker(Process):
    """One worker. It says nothing for as long as it imports its program; after that, five seconds are much."""

    began = 0.0
    served = False
    """It has answered requests."""
    _asked = False

    def start(self) -> None:
        """Start the process."""
        super().start()
        self.began = time.monotonic()
        self.parent_conn.send(b"ping")
        self._asked = True

    def is_alive(self, timeout: float = 5) -> bool:
        """Return whether it runs, and says so within the timeout, once it can."""
        if not self.process.is_alive():
            return False
        try:
            if self._asked:
                if not self.parent_conn.poll(0):
                    return time.monotonic() - self.began < START_SECONDS
                self.parent_conn.recv()
                self._asked = False
        except (OSError, EOFError):
            return False
        started = self._healthcheck(timeout)
        self.served = self.served or started is True
        return started is not None

    def wait_until_ready(self, timeout: float, should_exit: Any = None) -> bool:
        """Return whether it answers requests before the time is over that a start may take."""
        return super().wait_until_ready(max(timeout, START_SECONDS), should_exit)


class Workers(Multiprocess):
    """All workers."""

    processes: list[Worker]  # type: ignore[assignment]

    def init_processes(self) -> None:
        """Start them."""
        self.processes = [self._started() for _ in range(self.processes_num)]

    def restart_all(self) -> None:
        """Replace them, one by one; keep those that a new one could not take over from."""
        for index, old in enumerate(self.processes):
            new = self._started()
            if self.should_exit.is_set() or not new.wait_until_ready(0, self.should_exit):
                log.error("worker %s was not replaced: the new one does not become ready", old.pid)
                new.kill()
                new.join()
                return
            old.terminate()
            old.join()
            self.processes[index] = new

    def keep_subprocess_alive(self) -> None:
        """Start again what has ended or hangs; end when no worker can start at all."""
        served = any(worker.served for worker in self.processes)
        for index, worker in enumerate(self.processes):
            if self.should_exit.is_set():
                return
            if worker.is_alive(self.config.timeout_worker_healthcheck):
                continue
            if time.monotonic() - worker.began < PAUSE_SECONDS and served:
                continue
            worker.kill()
            worker.join()
            if worker.exitcode == STARTUP_FAILURE and not served:
                log.error("worker %s cannot start; ending", worker.pid)
                self.should_exit.set()
                return
            log.error("worker %s ended with status %s; starting another one", worker.pid, worker.exitcode)
            self.processes[index] = self._started()

    def _started(self) -> Worker:
        worker = Worker(self.config, self.sockets)
        worker.start()
        return worker
