"""Samenzaak in real processes, for benchmarks and tests that kill them: a gateway, six services, workers, PostgreSQL
and subscribers, in a folder of their own."""

import asyncio
import multiprocessing
import os
import shutil
import signal
import socket
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import asyncpg
import jwt
import psutil

from beheer import postgres, tenants
from beheer.migrate import upgrade_all
from bench.part import serve, subscribe
from runtime.settings import Settings
from runtime.tenancy import SERVICES

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerProcess

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["bench.part"])
SECRET = "x" * 48
CLIENT_SECRET = "geheim-van-de-proef-dat-lang-genoeg-is"
AUTH = "Bearer proef"
RSINS = ("000000000", "517439943", "111222333", "123456782")


def free_ports(count: int) -> list[int]:
    """Return ports that nobody uses now."""
    found = [socket.socket() for _ in range(count)]
    for one in found:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in found]
    for one in found:
        one.close()
    return ports


class System:
    """All processes. Use as a context manager; ``tenants`` are made with a client that may do everything."""

    def __init__(
        self,
        home: Path,
        names: Sequence[str],
        workers: int = 1,
        subscribers: int = 1,
        short_waits: bool = False,
        **env: str,
    ) -> None:
        self.home = home
        self.names = names
        self.subscriber_names = [f"subscriber{n}" for n in range(subscribers)]
        self.parts = ["gateway", *SERVICES, *(f"worker{n}" for n in range(workers))]
        every = (*self.parts, *self.subscriber_names)
        self.ports = dict(zip(every, free_ports(len(every)), strict=True))
        self.base = f"http://127.0.0.1:{self.ports['gateway']}"
        self.running: dict[str, ForkServerProcess] = {}
        self.short_waits = short_waits
        self.dsn = ""
        self._env = env

    def __enter__(self) -> "System":
        self.home.mkdir(parents=True, exist_ok=True)
        self.dsn = postgres.start(self.home)
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.running.values():
            process.kill()
            process.join()
        postgres.stop(self.home)
        shutil.rmtree(self.home, ignore_errors=True)

    @property
    def settings(self) -> Settings:
        """The settings that all processes share."""
        values: dict[str, Any] = {"home": self.home, "database_url": self.dsn, "secret_key": SECRET}
        return Settings(**values)

    async def prepare(self) -> None:
        """Make the municipalities and their clients."""
        admin = await asyncpg.connect(self.dsn)
        try:
            await tenants.prepare(admin, self.settings)
            for n, name in enumerate(self.names):
                await tenants.add_tenant(admin, self.settings, name, name.title(), RSINS[n])
        finally:
            await admin.close()
        await asyncio.to_thread(upgrade_all, self.dsn)
        admin = await asyncpg.connect(self.dsn)
        try:
            for name in self.names:
                await tenants.add_client(admin, self.settings, name, f"proef-{name}", CLIENT_SECRET, all_rights=True)
        finally:
            await admin.close()

    def start(self, *names: str) -> None:
        """Start processes that do not run."""
        for name in names:
            if name in self.running and self.running[name].is_alive():
                continue
            output = self.home / f"{name}.out"
            if name in self.subscriber_names:
                process = FORKS.Process(target=subscribe, args=(self.ports[name], self.log_of(name), output))
            else:
                part = "worker" if name.startswith("worker") else name
                arguments = (part, self.ports[name], self._environment(), output, self.short_waits)
                process = FORKS.Process(target=serve, args=arguments)
            process.start()
            self.running[name] = process

    def _environment(self) -> dict[str, str]:
        urls = ",".join(f"{name}=http://127.0.0.1:{self.ports[name]}" for name in SERVICES)
        own = {
            "HOME": str(self.home / "files"),
            "DATABASE_URL": self.dsn,
            "SECRET_KEY": SECRET,
            "PUBLIC_URL": self.base,
            "SERVICE_URLS": urls,
            "BACKGROUND": "false",
            "CALLBACK_ALLOW_HTTP": "true",
            "CALLBACK_ALLOW_PRIVATE": "true",
            "LOG_LEVEL": "warning",
            **self._env,
        }
        (self.home / "files").mkdir(exist_ok=True)
        usual = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        return {**usual, **{f"SAMENZAAK_{name}": value for name, value in own.items()}}

    def log_of(self, subscriber: str) -> Path:
        """Return what a subscriber has taken."""
        return self.home / f"{subscriber}.log"

    def url_of(self, subscriber: int, name: str, manner: str) -> str:
        """Return the callback of a name at a subscriber."""
        return f"http://127.0.0.1:{self.ports[self.subscriber_names[subscriber]]}/{name}/{manner}"

    async def until_up(self, *names: str) -> None:
        """Wait until these processes accept connections."""
        for name in names:
            async with asyncio.timeout(120):
                while True:
                    try:
                        _, writer = await asyncio.open_connection("127.0.0.1", self.ports[name])
                        writer.close()
                        break
                    except OSError:
                        await asyncio.sleep(0.05)

    def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        """Send a signal to a process; one that was killed is waited for."""
        process = self.running[name]
        if process.is_alive() and process.pid:
            os.kill(process.pid, number)
        if number == signal.SIGKILL:
            process.join()

    def kill_postgres(self) -> None:
        """Kill PostgreSQL with everything that it has under way."""
        postmaster = int((self.home / "postgres" / "postmaster.pid").read_text().splitlines()[0])
        psutil.Process(postmaster).kill()

    def start_postgres(self) -> None:
        """Start PostgreSQL again."""
        # The home folder is held by this process already, so the second hold is given up at once.
        postgres.start(self.home)
        postgres.stop(self.home)

    def cpu(self) -> dict[str, float]:
        """Return the CPU seconds that each process has used, PostgreSQL as one."""
        found = {}
        for name, process in self.running.items():
            times = psutil.Process(process.pid).cpu_times()
            found[name] = times.user + times.system
        postmaster = psutil.Process(int((self.home / "postgres" / "postmaster.pid").read_text().splitlines()[0]))
        total = 0.0
        for one in (postmaster, *postmaster.children(recursive=True)):
            try:
                times = one.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += times.user + times.system + times.children_user + times.children_system
        found["postgres"] = total
        return found


