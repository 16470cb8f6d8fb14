"""The selection list: procestypen, resultaten and general descriptions, by URL (selectielijst.md).

What was fetched is kept in the schema of the municipality, so that catalogues can be written and imported while the
register is away, and one municipality never depends on what another one fetched. Reads of the catalogue never need the
register.
"""

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx
import orjson
from sqlalchemy import Text, func, select
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel
from starlette.responses import Response

from runtime.problems import not_found
from runtime.settings import Settings
from runtime.statements import table_of
from services.catalogi.geldigheid import METADATA
from zgw.check import Check
from zgw.dependencies import CurrentCall
from zgw.internal import internal_router
from zgw.problems import REASONS
from zgw.request import Call, answer

log = logging.getLogger("samenzaak.selectielijst")

SHAPES: Mapping[str, Mapping[str, type]] = {
    "procestype": {
        "nummer": int,
        "jaar": int,
        "naam": str,
        "omschrijving": str,
        "toelichting": str,
        "procesobject": str,
    },
    "resultaat": {"procesType": str, "nummer": int, "naam": str, "herkomst": str, "waardering": str},
    "resultaattypeomschrijving": {"omschrijving": str, "definitie": str},
}
"""Per kind the properties that it must have, with their types. A resultaat has an omschrijving too, but no
definitie."""

TEXTS = ("procestermijn", "bewaartermijn")
"""Properties that a resultaat may leave out, and that must be text where they are used."""

KEEP = {
    "procestype": timedelta(hours=24),
    "resultaat": timedelta(hours=24),
    "resultaattypeomschrijving": timedelta(hours=1),
}
"""How long a copy is used without asking the register."""

LEFT_ALONE = 10.0
"""Seconds for which a register that did not answer is not asked again, where that can be done without."""

MAX_SIZE = 1024 * 1024
MAX_REDIRECTS = 3


class Stored(SQLModel, registry=registry(metadata=METADATA)):
    """Base of the tables of this service that are not those of a resource."""


class CopyRow(Stored, table=True):
    """A copy of an object of the selection list."""

    __tablename__ = "selectielijst"

    url: str = Field(sa_type=Text, primary_key=True)
    content: dict[str, Any] = Field(sa_type=JSONB)
    fetched: datetime = Field(sa_column_kwargs={"server_default": func.now()})


COPY = table_of(CopyRow)


@dataclass
class Onthouden:
    """The objects that an import asked for, by URL; None when a write asks for itself."""

    objecten: dict[str, dict[str, Any] | None] | None = None


async def resolve(check: Check, name: str, url: str, kind: str) -> dict[str, Any] | None:
    """Return the object at a URL of the selection list; reject the field when it is not there or of another kind."""
    # An import asks for the same few objects thousands of times.
    memo = check.facts(Onthouden).objecten
    if memo is None:
        found = await fetch(check.call, url, KEEP[kind])
    elif url in memo:
        found = memo[url]
    else:
        found = memo[url] = await fetch(check.call, url, KEEP[kind], many=True)
    if found is None:
        check.reject(name, "bad-url", REASONS["bad-url"])
        return None
    if not has_shape(found, kind):
        check.reject(name, "invalid-resource", f"De URL verwijst niet naar een {kind}.")
        return None
    return found


def has_shape(content: Any, kind: str) -> bool:
    """Return whether an object has the properties of this kind, with the right types."""
    if not isinstance(content, dict):
        return False
    right = all(type(content.get(name)) is expected for name, expected in SHAPES[kind].items())
    return right and all(content.get(name) is None or type(content[name]) is str for name in TEXTS)


def kind_of(content: Any) -> str:
    """Return what kind of object this is, or an empty string."""
    return next((kind for kind in SHAPES if has_shape(content, kind)), "")


