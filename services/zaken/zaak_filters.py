"""Filters on zaken beside the standard, for ``GET /zaken`` and ``_zoek``: those that applications for Open Zaak use."""

import re
from typing import Annotated, Any
from urllib.parse import urlencode

import httpx
from pydantic import AfterValidator
from sqlalchemy import (
    ColumnElement,
    Text,
    all_,
    and_,
    bindparam,
    literal_column,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from runtime.faults import unreachable
from runtime.problems import Problem, invalid
from services.zaken.zaak_velden import ZAAK_TABLE
from services.zaken.zaak_vindplaats import BRON, TYPEN, ZAAK_ID, has
from zgw.contains import LONGEST, contains
from zgw.filters import Filter, beside_standard
from zgw.problems import error
from zgw.request import Call
from zgw.rights import one_of
from zgw.types import Length, Ref

_c = ZAAK_TABLE.c


MANY = 5_000
"""Zaken with one value from which PostgreSQL is to know that there are many."""
PLAIN = re.compile(r"[\w /:.-]+")


async def having(call: Call, column: Any, value: str) -> ColumnElement[bool]:
    """Return the condition that a zaak has this value in a column of ``TYPEN`` or ``BRON``.

    Of a statement that is used often PostgreSQL plans for a value like any other, which few zaken have, and then looks
    each of them up: of a million that takes much longer than reading them in order. A value that many have is therefore
    written into the statement, which so has a plan of its own; there are few of those.
    """
    if PLAIN.fullmatch(value):
        # Only the index has this order: of equality the plan for any value would read the table, or that in its own.
        key, same = column.table.c[ZAAK_ID], (column >= value, column <= value)
        more = select(key).where(*same).order_by(column, key).offset(MANY).limit(1)
        if await call.db.rows(call.tenant, more):
            return has(column == literal_column(f"'{value}'", Text()))
    return has(column == value)


def found_by(name: str, column: Any, type_: Any) -> Filter:
    """Return a filter by one value of a column of ``TYPEN`` or ``BRON``."""

    async def lookup(call: Call, value: str) -> ColumnElement[bool]:
        return await having(call, column, value)

    return Filter(name, type_, lambda value: has(column == value), lookup=lookup)


def has_kenmerk(**members: str) -> ColumnElement[bool]:
    """Return the condition that one kenmerk of a zaak has these members."""
    return and_(_c.kenmerken.contains([members]), _c.kenmerken != text("'[]'"))


def one_colon(value: str) -> str:
    """Return a value of the form ``bron:kenmerk``; else the error ``invalid``."""
    if value.count(":") != 1:
        raise error("invalid", "Geef een bron en een kenmerk met een dubbele punt ertussen.")
    return value


def bron_and_kenmerk(value: str) -> ColumnElement[bool]:
    """Return the condition that one kenmerk of a zaak is ``bron:kenmerk``."""
    bron, _, kenmerk = value.partition(":")
    return has_kenmerk(bron=bron, kenmerk=kenmerk)


MOST_TYPES = 10_000
"""Zaaktypen that a part of a name may stand for: more than a municipality has versions."""


async def zaaktype_named(call: Call, value: str) -> ColumnElement[bool]:
    """Return the condition that the zaaktype of a zaak has ``value`` in its omschrijving. Catalogi knows which these
    are, of its own types. Raises 503 when it does not answer."""
    internal = call.service.internal
    caller = call.caller.as_component(internal.service)
    asked = urlencode({"omschrijving": value, "most": MOST_TYPES + 1})
    try:
        answer = await internal.send(caller, "catalogi", "GET", f"/_intern/zaaktypen?{asked}")
    except httpx.HTTPError as e:
        raise unreachable("catalogi") from e
    if answer.status_code != 200:
        raise Problem(503, "error", "De catalogi-API kan de zaaktypen niet opzoeken.")
    found: list[str] = answer.json()
    if len(found) > MOST_TYPES:
        raise invalid("zaaktype__omschrijving", "invalid", "Te veel zaaktypen hebben deze tekst; geef er meer van.")
    return one_of(_c.zaaktype, tuple(found))


def other_than(paths: list[str]) -> ColumnElement[bool]:
    """Return the condition that a zaak has none of these zaaktypen."""
    return _c.zaaktype != all_(bindparam(None, paths, type_=ARRAY(Text)))


TYPE = Annotated[str, Ref(follow=False, max_length=10_000)]
ZAAKTYPE_IN = Annotated[str, Ref("catalogi", "zaaktypen", follow=False)]

EXTRA_FILTERS: list[Filter] = beside_standard(
    contains("identificatie__icontains", _c.identificatie),
    contains("omschrijving", _c.omschrijving),
    # The condition is that of one of the types; those are looked up.
    Filter(
        "zaaktype__omschrijving",
        Annotated[str, Length(LONGEST)],
        lambda path: one_of(_c.zaaktype, (path,)),
        lookup=zaaktype_named,
    ),
    Filter("kenmerk", Annotated[str, AfterValidator(one_colon)], bron_and_kenmerk),
    found_by("kenmerk__bron", BRON.c.bron, str),
    found_by("status__statustype", TYPEN.c.statustype, TYPE),
    found_by("resultaat__resultaattype", TYPEN.c.resultaattype, TYPE),
    Filter("zaaktype__not_in", ZAAKTYPE_IN, other_than, many=True, search_only=True),
    Filter("zaaktype__notIn", ZAAKTYPE_IN, other_than, many=True, search_only=True),
)
