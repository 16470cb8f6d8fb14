"""Reading documents: lists, ``_zoek``, one document or one of its versions (documenten.md §1.1, §1.2, §4, §9)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import literal_column, select
from starlette.responses import Response

from runtime.problems import InvalidParam, invalid, not_found
from runtime.statements import Row
from services.documenten.document import DOCUMENT, FILTERS, LEZEN, ZOEK_FILTERS, inhoud_van
from services.documenten.document_velden import (
    DOCUMENT_TABLE,
    VERSIE_TABLE,
    DocumentShown,
    EnkelvoudigInformatieObjectFields,
)
from zgw.api import Described
from zgw.dependencies import CurrentCall, Given, Needs, accepts_json
from zgw.expand import paths, rendered
from zgw.fields import Fields
from zgw.filters import conditions
from zgw.lists import list_, search
from zgw.read import conditional, find
from zgw.reading_log.read import Action
from zgw.reading_log.recorder import saw
from zgw.request import Call
from zgw.resource import Resource
from zgw.rights import Rights
from zgw.routing import Operation
from zgw.select import full_reading, reading, within
from zgw.types import Moment
from zgw.unknown import read_members_as

_LOCKED = select(DOCUMENT_TABLE.c.lock != "").where(DOCUMENT_TABLE.c.uuid == VERSIE_TABLE.c.uuid)

VERSIE = Resource(
    name=DOCUMENT.name,
    path=DOCUMENT.path,
    fields=EnkelvoudigInformatieObjectFields,
    shown=DocumentShown,
    table=VERSIE_TABLE,
    computed={
        "inhoud": inhoud_van(VERSIE_TABLE),
        "locked": _LOCKED.scalar_subquery(),
        "bestandsdelen": literal_column("'[]'::jsonb"),
    },
    typed=DOCUMENT.typed,
    scopes={},
    verbs=(),
)
"""How an older version is read; it has no API of its own. Its type and level are those that it was written with."""


class ZoekFields(Fields):
    """The members that a search may have beside its criteria."""

    expand: str = ""


_MOMENT: TypeAdapter[datetime] = TypeAdapter(Moment)


EIO = "/documenten/api/v1/enkelvoudiginformatieobjecten"
router = APIRouter(prefix=EIO, tags=["enkelvoudiginformatieobjecten"], route_class=Operation)


@router.get(
    "",
    operation_id="enkelvoudiginformatieobject_list",
    dependencies=[Depends(accepts_json), Depends(Needs(LEZEN))],
    openapi_extra={
        "zgw": Described(
            response=DOCUMENT, shape="page", filters=FILTERS, parameters=("ordering", "expand", "page", "pageSize")
        )
    },
)
async def list_documenten(call: CurrentCall) -> Response:
    """Alle documenten opvragen: van elk de laatste versie."""
    return await list_(call, DOCUMENT)


@router.post(
    "/_zoek",
    operation_id="enkelvoudiginformatieobject__zoek",
    dependencies=[Depends(accepts_json)],
    openapi_extra={
        "zgw": Described(
            body=ZoekFields, response=DOCUMENT, shape="page", filters=ZOEK_FILTERS, parameters=("page", "pageSize")
        )
    },
)
async def zoek(
    call: CurrentCall,
    rights: Annotated[Rights, Depends(Needs(LEZEN))],
    given: Annotated[dict[str, str], Depends(Given("page", "pageSize"))],
) -> Response:
    """Documenten zoeken; de criteria gelden samen, en een enkel criterium volstaat."""
    body = read_members_as(call, await call.body(), ZoekFields, *(f.name for f in ZOEK_FILTERS))
    if not any(f.name in body and body[f.name] not in (None, "") for f in ZOEK_FILTERS):
        raise invalid("nonFieldErrors", "empty_search_body")
    errors: list[InvalidParam] = []
    call.criteria = body
    where = conditions(ZOEK_FILTERS, body, call.context, errors)
    expand = body.get("expand") or ""
    if not isinstance(expand, str):
        errors.append(InvalidParam("expand", "invalid"))
        expand = ""
    return await search(call, DOCUMENT, rights, where, {**given, "expand": expand}, errors)


@router.head(
    "/{uuid:uuid}",
    operation_id="enkelvoudiginformatieobject_headers",
    dependencies=[Depends(accepts_json)],
    openapi_extra={"zgw": Described(parameters=("If-None-Match",))},
)
@router.get(
    "/{uuid:uuid}",
    operation_id="enkelvoudiginformatieobject_retrieve",
    dependencies=[Depends(accepts_json)],
    openapi_extra={
        "zgw": Described(response=DOCUMENT, parameters=("expand", "versie", "registratieOp", "If-None-Match"))
    },
)
async def fetch(
    call: CurrentCall,
    rights: Annotated[Rights, Depends(Needs(LEZEN))],
    given: Annotated[dict[str, str], Depends(Given("expand", "versie", "registratieOp"))],
) -> Response:
    """Een document opvragen: de laatste versie, of die van ``versie`` of ``registratieOp``."""
    wanted = paths(given.get("expand"))
    resource, row = await find_version(call, rights, given)
    call.heavy = True
    content = (await rendered(call, resource, [row], wanted))[0]
    saw(call, Action.RETRIEVE, (content,))
    return conditional(call, content, {})


async def find_version(
    call: Call, rights: Rights, given: Mapping[str, str], full: bool = False
) -> tuple[Resource, Row]:
    """Return the wanted version and how it is read; raise 404 when there is none, 403 when it may not be seen.

    Both the document as it is and the version must lie within ``rights``: what became public after it was redacted
    keeps its earlier text for those who could read it then. An application that is limited to publication sees the
    latest version that is ready, and only those (§9).
    """
    number, moment = _wanted(call, given)
    if number is None and moment is None and not rights.published_only:
        return DOCUMENT, await find(call, DOCUMENT, rights, full=full)
    statement = full_reading(DOCUMENT).add_columns(within(DOCUMENT, rights).label("_allowed"))
    latest = await call.db.row(call.tenant, statement.where(DOCUMENT_TABLE.c.uuid == call.path["uuid"]))
    if latest is None:
        raise not_found()
    if not (latest["_allowed"] or rights.published_only):
        raise await call.denied(DOCUMENT, rights.scopes)
    found, resource = (latest, DOCUMENT) if _fits(latest, number, moment, rights) else (None, VERSIE)
    if found is None:
        of = VERSIE_TABLE.c
        conditions_ = [of.uuid == call.path["uuid"]]
        conditions_ += [of.versie == number] if number is not None else []
        conditions_ += [of.begin_registratie <= moment] if moment is not None else []
        conditions_ += [of.is_gereed_voor_publicatie.is_(True)] if rights.published_only else []
        older = (full_reading if full else reading)(VERSIE).where(*conditions_).order_by(of.versie.desc()).limit(1)
        found = await call.db.row(call.tenant, older.add_columns(within(VERSIE, rights).label("_allowed")))
    if found is None:
        raise not_found("Deze versie bestaat niet.")
    if not (latest["_allowed"] and found["_allowed"]):
        raise await call.denied(DOCUMENT, rights.scopes)
    return resource, found


def _wanted(call: Call, given: Mapping[str, str]) -> tuple[int | None, datetime | None]:
    number, moment = given.get("versie") or None, given.get("registratieOp") or None
    if number is not None and not (number.isascii() and number.isdigit() and len(number) < 10):
        raise invalid("versie", "invalid", "Een versie is een geheel getal.")
    if moment is None:
        return None if number is None else int(number), None
    try:
        parsed = _MOMENT.validate_python(moment, context=call.context)
    except ValidationError:
        raise invalid("registratieOp", "invalid", "Voer een tijdstip in volgens ISO 8601.") from None
    return None if number is None else int(number), parsed


def _fits(row: Row, number: int | None, moment: datetime | None, rights: Rights) -> bool:
    return (
        (number is None or row["versie"] == number)
        and (moment is None or row["begin_registratie"] <= moment)
        and (not rights.published_only or row["is_gereed_voor_publicatie"] is True)
    )
