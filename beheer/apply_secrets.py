"""The secrets of a client in the file of ``samenzaak apply``, beside those that it has."""

from collections.abc import Sequence
from datetime import datetime, time
from zoneinfo import ZoneInfo

from cryptography.fernet import Fernet

from beheer.configuration import Client
from gateway.registry import GivenSecret
from gateway.secrets import opened
from gateway.snapshot import Secret


def secrets_of_client(client: Client, time_zone: str) -> list[GivenSecret]:
    """Return the secrets that a file gives a client; one without a name keeps the one that it has."""
    if client.secrets is None:
        return [GivenSecret("", text) for text in client.texts()]
    zone = ZoneInfo(time_zone)
    return [
        GivenSecret(one.name, one.read(), datetime.combine(one.expires, time(), zone) if one.expires else None)
        for one in client.secrets
    ]


def secrets_between(known: Sequence[Secret], asked: Sequence[GivenSecret], box: Fernet, *, exactly: bool) -> list[str]:
    """Return what changes of the secrets of a client. Unless ``exactly``, one more than the file names may stay: an
    operator gave it beside that one."""
    by_text = {opened(secret, box): secret for secret in known}
    if not exactly and len(asked) == 1:
        return [] if asked[0].text in by_text else ["secret changed"]
    if not exactly:
        return ["secret changed"] if known else []
    found = []
    for secret in asked:
        same = by_text.pop(secret.text, None)
        if same is None:
            found.append(f"secret {secret.name} new")
        elif (same.name, same.expires) != (secret.name, secret.expires):
            end = f", expires {secret.expires:%Y-%m-%d}" if secret.expires else ""
            found.append(f"secret {same.name} -> {secret.name}{end}")
    return found + [f"secret {gone.name} revoked" for gone in by_text.values()]
