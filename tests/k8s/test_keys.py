"""Each pod has its own keys, and only the Job of the migrations has the secret key that they are derived from."""

from typing import Any

import yaml
from pydantic import SecretStr

from beheer.keys import manifests as secrets_of
from beheer.runner import PARTS
from runtime.settings import Settings
from tests.k8s.conftest import Manifests

WHOLE = "samenzaak-key"


def secret_names(found: Any) -> set[str]:
    """Return the names of all Secrets that an object refers to: variables, whole environments and volumes."""
    if isinstance(found, list):
        return {name for each in found for name in secret_names(each)}
    if not isinstance(found, dict):
        return set()
    kinds = {"secretKeyRef": "name", "secretRef": "name", "secret": "secretName"}
    names = {found[kind][key] for kind, key in kinds.items() if kind in found}
    return names | secret_names(list(found.values()))


def test_no_pod_but_the_migrations_has_the_secret_key(manifests: Manifests) -> None:
    having = {name for name, pod in manifests.pods().items() if WHOLE in secret_names(pod)}
    assert having == {"samenzaak-migrate"}
    for name, pod in manifests.pods().items():
        assert ("SAMENZAAK_SECRET_KEY" in str(pod)) == (name == "samenzaak-migrate"), name


def test_each_pod_refers_to_its_own_keys_only(manifests: Manifests) -> None:
    for name, deployment in manifests.ours().items():
        keys = {each for each in secret_names(deployment) if each.startswith("samenzaak-key")}
        assert keys == {f"samenzaak-keys-{name.removeprefix('samenzaak-')}"}, name
        (container,) = deployment["spec"]["template"]["spec"]["containers"]
        (variable,) = [v for v in container["env"] if v["name"] == "SAMENZAAK_KEYS"]
        assert variable["valueFrom"]["secretKeyRef"]["key"] == "keys", name


def test_the_command_makes_exactly_the_secrets_that_pods_refer_to(manifests: Manifests) -> None:
    made = [yaml.safe_load(text) for _, text in secrets_of(Settings(secret_key=SecretStr("k" * 40)))]
    wanted = {name for name in secret_names(list(manifests.ours().values())) if name.startswith("samenzaak-keys-")}
    assert {secret["metadata"]["name"] for secret in made} == wanted
    assert len(wanted) == len(PARTS)
    assert all(set(secret["stringData"]) == {"keys"} for secret in made)
