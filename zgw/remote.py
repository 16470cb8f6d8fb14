"""The other services, and other people's APIs, as seen from one service.

Own resources are asked for over the internal API (``/_intern``), with this service's own credentials, and come back
with stored paths in the place of URLs, so that they compare with what is stored. Catalogue types are kept until the
Catalogi service signals a change.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, TypeVar
from urllib.parse import quote
from zoneinfo import ZoneInfo

import httpx
import orjson

from runtime.cache import TenantCache
from runtime.faults import Unavailable
from runtime.identity import CALLER_HEADER, Caller, outgoing, sign
from runtime.outgoing import External, Outside, find
from runtime.problems import InvalidParam, Problem
from runtime.settings import Settings
from runtime.signals import Signals
from runtime.tenancy import SERVICES
from zgw.dates import today
from zgw.fields import Ref, path_of
from zgw.rights import Applicatie
from zgw.shapes import fits

log = logging.getLogger("samenzaak.remote")
T = TypeVar("T")
COLLECTION = re.compile(r"[a-z][a-z_-]*")

CACHED = ("catalogi",)
MOST_TYPES, MOST_ELSEWHERE, MOST_CLIENTS = 10_000, 10_000, 1_000
"""Most types, types elsewhere and clients of one municipality that are remembered."""
AT_ONCE = 8
"""Requests to APIs elsewhere that one request of a client makes at the same time."""
INTERNAL = ("",)
"""The bases of an internal call: URLs are rendered as stored paths."""


class Remote:
    """Calls to other services. ``apps`` are the services in this process; others are reached by their URL."""

    def __init__(
        self, service: str, settings: Settings, signals: Signals, apps: Mapping[str, Any] | None = None
    ) -> None:
        self.service = service
        self.settings = settings
        self._keys = outgoing(settings, service)
        self.signals = signals
        self._apps = apps
        self._clients: dict[str, httpx.AsyncClient] = {}
        self._objects: TenantCache[str, dict[str, Any]] = TenantCache(MOST_TYPES)
        self._catalogi: TenantCache[str, str] = TenantCache(MOST_ELSEWHERE)
        """The catalogues of types elsewhere that were read; a type does not move."""
        self._applicaties: TenantCache[tuple[str, str], Applicatie] = TenantCache(MOST_CLIENTS)
        self._externals: TenantCache[None, list[External]] = TenantCache(1)
        self._changes = 0
        """Counts what was heard of other services: an answer that was under way during a change is not kept."""
        self._outside = Outside(settings)
        self.extra_headers: Callable[[], Mapping[str, str]] | None = None
        """Returns headers that every call to another service gets too: for who traces requests."""
        signals.on("samenzaak_catalogi", self._drop_objects)
        signals.on("samenzaak_autorisaties", self._drop_applicaties)

    def _drop_objects(self, tenant: str) -> None:
        self._objects.drop(tenant)
        self._changes += 1

    def _drop_applicaties(self, tenant: str) -> None:
        self._applicaties.drop(tenant)
        self._externals.drop(tenant)
        self._changes += 1

    def forget(self, tenant: str) -> None:
        """Forget everything of a municipality that was erased; of all of them when ``tenant`` is ``""``."""
        self._drop_objects(tenant)
        self._drop_applicaties(tenant)
        self._catalogi.drop(tenant)

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

    async def stop(self) -> None:
        """Close the connections to the other services."""
        for client in self._clients.values():
            await client.aclose()
        self._clients.clear()
        await self._outside.stop()

    async def send(
        self, caller: Caller, service: str, method: str, path: str, body: Any = None, headers: Mapping[str, str] = {}
    ) -> httpx.Response:
        """Send one internal request as ``caller``; raise httpx.HTTPError when the service cannot be reached, and
        Unavailable when it says that it cannot work now, as while the database is away.

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
        if response.status_code in (503, 507) and (detail := _told_by(response)) is not None:
            raise Unavailable(response.status_code, response.headers, detail)
        return response

    async def applicatie(self, caller: Caller) -> Applicatie | None:
        """Return the Applicatie of the calling client, or None; raise 403 ``not_authenticated_for_ac``.

        A copy is used only while changes are being heard, so that a change counts from the next request on.
        """
        key = (caller.client_id, caller.canonical_base)
        if self.signals.connected and (known := self._applicaties.get(caller.tenant, key)) is not None:
            return known
        changes = self._changes
        url = f"/_intern/client?clientId={quote(caller.client_id, safe='')}"
        try:
            response = await self.send(caller.as_component(self.service), "autorisaties", "GET", url)
        except httpx.HTTPError as e:
            log.error("autorisaties cannot be reached: %r", e)
            raise Problem(403, "not_authenticated_for_ac") from e
        if response.status_code == 404:
            return None
        if response.status_code != 200:
            raise Problem(403, "not_authenticated_for_ac")
        found = Applicatie(response.json(), caller.bases)
        if changes == self._changes:
            self._applicaties.put(caller.tenant, key, found)
        return found

    async def objects(self, caller: Caller, paths: Iterable[str], expand: str = "") -> dict[str, dict[str, Any]]:
        """Return the objects at these stored paths that exist, by path, with stored paths in the place of URLs.

        Read with this service's own credentials, so the rights of the client do not matter here.
        """
        me = replace(caller.as_component(self.service), bases=INTERNAL)
        found: dict[str, dict[str, Any]] = {}
        wanted: dict[tuple[str, str], list[str]] = {}
        day = today(ZoneInfo(caller.time_zone or self.settings.time_zone)).isoformat()
        for path in set(paths):
            known = self._objects.get(caller.tenant, path) if self.signals.connected and not expand else None
            if known is not None and known["_day"] == day:
                found[path] = known["object"]
                continue
            service, collection, uuid = split_path(path)
            if service:
                wanted.setdefault((service, collection), []).append(uuid)
        for (service, collection), uuids in wanted.items():
            changes = self._changes
            for item in await self.batch(me, service, collection, uuids, expand):
                path = item["url"]
                found[path] = item
                if service in CACHED and not expand and changes == self._changes:
                    self._objects.put(caller.tenant, path, {"_day": day, "object": item})
        return found

    async def object(self, caller: Caller, path: str) -> dict[str, Any] | None:
        """Return the object at a stored path or a configured external URL, or None, with stored paths in the place of
        own URLs; raises what :meth:`batch` raises."""
        if not path.startswith("/"):
            return (await self.foreign(caller, path))[0]
        return (await self.objects(caller, [path])).get(path)

    async def foreign(self, caller: Caller, url: str) -> tuple[dict[str, Any] | None, str]:
        """Return (object, "") or (None, code) for a configured external URL, with stored paths in the place of own
        URLs: ``bad-url`` where nothing is found, ``invalid-resource`` where that is no JSON object."""
        answered = await self.external_request(caller, "GET", url)
        if answered is None or answered[0] != 200:
            return None, "bad-url"
        if not isinstance(answered[1], dict):
            return None, "invalid-resource"
        found = stored(answered[1], caller.bases)
        if isinstance(catalogus := found.get("catalogus"), str):
            self._catalogi.put(caller.tenant, url, catalogus)
        return found, ""

    async def catalogus(self, caller: Caller, path: str) -> str:
        """Return the stored path (or URL elsewhere) of the catalogue of a type, or ``""`` when nobody can tell;
        without a request for a type that was read before."""
        if not path.startswith("/"):
            # Not asked for: a slow API elsewhere would hold up every write of what belongs to a zaak.
            return self._catalogi.get(caller.tenant, path) or ""
        try:
            found = (await self.objects(caller, [path])).get(path)
        except Problem:
            return ""
        return str((found or {}).get("catalogus") or "")

    async def batch(
        self, caller: Caller, service: str, collection: str, uuids: Sequence[str], expand: str = ""
    ) -> list[dict[str, Any]]:
        """Return the objects with these uuids that ``caller`` may read. Raises Problem 404 for an unknown expand path,
        403 when the caller may read nothing there, 503 when the service cannot be reached."""
        body = {"uuids": list(uuids), "expand": expand}
        try:
            response = await self.send(caller, service, "POST", f"/_intern/objects/{collection}", body)
        except httpx.HTTPError as e:
            log.error("%s cannot be reached: %r", service, e)
            raise Problem(503, "error", f"De {service}-API is niet bereikbaar.") from e
        data = response.json()
        if response.status_code != 200:
            params = [InvalidParam(**p) for p in data.get("invalidParams", [])]
            raise Problem(response.status_code, data.get("code", "error"), data.get("detail", ""), params)
        found: list[dict[str, Any]] = data
        return found

    async def external(self, caller: Caller, url: str) -> dict[str, Any] | None:
        """Return the JSON object at a URL outside this installation, or None when it may not or cannot be fetched.

        Only APIs that the municipality has configured are fetched; everything else is refused without a request.
        """
        answered = await self.external_request(caller, "GET", url)
        return answered[1] if answered and answered[0] == 200 and isinstance(answered[1], dict) else None

    async def opened(self, caller: Caller, url: str) -> dict[str, Any] | None:
        """Return the JSON object at a URL of a register that is open to every client: the selection list, or an API
        that the municipality opened for ``expand``; or None."""
        if url.startswith(f"{self.settings.selectielijst_url}/"):
            return await self.selectielijst(caller, url)
        api = find(await self._configured(caller) or (), url)
        return await self.external(caller, url) if api is not None and api.expand else None

    async def selectielijst(self, caller: Caller, url: str) -> dict[str, Any] | None:
        """Return the object of the selection list at a URL, which the Catalogi service keeps, or None."""
        me = caller.as_component(self.service)
        try:
            answer = await self.send(me, "catalogi", "POST", "/_intern/selectielijst", {"url": url})
        except httpx.HTTPError:
            return None
        found: dict[str, Any] | None = answer.json() if answer.status_code == 200 else None
        return found

    async def external_request(self, caller: Caller, method: str, url: str, body: Any = None) -> tuple[int, Any] | None:
        """Return (status, JSON) of a request to a configured API, or None when it may not or cannot be made."""
        api = find(await self._configured(caller) or (), url)
        return None if api is None else await self._outside.request(api, caller, method, url, body)

    async def refers_to(self, caller: Caller, url: str) -> bool:
        """Return whether a URL belongs to an API that the municipality has configured; also when that cannot be found
        out."""
        known = await self._configured(caller)
        return known is None or find(known, url) is not None

    async def _configured(self, caller: Caller) -> list[External] | None:
        if self.signals.connected and (known := self._externals.get(caller.tenant, None)) is not None:
            return known
        changes = self._changes
        try:
            me = caller.as_component(self.service)
            response = await self.send(me, "autorisaties", "GET", "/_intern/external?expand=true")
        except httpx.HTTPError as e:
            log.error("autorisaties cannot be reached: %r", e)
            return None
        if response.status_code != 200:
            return None
        rows = response.json()
        names = [field.name for field in fields(External)]
        known = [External(**{name: row[name] for name in names if name in row}) for row in rows]
        # What another version left out is asked again, until that has been replaced.
        if changes == self._changes and all(set(names) <= set(row) for row in rows):
            self._externals.put(caller.tenant, None, known)
        return known


