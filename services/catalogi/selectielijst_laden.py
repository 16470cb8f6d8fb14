"""Fills the copy of the selection list at once, for networks from which the register cannot be reached.

The source is a JSON file as the register answers (a list, a page, or an object with several of them by name), a folder of
such files, or the root of a register that can be reached now.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import orjson

from services.catalogi.selectielijst import kind_of
from zgw.tenancy import schema_of

COLLECTIONS = ("procestypen", "resultaten", "resultaattypeomschrijvingen")
MAX_PAGES = 200


async def load(admin: asyncpg.Connection, tenant: str, source: str | Path) -> int:
    """Keep every object of ``source`` for a municipality and return how many; later copies replace earlier ones.

    All or nothing. Raises ValueError for what is no selection list, FileNotFoundError, LookupError for an unknown
    municipality, OSError when a register cannot be reached.
    """
    found = await _download(str(source)) if str(source).startswith(("http://", "https://")) else await _read(source)
    if not found:
        raise ValueError(f"{source} holds no procestypen, resultaten or resultaattypeomschrijvingen")
    statement = (
        f'INSERT INTO "{schema_of(tenant, "catalogi")}".selectielijst (url, inhoud, opgehaald) '  # noqa: S608
        "VALUES ($1, $2::text::jsonb, now()) ON CONFLICT (url) DO UPDATE SET inhoud = excluded.inhoud, opgehaald = now()"
    )
    try:
        async with admin.transaction():
            await admin.executemany(statement, [(item["url"], orjson.dumps(item).decode()) for item in found])
    except asyncpg.UndefinedTableError:
        raise LookupError(f"there is no municipality {tenant}") from None
    return len(found)


async def _read(source: str | Path) -> list[dict[str, Any]]:
    path = Path(source)
    files = await asyncio.to_thread(lambda: sorted(path.glob("*.json")) if path.is_dir() else [path])
    found: list[dict[str, Any]] = []
    for file in files:
        try:
            content = orjson.loads(await asyncio.to_thread(file.read_bytes))
        except orjson.JSONDecodeError as e:
            raise ValueError(f"{file}: {e}") from None
        found += _objects(content, str(file))
    return found


def _objects(content: Any, where: str) -> Iterator[dict[str, Any]]:
    """Yield the objects of the selection list in a JSON document; raise ValueError for one without a full URL."""
    if isinstance(content, list):
        for item in content:
            yield from _objects(item, where)
    elif isinstance(content, dict) and kind_of(content):
        if not str(content.get("url", "")).startswith(("http://", "https://")):
            raise ValueError(f"{where}: an object has no full URL, so nothing can refer to it: {str(content)[:80]}")
        yield content
    elif isinstance(content, dict):
        for name in ("results", *COLLECTIONS):
            if isinstance(content.get(name), list):
                yield from _objects(content[name], where)


async def _download(root: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    async with httpx.AsyncClient(timeout=30, follow_redirects=True, trust_env=False) as http:
        for collection in COLLECTIONS:
            url: str | None = f"{root.rstrip('/')}/{collection}"
            for _ in range(MAX_PAGES):
                if url is None:
                    break
                try:
                    answer = (await http.get(url)).raise_for_status()
                    content = answer.json()
                except (httpx.HTTPError, ValueError) as e:
                    raise OSError(f"{url}: {e!r}") from e
                found += _objects(content, url)
                url = content.get("next") if isinstance(content, dict) else None
    return found
