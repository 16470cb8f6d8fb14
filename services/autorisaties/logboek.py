"""The logbook of a municipality (Logboek Dataverwerkingen): where it is, the key, and the processing activities.

The operator writes it with a connection of the administrator; services read it over an internal route, with its secrets
still encrypted.
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import orjson
from sqlalchemy import Executable, Text, delete, func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import Field
from starlette.responses import Response

from runtime.outgoing import HEADER_NAME, addresses, may_connect, secret_box, target_of
from runtime.settings import Settings
from runtime.statements import table_of
from runtime.tenancy import as_tenant
from services.autorisaties.external import Stored
from zgw.dependencies import CurrentCall, Db
from zgw.internal import internal_router
from zgw.logboek.config import KEY_BYTES, Application, Logboek, logboek_of
from zgw.request import answer


class LogboekRow(Stored, table=True):
    """The logbook: one row, or none where nothing is logged."""

    __tablename__ = "logboek"

    one: bool = Field(True, primary_key=True)
    address: str = Field(sa_type=Text)
    header: str = Field(sa_type=Text)
    value: str = Field(sa_type=Text)
    private: bool
    key: str = Field(sa_type=Text)
    system: str = Field(sa_type=Text)
    oin: str = Field(sa_type=Text)
    activiteit: str = Field(sa_type=Text)
    zaaktypen: dict[str, str] = Field(sa_type=JSONB)
    applicaties: dict[str, dict[str, str]] = Field(sa_type=JSONB)


LOGBOEK = table_of(LogboekRow)
_NUMBER = re.compile(r"[0-9]{9}|[0-9]{20}")
_URI = re.compile(r"[a-z][a-z0-9+.-]*:[^\s]{1,990}")

intern = internal_router()


@intern.get("/logboek")
async def logboek(call: CurrentCall, db: Db) -> Response:
    """Tell another service about the logbook of the municipality; an empty object when nothing is logged."""
    row = await db.row(call.tenant, select(LOGBOEK))
    return answer(dict(row) if row else {})


@dataclass(frozen=True)
class Wanted:
    """A logbook as an operator wants it. ``key`` is the 64 bytes in base64 with which persons are encrypted, ``header``
    a whole one (``Authorization: Bearer x``) or empty."""

    address: str
    key: str = field(repr=False)
    oin: str
    header: str = field(default="", repr=False)
    system: str = "Samenzaak"
    activiteit: str = ""
    zaaktypen: Mapping[str, str] = field(default_factory=dict)
    applicaties: Mapping[str, Application] = field(default_factory=dict)

    def check(self) -> bytes:
        """Return the key; raise ValueError for what cannot be used, whatever is at the address."""
        target_of(self.address)
        if "?" in self.address or "#" in self.address:
            raise ValueError("the address of a logbook has no query")
        name, value = self.named
        if self.header and not (HEADER_NAME.fullmatch(name) and value and value.isprintable() and value.isascii()):
            raise ValueError("a header looks like 'Authorization: Bearer abc'")
        if not _NUMBER.fullmatch(self.oin):
            raise ValueError("an OIN has 20 digits, an RSIN 9")
        if not self.system.strip():
            raise ValueError("the name of the system is empty")
        activities = [self.activiteit, *self.zaaktypen.values()]
        activities += [each.activiteit for each in self.applicaties.values()]
        if wrong := [uri for uri in activities if uri and not _URI.fullmatch(uri)]:
            raise ValueError(f"a processing activity is an absolute URI, not {wrong[0][:100]!r}")
        sites = [each.site for each in self.applicaties.values() if each.site]
        if wrong := [site for site in sites if urlsplit(site).scheme not in ("http", "https")]:
            raise ValueError(f"a site is a URL, not {wrong[0][:100]!r}")
        try:
            opened = base64.b64decode(self.key, validate=True)
        except ValueError:
            opened = b""
        if len(opened) != KEY_BYTES:
            raise ValueError(f"the key is {KEY_BYTES} random bytes in base64: openssl rand -base64 {KEY_BYTES}")
        return opened

    @property
    def named(self) -> tuple[str, str]:
        """The name and the value of the header."""
        name, _, value = self.header.partition(":")
        return name.strip(), value.strip()

    def logboek(self, private: bool) -> Logboek:
        """Return the logbook; raise ValueError for what cannot be used."""
        return Logboek(
            self.address,
            *self.named,
            private,
            self.check(),
            self.system.strip(),
            self.oin,
            self.activiteit,
            dict(self.zaaktypen),
            dict(self.applicaties),
        )


async def set_logboek(admin: asyncpg.Connection, settings: Settings, tenant: str, wanted: Wanted) -> None:
    """Let a municipality log, or change how.

    Raises ValueError for what cannot be used, LookupError for an unknown municipality.
    """
    wanted.check()
    target = target_of(wanted.address)
    try:
        found = await addresses(target.host, target.port)
    except OSError:
        # It may only be known elsewhere. Then it has to be a public address.
        found = []
    if refused := [each for each in found if not may_connect(each, private=True)]:
        raise ValueError(f"{target.host} is at an address that is never connected to: {', '.join(refused)}")
    made = wanted.logboek(any(not may_connect(each, private=False) for each in found))
    box = secret_box(settings)
    values = {
        **vars(made),
        "one": True,
        "value": box.encrypt(made.value.encode()).decode() if made.value else "",
        "key": box.encrypt(wanted.key.encode()).decode(),
        "applicaties": {name: asdict(each) for name, each in made.applicaties.items()},
    }
    written = upsert(LOGBOEK).values(**values)
    others = {each: written.excluded[each] for each in values if each != "one"}
    await _change(admin, tenant, written.on_conflict_do_update(index_elements=[LOGBOEK.c.one], set_=others))


async def find_logboek(admin: asyncpg.Connection, settings: Settings, tenant: str) -> Logboek | None:
    """Return the logbook of a municipality; LookupError when that does not exist."""
    async with as_tenant(admin, tenant, "autorisaties") as db:
        row: Any = await db.row(select(LOGBOEK))
    if row is None:
        return None
    told = dict(row)
    # A connection of the administrator reads JSON as text.
    read = {each: _json(told[each]) for each in ("zaaktypen", "applicaties")}
    return logboek_of({**told, **read}, secret_box(settings))


def _json(value: Any) -> Any:
    return orjson.loads(value) if isinstance(value, (str, bytes)) else value


async def remove_logboek(admin: asyncpg.Connection, tenant: str) -> None:
    """Let a municipality log no more; LookupError when it does not."""
    if not await _change(admin, tenant, delete(LOGBOEK)):
        raise LookupError(f"{tenant} has no logbook")


async def _change(admin: asyncpg.Connection, tenant: str, statement: Executable) -> int:
    async with as_tenant(admin, tenant, "autorisaties") as db:
        count = await db.execute(statement)
        # Other services keep a copy, and drop it when they hear this.
        await db.execute(select(func.pg_notify("samenzaak_autorisaties", tenant)))
        return count
