"""The APIs of a municipality, as ``samenzaak apply`` calls them."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from beheer.runner import Standalone
from runtime.identity import OPERATOR, system_caller


class Refused(Exception):
    """An API did not accept what the file says."""


class Tenant:
    """The APIs of one municipality, called by the operator."""

    def __init__(self, standalone: Standalone, name: str) -> None:
        self._remote = standalone.operator
        self._caller = system_caller(name, OPERATOR, (standalone.settings.public_base_url,))

    async def send(self, service: str, method: str, path: str, body: Any = None) -> Any:
        """Return the answer; raise Refused with what the API said."""
        url = path if path.startswith("/") else path.removeprefix(self._caller.base)
        response = await self._remote.send(self._caller, service, method, url, body)
        if response.status_code >= 400:
            raise Refused(_said(response.json()))
        return response.json() if response.content else None

    async def all(self, service: str, path: str, **query: str) -> list[dict[str, Any]]:
        """Return the objects of a list, over all its pages."""
        url = f"/{service}/api/v1/{path}?{urlencode(query)}" if query else f"/{service}/api/v1/{path}"
        found: list[dict[str, Any]] = []
        while url:
            page = await self.send(service, "GET", url)
            if isinstance(page, list):
                return page
            found += page["results"]
            url = page["next"] or ""
        return found


def _said(problem: Mapping[str, Any]) -> str:
    params = [f"{p['name']}: {p['reason']}" for p in problem.get("invalidParams", [])]
    return "; ".join(params) or str(problem.get("detail") or problem.get("title"))
