"""The processes of the embedded PostgreSQL, as the system shows them."""

import signal
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True)
class Postmaster:
    """A running server, from the file that it keeps in its data folder."""

    pid: int
    sockets: Path | None
    status: str

    @classmethod
    def of(cls, data: Path) -> "Postmaster | None":
        """Return the server that runs on this data folder, or None when the file is absent or stale."""
        try:
            lines = (data / "postmaster.pid").read_text().splitlines()
            pid = int(lines[0])
        except (FileNotFoundError, IndexError, ValueError):
            return None
        # After a crash the pid may belong to another program by now.
        if pid not in servers(data, [pid]):
            return None
        lines += [""] * (8 - len(lines))
        return cls(pid, Path(lines[4]) if lines[4].strip() else None, lines[7].strip())


def servers(data: Path, candidates: list[int]) -> list[int]:
    """Return which of these processes are PostgreSQL on this data folder."""
    found = []
    for pid in candidates:
        with suppress(psutil.NoSuchProcess, OSError):
            process = psutil.Process(pid)
            if process.name() != "postgres" or process.status() == psutil.STATUS_ZOMBIE:
                continue
            try:
                # It works in its data folder, whatever name that has by now.
                ours = Path(process.cwd()).samefile(data)
            except psutil.AccessDenied:
                # In many containers root may not see where another user's process works.
                ours = str(data) in process.cmdline()
            if ours:
                found.append(pid)
    return found


def end_orphans(pids: list[int]) -> None:
    """End these processes of a server that is gone itself, without a checkpoint: as it would have done in a crash.

    What was committed is in the log. A child, or a server that somebody is just starting by hand, is left alone.
    """
    for pid in pids:
        with suppress(psutil.Error, OSError):
            process = psutil.Process(pid)
            parent, command = process.parent(), process.cmdline()
            if command and command[0].startswith("postgres: ") and (parent is None or parent.name() != "postgres"):
                process.send_signal(signal.SIGQUIT)
