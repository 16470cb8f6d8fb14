"""Verification of the clients' tokens, as in section 4 of the common rules: every failure is 403 with a code."""

import hashlib
import hmac
import math
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jwt

from gateway.config import Config
from gateway.keyring import Keyring, KeysNeeded
from gateway.keys import ALGORITHMS, choose_key
from gateway.secrets import MOST_SECRETS
from gateway.snapshot import ISSUER_KEYS_MAX, Identity, Issuer, OpenSecret, Proof, Snapshot
from runtime.problems import Problem

MAX_TOKEN = 8 * 1024
"""Longest token in bytes; real ones have a few hundred."""

USER_LENGTH = 255
"""The audit trail keeps this much of the user's id and representation (common rules, section 11)."""

MILLISECONDS = 10**11
"""A moment of this many or more is in milliseconds: in seconds it would be after the year 5000."""

_LASTING = Proof()
"""What was proved with something that changes with the snapshot only."""

_NUMBER = re.compile(r"[0-9]{1,20}(?:\.[0-9]+)?")

# Only the signature is left to the library: the times have codes of their own, and must be checked again for tokens
# that were verified before; the other claims mean nothing here.
_SIGNATURE_ONLY: Any = {f"verify_{claim}": False for claim in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")}


@dataclass(frozen=True, slots=True)
class _Match:
    """A municipality for which a token is right, with who calls there."""

    tenant: str
    client_id: str
    user_claims: Sequence[str] = ("user_id",)
    name_claims: Sequence[str] = ("user_representation",)
    max_age: int = 0
    proof: Proof = _LASTING


def verify_token(
    snapshot: Snapshot, keyring: Keyring, authorization: bytes | None, host_tenant: str, config: Config
) -> Identity:
    """Return the caller of an Authorization header.

    ``host_tenant`` is the municipality of the host name that was called, or ``""`` when it is of none; then the
    client_id and the signature tell the municipality. Raises Problem 403 with the code of the table, Problem 503 and
    KeysNeeded as the keyring does.
    """
    if authorization is None or authorization[:7].lower() != b"bearer ":
        raise Problem(403, "permission_denied", "Het verzoek heeft geen Authorization-header met een Bearer-token.")
    token = authorization[7:].strip()
    # Tokens are as long as their makers like.
    key = (host_tenant, hashlib.sha256(token).digest())
    identity, now = snapshot.verified.get(key), time.monotonic()
    if identity is not None and now < identity.proof.until:
        snapshot.verified.move_to_end(key)
        check_times(identity, config)
        identity.proof.used = now
        return identity
    snapshot.verified.pop(key, None)
    identity = _verify(snapshot, keyring, token, host_tenant)
    check_times(identity, config)
    identity.proof.used = now
    snapshot.remember(key, identity)
    return identity


def check_times(identity: Identity, config: Config) -> None:
    """Raise Problem 403 when a token is too old, has expired, or is not valid yet.

    ``iat`` may be ahead of our clock by the leeway and no more, so that no token is accepted after its ``iat`` for
    longer than the maximum age and the leeway (common rules, section 4).
    """
    now, max_age = time.time(), identity.max_age or config.max_age
    if now > identity.iat + max_age + config.leeway:
        raise Problem(403, "jwt-expired", f"Het token is ouder dan {max_age} seconden.")
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


def _verify(snapshot: Snapshot, keyring: Keyring, token: bytes, host_tenant: str) -> Identity:
    header, claims, signature = _decode_unverified(token)
    algorithm = header.get("alg")
    if isinstance(algorithm, str) and algorithm in ALGORITHMS:
        matches = _signed_by_issuer(snapshot, keyring, token, header, claims, host_tenant)
    elif algorithm == "HS256":
        matches = _signed_with_secret(snapshot, token, signature, _client_id(claims, ("client_id",)), host_tenant)
    else:
        # First, because a token of a provider with an algorithm of its own has its client in another claim.
        raise Problem(403, "jwt-invalidalgorithmerror", "Het algoritme (alg) van het token wordt niet aangenomen.")
    # The claims that were decoded before are now known to be signed: it is the same text.
    if len(matches) > 1:
        raise Problem(
            403,
            "invalid-client-identifier",
            "Dit token past bij deze client_id van meer gemeenten; gebruik de hostnaam van de gemeente.",
        )
    [found] = matches
    if claims.get("iat") is None:
        raise Problem(403, "jwt-missing-iat-claim", "Het token heeft geen iat.")
    return Identity(
        found.tenant,
        found.client_id,
        _first_text(claims, found.user_claims),
        _first_text(claims, found.name_claims),
        _moment(claims, "iat", "jwt-invalidissuedaterror"),
        None if claims.get("exp") is None else _moment(claims, "exp", "jwt-decode-error"),
        None if claims.get("nbf") is None else _moment(claims, "nbf", "jwt-decode-error"),
        found.max_age,
        found.proof,
    )


def _client_id(claims: Mapping[str, Any], names: Sequence[str]) -> str:
    """Return the first claim of ``names`` that the token has; raise Problem 403 when it has none, or is no text."""
    client_id = next((claims[name] for name in names if claims.get(name) is not None), None)
    if not isinstance(client_id, str) or not client_id:
        raise Problem(403, "missing-client-identifier", f"Het token heeft geen {' of '.join(names)}.")
    return client_id


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
) -> list[_Match]:
    """Return the municipalities of which a client has this client_id and signed with its secret: at least one."""
    signed = token.rpartition(b".")[0]
    candidates = [(secret.value, secret) for secret in snapshot.secrets(client_id, host_tenant)]
    # Without a client, and with one secret, there is as much to do as with two.
    tried: list[tuple[bytes, OpenSecret | None]] = [
        *candidates,
        *[(b"nobody", None)] * (MOST_SECRETS - len(candidates)),
    ]
    right = [
        secret
        for value, secret in tried
        if hmac.compare_digest(hmac.digest(value, signed, "sha256"), signature) and secret is not None
    ]
    if not right:
        raise _unknown()
    now = time.time()
    holding = [secret for secret in right if secret.expires is None or secret.expires.timestamp() > now]
    if not holding and (expires := right[0].expires) is not None:
        # Who has the secret may know; a stranger does not come here.
        raise Problem(
            403,
            "expired-secret",
            f"Het secret {right[0].name} van deze client is op {expires:%d-%m-%Y} verlopen; gebruik het nieuwe.",
        )
    return [_Match(secret.tenant, client_id, proof=secret.proof) for secret in holding]


