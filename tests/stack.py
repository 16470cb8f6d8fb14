"""The whole of Samenzaak for tests: a real PostgreSQL, all services and the gateway in this process, spoken to over
HTTP.

With SAMENZAAK_TEST_SPLIT=1 the parts are separate processes, as in a cluster, and the gateway is reached over TCP.
"""

import asyncio
import fcntl
import os
import time
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import asyncpg
import httpx
import jwt
import pytest
from pydantic import SecretStr

from beheer import postgres
from beheer.provision import make_login_roles, make_own_schemas, make_schema
from beheer.runner import WORKER, Standalone
from beheer.split import Split
from gateway import registry
from gateway.config import secret_box
from runtime.identity import OPERATOR, system_caller
from runtime.settings import Settings
from runtime.tenancy import SERVICES
from tests import whole_lists
from tests.forking import ForkedSplit

PUBLIC = "http://samenzaak.test"
SPLIT = os.environ.get("SAMENZAAK_TEST_SPLIT") == "1"

# All stacks of a run share one cluster, and each of them may be a dozen processes.
ROOMY = f"""{postgres.CONFIGURATION.replace("max_connections = 200", "max_connections = 500")}
# Only the end of the machine would need the pages, and statistics that come when they come help no test.
full_page_writes = off
autovacuum = off
"""
CRS = {"Accept-Crs": "EPSG:4326", "Content-Crs": "EPSG:4326"}


def worker() -> str:
    """Return the name of this test process."""
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


