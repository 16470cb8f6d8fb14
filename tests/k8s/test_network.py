"""Who may talk to whom: the network policies, read as Kubernetes reads them."""

from typing import Any

import kubernetes_validate
import pytest
import yaml

from runtime.tenancy import SERVICES
from tests.k8s.conftest import Manifests
from tests.k8s.render import ROOT

Labels = dict[str, str]
CLOUD = "169.254.169.254"


def selects(selector: dict[str, Any], labels: Labels) -> bool:
    """Tell whether a label selector selects these labels."""
    if not selector.get("matchLabels", {}).items() <= labels.items():
        return False
    for expression in selector.get("matchExpressions", []):
        assert expression["operator"] == "In"
        if labels.get(expression["key"]) not in expression["values"]:
            return False
    return True


class Network:
    """The policies of an overlay, and the labels of its pods."""

    def __init__(self, manifests: Manifests) -> None:
        self.policies = [p["spec"] for p in manifests.kind("NetworkPolicy").values()]
        self.pods: dict[str, Labels] = {}
        for name, pod in manifests.pods().items():
            self.pods[name.removeprefix("samenzaak-")] = pod["metadata"]["labels"]
        for cluster in manifests.kind("Cluster").values():
            self.pods["db"] = cluster["spec"]["inheritedMetadata"]["labels"]
        self.namespace = {"kubernetes.io/metadata.name": next(iter(manifests.kind("Namespace")))}

    def _rules(self, pod: str, direction: str) -> list[dict[str, Any]]:
        mine = [p for p in self.policies if selects(p["podSelector"], self.pods[pod]) and direction in p["policyTypes"]]
        assert mine, f"nothing limits {direction} of {pod}"
        return [rule for policy in mine for rule in policy.get(direction.lower(), [])]

    def _open(self, pod: str, direction: str, port: int, namespace: Labels, labels: Labels) -> bool:
        side = "from" if direction == "Ingress" else "to"
        for rule in self._rules(pod, direction):
            assert {side, "ports"} <= set(rule), "a rule without peer or port allows everything"
            if port not in [p["port"] for p in rule["ports"]]:
                continue
            for peer in rule[side]:
                if "ipBlock" in peer:
                    continue
                here = (
                    selects(peer["namespaceSelector"], namespace)
                    if "namespaceSelector" in peer
                    else namespace == self.namespace
                )
                if here and selects(peer.get("podSelector", {}), labels):
                    return True
        return False

    def connects(self, source: str, target: str, port: int) -> bool:
        """Tell whether one pod of ours reaches another."""
        return self._open(source, "Egress", port, self.namespace, self.pods[target]) and self._open(
            target, "Ingress", port, self.namespace, self.pods[source]
        )

    def enters(self, namespace: str, target: str, port: int = 8000) -> bool:
        """Tell whether any pod of another namespace reaches a pod of ours."""
        return self._open(target, "Ingress", port, {"kubernetes.io/metadata.name": namespace}, {})

    def leaves(self, source: str) -> set[int]:
        """Return the ports at which a pod reaches addresses outside the cluster."""
        found = set()
        for rule in self._rules(source, "Egress"):
            for block in (peer["ipBlock"] for peer in rule["to"] if "ipBlock" in peer):
                assert "169.254.0.0/16" in block["except"], f"{source} reaches {CLOUD}"
                found |= {p["port"] for p in rule["ports"]}
        return found


@pytest.fixture
def network(manifests: Manifests) -> Network:
    """The policies of each overlay in turn."""
    return Network(manifests)


def test_what_is_not_allowed_is_refused(manifests: Manifests) -> None:
    spec = manifests.kind("NetworkPolicy")["deny-all"]["spec"]
    assert spec == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_the_gateway_and_the_console_take_traffic_each_from_its_ingress(manifests: Manifests, network: Network) -> None:
    inside = {"dev": "ingress-nginx", "production": "ingress-nginx-internal"}[manifests.overlay]
    both = ["console", "gateway"] if inside == "ingress-nginx" else ["gateway"]
    assert sorted(pod for pod in network.pods if network.enters("ingress-nginx", pod)) == both
    assert "console" in [pod for pod in network.pods if network.enters(inside, pod)]
    assert [pod for pod in network.pods if network.enters("another-application", pod)] == []


def test_prometheus_reads_the_metrics_and_nothing_else(network: Network) -> None:
    measured = {*SERVICES, "gateway", "console", "worker"}
    assert {pod for pod in network.pods if network.enters("monitoring", pod, 9000)} == measured
    assert not [pod for pod in network.pods if network.enters("monitoring", pod, 8000)]
    assert not [pod for pod in network.pods if network.enters("ingress-nginx", pod, 9000)]


def test_services_are_called_by_the_gateway_the_console_each_other_and_the_worker(network: Network) -> None:
    for service in SERVICES:
        callers = {pod for pod in network.pods if network.connects(pod, service, 8000)}
        assert callers == {*SERVICES, "gateway", "console", "worker"}, service
    for target in ("gateway", "console", "worker", "migrate"):
        assert not [pod for pod in network.pods if network.connects(pod, target, 8000)], target


def test_the_database_is_reached_by_our_processes_only(network: Network) -> None:
    callers = {pod for pod in network.pods if network.connects(pod, "db", 5432)}
    assert callers - {"db"} == {*SERVICES, "gateway", "console", "worker", "migrate"}
    assert not network.enters("another-application", "db", 5432)
    assert not network.enters("ingress-nginx", "db", 5432)


def test_every_pod_finds_names(network: Network) -> None:
    dns = {"kubernetes.io/metadata.name": "kube-system"}
    for pod in network.pods:
        assert network._open(pod, "Egress", 53, dns, {"k8s-app": "kube-dns"}), pod


def test_only_those_with_business_outside_leave_the_cluster(manifests: Manifests, network: Network) -> None:
    leaving = {pod: network.leaves(pod) for pod in network.pods if pod != "db"}
    webhooks = ["worker", "notificaties"]
    external = ["zaken", "documenten", "besluiten", "catalogi"]
    assert {pod for pod, ports in leaving.items() if ports} == {*webhooks, *external}
    assert set().union(*leaving.values()) == {443}
    assert not leaving["gateway"]
    assert not leaving["console"]
    assert not leaving["migrate"]
    assert not leaving["autorisaties"]
    storage = manifests.kind("NetworkPolicy").get("documents-to-s3")
    assert (storage is not None) == (manifests.overlay == "production")
    if storage is not None:
        selector = storage["spec"]["podSelector"]
        assert [pod for pod, labels in network.pods.items() if selects(selector, labels)] == ["documenten", "worker"]


def test_the_gateway_reaches_providers_where_an_overlay_says_so(manifests: Manifests) -> None:
    policy = yaml.safe_load((ROOT / "k8s/components/providers/outgoing.yaml").read_text())
    network = Network(manifests)
    network.policies.append(policy["spec"])
    assert network.leaves("gateway") == {443}
    assert not network.leaves("autorisaties")
    kubernetes_validate.validate(policy, "1.32", strict=True)


def test_the_operator_reaches_its_database(production: Manifests) -> None:
    network = Network(production)
    assert network.enters("cnpg-system", "db", 8000)
    assert network.connects("db", "db", 5432)
    assert network.leaves("db") == {443, 6443, 9090}
