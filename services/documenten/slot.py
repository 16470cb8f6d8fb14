"""Locks: who may write new versions of a document, and the completion of an upload (documenten.md §4, §5.4)."""

from typing import Annotated

from fastapi import APIRouter, Depends
from sqlalchemy import delete, select, update
from starlette.responses import Response

from runtime.problems import OBJECT, invalid, not_found
from runtime.statements import Executor, Row
from services.documenten.bestandsdeel import PART
from services.documenten.document import DOCUMENT
from services.documenten.document_regels import new_lock
from services.documenten.document_velden import DOCUMENT_TABLE
from services.documenten.journal import release, remove_now
from services.documenten.reading import EIO
from zgw.api import Described
from zgw.dependencies import CurrentCall, Needs, accepts_json
from zgw.fields import Fields
from zgw.read import find, no_query
from zgw.request import answer
from zgw.rights import Rights, scopes
from zgw.routing import Operation
from zgw.types import Length
from zgw.unknown import read_members_as

LOCK = scopes("documenten.lock")
FORCEREN = scopes("documenten.geforceerd-unlock")
UNLOCK = LOCK | FORCEREN


class LockEnkelvoudigInformatieObject(Fields):
    """The lock that was set."""

    lock: str


class UnlockEnkelvoudigInformatieObjectFields(Fields):
    """The lock to release; left out by who forces it."""

    lock: Annotated[str, Length(100)] = ""


router = APIRouter(prefix=EIO, tags=["enkelvoudiginformatieobjecten"], route_class=Operation)


@router.post(
    "/{uuid:uuid}/lock",
    operation_id="enkelvoudiginformatieobject_lock",
    dependencies=[Depends(accepts_json)],
    openapi_extra={"zgw": Described(response=LockEnkelvoudigInformatieObject)},
)
async def lock(call: CurrentCall, rights: Annotated[Rights, Depends(Needs(LOCK))]) -> Response:
    """Vergrendel een document, zodat alleen de houder van de lock het wijzigt.

    drc-009: a document that is locked already keeps its lock.
    """
    no_query(call)
    await find(call, DOCUMENT, rights)
    made, of = new_lock(), DOCUMENT_TABLE.c
    async with call.db.acquire(call.tenant) as db:
        done = await db.execute(
            update(DOCUMENT_TABLE).where(of.uuid == call.path["uuid"], of.lock == "").values(lock=made)
        )
    if not done:
        raise invalid(OBJECT, "existing-lock", "Het document is al vergrendeld.")
    return answer({"lock": made})


@router.post(
    "/{uuid:uuid}/unlock",
    operation_id="enkelvoudiginformatieobject_unlock",
    status_code=204,
    openapi_extra={"zgw": Described(body=UnlockEnkelvoudigInformatieObjectFields)},
)
async def unlock(call: CurrentCall, rights: Annotated[Rights, Depends(Needs(UNLOCK))]) -> Response:
    """Ontgrendel een document; een upload in bestandsdelen wordt daarmee afgerond."""
    no_query(call)
    body = read_members_as(call, await call.body(optional=True), UnlockEnkelvoudigInformatieObjectFields)
    given = body.get("lock") or ""
    if not isinstance(given, str):
        raise invalid("lock", "invalid")
    given = given.strip()
    if len(given) > 100:
        raise invalid("lock", "max_length")
    row = await find(call, DOCUMENT, rights, full=True)
    kind, level = row["informatieobjecttype"], row["vertrouwelijkheidaanduiding"]
    forced = not given and await call.holds(FORCEREN, kind, level)
    async with call.db.transaction(call.tenant) as db:
        of = DOCUMENT_TABLE.c
        locked = await db.row(
            select(of.lock, of.segments, of.bestandsomvang).where(of.uuid == row["uuid"]).with_for_update()
        )
        if locked is None:
            raise not_found()
        if not forced and given != locked["lock"]:
            raise invalid(OBJECT, "incorrect-lock-id", "De lock klopt niet.")
        gone = await _complete(db, row["uuid"], locked, forced) if locked["lock"] else []
    await remove_now(call.service, call.tenant, gone)
    return Response(None, 204)


async def _complete(db: Executor, uuid: object, locked: Row, forced: bool) -> list[str]:
    """Unlock, and make the parts the content of the document; return the objects that are no longer needed.

    drc-x4: an upload that is not complete stays locked, unless the lock is broken by force: then it is given up.
    """
    parts = await db.rows(
        select(PART.c.omvang.label("size"), PART.c.key, PART.c.sha256)
        .where(PART.c.document == uuid)
        .order_by(PART.c.volgnummer)
        .with_for_update()
    )
    values: dict[str, object] = {"lock": ""}
    gone: list[str] = []
    if parts:
        complete = [part for part in parts if part["key"]]
        if len(complete) == len(parts):
            # The parts are the content: nothing is copied, whatever their size (docs/adr/0003).
            values["segments"] = [{name: part[name] for name in ("key", "size", "sha256")} for part in parts]
        elif forced:
            values["bestandsomvang"] = None
            gone = [part["key"] for part in complete]
            await release(db, gone)
        elif complete:
            raise invalid(OBJECT, "incomplete-upload", "Nog niet alle bestandsdelen zijn ontvangen.")
        else:
            raise invalid(OBJECT, "file-size", "Er is nog geen bestandsdeel ontvangen.")
        await db.execute(delete(PART).where(PART.c.document == uuid))
    await db.execute(update(DOCUMENT_TABLE).where(DOCUMENT_TABLE.c.uuid == uuid).values(**values))
    return gone
