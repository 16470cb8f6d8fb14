"""Telling other services: makes and removes mirrors, many at a time, and brings notices.

Own services get some hundreds of mirrors in one internal request; APIs elsewhere, which know the standard only, get a
request for each, a few at the same time.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import httpx

from runtime.faults import Unavailable
from runtime.problems import InvalidParam, Problem
from zgw.denied import carried
from zgw.externals import at_once
from zgw.mirroring.agreement import Agreement, Mirror, Notice
from zgw.mirroring.leading import Asker, leading
from zgw.types import path_of

log = logging.getLogger("samenzaak.mirroring")

CHANGES = 10
"""How often a mirror is followed while others keep changing its leading record."""
BUNDLE = 250
"""Mirrors in one internal request: the answer comes in a tenth of the time that a service waits for one."""


class Failed(Exception):
    """Another service could not be reached, or refused."""

    problem: Problem | None = None
    """What the client hears, when that is not ``pending-relations``."""
    gone: Mirror | None = None
    """The mirror whose target does not exist."""


Failures = dict[Mirror, Failed]


async def tell(asker: Asker, agreement: Agreement, again: bool = False) -> None:
    """Tell other services what this one says at the moment. Raises Failed.

    ``again``: of a write that was taken back or broken off, where what can be mended is.
    """
    await _follow(asker, agreement.mirrors, again)
    for notice in agreement.notices:
        await _bring(asker, notice, again)


async def _bring(asker: Asker, notice: Notice, again: bool) -> None:
    headers = {} if again else notice.headers
    status, content = await _send(asker, "POST", notice.path, notice.body, headers, notice.service)
    if status != 204 and not (again and status == 404):
        raise _refused(f"POST {notice.path}", status, content, headers)


async def _follow(asker: Asker, mirrors: Sequence[Mirror], again: bool) -> None:
    """Make or remove each mirror, as its leading record tells at the moment; new ones first.

    Others write the same relations. Whoever changes one after it was looked at here may find the other side already as
    it should be, and see that undone by this call: so it is looked at again after the call.
    """
    todo, failures = list(mirrors), Failures()
    for _ in range(CHANGES):
        if not todo:
            return
        before = await leading(asker, todo)
        new, gone = [item for item in todo if item in before], [item for item in todo if item not in before]
        failures = await _change(asker, new, True, again)
        untold = gone if failures and not again else []
        if not untold:
            failures |= await _change(asker, gone, False, again)
        now = await leading(asker, todo)
        changed = [item for item in todo if (item in before) != (item in now)]
        for item, failure in failures.items():
            if item not in changed:
                raise failure
        todo = [*changed, *(item for item in untold if item not in changed)]
    for failure in failures.values():
        raise failure


async def _change(asker: Asker, mirrors: Sequence[Mirror], make: bool, again: bool) -> Failures:
    """Make or remove mirrors; return what failed. After a failure nothing more is begun."""
    bundles: dict[str, list[Mirror]] = {}
    for item in mirrors:
        if item.internal:
            bundles.setdefault(item.internal, []).append(item)
    for path, items in bundles.items():
        for start in range(0, len(items), BUNDLE):
            try:
                refused = await _change_together(asker, path, items[start : start + BUNDLE], make)
            except Failed as e:
                return dict.fromkeys(items[start:], e)
            if refused:
                return refused
    failures = Failures()

    async def one(item: Mirror) -> None:
        if not failures:
            try:
                if make:
                    await _add(asker, item, again)
                else:
                    await _drop(asker, item, {} if again else item.headers)
            except Failed as e:
                failures[item] = e

    await at_once(one, [item for item in mirrors if not item.internal])
    return failures


async def _change_together(asker: Asker, path: str, mirrors: Sequence[Mirror], make: bool) -> Failures:
    """Make or remove mirrors by one internal request; return what was refused."""
    method, service = "POST" if make else "DELETE", mirrors[0].collection.split("/")[1]
    body = {"mirrors": [dict(item.body) for item in mirrors]}
    status, reasons = await _send(asker, method, path, body, service=service)
    if status != 200:
        raise Failed(f"{method} {path}: {status} {reasons}")
    failures = Failures()
    for item, reason in zip(mirrors, reasons, strict=True):
        if reason:
            failures[item] = Failed(f"{method} {path}: {item.body} {reason}")
        if reason == "object-does-not-exist":
            failures[item].gone = item
    return failures


async def _add(asker: Asker, mirror: Mirror, again: bool) -> None:
    """Make one mirror; that it exists already is success."""
    body = {key: _url(asker, value) for key, value in mirror.body.items()}
    headers = {} if again else mirror.headers
    for_client = bool(mirror.member) and not again
    status, content = await _send(asker, "POST", mirror.collection, body, headers, for_client=for_client)
    codes = {param.get("code") for param in content.get("invalidParams", [])} if isinstance(content, dict) else set()
    if status in (200, 201):
        mirror.made.append(content)
    elif codes != {"unique"} or for_client:
        failure = _refused(f"POST {mirror.collection}", status, content, headers)
        refused = status == 404 or (bool(mirror.member) and 400 <= status < 500)
        failure.gone = mirror if refused and mirror.collection.startswith("/") else None
        if for_client and refused:
            failure.problem = problem_within(mirror.member, status, content)
        raise failure


def problem_within(member: str, status: int, content: Any) -> Problem:
    """Return a refusal of another service, as what is wrong with this member of the body."""
    known = content if isinstance(content, dict) else {}
    params = [
        InvalidParam(f"{member}.{each['name']}", each["code"], each.get("reason", ""))
        for each in known.get("invalidParams", ())
    ]
    return Problem(status, known.get("code", "error"), known.get("detail", ""), params, members=carried(known))


async def _drop(asker: Asker, mirror: Mirror, headers: Mapping[str, str]) -> None:
    """Remove one mirror; that it does not exist is success.

    An API elsewhere that the municipality does not refer to any more is left alone: nobody can ask it anything.
    """
    caller, collection = asker.caller, mirror.collection
    if not collection.startswith("/") and not await asker.service.externals.refers_to(caller, collection):
        log.warning("%s keeps %s: it is no configured API any more", collection, mirror.body)
        return
    query = urlencode({key: _url(asker, value) for key, value in mirror.find.items()})
    target = f"{collection}?{query}" if query else collection
    status, items = await _send(asker, "GET", target)
    if status == 404:
        return
    if status != 200 or not isinstance(items, list):
        raise Failed(f"GET {target}: {status}")
    for item in items:
        known = mirror.find or mirror.body
        if all(path_of(str(item.get(key)), caller.bases) == value for key, value in known.items()):
            target = str(item.get("url")).removeprefix(caller.base)
            status, content = await _send(asker, "DELETE", target, headers=headers)
            if status not in (204, 404):
                raise _refused(f"DELETE {target}", status, content, headers)


def _refused(what: str, status: int, content: Any, headers: Mapping[str, str]) -> Failed:
    """Return the failure for an answer that is none of those expected. A 403 is about the client only where the
    other service was told, by ``headers``, that it may not do everything."""
    failure = Failed(f"{what}: {status} {content}")
    if headers and status == 403 and isinstance(content, dict):
        failure.problem = Problem(403, "permission_denied", str(content.get("detail")), members=carried(content))
    return failure


def _url(asker: Asker, value: Any) -> Any:
    return asker.caller.canonical_base + value if isinstance(value, str) and value.startswith("/") else value


async def _send(
    asker: Asker,
    method: str,
    target: str,
    body: Any = None,
    headers: Mapping[str, str] = {},
    service: str = "",
    for_client: bool = False,
) -> tuple[int, Any]:
    """Return status and JSON of the answer to a request: to a stored path, an internal path of ``service``, or a URL
    elsewhere, with the rights of the client or with our own. Raises Failed when there is no usable answer."""
    if not target.startswith("/"):
        answered = await asker.service.externals.request(asker.caller, method, target, body)
        if answered is None:
            raise Failed(f"{method} {target}: refused or unreachable")
        return answered
    internal, service = asker.service.internal, service or target.split("/")[1]
    me = asker.caller if for_client else asker.caller.as_component(internal.service)
    try:
        response = await internal.send(me, service, method, target, body, headers=headers)
        return response.status_code, response.json() if response.content else None
    except (httpx.HTTPError, ValueError, Unavailable) as e:
        failure = Failed(f"{method} {target}: {e!r}")
        failure.problem = e.problem if isinstance(e, Unavailable) else None
        raise failure from e
