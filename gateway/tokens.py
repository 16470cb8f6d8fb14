"""Verification of the clients' tokens, as in section 4 of the common rules: every failure is 403 with a code."""

import logging
import math
import time
import warnings
from collections.abc import Mapping
from typing import Any

import jwt
from jwt.warnings import InsecureKeyLengthWarning

from gateway.config import Config
from gateway.keys import ALGORITHMS, choose_key
from gateway.snapshot import Identity, Snapshot
from zgw.problems import Problem

log = logging.getLogger("samenzaak.gateway")

MAX_TOKEN = 8 * 1024
"""Longest token in bytes; real ones have a few hundred."""

USER_LENGTH = 255
"""The audit trail keeps this much of the user's id and representation (common rules, section 11)."""

# Only the signature is left to the library: the times have codes of their own, and must be checked again for tokens
# that were verified before; the other claims mean nothing here.
_SIGNATURE_ONLY: Any = {f"verify_{claim}": False for claim in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")}

# The secrets that the applications of a municipality have today are often shorter than the library likes.
warnings.filterwarnings("ignore", category=InsecureKeyLengthWarning)


def verify_token(snapshot: Snapshot, authorization: bytes | None, host_tenant: str, config: Config) -> Identity:
    """Return who sent an Authorization header.

    ``host_tenant`` is the municipality of the host name that was called, or ``""`` when it is of none; then the
    client_id tells the municipality. Raises Problem 403 with the code of the table, Problem 500 when the client's
    secret cannot be decrypted.
    """
    if authorization is None or authorization[:7].lower() != b"bearer ":
        raise Problem(403, "permission_denied", "Het verzoek heeft geen Authorization-header met een Bearer-token.")
    token = authorization[7:].strip()
    key = (host_tenant, token)
    identity = snapshot.verified.get(key)
    if identity is not None:
        snapshot.verified.move_to_end(key)
        check_times(identity, config)
        return identity
    identity = _verify(snapshot, token, host_tenant)
    check_times(identity, config)
    if identity.iat > time.time() + config.leeway:
        log.warning("client %s of %s has a clock that is ahead", identity.client_id, identity.tenant)
    snapshot.remember(key, identity)
    return identity


def check_times(identity: Identity, config: Config) -> None:
    """Raise Problem 403 when a token is too old, has expired, or is not valid yet.

    A token with ``iat`` in the future is accepted: clocks of applications differ (common rules, section 4).
    """
    now = time.time()
    if now > identity.iat + config.max_age + config.leeway:
        raise Problem(403, "jwt-expired", f"Het token is ouder dan {config.max_age} seconden.")
    if identity.exp is not None and identity.exp <= now - config.leeway:
        raise Problem(403, "jwt-expiredsignatureerror", "De geldigheid van het token (exp) is verlopen.")
    if identity.nbf is not None and identity.nbf > now + config.leeway:
        raise Problem(403, "jwt-immaturesignatureerror", "Het token (nbf) is nog niet geldig.")


def _verify(snapshot: Snapshot, token: bytes, host_tenant: str) -> Identity:
    header, claims = _decode_unverified(token)
    client_id = claims.get("client_id")
    if not isinstance(client_id, str) or not client_id:
        raise Problem(403, "missing-client-identifier", "Het token heeft geen client_id.")
    tenant = _tenant_of(snapshot, client_id, host_tenant)
    algorithm = header.get("alg")
    if isinstance(algorithm, str) and algorithm in ALGORITHMS:
        _verify_issuer(snapshot, token, header, claims, tenant)
    else:
        _verify_secret(snapshot, token, tenant, client_id)
    # The claims that were decoded before are now known to be signed: it is the same text.
    if claims.get("iat") is None:
        raise Problem(403, "jwt-missing-iat-claim", "Het token heeft geen iat.")
    return Identity(
        tenant,
        client_id,
        _text(claims, "user_id"),
        _text(claims, "user_representation"),
        _moment(claims, "iat", "jwt-invalidissuedaterror"),
        None if claims.get("exp") is None else _moment(claims, "exp", "jwt-decode-error"),
        None if claims.get("nbf") is None else _moment(claims, "nbf", "jwt-decode-error"),
    )


def _decode_unverified(token: bytes) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
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
    return decoded["header"], decoded["payload"]


def _tenant_of(snapshot: Snapshot, client_id: str, host_tenant: str) -> str:
    if host_tenant:
        if (host_tenant, client_id) not in snapshot.clients:
            raise Problem(403, "invalid-client-identifier", "Deze client_id is bij deze gemeente niet bekend.")
        return host_tenant
    tenants = snapshot.tenants_of.get(client_id, [])
    if not tenants:
        raise Problem(403, "invalid-client-identifier", "Deze client_id is niet bekend.")
    if len(tenants) > 1:
        raise Problem(
            403,
            "invalid-client-identifier",
            "Deze client_id is bij meer gemeenten bekend; gebruik de hostnaam van de gemeente.",
        )
    return tenants[0]


def _verify_secret(snapshot: Snapshot, token: bytes, tenant: str, client_id: str) -> None:
    secret = snapshot.secret(tenant, client_id)
    if secret is None:
        raise Problem(403, "invalid-client-identifier", "Deze client_id heeft geen secret.")
    _verify_signature(token, secret, "HS256")


def _verify_issuer(
    snapshot: Snapshot, token: bytes, header: Mapping[str, Any], claims: Mapping[str, Any], tenant: str
) -> None:
    iss = claims.get("iss")
    issuer = snapshot.issuers.get((tenant, iss)) if isinstance(iss, str) else None
    if issuer is None:
        raise Problem(403, "jwt-invalidissuererror", "Deze uitgever (iss) is bij deze gemeente niet bekend.")
    algorithm = header["alg"]
    if algorithm not in issuer.algorithms:
        raise Problem(403, "jwt-invalidalgorithmerror", "Deze uitgever gebruikt een ander algoritme.")
    key = choose_key(snapshot.keys(issuer), header.get("kid"), algorithm)
    if key is None:
        raise Problem(403, "invalid-jwt-signature", "De sleutel (kid) van het token is bij deze uitgever niet bekend.")
    _verify_signature(token, key, algorithm)


def _verify_signature(token: bytes, key: Any, algorithm: str) -> None:
    try:
        # One algorithm, chosen here by the kind of key, and never by the token.
        jwt.decode(token, key, algorithms=[algorithm], options=_SIGNATURE_ONLY)
    except jwt.InvalidSignatureError as e:
        raise Problem(403, "invalid-jwt-signature", "De handtekening van het token klopt niet.") from e
    except jwt.PyJWTError as e:
        raise _library_error(e) from e


def _library_error(error: jwt.PyJWTError) -> Problem:
    return Problem(403, f"jwt-{type(error).__name__.lower()}", "Het token is niet geldig.")


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if value is None:
        return ""
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
            return float(value)
    except (OverflowError, ValueError):
        pass
    raise Problem(403, code, f"De claim {name} van het token is geen tijdstip.")
