"""Who calls, as the gateway tells it to the services."""

from gateway.addresses import bases_for, own_bases
from gateway.exchange import Exchange
from gateway.snapshot import Identity, Snapshot, choice_of
from runtime.identity import Caller


def caller_of(
    snapshot: Snapshot, identity: Identity, service: str, host: str, public_url: str, exchange: Exchange
) -> Caller:
    """Return the caller of a request to ``service`` with this Host header."""
    tenant = snapshot.tenants[identity.tenant]
    client = snapshot.clients[identity.tenant, identity.client_id]
    return Caller(
        identity.tenant,
        identity.client_id,
        bases_for(snapshot, tenant, host, public_url),
        identity.user_id,
        identity.user_representation,
        exchange.request_id,
        hosts=tuple(snapshot.by_host) if service == "notificaties" else (),
        canonical=own_bases(tenant.hosts, public_url)[0],
        time_zone=tenant.time_zone,
        profiel=tenant.profiel,
        inzage=choice_of(tenant, client),
        activity=client.activity,
        trace=exchange.trace,
    )
