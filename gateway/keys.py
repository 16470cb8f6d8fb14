"""Public keys of issuers: read from PEM or JWKS, and each bound to the algorithms that fit it.

Symmetric keys are refused here, so a public key can never be used as a shared secret or the other way around.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

log = logging.getLogger("samenzaak.gateway")

PublicKey = RSAPublicKey | EllipticCurvePublicKey

ALGORITHMS: Mapping[str, type[RSAPublicKey] | type[EllipticCurvePublicKey]] = {
    "RS256": RSAPublicKey,
    "PS256": RSAPublicKey,
    "ES256": EllipticCurvePublicKey,
}
"""The asymmetric algorithms that are accepted, each with its kind of key."""

MIN_RSA_BITS = 2048

MOST_KEYS = 64
"""Most keys in a fetched JWKS; a provider that is changing its keys has three or four."""


@dataclass(frozen=True, slots=True)
class FetchedKey:
    """A key as a provider publishes it, for one ``algorithm``; ``""`` when the provider does not tell for which."""

    key_id: str
    public: PublicKey
    algorithm: str

    def fits(self, algorithm: str) -> bool:
        """Return whether tokens with this algorithm may be signed with it."""
        return self.algorithm in ("", algorithm) and isinstance(self.public, ALGORITHMS[algorithm])


def parse_keys(jwks_or_pem: str) -> dict[str, PublicKey]:
    """Return the public keys by key id; the key of a PEM text has the id ``""``.

    Raises ValueError when the text holds no usable key, or holds a private, symmetric, short or unknown key.
    """
    text = jwks_or_pem.strip()
    try:
        if text.startswith("{"):
            found = {jwk.key_id or "": _checked(jwk.key) for jwk in jwt.PyJWKSet.from_json(text).keys}
        elif "BEGIN CERTIFICATE" in text:
            found = {"": _checked(x509.load_pem_x509_certificate(text.encode()).public_key())}
        else:
            found = {"": _checked(load_pem_public_key(text.encode()))}
    except (jwt.PyJWTError, UnsupportedAlgorithm, AttributeError, TypeError, KeyError) as e:
        raise ValueError(f"not a JWKS, a public key or a certificate: {e}") from e
    if not found:
        raise ValueError("the JWKS holds no key")
    return found


def choose_key(keys: Mapping[str, PublicKey], key_id: object, algorithm: str) -> PublicKey | None:
    """Return the key that a token names, or the only one when it names none; None when none fits the algorithm."""
    key: PublicKey | None = None
    if isinstance(key_id, str) and key_id in keys:
        key = keys[key_id]
    elif len(keys) == 1 and (key_id is None or "" in keys):
        key = next(iter(keys.values()))
    return key if isinstance(key, ALGORITHMS[algorithm]) else None


def fetched_keys(jwks: object) -> list[FetchedKey]:
    """Return the keys of a JWKS that tokens may be signed with.

    Others are left out, because providers publish keys for encryption and of newer kinds beside them: symmetric and
    private keys, short ones, and those for another use. Raises ValueError for what is no JWKS, has more than
    :data:`MOST_KEYS` keys, or has none that can be used.
    """
    given = jwks.get("keys") if isinstance(jwks, dict) else None
    if not isinstance(given, list) or len(given) > MOST_KEYS:
        raise ValueError(f"not a JWKS with at most {MOST_KEYS} keys")
    found = [key for one in given if (key := _usable(one)) is not None]
    if not found:
        raise ValueError("the JWKS holds no key that tokens can be verified with")
    return found


def choose_fetched(keys: Iterable[FetchedKey], key_id: object, algorithm: str) -> FetchedKey | None:
    """Return the key that a token names, or the only one that fits when it names none; None when there is none."""
    fitting = [key for key in keys if key.fits(algorithm)]
    if isinstance(key_id, str) and (named := [key for key in fitting if key.key_id == key_id]):
        return named[0]
    # A provider with one key may give it no name, and sign with or without one.
    return fitting[0] if len(fitting) == 1 and (key_id is None or not fitting[0].key_id) else None


def _usable(jwk: Any) -> FetchedKey | None:
    if not isinstance(jwk, dict) or jwk.get("use", "sig") != "sig" or jwk.get("kty") not in ("RSA", "EC"):
        return None
    operations, algorithm, key_id = jwk.get("key_ops", ["verify"]), jwk.get("alg", ""), jwk.get("kid", "")
    if not isinstance(operations, list) or "verify" not in operations or not isinstance(key_id, str):
        return None
    if algorithm not in ("", *ALGORITHMS):
        return None
    try:
        return FetchedKey(key_id, _checked(jwt.PyJWK.from_dict(jwk, algorithm or None).key), algorithm)
    except (jwt.PyJWTError, UnsupportedAlgorithm, AttributeError, TypeError, KeyError, ValueError) as e:
        # Each time that they are fetched: no line for everybody.
        log.debug("a key of a provider is left out: %s", e)
        return None


def _checked(key: object) -> PublicKey:
    if isinstance(key, RSAPublicKey):
        if key.key_size < MIN_RSA_BITS:
            raise ValueError(f"an RSA key needs at least {MIN_RSA_BITS} bits")
        return key
    if isinstance(key, EllipticCurvePublicKey):
        if not isinstance(key.curve, SECP256R1):
            raise ValueError("an elliptic curve key must be on P-256")
        return key
    raise ValueError("only public RSA keys and public elliptic curve keys are accepted")
