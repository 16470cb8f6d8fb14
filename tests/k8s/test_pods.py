"""How the pods run: which processes there are, what they may, and when they are there."""

from typing import Any

from beheer.health import LIVE, READY
from beheer.server import GRACE
from gateway.upstream import IDLE_SECONDS
from runtime.settings import Settings
from runtime.tenancy import SERVICES
from tests.k8s.conftest import Manifests

PROCESSES = {f"samenzaak-{name}" for name in (*SERVICES, "gateway", "console", "worker")}


def test_there_is_a_deployment_for_each_service_the_gateway_and_the_worker(manifests: Manifests) -> None:
    assert set(manifests.ours()) == PROCESSES
    for name, deployment in manifests.ours().items():
        component = name.removeprefix("samenzaak-")
        template = deployment["spec"]["template"]
        assert template["metadata"]["labels"]["app.kubernetes.io/component"] == component
        assert deployment["spec"]["selector"]["matchLabels"] == {"app.kubernetes.io/component": component}
        container = template["spec"]["containers"][0]
        assert container["command"] == ["python", "-m", "beheer.serve_service", "$(COMPONENT)"]
        source = next(v["valueFrom"] for v in container["env"] if v["name"] == "COMPONENT")
        assert source["fieldRef"]["fieldPath"] == "metadata.labels['app.kubernetes.io/component']"


def test_who_is_called_has_a_service_that_finds_its_pods(manifests: Manifests) -> None:
    found = manifests.kind("Service")
    for name in PROCESSES - {"samenzaak-worker"}:
        wanted = found[name]["spec"]["selector"]
        labels = manifests.ours()[name]["spec"]["template"]["metadata"]["labels"]
        assert wanted.items() <= labels.items()
        others = [o for other, o in manifests.pods().items() if other != name]
        assert not any(wanted.items() <= o["metadata"]["labels"].items() for o in others)
    assert "samenzaak-worker" not in found
    assert all(service["spec"].get("type", "ClusterIP") == "ClusterIP" for service in found.values())
    # It would put SAMENZAAK_PORT in the pods of others in the namespace.
    assert "samenzaak" not in found


def test_processes_find_each_other(manifests: Manifests) -> None:
    urls = dict(pair.split("=") for pair in manifests.settings()["SAMENZAAK_SERVICE_URLS"].split(","))
    assert set(urls) == set(SERVICES)
    for service, url in urls.items():
        port = manifests.kind("Service")[f"samenzaak-{service}"]["spec"]["ports"][0]["port"]
        assert url == f"http://samenzaak-{service}:{port}"
    settings, wanted = manifests.settings(), {"http": "SAMENZAAK_PORT", "metrics": "SAMENZAAK_METRICS_PORT"}
    for deployment in manifests.ours().values():
        ports = deployment["spec"]["template"]["spec"]["containers"][0]["ports"]
        assert {port["name"]: str(port["containerPort"]) for port in ports} == {
            n: settings[v] for n, v in wanted.items()
        }
        scraped = deployment["spec"]["template"]["metadata"]["annotations"]["prometheus.io/port"]
        assert scraped == settings["SAMENZAAK_METRICS_PORT"]


def test_every_pod_is_confined(manifests: Manifests) -> None:
    for name, pod in manifests.pods().items():
        spec = pod["spec"]
        assert spec["automountServiceAccountToken"] is False, name
        assert spec["enableServiceLinks"] is False, name
        context = spec["securityContext"]
        assert context["runAsNonRoot"] is True, name
        assert context["runAsUser"] > 0, name
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert not any(spec.get(key) for key in ("hostNetwork", "hostPID", "hostIPC")), name
        assert not any("hostPath" in volume for volume in spec.get("volumes", [])), name
    for name, container in manifests.containers():
        context = container["securityContext"]
        assert context["readOnlyRootFilesystem"] is True, name
        assert context["allowPrivilegeEscalation"] is False, name
        assert context["capabilities"] == {"drop": ["ALL"]}, name
        assert not context.get("privileged"), name


def test_every_container_asks_for_what_it_uses_and_is_held_to_it(manifests: Manifests) -> None:
    for name, container in manifests.containers():
        resources = container["resources"]
        assert set(resources["requests"]) == set(resources["limits"]) == {"cpu", "memory"}, name


def test_what_a_process_writes_is_limited(manifests: Manifests) -> None:
    for name, pod in manifests.pods().items():
        empty = [volume["emptyDir"] for volume in pod["spec"].get("volumes", []) if "emptyDir" in volume]
        assert all(volume.get("sizeLimit") for volume in empty), name


