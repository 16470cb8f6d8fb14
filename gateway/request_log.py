"""The last requests of each client, for whoever builds it: what was asked, what came of it, and why it was refused.

A request is noted in memory as it ends, and written to the database a second later, many at a time. What is noted has
bounds, so that neither a busy client nor a stranger takes the place of others:

* in memory :data:`WAITING` of one client and kind, :data:`ALL_WAITING` in all, each of a few kilobytes
* in the database ``most`` of one client that were answered, as many that were refused, and a tenth of that which were
  refused by their token, for a day; the oldest go first
* of the last kind, which anybody can send who knows a client_id, a client has :data:`STRANGERS` a minute in a process

What a process has not written is lost when it is killed; all of it when PostgreSQL crashes.
"""

import asyncio
import base64
import logging
import random
import re
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import orjson

from gateway.asgi import Headers, Scope, header
from gateway.exchange import Exchange
from gateway.flow import Rate
from gateway.headers import authorization
from gateway.issuers import KINDS
from gateway.request_store import ANSWERED, FROM_STRANGERS, REFUSED, RequestStore
from gateway.shown_query import shown_path, shown_query
from gateway.snapshot import Snapshot
from runtime.faults import AWAY
from runtime.redaction import masked

log = logging.getLogger("samenzaak.gateway")

FLUSH_SECONDS = 1.0
TIDY_SECONDS = 300.0
TOLD_SECONDS = 60.0
"""How often at most the log of the process tells of requests that were not noted."""
STOP_SECONDS = 3.0
WAITING = 500
ALL_WAITING = 5_000
BATCH = 500
"""Requests that are written by one statement."""
STRANGERS = 60
PATH_LENGTH = 200
LOOKED_AT = 2 * 1024
"""Bytes of a path, and of a query, that are looked at: a client can send more than is kept of it."""
TRACE_LENGTH = 55
TEXT_LENGTH = 500
PARAMS = 20
"""Entries of ``invalidParams`` that are kept of one request."""
CLAIMS = 8 * 1024
"""Longest token that is looked at for the client it names."""
ANY_CLIENT = tuple(dict.fromkeys(name for kind in KINDS.values() for name in kind.client_claims))
"""The claims that may name the client in a token of an issuer that is not known."""

_TRACE = re.compile(rb"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")

Key = tuple[str, str, int]
"""Municipality, client and kind."""


@dataclass(frozen=True, slots=True)
class Noted:
    """One request as it was noted. ``moment`` is when it began, in seconds since 1970; status 0: nothing was answered
    before the client left."""

    moment: float
    seconds: float
    method: str
    path: bytes
    query: bytes
    status: int
    request_id: str
    trace: bytes
    refusal: dict[str, Any] | None


