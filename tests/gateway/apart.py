"""A gateway before services in other processes."""

from dataclasses import replace

from gateway.app import Gateway
from runtime.tenancy import SERVICES
from tests.gateway.conftest import World


def split(world: World, **urls: str) -> Gateway:
    """Return a gateway that finds each service at its URL, and the others nowhere."""
    everywhere = dict.fromkeys(SERVICES, "http://127.0.0.1:1")
    return Gateway(replace(world.gateway.config, service_urls={**everywhere, **urls}), world.registry, None)