def common_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder that all test processes of this run have."""
    base = tmp_path_factory.getbasetemp()
    return base if worker() == "main" else base.parent


def built() -> tuple[str, ...]:
    """Return the services that the stack runs: all of them."""
    return SERVICES


class Client:
    """A vendor's application at one municipality: sends requests with a ZGW token and the headers that the standard
    wants.

    Paths may be absolute URLs as found in responses, or paths such as ``/zaken/api/v1/zaken``.
    """

    def __init__(
        self, stack: "Stack", tenant: str, client_id: str, secret: str, host: str = PUBLIC, **claims: Any
    ) -> None:
        self.stack, self.tenant, self.client_id, self.secret, self.claims = stack, tenant, client_id, secret, claims
        self.autorisaties: list[dict[str, Any]] | None = None
        """The rights that it was made with; None are all, or unknown ones."""
        self.http = httpx.AsyncClient(transport=stack.transport(), base_url=host, timeout=60)

    def token(self, **claims: Any) -> str:
        """Return a fresh token."""
        now = {"iss": self.client_id, "iat": int(time.time()), "client_id": self.client_id}
        users = {"user_id": "jdv", "user_representation": "J. de Vries"}
        return jwt.encode({**now, **users, **self.claims, **claims}, self.secret, "HS256")

    async def request(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, **kwargs: Any
    ) -> httpx.Response:
        """Send one request; a header of ``headers`` overrules the usual one."""
        usual = {"Authorization": f"Bearer {self.token()}", **CRS}
        answer = await self.http.request(method, url, headers={**usual, **(headers or {})}, **kwargs)
        if answer.status_code == 200 and self.tenant in self.stack.common:
            whole_lists.refuse(method, answer.url, self.autorisaties)
        return answer

    async def get(self, url: str, **kwargs: Any) -> httpx.Response:
        """GET."""
        return await self.request("GET", url, **kwargs)

    async def post(self, url: str, json: Any = None, **kwargs: Any) -> httpx.Response:
        """POST."""
        return await self.request("POST", url, json=json, **kwargs)

    async def put(self, url: str, json: Any = None, **kwargs: Any) -> httpx.Response:
        """PUT."""
        return await self.request("PUT", url, json=json, **kwargs)

    async def patch(self, url: str, json: Any = None, **kwargs: Any) -> httpx.Response:
        """PATCH."""
        return await self.request("PATCH", url, json=json, **kwargs)

    async def delete(self, url: str, **kwargs: Any) -> httpx.Response:
        """DELETE."""
        return await self.request("DELETE", url, **kwargs)

    async def created(self, url: str, json: Any) -> dict[str, Any]:
        """POST and return the new object; fail with the whole answer when it was not created."""
        answer = await self.post(url, json)
        assert answer.status_code == 201, f"POST {url}: {answer.status_code} {answer.text}"
        found: dict[str, Any] = answer.json()
        return found


class Stack:
    """Samenzaak with its database, for one test process."""

    def __init__(self, settings: Settings, dsn: str, roles: Path, split: bool = SPLIT, anew: bool = False) -> None:
        self.settings, self.dsn, self._roles = settings, dsn, roles
        self.common: set[str] = set()
        """Municipalities that several files of tests write to."""
        parts = Split if anew else ForkedSplit
        self.split = parts(settings, dsn, 0, settings.home / "split.log") if split else None
        self._transports: list[httpx.AsyncBaseTransport] = []
        # Beside separate processes this one can look into the database and call the services, but does no work.
        own = {"metrics_port": 0, "otlp_endpoint": None}
        self.standalone = Standalone(
            self.split.settings.model_copy(update=own) if self.split else settings, dsn, built()
        )
        self.gateway = self.standalone.gateway()

    async def start(self) -> None:
        """Start everything."""
        if self.split is not None:
            for service in self.standalone.services.values():
                service.internal._apps = None
            await asyncio.to_thread(self.split.start)
        await self.standalone.start()
        await self.gateway.start()

    async def stop(self) -> None:
        """Stop everything."""
        for transport in self._transports:
            await transport.aclose()
        if self.split is not None:
            await asyncio.to_thread(self.split.stop)
        await self.gateway.stop()
        await self.standalone.stop()

    @asynccontextmanager
    async def without_worker(self) -> AsyncIterator[None]:
        """Stop delivering notifications in good order, and start again."""
        if self.split is not None:
            worker = self.split.children.pop(WORKER)
            worker.process.terminate()
            await asyncio.to_thread(worker.end)
            try:
                yield
            finally:
                worker = self.split.children[WORKER] = self.split._spawn(WORKER)
                await asyncio.to_thread(worker.wait_until_ready)
            return
        service = self.standalone.services["notificaties"]
        for task in service._tasks:
            task.cancel()
        await asyncio.gather(*service._tasks, return_exceptions=True)
        service._tasks.clear()
        try:
            yield
        finally:
            await service.start()

    def transport(self) -> httpx.AsyncBaseTransport:
        """Return how requests reach the gateway, whatever host name they are for."""
        if self.split is not None:
            self._transports.append(_Address(self.split.port))
            return self._transports[-1]
        return httpx.ASGITransport(self.gateway, raise_app_exceptions=False)

    @asynccontextmanager
    async def admin(self) -> AsyncIterator[asyncpg.Connection]:
        """A connection of the owner of the database, as the operator's commands have."""
        connection = await asyncpg.connect(self.dsn)
        try:
            yield connection
        finally:
            await connection.close()

    @contextmanager
    def _roles_alone(self) -> Any:
        # Roles belong to the cluster, which test processes share; PostgreSQL refuses concurrent changes of one role.
        with self._roles.open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    async def prepare(self) -> None:
        """Make what does not belong to one municipality."""
        async with self.admin() as admin:
            with self._roles_alone():
                await make_login_roles(admin, self.settings)
                await make_own_schemas(admin)

    async def add_tenant(self, tenant: str, hosts: tuple[str, ...] = (), *, common: bool = False) -> None:
        """Make a municipality; without host names its clients are told apart by client_id. One that is ``common`` has
        several files of tests that write to it."""
        async with self.admin() as admin:
            with self._roles_alone():
                for service in built():
                    await make_schema(admin, tenant, service)
            await registry.add_tenant(admin, tenant, tenant.title(), "000000000", hosts)
        if common:
            self.common.add(tenant)

    async def add_client(
        self,
        tenant: str,
        client_id: str,
        autorisaties: list[dict[str, Any]] | None = None,
        *,
        host: str = PUBLIC,
        **extra: Any,
    ) -> Client:
        """Make a client with these autorisaties (None: all rights; extra keys go into the Applicatie), and return
        it."""
        secret = f"geheim-van-{client_id}-bij-{tenant}-dat-lang-genoeg-is"
        async with self.admin() as admin:
            await registry.add_client(admin, secret_box(self.settings), tenant, client_id, secret, client_id)
        body = {
            "clientIds": [client_id],
            "label": client_id,
            "heeftAlleAutorisaties": autorisaties is None,
            "autorisaties": autorisaties or [],
            **extra,
        }
        caller = system_caller(tenant, OPERATOR, (PUBLIC,))
        answer = await self.standalone.operator.send(
            caller, "autorisaties", "POST", "/autorisaties/api/v1/applicaties", body
        )
        assert answer.status_code == 201, answer.text
        client = Client(self, tenant, client_id, secret, host)
        client.autorisaties = autorisaties
        return client

    async def add_own(self, name: str = "eigen", hosts: tuple[str, ...] = ()) -> Client:
        """Make a municipality that only the caller knows, and return a client of it with all rights.

        It is for tests that walk whole lists or count: in the common municipalities is what other tests left, and which
        tests those are differs by machine.
        """
        tenant = f"{name}-{uuid.uuid4().hex[:8]}"
        await self.add_tenant(tenant, hosts)
        return await self.add_client(tenant, f"alles-{tenant}", host=f"http://{hosts[0]}" if hosts else PUBLIC)


