"""Checks that a token belongs to exactly one of the municipalities that share a host."""

import contextlib
import secrets

import asyncpg
from cryptography.fernet import Fernet, InvalidToken

from gateway.snapshot import ISSUER_KEYS_MAX, SHARED_MAX


async def check_own_secret(db: asyncpg.Connection, box: Fernet, tenant: str, client_id: str, secret: str) -> None:
    """Raise ValueError when the client has this secret at another municipality too.

    All municipalities can be reached at the public URL, and there only the signature tells of which one a client is.
    """
    others = await db.fetch(
        "SELECT tenant, secret_encrypted FROM gateway.client"
        " WHERE client_id = $1 AND tenant <> $2 AND secret_encrypted IS NOT NULL ORDER BY tenant",
        client_id,
        tenant,
    )
    if len(others) >= SHARED_MAX:
        raise ValueError(f"{SHARED_MAX} municipalities have a client {client_id} already; give this one another name")
    for other in others:
        with contextlib.suppress(InvalidToken):
            if secrets.compare_digest(box.decrypt(other["secret_encrypted"]), secret.encode()):
                raise ValueError(
                    f"client {client_id} of {other['tenant']} has the same secret; give it a secret of its own at each"
                    " municipality, because that tells for which one a token is"
                )


async def check_few_keys(db: asyncpg.Connection, tenant: str, iss: str, jwks_or_pem: str) -> None:
    """Raise ValueError when an issuer has as many different sets of keys as are tried for one token."""
    others = await db.fetchval(
        "SELECT count(DISTINCT jwks_or_pem) FROM gateway.issuer WHERE iss = $1 AND tenant <> $2 AND jwks_or_pem <> $3",
        iss,
        tenant,
        jwks_or_pem,
    )
    if others >= ISSUER_KEYS_MAX:
        raise ValueError(f"issuer {iss} has {ISSUER_KEYS_MAX} different sets of keys already; register its newest")
