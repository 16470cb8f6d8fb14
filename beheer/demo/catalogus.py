"""The catalogue of the demo: one realistic zaaktype with everything that belongs to it."""

from typing import Any

SELECTIELIJST = "https://selectielijst.openzaak.nl/api/v1"
PROCESTYPE = f"{SELECTIELIJST}/procestypen/7ff2b005-4d84-47fe-983a-732bfa958ff5"
RESULTATEN = {
    "Verleend": ("5038528b-0eb7-4502-a415-a3093987d69b", "f7d2dc14-1b71-4179-aed3-4e7abcfbeb0d"),
    "Geweigerd": ("f572cb0e-244a-4682-b57e-0c044c468387", "1f750958-431c-4916-bc01-af5d3a753b41"),
    "Ingetrokken": ("12421a71-3dc3-42df-a0dc-820c1744c7b7", "a6a0bd73-262a-401a-b629-9c4a908c69b5"),
}
BEGIN = "2026-01-01"
INFORMATIEOBJECTTYPEN = ("Aanvraag", "Situatietekening", "Beschikking")
STATUSTYPEN = ("Ontvangen", "In behandeling", "Besluit genomen", "Afgehandeld")
ROLTYPEN = (("Aanvrager", "initiator"), ("Vergunningverlener", "behandelaar"), ("Gemandateerde", "beslisser"))
EIGENSCHAPPEN = (
    ("naam_evenement", "De naam waaronder het evenement bekend is", "tekst", "80"),
    ("datum_evenement", "De eerste dag van het evenement", "datum", "8"),
    ("aantal_bezoekers", "Het verwachte aantal bezoekers", "getal", "6"),
)


def catalogus(naam: str, rsin: str) -> dict[str, Any]:
    """Return the body of the catalogus."""
    return {
        "domein": "EVENT",
        "rsin": rsin,
        "naam": f"Catalogus {naam}",
        "contactpersoonBeheerNaam": "Functioneel beheer",
    }


def informatieobjecttype(catalogus: str, omschrijving: str) -> dict[str, Any]:
    """Return the body of an informatieobjecttype."""
    return {
        "catalogus": catalogus,
        "omschrijving": omschrijving,
        "vertrouwelijkheidaanduiding": "zaakvertrouwelijk",
        "informatieobjectcategorie": "Vergunningen",
        "beginGeldigheid": BEGIN,
    }


def besluittype(catalogus: str) -> dict[str, Any]:
    """Return the body of the besluittype."""
    return {
        "catalogus": catalogus,
        "omschrijving": "Evenementenvergunning",
        "publicatieIndicatie": True,
        "informatieobjecttypen": ["Beschikking"],
        "beginGeldigheid": BEGIN,
    }


def zaaktype(catalogus: str, naam: str) -> dict[str, Any]:
    """Return the body of the zaaktype."""
    return {
        "catalogus": catalogus,
        "identificatie": "EVENEMENT",
        "omschrijving": "Evenementenvergunning",
        "vertrouwelijkheidaanduiding": "zaakvertrouwelijk",
        "doel": "Veilige evenementen die bij hun omgeving passen",
        "aanleiding": "Iemand wil een evenement houden",
        "indicatieInternOfExtern": "extern",
        "handelingInitiator": "aanvragen",
        "onderwerp": "Evenement",
        "handelingBehandelaar": "behandelen",
        "doorlooptijd": "P8W",
        "servicenorm": "P6W",
        "opschortingEnAanhoudingMogelijk": True,
        "verlengingMogelijk": True,
        "verlengingstermijn": "P6W",
        "trefwoorden": ["evenement", "vergunning"],
        "publicatieIndicatie": True,
        "productenOfDiensten": [],
        "selectielijstProcestype": PROCESTYPE,
        "referentieproces": {"naam": "Vergunning verlenen"},
        "verantwoordelijke": naam,
        "besluittypen": ["Evenementenvergunning"],
        "gerelateerdeZaaktypen": [],
        "beginGeldigheid": BEGIN,
        "versiedatum": BEGIN,
    }


def onderdelen(zaaktype: str) -> list[tuple[str, dict[str, Any]]]:
    """Return (path, body) of everything that belongs to the zaaktype."""
    parts: list[tuple[str, dict[str, Any]]] = []
    for number, omschrijving in enumerate(STATUSTYPEN, 1):
        parts.append(("statustypen", {"zaaktype": zaaktype, "omschrijving": omschrijving, "volgnummer": number}))
    for omschrijving, (resultaat, generiek) in RESULTATEN.items():
        body = {
            "zaaktype": zaaktype,
            "omschrijving": omschrijving,
            "resultaattypeomschrijving": f"{SELECTIELIJST}/resultaattypeomschrijvingen/{generiek}",
            "selectielijstklasse": f"{SELECTIELIJST}/resultaten/{resultaat}",
            "brondatumArchiefprocedure": {"afleidingswijze": "afgehandeld"},
        }
        parts.append(("resultaattypen", body))
    for omschrijving, generiek in ROLTYPEN:
        parts.append(
            ("roltypen", {"zaaktype": zaaktype, "omschrijving": omschrijving, "omschrijvingGeneriek": generiek})
        )
    for naam, definitie, formaat, lengte in EIGENSCHAPPEN:
        specificatie = {"formaat": formaat, "lengte": lengte, "kardinaliteit": "1"}
        parts.append(
            (
                "eigenschappen",
                {"zaaktype": zaaktype, "naam": naam, "definitie": definitie, "specificatie": specificatie},
            )
        )
    for number, omschrijving in enumerate(INFORMATIEOBJECTTYPEN, 1):
        richting = "uitgaand" if omschrijving == "Beschikking" else "inkomend"
        ziot = {"zaaktype": zaaktype, "informatieobjecttype": omschrijving, "volgnummer": number, "richting": richting}
        parts.append(("zaaktype-informatieobjecttypen", ziot))
    return parts
