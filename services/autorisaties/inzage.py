"""Inzage: who saw what, of all services together, for who may read that (``inzage.lezen``)."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any

import httpx
from fastapi import APIRouter, Depends
from starlette.responses import Response

from runtime.faults import unreachable
from runtime.problems import InvalidParam, Problem
from zgw.dependencies import CurrentCall, Needs
from zgw.reading_log.log import own_read
from zgw.reading_log.questions import Question, answered
from zgw.reading_log.read import Action
from zgw.request import Call, answer
from zgw.rights import Rights, scopes
from zgw.routing import Operation

LEZEN = scopes("inzage.lezen")
OTHERS = ("zaken", "documenten", "besluiten")
"""The services that have a log beside that of this one, which has what was done with the log itself."""
MOST_SHOWN = 100
"""Objects of one read that are shown, unless all are asked for."""

router = APIRouter(prefix="/_intern", route_class=Operation, include_in_schema=False)


@router.post("/inzage")
async def inzage(call: CurrentCall, rights: Annotated[Rights, Depends(Needs(LEZEN))]) -> Response:
    """Answer a page of the reading log, newest first: what the gateway asks for a client.

    The body has ``filters`` as the client gave them, which are recorded; the :class:`Question` of these as
    ``question``; the ``persoon`` whose objects are asked for; and whether this is to be recorded (``begin``).
    """
    body = await call.body()
    question = Question.of(body["question"])
    if person := body.get("persoon"):
        objects = await ask(call, "zaken", "/_intern/personen", {"persoon": person})
        question = Question.of({**question.body(), "objects": objects, "numbers": [person]})
    found = await asyncio.gather(
        answered(call, call.db, question),
        *(ask(call, service, "/_intern/reading_log", question.body()) for service in OTHERS),
    )
    log = call.service.reading_log
    assert log is not None
    if body["begin"]:
        # After it was answered: nobody finds his own question.
        log.take(own_read(call.caller, call.service.api.service, Action.READ_LOG, body["filters"]))
    return answer(newest(found, question.limit))


def newest(found: Sequence[dict[str, Any]], limit: int) -> dict[str, Any]:
    """Return the newest of the reads of several services, and whether there may be more.

    Of a service that may have more, nothing older than its last is shown of the others: it would come too early.
    """
    rows = sorted((row for each in found for row in each["results"]), key=order_of, reverse=True)
    until = max((order_of(each["results"][-1]) for each in found if each["more"]), default=("", ""))
    shown = [row for row in rows if order_of(row) >= until][:limit]
    return {"results": shown, "more": len(shown) < len(rows) or any(each["more"] for each in found)}


def order_of(row: dict[str, Any]) -> tuple[str, str]:
    """Return what reads are ordered by."""
    return row["tijdstip"], row["id"]


async def ask(call: Call, service: str, path: str, body: Any) -> Any:
    """Return what another service answers. Raises Problem 503 when it cannot be reached, and what it refuses
    with."""
    caller = call.caller.as_component(call.service.api.service)
    try:
        response = await call.service.internal.send(caller, service, "POST", path, body)
    except httpx.HTTPError as e:
        raise unreachable(service) from e
    data = response.json()
    if response.status_code != 200:
        params = [InvalidParam(**each) for each in data.get("invalidParams", [])]
        raise Problem(response.status_code, data.get("code", "error"), data.get("detail", ""), params)
    return data
