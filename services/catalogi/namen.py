"""Relations by name: what a client writes to refer to a type is its identificatie or omschrijving, or a URL of it.

A URL is stored as the name that it stands for, because it names one version and the relation is with all of them.
"""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, ValidationInfo
from sqlalchemy import select, true

from runtime.problems import OBJECT
from runtime.statements import Row, among
from services.catalogi.geldigheid import IDENTITY, for_reader, resolved, versions
from services.catalogi.velden import GEVULD
from zgw.check import Check, name_of
from zgw.fields import Fields, describe
from zgw.filters import uuid_in
from zgw.types import URL, Ref, path_of

F = TypeVar("F", bound=Fields)

PATHS = {"zaaktype": "zaaktypen", "informatieobjecttype": "informatieobjecttypen", "besluittype": "besluittypen"}
ROOT = "/catalogi/api/v1/"
LONGEST = {"zaaktype": 50, "informatieobjecttype": 100, "besluittype": 80}
"""How long a name may be: as long as those of the types, but for the one place where the OAS gives more room."""


def ref_to(kind: str) -> Ref:
    """Return the reference to a main type that is resolved by name."""
    return Ref("catalogi", PATHS[kind], follow=False)


def own_path(value: Any, info: ValidationInfo) -> Any:
    """Turn a URL of this installation into its path; leave anything else as it is."""
    return path_of(value.strip(), (info.context or {}).get("bases", ())) if isinstance(value, str) else value


Naam = Annotated[str, GEVULD, BeforeValidator(own_path)]
"""A name, or the URL of a type; :func:`names_of` makes it a name."""


NaamOfUrl = Annotated[str, BeforeValidator(own_path)]
"""The same in a filter."""


def is_url(value: str) -> bool:
    """Return whether a value is the URL or stored path of something, and not a name."""
    return value.startswith(ROOT) or URL.fullmatch(value) is not None


@dataclass
class Geschreven:
    """The related types as the client wrote them, by attribute: without those that are kept for it."""

    namen: dict[str, list[Any]] = field(default_factory=dict)


async def names_of(
    check: Check,
    kind: str,
    values: dict[str, str],
    catalogus: uuid.UUID | None,
    other_catalogus: str = "",
    must_exist: bool = False,
) -> dict[str, str]:
    """Return the names that ``values`` stand for, by the JSON name of the field that each value was written in.

    A URL that does not resolve, or is of another kind, is rejected; one of another catalogue too (ztc-x1, ztc-x2), on
    the field ``other_catalogus`` or else on the object. A name may be of a type that does not exist yet (O5), unless it
    ``must_exist``.
    """
    found = {}
    for name, value in values.items():
        if not is_url(value):
            if len(value) > LONGEST[kind]:
                check.reject(name, "max_length")
            found[name] = value
        elif (row := await _type_at(check, kind, name, value)) is None:
            continue
        elif row["catalogus"] != catalogus:
            reason = "Het type hoort bij een andere catalogus."
            check.reject(other_catalogus or OBJECT, "relations-incorrect-catalogus", reason)
        else:
            found[name] = row[IDENTITY[kind]]
    # An import brings the types along that its names are of.
    strict = check.call.service.settings.catalogi_strict_names and not check.call.caller.component
    if strict or must_exist:
        await _reject_unknown(check, kind, found, catalogus)
    return found


async def _type_at(check: Check, kind: str, name: str, value: str) -> Row | None:
    """Return the row of the type at a URL; reject the field when there is none, or one of another kind."""
    if (key := uuid_in(value, ref_to(kind))) is None:
        own = value.startswith(ROOT) and value.removeprefix(ROOT).partition("/")[0] not in ("", PATHS[kind])
        check.reject(name, "invalid-resource" if own else "bad-url")
        return None
    table = check.resource.table.metadata.tables[kind]
    row = await check.call.db.row(check.call.tenant, select(table).where(table.c.uuid == key))
    if row is None:
        check.reject(name, "bad-url")
    return row


async def _reject_unknown(check: Check, kind: str, found: dict[str, str], catalogus: uuid.UUID | None) -> None:
    """Reject the names of which the catalogue has no type, not even as a concept."""
    identity = check.resource.table.metadata.tables[kind].c[IDENTITY[kind]]
    same = (identity.table.c.catalogus == catalogus, among(identity, list(found.values())))
    rows = await check.call.db.rows(check.call.tenant, select(identity.label("name")).where(*same)) if found else []
    known = {row["name"] for row in rows}
    for name, value in found.items():
        if value not in known:
            check.reject(name, "does_not_exist", f"De catalogus heeft geen {kind} {value}.")


async def list_of_names(
    check: Check[F], of: Callable[[F], list[str]], name: str, kind: str, catalogus: uuid.UUID | None, other: str = ""
) -> list[str]:
    """Return a list of names without URLs, each name once, and with the names that the client could not see
    (:func:`unseen`)."""
    attribute, given = name_of(of), of(check.fields)
    values = {f"{name}.{index}": value for index, value in enumerate(given)}
    found = await names_of(check, kind, values, catalogus, other)
    stored = list(check.stored[attribute]) if check.stored else []
    kept = await unseen(check, of, kind, given, stored)
    shown = next(p.name for p in describe(check.resource.shown) if p.attribute == attribute)
    if isinstance(listed := check.sent.get(shown), list):
        # The client wrote the names as well: those that it left out may go.
        kept &= {item for item in listed if isinstance(item, str)}
        written = [*found.values(), *kept]
    else:
        written = list(found.values())
    check.facts(Geschreven).namen[attribute] = written
    # In the order that they had.
    places = {item: place for place, item in enumerate(stored)} if kept else {}
    wanted = dict.fromkeys([*found.values(), *(item for item in stored if item in kept)])
    return sorted(wanted, key=lambda item: places.get(item, len(places)))


async def unseen(
    check: Check[F], of: Callable[[F], object], kind: str, given: Sequence[str], stored: Sequence[str]
) -> set[str]:
    """Return the stored names that stay although ``given``, which a client wrote in their place, lacks them.

    A response shows URLs, and none for a name of which the client sees no version (:func:`resolved`). Who sends back
    what it read cannot mean to remove those names; who writes names does.
    """
    by_name = bool(given) and not any(is_url(value) for value in given)
    if not stored or by_name or not check.was_sent(of):
        return set()
    assert check.stored is not None
    # The type whose names they are: the stored object, or the zaaktype that it belongs to.
    table, key = check.resource.table, check.stored["uuid"]
    if "catalogus" not in table.c:
        table, key = table.metadata.tables["zaaktype"], check.stored["zaaktype"]
    owner = table.alias()
    other = versions(kind)
    named = (other.c.catalogus == owner.c.catalogus, among(other.c[IDENTITY[kind]], list(stored)))
    shown = resolved(other, kind, *named, owner=owner.c).add_columns(other.c[IDENTITY[kind]].label("name")).lateral()
    statement = select(shown.c.name).select_from(owner.join(shown, true())).where(owner.c.uuid == key)
    seen = {
        row["name"] for row in await check.call.db.rows(check.call.tenant, statement.params(**for_reader(check.call)))
    }
    return set(stored) - seen
