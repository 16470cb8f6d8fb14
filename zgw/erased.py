"""Municipalities that were erased while this process ran: no work from before may reach one that gets the name."""

import time
from contextvars import ContextVar

from zgw.problems import UnknownTenant

BEGAN: ContextVar[float] = ContextVar("began")
"""When the present request began, on the monotonic clock. Background work has none: it reads everything anew."""


class Erased:
    """The moments of the erasures that were heard of."""

    def __init__(self) -> None:
        self._moments: dict[str, float] = {}

    def add(self, tenant: str) -> None:
        """Note that a municipality was erased now."""
        self._moments[tenant] = time.monotonic()

    def last(self, tenant: str) -> float:
        """Return when a municipality of this name was last erased, 0 for never; raise UnknownTenant when that was after
        the present request began."""
        moment = self._moments.get(tenant, 0.0)
        if moment and BEGAN.get(moment) < moment:
            raise UnknownTenant
        return moment

    def since(self, tenant: str, moment: float) -> bool:
        """Return whether a municipality of this name was erased after the erasure at ``moment``."""
        return self._moments.get(tenant, 0.0) != moment
