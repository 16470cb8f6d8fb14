"""Renders the overlays into tests/k8s/rendered, so that every clone can test them: ``python -m tests.k8s.render``.

Needs kubectl. Each file tells in its first line of which state of k8s/ it is, so that a clone without kubectl notices
too when it is out of date.
"""

import hashlib
import shutil
import subprocess
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
OVERLAYS = ("dev", "production")
RENDERED = Path(__file__).parent / "rendered"
KUBECTL = shutil.which("kubectl")


def digest() -> str:
    """Return the digest of everything that the rendering depends on."""
    found = hashlib.sha256()
    for path in sorted((ROOT / "k8s").rglob("*")):
        if path.is_file():
            found.update(f"{path.relative_to(ROOT)}\n".encode() + path.read_bytes())
    return found.hexdigest()


def render(overlay: str) -> str:
    """Return what kubectl makes of an overlay."""
    command = [KUBECTL or "kubectl", "kustomize", str(ROOT / "k8s" / "overlays" / overlay)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def header() -> str:
    """Return the first line of a rendered file."""
    return f"# make render: k8s/ {digest()}\n"


def kept(overlay: str) -> str:
    """Return the rendered file of an overlay as it is in the repository."""
    return (RENDERED / f"{overlay}.yaml").read_text()


def objects(overlay: str) -> list[dict[str, Any]]:
    """Return the objects of an overlay."""
    return list(yaml.safe_load_all(kept(overlay)))


def main() -> None:
    """Write the files."""
    for overlay in OVERLAYS:
        (RENDERED / f"{overlay}.yaml").write_text(header() + render(overlay))


if __name__ == "__main__":
    main()
