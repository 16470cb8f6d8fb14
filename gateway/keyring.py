"""The keys of the providers, fetched and kept fresh: a key that a provider takes back is refused within a bound, and no
flood of tokens makes us ask it more often.

Verifying a token never waits and never fetches. Where keys are needed that are not here it raises :class:`KeysNeeded`,
and whoever has the request waits for :meth:`Keyring.fetch` and verifies again. ``docs/adr/0018-keys-of-providers.md``
has the reasons, and why this is not PyJWT's own client.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.keys import FetchedKey, choose_fetched
from gateway.provider import FAILURES, Provider, Source
from gateway.snapshot import Proof
from runtime.problems import Problem

log = logging.getLogger("samenzaak.gateway")

RETRY_SECONDS = 10.0
"""How long a provider that did not answer is left alone."""

UNKNOWN_SECONDS = 10.0
"""How often a provider is asked because of tokens with a key that it does not have, whoever made those up."""

MOST_WAITING = 100
"""Most requests that wait for one provider in a process; further ones get 503 at once."""


@dataclass(slots=True, eq=False)
class TrustedKey:
    """A key of a provider with what remembers tokens that were signed with it: ``proof`` ends as soon as it is gone."""

    key: FetchedKey
    proof: Proof


@dataclass(slots=True, eq=False)
class KeySet:
    """The keys of one source, and when they are to be fetched again. Moments are those of ``time.monotonic()``."""

    source: Source
    keys: list[TrustedKey] = field(default_factory=list)
    fetched: float | None = None
    """When the last successful fetch began."""
    failing: bool = False
    retry: float = 0.0
    """When a provider that did not answer may be asked again."""
    unknown: float = 0.0
    """When it may be asked again because of a key that it does not have."""
    waiting: int = 0
    task: "asyncio.Task[None] | None" = None


class KeysNeeded(Exception):
    """A token can only be judged after the keys of its issuer were fetched."""

    def __init__(self, keys: KeySet) -> None:
        super().__init__(keys.source.iss)
        self.keys = keys


class Keyring:
    """The keys of all issuers that are fetched, in one process of the gateway."""

    def __init__(
        self, provider: Provider, fresh: float, stale: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """``fresh``: seconds after which keys are not used without asking again, as long as the provider answers;
        ``stale``: seconds that they are used while it does not."""
        self._provider = provider
        self._fresh, self._stale = fresh, max(fresh, stale)
        self._clock = clock
        self._sets: dict[Source, KeySet] = {}

    def key(self, source: Source, key_id: object, algorithm: str) -> TrustedKey | None:
        """Return the key that a token was to be signed with, or None when the provider has no such key.

        Raises KeysNeeded when only a fetch can tell; Problem 503 when the provider did not answer for too long.
        """
        found = self._sets.get(source) or self._sets.setdefault(source, KeySet(source))
        now = self._clock()
        age = now - found.fetched if found.fetched is not None else float("inf")
        if age >= self._fresh and not (found.failing and age < self._stale):
            if found.failing and now < found.retry:
                raise keys_unavailable()
            raise KeysNeeded(found)
        if age >= self._fresh / 2 and now >= found.retry:
            # Before it has to: then no request waits.
            self._start(found)
        chosen = choose_fetched([trusted.key for trusted in found.keys], key_id, algorithm)
        if chosen is None:
            if now >= max(found.unknown, found.retry):
                found.unknown = now + UNKNOWN_SECONDS
                raise KeysNeeded(found)
            return None
        return next(trusted for trusted in found.keys if trusted.key is chosen)

    def ages(self) -> list[tuple[str, float | None, bool]]:
        """Return of each issuer the age of its keys in seconds (None: never fetched), and whether fetching fails."""
        now = self._clock()
        return [
            (found.source.iss, None if found.fetched is None else now - found.fetched, found.failing)
            for found in self._sets.values()
        ]

    async def fetch(self, keys: KeySet) -> None:
        """Wait until the keys were fetched, or could not be. Raises Problem 503 when too many wait already."""
        if keys.waiting >= MOST_WAITING:
            raise keys_unavailable()
        keys.waiting += 1
        try:
            # The task goes on when this request is cancelled: others wait for it too.
            await asyncio.wait([self._start(keys)])
        finally:
            keys.waiting -= 1

    def forget_others(self, sources: frozenset[Source]) -> None:
        """Forget the keys of all issuers but these."""
        for source in self._sets.keys() - sources:
            self._drop(self._sets.pop(source))

    async def stop(self) -> None:
        """Stop fetching, and close the connections."""
        tasks = [keys.task for keys in self._sets.values() if keys.task is not None]
        self.forget_others(frozenset())
        if tasks:
            await asyncio.wait(tasks)
        await self._provider.stop()

    def _drop(self, keys: KeySet) -> None:
        for trusted in keys.keys:
            trusted.proof.until = 0.0
        if keys.task is not None:
            keys.task.cancel()

    def _start(self, keys: KeySet) -> "asyncio.Task[None]":
        if keys.task is None or keys.task.done():
            keys.task = asyncio.get_running_loop().create_task(self._fetch(keys))
        return keys.task

    async def _fetch(self, keys: KeySet) -> None:
        began = self._clock()
        try:
            found = await self._provider.keys(keys.source)
        except FAILURES as e:
            self._failed(keys, e)
        except Exception as e:
            # Whatever a provider makes a library raise: the next attempt may do better.
            log.exception("the keys of issuer %s", keys.source.iss)
            self._failed(keys, e)
        else:
            self._succeeded(keys, found, began)

    def _failed(self, keys: KeySet, error: Exception) -> None:
        log.warning("the keys of issuer %s cannot be fetched: %s", keys.source.iss, str(error) or repr(error))
        now = self._clock()
        keys.failing, keys.retry = True, now + RETRY_SECONDS
        end = now if keys.fetched is None else min(keys.retry, keys.fetched + self._stale)
        for trusted in keys.keys:
            trusted.proof.until = max(trusted.proof.until, end)

    def _succeeded(self, keys: KeySet, found: list[FetchedKey], began: float) -> None:
        if keys.failing:
            log.info("the keys of issuer %s are fetched again", keys.source.iss)
        before = keys.keys
        keys.keys = [next((b for b in before if b.key == key), None) or TrustedKey(key, Proof()) for key in found]
        for gone in (trusted for trusted in before if trusted not in keys.keys):
            log.info("issuer %s took key %r back", keys.source.iss, gone.key.key_id)
            gone.proof.until = 0.0
        # A provider that takes longer to answer than keys are fresh is not asked again by the requests that waited.
        began = max(began, self._clock() - self._fresh / 2)
        keys.fetched, keys.failing, keys.retry = began, False, 0.0
        for trusted in keys.keys:
            # Remembered tokens are judged anew from here on, which begins the next fetch in time.
            trusted.proof.until = began + self._fresh / 2


def keys_unavailable() -> Problem:
    """Return the 503."""
    return Problem(
        503,
        "service_unavailable",
        "De sleutels van de uitgever van dit token kunnen nu niet worden opgehaald.",
        headers={"Retry-After": "5"},
        title="De dienst is tijdelijk niet bereikbaar.",
    )
