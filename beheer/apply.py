"""``samenzaak apply``: make municipalities, clients, rights, external APIs and abonnementen as a file says.

What the file names is made or changed; what it does not name is left alone. Rights and abonnementen are written through
the Autorisaties and Notificaties APIs, so that their rules hold and running services hear of the change.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg
from cryptography.fernet import Fernet

from beheer import apply_inzage, tenants
from beheer.apply_apis import Refused, Tenant
from beheer.apply_rights import Named
from beheer.apply_secrets import secrets_between, secrets_of_client
from beheer.apply_texts import in_order, issuer_between, logboek_between, names_of, rights_between, switches_as_text
from beheer.configuration import (
    Abonnement,
    Client,
    Configuration,
    ExterneApi,
    Issuer,
    Municipality,
)
from beheer.configuration_logboek import Logboek
from beheer.configuration_rights import Right
from beheer.document import Mistake, Place
from beheer.issuers import add_issuer
from beheer.runner import Standalone
from gateway import issuers, registry, snapshot
from gateway.config import secret_box
from gateway.secrets import about_secret
from gateway.sharing import check_own_secret
from runtime.outgoing import secret_box as external_box
from runtime.problems import Problem
from runtime.settings import Settings
from runtime.tenancy import schema_of
from services.autorisaties import external, logboek
from services.notificaties import abonnement as abonnementen


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
        self.named = Named(tenant)

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
            details += [f"profiel {', '.join(wanted.profiel)}"] if wanted.profiel else []
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
        if wanted.profiel is not None and known.profiel != wanted.profiel:
            details = [f"{', '.join(known.profiel) or 'none'} -> {', '.join(wanted.profiel) or 'none'}"]
            await self._note("~", "profiel", ("profiel",), self._set_profiel, details)
        return True

    async def _add_municipality(self, hosts: tuple[str, ...]) -> None:
        await tenants.add_tenant(self.admin, self.settings, self.name, self.wanted.naam, self.wanted.rsin, hosts)
        if self.wanted.time_zone:
            await self._set_time_zone()
        if self.wanted.profiel:
            await self._set_profiel()

    async def _set_profiel(self) -> None:
        await registry.set_profiel(self.admin, self.name, self.wanted.profiel or ())

    async def _set_time_zone(self) -> None:
        await registry.set_time_zone(self.admin, self.name, self.wanted.time_zone or "")

    async def everything_else(self, new: bool) -> None:
        """Make clients with their rights, external APIs and abonnementen; ``new``: nothing of it exists yet."""
        here = None if new else await tenants.find_tenant(self.admin, self.name)
        for step in apply_inzage.of_municipality(self.admin, self.settings, self.name, self.wanted, here):
            await self._note("~", step.text, ("inzage",), step.make, step.details)
        known = {} if new else {c.client_id: c for c in await registry.list_clients(self.admin, self.name)}
        for client_id, client in self.wanted.clients.items():
            if await self._client(client_id, client, known.get(client_id)):
                await self._rights(client_id, client, new)
                await self._switches(client_id, client, new)
                place: Place = ("clients", client_id)
                of_client = (self.admin, self.settings, self.name, client_id, client, known.get(client_id))
                for step in apply_inzage.of_client(*of_client):
                    await self._note("~", step.text, place, step.make, step.details)
        issuers_here = {} if new else {i.iss: i for i in await issuers.list_issuers(self.admin, self.name)}
        for iss, issuer in self.wanted.issuers.items():
            await self._issuer(iss, issuer, issuers_here.get(iss))
        apis = {} if new else {api.name: api for api in await external.list_externals(self.admin, self.name)}
        for name, api in self.wanted.externe_apis.items():
            await self._external(name, api, apis.get(name))
        if self.wanted.logboek is not None:
            await self._logboek(self.wanted.logboek, new)
        for index, abonnement in enumerate(self.wanted.abonnementen):
            await self._abonnement(index, abonnement, new)

    async def _client(self, client_id: str, wanted: Client, known: snapshot.Client | None) -> bool:
        place: Place = ("clients", client_id)
        box, label = secret_box(self.settings), wanted.label or client_id
        asked = secrets_of_client(wanted, self.settings.time_zone)
        for secret in asked:
            if warning := about_secret(client_id, secret.text):
                self.outcome.warnings.append(f"{self.name}: {warning}")
        details = []
        if known is not None:
            details = secrets_between(known.secrets, asked, box, exactly=wanted.secrets is not None)
            if known.label != label:
                details.append(f"label {known.label} -> {label}")
            if not details:
                return True
        try:
            # Also when nothing is made: a dry run tells the same mistakes.
            for secret in asked:
                await check_own_secret(self.admin, box, self.name, client_id, secret.text)
        except ValueError as e:
            self.outcome.mistakes.append(Mistake((*self.place, *place), str(e)))
            return False

        async def make() -> None:
            async with self.admin.transaction():
                await registry.add_label(self.admin, self.name, client_id, label)
                if known is None or any(detail.startswith("secret") for detail in details):
                    await registry.set_secrets(self.admin, box, self.name, client_id, asked)

        return await self._note("~" if known else "+", f"client {client_id}", place, make, details)

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
            await self._note("+", f"rights of {client_id}", place, make, rights_between({}, body, self.named.names))
            return
        details = rights_between(known, body, self.named.names)
        if details:
            changes = {name: body[name] for name in ("heeftAlleAutorisaties", "autorisaties")}
            make = lambda: self.tenant.send("autorisaties", "PATCH", known["url"], changes)  # noqa: E731
            await self._note("~", f"rights of {client_id}", place, make, details)

    async def _switches(self, client_id: str, client: Client, new: bool) -> None:
        """Set the switches of the Applicatie of a client."""
        if client.profiel is None:
            return
        place: Place = ("clients", client_id, "profiel")
        found = [] if new else await self.tenant.all("autorisaties", "applicaties", clientIds=client_id)
        if not found and not (self.dry_run and (client.alle_autorisaties or client.autorisaties)):
            await self._note("!", f"profiel of {client_id}: it has no Applicatie yet, left out", place, None, [])
            return
        known = (found[0]["profiel"] if found else None) or {}
        before = {name: value for name, value in known.items() if value is not None}
        if before == client.profiel:
            return
        body = {"profiel": client.profiel or None}
        make = lambda: self.tenant.send("autorisaties", "PATCH", found[0]["url"], body)  # noqa: E731
        details = [f"{switches_as_text(before)} -> {switches_as_text(client.profiel)}"]
        await self._note("~" if before else "+", f"profiel of {client_id}", place, make, details)

    async def _autorisaties(self, client_id: str, rights: list[Right], new: bool) -> list[dict[str, Any]]:
        """Return the autorisaties of the API; tell of what they are for that is not there yet."""
        made, missing = await self.named.autorisaties(rights, new)
        for one in missing:
            place: Place = ("clients", client_id, "autorisaties", one.index, one.key)
            text = f"rights of {client_id}: {one.text}, left out; apply again when it is there"
            await self._note("!", text, place, None, [])
        return made

    async def _issuer(self, iss: str, wanted: Issuer, known: snapshot.Issuer | None) -> None:
        asked = wanted.wanted(iss)
        made = asked.issuer(self.name, known.private if known else False)
        details = issuer_between(known, made) if known else []
        if known is not None and not details:
            return
        # The provider may be reached from where this runs, or not: its keys are fetched by the gateway.
        make = lambda: add_issuer(self.admin, self.settings, self.name, asked, look=False)  # noqa: E731
        await self._note("~" if known else "+", f"issuer {iss}", ("issuers", iss), make, details)

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

    async def _logboek(self, wanted: Logboek, new: bool) -> None:
        asked = wanted.wanted(self.wanted.rsin)
        known = None if new else await logboek.find_logboek(self.admin, self.settings, self.name)
        try:
            made = asked.logboek(known.private if known else False)
        except ValueError as e:
            self.outcome.mistakes.append(Mistake((*self.place, "logboek"), str(e)))
            return
        if known == made:
            return
        make = lambda: logboek.set_logboek(self.admin, self.settings, self.name, asked)  # noqa: E731
        text = f"logbook at {asked.address}"
        await self._note("~" if known else "+", text, ("logboek",), make, logboek_between(known, made))

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
        if in_order(known["kanalen"]) != in_order(kanalen):
            details.append(f"kanalen {names_of(known['kanalen'])} -> {names_of(kanalen)}")
        table = f'"{schema_of(self.name, "notificaties")}".abonnement'
        stored = await self.admin.fetchval(f"SELECT auth FROM {table} WHERE uuid = $1", known["url"].rpartition("/")[2])  # noqa: S608
        if _decrypted(abonnementen.box(self.settings), stored) != auth:
            details.append("secret changed")
        if details:
            make = lambda: self.tenant.send("notificaties", "PUT", known["url"], body)  # noqa: E731
            await self._note("~", text, place, make, details)


def _decrypted(box: Fernet, secret: str) -> str:
    return box.decrypt(secret).decode()
