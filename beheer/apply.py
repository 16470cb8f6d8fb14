"""``samenzaak apply``: make municipalities, clients, rights, external APIs and abonnementen as a file says.

What the file names is made or changed; what it does not name is left alone. Rights and abonnementen are written through
the Autorisaties and Notificaties APIs, so that their rules hold and running services hear of the change.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import asyncpg
from cryptography.fernet import Fernet

from beheer import tenants
from beheer.configuration import (
    Abonnement,
    Client,
    Configuration,
    ExterneApi,
    Mistake,
    Municipality,
    Place,
    Right,
    Type,
)
from beheer.runner import Standalone
from gateway import registry, snapshot
from gateway.config import secret_box
from gateway.sharing import check_own_secret
from runtime.identity import OPERATOR, system_caller
from runtime.outgoing import secret_box as external_box
from runtime.problems import Problem
from runtime.settings import Settings
from runtime.tenancy import schema_of
from services.autorisaties import external
from services.notificaties import abonnement as abonnementen

TYPES = {
    "zaaktype": ("zaaktypen", "identificatie"),
    "informatieobjecttype": ("informatieobjecttypen", "omschrijving"),
    "besluittype": ("besluittypen", "omschrijving"),
}


class Refused(Exception):
    """An API did not accept what the file says."""


@dataclass
class Change:
    """One difference between the file and the installation. ``+`` new, ``~`` changed, ``!`` not possible yet."""

    symbol: str
    text: str
    place: Place
    make: Callable[[], Awaitable[Any]] | None = None
    details: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """Return the difference for people."""
        return [f"{self.symbol} {self.text}", *(f"    {detail}" for detail in self.details)]


@dataclass
class Outcome:
    """The outcome: differences, changes that failed, and warnings about changes that were made."""

    changes: list[Change]
    mistakes: list[Mistake]
    warnings: list[str] = field(default_factory=list)


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


@asynccontextmanager
async def _services(settings: Settings, dsn: str) -> AsyncIterator[Standalone]:
    # A callback may be in a network that this command cannot reach, or not be there yet: the operator answers for it.
    standalone = Standalone(settings.model_copy(update={"callback_check": False, "service_urls": {}}), dsn)
    try:
        yield standalone
    finally:
        await standalone.stop()


async def apply(
    admin: asyncpg.Connection, settings: Settings, dsn: str, configuration: Configuration, *, dry_run: bool = False
) -> Outcome:
    """Bring the installation to what the file says, and return what differed; with ``dry_run`` only the latter."""
    outcome = Outcome([], [])
    async with _services(settings, dsn) as standalone:
        known = {tenant.name: tenant for tenant in await registry.list_tenants(admin)}
        for name, wanted in configuration.municipalities.items():
            work = _Work(admin, settings, name, wanted, Tenant(standalone, name), outcome, dry_run)
            if await work.municipality(known.get(name)):
                await work.everything_else(new=dry_run and name not in known)
    return outcome


class _Work:
    """The steps for one municipality: each finds its differences and applies them."""

    def __init__(
        self,
        admin: asyncpg.Connection,
        settings: Settings,
        name: str,
        wanted: Municipality,
        tenant: Tenant,
        outcome: Outcome,
        dry_run: bool,
    ) -> None:
        self.admin, self.settings, self.name, self.wanted = admin, settings, name, wanted
        self.tenant, self.outcome, self.dry_run = tenant, outcome, dry_run
        self.place: Place = ("municipalities", name)
        self._types: dict[tuple[str, str], list[dict[str, Any]]] = {}

    async def _note(
        self, symbol: str, text: str, place: Place, make: Callable[[], Awaitable[Any]] | None, details: list[str]
    ) -> bool:
        change = Change(symbol, f"{self.name}: {text}", (*self.place, *place), make, details)
        try:
            if make is not None and not self.dry_run:
                await make()
        except (Refused, Problem, ValueError, LookupError, asyncpg.PostgresError) as e:
            self.outcome.mistakes.append(Mistake(change.place, str(e)))
            return False
        self.outcome.changes.append(change)
        return True

    async def municipality(self, known: snapshot.Tenant | None) -> bool:
        """Make the municipality, or change its name and hosts; return whether the rest can follow."""
        wanted, hosts = self.wanted, tuple(self.wanted.hosts)
        if known is None:
            described = f"municipality {wanted.naam}, RSIN {wanted.rsin}"
            details = [f"host {host}" for host in hosts]
            details += [f"time zone {wanted.time_zone}"] if wanted.time_zone else []
            return await self._note("+", described, (), lambda: self._add_municipality(hosts), details)
        if known.rsin != wanted.rsin:
            message = f"the municipality has RSIN {known.rsin}, which is in its data and cannot be changed here"
            self.outcome.mistakes.append(Mistake((*self.place, "rsin"), message))
            return False
        if known.naam != wanted.naam:
            details = [f"{known.naam} -> {wanted.naam}"]
            await self._note(
                "~", "name", ("naam",), lambda: registry.set_naam(self.admin, self.name, wanted.naam), details
            )
        if set(known.hosts) != set(hosts):
            details = [f"+ {host}" for host in hosts if host not in known.hosts]
            details += [f"- {host}" for host in known.hosts if host not in hosts]
            await self._note(
                "~", "hosts", ("hosts",), lambda: registry.set_hosts(self.admin, self.name, hosts), details
            )
        if wanted.time_zone and known.time_zone != wanted.time_zone:
            details = [f"{known.time_zone or 'that of the installation'} -> {wanted.time_zone}"]
            await self._note("~", "time zone", ("timeZone",), self._set_time_zone, details)
        return True

    async def _add_municipality(self, hosts: tuple[str, ...]) -> None:
        await tenants.add_tenant(self.admin, self.settings, self.name, self.wanted.naam, self.wanted.rsin, hosts)
        if self.wanted.time_zone:
            await self._set_time_zone()

    async def _set_time_zone(self) -> None:
        await registry.set_time_zone(self.admin, self.name, self.wanted.time_zone or "")

    async def everything_else(self, new: bool) -> None:
        """Make clients with their rights, external APIs and abonnementen; ``new``: nothing of it exists yet."""
        known = {} if new else {c.client_id: c for c in await registry.list_clients(self.admin, self.name)}
        for client_id, client in self.wanted.clients.items():
            if await self._client(client_id, client, known.get(client_id)):
                await self._rights(client_id, client, new)
        apis = {} if new else {api.name: api for api in await external.list_externals(self.admin, self.name)}
        for name, api in self.wanted.externe_apis.items():
            await self._external(name, api, apis.get(name))
        for index, abonnement in enumerate(self.wanted.abonnementen):
            await self._abonnement(index, abonnement, new)

    async def _client(self, client_id: str, wanted: Client, known: snapshot.Client | None) -> bool:
        place: Place = ("clients", client_id)
        secret = wanted.read() if wanted.has_secret else ""
        if warning := tenants.about_secret(client_id, secret):
            self.outcome.warnings.append(f"{self.name}: {warning}")
        label = wanted.label or client_id
        details = []
        if known is not None:
            if secret != await registry.client_secret(self.admin, secret_box(self.settings), self.name, client_id):
                details.append("secret changed")
            if known.label != label:
                details.append(f"label {known.label} -> {label}")
            if not details:
                return True
        box = secret_box(self.settings)
        try:
            # Also when nothing is made: a dry run tells the same mistakes.
            await check_own_secret(self.admin, box, self.name, client_id, secret)
        except ValueError as e:
            self.outcome.mistakes.append(Mistake((*self.place, *place), str(e)))
            return False
        return await self._note(
            "~" if known else "+",
            f"client {client_id}",
            place,
            lambda: registry.add_client(self.admin, box, self.name, client_id, secret, label, replace=True),
            details,
        )

    async def _rights(self, client_id: str, client: Client, new: bool) -> None:
        if not client.alle_autorisaties and client.autorisaties is None:
            return
        place: Place = ("clients", client_id, "autorisaties")
        rights = await self._autorisaties(client_id, client.autorisaties or [], new)
        if not client.alle_autorisaties and not rights:
            return
        body = {
            "clientIds": [client_id],
            "label": (client.label or client_id)[:100],
            "heeftAlleAutorisaties": client.alle_autorisaties,
            "autorisaties": rights,
        }
        found = [] if new else await self.tenant.all("autorisaties", "applicaties", clientIds=client_id)
        known = found[0] if found else None
        if known is None:
            make = lambda: self.tenant.send("autorisaties", "POST", "/autorisaties/api/v1/applicaties", body)  # noqa: E731
            await self._note("+", f"rights of {client_id}", place, make, _rights_between({}, body))
            return
        details = _rights_between(known, body)
        if details:
            changes = {name: body[name] for name in ("heeftAlleAutorisaties", "autorisaties")}
            make = lambda: self.tenant.send("autorisaties", "PATCH", known["url"], changes)  # noqa: E731
            await self._note("~", f"rights of {client_id}", place, make, details)

    async def _autorisaties(self, client_id: str, rights: list[Right], new: bool) -> list[dict[str, Any]]:
        """Return the autorisaties of the API: one for each version of a type that is named by its catalogue."""
        made: list[dict[str, Any]] = []
        for index, right in enumerate(rights):
            one: dict[str, Any] = {"component": right.component, "scopes": sorted(set(right.scopes))}
            if right.max_vertrouwelijkheidaanduiding:
                one["maxVertrouwelijkheidaanduiding"] = right.max_vertrouwelijkheidaanduiding
            kind = next((kind for kind in TYPES if getattr(right, kind)), None)
            if kind is None:
                made.append(one)
                continue
            named: str | Type = getattr(right, kind)
            urls = [named] if isinstance(named, str) else [] if new else await self._urls(kind, named)
            if not urls:
                place: Place = ("clients", client_id, "autorisaties", index, kind)
                text = (
                    f"rights of {client_id}: no {kind} {_type_name(named)} yet, left out; apply again when it is there"
                )
                await self._note("!", text, place, None, [])
            made += [{**one, kind: url} for url in urls]
        return made

    async def _urls(self, kind: str, named: Type) -> list[str]:
        path, key = TYPES[kind]
        if (kind, named.domein) not in self._types:
            catalogues = await self.tenant.all("catalogi", "catalogussen", domein=named.domein)
            found: list[dict[str, Any]] = []
            for catalogue in catalogues:
                found += await self.tenant.all("catalogi", path, catalogus=catalogue["url"], status="alles")
            self._types[kind, named.domein] = found
        wanted = named.identificatie if key == "identificatie" else named.omschrijving
        return [one["url"] for one in self._types[kind, named.domein] if wanted is None or str(one[key]) == wanted]

    async def _external(self, name: str, wanted: ExterneApi, known: Any) -> None:
        secret = wanted.read() if wanted.has_secret else ""
        details = []
        if known is not None:
            same: dict[str, Any] = {
                "root": wanted.root.rstrip("/"),
                "client_id": wanted.client_id,
                "header": wanted.header,
                "expand": wanted.expand,
            }
            details = [
                f"{key} {getattr(known, key)} -> {value}" for key, value in same.items() if getattr(known, key) != value
            ]
            if _decrypted(external_box(self.settings), known.secret) != secret:
                details.append("secret changed")
            if not details:
                return
        credentials = (
            {"header": f"{wanted.header}: {secret}"}
            if wanted.header
            else {"client_id": wanted.client_id, "secret": secret}
        )
        given: dict[str, Any] = {**credentials, "expand": wanted.expand}
        await self._note(
            "~" if known else "+",
            f"external API {name} at {wanted.root}",
            ("externeApis", name),
            lambda: external.add_external(self.admin, self.settings, self.name, name, wanted.root, **given),
            details,
        )

    async def _abonnement(self, index: int, wanted: Abonnement, new: bool) -> None:
        auth = wanted.read()
        kanalen = [{"naam": kanaal.naam, "filters": kanaal.filters} for kanaal in wanted.kanalen]
        body = {"callbackUrl": wanted.callback_url, "auth": auth, "kanalen": kanalen}
        all_known = [] if new else await self.tenant.all("notificaties", "abonnement")
        known = next((one for one in all_known if one["callbackUrl"] == wanted.callback_url), None)
        place: Place = ("abonnementen", index)
        text = f"abonnement {wanted.callback_url}"
        if known is None:
            make = lambda: self.tenant.send("notificaties", "POST", "/notificaties/api/v1/abonnement", body)  # noqa: E731
            await self._note("+", text, place, make, [f"kanaal {k['naam']}" for k in kanalen])
            return
        details = []
        if _sorted(known["kanalen"]) != _sorted(kanalen):
            details.append(f"kanalen {_names(known['kanalen'])} -> {_names(kanalen)}")
        table = f'"{schema_of(self.name, "notificaties")}".abonnement'
        stored = await self.admin.fetchval(f"SELECT auth FROM {table} WHERE uuid = $1", known["url"].rpartition("/")[2])  # noqa: S608
        if _decrypted(abonnementen.box(self.settings), stored) != auth:
            details.append("secret changed")
        if details:
            make = lambda: self.tenant.send("notificaties", "PUT", known["url"], body)  # noqa: E731
            await self._note("~", text, place, make, details)


def _decrypted(box: Fernet, secret: str) -> str:
    return box.decrypt(secret).decode()


def _sorted(kanalen: list[dict[str, Any]]) -> list[tuple[str, list[tuple[str, str]]]]:
    return sorted((kanaal["naam"], sorted(kanaal["filters"].items())) for kanaal in kanalen)


def _names(kanalen: list[dict[str, Any]]) -> str:
    return ", ".join(
        kanaal["naam"] + "".join(f" {k}={v}" for k, v in sorted(kanaal["filters"].items())) for kanaal in kanalen
    )


def _type_name(named: str | Type) -> str:
    return (
        named
        if isinstance(named, str)
        else " ".join(filter(None, (named.domein, named.identificatie, named.omschrijving)))
    )


def _rights_between(known: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    """Return what a client gets and loses, one line for each right."""
    before = _rights_as_text(known)
    after = _rights_as_text(wanted)
    return [f"+ {right}" for right in after if right not in before] + [
        f"- {right}" for right in before if right not in after
    ]


def _rights_as_text(applicatie: Mapping[str, Any]) -> list[str]:
    shown = ["all rights"] if applicatie.get("heeftAlleAutorisaties") else []
    for right in applicatie.get("autorisaties", []):
        words = [right["component"], *sorted(right["scopes"])]
        words += [right[kind] for kind in TYPES if right.get(kind)]
        if level := right.get("maxVertrouwelijkheidaanduiding"):
            words.append(f"up to {level}")
        shown.append(" ".join(words))
    return shown
