"""The accounts of operators: a password and a second factor. Others log in at the provider of their municipality."""

import asyncio
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from cryptography.fernet import Fernet

from console.database import Database
from console.people import OPERATOR, Person
from runtime.problems import Problem

SHORTEST = 12
"""Characters of a password."""
LONGEST = 200
MOST_FAILURES, WINDOW = 5, timedelta(minutes=15)
"""So many logins that failed within this time, for one account or from one address, keep it out for the rest of it. An
address may stand for many people, so it has more."""
MOST_OF_ADDRESS = 30
STEP = 30
"""Seconds that a code of a second factor holds (RFC 6238)."""

HASHED_AT_ONCE = 2
NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$WpDK+i8emGp2i4x+pjbrwA$7fldwjLas1oIJ5qQpRSubvDVwrgM5veAk3Rkm9cqytI"
"""The hash of a password that nobody knows."""
T = TypeVar("T")

_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{1,99}")
_COUNT = "SELECT count(*) FROM console.failure WHERE about = $1 AND moment > now() - $2::interval"


@dataclass(frozen=True, slots=True)
class Account:
    """An operator. ``has_password`` and ``has_second_factor`` tell what was set up."""

    name: str
    display_name: str
    has_password: bool
    has_second_factor: bool
    disabled: bool


def check_name(name: str) -> str:
    """Return ``name`` if an account may be called so; raise ValueError otherwise."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r}: an account has 2 to 100 lower-case letters, digits, dots, hyphens, _ and @")
    return name


def check_password(password: str, name: str) -> str:
    """Return what is wrong with a new password, in words for who chose it; ``""`` when nothing is."""
    if len(password) < SHORTEST:
        return f"Kies een wachtwoord van ten minste {SHORTEST} tekens."
    if len(password) > LONGEST:
        return f"Kies een wachtwoord van ten hoogste {LONGEST} tekens."
    if name.lower() in password.lower() or len(set(password)) < 5:
        return "Dit wachtwoord is te makkelijk te raden."
    return ""


class Accounts:
    """The accounts, in the database. ``box`` encrypts the second factors."""

    def __init__(self, database: Database, box: Fernet) -> None:
        self._db = database
        self._box = box
        self._hasher = PasswordHasher()
        self._places = asyncio.Semaphore(HASHED_AT_ONCE)

    async def all(self) -> list[Account]:
        """Return the accounts by name."""
        async with self._db.acquire() as db:
            rows = await db.fetch(
                "SELECT name, display_name, password_hash <> '' AS has_password,"
                " totp_encrypted <> '' AS has_second_factor, disabled FROM console.account ORDER BY name"
            )
        return [Account(**row) for row in rows]

    async def check_tries(self, name: str, address: str) -> None:
        """Raise Problem 429 when too many logins failed, for this account or from this address."""
        async with self._db.acquire() as db:
            await db.execute("DELETE FROM console.failure WHERE moment < now() - $1::interval", WINDOW)
            for about, most in ((f"account {name}", MOST_FAILURES), (f"address {address}", MOST_OF_ADDRESS)):
                if await db.fetchval(_COUNT, about, WINDOW) >= most:
                    raise Problem(
                        429,
                        "throttled",
                        "Er is te vaak geprobeerd in te loggen. Probeer het over een kwartier opnieuw.",
                        headers={"Retry-After": str(int(WINDOW.total_seconds()))},
                    )

    async def failed(self, name: str, address: str) -> None:
        """Note a login that failed."""
        async with self._db.acquire() as db:
            await db.executemany(
                "INSERT INTO console.failure (about) VALUES ($1)", [(f"account {name}",), (f"address {address}",)]
            )

    async def verify(self, name: str, password: str, code: str) -> Person | None:
        """Return the operator whose password and code these are; None when they are not."""
        async with self._db.acquire() as db, db.transaction():
            row = await db.fetchrow(
                "SELECT display_name, password_hash, totp_encrypted, totp_step, disabled FROM console.account"
                " WHERE name = $1 FOR UPDATE",
                name,
            )
            # Also compared when there is no such account, so that time does not tell which names there are.
            hashed = row["password_hash"] if row and row["password_hash"] else NOBODY
            right = await self._in_turn(_matches, self._hasher, hashed, password[:LONGEST])
            if row is None or not right or row["disabled"] or not row["password_hash"]:
                return None
            if row["totp_encrypted"]:
                secret = self._box.decrypt(row["totp_encrypted"]).decode()
                step = step_of(secret, code)
                if step is None or step <= row["totp_step"]:
                    return None
                await db.execute("UPDATE console.account SET totp_step = $2 WHERE name = $1", name, step)
            return Person("", OPERATOR, name, row["display_name"])

    async def has_second_factor(self, name: str) -> bool:
        """Return whether an account has a second factor."""
        async with self._db.acquire() as db:
            return bool(await db.fetchval("SELECT totp_encrypted <> '' FROM console.account WHERE name = $1", name))

    async def set_password(self, name: str, password: str) -> None:
        """Keep the hash of a password that was checked."""
        hashed = await self._in_turn(self._hasher.hash, password)
        async with self._db.acquire() as db:
            await db.execute("UPDATE console.account SET password_hash = $2 WHERE name = $1", name, hashed)

    async def set_second_factor(self, name: str, secret: str, code: str) -> bool:
        """Keep a second factor whose first code is right; return whether it is."""
        step = step_of(secret, code)
        if step is None:
            return False
        async with self._db.acquire() as db:
            await db.execute(
                "UPDATE console.account SET totp_encrypted = $2, totp_step = $3 WHERE name = $1",
                name,
                self._box.encrypt(secret.encode()).decode(),
                step,
            )
        return True

    async def _in_turn(self, work: Callable[..., T], *given: Any) -> T:
        """Return what some work returns that takes 64 MB and 50 ms of a processor."""
        async with self._places:
            return await asyncio.to_thread(work, *given)

    async def disable(self, name: str, disabled: bool) -> None:
        """Keep an account out, or let it in again."""
        async with self._db.acquire() as db:
            await db.execute("UPDATE console.account SET disabled = $2 WHERE name = $1", name, disabled)
            if disabled:
                await db.execute("DELETE FROM console.session WHERE (tenant, user_id) = ('', $1)", name)


def step_of(secret: str, code: str) -> int | None:
    """Return the time step of which this is the code, the present one or one beside it; None when it is of none."""
    totp, digits = pyotp.TOTP(secret), code.replace(" ", "")
    if not (digits.isascii() and digits.isdigit()):
        return None
    now = int(time.time()) // STEP
    return next((step for step in (now, now - 1, now + 1) if totp.verify(digits, for_time=step * STEP)), None)


def _matches(hasher: PasswordHasher, hashed: str, password: str) -> bool:
    try:
        return hasher.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False
