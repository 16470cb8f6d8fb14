"""Status: how far the handling of a zaak is; the eindstatus closes it, another one reopens it (zaken.md §3.2, §8)."""

import uuid
from typing import Annotated

from sqlalchemy import Column, ForeignKey, Index, UniqueConstraint, Uuid, exists, not_, select

from runtime.problems import OBJECT, InvalidParam, forbidden
from runtime.statements import Executor
from services.zaken.afsluiten import sluit_of_heropen, zaak_is_klaar_voor_de_eindstatus
from services.zaken.gesloten import GESLOTEN, zaak_is_nog_niet_gearchiveerd, zaak_van
from services.zaken.locks import Sluiting, lock_for_closing
from services.zaken.status_velden import GEZETDOOR, StatusFields
from services.zaken.zaak import COUNTS, HOOFD, LEZEN, METADATA, ZAAK_REF
from services.zaken.zaak_velden import ZAAK_TABLE
from services.zaken.zaak_vindplaats import ZAAK_TYPEN
from zgw.check import Check
from zgw.columns import make_table
from zgw.fields import Fields
from zgw.filters import Filter, reference
from zgw.kept import keep_latest
from zgw.resource import Resource, related
from zgw.rights import scopes
from zgw.shapes import Statustype
from zgw.types import Ref, Url

AANMAKEN = scopes("zaken.aanmaken")
TOEVOEGEN = scopes("zaken.statussen.toevoegen")
HEROPENEN = scopes("zaken.heropenen")


class StatusShown(Fields):
    """The fields that only responses have."""

    url: Url
    uuid: uuid.UUID
    indicatie_laatst_gezette_status: bool
    zaakinformatieobjecten: list[Annotated[str, Ref("zaken", "zaakinformatieobjecten")]]


STATUS_TABLE = make_table(
    METADATA,
    "status",
    StatusFields,
    Column("zaak", Uuid, ForeignKey("zaak.uuid", ondelete="CASCADE"), nullable=False),
    Column("gezetdoor", Uuid, ForeignKey("rol.uuid", ondelete="SET NULL")),
    UniqueConstraint("zaak", "datum_status_gezet", name="status_zaak_datum_status_gezet"),
)
_c = STATUS_TABLE.c
Index("status_datum_status_gezet", _c.datum_status_gezet, _c.id)
Index("status_statustype", _c.statustype)
# With all that tells whether a status is the current one of its zaak: what the version before looks for.
Index("status_current", _c.statustype, _c.zaak, _c.datum_status_gezet)
Index("status_gezetdoor", _c.gezetdoor, postgresql_where=_c.gezetdoor.is_not(None))
keep_latest(ZAAK_TYPEN, ZAAK_TABLE, "statustype", STATUS_TABLE, "datum_status_gezet")

_later = STATUS_TABLE.alias("latere_status")
IS_LAATSTE = not_(
    exists(
        select(1)
        .where(_later.c.zaak == _c.zaak, _later.c.datum_status_gezet > _c.datum_status_gezet)
        .correlate(STATUS_TABLE)
    )
)


ALLEEN_DE_EERSTE = "Met zaken.aanmaken mag alleen de eerste status worden toegevoegd."


async def datum_ligt_niet_in_de_toekomst(check: Check[StatusFields]) -> None:
    """zaken.md §3.2: een status is al bereikt."""
    if check.fields.datum_status_gezet > check.call.latest():
        check.reject("datumStatusGezet", "date-in-future", "Deze datum mag niet in de toekomst liggen.")


async def statustype_hoort_bij_het_zaaktype(check: Check[StatusFields]) -> None:
    """zrc-016: het statustype is er een van het zaaktype van de zaak."""
    statustype = check.resolved(check.fields.statustype, Statustype)
    if statustype and statustype["zaaktype"] != zaak_van(check)["zaaktype"]:
        check.reject(OBJECT, "zaaktype-mismatch", "Het statustype hoort niet bij het zaaktype van de zaak.")


