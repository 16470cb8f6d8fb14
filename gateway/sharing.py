"""Checks that a token belongs to exactly one of the municipalities that share a host."""

import secrets
from collections.abc import Iterable

import asyncpg
from cryptography.fernet import Fernet

from gateway.secrets import opened, read_secrets
from gateway.snapshot import ISSUER_KEYS_MAX, SHARED_MAX, Issuer


async def check_own_secret(db: asyncpg.Connection, box: Fernet, tenant: str, client_id: str, secret: str) -> None:
    """Raise ValueError when the client has this secret at another municipality too.

    All municipalities can be reached at the public URL, and there only the signature tells of which one a client is.
    """
    found = await read_secrets(db)
    others = {owner: known for (owner, client), known in found.items() if client == client_id and owner != tenant}
    if len(others) >= SHARED_MAX:
        raise ValueError(f"{SHARED_MAX} municipalities have a client {client_id} already; give this one another name")
    for owner, known in others.items():
        if any(secrets.compare_digest(opened(one, box).encode(), secret.encode()) for one in known):
            raise ValueError(
                f"client {client_id} of {owner} has the same secret; give it a secret of its own at each"
                " municipality, because that tells for which one a token is"
            )


def check_few_keys(issuer: Issuer, known: Iterable[Issuer]) -> None:
    """Raise ValueError when an issuer has as many different sets of keys as are tried for one token."""
    others = {other.material for other in known if other.iss == issuer.iss and other.tenant != issuer.tenant}
    if len(others - {issuer.material}) >= ISSUER_KEYS_MAX:
        raise ValueError(
            f"issuer {issuer.iss} has {ISSUER_KEYS_MAX} different sets of keys already; register its newest"
        )


def check_own_audiences(issuer: Issuer, known: Iterable[Issuer]) -> None:
    """Raise ValueError when tokens of an issuer could be for two municipalities.

    What a provider signs for one of them would let in a client of the same name at the other. Two that both go by no
    audience, with keys that the operator gave, are told apart by the client_id and the host name.
    """
    for other in known:
        if other.iss != issuer.iss or other.tenant == issuer.tenant or not (other.audiences or issuer.audiences):
            continue
        if not issuer.audiences or not other.audiences:
            raise ValueError(f"issuer {issuer.iss} of {other.tenant} and this one need an audience each")
        if shared := sorted(set(issuer.audiences) & set(other.audiences)):
            raise ValueError(
                f"{', '.join(shared)} is the audience of {other.tenant} at this issuer; give each municipality one of"
                " its own, because that tells for which one a token is"
            )
