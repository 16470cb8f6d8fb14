"""Requests of one of our services to another, signed with its own key."""

from collections.abc import Callable, Mapping
from typing import Any

import httpx
import orjson

from runtime.faults import Unavailable
from runtime.identity import CALLER_HEADER, Caller, outgoing, sign
from runtime.settings import Settings
from runtime.tenancy import SERVICES


class Internal:
    """The way from one service to the others. ``apps`` are those in this process; the rest is reached by URL."""

    def __init__(self, service: str, settings: Settings, apps: Mapping[str, Any] | None = None) -> None:
        self.service = service
        self.settings = settings
        self._keys = outgoing(settings, service)
        self._apps = apps
        self._clients: dict[str, httpx.AsyncClient] = {}
        self.extra_headers: Callable[[], Mapping[str, str]] | None = None
        """Returns headers that every request gets too: for who traces requests."""

    async def stop(self) -> None:
        """Close the connections."""
        for client in self._clients.values():
            await client.aclose()
        self._clients.clear()

    async def send(
        self, caller: Caller, service: str, method: str, path: str, body: Any = None, headers: Mapping[str, str] = {}
    ) -> httpx.Response:
        """Send one request as ``caller``; raise httpx.HTTPError when the service cannot be reached, and Unavailable
        when it says that it cannot work now, as while the database is away.

        ``caller`` is this service, or a client with whose rights it asks. What another service asked of this one, it
        asks further in its own name.
        """
        client = self._client(service)
        if caller.component not in ("", self.service):
            caller = caller.as_component(self.service)
        all_headers = {
            CALLER_HEADER: sign(caller, self.service, self._keys[service]),
            **headers,
            **(self.extra_headers() if self.extra_headers else {}),
        }
        content = None
        if body is not None:
            content = orjson.dumps(body)
            all_headers["content-type"] = "application/json"
        response = await client.request(method, path, content=content, headers=all_headers)
        if response.status_code in (503, 507) and (detail := _reason(response)) is not None:
            raise Unavailable(response.status_code, response.headers, detail)
        return response

    def _client(self, service: str) -> httpx.AsyncClient:
        if service not in SERVICES:
            raise httpx.UnsupportedProtocol(f"{service[:50]!r} is no service")
        if service not in self._clients:
            if self._apps is not None and service in self._apps:
                transport: httpx.AsyncBaseTransport = httpx.ASGITransport(
                    self._apps[service], raise_app_exceptions=False
                )
                url = f"http://{service}.internal"
            else:
                # A connection is dropped before the other side does so, which waits 5 seconds.
                limits = httpx.Limits(max_keepalive_connections=20, keepalive_expiry=3)
                transport = httpx.AsyncHTTPTransport(retries=1, limits=limits)
                url = self.settings.service_urls.get(service, f"http://{service}.absent.invalid")
            timeout = httpx.Timeout(self.settings.outgoing_timeout, connect=self.settings.outgoing_connect_timeout)
            self._clients[service] = httpx.AsyncClient(
                transport=transport, base_url=url, timeout=timeout, trust_env=False
            )
        return self._clients[service]


def _reason(response: httpx.Response) -> str | None:
    """Return why a service says that it cannot work now; None when it is another that cannot be reached."""
    try:
        content = response.json()
    except ValueError:
        return None
    known = isinstance(content, dict) and content.get("code") in ("service_unavailable", "insufficient_storage")
    return str(content.get("detail", "")) if known else None
