"""The fields of a besluit and the table that holds them (besluiten.md)."""

from typing import Annotated, Literal

from sqlalchemy import Index, MetaData, UniqueConstraint

from zgw.audit import audit_table
from zgw.columns import make_table
from zgw.fields import Fields
from zgw.logboek.records import logboek_tables
from zgw.numbers import Numbers
from zgw.outbox import outbox_table
from zgw.reading_log.table import reading_log_table
from zgw.types import IMMUTABLE, Date, Length, Ref, Rsin, Shown, Url

METADATA = MetaData()
audit_table(METADATA)
outbox_table(METADATA, mirrored=True)
reading_log_table(METADATA)
logboek_tables(METADATA)

ZAAK = Ref("zaken", "zaken", shape=("url", "identificatie", "bronorganisatie", "zaaktype"), blank=True)
BESLUITTYPE = Ref(
    "catalogi", "besluittypen", published=True, shape=("url", "catalogus", "zaaktypen", "informatieobjecttypen")
)

VERVALREDENEN = {
    "tijdelijk": "Besluit met tijdelijke werking",
    "ingetrokken_overheid": "Besluit ingetrokken door overheid",
    "ingetrokken_belanghebbende": "Besluit ingetrokken o.v.v. belanghebbende",
}


class BesluitFields(Fields):
    """The fields that clients write."""

    identificatie: Annotated[str, Length(50), IMMUTABLE] = ""
    verantwoordelijke_organisatie: Annotated[Rsin, Shown(9, 1), IMMUTABLE]
    besluittype: Annotated[str, BESLUITTYPE, Shown(1000, 1), IMMUTABLE]
    zaak: Annotated[str, ZAAK] = ""
    datum: Date
    toelichting: str = ""
    bestuursorgaan: Annotated[str, Length(50)] = ""
    ingangsdatum: Date
    vervaldatum: Date | None = None
    vervalreden: Literal["tijdelijk", "ingetrokken_overheid", "ingetrokken_belanghebbende", ""] = ""
    publicatiedatum: Date | None = None
    verzenddatum: Date | None = None
    uiterlijke_reactiedatum: Date | None = None


class BesluitShown(Fields):
    """The fields that only responses have."""

    url: Url
    vervalreden_weergave: str


BESLUIT_TABLE = make_table(
    METADATA,
    "besluit",
    BesluitFields,
    UniqueConstraint("verantwoordelijke_organisatie", "identificatie", name="besluit_identificatie"),
)
Index("besluit_zaak", BESLUIT_TABLE.c.zaak, postgresql_where=BESLUIT_TABLE.c.zaak != "")
Index("besluit_besluittype", BESLUIT_TABLE.c.besluittype)
Index("besluit_by_identificatie", BESLUIT_TABLE.c.identificatie)

NUMBERS = Numbers(BESLUIT_TABLE, "BESLUIT")
