"""Each filter and ordering finds its objects by an index, or is counted, or is listed here as one that reads all.

PostgreSQL itself tells, by how it would run the query when reading a whole table costs more than anything else.
"""

import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, get_args

import asyncpg
import pytest
from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.sql.elements import False_

from beheer.provision import api_of
from runtime.problems import InvalidParam
from runtime.statements import compile_statement
from runtime.tenancy import schema_of
from services.documenten.document_velden import COUNTS as DOCUMENTEN
from services.zaken.zaak import ZAAK
from services.zaken.zaak_velden import COUNTS as ZAKEN
from services.zaken.zaak_vindplaats import kept_for
from tests.stack import PUBLIC, Stack, built
from zgw.fields import unwrap
from zgw.filters import Filter, conditions, equal
from zgw.lists import ordering_of
from zgw.resource import Resource
from zgw.routing import described_of

OF_A_ZAAK = "Notities are looked for at one zaak."
OF_A_DOCUMENT = "They are looked for at one document."
PART = "Half of all match: PostgreSQL reads as much with an index."
SCANNED: dict[str, str] = {
    "catalogi/*": "A catalogue has hundreds of types, and no more.",
    "documenten/enkelvoudiginformatieobjecten objectinformatieobjecten_objectType": PART,
    "documenten/enkelvoudiginformatieobjecten objectinformatieobjecten__objectType": PART,
    "documenten/enkelvoudiginformatieobjecten locked": "Each lock and unlock would write all indexes.",
    "documenten/gebruiksrechten *": OF_A_DOCUMENT,
    "documenten/verzendingen *": OF_A_DOCUMENT,
    "zaken/statussen indicatieLaatstGezetteStatus": PART,
    "zaken/zaaknotities *": OF_A_ZAAK,
}
"""What reads a whole table on purpose, with why: ``service/path filter``, ``service/path *`` or ``service/*``."""

SOME_UUID = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
URLS = tuple(f"{PUBLIC}{api_of(s).root}/{r.path}/{SOME_UUID}" for s in built() for r in api_of(s).resources)
VALUES = ("true", "2026-01-01", "2026-01-01T00:00:00Z", "517439943", SOME_UUID, "1", *URLS, "x")


@dataclass(frozen=True, eq=False)
class Asked:
    """A filter of a resource, or an ordering: ``-einddatum``."""

    service: str
    resource: Resource
    name: str
    filter: Filter | None = None

    def __str__(self) -> str:
        """Return its name in ``SCANNED``."""
        return f"{self.service}/{self.resource.path} {self.name}"


def asked() -> Iterator[Asked]:
    """Yield every filter of every resource, those of its searches too, and every ordering in both directions."""
    for service in built():
        for resource in api_of(service).resources:
            others = [described_of(route) for route in api_of(service).operations]
            searches = [other.filters for other in others if other.response is resource]
            filters = {declared.name: declared for declared in chain(resource.filters, *searches)}
            yield from (Asked(service, resource, name, declared) for name, declared in filters.items())
            for name in resource.ordering:
                yield from (Asked(service, resource, f"ordering={sign}{name}") for sign in ("", "-"))


ASKED = [*asked()]


def condition_of(declared: Filter) -> ColumnElement[bool]:
    """Return the condition of a filter, for some value that it accepts and that may find something."""
    kind = unwrap(declared.type)[0]
    for value in (*map(str, get_args(kind)), *VALUES):
        errors: list[InvalidParam] = []
        found = conditions([declared], {declared.name: value}, {"bases": (PUBLIC,)}, errors)
        if found and not errors and not isinstance(found[0], False_):
            return found[0]
    raise AssertionError(f"add a value for {declared.name} to VALUES")


def is_counted(resource: Resource, condition: ColumnElement[bool]) -> bool:
    """Return whether the kept counts tell how many objects meet the condition, and where they are."""
    table, condition = kept_for(condition) or (resource.table, condition)
    return any(
        counted.table is table and counted.on_counts(condition, counts.totals) is not None
        for counts in (DOCUMENTEN, ZAKEN)
        for counted in counts._counted
    )


