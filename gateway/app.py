"""The gateway: it verifies who calls, for which municipality, and hands the request to the service.

It is a plain ASGI app, because it is on the path of every request and does the same with each of them:

    gateway = create_gateway(settings, registry, {"zaken": zaken_app, ...})   # all in one process
    gateway = create_gateway(settings, registry, None)                        # services at settings.service_urls
    await gateway.start()
    ...
    await gateway.stop()
"""

import logging
import re
import time
import uuid
from collections.abc import Callable, Mapping

import aiohttp

from gateway import access, cors
from gateway.addresses import Target, bases_for, find_service, find_target, own_bases, split_host
from gateway.asgi import (
    ASGIApp,
    Headers,
    Message,
    Receive,
    Scope,
    Send,
    header,
    send_problem,
    without_body,
    without_content,
)
from gateway.config import MAX_URI, Config, from_settings
from gateway.flow import Flow, Rate
from gateway.headers import SECURE, SECURE_OVER_TLS, with_defaults
from gateway.limits import Limited, Pace, check_announced
from gateway.pages import Readiness, create_pages
from gateway.registry import Registry
from gateway.snapshot import Identity, Snapshot, Tenant
from gateway.tokens import verify_token
from gateway.turns import Turns
from gateway.upstream import Upstream, new_session
from runtime.identity import CALLER_HEADER, DELIVERY, DENIED_HEADER, GATEWAY, Caller, sign, sign_denial
from runtime.problems import Problem
from runtime.recent import Recent
from runtime.settings import Settings
from runtime.tenancy import SERVICES
from zgw.versions import VERSIONS

log = logging.getLogger("samenzaak.gateway")

BASE_HEADER = b"x-samenzaak-base"
"""Tells a service under which base URL its documentation is read, or a stranger is refused."""

PIECE = 64 * 1024
"""Bytes of an answer that are handed to the server at a time."""

_CALLER_HEADER = CALLER_HEADER.encode()
_DELIVERY_HEADER = DELIVERY.encode()
_DENIED_HEADER = DENIED_HEADER.encode()
_INTERNAL = (b"x-samenzaak-", b"x-forwarded-")
_REPLACED = frozenset((b"authorization", b"forwarded", b"x-request-id"))
_OF_A_BODY = frozenset((b"content-length", b"transfer-encoding", b"expect"))
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_VERSIONS: dict[str, Headers] = {service: [(b"api-version", version.encode())] for service, version in VERSIONS.items()}


def create_gateway(settings: Settings, registry: Registry, services: Mapping[str, ASGIApp] | None) -> "Gateway":
    """Return the gateway for the services in this process, or with None for those at ``settings.service_urls``.

    Raises ValueError without its keys, and when a service is missing or unknown.
    """
    config = from_settings(settings)
    names = config.service_urls if services is None else services
    if set(names) != set(SERVICES):
        raise ValueError(
            f"the gateway needs exactly the services {', '.join(SERVICES)}, not {', '.join(sorted(names))}"
        )
    return Gateway(config, registry, services)


class _Exchange:
    """One request: what is known of it so far, for the answer and for the access log."""

    __slots__ = (
        "client_id",
        "cors",
        "defaults",
        "denied",
        "held_back",
        "request_id",
        "send",
        "service",
        "status",
        "tenant",
    )

    def __init__(self, headers: Headers, send: Send, over_tls: bool) -> None:
        self.defaults = SECURE_OVER_TLS if over_tls else SECURE
        self.cors: Headers = []
        given = header(headers, b"x-request-id")
        self.request_id = given.decode() if given and _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        self.send = send
        self.status = 0
        self.service = ""
        self.tenant = ""
        self.client_id = ""
        self.denied = False
        self.held_back = False

    async def answer(self, message: Message) -> None:
        """The ``send`` of the service: pass every message on unchanged, with the request id added."""
        if message["type"] == "http.response.start":
            # A service must refuse what it gets without a caller. If it does not, that is a mistake in the service,
            # which must not become a way in.
            self.held_back = self.denied and message["status"] < 400
            if self.held_back:
                return
            self.status = message["status"]
            defaults = self.defaults + _VERSIONS.get(self.service, [])
            headers = with_defaults(message.get("headers", ()), defaults)
            headers.append((b"x-request-id", self.request_id.encode()))
            headers += self.cors
            message = {**message, "headers": headers}
        if self.held_back:
            return
        body = message.get("body", b"")
        if len(body) <= PIECE:
            await self.send(message)
            return
        # In pieces, because the server waits for a slow client between two of them; one large piece it would hold.
        for begin in range(0, len(body), PIECE):
            more = message.get("more_body", False) or begin + PIECE < len(body)
            await self.send({"type": message["type"], "body": body[begin : begin + PIECE], "more_body": more})


