"""The image and compose.yaml, read as text: there need not be a Docker engine where the tests run."""

import fnmatch
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from beheer.health import READY
from beheer.runner import PARTS
from guides.pages import OUTSIDE
from runtime.settings import Settings
from tests.k8s.conftest import Manifests

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def instructions() -> list[tuple[str, str]]:
    """Return the instructions of the Dockerfile, with continued lines joined."""
    text = re.sub(r"^#.*\n", "", DOCKERFILE, flags=re.MULTILINE).replace("\\\n", " ")
    return [(name, rest) for name, _, rest in (line.partition(" ") for line in text.splitlines() if line.strip())]


def stages() -> list[list[tuple[str, str]]]:
    """Return the instructions of each stage."""
    found: list[list[tuple[str, str]]] = []
    for instruction in instructions():
        if instruction[0] == "FROM":
            found.append([])
        found[-1].append(instruction)
    return found


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """What compose.yaml says."""
    found: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return found


def test_the_image_is_built_in_two_stages_of_a_pinned_slim_base() -> None:
    assert len(stages()) == 2
    for stage in stages():
        image = stage[0][1].split()[0]
        assert re.fullmatch(r"docker\.io/library/python:3\.\d+-slim-[a-z]+", image)
    names = {name for name, _ in instructions()}
    assert names <= {"FROM", "WORKDIR", "RUN", "ENV", "COPY", "USER", "VOLUME", "EXPOSE", "STOPSIGNAL", "CMD"}


def test_only_wheels_of_the_lock_file_are_installed() -> None:
    installs = [
        part for name, rest in instructions() if name == "RUN" for part in rest.split("&&") if "pip install" in part
    ]
    assert len(installs) == 2
    for install, lock in zip(installs, ("runtime", "guides"), strict=True):
        assert f"--require-hashes --only-binary :all: -r requirements-{lock}.lock" in install


def test_what_builds_the_guides_stays_behind() -> None:
    [build] = [rest for name, rest in stages()[0] if name == "RUN" and "guides.build" in rest]
    folder = build.split()[-1]
    copies = [rest.split() for name, rest in stages()[-1] if name == "COPY"]
    assert [copy[:2] for copy in copies] == [["--from=build", "/opt/samenzaak"]]
    assert folder == "/opt/samenzaak/lib/python3.11/site-packages/gateway/site"
    assert build.split()[0].startswith("/opt/guides/")


def test_the_image_runs_as_a_user_that_kubernetes_can_see_is_not_root() -> None:
    users = [rest for name, rest in stages()[-1] if name == "USER"]
    assert users == ["10001:10001"]
    pod = Manifests("production").pods()["samenzaak-zaken"]["spec"]["securityContext"]
    assert f"{pod['runAsUser']}:{pod['runAsGroup']}" == users[0]


def test_what_is_copied_is_there_and_not_ignored() -> None:
    kept = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    copied = {source for name, rest in stages()[0] if name == "COPY" for source in rest.split()[:-1]}
    assert sorted(copied) == sorted(kept)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    guides = ("requirements-guides.lock", "guides", "docs", *OUTSIDE)
    assert sorted(copied) == sorted([*packages, "requirements-runtime.lock", *guides])
    for source in copied:
        assert (ROOT / source).exists(), source
        assert any(fnmatch.fnmatch(source, pattern) for pattern in kept)


def test_the_python_of_the_paths_is_that_of_the_base() -> None:
    version = re.search(r"python:(3\.\d+)-slim", DOCKERFILE)
    assert version
    paths = set(re.findall(r"lib/(python3\.\d+)/", DOCKERFILE))
    assert paths == {f"python{version[1]}"}


def test_compose_runs_the_same_processes_as_the_cluster(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert {name for name, s in services.items() if "beheer.serve_service" in s.get("command", [])} == set(PARTS)
    for name in PARTS:
        service = services[name]
        assert service["command"] == ["python", "-m", "beheer.serve_service", name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert READY in service["healthcheck"]["test"][-1]
        assert service["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
        assert "@" not in service["environment"]["SAMENZAAK_DATABASE_URL"]
    assert [name for name, s in services.items() if s.get("ports")] == ["gateway"]
    assert services["gateway"]["ports"] == ["127.0.0.1:8000:8000"]


def test_the_settings_of_compose_are_settings(compose: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    for service in ("zaken", "migrate"):
        given = compose["services"][service]["environment"]
        for name, value in given.items():
            monkeypatch.setenv(name, value)
        known = {f"SAMENZAAK_{name.upper()}" for name in Settings.model_fields}
        assert {name for name in given if name.startswith("SAMENZAAK_")} <= known
        assert set(Settings().service_urls) == set(PARTS) - {"console", "gateway", "worker"}


def test_images_of_others_have_a_version(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        tag = service["image"].rpartition(":")[2]
        assert tag
        assert tag != "latest"
