"""Everything the gateway knows of its municipalities at one moment, and what was derived from exactly that.

A change makes a new snapshot, and with the old one all its caches are gone.
"""

import hashlib
import logging
import math
import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cryptography.fernet import Fernet, InvalidToken

from gateway.keys import PublicKey, parse_keys
from gateway.provider import Source
from runtime.problems import Problem
from zgw.reading_log.read import Choice

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
    ``time_zone`` is empty where it is the one of the installation; ``profiel`` has the switches that are on by default
    for its clients (``zgw.profiel``); ``inzage`` is what it records of their reads (``zgw.reading_log``), for as many
    ``inzage_months``."""

    name: str
    naam: str
    rsin: str
    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    time_zone: str = ""
    profiel: tuple[str, ...] = ()
    inzage: str = Choice.OBJECTS.value
    inzage_months: int = 12


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret of a client, encrypted. ``made`` is None for one of before that was kept, ``expires`` for one that holds
    for ever, ``used`` for one that nobody signed a token with; ``used`` is a minute late."""

    name: str
    encrypted: str = field(repr=False)
    made: datetime | None = None
    expires: datetime | None = None
    used: datetime | None = None


@dataclass(frozen=True, slots=True)
class Client:
    """An application of one municipality. Without a secret it can only use tokens of an issuer.

    ``unread_because`` is why none of its reads are recorded, empty where they are; ``activity`` the processing activity
    of those that name none.
    """

    tenant: str
    client_id: str
    label: str = ""
    secrets: tuple[Secret, ...] = ()
    unread_because: str = ""
    activity: str = ""


@dataclass(frozen=True, slots=True)
class Issuer:
    """An issuer: it signs tokens for one municipality with a private key of its own.

    Its keys are in ``jwks_or_pem``, or are fetched: from what its document at ``discovery_url`` names, or from
    ``jwks_url``; ``private``: the host of that URL may be in a private network. A token has to be for one of
    ``audiences``, if there are any. The claims say who calls: of each list the first that a token has. ``max_age`` is
    how many seconds after its ``iat`` a token is taken, 0: as any token.
    """

    tenant: str
    iss: str
    jwks_or_pem: str = field(repr=False)
    algorithms: tuple[str, ...]
    discovery_url: str = ""
    jwks_url: str = ""
    private: bool = False
    audiences: tuple[str, ...] = ()
    client_claims: tuple[str, ...] = ("client_id",)
    user_claims: tuple[str, ...] = ("user_id",)
    name_claims: tuple[str, ...] = ("user_representation",)
    max_age: int = 0

    @property
    def source(self) -> Source | None:
        """Where its keys are fetched from; None when the operator gave them."""
        if not self.discovery_url and not self.jwks_url:
            return None
        return Source(self.iss, self.discovery_url, self.jwks_url, self.private)

    @property
    def material(self) -> Source | str:
        """What its keys are known by: municipalities that share them have the same."""
        return self.source or self.jwks_or_pem


@dataclass(slots=True, eq=False)
class Proof:
    """What remembered tokens were proved with, one for all of them: at ``until`` they have to be judged anew, ``used``
    is when one of them was taken last, ``saved`` which of these moments is in the database. The clock is
    ``time.monotonic()``."""

    until: float = math.inf
    used: float = 0.0
    saved: float = 0.0


ProofKey = tuple[str, str, str]
"""Municipality, client_id and fingerprint of a secret."""


@dataclass(frozen=True, slots=True)
class OpenSecret:
    """A secret that tokens are compared with."""

    tenant: str
    value: bytes = field(repr=False)
    name: str
    expires: datetime | None
    proof: Proof


@dataclass(frozen=True, slots=True)
class Identity:
    """The claims of a verified token; its times are checked again at each request. ``max_age`` 0: as set."""

    tenant: str
    client_id: str
    user_id: str
    user_representation: str
    iat: float
    exp: float | None
    nbf: float | None
    max_age: int = 0
    proof: Proof = field(default_factory=Proof, compare=False)