class Gateway:
    """The ASGI app. Either call :meth:`start` and :meth:`stop`, or let the server run its lifespan."""

    def __init__(self, config: Config, registry: Registry, services: Mapping[str, ASGIApp] | None) -> None:
        self.config = config
        self.registry = registry
        self.flow = Flow(
            Rate(config.client_rate),
            Rate(config.tenant_rate),
            Turns(config.tenant_concurrency, config.tenant_queue, config.queue_seconds),
            config.client_queue,
            config.queue_seconds,
        )
        self.services: Mapping[str, ASGIApp] = services or {}
        self.observe: Callable[[str, str, str, int, float], None] | None = None
        """Gets service, municipality, method, status and seconds of each request, for metrics."""
        self._split = services is None
        self._session: aiohttp.ClientSession | None = None
        self._missing = Recent(Readiness(registry, self.services).missing)
        self._pages = create_pages(config, lambda: self._missing())

    async def start(self) -> None:
        """Open what the gateway needs; in the event loop that serves the requests."""
        if self._split and self._session is None:
            self._session = session = new_session(self.config.connect_timeout, self.config.service_timeout)
            self.services = {name: Upstream(url, session) for name, url in self.config.service_urls.items()}
            self._missing = Recent(Readiness(self.registry, self.services).missing)

    async def stop(self) -> None:
        """Close the connections to the services and to the database."""
        if self._session is not None:
            await self._session.close()
            self._session = None
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
        exchange = _Exchange(scope["headers"], send, self._scheme(scope) == "https")
        head = scope["method"] == "HEAD"
        try:
            await self._route(scope, receive, path, exchange)
        except Problem as problem:
            instance = f"urn:uuid:{uuid.uuid4()}"
            log.info("%s: request %s refused: %s", instance, exchange.request_id, problem)
            exchange.denied = exchange.held_back = False
            if exchange.status == 0:
                await send_problem(problem, exchange.answer, self.config.public_url, instance, head)
        except Exception:
            instance = f"urn:uuid:{uuid.uuid4()}"
            log.exception("%s: request %s failed", instance, exchange.request_id)
            exchange.denied = exchange.held_back = False
            if exchange.status == 0:
                await send_problem(Problem(500, "error"), exchange.answer, self.config.public_url, instance, head)
        finally:
            if self.observe is not None:
                seconds = time.perf_counter() - began
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

    async def _route(self, scope: Scope, receive: Receive, path: bytes, exchange: _Exchange) -> None:
        exchange.service = find_service(path)
        if len(scope["query_string"]) > MAX_URI or len(path) > MAX_URI:
            raise Problem(414, "uri_too_long", f"De URL mag ten hoogste {MAX_URI} bytes lang zijn.")
        if scope["method"] == "POST" and header(scope["headers"], _DELIVERY_HEADER) is not None:
            raise Problem(508, "loop_detected")
        target = find_target(path)
        origin = header(scope["headers"], b"origin")
        if origin is not None and target is not None and await self._answer_origin(scope, origin, exchange):
            return
        if target is None:
            # By the path as it was sent: an encoded one is another.
            page = {**scope, "path": path.decode("latin-1"), "root_path": ""}
            answer = without_content(exchange.answer) if scope["method"] == "HEAD" else exchange.answer
            await self._pages(page, receive, answer)
        elif target.public:
            await self._forward_public(scope, receive, target, exchange)
        else:
            await self._forward(scope, receive, target, exchange)

    async def _answer_origin(self, scope: Scope, origin: bytes, exchange: _Exchange) -> bool:
        """Note whether a page of ``origin`` may read the answer; answer a preflight, and return whether it was one."""
        snapshot = self.registry.fresh() or await self.registry.current()
        here = snapshot.by_host.get(split_host((header(scope["headers"], b"host") or b"").decode("latin-1"))[0])
        known = cors.allowed(snapshot, here, origin)
        if known:
            exchange.cors = cors.response_headers(origin)
        if not cors.is_preflight(scope["method"], scope["headers"]):
            return False
        exchange.cors = cors.preflight_headers(origin) if known else []
        await exchange.answer({"type": "http.response.start", "status": 204, "headers": []})
        await exchange.answer({"type": "http.response.body", "body": b""})
        return True

    async def _identify(self, scope: Scope, exchange: _Exchange) -> tuple[Snapshot, Identity] | Problem:
        """Return the caller and the snapshot that it was found in; or the refusal of a stranger.

        Raises Problem 503 when the database cannot be read.
        """
        snapshot = self.registry.fresh() or await self.registry.current()
        here = snapshot.by_host.get(split_host(_host(scope))[0])
        try:
            identity = verify_token(snapshot, _authorization(scope["headers"]), here.name if here else "", self.config)
        except Problem as refusal:
            if refusal.status != 403:
                raise
            return refusal
        exchange.tenant, exchange.client_id = identity.tenant, identity.client_id
        return snapshot, identity

    async def _forward(self, scope: Scope, receive: Receive, target: Target, exchange: _Exchange) -> None:
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

    def _signed(
        self, scope: Scope, target: Target, exchange: _Exchange, snapshot: Snapshot, identity: Identity
    ) -> Scope:
        """Return the request as the service gets it, with the token that tells who calls."""
        tenant = snapshot.tenants[identity.tenant]
        if exchange.cors and not cors.allowed(snapshot, tenant, header(scope["headers"], b"origin")):
            exchange.cors = []
        caller = Caller(
            identity.tenant,
            identity.client_id,
            bases_for(snapshot, tenant, _host(scope), self.config.public_url),
            identity.user_id,
            identity.user_representation,
            exchange.request_id,
            hosts=tuple(snapshot.by_host) if target.service == "notificaties" else (),
            canonical=own_bases(tenant.hosts, self.config.public_url)[0],
            time_zone=tenant.time_zone,
        )
        scope["samenzaak.caller"] = caller
        forwarded = _clean(scope["headers"], exchange.request_id)
        key = self.config.internal_keys[target.service]
        forwarded.append((_CALLER_HEADER, sign(caller, GATEWAY, key).encode()))
        return _rewritten(scope, target, forwarded, self._scheme(scope))

    async def _pass(self, service: str, scope: Scope, receive: Receive, exchange: _Exchange, limit: int | None) -> None:
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

    async def _deny(
        self, scope: Scope, receive: Receive, target: Target, refusal: Problem, exchange: _Exchange
    ) -> None:
        """Let the service answer 404 or 405 before the refusal; the body of a stranger stays unread."""
        exchange.denied = True
        forwarded = [pair for pair in _clean(scope["headers"], exchange.request_id) if pair[0] not in _OF_A_BODY]
        key = self.config.internal_keys[target.service]
        forwarded.append((_DENIED_HEADER, sign_denial(refusal, key).encode()))
        forwarded.append((BASE_HEADER, (await self._public_base(scope)).encode()))
        inner = _rewritten(scope, target, forwarded, self._scheme(scope))
        # Strangers wait for each other, and for none of the municipalities.
        async with self.flow.turns.turn("", "refused"):
            await self.services[target.service](inner, without_body(receive), exchange.answer)
        if exchange.held_back:
            raise refusal

    async def _forward_public(self, scope: Scope, receive: Receive, target: Target, exchange: _Exchange) -> None:
        base = await self._public_base(scope)
        forwarded = [pair for pair in _clean(scope["headers"], exchange.request_id) if pair[0] not in _OF_A_BODY]
        forwarded.append((BASE_HEADER, base.encode()))
        inner = _rewritten(scope, target, forwarded, self._scheme(scope))
        async with self.flow.turns.turn("", "documentation"):
            await self.services[target.service](inner, without_body(receive), exchange.answer)

    async def _public_base(self, scope: Scope) -> str:
        try:
            snapshot: Snapshot = self.registry.fresh() or await self.registry.current()
        except Problem:
            # Documentation stays readable while the database is away.
            return self.config.public_url
        here: Tenant | None = snapshot.by_host.get(split_host(_host(scope))[0])
        return bases_for(snapshot, here, _host(scope), self.config.public_url)[0] if here else self.config.public_url

    def _scheme(self, scope: Scope) -> str:
        if self.config.trust_proxies:
            given = (header(scope["headers"], b"x-forwarded-proto") or b"").split(b",")[0].strip().lower()
            if given in (b"http", b"https"):
                return given.decode()
        return "https" if scope.get("scheme") == "https" else "http"

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


def _host(scope: Scope) -> str:
    return (header(scope["headers"], b"host") or b"").decode("latin-1")


def _authorization(headers: Headers) -> bytes | None:
    found = [value for name, value in headers if name == b"authorization"]
    # Two of these headers are ambiguous, so the request is refused.
    return found[0] if len(found) == 1 else None


def _clean(headers: Headers, request_id: str) -> Headers:
    """Return the client's headers without any that a service would believe to be ours."""
    kept = [pair for pair in headers if (name := pair[0].lower()) not in _REPLACED and not name.startswith(_INTERNAL)]
    kept.append((b"x-request-id", request_id.encode()))
    return kept


def _rewritten(scope: Scope, target: Target, headers: Headers, scheme: str) -> Scope:
    # The path is set from the text that was checked, so that the service cannot see another one.
    return {
        **scope,
        "path": target.path,
        "raw_path": target.path.encode(),
        "root_path": "",
        "headers": headers,
        "scheme": scheme,
        "state": {},
    }