def _signed_by_issuer(
    snapshot: Snapshot,
    keyring: Keyring,
    token: bytes,
    header: Mapping[str, Any],
    claims: Mapping[str, Any],
    host_tenant: str,
) -> list[_Match]:
    """Return the municipalities with the client that the issuer signed for: at least one.

    The signature comes first, so that only what an issuer signed learns whether there is a client.
    """
    iss, algorithm = claims.get("iss"), header["alg"]
    issuers = snapshot.issuers_named(iss, host_tenant) if isinstance(iss, str) else []
    if not issuers:
        raise Problem(403, "jwt-invalidissuererror", "Deze uitgever (iss) is hier niet bekend.")
    issuers = [issuer for issuer in issuers if algorithm in issuer.algorithms]
    if not issuers:
        raise Problem(403, "jwt-invalidalgorithmerror", "Deze uitgever gebruikt een ander algoritme.")
    issuers = [issuer for issuer in issuers if _is_for(claims.get("aud"), issuer)]
    if not issuers:
        raise Problem(403, "jwt-invalidaudienceerror", "Het token (aud) is niet voor deze API bedoeld.")
    proofs = _proofs(snapshot, keyring, token, header, issuers)
    signed = [issuer for issuer in issuers if issuer.material in proofs]
    if not signed:
        raise _unknown()
    if any(issuer.source is not None for issuer in signed):
        _check_access_token(header, claims)
    named = [(issuer, _client_id(claims, issuer.client_claims)) for issuer in signed]
    found = [
        _Match(i.tenant, client_id, i.user_claims, i.name_claims, i.max_age, proofs[i.material])
        for i, client_id in named
        if (i.tenant, client_id) in snapshot.clients
    ]
    if not found:
        raise Problem(
            403, "invalid-client-identifier", "Deze client_id is bij de gemeente van de uitgever niet bekend."
        )
    return found


