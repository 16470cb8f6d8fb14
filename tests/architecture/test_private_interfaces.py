"""What is used of libraries beyond their public interface stands in docs/adr/0001, and each is still what it was."""

import ast
import asyncio
import dataclasses
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import uvicorn
from alembic.script import ScriptDirectory
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from sqlalchemy import Column, Integer, MetaData, Sequence, Table, bindparam, select
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.supervisors.multiprocess import Multiprocess, Process

from beheer.migrate import scripts
from runtime.statements import Prepared, compile_statement
from zgw.routing import Operation

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "adr" / "0001-statements-without-an-engine.md"
FOLDERS = ("runtime", "zgw", "oas", "gateway", "console", "services", "beheer")
PUBLIC = {"_fields", "_replace", "_exit"}
"""Those of named tuples and of os, which Python documents."""
TABLE = Table("t", MetaData(), Column("a", Integer))


def private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def trees() -> Iterator[tuple[str, ast.Module]]:
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*.py"):
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text())


def own_names(tree: ast.Module) -> Iterator[str]:
    """Yield the names that a file gives to functions, classes, variables and attributes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and ast.unparse(node.value) == "self":
            yield node.attr


def in_code() -> set[str]:
    """Return the private names of others."""
    ours = {name for _, tree in trees() for name in own_names(tree)}
    used: set[str] = set()
    for _, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute):
                used.add(node.attr)
            elif isinstance(node, ast.ImportFrom):
                used |= {part for alias in node.names for part in (alias.name, *(node.module or "").split("."))}
            elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "getattr" and len(node.args) > 1:
                used.add(ast.unparse(node.args[1]).strip("'"))
    return {name for name in used if private(name)} - ours - PUBLIC


def in_page() -> set[str]:
    section = PAGE.read_text().partition("## Private interfaces")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`(_\w+)`", row.split("|")[1])}


def test_every_private_interface_is_in_the_table() -> None:
    # Some are names of ours as well.
    assert in_code() | {"_serve", "_from_objects", "_gen_cache_key"} == in_page()


def test_sqlalchemy_compiles_once_per_shape() -> None:
    sql, values = compile_statement(select(TABLE.c.a).where(TABLE.c.a == 5))
    assert (" ".join(sql.split()), values) == ("SELECT t.a FROM t WHERE t.a = $1::INTEGER", [5])
    statement = select(TABLE.c.a).where(TABLE.c.a == bindparam("n"))
    assert compile_statement(statement.params(n=7))[1] == [7]
    assert Prepared(statement)(n=8).values == [8]


def test_sqlalchemy_tells_statements_of_one_shape_by_a_key() -> None:
    one, same, other = (select(TABLE.c.a).where(TABLE.c.a == 1), select(TABLE.c.a).where(TABLE.c.a == 2), select(TABLE))
    keys = [each._generate_cache_key() for each in (one, same, other)]
    assert all(keys)
    assert keys[0] == keys[1] != keys[2]


def test_sqlalchemy_knows_the_tables_of_an_expression_and_the_sequences_of_metadata() -> None:
    assert list(TABLE.c.a._from_objects) == [TABLE]
    assert len(inspect.signature(TABLE.c.a._gen_cache_key).parameters) == 2
    metadata = MetaData()
    sequence = Sequence("s", metadata=metadata)
    assert list(metadata._sequences.values()) == [sequence]


async def test_a_semaphore_tells_who_waits() -> None:
    semaphore = asyncio.Semaphore(1)
    async with semaphore:
        waiting = asyncio.create_task(semaphore.acquire())
        await asyncio.sleep(0)
        assert [one.done() for one in semaphore._waiters or ()] == [False]
    await waiting


def test_aiohttp_can_be_told_not_to_repeat_a_request() -> None:
    assert "_retry_connection" in inspect.getsource(aiohttp.ClientSession._request)


def test_alembic_gives_the_steps_to_a_revision() -> None:
    directory: ScriptDirectory = scripts("zaken")
    steps = directory._upgrade_revs("head", None)  # type: ignore[arg-type]
    assert [step.revision.revision for step in steps][-1] == directory.get_current_head()


def test_uvicorn_has_the_methods_that_ours_take_the_place_of() -> None:
    server = uvicorn.Server(uvicorn.Config(lambda: None))
    assert server._captured_signals == []
    assert inspect.iscoroutinefunction(server._serve)
    overridden = ("connection_made", "connection_lost", "pause_writing", "resume_writing", "data_received", "on_url")
    parsing = ("on_message_begin", "on_header", "on_headers_complete", "on_body", "on_message_complete")
    for name in (*overridden, *parsing, "_unset_keepalive_if_required", "timeout_keep_alive_handler"):
        assert callable(getattr(HttpToolsProtocol, name)), name
    source = inspect.getsource(HttpToolsProtocol)
    for name in ("parser", "headers", "url", "cycle", "transport", "loop", "timeout_keep_alive_task"):
        assert f"self.{name}" in source, name
    assert STATUS_LINE[431].startswith(b"HTTP/1.1 431 ")


def test_uvicorn_asks_a_worker_and_stops_a_connection_as_ours_do() -> None:
    assert list(inspect.signature(Process._healthcheck).parameters) == ["self", "timeout"]
    assert callable(Multiprocess.init_processes)
    assert callable(Multiprocess.keep_subprocess_alive)
    flow = FlowControl(asyncio.Transport())
    assert isinstance(flow._transport, asyncio.Transport)
    assert (flow.read_paused, flow.write_paused) == (False, False)


def test_fastapi_tells_what_an_endpoint_depends_on() -> None:
    names = {each.name for each in dataclasses.fields(Dependant)}
    assert {"call", "name", "dependencies", "path_params", "query_params", "header_params", "body_params"} <= names
    assert issubclass(Operation, APIRoute)
    assert "self.get_route_handler()" in inspect.getsource(APIRoute.__init__)
