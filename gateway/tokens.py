"""Verification of the clients' tokens, as in section 4 of the common rules: every failure is 403 with a code."""

import hashlib
import hmac
import math
import time
from collections.abc import Mapping
from typing import Any

import jwt

from gateway.config import Config
from gateway.keys import ALGORITHMS, choose_key
from gateway.snapshot import ISSUER_KEYS_MAX, Identity, Issuer, Snapshot
from runtime.problems import Problem

MAX_TOKEN = 8 * 1024
"""Longest token in bytes; real ones have a few hundred."""

USER_LENGTH = 255
"""The audit trail keeps this much of the user's id and representation (common rules, section 11)."""

MILLISECONDS = 10**11
"""A moment of this many or more is in milliseconds: in seconds it would be after the year 5000."""

# Only the signature is left to the library: the times have codes of their own, and must be checked again for tokens
# that were verified before; the other claims mean nothing here.
_SIGNATURE_ONLY: Any = {f"verify_{claim}": False for claim in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")}


def verify_token(snapshot: Snapshot, authorization: bytes | None, host_tenant: str, config: Config) -> Identity:
    """Return the caller of an Authorization header.

    ``host_tenant`` is the municipality of the host name that was called, or ``""`` when it is of none; then the
    client_id and the signature tell the municipality. Raises Problem 403 with the code of the table.
    """
    if authorization is None or authorization[:7].lower() != b"bearer ":
        raise Problem(403, "permission_denied", "Het verzoek heeft geen Authorization-header met een Bearer-token.")
    token = authorization[7:].strip()
    # Tokens are as long as their makers like.
    key = (host_tenant, hashlib.sha256(token).digest())
    identity = snapshot.verified.get(key)
    if identity is not None:
        snapshot.verified.move_to_end(key)
        check_times(identity, config)
        return identity
    identity = _verify(snapshot, token, host_tenant)
    check_times(identity, config)
    snapshot.remember(key, identity)
    return identity


def check_times(identity: Identity, config: Config) -> None:
    """Raise Problem 403 when a token is too old, has expired, or is not valid yet.

    ``iat`` may be ahead of our clock by the leeway and no more, so that no token is accepted after its ``iat`` for
    longer than the maximum age and the leeway (common rules, section 4).
    """
    now = time.time()
    if now > identity.iat + config.max_age + config.leeway:
        raise Problem(403, "jwt-expired", f"Het token is ouder dan {config.max_age} seconden.")
    if identity.iat > now + config.leeway:
        raise Problem(
            403,
            "jwt-immaturesignatureerror",
            f"Het token is volgens zijn iat {identity.iat - now:.0f} seconden in de toekomst gemaakt.",
        )
    if identity.exp is not None and identity.exp <= now - config.leeway:
        raise Problem(403, "jwt-expiredsignatureerror", "De geldigheid van het token (exp) is verlopen.")
    if identity.nbf is not None and identity.nbf > now + config.leeway:
        raise Problem(403, "jwt-immaturesignatureerror", "Het token (nbf) is nog niet geldig.")


def _verify(snapshot: Snapshot, token: bytes, host_tenant: str) -> Identity:
    header, claims, signature = _decode_unverified(token)
    client_id = claims.get("client_id")
    if not isinstance(client_id, str) or not client_id:
        raise Problem(403, "missing-client-identifier", "Het token heeft geen client_id.")
    algorithm = header.get("alg")
    if isinstance(algorithm, str) and algorithm in ALGORITHMS:
        tenants = _signed_by_issuer(snapshot, token, header, claims.get("iss"), client_id, host_tenant)
    elif algorithm == "HS256":
        tenants = _signed_with_secret(snapshot, token, signature, client_id, host_tenant)
    else:
        raise Problem(403, "jwt-invalidalgorithmerror", "Het algoritme (alg) van het token wordt niet aangenomen.")
    # The claims that were decoded before are now known to be signed: it is the same text.
    if len(tenants) > 1:
        raise Problem(
            403,
            "invalid-client-identifier",
            "Dit token past bij deze client_id van meer gemeenten; gebruik de hostnaam van de gemeente.",
        )
    if claims.get("iat") is None:
        raise Problem(403, "jwt-missing-iat-claim", "Het token heeft geen iat.")
    return Identity(
        tenants[0],
        client_id,
        _text(claims, "user_id"),
        _text(claims, "user_representation"),
        _moment(claims, "iat", "jwt-invalidissuedaterror"),
        None if claims.get("exp") is None else _moment(claims, "exp", "jwt-decode-error"),
        None if claims.get("nbf") is None else _moment(claims, "nbf", "jwt-decode-error"),
    )


def _decode_unverified(token: bytes) -> tuple[Mapping[str, Any], Mapping[str, Any], bytes]:
    if len(token) > MAX_TOKEN:
        raise Problem(403, "jwt-decode-error", "Het token is te lang.")
    try:
        decoded = jwt.decode_complete(token, options={"verify_signature": False})
    except jwt.DecodeError as e:
        raise Problem(403, "jwt-decode-error", "Het token is geen geldig JWT.") from e
    except jwt.PyJWTError as e:
        raise _library_error(e) from e
    except Exception as e:
        # Deep nesting and odd numbers make the library fail in other ways; the token remains just as unreadable.
        raise Problem(403, "jwt-decode-error", "Het token is geen geldig JWT.") from e
    return decoded["header"], decoded["payload"], decoded["signature"]


def _unknown() -> Problem:
    """Return the one refusal for a wrong signature or client_id: it does not tell a stranger which client_ids exist."""
    return Problem(
        403, "invalid-jwt-signature", "De client_id is niet bekend, of de handtekening van het token klopt niet."
    )


def _signed_with_secret(
    snapshot: Snapshot, token: bytes, signature: bytes, client_id: str, host_tenant: str
) -> list[str]:
    """Return the municipalities of which a client has this client_id and signed with its secret: at least one."""
    signed = token.rpartition(b".")[0]
    # Without a client there is as much to do as with one.
    candidates = snapshot.secrets(client_id, host_tenant) or [("", b"nobody")]
    found = [
        tenant
        for tenant, secret in candidates
        if hmac.compare_digest(hmac.digest(secret, signed, "sha256"), signature) and tenant
    ]
    if not found:
        raise _unknown()
    return found


def _signed_by_issuer(
    snapshot: Snapshot, token: bytes, header: Mapping[str, Any], iss: object, client_id: str, host_tenant: str
) -> list[str]:
    """Return the municipalities with this client_id for which the issuer signed: at least one.

    The signature comes first, so that only what an issuer signed learns whether there is a client.
    """
    issuers = snapshot.issuers_named(iss, host_tenant) if isinstance(iss, str) else []
    if not issuers:
        raise Problem(403, "jwt-invalidissuererror", "Deze uitgever (iss) is hier niet bekend.")
    algorithm = header["alg"]
    issuers = [issuer for issuer in issuers if algorithm in issuer.algorithms]
    if not issuers:
        raise Problem(403, "jwt-invalidalgorithmerror", "Deze uitgever gebruikt een ander algoritme.")
    # Municipalities that share an issuer have the same keys: those are tried once.
    different = {issuer.jwks_or_pem: issuer for issuer in issuers}
    tried = list(different.items())[:ISSUER_KEYS_MAX]
    signed = {keys for keys, issuer in tried if _is_signed(snapshot, token, header, issuer)}
    if not signed:
        raise _unknown()
    found = [i.tenant for i in issuers if i.jwks_or_pem in signed and (i.tenant, client_id) in snapshot.clients]
    if not found:
        raise Problem(
            403, "invalid-client-identifier", "Deze client_id is bij de gemeente van de uitgever niet bekend."
        )
    return found


def _is_signed(snapshot: Snapshot, token: bytes, header: Mapping[str, Any], issuer: Issuer) -> bool:
    algorithm = header["alg"]
    key = choose_key(snapshot.keys(issuer), header.get("kid"), algorithm)
    if key is None:
        return False
    try:
        # One algorithm, chosen here by the kind of key, and never by the token.
        jwt.decode(token, key, algorithms=[algorithm], options=_SIGNATURE_ONLY)
    except jwt.InvalidSignatureError:
        return False
    except jwt.PyJWTError as e:
        raise _library_error(e) from e
    return True


def _library_error(error: jwt.PyJWTError) -> Problem:
    return Problem(403, f"jwt-{type(error).__name__.lower()}", "Het token is niet geldig.")


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if value is None:
        return ""
    if type(value) is int:
        # Applications send the numbers of their users.
        value = str(value)
    if not isinstance(value, str):
        raise Problem(403, "jwt-invalidtokenerror", f"De claim {name} van het token moet een tekst zijn.")
    # JSON can hold half surrogate pairs and PostgreSQL refuses NUL; neither may become an error later on.
    return value.replace("\0", "").encode("utf-8", "replace").decode()[:USER_LENGTH]


def _moment(claims: Mapping[str, Any], name: str, code: str) -> float:
    value = claims[name]
    try:
        if isinstance(value, str) and value.isdecimal():
            value = int(value)
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            # Several applications of municipalities count in milliseconds.
            return value / 1000 if value >= MILLISECONDS else float(value)
    except (OverflowError, ValueError):
        pass
    raise Problem(403, code, f"De claim {name} van het token is geen tijdstip.")