async def fetch(call: Call, url: str, keep: timedelta, many: bool = False) -> dict[str, Any] | None:
    """Return the object at a URL: a recent copy, else from the register, else an old copy, else None.

    A register that did not answer is left alone for a while where there is a copy, or where ``many`` objects are asked
    for: otherwise each of them would wait for it.
    """
    row = await call.db.row(call.tenant, select(COPY).where(COPY.c.url == url))
    copy = dict(row["content"]) if row is not None else None
    if row is not None and datetime.now(UTC) - row["fetched"] < keep:
        return copy
    state = call.service.state
    if (copy is not None or many) and time.monotonic() < state.get("selectielijst_away", 0.0):
        return copy
    try:
        found = await download(call.service.settings, url)
    except Away as e:
        log.warning("the selection list does not answer: %s: %s", url, e)
        state["selectielijst_away"] = time.monotonic() + LEFT_ALONE
        return copy
    if found is None:
        return copy
    statement = insert(COPY).values(url=url, content=found)
    async with call.db.transaction(call.tenant) as db:
        await db.execute(
            statement.on_conflict_do_update(index_elements=["url"], set_={"content": found, "fetched": func.now()})
        )
    return found


intern = internal_router()


@intern.post("/selectielijst")
async def opvragen(call: CurrentCall) -> Response:
    """Answer to another service the object of the selection list at ``{"url": …}``, or 404."""
    found = await fetch(call, (await call.body())["url"], KEEP["resultaat"])
    if found is None:
        raise not_found()
    return answer(found)


class Away(Exception):
    """The register does not answer, or only that it cannot."""


async def download(settings: Settings, url: str) -> dict[str, Any] | None:
    """Return the JSON object that the register answers, or None when it has none; raise :class:`Away`. Only the
    configured register is ever asked."""
    root = settings.selectielijst_url + "/"
    timeout = httpx.Timeout(settings.outgoing_timeout, connect=settings.outgoing_connect_timeout)
    try:
        async with (
            asyncio.timeout(settings.outgoing_timeout),
            httpx.AsyncClient(timeout=timeout, trust_env=False, headers=headers_for(settings)) as client,
        ):
            for _ in range(1 + MAX_REDIRECTS):
                if not same_register(url, root):
                    return None
                async with client.stream("GET", url) as response:
                    if response.is_redirect:
                        url = urljoin(url, response.headers.get("location", ""))
                        continue
                    if response.status_code >= 500:
                        raise Away(f"status {response.status_code}")
                    return await _object(response)
    except (httpx.InvalidURL, ValueError):
        return None
    except (httpx.HTTPError, TimeoutError) as e:
        raise Away(repr(e)) from e
    return None


async def _object(response: httpx.Response) -> dict[str, Any] | None:
    """Return the JSON object of a good answer; raise ValueError when it is no JSON."""
    body = b""
    async for part in response.aiter_bytes():
        body += part
        if len(body) > MAX_SIZE:
            return None
    found = orjson.loads(body) if response.status_code == 200 else None
    return found if isinstance(found, dict) else None


def headers_for(settings: Settings) -> dict[str, str]:
    """Return the headers of a request to the configured register."""
    found = {"accept": "application/json"}
    if settings.selectielijst_header is not None:
        name, _, value = settings.selectielijst_header.get_secret_value().partition(":")
        found[name.strip()] = value.strip()
    return found


def same_register(url: str, root: str) -> bool:
    """Return whether a URL lies below the root of the register; a path that goes up leaves it."""
    return url.startswith(root) and ".." not in urlsplit(url).path.split("/") and "%2e" not in url.lower()


def same_url(one: str, other: str, by_uuid: bool = False) -> bool:
    """Return whether two URLs are equal but for the scheme, the case of the host and a slash at the end; ``by_uuid``
    when only their last segments have to be equal."""
    return bool(one) and _normal(one, by_uuid) == _normal(other, by_uuid)


def _normal(url: str, by_uuid: bool) -> tuple[str, ...]:
    parts = urlsplit(url)
    path = parts.path.rstrip("/")
    return (path.rpartition("/")[2].lower(),) if by_uuid else (parts.netloc.lower(), path, parts.query)
