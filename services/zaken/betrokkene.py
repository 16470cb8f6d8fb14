"""The parties in a zaak: the five kinds of betrokkeneIdentificatie (zaken.md §3.4), also used by zaakobjecten."""

from collections.abc import Mapping
from typing import Annotated, Literal

from sqlmodel import Field

from zgw.fields import Fields
from zgw.types import EXTENSION, Length, Matching, OptionalBsn, OptionalRsin, Shown, Whole

ANummer = Annotated[
    str,
    Matching(
        r"[1-9][0-9]{9}", 10, "a-nummer-incorrect-format", "Een A-nummer heeft tien cijfers en begint niet met een nul."
    ),
]

Rechtsvorm = Literal[
    "besloten_vennootschap",
    "cooperatie_europees_economische_samenwerking",
    "europese_cooperatieve_venootschap",
    "europese_cooperatieve_vennootschap",
    "europese_naamloze_vennootschap",
    "kerkelijke_organisatie",
    "naamloze_vennootschap",
    "onderlinge_waarborg_maatschappij",
    "overig_privaatrechtelijke_rechtspersoon",
    "stichting",
    "vereniging",
    "vereniging_van_eigenaars",
    "publiekrechtelijke_rechtspersoon",
    "vennootschap_onder_firma",
    "maatschap",
    "rederij",
    "commanditaire_vennootschap",
    "kapitaalvennootschap_binnen_eer",
    "overige_buitenlandse_rechtspersoon_vennootschap",
    "kapitaalvennootschap_buiten_eer",
    "",
]
"""One form is there twice: the standard once misspelled it, and what was stored then must stay valid."""

Huisnummer = Annotated[int, Whole(0, 99999)]


class Verblijfsadres(Fields):
    """An address in the Netherlands."""

    aoa_identificatie: Annotated[str, Length(100)]
    wpl_woonplaats_naam: Annotated[str, Length(80)]
    gor_openbare_ruimte_naam: Annotated[str, Length(80)]
    aoa_postcode: Annotated[str, Length(7)] = ""
    aoa_huisnummer: Huisnummer
    aoa_huisletter: Annotated[str, Length(1)] = ""
    aoa_huisnummertoevoeging: Annotated[str, Length(4)] = ""
    inp_locatiebeschrijving: Annotated[str, Length(1000)] = ""


class SubVerblijfBuitenland(Fields):
    """An address abroad."""

    lnd_landcode: Annotated[str, Length(4)]
    lnd_landnaam: Annotated[str, Length(40)]
    sub_adres_buitenland_1: Annotated[str, Length(35)] = Field("", alias="subAdresBuitenland_1")
    sub_adres_buitenland_2: Annotated[str, Length(35)] = Field("", alias="subAdresBuitenland_2")
    sub_adres_buitenland_3: Annotated[str, Length(35)] = Field("", alias="subAdresBuitenland_3")


class Medewerker(Fields):
    """Somebody who works at the organisation."""

    identificatie: Annotated[str, Length(254)] = ""
    achternaam: Annotated[str, Length(200)] = ""
    voorletters: Annotated[str, Length(20)] = ""
    voorvoegsel_achternaam: Annotated[str, Length(10)] = ""


class NatuurlijkPersoon(Fields):
    """A human being."""

    inp_bsn: OptionalBsn = ""
    anp_identificatie: Annotated[str, Length(17)] = ""
    inp_a_nummer: ANummer = Field("", alias="inpA_nummer")
    geslachtsnaam: Annotated[str, Length(200)] = ""
    voorvoegsel_geslachtsnaam: Annotated[str, Length(80)] = ""
    voorletters: Annotated[str, Length(20)] = ""
    voornamen: Annotated[str, Length(200)] = ""
    geslachtsaanduiding: Literal["m", "v", "o", ""] = ""
    geboortedatum: Annotated[str, Length(18)] = ""
    verblijfsadres: Verblijfsadres | None = None
    sub_verblijf_buitenland: SubVerblijfBuitenland | None = None


class NietNatuurlijkPersoon(Fields):
    """A legal person."""

    inn_nnp_id: OptionalRsin = ""
    ann_identificatie: Annotated[str, Length(17)] = ""
    statutaire_naam: Annotated[str, Length(500)] = ""
    inn_rechtsvorm: Rechtsvorm = ""
    bezoekadres: Annotated[str, Length(1000)] = ""
    sub_verblijf_buitenland: SubVerblijfBuitenland | None = None
    kvk_nummer: Annotated[str, Length(8), EXTENSION] = ""
    vestigings_nummer: Annotated[str, Length(24), EXTENSION] = ""
    verblijfsadres: Annotated[Verblijfsadres | None, EXTENSION] = None


class OrganisatorischeEenheid(Fields):
    """A part of the organisation. Longer names than those of the standard are accepted, because applications have
    them."""

    identificatie: Annotated[str, Length(255), Shown(24)] = ""
    naam: Annotated[str, Length(255), Shown(50)] = ""
    is_gehuisvest_in: Annotated[str, Length(255), Shown(24)] = ""


class Vestiging(Fields):
    """A place of business."""

    vestigings_nummer: Annotated[str, Length(24)] = ""
    handelsnaam: Annotated[list[Annotated[str, Length(625)]], Length(100)] = []
    verblijfsadres: Verblijfsadres | None = None
    sub_verblijf_buitenland: SubVerblijfBuitenland | None = None
    kvk_nummer: Annotated[str, Length(8)] = ""


def no_group_is_empty(value: object) -> object:
    """Return an identification as it is validated: null and a text of blanks are the empty group."""
    return {} if value is None or (isinstance(value, str) and not value.strip()) else value


def has_value(value: object) -> bool:
    """Return whether anything in a group is filled in, however deep."""
    if isinstance(value, dict):
        return any(has_value(item) for item in value.values())
    if isinstance(value, list):
        return any(has_value(item) for item in value)
    return value is not None and value != ""


BETROKKENEN: Mapping[str, type[Fields]] = {
    "medewerker": Medewerker,
    "natuurlijk_persoon": NatuurlijkPersoon,
    "niet_natuurlijk_persoon": NietNatuurlijkPersoon,
    "organisatorische_eenheid": OrganisatorischeEenheid,
    "vestiging": Vestiging,
}
"""Per betrokkeneType what betrokkeneIdentificatie holds."""