class Snapshot:
    """The municipalities, clients and issuers, indexed for one request."""

    def __init__(
        self,
        tenants: Iterable[Tenant],
        clients: Iterable[Client],
        issuers: Iterable[Issuer],
        box: Fernet,
        proofs: dict[ProofKey, Proof] | None = None,
    ) -> None:
        """``proofs`` are those of the secrets in the snapshot before; those of secrets that are gone are removed."""
        self.tenants: Mapping[str, Tenant] = {tenant.name: tenant for tenant in tenants}
        self.by_host: Mapping[str, Tenant] = {host: t for t in self.tenants.values() for host in t.hosts}
        self.origins = frozenset(origin for t in self.tenants.values() for origin in t.origins)
        self.clients: Mapping[tuple[str, str], Client] = {(c.tenant, c.client_id): c for c in clients}
        self._holders: dict[str, list[str]] = {}
        for (tenant, client_id), client in sorted(self.clients.items()):
            if client.secrets:
                self._holders.setdefault(client_id, []).append(tenant)
        self._named: dict[str, list[Issuer]] = {}
        for issuer in sorted(issuers, key=lambda issuer: issuer.tenant):
            self._named.setdefault(issuer.iss, []).append(issuer)
        fetched = (issuer.source for same in self._named.values() for issuer in same)
        self.sources = frozenset(source for source in fetched if source is not None)
        self.verified: OrderedDict[tuple[str, bytes], Identity] = OrderedDict()
        self.bases: dict[tuple[str, str], tuple[str, ...]] = {}
        self._box = box
        self._secrets: dict[tuple[str, str], tuple[OpenSecret, ...]] = {}
        self._proofs = {} if proofs is None else proofs
        for gone in self._proofs.keys() - {key for client in self.clients.values() for key in proof_keys(client)}:
            del self._proofs[gone]
        self._keys: dict[tuple[str, str], dict[str, PublicKey]] = {}

    def secrets(self, client_id: str, tenant: str = "") -> list[OpenSecret]:
        """Return the secrets that a client of this name has at each municipality, or only at ``tenant``.

        They are those of :data:`SHARED_MAX` municipalities at most. One that was encrypted with another secret key is
        left out, and logged.
        """
        names = (tenant,) if tenant else self._holders.get(client_id, ())[:SHARED_MAX]
        return [secret for name in names for secret in self._opened(name, client_id)]

    def _opened(self, tenant: str, client_id: str) -> tuple[OpenSecret, ...]:
        name = (tenant, client_id)
        if name not in self._secrets:
            client = self.clients.get(name)
            if client is None:
                return ()
            self._secrets[name] = tuple(filter(None, (self._open(client, secret) for secret in client.secrets)))
        return self._secrets[name]

    def _open(self, client: Client, secret: Secret) -> OpenSecret | None:
        try:
            value = open_secret(secret.encrypted, self._box, f"{client.tenant}/{client.client_id}").encode()
        except Problem:
            # The caller is still unknown: the answer must not tell that this client exists.
            return None
        proof = self._proofs.setdefault((client.tenant, client.client_id, fingerprint_of(secret.encrypted)), Proof())
        # The clock is asked again by whoever finds that this moment has come.
        left = math.inf if secret.expires is None else secret.expires.timestamp() - time.time()
        proof.until = time.monotonic() + left
        return OpenSecret(client.tenant, value, secret.name, secret.expires, proof)

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


def choice_of(tenant: Tenant, client: Client) -> str:
    """Return what is recorded of the reads of a client; ``""`` where that is what is usual."""
    choice = Choice.NOTHING.value if client.unread_because else tenant.inzage
    return "" if choice == Choice.OBJECTS else choice


def fingerprint_of(encrypted: str) -> str:
    """Return what a stored secret is known by where only its use is kept."""
    return hashlib.sha256(encrypted.encode()).hexdigest()[:16]


def proof_keys(client: Client) -> list[ProofKey]:
    """Return what the proofs of the secrets of a client are known by."""
    return [(client.tenant, client.client_id, fingerprint_of(secret.encrypted)) for secret in client.secrets]


def open_secret(encrypted: str, box: Fernet, whose: str) -> str:
    """Return the decrypted secret; raise Problem 500 when the installation's secret key has changed."""
    try:
        return box.decrypt(encrypted).decode()
    except InvalidToken as e:
        log.error("the secret of %s cannot be decrypted: the installation has another secret key", whose)
        raise Problem(500, "error") from e
