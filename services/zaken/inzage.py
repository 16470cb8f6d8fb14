"""Which objects are about a person: for who reads the reading log by the number of a person."""

from starlette.responses import Response

from runtime.problems import invalid
from runtime.statements import Bound
from zgw.dependencies import CurrentCall, Db
from zgw.internal import internal_router
from zgw.request import answer

intern = internal_router()

MOST = 10_000
"""Objects of one person."""
NUMMERS = ("inpBsn", "anpIdentificatie", "innNnpId", "kvkNummer")
"""The members of betrokkeneIdentificatie that a person or company is known by, each with its index."""

_ROLLEN = " UNION ".join(
    f"SELECT zaak FROM rol WHERE (betrokkene_identificatie ->> '{key}') = $1"  # noqa: S608
    f" AND (betrokkene_identificatie ->> '{key}') <> ''"
    for key in NUMMERS
)
PERSOON = f"""
    WITH zaken AS ({_ROLLEN} UNION SELECT zaak FROM rol WHERE betrokkene = $1 AND betrokkene <> '')
    SELECT zaak::text AS object FROM zaken
    UNION SELECT right(informatieobject, 36) FROM zaakinformatieobject WHERE zaak IN (SELECT zaak FROM zaken)
    UNION SELECT right(besluit, 36) FROM zaakbesluit WHERE zaak IN (SELECT zaak FROM zaken)
    LIMIT {MOST + 1}"""  # noqa: S608
"""The zaken in which a person has a rol ($1: a number, or a stored betrokkene), with their documents and besluiten."""


@intern.post("/personen")
async def objecten_van_een_persoon(call: CurrentCall, db: Db) -> Response:
    """Answer the uuids of the zaken of a person, and of their documents and besluiten; 400 when there are too many."""
    persoon = str((await call.body()).get("persoon", ""))
    rows = await db.rows(call.tenant, Bound(PERSOON, [persoon]))
    if len(rows) > MOST:
        raise invalid("bsn", "max_length", f"Bij dit nummer horen meer dan {MOST} objecten.")
    return answer([row["object"] for row in rows])
