"""Claims that one of our processes signs and another one verifies: JWTs with HS256 and a lifetime, and no others.

Every request needs at least one of them, a write several. A library that knows all kinds of JWTs takes ten times as
long for it (docs/adr/0011); tokens that somebody else makes go to that library.
"""

import hmac
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

import orjson

LIFETIME = 120
"""Seconds that a token is valid: longer than the slowest hop, shorter than an attacker needs."""


def _base64(data: bytes) -> bytes:
    return urlsafe_b64encode(data).rstrip(b"=")


_HEADER = _base64(b'{"alg":"HS256","typ":"JWT"}') + b"."


def _signature(text: bytes, key: bytes) -> bytes:
    return _base64(hmac.digest(key, text, "sha256"))


def signed(claims: Mapping[str, Any], key: bytes) -> str:
    """Return a token with these claims, valid for :data:`LIFETIME` seconds: ``signed({"t": "deventer"}, key)``."""
    text = _HEADER + _base64(orjson.dumps({"exp": int(time.time()) + LIFETIME, **claims}))
    return (text + b"." + _signature(text, key)).decode()


def claims_of(token: str, key: bytes) -> dict[str, Any]:
    """Return the claims of a token; raise ValueError when it is forged or too old.

    Nothing in a token is read before its signature is known to be right, and no token chooses its algorithm.
    """
    text, _, signature = token.encode().rpartition(b".")
    if not hmac.compare_digest(_signature(text, key), signature):
        raise ValueError("this is not the signature of the token")
    if not text.startswith(_HEADER):
        raise ValueError("only HS256 is taken")
    claims: dict[str, Any] = orjson.loads(urlsafe_b64decode(text[len(_HEADER) :] + b"=="))
    if claims.get("exp", 0) <= time.time():
        raise ValueError("the token is too old")
    return claims
