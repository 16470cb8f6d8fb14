"""One write under examination: what was sent, what it refers to, and what is wrong with it.

Rules get a ``Check``; all of them run and report together::

    async def hoofdzaak_is_geen_deelzaak(check: Check) -> None:
        \"\"\"zrc-013: een deelzaak van een deelzaak is niet toegestaan.\"\"\"
        if (hoofdzaak := check.resolved("hoofdzaak")) and hoofdzaak["hoofdzaak"]:
            check.reject("hoofdzaak", "deelzaak-als-hoofdzaak")
"""

import asyncio
import uuid as uuids
from collections.abc import Awaitable, Callable, Mapping
from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ValidationError, create_model
from pydantic_core import ErrorDetails, PydanticCustomError
from sqlalchemy import Table, select
from sqlmodel import Field

from runtime.problems import OBJECT, InvalidParam, Problem, forbidden, not_found
from zgw.fields import Fields, Property, describe
from zgw.filters import uuid_in
from zgw.mirroring.agreement import Agreement
from zgw.problems import MAX_ERRORS, from_pydantic
from zgw.render import render
from zgw.request import Call
from zgw.resource import Resource
from zgw.rights import Rights
from zgw.select import by_uuid, properties, reference_of
from zgw.types import Length, Ref, check_url, path_of

if TYPE_CHECKING:
    from runtime.statements import Executor, Row

T = TypeVar("T")

NOT_REGISTERED = "De API van deze URL is niet geregistreerd voor de gemeente; haar beheerder kan dat doen."


