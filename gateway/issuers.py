"""The issuers that the gateway knows: providers that sign tokens for a municipality, as the operator changes them."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from typing import Any

import asyncpg

from gateway.keys import ALGORITHMS, choose_key, parse_keys
from gateway.registry import changing, must_exist
from gateway.sharing import check_few_keys, check_own_audiences
from gateway.snapshot import Issuer

COLUMNS = ", ".join(field.name for field in fields(Issuer))

MOST_CLAIMS = 5
"""Most claims of which the first that is there counts."""

DAY = 86400


@dataclass(frozen=True)
class Kind:
    """What the tokens of a kind of provider have: the claims that tell client and user, and how long they may last."""

    client_claims: tuple[str, ...]
    user_claims: tuple[str, ...]
    name_claims: tuple[str, ...]
    max_age: int = 0


KINDS: Mapping[str, Kind] = {
    "zgw": Kind(("client_id",), ("user_id",), ("user_representation",)),
    "oidc": Kind(("client_id", "azp"), ("sub",), ("name", "preferred_username")),
    "keycloak": Kind(("azp",), ("preferred_username", "sub"), ("name", "preferred_username")),
    # Its tokens say that they were made five minutes ago, and last for 60 to 90 minutes.
    "entra": Kind(("azp", "appid"), ("oid", "sub"), ("name", "preferred_username", "app_displayname"), 6000),
}
"""The kinds of providers: of the ZGW APIs themselves, by RFC 9068, Keycloak, and Microsoft Entra ID (v1 and v2)."""


async def set_issuer(
    db: asyncpg.Connection,
    tenant: str,
    iss: str,
    jwks_or_pem: str,
    algorithms: Sequence[str],
    *,
    discovery_url: str = "",
    jwks_url: str = "",
    private: bool = False,
    audiences: Sequence[str] = (),
    kind: Kind = KINDS["zgw"],
) -> Issuer:
    """Add or change who may sign tokens for a municipality with RS256, ES256 or PS256.

    Its keys are ``jwks_or_pem``, or are fetched from one of the two URLs; then its tokens must be for one of
    ``audiences``. Raises ValueError for what cannot be used: a key, a URL, an algorithm that fits none of the keys, an
    audience that another municipality has with this issuer. LookupError for an unknown municipality.
    """
    issuer = Issuer(
        tenant,
        iss,
        jwks_or_pem,
        tuple(dict.fromkeys(algorithms)),
        discovery_url,
        jwks_url,
        private,
        tuple(dict.fromkeys(audiences)),
        kind.client_claims,
        kind.user_claims,
        kind.name_claims,
        kind.max_age,
    )
    check_issuer(issuer)
    places = ", ".join(f"${number}" for number, _ in enumerate(fields(Issuer), 1))
    others = ", ".join(f"{f.name} = excluded.{f.name}" for f in fields(Issuer) if f.name not in ("tenant", "iss"))
    async with changing(db):
        await db.execute("LOCK TABLE gateway.issuer IN SHARE ROW EXCLUSIVE MODE")
        known = await list_issuers(db)
        check_few_keys(issuer, known)
        check_own_audiences(issuer, known)
        try:
            await db.execute(
                f"INSERT INTO gateway.issuer ({COLUMNS}) VALUES ({places})"  # noqa: S608
                f" ON CONFLICT (tenant, iss) DO UPDATE SET {others}",
                *astuple(issuer),
            )
        except asyncpg.ForeignKeyViolationError as e:
            raise LookupError(f"there is no municipality {tenant}") from e
    return issuer


def check_issuer(issuer: Issuer) -> None:
    """Raise ValueError for an issuer that could let nobody in, or that lets in more than it says."""
    if not issuer.iss or not issuer.algorithms or not set(issuer.algorithms) <= set(ALGORITHMS):
        raise ValueError(f"an issuer needs a name and one or more of the algorithms {', '.join(ALGORITHMS)}")
    if [bool(issuer.jwks_or_pem), bool(issuer.discovery_url), bool(issuer.jwks_url)].count(True) > 1:
        raise ValueError("an issuer has its keys in one way: given, by discovery, or at a URL")
    if issuer.source is not None and not issuer.audiences:
        raise ValueError(
            "an issuer whose keys are fetched needs an audience (aud): without one, tokens that it makes for others"
            " would count here"
        )
    claims = (issuer.client_claims, issuer.user_claims, issuer.name_claims)
    if not issuer.client_claims or any(len(names) > MOST_CLAIMS or "" in names for names in claims):
        raise ValueError(f"an issuer needs a claim for the client, and has at most {MOST_CLAIMS} for each")
    if not 0 <= issuer.max_age <= DAY:
        raise ValueError(f"a token lasts for at most {DAY} seconds")
    if issuer.source is None:
        keys = parse_keys(issuer.jwks_or_pem)
        for algorithm in issuer.algorithms:
            if not any(choose_key({kid: key}, kid, algorithm) for kid, key in keys.items()):
                raise ValueError(f"none of the keys fits {algorithm}")


async def remove_issuer(db: asyncpg.Connection, tenant: str, iss: str) -> None:
    """Remove an issuer, whose tokens are refused from then on; LookupError when it does not exist."""
    async with changing(db):
        status = await db.execute("DELETE FROM gateway.issuer WHERE (tenant, iss) = ($1, $2)", tenant, iss)
        must_exist(status, f"issuer {iss} of {tenant}")


async def list_issuers(db: asyncpg.Connection, tenant: str | None = None) -> list[Issuer]:
    """Return the issuers of one municipality or of all."""
    rows = await db.fetch(
        f"SELECT {COLUMNS} FROM gateway.issuer WHERE $1::text IS NULL OR tenant = $1 ORDER BY tenant, iss",  # noqa: S608
        tenant,
    )
    return [_issuer(row) for row in rows]


def _issuer(row: asyncpg.Record) -> Issuer:
    values: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in row.items()}
    return Issuer(**values)
