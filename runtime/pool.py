"""One pool per service, whose connections each remember the tenant that they serve.

The service logs in as a role that can read no table. ``acquire`` hands out a connection that runs as the role of
(tenant, service) with that schema as its search path, so that PostgreSQL itself refuses anything else.
"""

import asyncio
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import asyncpg
import orjson
from sqlalchemy import (
    Executable,
)

from runtime.faults import LOST, as_postgres_error
from runtime.places import Shares
from runtime.problems import Problem, UnknownTenant
from runtime.statements import Bound, Executor, Row
from runtime.tenancy import Erased, check_revision, login_role, outdated, schema_of, tenant_of

CONNECT_TIMEOUT = 10.0

OnConnect = Callable[[asyncpg.Connection], None]


async def connect(
    dsn: str, service: str, statement_timeout_ms: int, on_connect: OnConnect | None
) -> asyncpg.Connection:
    """Return a new connection of the login role of ``service``, which can read no table; raise PostgresError."""
    try:
        connection = await asyncpg.connect(
            dsn,
            timeout=CONNECT_TIMEOUT,
            statement_cache_size=500,
            max_cached_statement_lifetime=0,
            command_timeout=statement_timeout_ms / 1000 + 5,
            server_settings={
                "application_name": f"samenzaak {service}",
                "statement_timeout": str(statement_timeout_ms),
                "idle_in_transaction_session_timeout": "60000",
                "search_path": "",
                "random_page_cost": "1.1",  # Data are in memory or on flash.
                "timezone": "UTC",
            },
        )
    except LOST as e:
        raise asyncpg.CannotConnectNowError(f"PostgreSQL cannot be reached: {e!r}") from e
    try:
        await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=str, decoder=orjson.loads, format="text")
        if on_connect is not None:
            on_connect(connection)
    except LOST as e:
        connection.terminate()
        raise asyncpg.CannotConnectNowError(f"PostgreSQL broke off a new connection: {e!r}") from e
    except BaseException:
        # Nobody else knows of it: PostgreSQL would keep its process until this one ends.
        connection.terminate()
        raise
    return connection


LEAVE_NOTHING = "RESET ALL; UNLISTEN *; CLOSE ALL; SELECT pg_advisory_unlock_all(); "
"""Ends what a municipality may have set on a connection, so that the next one does not work with it. DISCARD ALL would
also forget the statements that asyncpg remembers. Temporary tables are ruled out: nobody may make them
(beheer/provision.py), and with pg_temp at the end of the search path none would stand in the place of a table."""

_UNKNOWN = (asyncpg.InvalidParameterValueError, asyncpg.InsufficientPrivilegeError, asyncpg.UndefinedObjectError)


class Access(ABC):
    """A way to the schema of one municipality: the pool of a service, or one transaction (:class:`Joined`)."""

    @abstractmethod
    def acquire(self, tenant: str) -> AbstractAsyncContextManager[Executor]:
        """Hand out a connection that sees the schema of ``tenant``."""

    @abstractmethod
    def transaction(self, tenant: str) -> AbstractAsyncContextManager[Executor]:
        """Like :meth:`acquire`, in one transaction: kept at the end of the block, rolled back on any exception."""

    async def rows(self, tenant: str, statement: Executable | Bound) -> list[Row]:
        """Run one reading statement."""
        async with self.acquire(tenant) as db:
            return await db.rows(statement)

    async def row(self, tenant: str, statement: Executable | Bound) -> Row | None:
        """Run one reading statement; return its first row, or None."""
        async with self.acquire(tenant) as db:
            return await db.row(statement)


class Joined(Access):
    """The database as one transaction sees it, with what that wrote and did not commit yet. Who uses it at the same
    time takes turns, because a connection does one thing at a time."""

    def __init__(self, db: Executor) -> None:
        self._db = db
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def acquire(self, tenant: str) -> AsyncIterator[Executor]:
        """Hand out the connection of the transaction."""
        async with self._turn:
            yield self._db

    @asynccontextmanager
    async def transaction(self, tenant: str) -> AsyncIterator[Executor]:
        """Hand out the connection of the transaction, at a savepoint."""
        async with self.acquire(tenant) as db, db.connection.transaction():
            yield db


