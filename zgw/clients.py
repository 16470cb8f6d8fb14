"""The clients that call, as the Autorisaties service knows them."""

import logging
import time
from urllib.parse import quote

import httpx

from runtime.cache import HeardCache
from runtime.identity import Caller
from runtime.internal import Internal
from runtime.problems import Problem
from runtime.signals import Signals
from zgw.rights import Applicatie
from zgw.roles import of_role

log = logging.getLogger("samenzaak.clients")

MOST = 1_000
"""Most clients of one municipality that are remembered, of either kind."""
CHANGED = "samenzaak_autorisaties"
"""The signal that an Applicatie changed."""
AGAIN = 1.0
"""Seconds for which what was asked for again about a type holds."""
MOST_ASKED = 100
"""Types about which that is remembered of a client."""
TYPES = "samenzaak_types"
"""The signal that there are other versions of types than before: what rights that follow types give may differ."""


class Clients:
    """What one service knows of the clients that call it."""

    def __init__(self, internal: Internal, signals: Signals) -> None:
        self._internal = internal
        self._applicaties: HeardCache[tuple[str, str], Applicatie] = HeardCache(MOST, signals, CHANGED)
        self._following: HeardCache[tuple[str, str], Applicatie] = HeardCache(MOST, signals, CHANGED, TYPES)
        """Those whose rights follow types: apart, so that a new version leaves what is known of the others."""

    def forget(self, tenant: str) -> None:
        """Forget what is known of a municipality; of all of them when ``tenant`` is ``""``."""
        self._applicaties.drop(tenant)
        self._following.drop(tenant)

    async def applicatie(self, caller: Caller) -> Applicatie | None:
        """Return the Applicatie of the calling client, or None; raise 403 ``not_authenticated_for_ac``. A person in the
        console has one that follows from the role.

        A copy is used only while changes are being heard, so that a change, or a new version of a type that its rights
        follow, counts from the next request on.
        """
        if caller.role:
            return of_role(caller.role)
        key = (caller.client_id, caller.canonical_base)
        for cache in (self._applicaties, self._following):
            if (known := cache.get(caller.tenant, key)) is not None:
                return known
        return await self._asked(caller, key)

    async def again(self, caller: Caller, known: Applicatie, about: str) -> Applicatie | None:
        """Return the Applicatie as it is now, before something about a type is refused: this process may not have heard
        yet that there is another version. Asked for at most once a second for each client and type; None when there is
        no such Applicatie any more.
        """
        now = time.monotonic()
        if now - known.asked.get(about, -AGAIN) < AGAIN:
            return known
        found = await self._asked(caller, (caller.client_id, caller.canonical_base))
        if found is not None:
            recent = [(name, when) for name, when in known.asked.items() if now - when < AGAIN]
            found.asked = {**dict(recent[-MOST_ASKED:]), about: now}
        return found

    async def _asked(self, caller: Caller, key: tuple[str, str]) -> Applicatie | None:
        before = self._applicaties.changes, self._following.changes
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
        if found.follows:
            self._following.keep(caller.tenant, key, found, before[1])
        else:
            self._applicaties.keep(caller.tenant, key, found, before[0])
        return found
