"""Public keys of issuers: read from PEM or JWKS, and each bound to the algorithms that fit it.

Symmetric keys are refused here, so a public key can never be used as a shared secret or the other way around.
"""

from collections.abc import Mapping

import jwt
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

PublicKey = RSAPublicKey | EllipticCurvePublicKey

ALGORITHMS: Mapping[str, type[RSAPublicKey] | type[EllipticCurvePublicKey]] = {
    "RS256": RSAPublicKey,
    "PS256": RSAPublicKey,
    "ES256": EllipticCurvePublicKey,
}
"""The asymmetric algorithms that are accepted, each with its kind of key."""

MIN_RSA_BITS = 2048


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
