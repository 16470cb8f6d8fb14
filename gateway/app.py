"""The gateway: it verifies who calls, for which municipality, and hands the request to the service.

It is a plain ASGI app, because it is on the path of every request and does the same with each of them:

    gateway = create_gateway(settings, registry, {"zaken": zaken_app, ...})   # all in one process
    gateway = create_gateway(settings, registry, None)                        # services at settings.service_urls
    await gateway.start()
    ...
    await gateway.stop()
"""

import logging
import time
import uuid
from collections.abc import Callable, Mapping

import aiohttp

from gateway import access, cors
from gateway.addresses import Target, base_asked, find_service, find_target, is_served, split_host
from gateway.asgi import (
    ASGIApp,
    Receive,
    Scope,
    Send,
    header,
    host_of,
    rewritten,
    scheme_of,
    send_problem,
    without_body,
    without_content,
)
from gateway.asking import ASKED, asking
from gateway.callers import caller_of
from gateway.chores import Books
from gateway.config import MAX_URI, Config, from_settings
from gateway.exchange import Exchange
from gateway.flow import Flow, Rate
from gateway.headers import BASE_HEADER, authorization, cleaned
from gateway.keyring import Keyring, KeysNeeded, keys_unavailable
from gateway.known import Registry
from gateway.limits import Limited, Pace, check_announced
from gateway.own_api import OWN, is_console, is_own, own_target
from gateway.own_api import create as create_own_api
from gateway.own_inzage import EXPORT
from gateway.pages import Readiness, create_pages
from gateway.provider import Provider
from gateway.readers import Readers, Whole
from gateway.request_log import RequestLog
from gateway.request_store import RequestStore
from gateway.snapshot import Identity, Snapshot
from gateway.tokens import verify_token
from gateway.turns import Turns
from gateway.upstream import Upstream, new_session
from gateway.usage import UsageLog
from runtime.identity import CALLER_HEADER, DELIVERY, DENIED_HEADER, GATEWAY, sign, sign_denial
from runtime.problems import Problem
from runtime.recent import Recent
from runtime.settings import Settings
from runtime.tenancy import SERVICES

log = logging.getLogger("samenzaak.gateway")

FETCHES = 4
"""Most times that one request waits for the keys of a provider: at first, and for a key that is new there."""

_CALLER_HEADER, _DENIED_HEADER = CALLER_HEADER.encode(), DENIED_HEADER.encode()
_DELIVERY_HEADER = DELIVERY.encode()
_OF_A_BODY = frozenset((b"content-length", b"transfer-encoding", b"expect"))


def create_gateway(
    settings: Settings, registry: Registry, services: Mapping[str, ASGIApp] | None, console: ASGIApp | None = None
) -> "Gateway":
    """Return the gateway for the services in this process, or with None for those at ``settings.service_urls``; and for
    the console in this process, if that has it.

    Raises ValueError without its keys, and when a service is missing or unknown.
    """
    config = from_settings(settings)
    names = config.service_urls if services is None else services
    if set(names) != set(SERVICES):
        raise ValueError(f"the gateway needs the services {', '.join(SERVICES)}, not {', '.join(sorted(names))}")
    return Gateway(config, registry, services, console)