def _told_by(response: httpx.Response) -> str | None:
    """Return what a service says of why it cannot work now; None when it is another that cannot be reached."""
    try:
        content = response.json()
    except ValueError:
        return None
    known = isinstance(content, dict) and content.get("code") in ("service_unavailable", "insufficient_storage")
    return str(content.get("detail", "")) if known else None


def stored(found: dict[str, Any], bases: tuple[str, ...]) -> dict[str, Any]:
    """Return an object with stored paths in the place of URLs below our own ``bases``, as our own services give theirs;
    changes it in place."""
    # Without recursion: somebody else decides how deep it is.
    todo: list[Any] = [found]
    for part in todo:
        for key, value in part.items() if isinstance(part, dict) else enumerate(part):
            if isinstance(value, str):
                part[key] = path_of(value, bases)
            elif isinstance(value, dict | list):
                todo.append(value)
    return found


async def at_once(work: Callable[[T], Awaitable[None]], items: Iterable[T]) -> None:
    """Do ``work`` for each item, for at most ``AT_ONCE`` of them at the same time; raise what the first of them raises
    and leave the rest."""
    todo = iter(items)

    async def worker() -> None:
        for item in todo:
            await work(item)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(worker())
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None


def split_path(path: str) -> tuple[str, str, str]:
    """Return (service, collection, uuid) of a stored path, or empty strings for anything else.

    The collection of a nested resource is its last word: ``/zaken/api/v1/zaken/<u>/zaakeigenschappen/<v>``.
    Clients choose these texts, and requests are sent to what is returned: so only to our own services.
    """
    parts = path.split("/")
    if len(parts) < 6 or parts[0] or parts[2:4] != ["api", "v1"]:
        return "", "", ""
    if parts[1] not in SERVICES or not COLLECTION.fullmatch(parts[-2]):
        return "", "", ""
    return parts[1], parts[-2], parts[-1]


