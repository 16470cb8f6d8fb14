"""Kanalen, abonnementen and messages."""

import uuid
from typing import Any

from tests.notificaties.webhooks import AUTH, Webhook
from tests.stack import Client

ROOT = "/notificaties/api/v1"
KANAAL = f"{ROOT}/kanaal"
ABONNEMENT = f"{ROOT}/abonnement"
BERICHTEN = f"{ROOT}/notificaties"
ZAAKTYPE = "/catalogi/api/v1/zaaktypen/0b3d6e7e-9d7c-4a53-a0f5-2f0d4f0d9f3c"
OBJECT = "https://elders.test/api/v1/dingen/1"


def naam() -> str:
    """Return a name that no other test uses."""
    return f"k-{uuid.uuid4()}"


def abonnement(webhook: Webhook, *kanalen: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return an abonnement at this webhook."""
    return {"callbackUrl": webhook.url, "auth": AUTH, "kanalen": list(kanalen), **changes}


def bericht(kanaal: str, /, **changes: Any) -> dict[str, Any]:
    """Return a message."""
    message = {
        "kanaal": kanaal,
        "hoofdObject": OBJECT,
        "resource": "ding",
        "resourceUrl": OBJECT,
        "actie": "create",
        "aanmaakdatum": "2026-03-02T09:14:03.120000Z",
        "kenmerken": {},
    }
    return {**message, **changes}


async def kanaal_with(api: Client, *filters: str) -> str:
    """Make a kanaal, and return its name."""
    found: str = (await api.created(f"{ROOT}/kanaal", {"naam": naam(), "filters": list(filters)}))["naam"]
    return found
