"""Issuers, as the operator makes them: what is given is looked at before anybody is let in by it."""

from dataclasses import dataclass, replace
from typing import Any

import asyncpg

from beheer import tenants
from gateway import issuers
from gateway.issuers import KINDS, Kind
from gateway.provider import FAILURES, Provider, Source, discovery_of, is_private
from gateway.snapshot import Issuer
from runtime.settings import Settings


@dataclass(frozen=True)
class Wanted:
    """An issuer as an operator describes it; what is empty is as its kind has it. Without ``keys`` and ``jwks_url`` the
    keys are found by discovery, below the ``iss`` or at ``discovery_url``."""

    iss: str
    keys: str = ""
    discovery_url: str = ""
    jwks_url: str = ""
    kind: str = ""
    audiences: tuple[str, ...] = ()
    algorithms: tuple[str, ...] = ()
    client_claims: tuple[str, ...] = ()
    user_claims: tuple[str, ...] = ()
    name_claims: tuple[str, ...] = ()
    max_age: int = 0

    def issuer(self, tenant: str, private: bool = False) -> Issuer:
        """Return what the gateway gets. Raises ValueError for what cannot be used."""
        name = self.kind or ("zgw" if self.keys else "oidc")
        if name not in KINDS:
            raise ValueError(f"{name} is not a kind of issuer; the kinds are {', '.join(KINDS)}")
        usual = KINDS[name]
        discovery_url = self.discovery_url
        if not (self.keys or self.jwks_url or discovery_url):
            discovery_url = discovery_of(self.iss)
        made = Issuer(
            tenant,
            self.iss,
            self.keys,
            tuple(dict.fromkeys(self.algorithms or ("RS256",))),
            discovery_url,
            self.jwks_url,
            private,
            tuple(dict.fromkeys(self.audiences)),
            self.client_claims or usual.client_claims,
            self.user_claims or usual.user_claims,
            self.name_claims or usual.name_claims,
            self.max_age or usual.max_age,
        )
        issuers.check_issuer(made)
        return made


async def add_issuer(
    admin: asyncpg.Connection, settings: Settings, tenant: str, wanted: Wanted, *, look: bool = True
) -> Issuer:
    """Add or change an issuer; with ``look`` only when its keys can be fetched from here and fit.

    Raises ValueError for what cannot be used, LookupError for an unknown municipality.
    """
    await tenants.find_tenant(admin, tenant)
    made = wanted.issuer(tenant)
    if made.source is not None:
        made = replace(made, private=await is_private(made.discovery_url or made.jwks_url))
    if made.source is not None and look:
        await _look(settings, made.source, made.algorithms)
    return await issuers.set_issuer(
        admin,
        tenant,
        made.iss,
        made.jwks_or_pem,
        made.algorithms,
        discovery_url=made.discovery_url,
        jwks_url=made.jwks_url,
        private=made.private,
        audiences=made.audiences,
        kind=Kind(made.client_claims, made.user_claims, made.name_claims, made.max_age),
    )


async def _look(settings: Settings, source: Source, algorithms: tuple[str, ...]) -> None:
    provider = Provider(settings.outgoing_connect_timeout, settings.outgoing_timeout)
    try:
        found = await provider.keys(source)
    except FAILURES as e:
        url = source.discovery_url or source.jwks_url
        raise ValueError(f"the keys cannot be fetched from {url}: {str(e) or repr(e)}") from e
    finally:
        await provider.stop()
    for algorithm in algorithms:
        if not any(key.fits(algorithm) for key in found):
            raise ValueError(f"none of the keys fits {algorithm}")


def facts_of(issuer: Issuer) -> dict[str, Any]:
    """Return what there is to tell of an issuer."""
    return {
        "tenant": issuer.tenant,
        "iss": issuer.iss,
        "algorithms": list(issuer.algorithms),
        "keys": issuer.discovery_url or issuer.jwks_url or "given",
        "audiences": list(issuer.audiences),
        "claims": {
            "client": list(issuer.client_claims),
            "user": list(issuer.user_claims),
            "name": list(issuer.name_claims),
        },
        "maxAge": issuer.max_age,
    }
