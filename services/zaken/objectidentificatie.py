"""The objects that a zaak is about: what objectIdentificatie holds for each of the 31 objectTypes (zaken.md §3.5)."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, SerializerFunctionWrapHandler, model_serializer, model_validator

from services.zaken.archivering import Archieffout, datum_van
from services.zaken.betrokkene import (
    BETROKKENEN,
    Huisnummer,
    NatuurlijkPersoon,
    NietNatuurlijkPersoon,
)
from zgw.fields import Fields, describe
from zgw.problems import error
from zgw.types import AnyJson, Length


def readable_date(value: str) -> str:
    """Return ``value`` if it is empty or the archiving of a zaak can read a date from it; else the error
    ``invalid``."""
    try:
        if value:
            datum_van(value)
    except Archieffout:
        raise error("invalid", "Voer een datum in als JJJJMMDD of JJJJ-M-D.") from None
    return value


Identificatie = Annotated[str, Length(100)]
Naam80 = Annotated[str, Length(80)]

ObjectType = Literal[
    "adres",
    "besluit",
    "buurt",
    "enkelvoudig_document",
    "gemeente",
    "gemeentelijke_openbare_ruimte",
    "huishouden",
    "inrichtingselement",
    "kadastrale_onroerende_zaak",
    "kunstwerkdeel",
    "maatschappelijke_activiteit",
    "medewerker",
    "natuurlijk_persoon",
    "niet_natuurlijk_persoon",
    "openbare_ruimte",
    "organisatorische_eenheid",
    "pand",
    "spoorbaandeel",
    "status",
    "terreindeel",
    "terrein_gebouwd_object",
    "vestiging",
    "waterdeel",
    "wegdeel",
    "wijk",
    "woonplaats",
    "woz_deelobject",
    "woz_object",
    "woz_waarde",
    "zakelijk_recht",
    "overige",
]


class LeavesOut(Fields):
    """A group that leaves out the groups inside it that have no value; the standard does not let them be null."""

    @model_validator(mode="before")
    @classmethod
    def null_is_absent(cls, value: Any) -> Any:
        """Take ``null`` for a group that was not sent."""
        if not isinstance(value, dict):
            return value
        groups = {p.name for p in describe(cls) if p.group is not None}
        return {name: item for name, item in value.items() if item is not None or name not in groups}

    @model_serializer(mode="wrap")
    def without_empty(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any] | None:
        """Return what has a value; None for a group inside another one that has none itself."""
        found: dict[str, Any] | None = handler(self)
        return None if found is None else {name: item for name, item in found.items() if item is not None}


class Adres(Fields):
    """An address."""

    identificatie: Identificatie
    wpl_woonplaats_naam: Naam80
    gor_openbare_ruimte_naam: Naam80
    huisnummer: Huisnummer
    huisletter: Annotated[str, Length(1)] = ""
    huisnummertoevoeging: Annotated[str, Length(4)] = ""
    postcode: Annotated[str, Length(7)] = ""


class Buurt(Fields):
    """A neighbourhood."""

    buurt_code: Annotated[str, Length(2)]
    buurt_naam: Annotated[str, Length(40)]
    gem_gemeente_code: Annotated[str, Length(4)]
    wyk_wijk_code: Annotated[str, Length(2)]


class Gemeente(Fields):
    """A municipality."""

    gemeente_naam: Naam80
    gemeente_code: Annotated[str, Length(4)]


class GemeentelijkeOpenbareRuimte(Fields):
    """A public space that the municipality named."""

    identificatie: Identificatie
    openbare_ruimte_naam: Naam80


class AdresAanduiding(Fields):
    """Where a built object is. The old name of aoaIdentificatie is still accepted in its place."""

    num_identificatie: Annotated[str, Length(100)] = ""
    oao_identificatie: Annotated[str, Length(100)] = ""
    aoa_identificatie: Annotated[str, Length(100)] = ""
    wpl_woonplaats_naam: Naam80
    gor_openbare_ruimte_naam: Naam80
    aoa_postcode: Annotated[str, Length(7)] = ""
    aoa_huisnummer: Huisnummer
    aoa_huisletter: Annotated[str, Length(1)] = ""
    aoa_huisnummertoevoeging: Annotated[str, Length(4)] = ""
    ogo_locatie_aanduiding: Annotated[str, Length(100)] = ""

    @model_validator(mode="after")
    def has_identification(self) -> "AdresAanduiding":
        """One of both names is there; an address that was typed has no identification, so it may be empty."""
        if not self.model_fields_set & {"oao_identificatie", "aoa_identificatie"}:
            raise error("required", "Geef aoaIdentificatie.")
        return self


class TerreinGebouwdObject(Fields):
    """A built object."""

    identificatie: Identificatie
    adres_aanduiding_grp: AdresAanduiding | None = None


class Huishouden(Fields):
    """A household."""

    nummer: Annotated[str, Length(12)]
    is_gehuisvest_in: TerreinGebouwdObject | None = None


class Inrichtingselement(Fields):
    """A thing that stands in public space."""

    type: Literal[
        "bak",
        "bord",
        "installatie",
        "kast",
        "mast",
        "paal",
        "sensor",
        "straatmeubilair",
        "waterinrichtingselement",
        "weginrichtingselement",
    ]
    identificatie: Identificatie
    naam: Annotated[str, Length(500)] = ""


class KadastraleOnroerendeZaak(Fields):
    """Land or a building as the Kadaster knows it."""

    kadastrale_identificatie: Identificatie
    kadastrale_aanduiding: Annotated[str, Length(1000)]


class Kunstwerkdeel(Fields):
    """A part of a civil work."""

    type: Literal[
        "keermuur",
        "overkluizing",
        "duiker",
        "faunavoorziening",
        "vispassage",
        "bodemval",
        "coupure",
        "ponton",
        "voorde",
        "hoogspanningsmast",
        "gemaal",
        "perron",
        "sluis",
        "strekdam",
        "steiger",
        "stuw",
    ]
    identificatie: Identificatie
    naam: Naam80


class MaatschappelijkeActiviteit(Fields):
    """A company in the trade register."""

    kvk_nummer: Annotated[str, Length(8)]
    handelsnaam: Annotated[str, Length(200)]


class OpenbareRuimte(Fields):
    """A street or square."""

    identificatie: Identificatie
    wpl_woonplaats_naam: Naam80
    gor_openbare_ruimte_naam: Naam80


class Overige(Fields):
    """Anything else; its keys are the client's own."""

    overige_data: AnyJson


