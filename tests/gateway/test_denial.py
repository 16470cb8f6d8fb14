"""The signed refusal says what the gateway said, and is never taken for a caller."""

import pytest

from runtime import identity
from runtime.problems import Problem

KEY = b"k" * 32


def test_a_refusal_arrives_as_it_was() -> None:
    refusal = Problem(403, "jwt-expired", "te oud", title="Verlopen")
    found = identity.verify_denial(identity.sign_denial(refusal, KEY), KEY)
    assert (found.status, found.code, found.detail, found.title) == (403, "jwt-expired", "te oud", "Verlopen")


@pytest.mark.parametrize("token", [None, "", "x.y.z", identity.sign_denial(Problem(403, "x"), b"o" * 32)])
def test_a_forged_refusal_is_a_general_one(token: str | None) -> None:
    assert identity.verify_denial(token, KEY).code == "permission_denied"


def test_a_refusal_is_no_caller_and_a_caller_no_refusal() -> None:
    with pytest.raises(Problem, match="403 permission_denied"):
        identity.verify("gateway " + identity.sign_denial(Problem(403, "x"), KEY), {"gateway": KEY})
    signed = identity.sign(identity.Caller("deventer", "app", ("http://x",)), "gateway", KEY)
    assert identity.verify(signed, {"gateway": KEY}).tenant == "deventer"
    for token in (signed, signed.removeprefix("gateway ")):
        assert identity.verify_denial(token, KEY).code == "permission_denied"