class RequestLog:
    """The log of one process of the gateway. ``most`` 0: nothing is noted."""

    def __init__(self, store: RequestStore, most: int) -> None:
        self.store = store
        self.most = most
        self._waiting: dict[Key, deque[Noted]] = {}
        self._number = 0
        self._lost = 0
        self._written: dict[Key, int] = {}
        self._told = 0.0
        self._strangers = Rate(STRANGERS / 60)
        self._strangers.size = float(STRANGERS)
        self._task: asyncio.Task[None] | None = None
        self._ending = asyncio.Event()
        self._writing = asyncio.Lock()

    def start(self) -> None:
        """Begin to write what is noted, and to remove what is old: also what was noted before it was turned off."""
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Write what is left, unless that takes long, and close the connections."""
        if self._task is not None:
            self._ending.set()
            with suppress(TimeoutError):
                async with asyncio.timeout(STOP_SECONDS):
                    await self._task
            self._task = None
        await self.store.stop()

    def note(self, exchange: Exchange, scope: Scope, path: bytes, seconds: float) -> None:
        """Note a request of the client that the gateway found to be its caller."""
        refused = exchange.status >= 400
        self._add(
            (exchange.tenant, exchange.client_id, REFUSED if refused else ANSWERED), exchange, scope, path, seconds
        )

    def note_stranger(
        self, snapshot: Snapshot, host_tenant: str, exchange: Exchange, scope: Scope, path: bytes, seconds: float
    ) -> None:
        """Note a request that was refused before anybody knew who sent it, with the client that its token names; not
        when there is no such client, or one at several municipalities."""
        if not self.most or (found := claimed(snapshot, host_tenant, scope["headers"])) is None:
            return
        if self._strangers.wait(found):
            self._lost += 1
            return
        self._strangers.take(found)
        self._add((*found, FROM_STRANGERS), exchange, scope, path, seconds)

    def _add(self, key: Key, exchange: Exchange, scope: Scope, path: bytes, seconds: float) -> None:
        if not self.most or self._task is None:
            return
        if (waiting := self._waiting.get(key)) is None:
            waiting = self._waiting[key] = deque()
        if waiting and (len(waiting) >= WAITING or self._number >= ALL_WAITING):
            waiting.popleft()
            self._number -= 1
            self._lost += 1
        elif self._number >= ALL_WAITING:
            self._lost += 1
            return
        self._number += 1
        waiting.append(
            Noted(
                time.time() - seconds,
                seconds,
                scope["method"],
                path[:LOOKED_AT],
                _beginning(scope["query_string"]),
                exchange.status,
                exchange.request_id,
                (header(scope["headers"], b"traceparent") or b"")[: TRACE_LENGTH + 1],
                None if exchange.status < 400 else refusal_of(exchange.problem, exchange.by_gateway),
            )
        )

    async def flush(self) -> None:
        """Write what was noted until now. What cannot be written is lost, and logged."""
        async with self._writing:
            waiting, self._waiting, self._number = self._waiting, {}, 0
            entries = [(key, noted) for key, several in waiting.items() for noted in several]
            for begin in range(0, len(entries), BATCH):
                batch = entries[begin : begin + BATCH]
                try:
                    await self.store.add([row_of(key, noted) for key, noted in batch])
                except AWAY as e:
                    self._lost += len(entries) - begin
                    log.warning("requests cannot be written to the log of clients: %r", e)
                    break
            for key, several in waiting.items():
                self._written[key] = self._written.get(key, 0) + len(several)
            if self._lost and time.monotonic() - self._told > TOLD_SECONDS:
                log.info("%d requests are not in the log of their clients", self._lost)
                self._lost, self._told = 0, time.monotonic()
            await self._shorten()

    def bound_of(self, kind: int) -> int:
        """Return how many requests of a kind are kept of one client."""
        return max(self.most // 10, 1) if kind == FROM_STRANGERS else self.most

    async def _shorten(self) -> None:
        """Remove the oldest of whoever has written a tenth of the bound since that was last done."""
        for key in [key for key, number in self._written.items() if number * 10 >= self.bound_of(key[2])]:
            del self._written[key]
            with suppress(*AWAY):
                await self.store.shorten(*key, self.bound_of(key[2]))

    async def _run(self) -> None:
        # Processes that start together do not tidy together.
        tidied = time.monotonic() - TIDY_SECONDS * random.random()  # noqa: S311
        ending = False
        while not ending:
            with suppress(TimeoutError):
                async with asyncio.timeout(FLUSH_SECONDS):
                    ending = await self._ending.wait()
            try:
                if self._waiting:
                    await self.flush()
                if time.monotonic() - tidied >= TIDY_SECONDS:
                    tidied = time.monotonic()
                    with suppress(*AWAY):
                        await self.store.remove_old()
            except Exception:
                # Nobody who is served may notice a mistake in here.
                log.exception("the log of requests failed")


def _beginning(query: bytes) -> bytes:
    """Return what is looked at of a query: whole parameters, because a part of a value may look like another one."""
    return query if len(query) <= LOOKED_AT else query[:LOOKED_AT].rpartition(b"&")[0] + b"&***"


def row_of(key: Key, noted: Noted) -> Sequence[Any]:
    """Return the columns of a request as they are stored, without anything that may be a BSN."""
    path = shown_path(noted.path)[:PATH_LENGTH]
    trace = _TRACE.fullmatch(noted.trace)
    refusal = noted.refusal or {}
    return (
        noted.moment,
        *key,
        masked(noted.method)[:20],
        path,
        shown_query(noted.query),
        noted.status,
        noted.seconds * 1000,
        masked(noted.request_id),
        trace[1].decode() if trace else None,
        refusal.get("code"),
        refusal.get("instance"),
        orjson.dumps(refusal).decode() if refusal else None,
    )


def refusal_of(body: bytes | None, by_gateway: bool) -> dict[str, Any]:
    """Return what is kept of the body of an error: its code, title, detail and ``instance``, and the name and the code
    of each of its parameters. Their reasons may repeat what was sent; the code says the same."""
    kept: dict[str, Any] = {"byGateway": by_gateway}
    try:
        told = orjson.loads(body or b"")
    except orjson.JSONDecodeError:
        # An answer to HEAD has none, and one of many errors may have been too long.
        return kept
    if not isinstance(told, dict):
        return kept
    for name in ("code", "title", "detail", "instance"):
        if isinstance(text := told.get(name), str) and text:
            kept[name] = _clean(text)[:TEXT_LENGTH]
    params = told.get("invalidParams")
    if isinstance(params, list):
        pairs = ((str(p.get("name")), str(p.get("code"))) for p in params[:PARAMS] if isinstance(p, dict))
        kept["params"] = [[_clean(name)[:100], _clean(code)[:60]] for name, code in pairs]
    return kept


def _clean(text: str) -> str:
    # PostgreSQL keeps no NUL in JSON.
    return masked(text).replace("\0", "")


def claimed(snapshot: Snapshot, host_tenant: str, headers: Headers) -> tuple[str, str] | None:
    """Return the municipality and the client that a token names, whoever made it; None unless exactly one
    municipality, that of the host name where it has one, has such a client."""
    token = authorization(headers)
    if token is None or token[:7].lower() != b"bearer " or len(token) > CLAIMS:
        return None
    try:
        payload = token.split(b".")[1]
        claims = orjson.loads(base64.urlsafe_b64decode(payload + b"=="))
    except (IndexError, TypeError, ValueError):
        return None
    found = _named(snapshot, host_tenant, claims) if isinstance(claims, dict) else set()
    return found.pop() if len(found) == 1 else None


def _named(snapshot: Snapshot, host_tenant: str, claims: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Return the clients that claims name: of an issuer in the claims that it has for that, at its municipalities."""
    iss = claims.get("iss")
    issuers = snapshot.issuers_named(iss, host_tenant) if isinstance(iss, str) else []
    names = [(issuer.tenant, issuer.client_claims) for issuer in issuers]
    # A token of an issuer whose name is wrong too: the claims that providers have for the client.
    names = names or [(tenant, ANY_CLIENT) for tenant in ((host_tenant,) if host_tenant else snapshot.tenants)]
    given = ((tenant, next((claims[n] for n in of if claims.get(n) is not None), None)) for tenant, of in names)
    return {(tenant, one) for tenant, one in given if isinstance(one, str) and (tenant, one) in snapshot.clients}
