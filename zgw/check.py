"""One write under examination: what was sent, what it refers to, and what is wrong with it.

A rule takes the ``Check`` of the fields that it looks at, and reads their new state as attributes of ``check.fields``.
All rules run and report together::

    async def hoofdzaak_is_geen_deelzaak(check: Check[ZaakFields]) -> None:
        \"\"\"zrc-013: een deelzaak van een deelzaak is niet toegestaan.\"\"\"
        hoofdzaak = check.resolved(check.fields.hoofdzaak)
        if hoofdzaak and hoofdzaak["hoofdzaak"] and check.changed(lambda zaak: zaak.hoofdzaak):
            check.reject("hoofdzaak", "deelzaak-als-hoofdzaak")

What a rule finds out and a later phase needs is a dataclass of its own: ``check.facts(Sluiting).eindstatus = True``.
"""

import uuid as uuids
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Generic, TypeVar, cast, overload

from sqlalchemy import Table, select

from runtime.problems import OBJECT, InvalidParam, Problem
from runtime.statements import Executor, Row
from zgw.fields import Fields, Property, by_attribute, describe
from zgw.filters import uuid_in
from zgw.mirroring.agreement import Agreement
from zgw.problems import MAX_ERRORS
from zgw.request import Call
from zgw.resource import F, Resource
from zgw.types import Ref

T = TypeVar("T")

NOT_REGISTERED = "De API van deze URL is niet geregistreerd voor de gemeente; haar beheerder kan dat doen."