def test_every_long_running_container_has_three_probes(manifests: Manifests) -> None:
    for name, each in manifests.kind("Deployment", "StatefulSet").items():
        for container in each["spec"]["template"]["spec"]["containers"]:
            assert {"startupProbe", "livenessProbe", "readinessProbe"} <= set(container), name
    for name, deployment in manifests.ours().items():
        container = deployment["spec"]["template"]["spec"]["containers"][0]
        paths = {
            probe: container[probe]["httpGet"]["path"] for probe in ("startupProbe", "livenessProbe", "readinessProbe")
        }
        # A database that is away must not restart the processes, so only readiness asks for it.
        assert paths == {
            "startupProbe": LIVE, "livenessProbe": LIVE, "readinessProbe": READY,
        }, name  # fmt: skip


def test_a_rollout_loses_no_request(manifests: Manifests) -> None:
    for name, deployment in manifests.ours().items():
        template = deployment["spec"]["template"]["spec"]
        # It accepts for a while, waits until connections are idle, and lets requests end (beheer/server.py).
        drain = Settings.model_fields["drain_seconds"].default
        assert template["terminationGracePeriodSeconds"] > drain + IDLE_SECONDS + 1 + GRACE + 5, name
        assert deployment["spec"]["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}, name


def test_every_process_scales_and_survives_the_loss_of_a_node(production: Manifests) -> None:
    scalers = {
        s["spec"]["scaleTargetRef"]["name"]: s["spec"] for s in production.kind("HorizontalPodAutoscaler").values()
    }
    assert set(scalers) == PROCESSES
    budgets: list[Any] = [b["spec"] for b in production.kind("PodDisruptionBudget").values()]
    for name, deployment in production.ours().items():
        assert scalers[name]["minReplicas"] >= 2, name
        assert scalers[name]["metrics"][0]["resource"]["name"] == "cpu", name
        assert "replicas" not in deployment["spec"], name
        labels = deployment["spec"]["template"]["metadata"]["labels"]
        mine = [b for b in budgets if b["selector"]["matchLabels"].items() <= labels.items()]
        assert [b["maxUnavailable"] for b in mine] == [1], name
        spread = deployment["spec"]["template"]["spec"]["topologySpreadConstraints"]
        assert [s["topologyKey"] for s in spread] == ["kubernetes.io/hostname"], name


def test_accounts_have_no_token_and_no_role(manifests: Manifests) -> None:
    accounts = manifests.kind("ServiceAccount")
    assert all(account["automountServiceAccountToken"] is False for account in accounts.values())
    users = {
        name: pod["spec"].get("serviceAccountName") for name, pod in manifests.pods().items() if name != "samenzaak-db"
    }
    assert sorted(users.values()) == sorted(accounts)
    assert not manifests.kind("Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding")


def test_haven_no_shared_disks_and_nothing_of_the_whole_cluster(manifests: Manifests) -> None:
    claims = list(manifests.kind("PersistentVolumeClaim").values())
    for stateful in manifests.kind("StatefulSet").values():
        claims += stateful["spec"]["volumeClaimTemplates"]
    assert all(claim["spec"]["accessModes"] == ["ReadWriteOnce"] for claim in claims)
    everywhere = {"Namespace"}
    of_a_namespace = {o["kind"] for o in manifests.all if o["metadata"].get("namespace")}
    assert {o["kind"] for o in manifests.all} - of_a_namespace == everywhere
    namespace = next(iter(manifests.kind("Namespace").values()))
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def test_logs_are_json_on_standard_output(manifests: Manifests) -> None:
    assert manifests.settings()["SAMENZAAK_LOG_FORMAT"] == "json"


def test_the_migrations_run_before_the_rollout_and_only_there(manifests: Manifests) -> None:
    job = manifests.kind("Job")["samenzaak-migrate"]
    assert job["metadata"]["annotations"]["argocd.argoproj.io/hook"] == "PreSync"
    spec = job["spec"]["template"]["spec"]
    assert [c["command"] for c in spec["initContainers"]] == [["samenzaak", "migrate"]]
    assert [c["command"] for c in spec["containers"]] == [["samenzaak", "apply", "/config/samenzaak.yaml"]]
    assert not any("migrate" in str(d["spec"]["template"]["spec"]) for d in manifests.ours().values())