class Check:
    """One create, update or removal of one object.

    ``action`` is create, update, partial_update or destroy. ``sent`` is the body; ``fields`` the validated new state
    (after :meth:`parse`); ``row`` the column values to store; ``stored`` the row as it was, None on create; ``main``
    the row of the main object (for a main object: its own new or stored state).
    """

    def __init__(
        self, call: Call, resource: Resource, action: str, sent: dict[str, Any], stored: Mapping[str, Any] | None
    ):
        self.call = call
        self.resource = resource
        self.action = action
        self.sent = sent
        self.stored = stored
        self.errors: list[InvalidParam] = []
        self.fields: Any = None
        self.row: dict[str, Any] = {}
        self.uuid: uuids.UUID = stored["uuid"] if stored else uuids.uuid4()
        self.main: Mapping[str, Any] | None = None
        self.alone = False
        """Whether nobody else may write below the main object until this write is committed."""
        self.headers: dict[str, str] = {}
        """Extra headers of the answer, such as X-Warning."""
        self.weergave = ""
        """How the audit trail calls the object, where a rule knows better than its resource."""
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
        self._resolved: dict[str, Any] = {}

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
        """Return what rules found out about this write and later phases need: a dataclass that begins with its
        defaults, ``check.facts(Sluiting).eindstatus``."""
        found: T = self._facts.setdefault(kind, kind())
        return found

    def resolved(self, attribute: str) -> Any:
        """Return the object that a reference refers to, or None when it is empty or was rejected.

        A reference within the service gives a row; one to another service the JSON object with stored paths; a list of
        references gives a list.
        """
        return self._resolved.get(attribute)

    def changed(self, attribute: str) -> bool:
        """Return whether this write gives the field another value than the stored one; True on create."""
        return self.stored is None or self.row.get(attribute) != self.stored[attribute]

    def now(self, attribute: str) -> Any:
        """Return the value of a column as it will be after this write."""
        if attribute in self.row or self.stored is None:
            return self.row.get(attribute)
        return self.stored[attribute]

    def was_sent(self, attribute: str) -> bool:
        """Return whether the body has this field."""
        return any(p.attribute == attribute and p.name in self.sent for p in describe(self.resource.fields))

    @property
    def creating(self) -> bool:
        """Whether this is a create."""
        return self.stored is None

    @property
    def path(self) -> str:
        """The stored path of the object."""
        return f"/{self.call.service.api.service}/api/v1/{self.resource.path}/{self.uuid}"

    def stop(self) -> None:
        """Raise the 400 with everything reported so far, if anything was: first of the fields, in their order, then of
        the object as a whole. Clients look at the first."""
        if self.errors:
            places = {p.name: place for place, p in enumerate(describe(self.resource.fields))}

            def place(param: InvalidParam) -> tuple[bool, int, bool]:
                return param.name == OBJECT, places.get(param.name.partition(".")[0], len(places)), OBJECT in param.name

            raise Problem(400, "invalid", invalid_params=sorted(self.errors, key=place))

    # --- What the verbs do ---

    def merge(self) -> dict[str, Any]:
        """Return the body as the whole new state: what was sent over what is stored (common.md §3)."""
        if self.stored is None:
            return self.sent
        whole = self.action == "update"
        state = render(self.resource, self.call.service.api.service, self.stored, self.call.base)
        # What the response shows under the name of a field may be something else than what is written there (catalogi
        # show URLs where names are written): then the stored value itself is the state.
        shown = {p.name: p.attribute for p in properties(self.resource)}
        merged = {}
        for p in describe(self.resource.fields):
            if p.name in self.sent:
                merged[p.name] = self.sent[p.name]
            elif p.name in state and not (whole and (p.required or not self.resource.put_keeps)):
                same = shown.get(p.name, p.attribute) == p.attribute
                merged[p.name] = state[p.name] if same else self.stored[p.attribute]
        return merged

    def parse(self, data: dict[str, Any]) -> bool:
        """Validate ``data`` as the fields of the resource into ``fields`` and ``row``; return False when it has
        errors.

        What was not sent keeps its stored value. That was accepted once, so it is not judged again: rules may have
        become stricter since.
        """
        model, kept = self.resource.fields, data.keys() - self.sent.keys()
        long = self._stored_long(data)
        data = {**data, **{p.name: data[p.name][:maximum] for p, maximum in long}} if long else data
        errors = self._validate(model, data)
        if accepted_before := frozenset(str(e["loc"][0]) for e in errors if e["loc"] and e["loc"][0] in kept):
            errors = self._validate(unjudged(model, accepted_before), data)
        self.errors += from_pydantic(errors)
        for p in describe(model):
            if p.variants is not None:
                self._parse_variant(p, data, kept)
        if self.errors:
            return False
        dumped = self.fields.model_dump(mode="json", by_alias=True)
        for p in describe(model):
            if p.write_only:
                continue
            if self._keeps(p, kept):
                self.row[p.attribute] = self.now(p.attribute)
                continue
            value = getattr(self.fields, p.attribute)
            ref = p.ref
            if ref and ref.table:
                value = uuid_in(value, ref) if value else None
            elif not isinstance(p.type, type) or p.group or p.type in (dict, list):
                value = value if p.choices else dumped[p.name]
            self.row[p.attribute] = value
        for p, _ in long:
            self.row[p.attribute] = self.stored[p.attribute] if self.stored else None
        return True

    def _stored_long(self, data: dict[str, Any]) -> list[tuple[Property, int]]:
        """Return the lists, with their maximum, that were stored before they had one and stay as they are: only the
        first items are examined again."""
        if self.stored is None:
            return []
        kept = [p for p in describe(self.resource.fields) if p.item and p.name not in self.sent]
        sizes = [(p, length.maximum) for p in kept if (length := p.marker(Length)) and length.maximum is not None]
        return [(p, maximum) for p, maximum in sizes if len(data.get(p.name) or ()) > maximum]

    def _validate(self, model: type[Fields], data: dict[str, Any]) -> list[ErrorDetails]:
        try:
            self.fields = model.model_validate(data, context=self.call.context)
        except ValidationError as e:
            return e.errors()
        return []

    def _keeps(self, p: Property, kept: AbstractSet[str]) -> bool:
        """Return whether a column keeps its value: that of a field that was not sent, or of a text that may not change
        and differs in nothing but the blanks that are there from before text was trimmed."""
        if self.stored is None or p.attribute not in self.stored or p.attribute in self.resource.computed:
            return False
        if p.name in kept:
            return True
        text = p.immutable and p.type is str and p.ref is None
        return text and str(self.stored[p.attribute] or "").strip() == getattr(self.fields, p.attribute)

    def _parse_variant(self, p: Property, data: dict[str, Any], kept: AbstractSet[str]) -> None:
        assert p.variants is not None
        value = data.get(p.name)
        by = next(f for f in describe(self.resource.fields) if f.attribute == p.variants.by)
        kind = data.get(by.name)
        model = p.variants.models.get(kind.strip()) if isinstance(kind, str) else None
        if not isinstance(value, dict) or model is None:
            if self.fields is not None and isinstance(value, dict):
                setattr(self.fields, p.attribute, None)
            return
        if p.name in kept and by.name in kept:
            return
        try:
            parsed = model.model_validate(value, context=self.call.context)
        except ValidationError as e:
            self.errors += from_pydantic(e.errors(), p.name)
            return
        if self.fields is not None:
            setattr(self.fields, p.attribute, parsed.model_dump(mode="json", by_alias=True))

    def check_immutable(self) -> None:
        """Reject a changed value of a field that may not change."""
        if self.stored is None:
            return
        for p in describe(self.resource.fields):
            if p.immutable and p.name in self.sent and self.changed(p.attribute):
                self.reject(p.name, "wijzigen-niet-toegelaten")

    async def resolve_references(self) -> None:
        """Look up everything that the new state refers to, concurrently, and reject what cannot be found."""
        work = []
        for p in describe(self.resource.fields):
            ref = reference_of(p)
            if ref is None or not ref.follow or p.write_only or p.attribute in self._resolved:
                continue
            value = getattr(self.fields, p.attribute)
            if not value:
                continue
            if p.ref:
                work.append(self._resolve(p.attribute, p.name, value, ref))
            else:
                work.append(self._resolve_list(p, value, ref))
        if len(work) == 1:
            await work[0]
        elif work:
            await asyncio.gather(*work)

    async def _resolve(self, attribute: str, name: str, path: str, ref: Ref) -> None:
        found, code = await self.find(path, ref)
        # A reference that did not change was accepted before; its target may be gone since, or be no concept any more.
        # One that is not of this API is no value of the column, and would look like none at all.
        if code and (self.changed(attribute) or self.row[attribute] is None):
            await self.reject_url(name, path, code)
        self._resolved[attribute] = found

    async def _resolve_list(self, p: Property, paths: list[str], ref: Ref) -> None:
        found: dict[str, Any] = {}
        for index, path in enumerate(paths):
            if path not in found:
                found[path], code = await self.find(path, ref)
                if code and self.changed(p.attribute):
                    await self.reject_url(f"{p.name}.{index}", path, code)
                    if len(self.errors) >= MAX_ERRORS:
                        break
        self._resolved[p.attribute] = [found.get(path) for path in paths]

    async def find(self, path: str, ref: Ref) -> tuple[Any, str]:
        """Return (object, "") or (None, code) for a stored path."""
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

    async def load_main(self, rights: Rights) -> None:
        """Find the main object, whose type and level decide, and raise 403 when it is not within ``rights``.

        For a sub-resource the reference comes first (common.md §5): absent, unknown, of another kind, not authorised.
        """
        link = self.resource.main
        if link is None:
            return
        p = next((p for p in describe(self.resource.fields) if p.attribute == link.attribute), None)
        if self.stored is not None:
            key = self.stored[link.attribute]
        elif self.resource.parent == link.attribute and p is None:
            key = self.row[link.attribute]
        else:
            key = self._main_key(p)
        row = await self.call.db.row(self.call.tenant, by_uuid(link.resource, rights, full=True)(uuid=key))
        if row is None:
            if p is None or self.stored is not None:
                # It was removed since this object was read, which then is gone as well.
                raise not_found()
            self.reject(p.name, "object-does-not-exist")
            self.stop()
            return
        if not row["_allowed"]:
            raise forbidden()
        self.main = row
        self._resolved.setdefault(link.attribute, row)

    def _main_key(self, p: Property | None) -> Any:
        assert p is not None
        assert p.ref is not None
        value = self.sent.get(p.name)
        if p.name not in self.sent or value is None or (isinstance(value, str) and not value.strip()):
            self.reject(p.name, "required" if p.name not in self.sent else "null" if value is None else "blank")
            self.stop()
        try:
            path = path_of(check_url(value.strip() if isinstance(value, str) else ""), self.call.caller.bases)
        except PydanticCustomError:
            self.reject(p.name, "invalid", "Voer een geldige URL in.")
            self.stop()
            raise
        key = uuid_in(path, p.ref)
        if key is None:
            own = path.startswith(p.ref.prefix)
            same_api = path.startswith(self.call.service.api.root + "/")
            self.reject(p.name, "object-does-not-exist" if own else "incorrect_match" if same_api else "no_match")
            self.stop()
        return key


@lru_cache(maxsize=256)
def unjudged(model: type[Fields], names: frozenset[str]) -> type[Fields]:
    """Return ``model`` with fields, by their JSON names, that take whatever is stored."""
    loose: dict[str, Any] = {p.attribute: (Any, Field(alias=p.name)) for p in describe(model) if p.name in names}
    found: type[Fields] = create_model(f"Stored{model.__name__}", __base__=model, **loose)
    return found


__all__ = ["OBJECT", "Check"]
