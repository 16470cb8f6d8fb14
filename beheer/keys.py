"""Which keys each part of Samenzaak has when it is a process of its own: its own and no others.

A service that is broken into then is one service: it cannot pass for another, or for a client, and cannot read what is
encrypted for others (``docs/adr/0011-a-key-for-each-pair.md``).
"""

from collections.abc import Iterator
from pathlib import Path

import yaml
from pydantic import SecretStr

from beheer.runner import PARTS, WORKER
from runtime.identity import CONSOLE, GATEWAY, purpose
from runtime.settings import PREFIX, Settings
from runtime.tenancy import SERVICES
from zgw.reading_log.hidden import PURPOSE

BOXES = {
    "client-secrets": (GATEWAY,),
    "console-accounts": (CONSOLE,),
    "console-forms": (CONSOLE,),
    "callback-auth": ("notificaties", WORKER),
    PURPOSE: ("zaken", "documenten", "besluiten", "autorisaties"),
    "external-secrets": ("zaken", "documenten", "besluiten", "catalogi", WORKER),
}
"""The kinds of values that are encrypted, hashed or signed, and the parts that do so; the commands need all."""


def purposes_of(part: str) -> list[str]:
    """Return the purposes for which a part needs keys: its logins, its tokens to others and theirs to it, its boxes."""
    names = SERVICES if part == WORKER else (part,)
    found = [f"database-role:{name}" for name in names]
    found += [purpose(name, callee) for name in names for callee in SERVICES]
    if part in SERVICES:
        found += [purpose(name, part) for name in (GATEWAY, CONSOLE, *SERVICES)]
    found += [box for box, parts in BOXES.items() if part in parts]
    return list(dict.fromkeys(found))


def check_keys(settings: Settings, part: str) -> None:
    """Raise ValueError, which names them, when keys of a part are missing."""
    # A service that was given its keys before there was a console works as it did.
    needed = [each for each in purposes_of(part) if part == CONSOLE or each != purpose(CONSOLE, part)]
    if missing := [each for each in needed if not settings.can_derive(each)]:
        raise ValueError(
            f"{PREFIX}KEYS of {part} has no key for {', '.join(missing)}; `samenzaak keys` makes what each pod needs"
        )


def keys_of(settings: Settings, part: str) -> dict[str, SecretStr]:
    """Return the keys of a part by their purpose, as ``SAMENZAAK_KEYS`` has them."""
    return {each: SecretStr(settings.derive(each).hex()) for each in purposes_of(part)}


def with_own_keys(settings: Settings, part: str) -> Settings:
    """Return the settings for the process of one part: with its own keys instead of the secret key."""
    return settings.model_copy(update={"secret_key": None, "keys": keys_of(settings, part)})


def secret_name(part: str) -> str:
    """Return the name of the Secret in Kubernetes that holds the keys of a part."""
    return f"samenzaak-keys-{part}"


def manifests(settings: Settings) -> Iterator[tuple[str, str]]:
    """Return (name, YAML) of a Secret for each part. Raises ValueError without the secret key."""
    if settings.secret_key is None:
        raise ValueError(f"the keys of the pods are derived from {PREFIX}SECRET_KEY: set it")
    for part in PARTS:
        pairs = ",".join(f"{each}={key.get_secret_value()}" for each, key in keys_of(settings, part).items())
        labels = {"app.kubernetes.io/part-of": "samenzaak", "app.kubernetes.io/component": part}
        secret = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": secret_name(part), "labels": labels},
            "type": "Opaque",
            "stringData": {"keys": pairs},
        }
        yield secret_name(part), yaml.safe_dump(secret, sort_keys=False, width=10**6)


def write_manifests(settings: Settings, folder: Path) -> list[Path]:
    """Write each Secret to a file of its own that only this user can read; return the files. Raises OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    written = []
    for name, text in manifests(settings):
        path = folder / f"{name}.yaml"
        # Remove an older file of this name first: its readers must not read the new keys.
        path.unlink(missing_ok=True)
        path.touch(mode=0o600)
        path.write_text(text)
        written.append(path)
    return written
