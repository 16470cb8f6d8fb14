"""A party or object of each kind, with all that the standard says of it."""

from typing import Any

BSN = "111222333"
ADRES = {
    "aoaIdentificatie": "0150200000000001",
    "wplWoonplaatsNaam": "Deventer",
    "gorOpenbareRuimteNaam": "Brink",
    "aoaPostcode": "7411BT",
    "aoaHuisnummer": 1,
    "aoaHuisletter": "A",
    "aoaHuisnummertoevoeging": "bis",
    "inpLocatiebeschrijving": "naast de Waag",
}
BUITENLAND = {
    "lndLandcode": "6030",
    "lndLandnaam": "Nederland",
    "subAdresBuitenland_1": "Straße 1",
    "subAdresBuitenland_2": "",
    "subAdresBuitenland_3": "Gronau",
}
PARTIJEN: dict[str, dict[str, Any]] = {
    "natuurlijk_persoon": {
        "inpBsn": BSN,
        "anpIdentificatie": "anp-1",
        "inpA_nummer": "1234567890",
        "geslachtsnaam": "Jansen",
        "voorvoegselGeslachtsnaam": "van",
        "voorletters": "A.",
        "voornamen": "Anna",
        "geslachtsaanduiding": "v",
        "geboortedatum": "1980-02-31?",
        "verblijfsadres": ADRES,
        "subVerblijfBuitenland": BUITENLAND,
    },
    "niet_natuurlijk_persoon": {
        "innNnpId": "517439943",
        "annIdentificatie": "ann-1",
        "statutaireNaam": "Stichting Deventer",
        "innRechtsvorm": "stichting",
        "bezoekadres": "Brink 1",
        "subVerblijfBuitenland": BUITENLAND,
        "kvkNummer": "12345678",
        "vestigingsNummer": "000012345678",
        "verblijfsadres": ADRES,
    },
    "vestiging": {
        "vestigingsNummer": "000012345678",
        "handelsnaam": ["Bakker", "Banket"],
        "verblijfsadres": ADRES,
        "subVerblijfBuitenland": BUITENLAND,
        "kvkNummer": "12345678",
    },
    "organisatorische_eenheid": {"identificatie": "OE-1", "naam": "Burgerzaken", "isGehuisvestIn": "Stadhuis"},
    "medewerker": {
        "identificatie": "medewerker-1",
        "achternaam": "Vries",
        "voorletters": "J.",
        "voorvoegselAchternaam": "de",
    },
}


WOZ_ADRES = {
    "aoaIdentificatie": "1",
    "wplWoonplaatsNaam": "Deventer",
    "gorOpenbareRuimteNaam": "Brink",
    "aoaPostcode": "7411BT",
    "aoaHuisnummer": 99999,
    "aoaHuisletter": "A",
    "aoaHuisnummertoevoeging": "bis",
    "locatieOmschrijving": "hoek",
}
WOZ_OBJECT = {"wozObjectNummer": "015000000001", "aanduidingWozObject": WOZ_ADRES}
TERREIN: dict[str, Any] = {
    "identificatie": "0150100000000001",
    "adresAanduidingGrp": {
        "numIdentificatie": "1",
        "oaoIdentificatie": "2",
        "aoaIdentificatie": "2",
        "wplWoonplaatsNaam": "Deventer",
        "gorOpenbareRuimteNaam": "Brink",
        "aoaPostcode": "7411BT",
        "aoaHuisnummer": 0,
        "aoaHuisletter": "",
        "aoaHuisnummertoevoeging": "",
        "ogoLocatieAanduiding": "achter",
    },
}
KADASTER = {"kadastraleIdentificatie": "1", "kadastraleAanduiding": "DVT00 A 1"}
IDENTIFICATIES: dict[str, dict[str, Any]] = {
    "adres": {
        "identificatie": "0150200000000001",
        "wplWoonplaatsNaam": "Deventer",
        "gorOpenbareRuimteNaam": "Brink",
        "huisnummer": 1,
        "huisletter": "A",
        "huisnummertoevoeging": "bis",
        "postcode": "7411BT",
    },
    "buurt": {"buurtCode": "01", "buurtNaam": "Noordenberg", "gemGemeenteCode": "0150", "wykWijkCode": "02"},
    "gemeente": {"gemeenteNaam": "Deventer", "gemeenteCode": "0150"},
    "gemeentelijke_openbare_ruimte": {"identificatie": "1", "openbareRuimteNaam": "Brink"},
    "huishouden": {"nummer": "123456789012", "isGehuisvestIn": TERREIN},
    "inrichtingselement": {"type": "paal", "identificatie": "1", "naam": "Praatpaal"},
    "kadastrale_onroerende_zaak": KADASTER,
    "kunstwerkdeel": {"type": "sluis", "identificatie": "1", "naam": "Snipperling"},
    "maatschappelijke_activiteit": {"kvkNummer": "12345678", "handelsnaam": "Bakker"},
    "openbare_ruimte": {"identificatie": "1", "wplWoonplaatsNaam": "Deventer", "gorOpenbareRuimteNaam": "Brink"},
    "pand": {"identificatie": "0150100000000001"},
    "spoorbaandeel": {"type": "normaalspoor", "identificatie": "1", "naam": ""},
    "terreindeel": {"type": "berm", "identificatie": "1", "naam": "Worp"},
    "terrein_gebouwd_object": TERREIN,
    "waterdeel": {"typeWaterdeel": "waterloop", "identificatie": "1", "naam": "IJssel"},
    "wegdeel": {"type": "rijbaan", "identificatie": "1", "naam": ""},
    "wijk": {"wijkCode": "02", "wijkNaam": "Centrum", "gemGemeenteCode": "0150"},
    "woonplaats": {"identificatie": "1", "woonplaatsNaam": "Diepenveen"},
    "woz_deelobject": {"nummerWozDeelObject": "000001", "isOnderdeelVan": WOZ_OBJECT},
    "woz_object": WOZ_OBJECT,
    "woz_waarde": {"waardepeildatum": "20260101", "isVoor": WOZ_OBJECT},
    "zakelijk_recht": {
        "identificatie": "1",
        "avgAard": "erfpacht",
        "heeftBetrekkingOp": KADASTER,
        "heeftAlsGerechtigde": {
            "natuurlijkPersoon": PARTIJEN["natuurlijk_persoon"],
            "nietNatuurlijkPersoon": PARTIJEN["niet_natuurlijk_persoon"],
        },
    },
    "overige": {"overigeData": {"some_key": {"CamelKey": [1, None, "x"]}, "snake_case": True}},
    **PARTIJEN,
}
