"""What people with a role may do in the APIs, and who may say that somebody has one."""

from dataclasses import replace

import pytest
from pydantic import SecretStr

from runtime.identity import CONSOLE, GATEWAY, Caller, incoming, purpose, sign, verify
from runtime.problems import Problem
from runtime.settings import Settings
from zgw.rights import scopes
from zgw.roles import of_role

SETTINGS = Settings(secret_key=SecretStr("k" * 32))
PERSON = Caller("deventer", "samenzaak-console", ("http://x",), "jansen", "Jansen", role="auditor")


def signed_by(signer: str, caller: Caller) -> str:
    """Return the token of a caller for zaken, as one of our processes makes it."""
    return sign(caller, signer, SETTINGS.derive(purpose(signer, "zaken")))


def test_the_console_vouches_for_a_role_and_nobody_else() -> None:
    keys = incoming(SETTINGS, "zaken")
    assert verify(signed_by(CONSOLE, PERSON), keys) == PERSON
    for signer, caller in (
        (GATEWAY, PERSON),
        (CONSOLE, replace(PERSON, role="")),
        (CONSOLE, replace(PERSON, component="zaken")),
        (CONSOLE, replace(PERSON, component="console")),
    ):
        with pytest.raises(Problem):
            verify(signed_by(signer, caller), keys)


def test_a_service_asks_further_for_a_person() -> None:
    found = verify(signed_by("besluiten", PERSON), incoming(SETTINGS, "zaken"))
    assert (found.role, found.via) == ("auditor", "besluiten")


def test_an_auditor_reads_everything_and_changes_nothing() -> None:
    rights = of_role("auditor").rights("zrc", scopes("zaken.lezen"))
    assert rights is not None
    assert rights.everything
    for scope in ("zaken.bijwerken", "zaken.aanmaken", "zaken.geforceerd-bijwerken", "autorisaties.bijwerken"):
        assert of_role("auditor").rights("zrc", scopes(scope)) is None, scope


def test_a_role_that_there_is_not_gives_nothing() -> None:
    assert of_role("burgemeester").rights("zrc", scopes("zaken.lezen")) is None
    assert of_role("catalogusbeheerder").rights("zrc", scopes("zaken.lezen")) is None
    assert of_role("beheerder").rights("ac", scopes("autorisaties.bijwerken")) is not None
