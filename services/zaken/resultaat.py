"""Resultaat: what came of a zaak; it decides how long the zaak is kept (zaken.md §3.3)."""

import uuid
from typing import Annotated

from sqlalchemy import Column, ForeignKey, Index, UniqueConstraint, Uuid, select

from runtime.problems import OBJECT, InvalidParam
from services.zaken.afleiding import herbereken
from services.zaken.gesloten import gesloten_zaak_vraagt_geforceerd_bijwerken, zaak_is_nog_niet_gearchiveerd, zaak_van
from services.zaken.locks import lock_deelzaken
from services.zaken.references import type_van
from services.zaken.zaak import BIJWERKEN, COUNTS, HOOFD, LEZEN, METADATA, ZAAK, ZAAK_REF
from services.zaken.zaak_velden import ZAAK_TABLE
from services.zaken.zaak_vindplaats import ZAAK_TYPEN
from zgw.check import Check
from zgw.columns import make_table
from zgw.fields import Fields
from zgw.filters import reference
from zgw.kept import keep_only
from zgw.resource import Resource
from zgw.shapes import Resultaattype
from zgw.types import IMMUTABLE, Length, Ref, Shown, Url

RESULTAATTYPE = Ref("catalogi", "resultaattypen")


class ResultaatFields(Fields):
    """The fields that clients write."""

    zaak: Annotated[str, ZAAK_REF, IMMUTABLE, Shown(1000, 1)]
    resultaattype: Annotated[str, RESULTAATTYPE, IMMUTABLE]
    toelichting: Annotated[str, Length(1000)] = ""


class ResultaatShown(Fields):
    """The fields that only responses have."""

    url: Url
    uuid: uuid.UUID


RESULTAAT_TABLE = make_table(
    METADATA,
    "resultaat",
    ResultaatFields,
    Column("zaak", Uuid, ForeignKey("zaak.uuid", ondelete="CASCADE"), nullable=False),
    UniqueConstraint("zaak", name="resultaat_zaak"),
)
_c = RESULTAAT_TABLE.c
Index("resultaat_resultaattype", _c.resultaattype)
Index("resultaat_zaken", _c.resultaattype, _c.zaak)
keep_only(ZAAK_TYPEN, ZAAK_TABLE, "resultaattype", RESULTAAT_TABLE)


async def zaak_heeft_nog_geen_resultaat(check: Check[ResultaatFields]) -> None:
    """zaken.md §7.1: een zaak heeft hoogstens een resultaat."""
    of_zaak = select(_c.id).where(_c.zaak == zaak_van(check)["uuid"])
    if check.creating and await check.call.db.row(check.call.tenant, of_zaak):
        check.reject("zaak", "unique")


async def resultaattype_hoort_bij_het_zaaktype(check: Check[ResultaatFields]) -> None:
    """zrc-020: het resultaattype is er een van het zaaktype van de zaak."""
    resultaattype = check.resolved(check.fields.resultaattype, Resultaattype)
    if check.creating and resultaattype and resultaattype["zaaktype"] != zaak_van(check)["zaaktype"]:
        check.reject(OBJECT, "zaaktype-mismatch", "Het resultaattype hoort niet bij het zaaktype van de zaak.")


async def resultaat_heet_naar_zijn_type(check: Check[ResultaatFields]) -> None:
    """common.md §11: the audit trail calls a resultaat by the omschrijving of its type. For every action, as guard."""
    pad = check.stored["resultaattype"] if check.stored else check.fields.resultaattype
    resultaattype = await type_van(check, pad)
    if resultaattype and check.main:
        check.weergave = f"({ZAAK.weergave(check.main)}) - {resultaattype['omschrijving']}"


RESULTAAT = Resource(
    name="resultaat",
    path="resultaten",
    fields=ResultaatFields,
    shown=ResultaatShown,
    table=RESULTAAT_TABLE,
    scopes={"list": LEZEN, "fetch": LEZEN, "create": BIJWERKEN, "update": BIJWERKEN, "remove": BIJWERKEN},
    filters=[reference("zaak", _c.zaak, ZAAK_REF), reference("resultaattype", _c.resultaattype, RESULTAATTYPE)],
    main=HOOFD,
    tally=COUNTS.of(RESULTAAT_TABLE, "zaak", values=("resultaattype",)),
    kanaal="zaken",
    audited=True,
    touches=("create", "update", "partial_update", "destroy"),
    weergave=lambda row: str(row["resultaattype"]).rpartition("/")[2],
    unique={"resultaat_zaak": InvalidParam("zaak", "unique")},
    rules=[zaak_heeft_nog_geen_resultaat, resultaattype_hoort_bij_het_zaaktype, zaak_is_nog_niet_gearchiveerd],
    guards=[gesloten_zaak_vraagt_geforceerd_bijwerken, resultaat_heet_naar_zijn_type],
    locks=[lock_deelzaken],
    effects=[herbereken],
    description="Het resultaat van een zaak; een zaak heeft er ten hoogste een.",
)
