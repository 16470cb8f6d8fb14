"""Tenants in the database: one schema and one role per (tenant, service), and whether they still fit this process.

``olst-wijhe`` has the schemas ``olst_wijhe_zaken``, ``olst_wijhe_documenten`` and so on.
"""

import re
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from urllib.parse import quote, urlsplit, urlunsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import asyncpg

from runtime.problems import Problem, UnknownTenant
from runtime.revisions import is_too_old
from runtime.statements import Executor

SERVICES = ("autorisaties", "besluiten", "catalogi", "documenten", "notificaties", "zaken")

ERASED = "samenzaak_erased"
"""The channel that tells every process of a municipality that was erased. The payload is its name."""

_NAME = re.compile(r"[a-z](?:-?[a-z0-9]){1,39}")


_RESERVED = frozenset(
    (*SERVICES, "gateway", "console", "worker", "public", "postgres", "information-schema", "pg", "samenzaak")
)


def check_name(tenant: str) -> str:
    """Return ``tenant`` if a municipality may be called so; raise ValueError for a name that is not spelled as one, and
    for one that would be taken for a schema or role of PostgreSQL or of Samenzaak itself."""
    _check_spelling(tenant)
    service = next((service for service in SERVICES if tenant.endswith(f"-{service}")), "")
    if service:
        raise ValueError(
            f"{tenant!r}: the name of a municipality does not end in -{service}, which is how schemas of {service} end"
        )
    if tenant in _RESERVED or tenant.startswith(("pg-", "samenzaak-")):
        raise ValueError(f"{tenant!r}: this name is reserved for PostgreSQL and Samenzaak itself; choose another one")
    return tenant


def _check_spelling(tenant: str) -> None:
    if not _NAME.fullmatch(tenant):
        raise ValueError(
            f"{tenant!r}: the name of a municipality begins with a letter and has 2 to 40 lower-case letters, digits"
            " and single hyphens"
        )


def check_time_zone(name: str) -> str:
    """Return ``name`` if it is the name of a time zone, such as ``Europe/Amsterdam``; raise ValueError otherwise."""
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{name!r} is not a time zone, such as Europe/Amsterdam") from None


def schema_of(tenant: str, service: str) -> str:
    """Return the schema and role name: ``schema_of("olst-wijhe", "zaken") == "olst_wijhe_zaken"``.

    Names have no underscore, so two municipalities never share a schema. Raises ValueError for what is no name.
    """
    # A municipality from before may have a name that is reserved now; it is served, and can be removed.
    _check_spelling(tenant)
    return f"{tenant.replace('-', '_')}_{service}"


@asynccontextmanager
async def as_tenant(admin: asyncpg.Connection, tenant: str, service: str) -> AsyncIterator[Executor]:
    """Run statements in the schema of one municipality and service, on a connection of the administrator, in a
    transaction.

    The administrator owns the schema and need not be a superuser, so it does not take the role of the municipality.
    Raises LookupError for an unknown municipality. Example::

        async with as_tenant(admin, "deventer", "autorisaties") as db:
            rows = await db.rows(select(EXTERNAL))
    """
    schema = schema_of(tenant, service)
    async with admin.transaction():
        if await admin.fetchval("SELECT to_regnamespace($1)", f'"{schema}"') is None:
            raise LookupError(f"there is no municipality {tenant}")
        await admin.execute(f'SET LOCAL search_path TO "{schema}"')
        yield Executor(admin)
        # It may be a part of a transaction that goes on.
        await admin.execute("SET LOCAL search_path TO DEFAULT")


def tenant_of(schema: str, service: str) -> str:
    """Return the name of the municipality whose schema this is; the inverse of :func:`schema_of`."""
    return schema.removesuffix(f"_{service}").replace("_", "-")


def login_role(service: str) -> str:
    """Return the role that a service logs in as."""
    return f"samenzaak_{service}"


def service_dsn(dsn: str, service: str, password: str) -> str:
    """Return ``dsn`` with the login role of ``service`` in the place of its user."""
    parts = urlsplit(dsn)
    host = parts.netloc.rpartition("@")[2]
    user = f"{quote(login_role(service))}:{quote(password, safe='')}"
    return urlunsplit(parts._replace(netloc=f"{user}@{host}"))


LACKING = (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError, asyncpg.UndefinedFunctionError)
"""The errors of PostgreSQL for a schema that is older than the program."""


async def check_revision(connection: asyncpg.Connection, known: Sequence[str]) -> None:
    """Raise Problem 503 for a schema that is older than this version needs, whose revisions are ``known`` (newest
    first)."""
    try:
        revision = await connection.fetchval("SELECT version_num FROM alembic_version")
    except asyncpg.UndefinedTableError:
        revision = None
    if is_too_old(revision, known):
        raise Problem(
            503,
            "service_unavailable",
            f"De gegevens van deze gemeente worden bijgewerkt: versie {revision or 0}, nodig {known[0]}.",
            headers={"Retry-After": "30"},
        )


async def outdated(error: BaseException, connection: asyncpg.Connection, known: Sequence[str]) -> Problem | None:
    """Return the 503 for a schema that was new enough before, and of which PostgreSQL now says that it lacks something:
    a backup has taken its place."""
    if not known or not isinstance(error, LACKING):
        return None
    try:
        await check_revision(connection, known)
    except Problem as problem:
        return problem
    return None


BEGAN: ContextVar[float] = ContextVar("began")
"""When the present request began, on the monotonic clock. Background work has none: it reads everything anew."""


class Erased:
    """The moments of the erasures that were heard of."""

    def __init__(self) -> None:
        self._moments: dict[str, float] = {}

    def add(self, tenant: str) -> None:
        """Note that a municipality was erased now."""
        self._moments[tenant] = time.monotonic()

    def last(self, tenant: str) -> float:
        """Return when a municipality of this name was last erased, 0 for never; raise UnknownTenant when that was after
        the present request began."""
        moment = self._moments.get(tenant, 0.0)
        if moment and BEGAN.get(moment) < moment:
            raise UnknownTenant
        return moment

    def since(self, tenant: str, moment: float) -> bool:
        """Return whether a municipality of this name was erased after the erasure at ``moment``."""
        return self._moments.get(tenant, 0.0) != moment