def is_type(url: str, ref: Ref) -> bool:
    """Return whether a URL elsewhere can be that of a type of this kind: ``…/zaaktypen/<uuid>``. Any other object of a
    register that the municipality may read is no type, whatever a client calls it."""
    return ref.service == "catalogi" and url.partition("?")[0].rpartition("/")[0].rpartition("/")[2] == ref.path


async def resolve(remote: Remote, caller: Caller, path: str, ref: Ref) -> tuple[dict[str, Any] | None, str]:
    """Return (object, "") or (None, code) for a reference to another API (common.md §10): ``bad-url`` for
    everything that cannot be resolved, ``invalid-resource`` for another kind of resource, ``not-published`` for a
    concept."""
    if path.startswith("/"):
        service, collection, _ = split_path(path)
        if service not in SERVICES:
            return None, "bad-url"
        try:
            found = (await remote.objects(caller, [path])).get(path)
        except Problem:
            return None, "bad-url"
        if found is None:
            return None, "bad-url"
        if (service, collection) != (ref.service, ref.path):
            return None, "invalid-resource"
    else:
        if ref.service == "catalogi" and not is_type(path, ref):
            # Nothing is told of it: everything that is a type can be shown to who reads what has it.
            return None, "invalid-resource" if await remote.refers_to(caller, path) else "bad-url"
        found, code = await remote.foreign(caller, path)
        if found is None:
            return None, code
        if any(name not in found for name in ref.shape) or not fits(found, ref.service, ref.path):
            return None, "invalid-resource"
    if ref.published and found.get("concept"):
        return None, "not-published"
    return found, ""
