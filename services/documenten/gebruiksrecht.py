"""Gebruiksrechten: under which conditions a document may be used outside its zaak (documenten.md §2.2)."""

from typing import Annotated, Any

from sqlalchemy import exists, null, select, update

from runtime.statements import Executor
from services.documenten.document import AANMAKEN, DOCUMENT, LEZEN, SCHRIJVEN, VERWIJDEREN
from services.documenten.document_velden import DOCUMENT_REF, DOCUMENT_TABLE
from services.documenten.journal import METADATA
from services.documenten.verwijzing import document_filter
from zgw.check import Check
from zgw.columns import make_table
from zgw.fields import Fields
from zgw.filters import compare
from zgw.resource import Main, Resource
from zgw.types import IMMUTABLE, DateTime, Length, Moment, Shown, Url


class GebruiksrechtenFields(Fields):
    """The conditions."""

    informatieobject: Annotated[str, DOCUMENT_REF, IMMUTABLE, Shown()]
    startdatum: DateTime
    einddatum: DateTime | None = None
    omschrijving_voorwaarden: Annotated[str, Length(None, 1)]


class GebruiksrechtenShown(Fields):
    """The fields that only responses have."""

    url: Url


RECHT_TABLE = make_table(METADATA, "gebruiksrechten", GebruiksrechtenFields)
T = RECHT_TABLE.c


async def indicatie_volgt_gebruiksrechten(db: Executor, check: Check) -> None:
    """drc-006: the first gebruiksrecht sets indicatieGebruiksrecht, the removal of the last one makes it unknown.

    The document is locked first, so that two removals at the same time see each other. The lock is one that the foreign
    key of another gebruiksrecht does not stand in the way of: else two of them would wait for each other.
    """
    of, document = DOCUMENT_TABLE.c, check.now("informatieobject")
    await db.execute(select(of.id).where(of.uuid == document).with_for_update(key_share=True))
    change: Any = update(DOCUMENT_TABLE).where(of.uuid == document)
    if check.action == "create":
        await db.execute(change.where(of.indicatie_gebruiksrecht.is_not(True)).values(indicatie_gebruiksrecht=True))
    elif check.action == "destroy":
        others = exists(select(T.id).where(T.informatieobject == document))
        await db.execute(change.where(~others).values(indicatie_gebruiksrecht=null()))


GEBRUIKSRECHTEN = Resource(
    name="gebruiksrechten",
    path="gebruiksrechten",
    fields=GebruiksrechtenFields,
    shown=GebruiksrechtenShown,
    table=RECHT_TABLE,
    scopes={"list": LEZEN, "fetch": LEZEN, "create": AANMAKEN, "update": SCHRIJVEN, "remove": VERWIJDEREN},
    filters=[
        document_filter(T.informatieobject),
        *compare("startdatum", T.startdatum, Moment, "lt", "lte", "gt", "gte", exact=False),
        *compare("einddatum", T.einddatum, Moment, "lt", "lte", "gt", "gte", exact=False),
    ],
    paginated=False,
    main=Main("informatieobject", DOCUMENT),
    kanaal="documenten",
    audited=True,
    weergave=lambda row: str(row["omschrijving_voorwaarden"])[:50],
    effects=[indicatie_volgt_gebruiksrechten],
)
