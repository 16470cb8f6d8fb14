"""Looks up the objects that references lead to: of the other services, and of configured APIs elsewhere.

Own objects are asked for over the internal API (``/_intern``), with this service's own credentials, and come with
stored paths in the place of URLs, so that they compare with what is stored. Types of the Catalogi service are kept
until that signals a change.
"""

import logging
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from runtime.cache import HeardCache, TenantCache
from runtime.faults import unreachable
from runtime.identity import Caller
from runtime.internal import Internal
from runtime.problems import InvalidParam, Problem
from runtime.signals import Signals
from runtime.tenancy import SERVICES
from zgw.dates import today
from zgw.denied import carried
from zgw.externals import Externals
from zgw.shapes import fits
from zgw.types import Ref, path_of

log = logging.getLogger("samenzaak.references")

COLLECTION = re.compile(r"[a-z][a-z_-]*")
MOST = 10_000
"""Most types, and most types elsewhere, of one municipality that are remembered."""
INTERNAL = ("",)
"""The bases of an internal request: URLs are rendered as stored paths."""


class References:
    """Looks up for one service what references lead to."""

    def __init__(self, internal: Internal, externals: Externals, signals: Signals) -> None:
        self._internal = internal
        self._externals = externals
        self._types: HeardCache[str, tuple[str, dict[str, Any]]] = HeardCache(MOST, signals, "samenzaak_catalogi")
        """Types by their stored path, each with the day on which it was read: what it shows depends on that."""
        self._catalogi: TenantCache[str, str] = TenantCache(MOST)
        """The catalogues of types elsewhere that were read; a type does not move."""

    def forget(self, tenant: str) -> None:
        """Forget what is known of a municipality; of all of them when ``tenant`` is ``""``."""
        self._types.drop(tenant)
        self._catalogi.drop(tenant)

    async def resolve(self, caller: Caller, path: str, ref: Ref) -> tuple[dict[str, Any] | None, str]:
        """Return (object, "") or (None, code) for a reference to another API (common.md §10): ``bad-url`` for
        everything that cannot be resolved, ``invalid-resource`` for another kind of resource, ``not-published`` for a
        concept."""
        if path.startswith("/"):
            service, collection, _ = split_path(path)
            try:
                found = (await self.objects(caller, [path])).get(path) if service else None
            except Problem as problem:
                if problem.status == 503:
                    # What is away for a moment is not gone.
                    raise
                found = None
            if found is None:
                return None, "bad-url"
            if (service, collection) != (ref.service, ref.path):
                return None, "invalid-resource"
        else:
            if ref.service == "catalogi" and not is_type(path, ref):
                # Tell nothing of the object: a type may be shown to everybody who reads an object of that type.
                return None, "invalid-resource" if await self._externals.refers_to(caller, path) else "bad-url"
            found, code = await self.foreign(caller, path)
            if found is None:
                return None, code
            if any(name not in found for name in ref.shape) or not fits(found, ref.service, ref.path):
                return None, "invalid-resource"
        if ref.published and found.get("concept"):
            return None, "not-published"
        return found, ""

    async def object(self, caller: Caller, path: str) -> dict[str, Any] | None:
        """Return the object at a stored path or a configured external URL, or None, with stored paths in the place of
        own URLs; raises what :meth:`batch` raises."""
        if not path.startswith("/"):
            return (await self.foreign(caller, path))[0]
        return (await self.objects(caller, [path])).get(path)

    async def objects(self, caller: Caller, paths: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Return the objects at these stored paths that exist, by path, with stored paths in the place of URLs.

        Read with this service's own credentials, so the rights of the client do not matter here.
        """
        me = replace(caller.as_component(self._internal.service), bases=INTERNAL)
        found: dict[str, dict[str, Any]] = {}
        wanted: dict[tuple[str, str], list[str]] = {}
        day = today(ZoneInfo(caller.time_zone or self._internal.settings.time_zone)).isoformat()
        for path in set(paths):
            known = self._types.get(caller.tenant, path)
            if known is not None and known[0] == day:
                found[path] = known[1]
                continue
            service, collection, uuid = split_path(path)
            if service:
                wanted.setdefault((service, collection), []).append(uuid)
        for (service, collection), uuids in wanted.items():
            changes = self._types.changes
            for item in await self.batch(me, service, collection, uuids):
                found[item["url"]] = item
                if service == "catalogi":
                    self._types.keep(caller.tenant, item["url"], (day, item), changes)
        return found

    async def batch(
        self, caller: Caller, service: str, collection: str, uuids: Sequence[str], expand: str = ""
    ) -> list[dict[str, Any]]:
        """Return the objects with these uuids that ``caller`` may read. Raises Problem 404 for an unknown expand path,
        403 when the caller may read nothing there, 503 when the service cannot be reached."""
        body = {"uuids": list(uuids), "expand": expand}
        try:
            response = await self._internal.send(caller, service, "POST", f"/_intern/objects/{collection}", body)
        except httpx.HTTPError as e:
            log.error("%s cannot be reached: %r", service, e)
            raise unreachable(service) from e
        data = response.json()
        if response.status_code != 200:
            params = [InvalidParam(**p) for p in data.get("invalidParams", [])]
            code, detail = data.get("code", "error"), data.get("detail", "")
            raise Problem(response.status_code, code, detail, params, members=carried(data))
        found: list[dict[str, Any]] = data
        return found

    async def foreign(self, caller: Caller, url: str) -> tuple[dict[str, Any] | None, str]:
        """Return (object, "") or (None, code) for a configured external URL, with stored paths in the place of own
        URLs: ``bad-url`` where nothing is found, ``invalid-resource`` where that is no JSON object."""
        answered = await self._externals.request(caller, "GET", url)
        if answered is None or answered[0] != 200:
            return None, "bad-url"
        if not isinstance(answered[1], dict):
            return None, "invalid-resource"
        found = with_stored_paths(answered[1], caller.bases)
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


def with_stored_paths(found: dict[str, Any], bases: tuple[str, ...]) -> dict[str, Any]:
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
