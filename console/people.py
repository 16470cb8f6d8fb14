"""Who is there: a person, and the sessions that keep them in.

A session is a row; the browser has a random number of which the row has the hash. It ends after half an hour without
a request, after eight hours, and when somebody ends it.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import Depends, Request

from console.config import Config
from console.database import Database
from runtime.problems import Problem

IDLE, LONGEST = timedelta(minutes=30), timedelta(hours=8)
LINK_HOLDS = timedelta(hours=24)

OPERATOR = "operator"
ROLES = {
    "beheerder": "Beheerder",
    "catalogusbeheerder": "Catalogusbeheerder",
    "auditor": "Auditor",
}
"""The roles at a municipality, and what people read; ``zgw.roles`` has what each may do."""

_FIND = """
    UPDATE console.session SET seen = now()
    WHERE digest = $1 AND seen > now() - $2::interval AND made > now() - $3::interval
    RETURNING tenant, role, user_id, display_name"""


_MUNICIPALITY = "SELECT name, naam, rsin, hosts, time_zone FROM gateway.tenant WHERE name = $1"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is logged in. ``tenant`` is empty for an operator of the installation."""

    tenant: str
    role: str
    user_id: str
    display_name: str
    digest: bytes = b""
    """The hash of the session."""

    @property
    def is_operator(self) -> bool:
        """Whether this person runs the installation, and sees no data of a municipality."""
        return self.role == OPERATOR

    def token(self, config: Config) -> str:
        """Return what every form of this session sends along, so that no other site can send one."""
        return hmac.new(config.form_key, self.digest, "sha256").hexdigest()


@dataclass(frozen=True, slots=True)
class Municipality:
    """A municipality, as its people see it."""

    name: str
    naam: str
    rsin: str
    hosts: tuple[str, ...]
    time_zone: str


class LoginNeeded(Exception):
    """Nobody is logged in, or not any more."""


def digest_of(text: str) -> bytes:
    """Return what is kept of the number of a session or of a link."""
    return hashlib.sha256(text.encode()).digest()


class Sessions:
    """The sessions and one-time links, in the database."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def begin(self, person: Person, address: str) -> str:
        """Start a session and return its number, which only the browser keeps."""
        number = secrets.token_urlsafe(32)
        async with self._db.acquire() as db:
            await db.execute("DELETE FROM console.session WHERE made < now() - $1::interval", LONGEST)
            await db.execute(
                "INSERT INTO console.session (digest, tenant, role, user_id, display_name, address)"
                " VALUES ($1, $2, $3, $4, $5, $6)",
                digest_of(number),
                person.tenant,
                person.role,
                person.user_id,
                person.display_name,
                address,
            )
        return number

    async def find(self, number: str) -> Person | None:
        """Return who has this session, and note that they were seen; None when it has ended."""
        digest = digest_of(number)
        async with self._db.acquire() as db:
            row = await db.fetchrow(_FIND, digest, IDLE, LONGEST)
        return Person(**row, digest=digest) if row else None

    async def end(self, person: Person) -> None:
        """End the session of a person."""
        async with self._db.acquire() as db:
            await db.execute("DELETE FROM console.session WHERE digest = $1", person.digest)

    async def end_all(self, tenant: str, user_id: str) -> None:
        """End every session of somebody."""
        async with self._db.acquire() as db:
            await db.execute("DELETE FROM console.session WHERE (tenant, user_id) = ($1, $2)", tenant, user_id)

    async def municipality(self, tenant: str) -> Municipality:
        """Return the municipality of a session; raise LoginNeeded when it is gone."""
        async with self._db.acquire() as db:
            row = await db.fetchrow(_MUNICIPALITY, tenant)
        if row is None:
            raise LoginNeeded
        return Municipality(**{**dict(row), "hosts": tuple(row["hosts"])})

    async def take_link(self, number: str) -> Person | None:
        """Return whom a one-time link lets in, and use it up; None when there is no such link any more."""
        async with self._db.acquire() as db:
            row = await db.fetchrow(
                "DELETE FROM console.link WHERE digest = $1 RETURNING tenant, role, user_id, display_name,"
                " expires > now() AS holds",
                digest_of(number),
            )
        if row is None or not row["holds"]:
            return None
        return Person(row["tenant"], row["role"], row["user_id"], row["display_name"])


async def person_of(request: Request) -> Person:
    """Return who is logged in, and note them and their municipality for the page; raise LoginNeeded when nobody is."""
    number = request.cookies.get(request.app.state.config.cookie, "")
    sessions: Sessions = request.app.state.sessions
    person = await sessions.find(number) if number else None
    if person is None:
        raise LoginNeeded
    if person.tenant:
        request.state.municipality = await sessions.municipality(person.tenant)
    request.state.person = person
    return person


class Needs:
    """A dependency: somebody with one of these roles. Others get 403."""

    def __init__(self, *roles: str) -> None:
        self.roles = roles

    async def __call__(self, person: Annotated[Person, Depends(person_of)]) -> Person:
        """Return the person."""
        if person.role not in self.roles:
            raise Problem(403, "permission_denied", "Uw rol geeft geen toegang tot deze pagina.")
        return person


Operator = Annotated[Person, Depends(Needs(OPERATOR))]
Anybody = Annotated[Person, Depends(person_of)]
Reader = Annotated[Person, Depends(Needs("beheerder", "auditor"))]
"""Who sees the zaken of a municipality."""
Beheerder = Annotated[Person, Depends(Needs("beheerder"))]
CatalogueReader = Annotated[Person, Depends(Needs("beheerder", "auditor", "catalogusbeheerder"))]
CatalogueWriter = Annotated[Person, Depends(Needs("beheerder", "catalogusbeheerder"))]
