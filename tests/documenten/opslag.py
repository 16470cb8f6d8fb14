"""Looks behind the API: at the storage, the journal and the rows of the tests' own municipality."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from runtime.tenancy import schema_of
from services.documenten.journal import stock_of
from services.documenten.storage import Storage, storage_of
from tests.stack import PUBLIC, Client, Stack
from zgw.request import Service


def service_of(stack: Stack) -> Service:
    """Return the service in this process."""
    return stack.standalone.services["documenten"]


def storage(stack: Stack) -> Storage:
    """Return its storage."""
    return storage_of(service_of(stack))


async def objects(stack: Stack, tenant: str = "deventer") -> set[str]:
    """Return the keys of everything in the storage."""
    return {key async for key, _ in storage(stack).keys(tenant)}


async def rows(stack: Stack, sql: str, *values: Any, tenant: str = "deventer") -> list[Any]:
    """Run SQL as the owner of the database, in the schema of the service."""
    async with stack.admin() as admin:
        await admin.execute(f'SET search_path TO "{schema_of(tenant, "documenten")}"')
        return list(await admin.fetch(sql, *values))


async def journal(stack: Stack, tenant: str = "deventer") -> list[str]:
    """Return the keys in the journal, without the stock for uploads to come."""
    found = {row["key"] for row in await rows(stack, "SELECT key FROM journal", tenant=tenant)}
    if stack.split is not None:
        # The stock of another process is told by what it is for: there is no object under its keys yet.
        return sorted(found & await objects(stack, tenant))
    return sorted(found - {key.name for key in stock_of(service_of(stack), tenant)})


async def expire(stack: Stack, tenant: str = "deventer") -> None:
    """Make the sweep think that everything in the journal is old."""
    stock_of(service_of(stack), tenant).clear()
    await rows(stack, "UPDATE journal SET removable_from = now()", tenant=tenant)


async def keys_of(stack: Stack, document: dict[str, Any]) -> list[str]:
    """Return the keys of the content of a document."""
    uuid = document["url"].rpartition("/")[2]
    sql = "SELECT jsonb_array_elements(segments)->>'key' AS key FROM document WHERE uuid = $1::text::uuid"
    return [row["key"] for row in await rows(stack, sql, uuid)]


async def send_and_leave(api: Client, method: str, path: str, headers: dict[str, str], body: bytes) -> int:
    """Send the beginning of a request and leave; return the status that was still answered, or 0."""
    status = 0
    messages = [
        {"type": "http.request", "body": body[start : start + 65_536], "more_body": True}
        for start in range(0, len(body), 65_536)
    ]

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0)
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        nonlocal status
        status = message.get("status", status)

    await api.stack.gateway(_scope(api, method, path, headers), receive, send)
    return status


async def read_slowly(api: Client, url: str, during: Callable[[int], Awaitable[None]]) -> tuple[int, bytes, bool]:
    """GET, calling ``during`` with the number of bytes so far after each piece; return the status, the bytes, and
    whether the answer came to its end."""
    status, data, whole = 0, b"", False

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(60)
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        nonlocal status, data, whole
        status = message.get("status", status)
        data += message.get("body", b"")
        whole = message["type"] == "http.response.body" and not message.get("more_body", False)
        await during(len(data))

    path, _, query = url.removeprefix(PUBLIC).partition("?")
    await api.stack.gateway({**_scope(api, "GET", path, {}), "query_string": query.encode()}, receive, send)
    return status, data, whole


def _scope(api: Client, method: str, path: str, headers: dict[str, str]) -> dict[str, Any]:
    usual = {"host": PUBLIC.removeprefix("http://"), "authorization": f"Bearer {api.token()}", **headers}
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in usual.items()],
        "client": None,
        "server": None,
    }