class _Address(httpx.AsyncHTTPTransport):
    """Sends every request to one port of this machine; the Host header stays that of the URL."""

    def __init__(self, port: int) -> None:
        super().__init__(limits=httpx.Limits(keepalive_expiry=3))
        self.port = port

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(scheme="http", host="127.0.0.1", port=self.port)
        return await super().handle_async_request(request)


@asynccontextmanager
async def running(
    folder: Path,
    name: str,
    before_start: "Callable[[Stack], None] | None" = None,
    split: bool = SPLIT,
    anew: bool = False,
    **settings: Any,
) -> AsyncIterator[Stack]:
    """Run a stack on a database of its own in the cluster that all test processes share. Separate processes are forked
    from one that has imported them, unless each starts ``anew``, as in production."""
    home = folder / "samenzaak-tests"
    home.mkdir(exist_ok=True)
    with mock.patch.object(postgres, "CONFIGURATION", ROOMY):
        cluster = postgres.start(home)
    database = f"test_{name}_{time.time_ns()}"
    admin = await asyncpg.connect(cluster)
    # What a process writes survives its end without this; only the end of the machine would lose it.
    await admin.execute("ALTER SYSTEM SET fsync = off")
    await admin.execute("SELECT pg_reload_conf()")
    await admin.execute(f"CREATE DATABASE {database}")
    await admin.close()
    dsn = cluster.replace("/postgres?", f"/{database}?")
    own = home / name
    own.mkdir(exist_ok=True)
    # Tests ask more than an application does; those of the limits set their own.
    usual: dict[str, Any] = {"client_rate": 0, "tenant_rate": 0, "public_url": PUBLIC}
    values: dict[str, Any] = {
        "home": own,
        "secret_key": SecretStr("test" * 16),
        # Several stacks share one cluster, and with it its connections.
        "pool_size": 4,
        **usual,
        **settings,
    }
    stack = Stack(Settings(**values), dsn, home / "roles.lock", split, anew)
    await stack.prepare()
    if before_start is not None:
        before_start(stack)
    try:
        await stack.start()
        yield stack
    finally:
        await stack.stop()
        postgres.stop(home)
