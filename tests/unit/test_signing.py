"""Internal tokens are JWTs that any library reads; only those that we made, and not long ago, are taken."""

import time
from typing import Any

import jwt
import pytest

from runtime.signing import LIFETIME, claims_of, signed

KEY = b"k" * 32
CLAIMS = {"t": "deventer", "w": "Zoë", "b": ["https://deventer.example.nl"]}


def test_the_claims_arrive_as_they_were() -> None:
    found = claims_of(signed(CLAIMS, KEY), KEY)
    assert time.time() < found.pop("exp") <= time.time() + LIFETIME
    assert found == CLAIMS


def test_a_token_is_a_jwt() -> None:
    found = jwt.decode(signed(CLAIMS, KEY), KEY, ["HS256"], options={"require": ["exp"]})
    assert {name: found[name] for name in CLAIMS} == CLAIMS
    made = jwt.encode({"exp": int(time.time()) + 60, **CLAIMS}, KEY, "HS256")
    assert {name: claims_of(made, KEY)[name] for name in CLAIMS} == CLAIMS


def made(algorithm: str = "HS256", key: Any = KEY, **claims: Any) -> str:
    return jwt.encode({"exp": int(time.time()) + 60, **CLAIMS, **claims}, key, algorithm)


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "x.y.z",
        "ë.ë.ë",
        made(key=b"o" * 32),
        made("none", ""),
        made("HS512", b"k" * 64),
        made(exp=int(time.time()) - 1),
        made().rpartition(".")[0],
        made() + "=",
        made() + "x",
        made().replace("e", "f", 1),
    ],
)
def test_any_other_token_is_refused(token: str) -> None:
    with pytest.raises(ValueError, match=r"signature|too old"):
        claims_of(token, KEY)


def test_another_header_is_refused_whatever_the_signature() -> None:
    token = jwt.encode({"exp": int(time.time()) + 60}, KEY, "HS256", headers={"kid": "x"})
    with pytest.raises(ValueError, match="only HS256"):
        claims_of(token, KEY)


def test_a_token_without_end_is_refused() -> None:
    with pytest.raises(ValueError, match="too old"):
        claims_of(jwt.encode(CLAIMS, KEY, "HS256"), KEY)
