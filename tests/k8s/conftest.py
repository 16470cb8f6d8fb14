"""The objects of each overlay, and ways to look at them."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.k8s.render import OVERLAYS, objects

Object = dict[str, Any]


class Manifests:
    """The rendered objects of one overlay."""

    def __init__(self, overlay: str) -> None:
        self.overlay = overlay
        self.all: list[Object] = objects(overlay)

    def kind(self, *kinds: str) -> dict[str, Object]:
        """Return the objects of these kinds by name."""
        return {o["metadata"]["name"]: o for o in self.all if o["kind"] in kinds}

    def pods(self) -> dict[str, Object]:
        """Return the pod templates, by the name of what makes the pods."""
        return {name: o["spec"]["template"] for name, o in self.kind("Deployment", "StatefulSet", "Job").items()}

    def containers(self) -> Iterator[tuple[str, Object]]:
        """Return all containers, those that run first included."""
        for name, pod in self.pods().items():
            for container in [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]:
                yield f"{name}/{container['name']}", container

    def ours(self) -> dict[str, Object]:
        """Return the Deployments of the processes."""
        return self.kind("Deployment")

    def settings(self) -> dict[str, str]:
        """Return the settings that all processes have."""
        return self.config("samenzaak-settings-")

    def config(self, prefix: str) -> dict[str, str]:
        """Return the content of the ConfigMap whose name begins so; what follows is the hash of its content."""
        found: dict[str, str] = next(o["data"] for n, o in self.kind("ConfigMap").items() if n.startswith(prefix))
        return found

    def most(self) -> dict[str, int]:
        """Return how many pods each Deployment may have."""
        scalers = self.kind("HorizontalPodAutoscaler").values()
        return {s["spec"]["scaleTargetRef"]["name"]: s["spec"]["maxReplicas"] for s in scalers}


@pytest.fixture(params=OVERLAYS)
def manifests(request: pytest.FixtureRequest) -> Manifests:
    """Each overlay in turn."""
    return Manifests(request.param)


@pytest.fixture
def production() -> Manifests:
    """The overlay for production."""
    return Manifests("production")
