"""What the reading log keeps of filters: all that was asked for, but of what may be the number of a person its hash.

The hash has a key of the municipality, so that whoever has a number can find who searched for it, and the log by itself
tells none: there are so few BSNs that a hash without a key could be tried out.
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, NamedTuple

import orjson

from runtime.redaction import masked

PURPOSE = "reading-log"
"""The purpose of the key of the installation that those of municipalities are made of."""
LENGTH = 200
"""Characters that are kept of a value."""
MOST = 60
"""Filters that are kept."""
DEPTH = 4
"""How deep in a body numbers are looked for."""
NUMBERS = ("bsn", "a_nummer", "anpidentificatie", "innnnpid", "annidentificatie", "kvknummer", "identificator")
"""How the names of filters end, in small letters, that take the number of a person or a company."""
PAGING = frozenset(("page", "pageSize"))
PLAIN = ("applicatie",)
"""The filters of the reading log itself that never take one, however many digits there are in a name."""
HASH = "hmac:"


class Hidden(NamedTuple):
    """The filters as JSON, ``""`` without any, and the hashes in them."""

    text: str
    hashes: list[str]


def clean(text: str) -> str:
    """Return a text as PostgreSQL can keep it: without NUL, and without half of a character."""
    return text.encode(errors="replace").decode().replace("\0", "") if not text.isascii() else text.replace("\0", "")


def named(name: str) -> str:
    """Return the name of a filter as it is kept: clients choose those of a body."""
    return masked(clean(name))[:LENGTH]


class Hasher:
    """Hashes numbers for the municipalities of an installation. ``key`` gives the one of :data:`PURPOSE`, when that is
    needed first: a process that records nothing need not have it."""

    def __init__(self, key: Callable[[], bytes]) -> None:
        self._given = key

    @cached_property
    def _key(self) -> bytes:
        return self._given()

    def hash(self, tenant: str, number: str) -> str:
        """Return the hash of a number for one municipality: 32 hexadecimal digits."""
        own = hmac.digest(self._key, tenant.encode(), "sha256")
        return hmac.digest(own, number.encode(errors="replace"), hashlib.sha256).hex()[:32]

    def hidden(self, tenant: str, given: Mapping[str, Any]) -> Hidden:
        """Return what is kept of filters: ``{"inpBsn": "111222333"}`` becomes ``{"inpBsn": "hmac:…"}``."""
        hashes: list[str] = []

        def kept(name: str, value: Any, depth: int) -> Any:
            if isinstance(value, dict | list) and depth >= DEPTH:
                return masked(clean(str(value)[:LENGTH]))
            if isinstance(value, dict):
                return {
                    masked(clean(key))[:LENGTH]: kept(key, each, depth + 1) for key, each in list(value.items())[:MOST]
                }
            if isinstance(value, list):
                return [kept(name, each, depth + 1) for each in value[:MOST]]
            text = clean(str(value))
            # A coordinate has as many digits as a number of a person.
            if (
                text
                and name not in PLAIN
                and not isinstance(value, float)
                and (name.lower().endswith(NUMBERS) or masked(text) != text)
            ):
                hashes.append(self.hash(tenant, text.strip()))
                return HASH + hashes[-1]
            return text[:LENGTH]

        shown = {
            named(name): kept(name, value, 0)
            for name, value in list(given.items())[:MOST]
            if name not in PAGING and value not in (None, "")
        }
        return Hidden(orjson.dumps(shown).decode() if shown else "", hashes)
