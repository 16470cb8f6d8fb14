"""Calls between the services of the test process that fail."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from runtime.tenancy import schema_of
from tests.stack import Stack
from tests.waiting import until

Break = Callable[..., Any]
MIRRORS = "/_intern/objectinformatieobjecten"
"""Where Documenten takes many mirrors at once; other internal requests only read."""


@pytest.fixture
def broken(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Break:
    """Make the calls of one service to another fail, by method (GETs still work unless told otherwise).

    ``after``: they are carried out, and only the answer is lost. ``meanwhile`` is done before the first call that is no
    GET.
    """

    @contextmanager
    def breaking(
        service: str,
        other: str,
        methods: tuple[str, ...] = ("POST", "DELETE"),
        after: bool = False,
        meanwhile: Callable[[], Awaitable[None]] | None = None,
    ) -> Iterator[None]:
        internal = stack.standalone.services[service].internal
        send = internal.send
        todo = [meanwhile] if meanwhile else []

        async def failing(caller: Any, to: str, method: str, path: str, body: Any = None, headers: Any = None) -> Any:
            if to == other and (not path.startswith("/_intern/") or path == MIRRORS):
                if method != "GET" and todo:
                    await todo.pop()()
                if method in methods:
                    if after:
                        await send(caller, to, method, path, body, headers or {})
                    raise httpx.ReadTimeout("the other service does not answer")
            return await send(caller, to, method, path, body, headers or {})

        with monkeypatch.context() as patch:
            patch.setattr(internal, "send", failing)
            yield

    return breaking


async def outbox(stack: Stack, service: str) -> list[dict[str, Any]]:
    """Return what still has to be announced."""
    async with stack.admin() as admin:
        return [dict(row) for row in await admin.fetch(f"SELECT * FROM deventer_{service}.outbox")]


async def no_message(stack: Stack, service: str, *parts: str) -> bool:
    """Return whether no message with all these parts, such as a URL, is waiting to be announced."""
    return not [row for row in await outbox(stack, service) if all(part in row["message"] for part in parts)]


async def over(stack: Stack, service: str = "zaken") -> None:
    """Let the time be over for which the writes of a service are held, and wait until the relay brought all."""
    schema = schema_of("deventer", service)
    async with stack.admin() as admin:

        async def brought() -> bool:
            # What could not be brought at the first attempt is held for another while, which has to be over as well.
            await admin.execute(f"UPDATE {schema}.outbox SET held_until = now() - interval '1 second'")
            await admin.execute("SELECT pg_notify('samenzaak_outbox', $1)", schema)
            await asyncio.sleep(0.2)
            return not await admin.fetchval(f"SELECT count(*) FROM {schema}.outbox")

        await until(brought, "the outbox keeps something")