class Client:
    """A client of one municipality over HTTP."""

    def __init__(self, system: System, tenant: str, session: aiohttp.ClientSession) -> None:
        self.system, self.tenant, self.session = system, tenant, session
        self._token, self._made = "", 0.0

    def _authorization(self) -> str:
        now = time.time()
        if now - self._made > 600:
            name = f"proef-{self.tenant}"
            claims = {"iss": name, "client_id": name, "iat": int(now) - 5, "user_id": "", "user_representation": ""}
            self._token, self._made = jwt.encode(claims, CLIENT_SECRET, "HS256"), now
        return f"Bearer {self._token}"

    async def send(self, method: str, url: str, body: Any = None) -> tuple[int, Any]:
        """Return (status, JSON); the status is 0 when there was no answer."""
        if url.startswith("/"):
            url = self.system.base + url
        headers = {"Authorization": self._authorization()}
        try:
            async with self.session.request(method, url, json=body, headers=headers) as response:
                return response.status, await response.json(content_type=None)
        except (aiohttp.ClientError, OSError, ValueError, TimeoutError):
            return 0, None

    async def created(self, url: str, body: Any) -> dict[str, Any]:
        """POST, and fail when nothing was made. Tries again for half a minute while services start."""
        status, content = 0, None
        for _ in range(60):
            status, content = await self.send("POST", url, body)
            if status in (200, 201):
                found: dict[str, Any] = content
                return found
            if status not in (0, 502, 503, 504):
                break
            await asyncio.sleep(0.5)
        raise RuntimeError(f"POST {url}: {status} {content}")

    async def subscribe(self, url: str, *kanalen: dict[str, Any]) -> str:
        """Make an abonnement, and return its uuid."""
        body = {"callbackUrl": url, "auth": AUTH, "kanalen": list(kanalen)}
        made = await self.created("/notificaties/api/v1/abonnement", body)
        return str(made["url"]).rpartition("/")[2]