def statement_of(one: Asked) -> Select[Any]:
    """Return the statement that finds the objects of a filter, or a page in the order asked for."""
    table = one.resource.table
    if one.filter is not None:
        return select(table.c.id).select_from(one.resource.clause()).where(condition_of(one.filter))
    order = ordering_of(one.resource, one.name.partition("=")[2], [])
    return select(table.c.id).order_by(*order).limit(100)


async def plan_of(admin: asyncpg.Connection, schema: str, statement: Select[Any]) -> dict[str, Any]:
    """Return how PostgreSQL would run a statement when whole tables are the last thing it reads."""
    sql, values = compile_statement(statement)
    async with admin.transaction():
        await admin.execute(f"SET LOCAL search_path TO {schema}; SET LOCAL enable_seqscan TO off")
        await admin.execute("SET LOCAL enable_sort TO off")
        found = await admin.fetchval(f"EXPLAIN (FORMAT JSON) {sql}", *values)
    plan: dict[str, Any] = json.loads(found)[0]["Plan"]
    return plan


def nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield all steps of a plan."""
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


def reads_all(plan: Mapping[str, Any], partial: Sequence[str], *, ordered: bool) -> bool:
    """Return whether a plan reads a whole table, or sorts one. ``partial`` are the indexes of a part of a table; an
    ``ordered`` list stops reading when the page is full."""
    for node in nodes(plan):
        if node["Node Type"] in ("Seq Scan", "Sort"):
            return True
        if "Index Name" in node and "Index Cond" not in node and not ordered and node["Index Name"] not in partial:
            return True
    return False


async def is_slow(admin: asyncpg.Connection, one: Asked) -> bool:
    """Return whether there is neither an index nor a kept count."""
    schema = schema_of("deventer", one.service)
    rows = await admin.fetch("SELECT indexname FROM pg_indexes WHERE schemaname = $1 AND indexdef ~ ' WHERE '", schema)
    plan = await plan_of(admin, schema, statement_of(one))
    if not reads_all(plan, [row["indexname"] for row in rows], ordered=one.filter is None):
        return False
    return one.filter is None or not is_counted(one.resource, condition_of(one.filter))


def listed(one: Asked) -> set[str]:
    """Return the rows of ``SCANNED`` that are about a filter or ordering."""
    return SCANNED.keys() & {str(one), f"{one.service}/{one.resource.path} *", f"{one.service}/*"}


@pytest.fixture(scope="module")
async def admin(stack: Stack) -> AsyncIterator[asyncpg.Connection]:
    """A connection that may see every plan."""
    async with stack.admin() as connection:
        yield connection


@pytest.mark.parametrize("one", ASKED, ids=str)
async def test_a_filter_has_an_index_or_is_counted(admin: asyncpg.Connection, one: Asked) -> None:
    assert listed(one) or not await is_slow(admin, one), (
        f"{one} reads all of {one.resource.table.name}: give it an Index beside its table and run `make migration`, let"
        " the counts keep its values (values=, filled= or true= of COUNTS.of), or add it to SCANNED with the reason"
    )


async def test_what_is_listed_does_read_all(admin: asyncpg.Connection) -> None:
    """A row of SCANNED about nothing would hide a filter that comes later."""
    used = {row for one in ASKED if listed(one) and await is_slow(admin, one) for row in listed(one)}
    assert SCANNED.keys() - used == set()


@pytest.mark.parametrize(
    ("column", "slow"), [("toelichting", True), ("archiefstatus", False), ("vertrouwelijkheidaanduiding", False)]
)
async def test_a_new_filter_on_a_column_is_judged(admin: asyncpg.Connection, column: str, slow: bool) -> None:
    """One without an index is told; one with an index, or that is counted, is fine."""
    one = Asked("zaken", ZAAK, column, equal(column, ZAAK.table.c[column]))
    assert await is_slow(admin, one) == slow
