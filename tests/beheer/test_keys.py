"""``samenzaak keys``: the Secrets of the pods, each with its own keys and no others."""

from pathlib import Path

import pytest
import yaml
from pydantic import SecretStr

from beheer.keys import check_keys, keys_of, purposes_of, with_own_keys
from beheer.provision import password_of
from beheer.runner import PARTS, WORKER
from runtime.identity import CONSOLE, GATEWAY, incoming, outgoing, purpose
from runtime.settings import Settings
from runtime.tenancy import SERVICES
from tests.opdracht import Samenzaak

KEY = "0123456789abcdef" * 3
SETTINGS = Settings(secret_key=SecretStr(KEY))


def test_the_command_writes_a_secret_for_each_pod(samenzaak: Samenzaak, tmp_path: Path) -> None:
    out, home = tmp_path / "out", tmp_path / "home"
    for _ in range(2):
        done = samenzaak("keys", "--out", str(out), home=home, secret_key=KEY, database_url="postgresql://nowhere/x")
        assert (done.returncode, done.stderr) == (0, "")
    assert {path.name for path in out.iterdir()} == {f"samenzaak-keys-{part}.yaml" for part in PARTS}
    assert not home.exists(), "it needs no database and makes no key"
    for part in PARTS:
        path = out / f"samenzaak-keys-{part}.yaml"
        assert path.stat().st_mode & 0o777 == 0o600
        assert KEY not in path.read_text()
        secret = yaml.safe_load(path.read_text())
        assert (secret["kind"], secret["metadata"]["name"]) == ("Secret", f"samenzaak-keys-{part}")
        given = Settings.model_validate({"keys": secret["stringData"]["keys"]})
        assert set(given.keys) == set(purposes_of(part))
        assert all(given.derive(each) == SETTINGS.derive(each) for each in given.keys)
        check_keys(given, part)


def test_the_command_prints_what_it_would_write(samenzaak: Samenzaak, tmp_path: Path) -> None:
    done = samenzaak("keys", home=tmp_path / "home", secret_key=KEY)
    names = [secret["metadata"]["name"] for secret in yaml.safe_load_all(done.stdout)]
    assert names == [f"samenzaak-keys-{part}" for part in PARTS]


def test_without_the_secret_key_there_is_nothing_to_derive(samenzaak: Samenzaak, tmp_path: Path) -> None:
    own = ",".join(f"{each}={key.get_secret_value()}" for each, key in keys_of(SETTINGS, "zaken").items())
    for given in ("", own):
        done = samenzaak("keys", "--out", str(tmp_path / "out"), home=tmp_path / "home", keys=given)
        assert done.returncode == 1
        assert "SAMENZAAK_SECRET_KEY" in done.stderr
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())
    assert not (tmp_path / "home").exists()


def test_no_pod_has_the_keys_of_another() -> None:
    keys = {part: purposes_of(part) for part in PARTS}
    for service in SERVICES:
        logins = [part for part in PARTS if f"database-role:{service}" in keys[part]]
        assert logins == [service, WORKER]
        # A key of two lies with those two; the worker calls in the name of the services.
        for callee in SERVICES:
            having = {part for part in PARTS if purpose(service, callee) in keys[part]}
            assert having == {service, callee, WORKER}
        for name in (GATEWAY, CONSOLE):
            assert {part for part in PARTS if purpose(name, service) in keys[part]} == {name, service}
    boxes = {
        box: [part for part in PARTS if box in keys[part]]
        for box in ("client-secrets", "callback-auth", "console-accounts")
    }
    assert boxes == {
        "client-secrets": [GATEWAY],
        "callback-auth": ["notificaties", WORKER],
        "console-accounts": [CONSOLE],
    }
    for name in (GATEWAY, CONSOLE):
        assert [part for part in PARTS if f"database-role:{name}" in keys[part]] == [name]


@pytest.mark.parametrize("part", PARTS)
def test_a_part_has_what_it_asks_for_and_no_whole_key(part: str) -> None:
    own = with_own_keys(SETTINGS, part)
    assert own.secret_key is None
    for name in {WORKER: SERVICES}.get(part, (part,)):
        assert outgoing(own, name) == outgoing(SETTINGS, name)
        assert password_of(own, name) == password_of(SETTINGS, name)
    if part in SERVICES:
        assert set(incoming(own, part)) == {GATEWAY, CONSOLE, *SERVICES}
    check_keys(own, part)
    others = [each for other in PARTS for each in purposes_of(other) if each not in purposes_of(part)]
    assert others
    for each in others:
        with pytest.raises(ValueError, match="SAMENZAAK_KEYS has no key for"):
            own.derive(each)


def test_a_missing_key_is_named_at_the_start() -> None:
    own = with_own_keys(SETTINGS, "zaken")
    few = own.model_copy(update={"keys": {k: v for k, v in own.keys.items() if k != "external-secrets"}})
    with pytest.raises(ValueError, match="SAMENZAAK_KEYS of zaken has no key for external-secrets"):
        check_keys(few, "zaken")
    with pytest.raises(ValueError, match="database-role:documenten"):
        check_keys(own, "documenten")


def test_a_new_round_renews_tokens_and_passwords_and_leaves_what_is_stored() -> None:
    before, after = SETTINGS, SETTINGS.model_copy(update={"key_round": 1})
    for part in PARTS:
        for each in purposes_of(part):
            stays = each in ("client-secrets", "callback-auth", "external-secrets", "reading-log", "console-accounts")
            assert (before.derive(each) == after.derive(each)) == stays, each
