"""Writing documents: create, new versions, remove (documenten.md §3 to §5)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from sqlalchemy import delete, exists, select
from starlette.responses import Response

from runtime.problems import OBJECT, not_found
from runtime.statements import Row
from services.documenten.document import AANMAKEN, BIJWERKEN, DOCUMENT, VERWIJDEREN
from services.documenten.document_regels import Inhoud
from services.documenten.document_velden import (
    DOCUMENT_TABLE,
    VERSIE_TABLE,
    DocumentShown,
    EnkelvoudigInformatieObjectFields,
)
from services.documenten.inhoud import CONTENT_CODES, Body, read_body
from services.documenten.journal import keys_of, release, remove_now
from services.documenten.objectinformatieobject import OIO_TABLE
from services.documenten.reading import EIO
from zgw import audit
from zgw.api import Described
from zgw.check import Check
from zgw.dependencies import CurrentCall, Needs, accepts_json, sends_json
from zgw.expand import rendered
from zgw.outbox import look_up_catalogus
from zgw.read import find, no_query
from zgw.request import Call, answer
from zgw.rights import Rights
from zgw.routing import Operation
from zgw.types import WRITE_ONLY, Length, Ref
from zgw.unknown import read_members
from zgw.write import finish, in_line, starting_again, store, transaction


class EnkelvoudigInformatieObjectWithLockFields(EnkelvoudigInformatieObjectFields):
    """A new version: everything that a document has, and the lock."""

    lock: Annotated[str, Length(None, 1), WRITE_ONLY]


class EnkelvoudigInformatieObjectShown(DocumentShown, EnkelvoudigInformatieObjectFields):
    """A document as a response to a write."""

    inhoud: Annotated[str | None, Ref(follow=False)] = None


class EnkelvoudigInformatieObjectCreateLock(EnkelvoudigInformatieObjectShown):
    """A new document; with a large upload it is locked, and this is the only time that the lock is told."""

    lock: str


# --- Endpoints --------------------------------------------------------------------------------------------------------


router = APIRouter(prefix=EIO, tags=["enkelvoudiginformatieobjecten"], route_class=Operation)


@router.post(
    "",
    operation_id="enkelvoudiginformatieobject_create",
    status_code=201,
    dependencies=[Depends(accepts_json), Depends(sends_json)],
    openapi_extra={
        "zgw": Described(
            body=EnkelvoudigInformatieObjectFields,
            response=EnkelvoudigInformatieObjectCreateLock,
            parameters=("audit",),
            codes=CONTENT_CODES,
        )
    },
)
async def create(call: CurrentCall, rights: Annotated[Rights, Depends(Needs(AANMAKEN))]) -> Response:
    """Maak een document aan, met de inhoud erin of, voor een groot bestand, met bestandsdelen."""
    no_query(call)
    body = await read_body(call)
    body.sent = read_members(call, DOCUMENT, body.sent, None, "lock")

    async def attempt(_: int) -> Response:
        check = check_of(call, "create", body, None)
        content = with_lock(check, await store(check, rights))
        return answer(content, 201, {"Location": content["url"], **check.headers})

    async with discarding(body):
        return await starting_again(attempt)


def with_lock(check: Check, content: dict[str, Any]) -> dict[str, Any]:
    """Return a new document as its maker sees it, with the lock of a large upload."""
    lock = check.row["lock"]
    for deel in content["bestandsdelen"]:
        deel["lock"] = lock
    return {**content, "lock": lock}


CHANGED = Described(
    body=EnkelvoudigInformatieObjectWithLockFields,
    response=EnkelvoudigInformatieObjectShown,
    parameters=("audit",),
    codes=CONTENT_CODES,
)


@router.put(
    "/{uuid:uuid}",
    operation_id="enkelvoudiginformatieobject_update",
    dependencies=[Depends(accepts_json), Depends(sends_json)],
    openapi_extra={"zgw": CHANGED},
)
async def replace(call: CurrentCall, rights: Annotated[Rights, Depends(Needs(BIJWERKEN))]) -> Response:
    """Werk een document in zijn geheel bij; dit geeft een nieuwe versie."""
    return await change(call, rights, "update")


@router.patch(
    "/{uuid:uuid}",
    operation_id="enkelvoudiginformatieobject_partial_update",
    dependencies=[Depends(accepts_json), Depends(sends_json)],
    openapi_extra={"zgw": CHANGED},
)
async def merge(call: CurrentCall, rights: Annotated[Rights, Depends(Needs(BIJWERKEN))]) -> Response:
    """Werk een document deels bij; dit geeft een nieuwe versie."""
    return await change(call, rights, "partial_update")


async def change(call: Call, rights: Rights, action: str) -> Response:
    """Answer 200 with the new version."""
    no_query(call)
    first = await find(call, DOCUMENT, rights, full=True)
    body = await read_body(call)
    body.sent = read_members(call, DOCUMENT, body.sent, first, "lock")

    async def attempt(number: int) -> Response:
        stored = await find(call, DOCUMENT, rights, full=True) if number else first
        check = check_of(call, action, body, stored)
        content = await store(check, rights)
        await remove_now(call.service, call.tenant, check.facts(Inhoud).weg)
        for deel in content["bestandsdelen"]:
            deel["lock"] = stored["lock"]
        return answer(content, 200, check.headers)

    async with discarding(body):
        return await in_line(call, attempt)


def check_of(call: Call, action: str, body: Body, stored: Row | None) -> Check[EnkelvoudigInformatieObjectFields]:
    """Return the write of a document under examination, with what is wrong with its lock and its content."""
    sent = body.sent
    if action == "update" and stored is not None:
        # PUT without indicatieGebruiksrecht keeps it, because it is ours (drc-006c).
        sent = {"indicatieGebruiksrecht": stored["indicatie_gebruiksrecht"], **sent}
    check = Check(call, DOCUMENT, action, sent, stored)
    check.facts(Inhoud).body = body
    if stored is not None:
        lock = sent.get("lock", "")
        if action == "update" and "lock" not in sent:
            check.reject("lock", "required")
        elif not isinstance(lock, str):
            check.reject("lock", "null" if lock is None else "invalid")
    if body.error:
        check.reject("inhoud", body.error)
    return check


@asynccontextmanager
async def discarding(body: Body) -> AsyncIterator[None]:
    """Remove the content again when the document is refused."""
    try:
        yield
    except BaseException:
        await asyncio.shield(body.discard())
        raise


@router.delete(
    "/{uuid:uuid}",
    operation_id="enkelvoudiginformatieobject_destroy",
    status_code=204,
    openapi_extra={"zgw": Described(parameters=("audit",))},
)
async def remove(call: CurrentCall, rights: Annotated[Rights, Depends(Needs(VERWIJDEREN))]) -> Response:
    """Verwijder een document met al zijn versies, inhoud, gebruiksrechten en verzendingen.

    drc-008: a document that an object still refers to, or that is locked, is not removed.
    """
    no_query(call)
    stored = await find(call, DOCUMENT, rights, full=True)
    check = Check(call, DOCUMENT, "destroy", {}, stored)
    check.main = stored
    old = (await rendered(call, DOCUMENT, [stored]))[0]
    await look_up_catalogus(check)
    async with transaction(check) as db:
        of = DOCUMENT_TABLE.c
        related = exists(select(OIO_TABLE.c.id).where(OIO_TABLE.c.informatieobject == of.uuid))
        statement = select(of.lock, of.segments, related.label("related")).where(of.uuid == check.uuid)
        row = await db.row(statement.with_for_update())
        if row is None:
            raise not_found()
        if row["related"]:
            check.reject(OBJECT, "pending-relations", "Er zijn nog objecten die naar dit document verwijzen.")
        elif row["lock"]:
            check.reject(OBJECT, "destroy-locked", "Een vergrendeld document kan niet worden verwijderd.")
        check.stop()
        older = await db.rows(select(VERSIE_TABLE.c.segments).where(VERSIE_TABLE.c.uuid == check.uuid))
        keys = {key for version in (row, *older) for key in keys_of(version["segments"])}
        await release(db, keys)
        await db.execute(delete(DOCUMENT_TABLE).where(of.uuid == check.uuid))
        await finish(db, check, old, None, stored)
        await audit.forget(db, DOCUMENT_TABLE.metadata, check.uuid)
    await remove_now(call.service, call.tenant, keys)
    return Response(None, 204)
