"""Which applications will not see a version that is published, because their rights name another one."""

import logging
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

import httpx
from sqlalchemy import Table, select

from runtime.faults import Unavailable
from runtime.identity import system_caller
from services.catalogi.geldigheid import IDENTITY
from zgw.request import Call

log = logging.getLogger("samenzaak.catalogi")

MOST_NAMES = 10
"""Applications that are named."""
LONGEST_NAME = 60
"""Characters of each name."""
MOST_VERSIONS = 1_000
"""Other versions, the newest, on which applications may have rights."""
_UNSAFE = re.compile(r"[^A-Za-z0-9 _.@:/()+&'-]")
"""Characters that cannot stand in a header, or would look like more than one name there."""


async def waarschuwing(call: Call, table: Table, row: Mapping[str, Any]) -> dict[str, str]:
    """Return the header of the answer to who published a version: it names the applications that have rights on another
    version of the type and miss them on this one. Without any, or when nobody can tell, there is none."""
    naam = row[IDENTITY[table.name]]
    if not naam:
        return {}
    same = (table.c.catalogus == row["catalogus"], table.c[IDENTITY[table.name]] == naam, table.c.uuid != row["uuid"])
    others = select(table.c.uuid).where(*same).order_by(table.c.id.desc()).limit(MOST_VERSIONS)
    found = await call.db.rows(call.tenant, others)
    if not found:
        return {}
    body = {
        "soort": table.name,
        "naam": naam,
        "catalogus": str(row["catalogus"]),
        "uuid": str(row["uuid"]),
        "andere": [str(other["uuid"]) for other in found],
        "most": MOST_NAMES + 1,
    }
    try:
        response = await call.service.internal.send(
            system_caller(call.tenant, "catalogi"), "autorisaties", "POST", "/_intern/zonder", body
        )
        response.raise_for_status()
    except (httpx.HTTPError, Unavailable) as e:
        # The version is published, whoever will see it.
        log.warning("nobody can tell which applications miss a version: %r", e)
        return {}
    names = response.json()
    return {"X-Warning": text_of(names)} if names else {}


def text_of(names: Sequence[str]) -> str:
    """Return the warning about these applications, in ASCII: ``text_of(["Café"])`` ends with ``Cafe``."""
    told = [_UNSAFE.sub("?", _ascii(name))[:LONGEST_NAME] for name in names[:MOST_NAMES]]
    more = " en andere" if len(names) > MOST_NAMES else ""
    return f"Deze applicaties missen rechten op deze versie die zij op een andere hebben: {', '.join(told)}{more}"


def _ascii(name: str) -> str:
    apart = unicodedata.normalize("NFKD", name)
    return "".join(letter for letter in apart if not unicodedata.combining(letter))