def _is_for(audience: object, issuer: Issuer) -> bool:
    given = audience if isinstance(audience, list) else [audience]
    return not issuer.audiences or any(one in issuer.audiences for one in given)


def _proofs(
    snapshot: Snapshot, keyring: Keyring, token: bytes, header: Mapping[str, Any], issuers: Sequence[Issuer]
) -> dict[object, Proof]:
    """Return by which keys of the issuers a token was signed. Keys that several municipalities have are tried once."""
    different = {issuer.material: issuer for issuer in issuers}
    found: dict[object, Proof] = {}
    away: Exception | None = None
    for material, issuer in list(different.items())[:ISSUER_KEYS_MAX]:
        try:
            if (proof := _signed(snapshot, keyring, token, header, issuer)) is not None:
                found[material] = proof
        except (KeysNeeded, Problem) as e:
            # Another municipality may have given the keys itself: a provider that is away does not shut that out.
            if isinstance(e, Problem) and e.status == 403:
                raise
            away = e
    if not found and away is not None:
        raise away
    return found


def _signed(
    snapshot: Snapshot, keyring: Keyring, token: bytes, header: Mapping[str, Any], issuer: Issuer
) -> Proof | None:
    """Return what proves that an issuer signed a token, or None when it did not."""
    algorithm, proof = header["alg"], _LASTING
    if issuer.source is None:
        key = choose_key(snapshot.keys(issuer), header.get("kid"), algorithm)
    else:
        trusted = keyring.key(issuer.source, header.get("kid"), algorithm)
        if trusted is None:
            return None
        key, proof = trusted.key.public, trusted.proof
    if key is None:
        return None
    try:
        # One algorithm, chosen here by the kind of key, and never by the token.
        jwt.decode(token, key, algorithms=[algorithm], options=_SIGNATURE_ONLY)
    except jwt.InvalidSignatureError:
        return None
    except jwt.PyJWTError as e:
        raise _library_error(e) from e
    return proof


def _check_access_token(header: Mapping[str, Any], claims: Mapping[str, Any]) -> None:
    """Raise Problem 403 for what a provider signs for another purpose than to call an API, or without an end."""
    kinds = str(header.get("typ", "JWT")).lower().removeprefix("application/"), str(claims.get("typ", "Bearer")).lower()
    if kinds[0] not in ("jwt", "at+jwt") or kinds[1] != "bearer":
        raise Problem(403, "jwt-invalidtokenerror", "Dit is geen access token (typ).")
    if claims.get("cnf") is not None:
        # It is bound to a key that only its owner has, which is not checked here.
        raise Problem(403, "jwt-invalidtokenerror", "Tokens die aan een sleutel zijn gebonden (cnf) kunnen hier niet.")
    if claims.get("exp") is None:
        raise Problem(403, "jwt-missingrequiredclaimerror", "Het token heeft geen exp.")


def _library_error(error: jwt.PyJWTError) -> Problem:
    return Problem(403, f"jwt-{type(error).__name__.lower()}", "Het token is niet geldig.")


def _first_text(claims: Mapping[str, Any], names: Sequence[str]) -> str:
    return next((text for name in names if (text := _text(claims, name))), "")


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if value is None:
        return ""
    if type(value) is int or (type(value) is float and math.isfinite(value)):
        # Applications send the numbers of their users.
        value = str(value)
    if not isinstance(value, str):
        raise Problem(403, "jwt-invalidtokenerror", f"De claim {name} van het token moet een tekst zijn.")
    # JSON can hold half surrogate pairs and PostgreSQL refuses NUL; neither may become an error later on.
    return value.replace("\0", "").encode("utf-8", "replace").decode()[:USER_LENGTH]


def _moment(claims: Mapping[str, Any], name: str, code: str) -> float:
    value = claims[name]
    try:
        if isinstance(value, str) and _NUMBER.fullmatch(value):
            value = float(value)
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            # Several applications of municipalities count in milliseconds.
            return value / 1000 if value >= MILLISECONDS else float(value)
    except (OverflowError, ValueError):
        pass
    raise Problem(403, code, f"De claim {name} van het token is geen tijdstip.")
