"""What belongs to a zaaktype: valid bodies, and the tables of the standard."""

from typing import Any

from tests.maak import PROCEDURES, Maak

KINDS = [
    "statustypen",
    "resultaattypen",
    "eigenschappen",
    "roltypen",
    "zaakobjecttypen",
    "zaaktype-informatieobjecttypen",
]


async def body_of(kind: str, maak: Maak, zaaktype: str) -> dict[str, Any]:
    """Return the body of a valid subtype."""
    if kind == "resultaattypen":
        return maak.resultaattype_body(zaaktype)
    made: dict[str, dict[str, Any]] = {
        "statustypen": {"omschrijving": "Klaar", "volgnummer": 900},
        "eigenschappen": {
            "naam": "maat",
            "definitie": "De maat",
            "specificatie": {"formaat": "tekst", "lengte": "5", "kardinaliteit": "1"},
        },
        "roltypen": {"omschrijving": "Aanvrager", "omschrijvingGeneriek": "initiator"},
        "zaakobjecttypen": {
            "anderObjecttype": True,
            "objecttype": "https://a.example.nl/pand",
            "relatieOmschrijving": "pand",
        },
        "zaaktype-informatieobjecttypen": {
            "informatieobjecttype": "Aanvraag",
            "volgnummer": 900,
            "richting": "inkomend",
        },
    }
    return {"zaaktype": zaaktype, **made[kind]}


ALLOWED = {
    "nihil": {"afgehandeld"},
    "ingeschatte_bestaansduur_procesobject": {"termijn"},
    "bestaansduur_procesobject": set(PROCEDURES) - {"afgehandeld"},
    "vast_te_leggen_datum": set(PROCEDURES) - {"afgehandeld"},
    "samengevoegd_met_bewaartermijn": set(PROCEDURES) - {"afgehandeld"},
    "": set(PROCEDURES),
}
FILLED: dict[str, Any] = {
    "datumkenmerk": "datum",
    "einddatumBekend": True,
    "objecttype": "pand",
    "registratie": "BAG",
    "procestermijn": "P1Y",
}
# Per afleidingswijze of ztc-004, 005, 006, 007 and 008: must have a value, must be empty, or is free.
TABLE = {
    "afgehandeld": "EEEEE",
    "ander_datumkenmerk": "MFMME",
    "eigenschap": "MFEEE",
    "gerelateerde_zaak": "EFEEE",
    "hoofdzaak": "EFEEE",
    "ingangsdatum_besluit": "EFEEE",
    "termijn": "EEEEM",
    "vervaldatum_besluit": "EFEEE",
    "zaakobject": "MFMEE",
}
