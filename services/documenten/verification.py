"""The control of the storage: reads every content back and compares it with what was stored.

For the operator's command::

    async for finding in check_documents(service, "deventer"):
        print(finding.kind, finding.document, finding.key)
"""

import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from runtime.problems import Problem
from runtime.statements import among
from services.documenten.bestandsdeel import PART
from services.documenten.document_velden import DOCUMENT_TABLE, VERSIE_TABLE
from services.documenten.download import WINDOW
from services.documenten.journal import JOURNAL, PATIENCE
from services.documenten.storage import storage_of
from services.documenten.upload import Segment
from zgw.request import Service

BATCH = 500


@dataclass(frozen=True)
class Finding:
    """One object in the storage with something wrong.

    ``kind`` is ``missing``, ``size`` or ``sha256`` (the content is not what was stored), ``unreadable`` (the storage
    failed; try again), or ``unknown`` (content that no document and no upload knows of).
    """

    kind: str
    key: str
    document: str = ""
    expected: str = ""
    found: str = ""


@dataclass
class Total:
    """The progress of a check; filled while :func:`check_documents` runs."""

    objects: int = 0
    size: int = 0


async def check_documents(
    service: Service, tenant: str, total: Total | None = None, contents: bool = True
) -> AsyncIterator[Finding]:
    """Yield what is wrong with the contents of a municipality; nothing is changed.

    Each object of each version, and each uploaded bestandsdeel, is read back once, in pieces, and its SHA-256 compared;
    with ``contents=False`` only its size. Then the storage is listed for objects that nothing refers to; those that are
    younger than an hour are left out, because they may belong to an upload. ``total`` counts objects and bytes.
    """
    total = total or Total()
    seen: set[bytes] = set()
    last = 0
    while True:
        of = DOCUMENT_TABLE.c
        statement = select(of.id, of.uuid, of.segments).where(of.id > last).order_by(of.id).limit(BATCH)
        documents = await service.database.rows(tenant, statement)
        for document, segment in await _segments(service, tenant, documents):
            if (key := bytes.fromhex(segment["key"])) in seen:
                continue
            seen.add(key)
            total.objects += 1
            total.size += segment["size"]
            finding = await _check(service, tenant, document, segment, contents)
            if finding is not None and await _still_there(service, tenant, document, segment):
                yield finding
        if len(documents) < BATCH:
            break
        last = documents[-1]["id"]
    async for finding in _strangers(service, tenant, seen):
        yield finding


async def _segments(service: Service, tenant: str, documents: Sequence[Any]) -> list[tuple[str, Segment]]:
    """Return (document, segment) of all versions and uploaded parts of these documents; versions share segments."""
    uuids = [row["uuid"] for row in documents]
    older = select(VERSIE_TABLE.c.uuid, VERSIE_TABLE.c.segments).where(among(VERSIE_TABLE.c.uuid, uuids))
    parts = select(PART.c.document, PART.c.key, PART.c.omvang.label("size"), PART.c.sha256).where(
        among(PART.c.document, uuids), PART.c.key.is_not(None)
    )
    found = [
        (str(row["uuid"]), segment)
        for row in (*documents, *await service.database.rows(tenant, older))
        for segment in row["segments"] or ()
    ]
    return [*found, *((str(row["document"]), dict(row)) for row in await service.database.rows(tenant, parts))]


async def _still_there(service: Service, tenant: str, document: str, segment: Segment) -> bool:
    """Return whether the document still has this object: reading takes long, and documents are removed meanwhile."""
    of = DOCUMENT_TABLE.c
    statement = select(of.id, of.uuid, of.segments).where(of.uuid == UUID(document))
    found = await _segments(service, tenant, await service.database.rows(tenant, statement))
    return any(each["key"] == segment["key"] for _, each in found)


async def _check(service: Service, tenant: str, document: str, segment: Segment, contents: bool) -> Finding | None:
    storage, key, expected = storage_of(service), segment["key"], segment["size"]
    found = hashlib.sha256()
    try:
        size = await storage.size(tenant, key)
        if size is None:
            return Finding("missing", key, document)
        if size != expected:
            return Finding("size", key, document, str(expected), str(size))
        for start in range(0, size if contents else 0, WINDOW):
            found.update(await storage.read(tenant, key, start, min(WINDOW, size - start)))
    except Problem as problem:
        return Finding("unreadable", key, document, found=problem.detail)
    if contents and found.hexdigest() != segment["sha256"]:
        return Finding("sha256", key, document, segment["sha256"], found.hexdigest())
    return None


async def _strangers(service: Service, tenant: str, seen: set[bytes]) -> AsyncIterator[Finding]:
    async for key, moment in storage_of(service).keys(tenant):
        try:
            known = bytes.fromhex(key) in seen
        except ValueError:
            known = False
        if known or moment > datetime.now(UTC) - PATIENCE:
            continue
        journal = select(JOURNAL.c.key).where(JOURNAL.c.key == key)
        if not await service.database.rows(tenant, journal):
            yield Finding("unknown", key)