async def gezetdoor_is_een_rol_van_de_zaak(check: Check[StatusFields]) -> None:
    """zaken.md §7.1: alleen wie een rol in de zaak heeft, zet haar status; een rol die niet bestaat, is geen match."""
    if not check.fields.gezetdoor:
        return
    rol, code = await check.find(check.fields.gezetdoor, GEZETDOOR)
    if rol is None:
        check.reject("gezetdoor", "no_match" if code == "does_not_exist" else code)
    elif rol["zaak"] != zaak_van(check)["uuid"]:
        check.reject(OBJECT, "zaak-mismatch", "De rol in gezetdoor hoort bij een andere zaak.")


async def client_mag_deze_status_toevoegen(check: Check) -> None:
    """zrc-007, zrc-008: on a closed zaak only who may reopen; with only zaken.aanmaken just the first status."""
    zaak = zaak_van(check)
    kind, level = zaak["zaaktype"], zaak["vertrouwelijkheidaanduiding"]
    if await check.call.holds(HEROPENEN, kind, level):
        return
    if zaak["einddatum"] is not None:
        raise await check.call.denied(HOOFD.resource, HEROPENEN, zaak, GESLOTEN)
    if await check.call.holds(TOEVOEGEN, kind, level):
        return
    if zaak["status"] is not None:
        raise await check.call.denied(HOOFD.resource, TOEVOEGEN, zaak, ALLEEN_DE_EERSTE)
    check.alone = check.facts(Sluiting).eerste = True


async def dit_is_de_eerste(db: Executor, check: Check) -> None:
    """zaken.md §8: of two first statuses at the same moment only one is the first."""
    if check.facts(Sluiting).eerste:
        others = select(_c.id).where(_c.zaak == check.row["zaak"], _c.uuid != check.uuid).limit(1)
        if await db.row(others) is not None:
            raise forbidden(ALLEEN_DE_EERSTE)


STATUS = Resource(
    name="status",
    path="statussen",
    fields=StatusFields,
    shown=StatusShown,
    table=STATUS_TABLE,
    computed={
        "indicatie_laatst_gezette_status": IS_LAATSTE,
        "zaakinformatieobjecten": related("zaakinformatieobject", "status", STATUS_TABLE),
    },
    scopes={"list": LEZEN, "fetch": LEZEN, "create": AANMAKEN | TOEVOEGEN | HEROPENEN},
    verbs=("list", "create", "fetch", "head"),
    filters=[
        reference("zaak", _c.zaak, ZAAK_REF),
        reference("statustype", _c.statustype, Ref("catalogi", "statustypen")),
        Filter(
            "indicatieLaatstGezetteStatus",
            bool,
            lambda value: IS_LAATSTE if value else not_(IS_LAATSTE),
            shown={"type": "string"},
        ),
    ],
    order=[_c.datum_status_gezet.desc()],
    main=HOOFD,
    tally=COUNTS.of(STATUS_TABLE, "zaak", values=("statustype",), moment="datum_status_gezet"),
    kanaal="zaken",
    audited=True,
    touches=("create",),
    weergave=lambda row: row["datum_status_gezet"].isoformat().replace("+00:00", "Z"),
    unique={"status_zaak_datum_status_gezet": InvalidParam(OBJECT, "unique")},
    rules=[
        datum_ligt_niet_in_de_toekomst,
        statustype_hoort_bij_het_zaaktype,
        gezetdoor_is_een_rol_van_de_zaak,
        zaak_is_nog_niet_gearchiveerd,
    ],
    guards=[client_mag_deze_status_toevoegen, zaak_is_klaar_voor_de_eindstatus],
    locks=[lock_for_closing],
    effects=[dit_is_de_eerste, sluit_of_heropen],
    description="De statussen van zaken: de geschiedenis, waaraan alleen wordt toegevoegd.",
)
