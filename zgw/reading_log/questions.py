"""How the reading log of one service is read: asked by the service that answers for all of them, newest first."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Self

import orjson
from starlette.responses import Response

from runtime.pool import Access
from runtime.statements import Bound
from zgw.dependencies import CurrentCall
from zgw.internal import internal_router
from zgw.reading_log.read import NAMES, PATHS, object_of
from zgw.request import Call, answer

PATH = "/reading_log"
PARTS = "id, moment, trace_id, request_id, client_id, user_id, user_representation, action, filters, reason, activity"
MOST = 100
"""Reads in one answer."""
MOST_OBJECTS = 20_000
"""Objects in one answer, unless the first read has more."""
intern = internal_router()


@dataclass(frozen=True)
class Question:
    """What of the log is asked for; None: all. ``before`` is the moment and the id of the read that came last.

    ``objects`` are uuids, of which a read has any, or shows something below it; or its filters have any of ``numbers``.
    ``most`` objects of a read are shown.
    """

    since: str | None = None
    until: str | None = None
    client: str | None = None
    user: str | None = None
    action: str | None = None
    request_id: str | None = None
    trace_id: str | None = None
    objects: Sequence[str] | None = None
    numbers: Sequence[str] = ()
    before: tuple[str, int] | None = None
    limit: int = 100
    most: int | None = None

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Self:
        """Return the question that another of our services asks."""
        return cls(**{**body, "before": tuple(body["before"]) if body.get("before") else None})

    def body(self) -> dict[str, Any]:
        """Return it as it is asked."""
        return asdict(self)


def statement(asked: Question, hashes: Sequence[str]) -> Bound:
    """Return the statement of a question. ``hashes`` are those of its numbers."""
    values: list[Any] = []
    conditions: list[str] = []

    def add(condition: str, *given: Any) -> None:
        places = [f"${len(values) + number}" for number in range(1, len(given) + 1)]
        values.extend(given)
        conditions.append(condition.format(*places))

    for condition, value in (
        ("moment >= {0}", asked.since and datetime.fromisoformat(asked.since)),
        ("moment < {0}", asked.until and datetime.fromisoformat(asked.until)),
        ("client_id = {0}", asked.client),
        ("user_id = {0}", asked.user),
        ("request_id = {0}", asked.request_id),
        ("trace_id = {0}", asked.trace_id),
    ):
        if value is not None:
            add(condition, value)
    if asked.action == "expand":
        conditions.append("cardinality(objects) > direct")
    elif asked.action is not None:
        add("action = {0}", asked.action)
    if asked.before is not None:
        add("(moment, id) < ({0}, {1})", datetime.fromisoformat(asked.before[0]), asked.before[1])
    found = [f"SELECT {PARTS}, objects, mains, kinds, direct FROM reading_log"]  # noqa: S608
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    if asked.objects is not None:
        objects = f"objects && ${len(values) + 1} OR mains && ${len(values) + 1}"
        values.append(list(asked.objects))
        if hashes:
            objects += f" OR searched && ${len(values) + 1}"
            values.append(list(hashes))
        # What few reads have is found by its index, and never by going through the log from its end.
        found = [f"WITH few AS MATERIALIZED ({found[0]} WHERE {objects}) SELECT * FROM few"]  # noqa: S608
    found.append(f"{where} ORDER BY moment DESC, id DESC LIMIT ${len(values) + 1}")
    values.append(min(asked.limit, MOST))
    return Bound("".join(found), values)


async def answered(call: Call, db: Access, asked: Question) -> dict[str, Any]:
    """Return the reads of one service (``results``), as the API shows them, and whether there may be ``more``. What
    waits to be written is written first."""
    log = call.service.reading_log
    assert log is not None
    await log.flush()
    hashes = [log.hasher.hash(call.tenant, number) for number in asked.numbers]
    rows = await db.rows(call.tenant, statement(asked, hashes))
    objects, taken = 0, 0
    for row in rows:
        number = len(row["objects"])
        objects += number if asked.most is None else min(number, asked.most)
        if objects > MOST_OBJECTS and taken:
            break
        taken += 1
    return {
        "results": [shown(row, call.service.api.service, call.base, asked.most) for row in rows[:taken]],
        "more": taken < len(rows) or len(rows) == min(asked.limit, MOST),
    }


def shown(row: Mapping[str, Any], service: str, base: str, most: int | None) -> dict[str, Any]:
    """Return a read as the API shows it, with at most so many of its objects."""
    moment = row["moment"].isoformat(timespec="microseconds").replace("+00:00", "Z")
    return {
        "id": f"{row['id']:016x}",
        "tijdstip": moment,
        "actie": row["action"],
        "dienst": service,
        "applicatie": row["client_id"],
        "gebruikersId": row["user_id"],
        "gebruikersWeergave": row["user_representation"],
        "toelichting": row["reason"],
        "verwerkingsactiviteit": row["activity"],
        "requestId": row["request_id"],
        "traceId": row["trace_id"].hex,
        "filters": orjson.loads(row["filters"]) if row["filters"] else None,
        "aantalObjecten": len(row["objects"]),
        "objecten": objects_of(row, base, most),
    }


def objects_of(row: Mapping[str, Any], base: str, most: int | None = None) -> list[dict[str, Any]]:
    """Return the objects of a read: where there are more than ``most``, the first."""
    uuids = row["objects"][:most]
    mains, kinds = list(row["mains"]), list(row["kinds"])
    found = []
    for number, uuid in enumerate(uuids):
        main = mains[number if len(mains) > 1 else 0] if mains else None
        one = object_of(str(uuid), kinds[number if len(kinds) > 1 else 0], str(main or ""))
        found.append(
            {
                "url": f"{base}{PATHS[one.kind]}{one.uuid}",
                "soort": NAMES[one.kind],
                "zaak": f"{base}/zaken/api/v1/zaken/{one.main}" if one.main else None,
                "vertrouwelijkheidaanduiding": one.level,
                "expand": number >= row["direct"],
            }
        )
    return found


@intern.post(PATH)
async def reading_log(call: CurrentCall) -> Response:
    """Answer what of the log of this service is asked for."""
    return answer(await answered(call, call.db, Question.of(await call.body())))