class Gateway:
    """The ASGI app. Either call :meth:`start` and :meth:`stop`, or let the server run its lifespan."""

    def __init__(
        self, config: Config, registry: Registry, services: Mapping[str, ASGIApp] | None, console: ASGIApp | None = None
    ) -> None:
        self.config = config
        self.registry = registry
        provider = Provider(config.connect_timeout, config.provider_timeout)
        self.keyring = Keyring(provider, config.keys_fresh, config.keys_stale)
        self.flow = Flow(
            Rate(config.client_rate),
            Rate(config.tenant_rate),
            Turns(config.tenant_concurrency, config.tenant_queue, config.queue_seconds),
            config.client_queue,
            config.queue_seconds,
        )
        self.readers = Readers(self.flow.turns)
        self.services: Mapping[str, ASGIApp] = services or {}
        self.observe: Callable[[str, str, str, int, float], None] | None = None
        """Gets service, municipality, method, status and seconds of each request, for metrics."""
        self.requests = RequestLog(RequestStore(registry.dsn), config.request_log_entries)
        self.usage = UsageLog(self.requests.store, config.time_zone)
        self._own_api = create_own_api(self.requests)
        self._console = console
        self._split = services is None
        self._session: aiohttp.ClientSession | None = None
        self._books = Books(registry)
        self._missing = Recent(Readiness(registry, self.services).missing)
        self._pages = create_pages(config, lambda: self._missing())

    async def missing(self) -> list[str]:
        """Return what cannot do its work now."""
        return await self._missing()

    async def start(self) -> None:
        """Open what the gateway needs; in the event loop that serves the requests."""
        if self._split and self._session is None:
            self._session = session = new_session(self.config.connect_timeout, self.config.service_timeout)
            self.services = {name: Upstream(url, session) for name, url in self.config.service_urls.items()}
            self._missing = Recent(Readiness(self.registry, self.services).missing)
            if self.config.console_url:
                self._console = Upstream(self.config.console_url, session)
        self.requests.start()
        self.usage.start()
        self._books.start()

    async def stop(self) -> None:
        """Close the connections to the services and to the database."""
        if self._session is not None:
            await self._session.close()
            self._session = None
        await self._books.stop()
        await self.keyring.stop()
        await self.usage.stop()
        await self.requests.stop()
        await self.registry.stop()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, whatever happens."""
        if scope["type"] == "http":
            await self._serve(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        path: bytes = scope.get("raw_path") or scope["path"].encode()
        exchange = Exchange(scope["headers"], send, scheme_of(scope, self.config.trust_proxies) == "https")
        head = scope["method"] == "HEAD"
        try:
            await self._route(scope, receive, path, exchange)
        except Problem as problem:
            instance = f"urn:uuid:{uuid.uuid4()}"
            log.info("%s: request %s refused: %s", instance, exchange.request_id, problem)
            exchange.denied = exchange.held_back = False
            exchange.by_gateway = True
            if exchange.status == 0:
                await send_problem(problem, exchange.answer, self.config.public_url, instance, head)
        except Exception:
            instance = f"urn:uuid:{uuid.uuid4()}"
            log.exception("%s: request %s failed", instance, exchange.request_id)
            exchange.denied = exchange.held_back = False
            exchange.by_gateway = True
            if exchange.status == 0:
                await send_problem(Problem(500, "error"), exchange.answer, self.config.public_url, instance, head)
        finally:
            seconds = time.perf_counter() - began
            self.usage.note(exchange, scope["method"], path)
            if exchange.service:
                self._note(exchange, scope, path, seconds)
            if self.observe is not None:
                self.observe(exchange.service, exchange.tenant, scope["method"], exchange.status, seconds)
            access.write(
                self.config.log_format,
                exchange.request_id,
                exchange.tenant,
                exchange.client_id,
                scope["method"],
                path,
                exchange.status,
                began,
            )

    def _note(self, exchange: Exchange, scope: Scope, path: bytes, seconds: float) -> None:
        """Note a request to a service for the client that sent it, or whose name a stranger used."""
        if exchange.client_id:
            self.requests.note(exchange, scope, path, seconds)
        elif exchange.status >= 400 and (snapshot := self.registry.fresh()) is not None:
            here = snapshot.by_host.get(split_host(host_of(scope))[0])
            self.requests.note_stranger(snapshot, here.name if here else "", exchange, scope, path, seconds)

    async def _route(self, scope: Scope, receive: Receive, path: bytes, exchange: Exchange) -> None:
        exchange.service = find_service(path)
        if max(len(scope["query_string"]), len(path)) > MAX_URI:
            raise Problem(414, "uri_too_long", f"De URL mag ten hoogste {MAX_URI} bytes lang zijn.")
        if scope["method"] == "POST" and header(scope["headers"], _DELIVERY_HEADER) is not None:
            raise Problem(508, "loop_detected")
        target = own_target(path) if is_own(path) else find_target(path)
        origin = header(scope["headers"], b"origin")
        if target is not None and target.public:
            if cors.is_preflight(scope["method"], scope["headers"]):
                await exchange.answer_preflight(cors.public_preflight_headers())
                return
            exchange.cors = cors.ANYBODY
        elif origin is not None and target is not None and await self._answer_origin(scope, origin, exchange):
            return
        if target is not None and target.is_root:
            # A check of the connection is not green where no municipality is.
            snapshot = self.registry.fresh() or await self.registry.current()
            if not is_served(snapshot, host_of(scope), self.config.public_url):
                raise Problem(404, "not_found", "Onder deze hostnaam is er geen API.")
        if target is None:
            exchange.by_gateway = True
            # By the path as it was sent: an encoded one is another.
            page = {**scope, "path": path.decode("latin-1"), "root_path": ""}
            answer = without_content(exchange.answer) if scope["method"] == "HEAD" else exchange.answer
            if self._console is not None and is_console(path):
                await self._ask_console(self._console, page, receive, exchange, answer)
            else:
                await self._pages(page, receive, answer)
        elif target.service == OWN:
            await self._answer_own(scope, receive, target, exchange)
        elif target.public:
            await self._forward_public(scope, receive, target, exchange)
        else:
            await self._forward(scope, receive, target, exchange)

    async def _ask_console(
        self, console: ASGIApp, scope: Scope, receive: Receive, exchange: Exchange, answer: Send
    ) -> None:
        inner = {**scope, "headers": cleaned(scope["headers"], exchange.request_id)}
        inner["scheme"] = scheme_of(scope, self.config.trust_proxies)
        key, whole = ("", "console"), Whole()
        async with self.flow.turns.turn(*key):
            await console(inner, receive, whole.send)
        await self.readers.hand_over(key, whole, scope, answer)

    async def _answer_origin(self, scope: Scope, origin: bytes, exchange: Exchange) -> bool:
        """Note whether a page of ``origin`` may read the answer; answer a preflight, and return whether it was one."""
        snapshot = self.registry.fresh() or await self.registry.current()
        here = snapshot.by_host.get(split_host(host_of(scope))[0])
        known = cors.allowed(snapshot, here, origin)
        if known:
            exchange.cors = cors.response_headers(origin)
        if not cors.is_preflight(scope["method"], scope["headers"]):
            return False
        await exchange.answer_preflight(cors.preflight_headers(origin) if known else [])
        return True

    async def _identify(self, scope: Scope, exchange: Exchange) -> tuple[Snapshot, Identity] | Problem:
        """Return the caller and the snapshot that it was found in; or the refusal of a stranger.

        Raises Problem 503 when the database cannot be read.
        """
        given = authorization(scope["headers"])
        for _ in range(FETCHES):
            snapshot = self.registry.fresh() or await self.registry.current()
            here = snapshot.by_host.get(split_host(host_of(scope))[0])
            try:
                identity = verify_token(snapshot, self.keyring, given, here.name if here else "", self.config)
            except KeysNeeded as needed:
                self.keyring.forget_others(snapshot.sources)
                await self.keyring.fetch(needed.keys)
            except Problem as refusal:
                if refusal.status != 403:
                    raise
                return refusal
            else:
                exchange.tenant, exchange.client_id = identity.tenant, identity.client_id
                exchange.user_id = identity.user_id
                return snapshot, identity
        raise keys_unavailable()

    async def _forward(self, scope: Scope, receive: Receive, target: Target, exchange: Exchange) -> None:
        found = await self._identify(scope, exchange)
        if not isinstance(found, Problem):
            known, identity = found
            limit = self.config.body_limit(target.service)
            check_announced(scope["headers"], limit)
            await self.flow.admit(identity.tenant, identity.client_id)
            async with self.flow.turns.turn(identity.tenant, identity.client_id):
                if self.registry.fresh() is not known:
                    # The client may have been removed while its request waited.
                    found = await self._identify(scope, exchange)
                if not isinstance(found, Problem):
                    inner = self._signed(scope, target, exchange, *found)
                    await self._pass(target.service, inner, receive, exchange, limit)
                    return
        exchange.tenant = exchange.client_id = ""
        await self._deny(scope, receive, target, found, exchange)

    async def _answer_own(self, scope: Scope, receive: Receive, target: Target, exchange: Exchange) -> None:
        """Answer from the API of the gateway itself."""
        forwarded = cleaned(scope["headers"], exchange.request_id)
        inner = rewritten(scope, target.path, forwarded, scheme_of(scope, self.config.trust_proxies))
        if target.public:
            inner["samenzaak.base"] = base = await self._public_base(scope)
            forwarded.append((BASE_HEADER, base.encode()))
            await self.readers.answer(("", "documentation"), self._own_api, inner, receive, exchange.answer)
            return
        if isinstance(found := await self._identify(scope, exchange), Problem):
            raise found
        snapshot, identity = found
        key, whole = (identity.tenant, identity.client_id), Whole()
        await self.flow.admit(*key)
        async with self.flow.turns.turn(*key):
            if self.registry.fresh() is not snapshot:
                # The client may have been removed while its request waited, and its name be that of another by now.
                if isinstance(found := await self._identify(scope, exchange), Problem):
                    raise found
                snapshot, identity = found
            public = self.config.public_url
            caller = caller_of(snapshot, identity, ASKED, host_of(scope), public, exchange)
            inner["samenzaak.identity"] = identity
            inner["samenzaak.base"], inner["samenzaak.caller"] = caller.base, caller
            inner["samenzaak.ask"] = asking(self.services[ASKED], caller, self.config.internal_keys[ASKED])
            if target.path == EXPORT:
                # As long as it is; a client that reads it slowly is held to the pace of all answers.
                await self._own_api(inner, without_body(receive), exchange.answer)
                return
            await self._own_api(inner, without_body(receive), whole.send)
        await self.readers.hand_over(key, whole, scope, exchange.answer)

    def _signed(
        self, scope: Scope, target: Target, exchange: Exchange, snapshot: Snapshot, identity: Identity
    ) -> Scope:
        """Return the request as the service gets it, with the token that tells who calls."""
        tenant = snapshot.tenants[identity.tenant]
        if exchange.cors and not cors.allowed(snapshot, tenant, header(scope["headers"], b"origin")):
            exchange.cors = []
        public, service = self.config.public_url, target.service
        caller = caller_of(snapshot, identity, service, host_of(scope), public, exchange)
        scope["samenzaak.caller"] = caller
        forwarded = cleaned(scope["headers"], exchange.request_id)
        forwarded.append((_CALLER_HEADER, sign(caller, GATEWAY, self.config.internal_keys[target.service]).encode()))
        return rewritten(scope, target.path, forwarded, scheme_of(scope, self.config.trust_proxies))

    async def _pass(self, service: str, scope: Scope, receive: Receive, exchange: Exchange, limit: int | None) -> None:
        pace = Pace(self.config.slowest_rate, self.config.slowest_window)
        limited = Limited(receive, exchange.answer, limit, self.config.body_timeout, pace)
        try:
            await self.services[service](scope, limited.receive, limited.send)
        except Exception:
            # The body was cut off at the limit: answer 413, not the failure that this caused in the service.
            if limited.exceeded is None:
                raise
        if limited.exceeded is not None:
            raise limited.exceeded

    async def _deny(self, scope: Scope, receive: Receive, target: Target, refusal: Problem, exchange: Exchange) -> None:
        """Let the service answer 404 or 405 before the refusal; the body of a stranger stays unread."""
        exchange.denied = True
        forwarded = [pair for pair in cleaned(scope["headers"], exchange.request_id) if pair[0] not in _OF_A_BODY]
        key = self.config.internal_keys[target.service]
        forwarded.append((_DENIED_HEADER, sign_denial(refusal, key).encode()))
        forwarded.append((BASE_HEADER, (await self._public_base(scope)).encode()))
        inner = rewritten(scope, target.path, forwarded, scheme_of(scope, self.config.trust_proxies))
        # Strangers wait for each other, and for none of the municipalities.
        await self.readers.answer(("", "refused"), self.services[target.service], inner, receive, exchange.answer)
        if exchange.held_back:
            raise refusal
        # The service only wrote it down; a 404 or 405 that it told instead is its own.
        exchange.by_gateway = exchange.status == refusal.status

    async def _forward_public(self, scope: Scope, receive: Receive, target: Target, exchange: Exchange) -> None:
        forwarded = [pair for pair in cleaned(scope["headers"], exchange.request_id) if pair[0] not in _OF_A_BODY]
        forwarded.append((BASE_HEADER, (await self._public_base(scope)).encode()))
        inner = rewritten(scope, target.path, forwarded, scheme_of(scope, self.config.trust_proxies))
        # Making a page may take long, and keeps nobody from the roots.
        key = ("", "root" if target.is_root else "documentation")
        await self.readers.answer(key, self.services[target.service], inner, receive, exchange.answer)

    async def _public_base(self, scope: Scope) -> str:
        try:
            snapshot: Snapshot = self.registry.fresh() or await self.registry.current()
        except Problem:
            # Documentation stays readable while the database is away.
            return self.config.public_url
        return base_asked(snapshot, host_of(scope), self.config.public_url)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await self.start()
                await send({"type": "lifespan.startup.complete"})
            else:
                await self.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return