class Database(Access):
    """The pool of one service. ``start`` before use, ``stop`` at the end."""

    def __init__(
        self, dsn: str, service: str, size: int = 8, statement_timeout_ms: int = 30_000, known: Sequence[str] = ()
    ) -> None:
        """``known`` are the revisions of the schema that this version knows, newest first; without them none is
        checked."""
        self.dsn = dsn
        self.known = known
        self.on_connect: OnConnect | None = None
        """Gets each new connection: for who wants to observe its statements."""
        self._current: set[str] = set()
        self._was_ready = False
        self.service = service
        self.size = size
        self.statement_timeout_ms = statement_timeout_ms
        # Least recently used first, each idle connection with the municipality that it serves.
        self._idle: OrderedDict[asyncpg.Connection, str] = OrderedDict()
        self._shares = Shares(size, size - size // 4)
        self._open = 0
        self._stopped = False
        self._erased = Erased()

    async def connect(self) -> asyncpg.Connection:
        """Return a new connection of the login role, which can read no table; raise PostgresError."""
        return await connect(self.dsn, self.service, self.statement_timeout_ms, self.on_connect)

    def usage(self) -> dict[str, int]:
        """Return how many connections are busy and idle, how many there may be, and how many requests wait for one."""
        waiting = sum(not one.done() for queue in self._shares.all() for one in queue._waiters or ())
        return {"busy": self._open - len(self._idle), "idle": len(self._idle), "max": self.size, "waiting": waiting}

    async def stop(self) -> None:
        """Close all idle connections; those in use close when they are handed back."""
        self._stopped = True
        while self._idle:
            connection, _ = self._idle.popitem()
            self._open -= 1
            try:
                await connection.close()
            except BaseException:
                connection.terminate()
                raise

    async def tenants(self) -> list[str]:
        """Return the municipalities that this service serves, as the database knows them."""
        sql = (
            "SELECT r.rolname FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid "
            # Roles belong to the whole cluster: another of its databases may have municipalities of its own.
            "JOIN pg_namespace n ON n.nspname = r.rolname "
            "JOIN pg_roles l ON l.oid = m.member WHERE l.rolname = $1 ORDER BY 1"
        )
        async with self._shares.free:
            connection = await self.connect()
            try:
                rows = await connection.fetch(sql, login_role(self.service))
            except LOST as e:
                raise asyncpg.ConnectionDoesNotExistError(f"the connection was lost: {e!r}") from e
            finally:
                connection.terminate()
        return [tenant_of(row["rolname"], self.service) for row in rows]

    async def missing(self) -> str:
        """Return why the service cannot work now, or an empty string.

        A schema that is too old keeps a process that starts from taking over. One that appears later, as when an old
        backup of one municipality is restored, must not take the service from all the others.
        """
        try:
            old = [] if self._was_ready else await self.outdated()
            if self._was_ready:
                await self.tenants()
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as e:
            return f"database: {type(e).__name__}"
        self._was_ready = not old
        return f"migration of {', '.join(old)}" if old else ""

    async def outdated(self) -> list[str]:
        """Return the municipalities whose schema is older than this version needs."""
        found = []
        for tenant in await self.tenants():
            try:
                async with self.acquire(tenant):
                    pass
            except Problem as problem:
                if problem.status == 503:
                    found.append(tenant)
        return found

    def forget(self, tenant: str) -> None:
        """Let nothing of a municipality that was erased reach one that gets its name; ``""``: any may have been."""
        for connection in [c for c, of in self._idle.items() if of == tenant or not tenant]:
            del self._idle[connection]
            self._open -= 1
            connection.terminate()
        self._current.clear()
        self._erased.add(tenant)

    @asynccontextmanager
    async def acquire(self, tenant: str) -> AsyncIterator[Executor]:
        """Hand out a connection that can see the schema of ``tenant`` and nothing else.

        Raises UnknownTenant when the municipality is not known to the database, or was erased since the request began;
        PostgresError when that is away.
        """
        async with self._shares.of(tenant), self._shares.free:
            erased = self._erased.last(tenant)
            connection = await self._take(tenant)
            try:
                yield Executor(connection)
            except BaseException as e:
                if (failure := as_postgres_error(e, connection.is_closed())) is not None:
                    await self._give_back(connection, tenant, False, erased)
                    raise failure from e
                # After anything else it may be broken, or still be at work for who was cancelled.
                clean = isinstance(e, (Problem, asyncpg.PostgresError)) and not connection.is_in_transaction()
                try:
                    older = await outdated(e, connection, self.known) if clean else None
                except BaseException:
                    await self._give_back(connection, tenant, False, erased)
                    raise
                await self._give_back(connection, tenant, clean and not older, erased)
                if older:
                    self._current.discard(tenant)
                    raise older from e
                raise
            await self._give_back(connection, tenant, True, erased)

    @asynccontextmanager
    async def transaction(self, tenant: str) -> AsyncIterator[Executor]:
        """Like :meth:`acquire`, in one transaction: committed at the end of the block, rolled back on any exception."""
        async with self.acquire(tenant) as db, db.connection.transaction():
            yield db

    async def _take(self, tenant: str) -> asyncpg.Connection:
        for connection in reversed(self._idle):
            if self._idle[connection] == tenant:
                del self._idle[connection]
                if not connection.is_closed():
                    return connection
                self._open -= 1
                break
        # Another municipality's connection is switched only when all places are taken: a switch makes PostgreSQL
        # plan its statements again, and a new connection costs that only once.
        found: asyncpg.Connection | None = None
        while found is None and self._open >= self.size and self._idle:
            candidate, _ = self._idle.popitem(last=False)
            if candidate.is_closed():
                self._open -= 1
            else:
                found = candidate
        if found is None:
            self._open += 1
            try:
                found = await self.connect()
            except BaseException:
                self._open -= 1
                raise
        connection = found
        try:
            await self._switch(connection, tenant)
        except BaseException as e:
            self._open -= 1
            failure = as_postgres_error(e, connection.is_closed())
            connection.terminate()
            if failure is not None:
                raise failure from e
            raise
        return connection

    async def _switch(self, connection: asyncpg.Connection, tenant: str) -> None:
        schema = schema_of(tenant, self.service)
        try:
            await connection.execute(f'{LEAVE_NOTHING}SET ROLE "{schema}"; SET search_path TO "{schema}", pg_temp')
        except _UNKNOWN as e:
            raise UnknownTenant from e
        if self.known and tenant not in self._current:
            await check_revision(connection, self.known)
            self._current.add(tenant)

    async def _give_back(self, connection: asyncpg.Connection, tenant: str, clean: bool, erased: float) -> None:
        if self._stopped or not clean or connection.is_closed() or self._erased.since(tenant, erased):
            self._open -= 1
            connection.terminate()
            return
        self._idle[connection] = tenant
