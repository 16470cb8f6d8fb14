"""Filling the copies of the selection list for networks from which the register cannot be reached.

The command ``samenzaak selectielijst load FILE|URL`` calls :func:`laad`. A file is what the register answers (a list,
a page, or one object), or a folder of such files; a URL is the root of a register.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import httpx
from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert as upsert

from runtime.statements import Prepared, parameters
from runtime.tenancy import as_tenant
from services.catalogi.selectielijst import COPY, kind_of, same_register

COLLECTIONS = {
    "procestype": "procestypen",
    "resultaat": "resultaten",
    "resultaattypeomschrijving": "resultaattypeomschrijvingen",
}
MAX_PAGES = 1000

_stored = upsert(COPY).values(parameters(COPY, ("url", "content")))
STORING = Prepared(
    _stored.on_conflict_do_update(
        index_elements=[COPY.c.url], set_={"content": _stored.excluded.content, "fetched": func.now()}
    )
)


class OnbruikbareLijst(ValueError):
    """The source has something that is no part of a selection list."""


async def laad(
    connection: asyncpg.Connection,
    tenants: Sequence[str],
    source: str,
    root: str = "",
    headers: Mapping[str, str] = {"accept": "application/json"},
) -> dict[str, int]:
    """Store everything in ``source`` for these municipalities, all or nothing; return how many of each kind.

    ``connection`` is the administrator's. ``root`` is put before urls that are bare uuids, as in the data set that VNG
    publishes: then it is the address under which catalogues refer to the list. ``headers`` go along with requests to a
    register.
    Example: ``await laad(admin, ["deventer"], "/data/selectielijst")``.
    """
    url = source.startswith(("http://", "https://"))
    objects = await _from_url(source, headers) if url else _from_files(Path(source))
    rows: dict[str, dict[str, Any]] = {}
    counts: Counter[str] = Counter()
    for number, item in enumerate(objects, 1):
        kind = kind_of(item)
        if not kind:
            raise OnbruikbareLijst(
                f"{source}: object {number} is geen procestype, resultaat of resultaattypeomschrijving"
            )
        found = _absolute(item, kind, root.rstrip("/"))
        if not urlsplit(str(found.get("url"))).netloc:
            raise OnbruikbareLijst(f"{source}: object {number} heeft geen volledige URL; geef het adres van de lijst")
        counts[kind] += found["url"] not in rows
        rows[found["url"]] = found
    if not rows:
        raise OnbruikbareLijst(f"{source}: geen selectielijst gevonden")
    values = [STORING(url=url, content=item).values for url, item in rows.items()]
    async with connection.transaction():
        for tenant in tenants:
            async with as_tenant(connection, tenant, "catalogi") as db:
                await db.connection.executemany(STORING.sql, values)
    return dict(counts)


def _absolute(item: dict[str, Any], kind: str, root: str) -> dict[str, Any]:
    """Return an object whose bare uuids are made URLs below ``root``."""
    if not root:
        return item
    found = dict(item)
    for name, collection in (("url", COLLECTIONS[kind]), ("procesType", COLLECTIONS["procestype"])):
        if isinstance(value := found.get(name), str) and "/" not in value:
            found[name] = f"{root}/{collection}/{value}"
    return found


def _from_files(path: Path) -> list[Any]:
    files = sorted(path.glob("*.json")) if path.is_dir() else [path]
    try:
        return [item for file in files for item in _objects(json.loads(file.read_text(encoding="utf-8")))]
    except OSError as e:
        raise OnbruikbareLijst(f"{e.filename}: {e.strerror}") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as e:
        raise OnbruikbareLijst(f"{path}: {e}") from None


def _objects(content: Any) -> list[Any]:
    if isinstance(content, dict):
        content = content["results"] if isinstance(content.get("results"), list) else [content]
    return content if isinstance(content, list) else [content]


async def _from_url(source: str, headers: Mapping[str, str]) -> list[Any]:
    """Return all objects of a register, following its pages."""
    root, found = source.rstrip("/"), []
    try:
        async with httpx.AsyncClient(timeout=30, follow_redirects=False) as client:
            for collection in COLLECTIONS.values():
                url: str | None = f"{root}/{collection}"
                for _ in range(MAX_PAGES):
                    response = await client.get(url or "", headers=headers)
                    response.raise_for_status()
                    content = response.json()
                    found += _objects(content)
                    url = content.get("next") if isinstance(content, dict) else None
                    if not url or not same_register(url, root + "/"):
                        break
    except (httpx.HTTPError, httpx.InvalidURL, json.JSONDecodeError) as e:
        raise OnbruikbareLijst(f"{source}: {e!r}") from None
    return found
