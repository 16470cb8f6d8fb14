"""Filters on zaken beside the standard, for ``GET /zaken`` and ``_zoek``: those that applications for Open Zaak use."""

import re
from dataclasses import replace
from typing import Annotated, Any, cast
from urllib.parse import urlencode

import httpx
from pydantic import AfterValidator
from sqlalchemy import (
    BinaryExpression,
    ColumnElement,
    Exists,
    Text,
    Uuid,
    all_,
    and_,
    bindparam,
    column,
    exists,
    literal_column,
    not_,
    select,
    table,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.visitors import iterate

from runtime.faults import unreachable
from runtime.problems import Problem, invalid
from services.zaken.zaak_velden import METADATA, ZAAK_TABLE
from zgw.contains import LONGEST, contains
from zgw.filters import Filter, beside_standard, reference
from zgw.problems import error
from zgw.request import Call
from zgw.rights import one_of
from zgw.types import Length, Ref

_c = ZAAK_TABLE.c


def _status(name: str) -> Any:
    return table("status", column("zaak", Uuid), column("statustype", Text), column("datum_status_gezet")).alias(name)


# By name, because the modules of these resources import that of the zaak.
STATUS, LATER = _status("gezochte_status"), _status("latere_status")
RESULTAAT = table("resultaat", column("zaak", Uuid), column("resultaattype", Text)).alias("gezocht_resultaat")


def has_status(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the condition that the current status of a zaak meets ``condition``."""
    same_zaak = LATER.c.zaak == STATUS.c.zaak
    later = exists(select(LATER.c.zaak).where(same_zaak, LATER.c.datum_status_gezet > STATUS.c.datum_status_gezet))
    return exists(select(STATUS.c.zaak).where(STATUS.c.zaak == _c.uuid, condition, not_(later)))


def has_resultaat(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the condition that the resultaat of a zaak meets ``condition``."""
    return exists(select(RESULTAAT.c.zaak).where(RESULTAAT.c.zaak == _c.uuid, condition))


MANY = 5_000
"""Statussen or resultaten of one type from which PostgreSQL is to know that there are many."""
PLAIN = re.compile(r"[A-Za-z0-9/:._-]+")


async def of_type(call: Call, kind: Any, path: str) -> ColumnElement[bool]:
    """Return the condition that a status or resultaat has the type at ``path``; ``kind`` is the column.

    Of a statement that is used often PostgreSQL plans for a type like any other, which few zaken have, and then looks
    each of them up: of a million that takes much longer than reading them in order. A type that many have is therefore
    written into the statement, which so has a plan of its own; there are few of those.
    """
    if PLAIN.fullmatch(path):
        more = select(kind.table.c.zaak).where(kind == path).offset(MANY).limit(1)
        if await call.db.rows(call.tenant, more):
            return cast("ColumnElement[bool]", kind == literal_column(f"'{path}'", Text()))
    return cast("ColumnElement[bool]", kind == path)


async def with_statustype(call: Call, path: str) -> ColumnElement[bool]:
    """Return the condition that the current status of a zaak has this statustype."""
    return has_status(await of_type(call, STATUS.c.statustype, path))


async def with_resultaattype(call: Call, path: str) -> ColumnElement[bool]:
    """Return the condition that the resultaat of a zaak has this resultaattype."""
    return has_resultaat(await of_type(call, RESULTAAT.c.resultaattype, path))


def resultaten_of(criterion: ColumnElement[bool]) -> ColumnElement[bool] | None:
    """Return the condition on resultaten behind a criterion of :func:`has_resultaat`, or None for another."""
    kind = METADATA.tables["resultaat"].c.resultaattype
    for each in iterate(criterion) if isinstance(criterion, Exists) else ():
        if isinstance(each, BinaryExpression) and each.left is RESULTAAT.c.resultaattype:
            return kind == each.right
    return None


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
    Filter("kenmerk__bron", str, lambda value: has_kenmerk(bron=value)),
    replace(
        reference("status__statustype", STATUS.c.statustype, Ref("catalogi", "statustypen"), within=has_status),
        lookup=with_statustype,
    ),
    replace(
        reference(
            "resultaat__resultaattype",
            RESULTAAT.c.resultaattype,
            Ref("catalogi", "resultaattypen"),
            within=has_resultaat,
        ),
        lookup=with_resultaattype,
    ),
    Filter("zaaktype__not_in", ZAAKTYPE_IN, other_than, many=True, search_only=True),
    Filter("zaaktype__notIn", ZAAKTYPE_IN, other_than, many=True, search_only=True),
)
