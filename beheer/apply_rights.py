"""From the rights of a file to autorisaties: types and catalogues become the URLs that they have."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from beheer.apply_texts import TYPES, type_name
from beheer.configuration_rights import Right, Type

ROOT = "/catalogi/api/v1"


class Api(Protocol):
    """The APIs of a municipality."""

    async def send(self, service: str, method: str, path: str, body: Any = None) -> Any:
        """Return the answer to a request."""

    async def all(self, service: str, path: str, **query: str) -> list[dict[str, Any]]:
        """Return the objects of a list."""


@dataclass(frozen=True)
class Missing:
    """A type or catalogue that is not there yet: the place of the right, and its key there."""

    index: int
    key: str
    text: str


class Named:
    """The types of a municipality that a file names. ``names`` tells people what each URL is."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._catalogi: dict[str, list[dict[str, Any]]] = {}
        self._types: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self.names: dict[str, str] = {}

    async def autorisaties(self, rights: Sequence[Right], new: bool) -> tuple[list[dict[str, Any]], list[Missing]]:
        """Return the autorisaties of the API, and what they need that is not there; ``new``: there is nothing yet."""
        made: list[dict[str, Any]] = []
        missing: list[Missing] = []
        for index, right in enumerate(rights):
            key = right.kind or "catalogus"
            types: list[dict[str, Any]] = [{}]
            if right.kind or right.catalogus:
                types = [] if new else await self._types_of(right)
                if not types:
                    missing.append(Missing(index, key, f"no {key} {type_name(getattr(right, key))} yet"))
            for component in right.components:
                one: dict[str, Any] = {"component": component, "scopes": right.scopes_in(component)}
                if right.max_vertrouwelijkheidaanduiding and component != "brc":
                    one["maxVertrouwelijkheidaanduiding"] = right.max_vertrouwelijkheidaanduiding
                made += [{**one, **each} for each in types]
        return made, missing

    async def _types_of(self, right: Right) -> list[dict[str, Any]]:
        """Return the members of autorisaties that say which types a right is for."""
        if right.catalogus:
            if "/" not in right.catalogus:
                return [{"catalogus": one["url"]} for one in await self._catalogus(right.catalogus)]
            return [{"catalogus": right.catalogus}]
        assert right.kind is not None
        named: str | Type = getattr(right, right.kind)
        if isinstance(named, str):
            if right.alle_versies:
                await self._know(right.kind, named)
                return [{right.kind: named, "alleVersies": True}]
            return [{right.kind: named}]
        wanted = named.identificatie if TYPES[right.kind][1] == "identificatie" else named.omschrijving
        follows = right.alle_versies is not False
        if wanted is None and follows:
            return [{"catalogus": one["url"]} for one in await self._catalogus(named.domein)]
        found = []
        for catalogue in await self._catalogus(named.domein):
            versions = [
                one["url"]
                for one in await self._all(right.kind, catalogue["url"], named.domein)
                if wanted is None or str(one[TYPES[right.kind][1]]) == wanted
            ]
            if follows:
                found += [{right.kind: url, "alleVersies": True} for url in versions[:1]]
            else:
                found += [{right.kind: url, "alleVersies": False} for url in versions]
        return found

    async def _catalogus(self, domein: str) -> list[dict[str, Any]]:
        if domein not in self._catalogi:
            self._catalogi[domein] = await self._api.all("catalogi", "catalogussen", domein=domein)
            self.names.update({one["url"]: domein for one in self._catalogi[domein]})
        return self._catalogi[domein]

    async def _all(self, kind: str, catalogue: str, domein: str) -> list[dict[str, Any]]:
        path, key = TYPES[kind]
        if (kind, catalogue) not in self._types:
            found = await self._api.all("catalogi", path, catalogus=catalogue, status="alles")
            self._types[kind, catalogue] = found
            self.names.update({one["url"]: f"{domein} {one[key]}" for one in found})
        return self._types[kind, catalogue]

    async def _know(self, kind: str, url: str) -> None:
        """Learn the names of a type that is named by the URL of a version, and those of its other versions."""
        if url in self.names:
            return
        one = await self._api.send("catalogi", "GET", url)
        catalogue = await self._api.send("catalogi", "GET", one["catalogus"])
        await self._all(kind, one["catalogus"], catalogue["domein"])
