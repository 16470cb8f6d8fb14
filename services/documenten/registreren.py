"""A document and its place in a zaak at once, as Open Zaak has it.

The Zaken API is asked first what is wrong with the zaakinformatieobject. Then the document is committed, and the
zaakinformatieobject made there with the rights of the client; when that fails the document is taken back
(``zgw.mirroring``). When the process dies in between, the relay makes it, or removes the document.
"""

from typing import Annotated, Any

import httpx
from fastapi import APIRouter, Depends
from starlette.responses import Response

from runtime.faults import unreachable
from runtime.problems import OBJECT, InvalidParam, Problem, invalid
from services.documenten.document import AANMAKEN, DOCUMENT
from services.documenten.document_velden import EnkelvoudigInformatieObjectFields
from services.documenten.inhoud import CONTENT_CODES, read_body
from services.documenten.writing import EnkelvoudigInformatieObjectCreateLock, check_of, discarding, with_lock
from zgw.api import Described
from zgw.between import JUDGED, REGISTERED
from zgw.check import Check
from zgw.dependencies import CurrentCall, Needs, accepts_json, sends_json
from zgw.fields import Fields
from zgw.mirroring.agreement import Agreement, Mirror
from zgw.mirroring.telling import problem_within
from zgw.read import no_query
from zgw.request import Call, answer
from zgw.resolve import find_main
from zgw.rights import Rights
from zgw.routing import Operation
from zgw.together import Errors
from zgw.types import DateTime, Length, Ref, Shown, Url, path_of
from zgw.unknown import members_and_unknown, tell
from zgw.write import before, complete, finish, follow, put, settle, starting_again, take_in, transaction

DOCUMENT_LID, ZAAK_LID = "enkelvoudiginformatieobject", "zaakinformatieobject"


class ZaakInformatieObjectOnderdeelFields(Fields):
    """The place of a document in a zaak, as a client sends it."""

    zaak: Annotated[str, Ref("zaken", "zaken", follow=False), Shown(1000, 1)]
    titel: Annotated[str, Length(200)] = ""
    beschrijving: str = ""
    vernietigingsdatum: DateTime | None = None
    status: Annotated[str, Ref("zaken", "statussen", follow=False)] | None = None


class ZaakInformatieObjectGemaakt(ZaakInformatieObjectOnderdeelFields):
    """The place of a document in a zaak, as the Zaken API answers it."""

    url: Url
    uuid: str
    informatieobject: Url
    aard_relatie_weergave: str
    registratiedatum: DateTime


class NieuwDocumentFields(EnkelvoudigInformatieObjectFields):
    """The document, as a client sends it."""


class NieuwDocumentShown(EnkelvoudigInformatieObjectCreateLock):
    """The document, as it is answered to its maker."""


class DocumentRegistrerenFields(Fields):
    """The body."""

    enkelvoudiginformatieobject: NieuwDocumentFields
    zaakinformatieobject: ZaakInformatieObjectOnderdeelFields


class DocumentRegistrerenShown(Fields):
    """The answer."""

    enkelvoudiginformatieobject: NieuwDocumentShown
    zaakinformatieobject: ZaakInformatieObjectGemaakt


router = APIRouter(prefix="/documenten/api/v1", tags=["Open Zaak"], route_class=Operation)


