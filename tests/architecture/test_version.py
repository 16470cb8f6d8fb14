"""The version of Samenzaak is one fact, and stands wherever somebody looks for it."""

import re
from pathlib import Path

import pytest
import yaml
from hatchling.metadata.core import ProjectMetadata
from hatchling.plugin.manager import PluginManager
from typer.testing import CliRunner

from beheer.cli import app
from beheer.provision import api_of
from oas.openapi import document
from runtime.tenancy import SERVICES
from runtime.version import VERSION

ROOT = Path(__file__).parents[2]


def test_the_package_takes_it() -> None:
    """The image has no package, so the code has the version itself."""
    metadata = ProjectMetadata(str(ROOT), PluginManager())
    assert metadata.version == VERSION


def test_the_changelog_tells_of_it() -> None:
    releases = re.findall(r"^## \[(\d[^\]]*)\] - \d{4}-\d\d-\d\d$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert releases[0] == VERSION


def test_publiccode_and_the_image_of_the_overlay_have_it() -> None:
    assert yaml.safe_load((ROOT / "publiccode.yml").read_text())["softwareVersion"] == VERSION
    overlay = yaml.safe_load((ROOT / "k8s" / "overlays" / "production" / "kustomization.yaml").read_text())
    assert [image["newTag"] for image in overlay["images"]] == [VERSION]


def test_the_command_prints_it() -> None:
    said = CliRunner().invoke(app, ["--version"])
    assert (said.exit_code, said.output) == (0, f"samenzaak {VERSION}\n")


@pytest.mark.parametrize("service", SERVICES)
def test_the_oas_has_it_beside_the_version_of_the_standard(service: str) -> None:
    info = document(api_of(service))["info"]
    assert (info["x-samenzaak-versie"], info["version"]) == (VERSION, api_of(service).version)
