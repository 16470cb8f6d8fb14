"""A cache with a bound: per tenant, so that one of them does not push out what is known of the others."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

from runtime.signals import Signals

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class TenantCache(Generic[K, V]):
    """At most ``most`` values of each municipality; the one that was used longest ago makes place.

    types: TenantCache[str, Type] = TenantCache(1000)
    types.put("deventer", path, found)
    types.get("deventer", path)
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._known: dict[str, OrderedDict[K, V]] = {}

    def get(self, tenant: str, key: K) -> V | None:
        """Return a value, or None when it is not known."""
        values = self._known.get(tenant)
        if values is None or (found := values.get(key)) is None:
            return None
        values.move_to_end(key)
        return found

    def put(self, tenant: str, key: K, value: V) -> None:
        """Remember a value."""
        values = self._known.setdefault(tenant, OrderedDict())
        values[key] = value
        values.move_to_end(key)
        if len(values) > self.most:
            values.popitem(last=False)

    def drop(self, tenant: str) -> None:
        """Forget what is known of a municipality; of all of them when ``tenant`` is ``""``."""
        if tenant:
            self._known.pop(tenant, None)
        else:
            self._known.clear()

    def __len__(self) -> int:
        return sum(len(values) for values in self._known.values())


class HeardCache(TenantCache[K, V]):
    """A cache of what another service told, dropped when that signals a change on any of ``channels``.

    Nothing is answered from it while signals are not heard. What was asked for before a change is not kept::

        if (found := cache.get(tenant, key)) is None:
            changes = cache.changes
            found = await ask()
            cache.keep(tenant, key, found, changes)
    """

    def __init__(self, most: int, signals: Signals, *channels: str) -> None:
        super().__init__(most)
        self._signals = signals
        self.changes = 0
        """How many changes were heard."""
        for channel in channels:
            signals.on(channel, self.drop)

    def get(self, tenant: str, key: K) -> V | None:
        """Return a value, or None when it is not known for certain."""
        return super().get(tenant, key) if self._signals.connected else None

    def keep(self, tenant: str, key: K, value: V, changes: int) -> None:
        """Remember what was asked for after so many changes."""
        if changes == self.changes:
            self.put(tenant, key, value)

    def drop(self, tenant: str) -> None:
        """Forget what is known of a municipality; of all of them when ``tenant`` is ``""``."""
        super().drop(tenant)
        self.changes += 1