class Check(Generic[F]):
    """One create, update or removal of one object."""

    def __init__(
        self, call: Call, resource: Resource[F], action: str, sent: dict[str, Any], stored: Mapping[str, Any] | None
    ):
        self.call = call
        self.resource = cast("Resource", resource)
        self.action = action
        """create, update, partial_update or destroy"""
        self.sent = sent
        """The body."""
        self.stored = stored
        """The row as it was, None on create."""
        self.fields: F = cast("F", None)
        """The new state, which rules look at and ``derive`` completes. There is none when an object is removed."""
        self.columns: dict[str, Any] = {}
        """What is stored beside the fields, or in another form than theirs: ``derive`` fills it."""
        self.row: dict[str, Any] = {}
        """The columns to store, once ``derive`` has run."""
        self.kept: dict[str, Any] = {}
        """The values of the fields that keep what is stored."""
        self.uuid: uuids.UUID = stored["uuid"] if stored else uuids.uuid4()
        self.main: Mapping[str, Any] | None = None
        """The row of the main object; of a main object itself that which is stored."""
        self.alone = False
        """Whether nobody else may write below the main object until this write is committed."""
        self.within = ""
        """Where the object is in a body of several (``rollen.0``)."""
        self.errors: list[InvalidParam] = []
        self.headers: dict[str, str] = {}
        """Extra headers of the answer, such as X-Warning."""
        self.weergave = ""
        """How the audit trail calls the object, where a rule knows better than its resource."""
        self.targets: dict[str, Row | None] = {}
        """What was found at each stored path or URL elsewhere that the fields refer to."""
        self.audit: int | None = None
        """The id of the entry in the audit trail."""
        self.announced: list[int] = []
        """The ids of the notifications in the outbox."""
        self.kenmerken: dict[str, str] = {}
        """What its notification tells beside the kenmerken of the main object."""
        self.silent = False
        """Whether its row in the outbox announces nothing."""
        self.agreements: list[Agreement] = []
        """What other services have to agree to."""
        self.removed: dict[Table, list[Row]] = {}
        """The rows that a removal takes along, for when it is taken back."""
        self.undo: list[Callable[[Executor], Awaitable[None]]] = []
        """Takes back what else a write did, in the transaction that takes back the write."""
        self._facts: dict[type, Any] = {}

    # --- What rules use ---

    def reject(self, name: str, code: str, reason: str = "") -> None:
        """Report an error; ``name`` is the JSON name (``verlenging.duur``), or ``OBJECT``. Those after the first
        ``MAX_ERRORS`` are not kept."""
        if len(self.errors) < MAX_ERRORS:
            self.errors.append(InvalidParam(name, code, reason))

    async def reject_url(self, name: str, url: str, code: str = "bad-url") -> None:
        """Report that a reference (stored path or URL elsewhere) does not lead to what it should; say so when that is
        because nobody registered the API elsewhere."""
        unknown = code == "bad-url" and not url.startswith("/")
        if unknown and not await self.call.service.externals.refers_to(self.call.caller, url):
            self.reject(name, code, NOT_REGISTERED)
        else:
            self.reject(name, code)

    def facts(self, kind: type[T]) -> T:
        """Return the facts of this kind about this write, a dataclass that begins with its defaults."""
        found: T = self._facts.setdefault(kind, kind())
        return found

    @overload
    def resolved(self, path: str | None) -> Row | None: ...

    @overload
    def resolved(self, path: str | None, shape: type[T]) -> T | None: ...

    def resolved(self, path: str | None, shape: Any = None) -> Any:
        """Return what a reference of the new state leads to: ``check.resolved(check.fields.zaaktype, Zaaktype)``; None
        when it is empty or does not exist any more.

        A reference within the service gives a row; one to another service the JSON object with stored paths, which has
        one of the shapes of ``zgw.shapes``.
        """
        return self.targets.get(path) if path else None

    async def find(self, path: str, ref: Ref) -> tuple[Row | None, str]:
        """Return (object, "") or (None, code) for a stored path or URL elsewhere that need not be in a field."""
        if not ref.table:
            return await self.call.service.references.resolve(self.call.caller, path, ref)
        found = uuid_in(path, ref)
        if found is None:
            if path.startswith(ref.prefix):
                return None, "does_not_exist"
            own = path.startswith(self.call.service.api.root + "/")
            return None, "incorrect_match" if own else "no_match"
        table = self.resource.table.metadata.tables[ref.table]
        row = await self.call.db.row(self.call.tenant, select(table).where(table.c.uuid == found))
        return (row, "") if row else (None, "does_not_exist")

    def changed(self, field: Callable[[F], object]) -> bool:
        """Return whether this write gives a field another value than the stored one; True on create.

        Example: ``check.changed(lambda zaak: zaak.hoofdzaak)``.
        """
        return self.differs(name_of(field))

    def was_sent(self, field: Callable[[F], object]) -> bool:
        """Return whether the body has a field: ``check.was_sent(lambda document: document.bestandsomvang)``."""
        return by_attribute(self.resource.fields)[name_of(field)].name in self.sent

    @property
    def creating(self) -> bool:
        """Whether this is a create."""
        return self.stored is None

    @property
    def path(self) -> str:
        """The stored path of the object."""
        return f"/{self.call.service.api.service}/api/v1/{self.resource.path}/{self.uuid}"

    def stop(self) -> None:
        """Raise the 400 with everything reported so far, if anything was."""
        if self.errors:
            raise Problem(400, "invalid", invalid_params=self.reported())

    def reported(self) -> list[InvalidParam]:
        """Return what was reported so far: first of the fields, in their order, then of the object as a whole. Clients
        look at the first."""
        places = {p.name: place for place, p in enumerate(describe(self.resource.fields))}

        def place(param: InvalidParam) -> tuple[bool, int, bool]:
            return param.name == OBJECT, places.get(param.name.partition(".")[0], len(places)), OBJECT in param.name

        return sorted(self.errors, key=place)

    def named(self, name: str) -> str:
        """Return where a field of the object is in the body, by its JSON name."""
        return f"{self.within}.{name}" if self.within else name

    # --- By the name of an attribute ---

    def now(self, attribute: str) -> Any:
        """Return the value of a column as it will be after this write."""
        if attribute in self.row:
            return self.row[attribute]
        if self.fields is not None and (p := by_attribute(self.resource.fields).get(attribute)) is not None:
            return self.column(p)
        return self.columns.get(attribute) if self.stored is None else self.stored[attribute]

    def column(self, p: Property) -> Any:
        """Return what the column of a field is going to hold: a uuid for a reference within the service, JSON for a
        list or group. What no rule changed since it was kept stays exactly as it is stored."""
        if p.attribute in self.columns:
            return self.columns[p.attribute]
        value = getattr(self.fields, p.attribute)
        if p.attribute in self.kept and self.stored is not None and self.kept[p.attribute] == value:
            return self.stored[p.attribute]
        if p.ref and p.ref.table:
            return uuid_in(value, p.ref) if value else None
        if not value or not p.as_json:
            return None if p.variants is not None and not value else value
        fields = cast("Fields", self.fields)
        return fields.model_dump(mode="json", by_alias=True, include={p.attribute})[p.name]

    def differs(self, attribute: str) -> bool:
        """Return whether a column gets another value than the stored one; True on create."""
        return self.stored is None or self.now(attribute) != self.stored[attribute]


class _Names:
    """Gives the name of each attribute that is asked of it."""

    def __getattr__(self, name: str) -> str:
        return name


def name_of(field: Callable[[Any], object]) -> str:
    """Return the attribute that a lambda looks at: ``name_of(lambda zaak: zaak.hoofdzaak)`` is ``"hoofdzaak"``."""
    return str(field(_Names()))
