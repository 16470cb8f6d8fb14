"""The identity of a caller, as the gateway established it, in a signed internal token; or the reason of a refusal.

A service trusts these tokens and nothing else, whoever can reach its port. Each pair of a caller and a callee has a key
of its own (docs/adr/0011), so a token tells which of our processes made it, and only the service that it is for
takes it.

A wrong path or method is answered with 404 or 405 before authentication (common rules, section 4), but only the service
knows its routes. So the gateway forwards a refused request without its body and without a caller, with the refusal in a
header. The service answers 404 or 405 when it has to, and otherwise exactly this refusal.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from runtime.problems import Problem
from runtime.settings import Settings
from runtime.signing import claims_of, signed
from runtime.tenancy import SERVICES

GATEWAY, OPERATOR, CONSOLE = "gateway", "beheer", "console"
"""The makers of internal tokens beside the services: the gateway for clients, the operator's commands, and the console
for the people who work in it."""

CALLER_HEADER = "x-samenzaak-caller"
"""The one internal header. The gateway removes every inbound header that starts with ``x-samenzaak-``."""

DELIVERY = "samenzaak-delivery"
"""The header of each notification that is delivered. The gateway takes none of them: one that comes back as a message
to be published would go round for ever."""


def purpose(caller: str, callee: str) -> str:
    """Return the purpose of the key with which ``caller`` signs and ``callee`` verifies."""
    return f"internal:{caller}>{callee}"


def outgoing(settings: Settings, caller: str) -> dict[str, bytes]:
    """Return the keys with which ``caller`` signs its tokens, by the service that they are for. Raises ValueError for
    a key that this process was not given."""
    return {callee: settings.derive(purpose(caller, callee)) for callee in SERVICES}


def incoming(settings: Settings, callee: str) -> dict[str, bytes]:
    """Return the keys with which ``callee`` verifies tokens, by who made them. Nobody whose key this process was not
    given can call it."""
    names = (GATEWAY, *SERVICES, OPERATOR, CONSOLE)
    purposes = {name: purpose(name, callee) for name in names}
    return {name: settings.derive(each) for name, each in purposes.items() if settings.can_derive(each)}


@dataclass(frozen=True, slots=True)
class Caller:
    """The tenant, the client and the user behind a request.

    ``bases`` are the base URLs of this municipality (``https://deventer.example.nl``): the first is the one that
    responses are rendered with, and a URL below any of them is our own. ``canonical`` is the one that does not depend
    on where the client called. ``component`` is filled when one of our own services calls with its own credentials:
    such a caller has all rights within its tenant. ``via`` is the service that asks something with the rights of a
    client, and vouches for who that is. ``time_zone`` is that of the municipality, where it is not the one of the
    installation.
    """

    tenant: str
    client_id: str
    bases: tuple[str, ...]
    user_id: str = ""
    user_representation: str = ""
    request_id: str = ""
    component: str = ""
    hosts: tuple[str, ...] = ()
    """The host names of all municipalities; only Notificaties is told them, which sends nothing there."""
    canonical: str = ""
    time_zone: str = ""
    via: str = ""
    profiel: tuple[str, ...] = ()
    """The switches that are on by default for the clients of this municipality."""
    inzage: str = ""
    """What the municipality records of the reads of this client (``zgw.reading_log``); empty: what is usual."""
    activity: str = ""
    """The processing activity of its reads that name none."""
    role: str = ""
    """What a person may do who works in the console (``zgw.roles``); empty for clients, which have an Applicatie."""
    trace: str = ""
    """The ``traceparent`` of whoever asks (``runtime.trace``); of a call within a request that of the request."""

    @property
    def base(self) -> str:
        """The base URL that responses are rendered with."""
        return self.bases[0]

    @property
    def canonical_base(self) -> str:
        """The base URL of everything that is kept, or sent to others than this client: the same for every request."""
        return self.canonical or self.bases[0]

    def as_component(self, service: str) -> "Caller":
        """Return the caller for a call that ``service`` makes with its own credentials, for the same tenant."""
        return replace(self, client_id=f"samenzaak-{service}", component=service, via="", role="")


def system_caller(tenant: str, service: str, bases: tuple[str, ...] = ("http://samenzaak.invalid",)) -> Caller:
    """Return the caller of work that no client asked for: relays, sweeps, commands."""
    return Caller(tenant, f"samenzaak-{service}", bases, component=service)


def sign(caller: Caller, signer: str, key: bytes) -> str:
    """Return the internal token for ``caller`` that ``signer`` makes with its key for the callee. The name before it
    tells the callee which key to verify it with."""
    claims: dict[str, Any] = {
        "t": caller.tenant,
        "c": caller.client_id,
        "b": caller.bases,
        "u": caller.user_id,
        "w": caller.user_representation,
        "r": caller.request_id,
        "s": caller.component,
    }
    if caller.hosts:
        claims["h"] = caller.hosts
    if caller.canonical:
        claims["k"] = caller.canonical
    if caller.time_zone:
        claims["z"] = caller.time_zone
    if caller.profiel:
        claims["p"] = caller.profiel
    if caller.inzage:
        claims["i"] = caller.inzage
    if caller.activity:
        claims["a"] = caller.activity
    if caller.role:
        claims["o"] = caller.role
    if caller.trace:
        claims["x"] = caller.trace
    return f"{signer} {signed(claims, key)}"


def verify(token: str | None, keys: Mapping[str, bytes]) -> Caller:
    """Return the caller of an internal token, with the ``keys`` of :func:`incoming`; raise Problem 403 when it is
    absent, forged or too old, or says something that its signer may not.

    The gateway speaks for clients, the console for people with a role. A service speaks for itself, or for whoever sent
    the request that it works on (``via``).
    """
    signer, _, said = (token or "").partition(" ")
    key = keys.get(signer)
    if key is None:
        raise stranger()
    try:
        claims = claims_of(said, key)
    except ValueError as e:
        raise stranger() from e
    own = "" if signer in (GATEWAY, CONSOLE) else signer
    # A refusal, which has the same key, names no tenant.
    if "t" not in claims or claims["s"] not in ("", own):
        raise stranger()
    role = claims.get("o", "")
    if signer in (GATEWAY, CONSOLE) and bool(role) != (signer == CONSOLE):
        raise stranger()
    return Caller(
        tenant=claims["t"],
        client_id=claims["c"],
        bases=tuple(claims["b"]),
        user_id=claims["u"],
        user_representation=claims["w"],
        request_id=claims["r"],
        component=claims["s"],
        hosts=tuple(claims.get("h", ())),
        canonical=claims.get("k", ""),
        time_zone=claims.get("z", ""),
        via="" if claims["s"] else own,
        profiel=tuple(claims.get("p", ())),
        inzage=claims.get("i", ""),
        activity=claims.get("a", ""),
        role=role,
        trace=claims.get("x", ""),
    )


def stranger() -> Problem:
    """Return the refusal of whoever comes neither through the gateway nor from one of our services."""
    return Problem(403, "permission_denied", "Dit component is alleen via de gateway bereikbaar.")


DENIED_HEADER = "x-samenzaak-denied"
"""The header with the signed refusal; like all ``x-samenzaak-`` headers it is never taken over from a client."""


def sign_denial(problem: Problem, key: bytes) -> str:
    """Return the signed refusal, with the key of the gateway for the service that it is for:
    ``headers[DENIED_HEADER] = sign_denial(Problem(403, "jwt-expired"), key)``.

    It has no tenant claim, so that :func:`runtime.identity.verify` never takes it for a caller.
    """
    return signed({"d": [problem.code, problem.title, problem.detail]}, key)


def verify_denial(token: str | None, key: bytes) -> Problem:
    """Return the refusal to answer with; it is a general 403 when the header is absent, forged or too old.

    It never raises, because whatever is wrong with the header, the request stays refused:
    ``raise verify_denial(request.headers.get(DENIED_HEADER), key)``.
    """
    try:
        code, title, detail = claims_of(token or "", key)["d"]
    except (KeyError, ValueError):
        return stranger()
    return Problem(403, code, detail, title=title)
