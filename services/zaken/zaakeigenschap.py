"""Zaakeigenschap: the value of a property that the zaaktype asks for (zaken.md §3.6, §7.2)."""

import re
import uuid
from collections.abc import Mapping
from typing import Annotated, Any

from sqlalchemy import Column, Index, Text

from runtime.problems import OBJECT
from services.zaken.afleiding import herbereken
from services.zaken.gesloten import gesloten_zaak_vraagt_geforceerd_bijwerken, zaak_is_nog_niet_gearchiveerd, zaak_van
from services.zaken.locks import lock_deelzaken
from services.zaken.zaak import BIJWERKEN, HOOFD, LEZEN, METADATA, ZAAK_REF
from zgw.check import Check
from zgw.columns import index_in_order, make_table
from zgw.fields import Fields
from zgw.resource import Resource
from zgw.shapes import Eigenschap
from zgw.types import IMMUTABLE, Ref, Shown, Url

EIGENSCHAP = Ref("catalogi", "eigenschappen")


class ZaakEigenschapFields(Fields):
    """The fields that clients write."""

    zaak: Annotated[str, ZAAK_REF, IMMUTABLE, Shown()]
    eigenschap: Annotated[str, EIGENSCHAP, IMMUTABLE]
    waarde: str


class ZaakEigenschapShown(Fields):
    """The fields that only responses have."""

    url: Url
    uuid: uuid.UUID
    naam: str


ZAAKEIGENSCHAP_TABLE = make_table(
    METADATA, "zaakeigenschap", ZaakEigenschapFields, Column("naam", Text, nullable=False)
)
index_in_order(ZAAKEIGENSCHAP_TABLE, "zaak")
Index("zaakeigenschap_eigenschap", ZAAKEIGENSCHAP_TABLE.c.eigenschap)


async def eigenschap_hoort_bij_het_zaaktype(check: Check[ZaakEigenschapFields]) -> None:
    """zrc-018: de eigenschap is er een van het zaaktype van de zaak."""
    eigenschap = check.resolved(check.fields.eigenschap, Eigenschap)
    if check.creating and eigenschap and eigenschap["zaaktype"] != zaak_van(check)["zaaktype"]:
        check.reject(OBJECT, "zaaktype-mismatch", "De eigenschap hoort niet bij het zaaktype van de zaak.")


async def naam_van_de_eigenschap(check: Check[ZaakEigenschapFields]) -> None:
    """Copy what the eigenschap is called when the value is first given."""
    if check.creating and (eigenschap := check.resolved(check.fields.eigenschap, Eigenschap)):
        check.columns["naam"] = eigenschap["naam"]


async def waarschuw_bij_afwijkende_waarde(check: Check[ZaakEigenschapFields]) -> None:
    """zaken.md §7.2: a value that does not fit the specification is kept, with a warning in the answer (Z12)."""
    eigenschap = check.resolved(check.fields.eigenschap, Eigenschap)
    if eigenschap and not fits(check.fields.waarde, eigenschap.get("specificatie") or {}):
        check.headers["X-Warning"] = "De waarde voldoet niet aan de specificatie van de eigenschap."


def fits(value: str, specification: Mapping[str, Any]) -> bool:
    """Return whether a value fits a specification: ``fits("3,5", {"formaat": "getal", "lengte": "2,1"})``."""
    allowed = specification.get("waardenverzameling") or []
    if isinstance(allowed, list) and allowed and value not in allowed:
        return False
    format_, length = specification.get("formaat"), str(specification.get("lengte") or "")
    if format_ == "tekst":
        return not _LENGTH.fullmatch(length) or len(value) <= int(length)
    if format_ == "getal":
        whole, _, fraction = length.partition(",")
        if not _LENGTH.fullmatch(whole.strip()) or (fraction and not _LENGTH.fullmatch(fraction.strip())):
            return True
        # Thousands of digits are no number that anyone asks for, and re refuses repetitions without end.
        digits, decimals = min(int(whole), 1000), min(int(fraction or 0), 1000)
        return re.fullmatch(rf"[0-9]{{0,{digits}}}(,?[0-9]{{0,{decimals}}})", value) is not None
    if format_ in ("datum", "datum_tijd"):
        return re.fullmatch(DATES[format_], value) is not None
    return True


_LENGTH = re.compile(r"[0-9]{1,18}")
"""A length of which something is known: that of a type elsewhere may be anything, such as ``²``."""

DATES = {
    "datum": r"[0-9]{4}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])",
    "datum_tijd": r"[0-9]{4}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])([01][0-9]|2[0-3])[0-5][0-9][0-5][0-9]",
}

ZAAKEIGENSCHAP = Resource(
    name="zaakeigenschap",
    path="zaakeigenschappen",
    fields=ZaakEigenschapFields,
    shown=ZaakEigenschapShown,
    table=ZAAKEIGENSCHAP_TABLE,
    scopes={"list": LEZEN, "fetch": LEZEN, "create": BIJWERKEN, "update": BIJWERKEN, "remove": BIJWERKEN},
    parent="zaak",
    main=HOOFD,
    paginated=False,
    kanaal="zaken",
    audited=True,
    weergave=lambda row: str(row["naam"]),
    rules=[eigenschap_hoort_bij_het_zaaktype, zaak_is_nog_niet_gearchiveerd],
    derive=[naam_van_de_eigenschap, waarschuw_bij_afwijkende_waarde],
    guards=[gesloten_zaak_vraagt_geforceerd_bijwerken],
    locks=[lock_deelzaken],
    effects=[herbereken],
    description="Wat er van een zaak is vastgelegd bij een eigenschap van het zaaktype.",
)
