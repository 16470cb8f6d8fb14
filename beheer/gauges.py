"""What monitoring is told of a gateway beside its requests: how old the keys of providers are, and when secrets end."""

from collections.abc import Iterator
from datetime import UTC, datetime

from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from gateway.app import Gateway


def of_gateway(gateway: Gateway) -> Iterator[Metric]:
    """Return the gauges of a gateway, from what it has in memory."""
    age = GaugeMetricFamily(
        "samenzaak_issuer_keys_age_seconds",
        "Since the keys of a provider were last fetched; only of those whose tokens came.",
        labels=["issuer"],
    )
    failing = GaugeMetricFamily(
        "samenzaak_issuer_keys_failing", "1 while the last fetch of the keys failed.", labels=["issuer"]
    )
    for iss, seconds, fails in gateway.keyring.ages():
        if seconds is not None:
            age.add_metric([iss], seconds)
        failing.add_metric([iss], float(fails))
    yield age
    yield failing
    ends = GaugeMetricFamily(
        "samenzaak_secret_expiry_seconds",
        "Until a secret of a client ends; negative once it has. Only of secrets that end.",
        labels=["tenant", "client", "secret"],
    )
    now = datetime.now(UTC)
    if (snapshot := gateway.registry.known) is not None:
        for (tenant, client_id), client in snapshot.clients.items():
            for secret in client.secrets:
                if secret.expires is not None:
                    ends.add_metric([tenant, client_id, secret.name], (secret.expires - now).total_seconds())
    yield ends
