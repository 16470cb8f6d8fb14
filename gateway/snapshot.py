"""Everything the gateway knows of its municipalities at one moment, and what was derived from exactly that.

A change makes a new snapshot, and with the old one all its caches are gone.
"""

import logging
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from cryptography.fernet import Fernet, InvalidToken

from gateway.keys import PublicKey, parse_keys
from runtime.problems import Problem

log = logging.getLogger("samenzaak.gateway")

VERIFIED_MAX = 10_000
"""Most verified tokens that are remembered, by their hash: about 10 MB, and more than thirty municipalities use."""


SHARED_MAX = 64
"""Most municipalities at which one client_id has a secret: so many signatures are tried for one token, 0.1 ms."""

ISSUER_KEYS_MAX = 16
"""Most different key sets that one name of an issuer has at all municipalities: so many are tried, 2 ms."""


@dataclass(frozen=True, slots=True)
class Tenant:
    """A municipality. ``hosts`` are lower-case host names without a port, ``origins`` scheme and host of web pages;
    ``time_zone`` is empty where it is the one of the installation."""

    name: str
    naam: str
    rsin: str
    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    time_zone: str = ""


@dataclass(frozen=True, slots=True)
class Client:
    """An application of one municipality. Without a secret it can only use tokens of an issuer."""

    tenant: str
    client_id: str
    label: str = ""
    secret_encrypted: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Issuer:
    """An issuer: it signs tokens for one municipality with a private key of its own."""

    tenant: str
    iss: str
    jwks_or_pem: str = field(repr=False)
    algorithms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Identity:
    """The claims of a verified token; its times are checked again at each request."""

    tenant: str
    client_id: str
    user_id: str
    user_representation: str
    iat: float
    exp: float | None
    nbf: float | None


class Snapshot:
    """The municipalities, clients and issuers, indexed for one request."""

    def __init__(
        self, tenants: Iterable[Tenant], clients: Iterable[Client], issuers: Iterable[Issuer], box: Fernet
    ) -> None:
        self.tenants: Mapping[str, Tenant] = {tenant.name: tenant for tenant in tenants}
        self.by_host: Mapping[str, Tenant] = {host: t for t in self.tenants.values() for host in t.hosts}
        self.origins = frozenset(origin for t in self.tenants.values() for origin in t.origins)
        self.clients: Mapping[tuple[str, str], Client] = {(c.tenant, c.client_id): c for c in clients}
        self._holders: dict[str, list[str]] = {}
        for (tenant, client_id), client in sorted(self.clients.items()):
            if client.secret_encrypted:
                self._holders.setdefault(client_id, []).append(tenant)
        self._named: dict[str, list[Issuer]] = {}
        for issuer in sorted(issuers, key=lambda issuer: issuer.tenant):
            self._named.setdefault(issuer.iss, []).append(issuer)
        self.verified: OrderedDict[tuple[str, bytes], Identity] = OrderedDict()
        self.bases: dict[tuple[str, str], tuple[str, ...]] = {}
        self._box = box
        self._secrets: dict[tuple[str, str], bytes] = {}
        self._keys: dict[tuple[str, str], dict[str, PublicKey]] = {}

    def secrets(self, client_id: str, tenant: str = "") -> list[tuple[str, bytes]]:
        """Return each municipality, or only ``tenant``, with the secret that a client of this name has there.

        They are :data:`SHARED_MAX` at most. One that was encrypted with another secret key is left out, and logged.
        """
        found = []
        for name in (tenant,) if tenant else self._holders.get(client_id, ())[:SHARED_MAX]:
            secret = self._secret(name, client_id)
            if secret:
                found.append((name, secret))
        return found

    def _secret(self, tenant: str, client_id: str) -> bytes:
        name = (tenant, client_id)
        if name not in self._secrets:
            client = self.clients.get(name)
            if client is None or not client.secret_encrypted:
                return b""
            try:
                secret = open_secret(client.secret_encrypted, self._box, f"{tenant}/{client_id}").encode()
            except Problem:
                # The caller is still unknown: the answer must not tell that this client exists.
                secret = b""
            self._secrets[name] = secret
        return self._secrets[name]

    def issuers_named(self, iss: str, tenant: str = "") -> list[Issuer]:
        """Return the issuers with this name at ``tenant``, or at all municipalities that have one."""
        found = self._named.get(iss, [])
        return [issuer for issuer in found if issuer.tenant == tenant] if tenant else found

    def keys(self, issuer: Issuer) -> dict[str, PublicKey]:
        """Return the public keys of an issuer; none when what is stored cannot be read."""
        name = (issuer.tenant, issuer.iss)
        if name not in self._keys:
            try:
                self._keys[name] = parse_keys(issuer.jwks_or_pem)
            except ValueError as e:
                log.error("the keys of issuer %s of %s cannot be used: %s", issuer.iss, issuer.tenant, e)
                self._keys[name] = {}
        return self._keys[name]

    def remember(self, key: tuple[str, bytes], identity: Identity) -> None:
        """Remember a verified token; the one that was used longest ago makes place."""
        self.verified[key] = identity
        if len(self.verified) > VERIFIED_MAX:
            self.verified.popitem(last=False)


def open_secret(encrypted: str, box: Fernet, whose: str) -> str:
    """Return the decrypted secret; raise Problem 500 when the installation's secret key has changed."""
    try:
        return box.decrypt(encrypted).decode()
    except InvalidToken as e:
        log.error("the secret of %s cannot be decrypted: the installation has another secret key", whose)
        raise Problem(500, "error") from e
