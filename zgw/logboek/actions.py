"""What is logged of a request: its trace, its operation, when, how it ended, and the objects that it touched.

Writes are noted in their transaction (:func:`note_writes`); reads and requests that failed a moment later
(:func:`note_request`). No user, no content, and no number of a person in the clear.
"""

import logging
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from runtime.faults import AWAY
from runtime.problems import Problem
from runtime.statements import Executor
from zgw.check import Check
from zgw.headers import text_of
from zgw.logboek.config import Logboek
from zgw.logboek.facts import facts_of
from zgw.logboek.records import add
from zgw.logboek.source import Persons
from zgw.logboek.subjects import subjects_of
from zgw.reading_log.read import UUID
from zgw.reading_log.recorder import ACTIVITY, RECORDED
from zgw.request import CALL, Call

log = logging.getLogger("samenzaak.logboek")

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
LOGGED = "samenzaak.logged"
"""In the scope of a request that is noted already."""


@dataclass
class Gone:
    """What a removal takes away: the zaken of the main object, and who has a rol in them."""

    zaken: Sequence[str] = ()
    personen: Persons = field(default_factory=dict)


def _facts(call: Call, status: int, error: str = "") -> dict[str, Any]:
    route, headers, caller = call.request.scope.get("route"), call.request.headers, call.caller
    operation = getattr(route, "operation_id", None) or call.request.method.lower()
    activity = text_of(headers.get(ACTIVITY, "")).strip() or caller.activity
    return facts_of(caller, call.trace, operation, call.began, status, activity, error)


async def logbook_of(call: Call) -> Logboek | None:
    """Return the logbook in which this request is to be logged: none for what our services do by themselves, or where
    nothing is logged."""
    if call.service.api.logboek is None or call.caller.component:
        return None
    return await call.service.logs.logboeken.of(call.caller)


async def before_removal(db: Executor, check: Check) -> None:
    """Remember whose data a removal is about, while it can still be seen."""
    source = check.call.service.api.logboek
    if source is None or await logbook_of(check.call) is None:
        return
    gone = check.facts(Gone)
    gone.zaken = [zaak for some in (await source.zaken(db, [_main(check)])).values() for zaak in some]
    if source.personen is not None:
        gone.personen = await source.personen(db, gone.zaken)


async def note_writes(db: Executor, checks: Sequence[Check]) -> None:
    """Note the writes of one request, in their transaction."""
    call = checks[0].call
    if (logboek := await logbook_of(call)) is None:
        return
    source = call.service.api.logboek
    assert source is not None
    gone = [check.facts(Gone) for check in checks if check.action == "destroy"]
    own = (await source.zaken(db, sorted({_main(check) for check in checks}))).values()
    zaken = sorted({zaak for some in (*own, *(each.zaken for each in gone)) for zaak in some})
    subjects = None
    if source.personen is not None:
        found = {zaak: (kind, list(people)) for zaak, (kind, people) in (await source.personen(db, zaken)).items()}
        for zaak, (kind, people) in (pair for each in gone for pair in each.personen.items()):
            known = found.setdefault(zaak, (kind, []))[1]
            known += [person for person in people if person not in known]
        subjects = subjects_of(logboek, found)
    made = 201 if checks[0].creating else 204 if checks[0].action == "destroy" else 200
    facts = {**_facts(call, made), "zaken": zaken}
    await add(db, call.tenant, [(facts, subjects)], call.service.settings.logboek_lines)
    call.request.scope[LOGGED] = True


def note_request(call: Call, status: int, mains: Iterable[str] = (), error: str = "") -> None:
    """Note a request that wrote nothing, of a municipality that logs."""
    call.service.logs.gathered.add(call.tenant, {**_facts(call, status, error), "mains": sorted(set(mains))})
    call.request.scope[LOGGED] = True


class Logged:
    """Notes the requests that nothing else has noted: those that failed, and those that write no trail."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the app."""
        status = 0

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            await self.app(scope, receive, noted)
        except Exception:
            # It is answered further outward.
            await note_rest(scope, 500)
            raise
        if status:
            await note_rest(scope, status)


async def note_rest(scope: Scope, status: int) -> None:
    """Note a request that nothing else has noted; the answer has been sent. What cannot be noted the log of the process
    tells. What failed was noted in a transaction that is undone, if at all."""
    call: Call | None = scope.get(CALL)
    if call is None or call.internal or (status < 400 and (LOGGED in scope or RECORDED in scope)):
        return
    try:
        if await logbook_of(call) is not None:
            note_request(call, status, await _mains(call), "internal" if status >= 500 else "")
    except (*AWAY, Problem) as e:
        if not isinstance(e, Problem) or e.status != 403:
            log.error("a request is not in the logbook: %r", e)


async def _mains(call: Call) -> list[str]:
    """Return the main object of the object at the address of a request, or of the list that it asked for."""
    parts = str(call.request.scope["path"]).split("/")
    asked, found = next(iter(parts[4:5]), ""), call.path.get("uuid")
    resource = next((each for each in call.service.api.resources if each.path == asked), None)
    if resource is None:
        return []
    if found and resource.main is not None:
        column = resource.table.c[resource.main.attribute]
        row = await call.db.row(call.tenant, select(column.label("main")).where(resource.table.c.uuid == found))
        return [str(row["main"])] if row else []
    if found:
        return [str(found)]
    # Such as the statussen of a zaak.
    main = resource.main.attribute if resource.main else ""
    given = call.request.query_params.get(main, "")[-UUID:] if main else ""
    return [given] if _UUID.fullmatch(given) else []


def _main(check: Check) -> str:
    """Return the uuid of the main object of a write."""
    link = check.resource.main
    if link is None:
        return str(check.uuid)
    state = check.row or check.stored or {}
    return str(state[link.attribute])
