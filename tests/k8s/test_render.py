"""The rendered files are what kubectl makes of k8s/, and are what Kubernetes accepts."""

import os
import subprocess
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from tests.k8s.conftest import Manifests
from tests.k8s.render import KUBECTL, OVERLAYS, ROOT, header, kept, render

VERSION = "1.32"
OPERATORS = ("postgresql.cnpg.io/v1", "barmancloud.cnpg.io/v1")
"""Their kinds are those of operators, for which kubernetes-validate has no schema; test_database.py looks at them."""


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_rendered_file_is_of_this_state_of_k8s(overlay: str) -> None:
    assert kept(overlay).startswith(header()), "k8s/ has changed: run `make render` (needs kubectl)"


@pytest.mark.skipif(KUBECTL is None, reason="kubectl is not installed; the rendered files are tested instead")
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_kubectl_renders_what_is_kept(overlay: str) -> None:
    assert list(yaml.safe_load_all(render(overlay))) == list(yaml.safe_load_all(kept(overlay)))


def test_every_object_is_valid_for_kubernetes(manifests: Manifests) -> None:
    checked = 0
    for each in manifests.all:
        if each["apiVersion"] not in OPERATORS:
            kubernetes_validate.validate(each, VERSION, strict=True)
            checked += 1
    assert checked > 35


def test_the_validation_notices_a_mistake(manifests: Manifests) -> None:
    broken = manifests.ours()["samenzaak-zaken"]
    broken["spec"]["template"]["spec"]["containers"][0]["readinesProbe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, VERSION, strict=True)


def test_rollout_migrates_before_it_renews_the_processes(tmp_path: Path) -> None:
    log = tmp_path / "log"
    fake = tmp_path / "kubectl"
    fake.write_text(
        f'#!/bin/sh\necho "$@" >> {log}\n[ "$1" = kustomize ] || exit 0\ncat {ROOT}/tests/k8s/rendered/dev.yaml\n'
    )
    fake.chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    subprocess.run(["k8s/rollout", "k8s/overlays/dev"], cwd=ROOT, env=environment, check=True)
    steps = [line.split("--")[0].strip() for line in log.read_text().splitlines()]
    assert steps == [
        "kustomize k8s/overlays/dev", "delete job samenzaak-migrate", "apply", "wait", "apply", "rollout status",
    ]  # fmt: skip
    lines = log.read_text().splitlines()
    assert "samenzaak.nl/phase=before" in lines[2]
    assert "namespace samenzaak-dev job/samenzaak-migrate" in lines[3]
    assert "phase" not in lines[4]


def test_rollout_stops_when_the_migrations_fail(tmp_path: Path) -> None:
    log = tmp_path / "log"
    fake = tmp_path / "kubectl"
    fake.write_text(f'#!/bin/sh\necho "$1" >> {log}\n[ "$1" != wait ]\n')
    fake.chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(["k8s/rollout", "k8s/overlays/dev"], cwd=ROOT, env=environment, check=False)
    assert done.returncode != 0
    assert log.read_text().split() == ["kustomize", "delete", "apply", "wait"]


def test_the_first_phase_has_everything_that_the_migrations_need(manifests: Manifests) -> None:
    before = [o for o in manifests.all if o["metadata"].get("labels", {}).get("samenzaak.nl/phase") == "before"]
    names = {(o["kind"], o["metadata"]["name"]) for o in before}
    job = manifests.kind("Job")["samenzaak-migrate"]["spec"]["template"]["spec"]
    assert ("ServiceAccount", job["serviceAccountName"]) in names
    for container in [*job["initContainers"], *job["containers"]]:
        assert all(("ConfigMap", source["configMapRef"]["name"]) in names for source in container["envFrom"])
    maps = [volume["configMap"]["name"] for volume in job["volumes"] if "configMap" in volume]
    assert maps
    assert all(("ConfigMap", name) in names for name in maps)
    assert {kind for kind, _ in names} >= {"Namespace", "NetworkPolicy", "Job"}
    assert not any(kind == "Deployment" for kind, _ in names)
