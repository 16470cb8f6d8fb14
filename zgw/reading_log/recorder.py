"""Notes what an answer shows, on the way, and hands it to the sinks of the service once it is answered.

Example::

    saw(call, Action.RETRIEVE, [content])  # in an endpoint
    answered(call)  # by the route, when the answer is there

A HEAD shows nothing of an object, and is not recorded. A 304 is: the client shows what it has, maybe to another user
than it was fetched for.
"""

import time
from collections.abc import Iterable, Mapping
from typing import Any

from zgw.headers import text_of
from zgw.reading_log.read import KIND_OF, Action, Kind, Read, Seen
from zgw.request import Call
from zgw.resource import Resource

REASON = "x-audit-toelichting"
ACTIVITY = "x-verwerkingsactiviteit"
RECORDED = "samenzaak.recorded"
"""In the scope of a request that was handed over."""
REASON_LENGTH = 1_000
"""Characters that are kept of a reason."""
ACTIVITY_LENGTH = 500


def wants(call: Call, action: Action) -> bool:
    """Return whether anybody wants an action of this call. What our services ask each other shows nobody anything."""
    caller = call.caller
    if caller.component or call.request.method == "HEAD" or call.internal:
        return False
    return call.service.logs.sinks.want(caller, action)


def answered(call: Call) -> None:
    """Hand over what an answer showed."""
    seen = call.seen
    if seen is None or not (len(seen) or seen.action in (Action.LIST, Action.SEARCH)):
        return
    call.seen = None
    call.request.scope[RECORDED] = True
    call.service.logs.sinks.take(read_of(call, seen))


def saw(call: Call, action: Action, items: Iterable[Mapping[str, Any]]) -> None:
    """Note that an answer shows these rendered objects, with all that is expanded in them."""
    if call.seen is None:
        if not wants(call, action):
            return
        call.seen = Seen(action, call.base)
    call.seen.add(items)


def saw_list(call: Call, resource: Resource, items: Iterable[Mapping[str, Any]]) -> None:
    """Note that an answer is a list of these. One of zaken, rollen, documents or besluiten is recorded also when there
    are none in it: that somebody looked for them is what may matter."""
    action = Action.SEARCH if call.request.method == "POST" else Action.LIST
    saw(call, action, items)
    if call.seen is not None and not len(call.seen) and resource.path not in KIND_OF and not call.seen.later:
        call.seen = None


def saw_one(call: Call, action: Action, kind: Kind, uuid: str, level: str) -> None:
    """Note that an answer shows something of one object: its content, or its audit trail."""
    if wants(call, action):
        call.seen = Seen(action, call.base)
        call.seen.add_one(kind, uuid, level)


def read_of(call: Call, seen: Seen) -> Read:
    """Return the read that a call was."""
    headers, caller = call.request.headers, call.caller
    searching = seen.action not in (Action.RETRIEVE, Action.DOWNLOAD, Action.AUDITTRAIL)
    given: Mapping[str, Any] = {}
    if searching:
        given = call.criteria if call.criteria is not None else call.query()
    route = call.request.scope.get("route")
    return Read(
        time.time(),
        caller,
        call.service.api.service,
        getattr(route, "operation_id", None) or "",
        seen.action,
        call.trace,
        call.began,
        text_of(headers.get(REASON, ""))[:REASON_LENGTH],
        text_of(headers.get(ACTIVITY, "")).strip()[:ACTIVITY_LENGTH] or caller.activity,
        given,
        seen.all(),
        len(seen.asked),
        tuple(seen.types),
    )
