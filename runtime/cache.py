"""A cache with a bound: per tenant, so that one of them does not push out what is known of the others."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

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
