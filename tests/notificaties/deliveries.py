"""Messages in numbers, and what is left of them in the queues."""

from collections import defaultdict
from typing import Any
from uuid import UUID

from runtime.tenancy import schema_of
from services.notificaties.bericht import publish
from services.notificaties.delivery import Policy
from services.notificaties.matching import Bericht
from tests.notificaties.abonneren import ABONNEMENT, abonnement, bericht
from tests.notificaties.webhooks import Webhook
from tests.stack import PUBLIC, Client, Stack
from tests.waiting import until

FAILURES = Policy.failures


async def subscribed(api: Client, webhook: Webhook, *kanalen: str) -> str:
    """Make an abonnement on these kanalen, and return its URL."""
    made = await api.created(ABONNEMENT, abonnement(webhook, *({"naam": kanaal} for kanaal in kanalen)))
    url: str = made["url"]
    return url


def numbered(kanaal: str, ding: int, number: int) -> dict[str, Any]:
    """Return a message about a thing, with its number."""
    return bericht(kanaal, hoofdObject=f"{PUBLIC}/dingen/{ding}", resource=str(number))


async def published(stack: Stack, tenant: str, *messages: dict[str, Any]) -> None:
    """Publish many messages at once."""
    service = stack.standalone.services["notificaties"]
    await publish(service, tenant, [Bericht(message, (PUBLIC,)) for message in messages])


def per_thing(messages: list[dict[str, Any]]) -> dict[str, list[int]]:
    """Return the numbers that were received, by hoofdObject."""
    found = defaultdict(list)
    for message in messages:
        found[message["hoofdObject"]].append(int(message["resource"]))
    return found


async def left(stack: Stack, url: str) -> list[dict[str, Any]]:
    """Return the deliveries that an abonnement still has in the database."""
    async with stack.admin() as admin:
        schema = schema_of("deventer", "notificaties")
        sql = f'SELECT * FROM "{schema}".delivery WHERE abonnement = $1 ORDER BY id'
        return [dict(row) for row in await admin.fetch(sql, UUID(url.rpartition("/")[2]))]


async def until_none_left(stack: Stack, url: str) -> None:
    """Wait until all deliveries are written down as made."""

    async def ready() -> bool:
        return not await left(stack, url)

    await until(ready)
