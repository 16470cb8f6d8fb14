"""What deserves a look in the catalogues of a municipality: ``samenzaak check catalogi``."""

from dataclasses import dataclass

from sqlalchemy import Table, exists, select

from runtime.statements import Executor
from services.catalogi.besluittype import BESLUITTYPE_TABLE
from services.catalogi.geldigheid import IDENTITY, versions
from services.catalogi.informatieobjecttype import INFORMATIEOBJECTTYPE_TABLE
from services.catalogi.namen import PATHS, ROOT
from services.catalogi.zaaktype import ZAAKTYPE_TABLE
from services.catalogi.zaaktype_informatieobjecttype import ZAAKTYPE_INFORMATIEOBJECTTYPE, ZIOT_TABLE

NO_TYPE = "no informatieobjecttype"
SHARED_DAY = "shared day"


@dataclass(frozen=True)
class Finding:
    """One of them: the path of the object, and the name that it is about."""

    kind: str
    path: str
    name: str


async def check_catalogi(db: Executor) -> list[Finding]:
    """Return the relations with an informatieobjecttype that does not exist, which clients with ``ziotUrl`` do not see;
    and the published versions that end on the day on which the next one begins, of which clients that ask for the
    version of that day get two. ``db`` is that of the municipality in this service."""
    found = await _without_type(db)
    for table in (ZAAKTYPE_TABLE, INFORMATIEOBJECTTYPE_TABLE, BESLUITTYPE_TABLE):
        found += await _sharing_a_day(db, table)
    return found


async def _without_type(db: Executor) -> list[Finding]:
    other, relation, zaaktype = versions("informatieobjecttype"), ZIOT_TABLE, ZAAKTYPE_TABLE
    same = (other.c.catalogus == zaaktype.c.catalogus, other.c.omschrijving == relation.c.informatieobjecttype)
    statement = (
        select(relation.c.uuid, relation.c.informatieobjecttype.label("name"))
        .select_from(relation.join(zaaktype, zaaktype.c.uuid == relation.c.zaaktype))
        .where(~exists(select(other.c.uuid).where(*same)))
        .order_by(relation.c.id)
    )
    path = f"{ROOT}{ZAAKTYPE_INFORMATIEOBJECTTYPE.path}"
    return [Finding(NO_TYPE, f"{path}/{row['uuid']}", row["name"]) for row in await db.rows(statement)]


async def _sharing_a_day(db: Executor, table: Table) -> list[Finding]:
    other, name = versions(table.name), IDENTITY[table.name]
    following = (
        other.c.catalogus == table.c.catalogus,
        other.c[name] == table.c[name],
        other.c.concept.is_(False),
        other.c.uuid != table.c.uuid,
        other.c.begin_geldigheid == table.c.einde_geldigheid,
    )
    statement = (
        select(table.c.uuid, table.c[name].label("name"))
        .where(table.c.concept.is_(False), table.c[name] != "", exists(select(other.c.uuid).where(*following)))
        .order_by(table.c.id)
    )
    path = f"{ROOT}{PATHS[table.name]}"
    return [Finding(SHARED_DAY, f"{path}/{row['uuid']}", row["name"]) for row in await db.rows(statement)]
