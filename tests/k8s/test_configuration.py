"""Settings, secrets, host names, the database and the storage of documents."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from beheer.health import LIVE, READY
from beheer.runner import PARTS
from console.database import CONNECTIONS as OF_CONSOLE
from gateway.pages import SECURITY
from gateway.request_store import CONNECTIONS
from oas.errors import PREFIX
from runtime.settings import Settings
from runtime.tenancy import SERVICES
from tests.k8s.conftest import Manifests


def references(found: Any) -> list[dict[str, str]]:
    """Return every secretKeyRef below an object."""
    if isinstance(found, dict):
        return [v for k, v in found.items() if k == "secretKeyRef"] + [r for v in found.values() for r in references(v)]
    return [r for v in found for r in references(v)] if isinstance(found, list) else []


def variable(container: dict[str, Any], name: str) -> dict[str, Any] | None:
    """Return an environment variable of a container."""
    return next((v for v in container.get("env", []) if v["name"] == name), None)


def configuration(manifests: Manifests) -> dict[str, Any]:
    """Return what `samenzaak apply` gets."""
    found: dict[str, Any] = yaml.safe_load(manifests.config("samenzaak-municipalities-")["samenzaak.yaml"])
    return found


def test_the_settings_are_settings(manifests: Manifests, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {**manifests.settings(), "SAMENZAAK_SECRET_KEY": "k" * 32}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    settings = Settings()
    known = {f"SAMENZAAK_{name.upper()}" for name in Settings.model_fields}
    assert {name for name in given if name.startswith("SAMENZAAK_")} <= known
    assert settings.trust_proxies
    assert settings.host == "0.0.0.0"
    assert settings.home == Path("/tmp/samenzaak")


def test_secrets_come_by_reference_only(manifests: Manifests) -> None:
    assert not manifests.kind("Secret")
    found = {(r["name"], r["key"]) for r in references(manifests.all)}
    wanted = {("samenzaak-key", "secret-key"), ("samenzaak-db-app", "uri")}
    wanted |= {(f"samenzaak-keys-{part}", "keys") for part in PARTS}
    if manifests.overlay == "dev":
        wanted |= {("samenzaak-db-app", "username"), ("samenzaak-db-app", "password")}
    else:
        wanted |= {("samenzaak-s3", "access-key-id"), ("samenzaak-s3", "secret-access-key")}
    assert found == wanted
    text = str(manifests.kind("ConfigMap")).lower()
    assert not any(word in text for word in ("password", "secret_key", "begin private", "secret:"))


def test_only_the_migrations_log_in_as_owner_of_the_database(manifests: Manifests) -> None:
    assert "@" not in manifests.settings()["SAMENZAAK_DATABASE_URL"]
    for name, container in manifests.containers():
        own = variable(container, "SAMENZAAK_DATABASE_URL")
        assert (own is not None) == name.startswith("samenzaak-migrate/"), name


def test_background_work_is_the_workers(manifests: Manifests) -> None:
    assert manifests.settings()["SAMENZAAK_BACKGROUND"] == "false"


def test_only_documenten_and_the_worker_have_the_login_of_the_object_store(production: Manifests) -> None:
    having = [name for name, container in production.containers() if variable(container, "AWS_SECRET_ACCESS_KEY")]
    assert having == ["samenzaak-documenten/samenzaak", "samenzaak-worker/samenzaak"]
    assert production.settings()["SAMENZAAK_STORAGE_URL"].startswith("s3://")


def test_the_ingress_has_a_host_for_each_municipality(manifests: Manifests) -> None:
    spec = manifests.kind("Ingress")["samenzaak"]["spec"]
    hosts = [rule["host"] for rule in spec["rules"]]
    of_municipalities = [host for m in configuration(manifests)["municipalities"].values() for host in m["hosts"]]
    shared = manifests.settings()["SAMENZAAK_PUBLIC_URL"].partition("://")[2]
    assert hosts == [shared, *of_municipalities]
    for rule in spec["rules"]:
        assert {path["backend"]["service"]["name"] for path in rule["http"]["paths"]} == {"samenzaak-gateway"}
    if manifests.overlay == "production":
        assert [host for tls in spec["tls"] for host in tls["hosts"]] == hosts
        assert len({tls["secretName"] for tls in spec["tls"]}) == len(hosts)


def test_the_console_has_a_host_of_its_own(manifests: Manifests) -> None:
    spec = manifests.kind("Ingress")["samenzaak-console"]["spec"]
    [rule] = spec["rules"]
    assert rule["host"] == manifests.settings()["SAMENZAAK_CONSOLE_PUBLIC_URL"].partition("://")[2]
    assert rule["host"] not in [one["host"] for one in manifests.kind("Ingress")["samenzaak"]["spec"]["rules"]]
    [path] = rule["http"]["paths"]
    assert (path["path"], path["backend"]["service"]["name"]) == ("/beheer", "samenzaak-console")
    if manifests.overlay == "production":
        assert spec["ingressClassName"] != manifests.kind("Ingress")["samenzaak"]["spec"]["ingressClassName"]
        assert [host for tls in spec["tls"] for host in tls["hosts"]] == [rule["host"]]


def let_through(path: str, paths: list[dict[str, Any]]) -> bool:
    """Return whether an Ingress with these paths lets one through (networking.k8s.io/v1: Prefix is by segment)."""
    for one in paths:
        prefix = one["path"].rstrip("/")
        if path == one["path"] or (one["pathType"] == "Prefix" and (path + "/").startswith(prefix + "/")):
            return True
    return False


def test_the_ingress_lets_through_what_clients_need_and_nothing_else(manifests: Manifests) -> None:
    for rule in manifests.kind("Ingress")["samenzaak"]["spec"]["rules"]:
        paths = rule["http"]["paths"]
        needed = ["/", SECURITY, f"{PREFIX}not_found", "/beheer/api/v1/verzoeken"]
        needed += [f"/{service}/api/v1{rest}" for service in SERVICES for rest in ("", "/docs", "/zaken/1")]
        assert not [path for path in needed if not let_through(path, paths)]
        hidden = ["/health", "/health/live", "/health/ready", LIVE, READY, "/_intern/objects/zaken", "/metrics", "/x"]
        hidden += [f"/{service}/_intern/health" for service in SERVICES]
        assert not [path for path in hidden if let_through(path, paths)]


def test_the_ingress_lets_documents_through(manifests: Manifests) -> None:
    annotations = manifests.kind("Ingress")["samenzaak"]["metadata"]["annotations"]
    size = annotations["nginx.ingress.kubernetes.io/proxy-body-size"]
    assert size == "4g"
    assert Settings.model_fields["chunk_size"].default == 4 * 1024**3
    assert annotations["nginx.ingress.kubernetes.io/proxy-request-buffering"] == "off"


def test_secrets_of_clients_are_files_that_the_job_mounts(manifests: Manifests) -> None:
    job = manifests.kind("Job")["samenzaak-migrate"]["spec"]["template"]["spec"]
    mounts = {m["name"]: m["mountPath"] for m in job["containers"][0]["volumeMounts"]}
    volume = next(v for v in job["volumes"] if v["name"] == "secrets")
    assert volume["secret"]["secretName"] == "samenzaak-clients"
    for municipality in configuration(manifests)["municipalities"].values():
        for client in [*municipality["clients"].values(), *municipality.get("externeApis", {}).values()]:
            assert Path(client["secretFile"]).parent == Path(mounts["secrets"])


def test_the_database_is_made_by_cloudnativepg_with_backups(production: Manifests) -> None:
    cluster = production.kind("Cluster")["samenzaak-db"]
    assert cluster["apiVersion"] == "postgresql.cnpg.io/v1"
    assert cluster["spec"]["instances"] == 3
    plugin = cluster["spec"]["plugins"][0]
    store = production.kind("ObjectStore")[plugin["parameters"]["barmanObjectName"]]
    assert plugin["isWALArchiver"] is True
    assert store["spec"]["retentionPolicy"] == "30d"
    backup = production.kind("ScheduledBackup")["samenzaak-db"]["spec"]
    assert backup["cluster"]["name"] == "samenzaak-db"
    assert backup["pluginConfiguration"]["name"] == plugin["name"]
    # The operator's cron has six fields, with the seconds first.
    assert len(backup["schedule"].split()) == 6
    initdb = cluster["spec"]["bootstrap"]["initdb"]
    url = urlsplit(production.settings()["SAMENZAAK_DATABASE_URL"])
    assert (url.hostname, url.path) == ("samenzaak-db-rw", f"/{initdb['database']}")


def test_connections_fit_in_the_database(production: Manifests) -> None:
    pool = int(production.settings()["SAMENZAAK_POOL_SIZE"])
    most = production.most()
    # During a rollout there is one pod more. Each process also listens for changes; the gateway does that, reads its
    # registry, and writes and reads the log of requests; the worker has a pool for each service.
    processes = [(most[f"samenzaak-{name}"] + 1) * (pool + 1) for name in SERVICES]
    gateway = (most["samenzaak-gateway"] + 1) * (2 + CONNECTIONS)
    worker = (most["samenzaak-worker"] + 1) * (pool * len(SERVICES) + 1)
    parameters = production.kind("Cluster")["samenzaak-db"]["spec"]["postgresql"]["parameters"]
    console = (most["samenzaak-console"] + 1) * (1 + OF_CONSOLE)
    assert sum(processes) + gateway + console + worker < int(parameters["max_connections"]) - 20


def test_every_connection_to_the_database_checks_its_certificate(production: Manifests) -> None:
    """In production, for the services and for the Job, whose URL is that of CloudNativePG and says nothing of it."""
    manifests = production
    settings = manifests.settings()
    assert settings["PGSSLMODE"] == "verify-full"
    assert "sslmode=verify-full" in settings["SAMENZAAK_DATABASE_URL"]
    folder, name = settings["PGSSLROOTCERT"].rsplit("/", 1)
    database = manifests.kind("Cluster")["samenzaak-db"]
    pods = [pod["spec"] for pod in manifests.pods().values()]
    assert len(pods) == len(SERVICES) + 4
    for pod in pods:
        volume = next(v for v in pod["volumes"] if v["name"] == "database-ca")
        assert volume["secret"]["secretName"] == f"{database['metadata']['name']}-ca"
        # The private key of the CA is in the same Secret.
        assert [(item["key"], item["path"]) for item in volume["secret"]["items"]] == [("ca.crt", name)]
        for container in (*pod["containers"], *pod.get("initContainers", ())):
            mount = next(m for m in container["volumeMounts"] if m["name"] == "database-ca")
            assert (mount["mountPath"], mount["readOnly"]) == (folder, True)
            assert any(source.get("configMapRef") for source in container["envFrom"])