@router.post(
    "/document_registreren",
    operation_id="document_registreren",
    status_code=201,
    dependencies=[Depends(accepts_json), Depends(sends_json)],
    openapi_extra={
        "zgw": Described(
            body=DocumentRegistrerenFields,
            response=DocumentRegistrerenShown,
            writes=[(DOCUMENT, "create")],
            codes=CONTENT_CODES,
            parameters=("audit",),
            extension=True,
        )
    },
)
async def registreren(call: CurrentCall, rights: Annotated[Rights, Depends(Needs(AANMAKEN))]) -> Response:
    """Maak een document en leg het vast bij een zaak."""
    no_query(call)
    body = await read_body(call, DOCUMENT_LID)
    async with discarding(body):
        link = _members(body.whole)
        body.sent, unknown = members_and_unknown(DOCUMENT, body.sent, None, "lock")
        tell(call, [f"{DOCUMENT_LID}.{name}" for name in unknown])

        async def attempt(_: int) -> Response:
            check = check_of(call, "create", body, None)
            check.within = DOCUMENT_LID
            await _judge(check, rights, link)
            place = _place_in_zaak(check, link)
            check.agreements = [Agreement(OBJECT, [place])]
            await before(check)
            content = await _stored(check)
            await settle(check)
            if not place.made:
                # It was carried out, although nobody heard so in time.
                place.made.append(await _made(call, place))
            whole = {DOCUMENT_LID: with_lock(check, content), ZAAK_LID: place.made[-1]}
            return answer(whole, 201, check.headers)

        return await starting_again(attempt)


def _members(whole: dict[str, Any]) -> dict[str, Any]:
    """Return the zaakinformatieobject that was sent; raise 400 when the body has not the two members."""
    errors = []
    for name in (DOCUMENT_LID, ZAAK_LID):
        if name not in whole:
            errors.append(InvalidParam(name, "required"))
        elif whole[name] is None:
            errors.append(InvalidParam(name, "null"))
        elif not isinstance(whole[name], dict):
            errors.append(InvalidParam(f"{name}.{OBJECT}", "invalid", "Dit is geen object."))
    if errors:
        raise Problem(400, "invalid", invalid_params=errors)
    found: dict[str, Any] = whole[ZAAK_LID]
    return found


async def _judge(check: Check, rights: Rights, link: dict[str, Any]) -> None:
    """Phases 2 to 8, of the document here and of its place in the zaak at the Zaken API; all that is wrong with either
    is told at once."""
    errors = Errors()
    with errors.of(check):
        await find_main(check, rights)
        await take_in(check, rights)
        check.stop()
        await follow(check, check.resource.rules)
    document = {
        "url": check.path,
        "informatieobjecttype": "" if errors.params else check.now("informatieobjecttype"),
    }
    try:
        response = await check.call.service.internal.send(
            check.call.caller, "zaken", "POST", JUDGED, {"sent": link, "document": document}
        )
    except httpx.HTTPError as e:
        raise unreachable("zaken") from e
    if response.status_code != 204:
        errors.add(check, problem_within(ZAAK_LID, response.status_code, response.json()), prefixed=True)
    errors.stop()
    with errors.of(check):
        await complete(check)
    errors.stop()


async def _stored(check: Check) -> dict[str, Any]:
    """Phases 9 to 12; return the document."""
    try:
        async with transaction(check) as db:
            content, row = await put(db, check)
            await finish(db, check, None, content, row)
    except Problem as problem:
        errors = Errors()
        errors.add(check, problem)
        errors.stop()
        raise
    return content


def _place_in_zaak(check: Check, link: dict[str, Any]) -> Mirror:
    """Return the zaakinformatieobject, which is made as a mirror of the document."""
    zaak = path_of(str(link["zaak"]).strip(), check.call.caller.bases)
    pair = {"zaak": zaak, "informatieobject": check.path}
    reason = check.call.request.headers.get("x-audit-toelichting")
    return Mirror(
        REGISTERED,
        {**link, **pair},
        pair,
        (check.resource.table, {"uuid": check.uuid}),
        headers={"x-audit-toelichting": reason} if reason else {},
        member=ZAAK_LID,
    )


async def _made(call: Call, place: Mirror) -> dict[str, Any]:
    """Return the zaakinformatieobject that is there; raise 400 when it is not."""
    me = call.caller.as_component(call.service.api.service)
    query = httpx.QueryParams({name: call.base + path for name, path in place.find.items()})
    response = await call.service.internal.send(me, "zaken", "GET", f"{REGISTERED}?{query}")
    found = response.json() if response.status_code == 200 else []
    if not found:
        raise invalid(ZAAK_LID, "pending-relations")
    made: dict[str, Any] = found[0]
    return made
