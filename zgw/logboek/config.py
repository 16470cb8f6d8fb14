"""What a municipality set about its logbook; without anything nothing is logged.

It is kept by Autorisaties, with its secrets encrypted, and asked by the other services, which keep a copy.
"""

import base64
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from runtime.cache import HeardCache
from runtime.identity import Caller
from runtime.internal import Internal
from runtime.outgoing import secret_box
from runtime.problems import Problem
from runtime.signals import Signals

log = logging.getLogger("samenzaak.logboek")

KEY_BYTES = 64
"""AES-256-SIV takes two keys of 256 bits."""


@dataclass(frozen=True, slots=True)
class Application:
    """What is set of an application: its processing activity, and the site of the organisation that it belongs to."""

    activiteit: str = ""
    site: str = ""


@dataclass(frozen=True)
class Logboek:
    """The logbook of one municipality.

    ``address`` is the root of the OTLP receiver; ``header`` and ``value`` what it asks for, if anything. ``system`` and
    ``oin`` say who logs. ``zaaktypen`` has the processing activity of each zaaktype by its identificatie,
    ``applicaties`` by client_id; ``activiteit`` is that of everything else.
    """

    address: str
    header: str
    value: str = field(repr=False)
    private: bool
    key: bytes = field(repr=False)
    system: str
    oin: str
    activiteit: str = ""
    zaaktypen: Mapping[str, str] = field(default_factory=dict)
    applicaties: Mapping[str, Application] = field(default_factory=dict)

    def encrypted(self, kind: str, number: str) -> str:
        """Return the number of a person as it is logged: the same for the same person, so that whoever has the key
        finds all its lines. ``kind`` is ``BSN`` and the like."""
        return base64.urlsafe_b64encode(AESSIV(self.key).encrypt(number.encode(), [kind.encode()])).decode()

    def decrypted(self, kind: str, text: str) -> str:
        """Return the number again; raise ValueError for what was encrypted with another key."""
        try:
            return AESSIV(self.key).decrypt(base64.urlsafe_b64decode(text), [kind.encode()]).decode()
        except Exception as e:
            raise ValueError("this is not encrypted with the key of the logbook") from e

    def activity(self, header: str, client_id: str, zaaktype: str) -> str:
        """Return the processing activity of an action: what the request says, else that of the application, else that
        of the zaaktype (its identificatie), else that of the municipality; ``""`` when nobody set one."""
        application = self.applicaties.get(client_id, Application())
        return header or application.activiteit or self.zaaktypen.get(zaaktype, "") or self.activiteit

    def site(self, client_id: str) -> str:
        """Return the site of the other organisation that an application belongs to; ``""`` for our own."""
        return self.applicaties.get(client_id, Application()).site


def logboek_of(told: Mapping[str, Any], box: Fernet) -> Logboek:
    """Return the logbook from what is stored of it; raise InvalidToken for another secret key."""
    applications = {name: Application(**each) for name, each in told["applicaties"].items()}
    return Logboek(
        told["address"],
        told["header"],
        box.decrypt(told["value"]).decode() if told["value"] else "",
        told["private"],
        base64.b64decode(box.decrypt(told["key"])),
        told["system"],
        told["oin"],
        told["activiteit"],
        told["zaaktypen"],
        applications,
    )


class Logboeken:
    """The logbooks of the municipalities, as one service asks for them."""

    def __init__(self, internal: Internal, signals: Signals) -> None:
        self._internal = internal
        self._known: HeardCache[None, tuple[Logboek | None]] = HeardCache(1, signals, "samenzaak_autorisaties")

    def forget(self, tenant: str) -> None:
        """Forget what is known of a municipality; of all of them when ``tenant`` is ``""``."""
        self._known.drop(tenant)

    def known(self, tenant: str) -> Logboek | None:
        """Return the logbook if it is known now, without asking."""
        found = self._known.get(tenant, None)
        return found[0] if found else None

    def may_log(self, tenant: str) -> bool:
        """Return whether a municipality has a logbook, or nobody has asked yet."""
        found = self._known.get(tenant, None)
        return found is None or found[0] is not None

    async def of(self, caller: Caller) -> Logboek | None:
        """Return the logbook of the municipality of ``caller``, or None when nothing is to be logged. Raises Problem
        503 when nobody can tell: nothing is done that may have to be logged."""
        if (found := self._known.get(caller.tenant, None)) is not None:
            return found[0]
        changes = self._known.changes
        try:
            me = caller.as_component(self._internal.service)
            response = await self._internal.send(me, "autorisaties", "GET", "/_intern/logboek")
        except httpx.HTTPError as e:
            raise _unknown() from e
        if response.status_code == 404:
            # Of the release before, which has none.
            return None
        if response.status_code != 200:
            raise _unknown()
        told = response.json()
        try:
            made = logboek_of(told, secret_box(self._internal.settings)) if told else None
        except InvalidToken as e:
            log.error("%s: the logbook cannot be read with the present secret key", caller.tenant)
            raise _unknown() from e
        self._known.keep(caller.tenant, None, (made,), changes)
        return made


def _unknown() -> Problem:
    detail = "Of deze verwerking moet worden vastgelegd is nu niet bekend."
    return Problem(503, "service_unavailable", detail, headers={"Retry-After": "5"})
