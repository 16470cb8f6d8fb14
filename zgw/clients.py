"""The clients that call, as the Autorisaties service knows them."""

import logging
from urllib.parse import quote

import httpx

from runtime.cache import HeardCache
from runtime.identity import Caller
from runtime.internal import Internal
from runtime.problems import Problem
from runtime.signals import Signals
from zgw.rights import Applicatie

log = logging.getLogger("samenzaak.clients")

MOST = 1_000
"""Most clients of one municipality that are remembered."""


class Clients:
    """What one service knows of the clients that call it."""

    def __init__(self, internal: Internal, signals: Signals) -> None:
        self._internal = internal
        self._applicaties: HeardCache[tuple[str, str], Applicatie] = HeardCache(MOST, signals, "samenzaak_autorisaties")

    def forget(self, tenant: str) -> None:
        """Forget what is known of a municipality; of all of them when ``tenant`` is ``""``."""
        self._applicaties.drop(tenant)

    async def applicatie(self, caller: Caller) -> Applicatie | None:
        """Return the Applicatie of the calling client, or None; raise 403 ``not_authenticated_for_ac``.

        A copy is used only while changes are being heard, so that a change counts from the next request on.
        """
        key = (caller.client_id, caller.canonical_base)
        if (known := self._applicaties.get(caller.tenant, key)) is not None:
            return known
        changes = self._applicaties.changes
        url = f"/_intern/client?clientId={quote(caller.client_id, safe='')}"
        try:
            response = await self._internal.send(
                caller.as_component(self._internal.service), "autorisaties", "GET", url
            )
        except httpx.HTTPError as e:
            log.error("autorisaties cannot be reached: %r", e)
            raise Problem(403, "not_authenticated_for_ac") from e
        if response.status_code == 404:
            return None
        if response.status_code != 200:
            raise Problem(403, "not_authenticated_for_ac")
        found = Applicatie(response.json(), caller.bases)
        self._applicaties.keep(caller.tenant, key, found, changes)
        return found
