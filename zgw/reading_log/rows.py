"""A row of the reading log: how a read is stored, and what it says when it is read again."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from zgw.reading_log.hidden import Hasher, clean
from zgw.reading_log.read import Read

COLUMNS = (
    "id",
    "moment",
    "trace_id",
    "request_id",
    "client_id",
    "user_id",
    "user_representation",
    "action",
    "filters",
    "searched",
    "reason",
    "activity",
    "objects",
    "mains",
    "kinds",
    "direct",
)
MOMENT = COLUMNS.index("moment")
_TEXT = 255
"""Characters of the names of users, as in the audit trail."""


def row_of(read: Read, hasher: Hasher) -> Sequence[Any]:
    """Return the values of :data:`COLUMNS`."""
    caller = read.caller
    filters, hashes = hasher.hidden(caller.tenant, read.given) if read.given else ("", [])
    codes = [code for code, _ in read.known.values()]
    mains = [main or None for _, main in read.known.values()]
    return (
        random.getrandbits(63),
        datetime.fromtimestamp(read.moment, UTC),
        read.trace_id,
        caller.request_id,
        clean(caller.client_id),
        clean(caller.user_id)[:_TEXT],
        clean(caller.user_representation)[:_TEXT],
        read.action.value,
        filters or None,
        hashes or None,
        clean(read.reason),
        clean(read.activity),
        list(read.known),
        _same(mains) if any(mains) else [],
        bytes(_same(codes)),
        read.direct,
    )


def _same(values: list[Any]) -> list[Any]:
    """Return one of the values where all are the same: ``_same([3, 3, 3]) == [3]``."""
    return values[:1] if values and values.count(values[0]) == len(values) else values
