"""The secrets of a client: at most two, so that one can be replaced by another without an outage.

``gateway.client_secret`` has them. The column ``secret_encrypted`` of the client has the oldest of them too: release
0.1.0 reads and writes only that, during a rollout and after going back. So whenever it is none of the rows, that
release wrote it, and it is the only secret.
"""

import re
import secrets
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

import asyncpg
from cryptography.fernet import Fernet, InvalidToken

from gateway.snapshot import Client, Secret, fingerprint_of

MOST_SECRETS = 2
"""Most secrets of a client that hold at the same time."""

WEAK_SECRET = 32
"""Bytes below which a secret is called short: HS256 wants at least as many as its hash has (RFC 7518, 3.2)."""

SOON = timedelta(days=30)
"""How long before its end there is a warning about a secret."""

NAME = re.compile(r"[A-Za-z0-9._-]{1,50}")
FIRST = "first"
"""The name of a secret that was made before secrets had names."""

READ = """
    SELECT c.tenant, c.client_id, coalesce(s.name, $2) AS name,
        coalesce(s.secret_encrypted, c.secret_encrypted) AS encrypted, s.made, s.expires, u.used
    FROM gateway.client c
    LEFT JOIN gateway.client_secret s ON (s.tenant, s.client_id) = (c.tenant, c.client_id) AND EXISTS (
        SELECT FROM gateway.client_secret m
        WHERE (m.tenant, m.client_id, m.secret_encrypted) = (c.tenant, c.client_id, c.secret_encrypted))
    LEFT JOIN gateway.secret_use u ON (u.tenant, u.client_id) = (c.tenant, c.client_id) AND u.fingerprint =
        left(encode(sha256(convert_to(coalesce(s.secret_encrypted, c.secret_encrypted), 'UTF8')), 'hex'), 16)
    WHERE c.secret_encrypted IS NOT NULL AND ($1::text IS NULL OR c.tenant = $1)
    ORDER BY 1, 2, s.made NULLS FIRST, 3"""


async def read_secrets(db: asyncpg.Connection, tenant: str | None = None) -> dict[tuple[str, str], list[Secret]]:
    """Return the secrets of the clients of one municipality or of all, the oldest first, by municipality and client_id;
    of clients that have any."""
    found: dict[tuple[str, str], list[Secret]] = {}
    for owner, client_id, *values in await db.fetch(READ, tenant, FIRST):
        found.setdefault((owner, client_id), []).append(Secret(*values))
    return found


async def store_secrets(db: asyncpg.Connection, tenant: str, client_id: str, wanted: Sequence[Secret]) -> None:
    """Replace the secrets of a client; in a transaction that tells gateways of it."""
    key = (tenant, client_id)
    ordered = sorted(wanted, key=lambda secret: secret.made or datetime.min.replace(tzinfo=UTC))
    await db.execute("DELETE FROM gateway.client_secret WHERE (tenant, client_id) = ($1, $2)", *key)
    await db.executemany(
        "INSERT INTO gateway.client_secret (tenant, client_id, name, secret_encrypted, made, expires)"
        " VALUES ($1, $2, $3, $4, $5, $6)",
        [(*key, secret.name, secret.encrypted, secret.made, secret.expires) for secret in ordered],
    )
    await db.execute(
        "UPDATE gateway.client SET secret_encrypted = $3 WHERE (tenant, client_id) = ($1, $2)",
        *key,
        ordered[0].encrypted if ordered else None,
    )
    await db.execute(
        "DELETE FROM gateway.secret_use WHERE (tenant, client_id) = ($1, $2) AND NOT fingerprint = ANY($3::text[])",
        *key,
        [fingerprint_of(secret.encrypted) for secret in ordered],
    )


def check_secret(secret: str) -> None:
    """Raise ValueError for what cannot be the secret of a client."""
    if not secret.strip():
        raise ValueError("the secret is empty")
    if "-----BEGIN" in secret or secret.startswith("ssh-"):
        raise ValueError("this looks like a key pair's key; a client has a shared secret, an issuer has keys")


def new_secret(
    box: Fernet, known: Sequence[Secret], secret: str | None, name: str, expires: datetime | None, now: datetime
) -> tuple[Secret, str]:
    """Return a further secret of a client as it is stored, and its text: a strong one when none is given.

    Raises ValueError when the client has two that hold, for a secret or name that it has already, for a wrong name, and
    for an end that is past.
    """
    text = secrets.token_urlsafe(32) if secret is None else secret
    check_secret(text)
    if expires is not None and expires <= now:
        raise ValueError("a secret cannot expire in the past")
    if len(known) >= MOST_SECRETS:
        names = " and ".join(one.name for one in known)
        raise ValueError(f"the client has the secrets {names} already; revoke the one that is not used any more")
    if any(opened(one, box) == text for one in known):
        raise ValueError("the client has this secret already")
    if name and (not NAME.fullmatch(name) or name in [one.name for one in known]):
        raise ValueError(f"{name!r} is taken, or no name: 1 to 50 letters, digits, dots, hyphens and underscores")
    return Secret(name or _free_name(now, known), box.encrypt(text.encode()).decode(), now, expires), text


def _free_name(now: datetime, known: Sequence[Secret]) -> str:
    day, taken = f"{now:%Y-%m-%d}", {one.name for one in known}
    return next(name for name in (day, *(f"{day}-{n}" for n in range(2, 9))) if name not in taken)


def holding(known: Iterable[Secret], now: datetime) -> list[Secret]:
    """Return the secrets that have not expired."""
    return [secret for secret in known if secret.expires is None or secret.expires > now]


def opened(secret: Secret, box: Fernet) -> str:
    """Return the text of a secret, ``""`` when it was encrypted with another secret key."""
    try:
        return box.decrypt(secret.encrypted).decode()
    except InvalidToken:
        return ""


def about_secret(client_id: str, secret: str) -> str:
    """Return a warning about a short secret, without showing it; ``""`` when it is long enough, or there is none."""
    size = len(secret.encode())
    if not 0 < size < WEAK_SECRET:
        return ""
    return f"the secret of {client_id} has {size} bytes; {WEAK_SECRET} or more resist guessing"


def about_end(client_id: str, secret: Secret, now: datetime) -> str:
    """Return a warning about a secret that has expired or will do so soon; ``""`` for others."""
    if secret.expires is None or secret.expires > now + SOON:
        return ""
    what = "expired" if secret.expires <= now else "expires"
    return f"the secret {secret.name} of {client_id} {what} on {secret.expires:%Y-%m-%d}"


def warnings_of(clients: Iterable[Client], box: Fernet, now: datetime) -> list[str]:
    """Return what is to be told of the secrets of clients: those that are short, and those that end."""
    found = []
    for client in clients:
        for secret in client.secrets:
            told = about_secret(client.client_id, opened(secret, box)), about_end(client.client_id, secret, now)
            found += [f"{client.tenant}: {warning}" for warning in told if warning]
    return found