class Pand(Fields):
    """A building."""

    identificatie: Identificatie


class Spoorbaandeel(Fields):
    """A part of a railway."""

    type: Literal["breedspoor", "normaalspoor", "smalspoor", "spoorbaan"]
    identificatie: Identificatie
    naam: Annotated[str, Length(500)] = ""


class Terreindeel(Fields):
    """A part of a terrain."""

    type: Annotated[str, Length(40)]
    identificatie: Identificatie
    naam: Annotated[str, Length(500)] = ""


class Waterdeel(Fields):
    """A part of a water."""

    type_waterdeel: Literal["zee", "waterloop", "watervlakte", "greppel_droge_sloot"]
    identificatie: Identificatie
    naam: Annotated[str, Length(500)] = ""


class Wegdeel(Fields):
    """A part of a road."""

    type: Annotated[str, Length(100)]
    identificatie: Identificatie
    naam: Annotated[str, Length(500)] = ""


class Wijk(Fields):
    """A district."""

    wijk_code: Annotated[str, Length(2)]
    wijk_naam: Annotated[str, Length(40)]
    gem_gemeente_code: Annotated[str, Length(4)]


class Woonplaats(Fields):
    """A place."""

    identificatie: Identificatie
    woonplaats_naam: Naam80


class AanduidingWozObject(Fields):
    """Where a WOZ object is."""

    aoa_identificatie: Identificatie
    wpl_woonplaats_naam: Naam80
    gor_openbare_ruimte_naam: Naam80
    aoa_postcode: Annotated[str, Length(7)] = ""
    aoa_huisnummer: Huisnummer
    aoa_huisletter: Annotated[str, Length(1)] = ""
    aoa_huisnummertoevoeging: Annotated[str, Length(4)] = ""
    locatie_omschrijving: Annotated[str, Length(1000)] = ""


class WozObject(Fields):
    """Property that is valued for taxes."""

    woz_object_nummer: Identificatie
    aanduiding_woz_object: AanduidingWozObject | None = None


class WozDeelobject(LeavesOut):
    """A part of such property."""

    nummer_woz_deel_object: Annotated[str, Length(6)]
    is_onderdeel_van: WozObject = None  # type: ignore[assignment]


class WozWaarde(LeavesOut):
    """The value of such property."""

    waardepeildatum: Annotated[str, Length(9), AfterValidator(readable_date)]
    is_voor: WozObject = None  # type: ignore[assignment]


class Gerechtigde(LeavesOut):
    """The holder of a right."""

    natuurlijk_persoon: NatuurlijkPersoon = None  # type: ignore[assignment]
    niet_natuurlijk_persoon: NietNatuurlijkPersoon = None  # type: ignore[assignment]


class ZakelijkRecht(LeavesOut):
    """A right in property."""

    identificatie: Identificatie
    avg_aard: Annotated[str, Length(1000)]
    heeft_betrekking_op: KadastraleOnroerendeZaak = None  # type: ignore[assignment]
    heeft_als_gerechtigde: Gerechtigde = None  # type: ignore[assignment]


OBJECTEN: Mapping[str, type[Fields] | None] = {
    "adres": Adres,
    "besluit": None,
    "buurt": Buurt,
    "enkelvoudig_document": None,
    "gemeente": Gemeente,
    "gemeentelijke_openbare_ruimte": GemeentelijkeOpenbareRuimte,
    "huishouden": Huishouden,
    "inrichtingselement": Inrichtingselement,
    "kadastrale_onroerende_zaak": KadastraleOnroerendeZaak,
    "kunstwerkdeel": Kunstwerkdeel,
    "maatschappelijke_activiteit": MaatschappelijkeActiviteit,
    "openbare_ruimte": OpenbareRuimte,
    "overige": Overige,
    "pand": Pand,
    "spoorbaandeel": Spoorbaandeel,
    "status": None,
    "terreindeel": Terreindeel,
    "terrein_gebouwd_object": TerreinGebouwdObject,
    "waterdeel": Waterdeel,
    "wegdeel": Wegdeel,
    "wijk": Wijk,
    "woonplaats": Woonplaats,
    "woz_deelobject": WozDeelobject,
    "woz_object": WozObject,
    "woz_waarde": WozWaarde,
    "zakelijk_recht": ZakelijkRecht,
    **BETROKKENEN,
}
"""Per objectType what objectIdentificatie holds; three types are only known by their URL."""
