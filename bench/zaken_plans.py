"""The statements behind the lists of zaken, as the service makes them, for :mod:`bench.zaken_million` to explain."""

from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl

import asyncpg

from runtime.statements import Executor, Row, compile_statement
from services.zaken.app import RESOURCES
from services.zaken.zaak import ZAAK
from zgw.filters import conditions_for
from zgw.lists import ordering_of, rights_to
from zgw.pages import Page, read_page
from zgw.render import reading_text
from zgw.rights import EVERYTHING, Rights
from zgw.select import within

BASE = "http://localhost"


class Recorder(Executor):
    """Runs statements and remembers them."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        super().__init__(connection)
        self.made: list[tuple[str, list[Any]]] = []

    async def rows(self, statement: Any) -> list[Row]:
        """Return all rows."""
        self.made.append(compile_statement(statement))
        return await super().rows(statement)

    async def value(self, statement: Any) -> Any:
        """Return the first value."""
        self.made.append(compile_statement(statement))
        return await super().value(statement)


async def statements(
    connection: asyncpg.Connection, rights: Rights, path: str, size: int = 100
) -> list[tuple[str, list[Any]]]:
    """Return (SQL, values) of each statement that ``GET /path?query`` needs."""
    name, _, query = path.partition("?")
    given = dict(parse_qsl(query))
    resource = next(r for r in RESOURCES if r.path == name)
    criteria = {key: value for key, value in given.items() if key not in ("page", "ordering")}
    recorder = Recorder(connection)

    async def rows(_: str, statement: Any) -> list[Row]:
        return await recorder.rows(statement)

    context: Any = {"bases": (BASE,)}
    call: Any = SimpleNamespace(
        service=SimpleNamespace(state={}), tenant="", context=context, db=SimpleNamespace(rows=rows)
    )
    where = await conditions_for(call, resource.filters, criteria, [])
    rights = rights_to(resource, rights, where)
    order = ordering_of(resource, given.get("ordering"), [])
    offset = (int(given.get("page", "1")) - 1) * size
    by_default = "ordering" not in given
    page = Page(resource, rights, where, [*where, within(resource, rights)], order, by_default, size, offset)
    await read_page(call, recorder, page, reading_text(resource))
    return recorder.made


def clients(zaaktypen: list[str]) -> dict[str, Rights]:
    """Return the rights of a client with all and of one with these zaaktypen, by the name of the client."""
    caps = {f"/catalogi/api/v1/zaaktypen/{uuid}": 7 if index % 2 else 3 for index, uuid in enumerate(zaaktypen)}
    return {"all": EVERYTHING, f"{len(caps)} types": Rights(caps=caps)}


__all__ = ["BASE", "ZAAK", "clients", "statements"]
