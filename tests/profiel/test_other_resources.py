"""What Open Zaak knows, takes or shows of resources other than zaken and rollen: row by row a request, its answer."""

from typing import Any

import pytest

from tests.bodies import RSIN, besluit_body
from tests.documenten.maak_document import body as document_body
from tests.maak import Maak, Types, procedure
from tests.profiel.replay import ABSENT, Application, Sent, url
from tests.stack import Client
from tests.zaken.archiveren import bron, sluit, termijn
from tests.zaken.zaakmaker import Zaakmaker, moment

ZAKEN, DOCUMENTEN, BESLUITEN, CATALOGI = (
    f"/{name}/api/v1" for name in ("zaken", "documenten", "besluiten", "catalogi")
)


@pytest.fixture(scope="module")
async def client(api: Client, types: Types, zaken: Zaakmaker, maak: Maak) -> Application:
    """A client without switches, with a zaak, its rol, a document, and a zaaktype that is no more than a concept."""
    zaak = (await zaken.zaak())["url"]
    concept = await maak.zaaktype(concept=True)
    names = {
        "zaak": zaak,
        "rol": (await zaken.rol(zaak))["url"],
        "statustype": types.statustypen[0],
        "besluittype": types.besluittype,
        "informatieobjecttype": types.informatieobjecttype,
        "concept": concept.url,
        "conceptstatus": concept.statustypen[0],
    }
    application = Application(api, names)
    made = Sent(f"POST {DOCUMENTEN}/enkelvoudiginformatieobjecten", DOCUMENT, 201, keep={"document": "url"})
    await application.play(made)
    return application


def status(**changes: Any) -> dict[str, Any]:
    """Return the body of a status."""
    return {"zaak": "{zaak}", "statustype": "{statustype}", "datumStatusGezet": moment(), **changes}


STATUS = f"POST {ZAKEN}/statussen"


@pytest.mark.parametrize(
    "row",
    [
        Sent(STATUS, status(), 201, {"gezetdoor": ""}),
        Sent(STATUS, status(gezetdoor=""), 201, {"gezetdoor": ""}),
        Sent(STATUS, status(gezetdoor=None), 201, {"gezetdoor": ""}),
        Sent(STATUS, status(gezetdoor="{rol}"), 201, {"gezetdoor": "{rol}"}),
        Sent(STATUS, status(gezetdoor="{rol}" + 1000 * "0"), 400, errors=(("gezetdoor", "max_length"),)),
    ],
)
async def test_a_status_of_nobody(client: Application, row: Sent) -> None:
    await client.play(row)


def overig(**changes: Any) -> dict[str, Any]:
    """Return the body of a zaakobject of another type."""
    data = {"overigeData": {"a_b": 1}}
    body = {"zaak": "{zaak}", "objectType": "overige", "objectTypeOverige": "iets", "objectIdentificatie": data}
    return {name: value for name, value in {**body, **changes}.items() if value is not ...}


def data(sent: Any) -> dict[str, Any]:
    """Return the body of a zaakobject with these overigeData."""
    return overig(objectIdentificatie={"overigeData": sent})


OBJECT = f"POST {ZAKEN}/zaakobjecten"
NO_NAME = (("nonFieldErrors", "missing-object-type-overige"),)


@pytest.mark.parametrize(
    "row",
    [
        Sent(OBJECT, overig(), 201, {"zaakobjecttype": "", "objectIdentificatie.overigeData": {"a_b": 1}}),
        Sent(OBJECT, overig(zaakobjecttype=None), 201, {"zaakobjecttype": ""}),
        Sent(OBJECT, overig(zaakobjecttype=""), 201, {"zaakobjecttype": ""}),
        *(
            Sent(OBJECT, overig(objectTypeOverige=name), 201, {"objectTypeOverige": name})
            for name in ("ProductAanvraag", "a b", "Productaanvraag-Dimpact", "x" * 100)
        ),
        *(
            Sent(OBJECT, overig(objectTypeOverige=name), 400, errors=(("objectTypeOverige", code),))
            for name, code in (("A", "invalid"), ("9", "invalid"), ("x" * 101, "max_length"))
        ),
        Sent(OBJECT, overig(objectTypeOverige=""), 400, errors=NO_NAME),
        Sent(OBJECT, overig(objectTypeOverige=...), 400, errors=NO_NAME),
        *(
            Sent(OBJECT, data(value), 201, {"objectIdentificatie": {"overigeData": value}})
            for value in ("tekst", " t ", 5, 1.5, True, False, [], [1, {"b_c": None}], {"snake_case": {"d_e": [1]}})
        ),
        Sent(OBJECT, data(None), 400, errors=(("objectIdentificatie.overigeData", "null"),)),
    ],
)
async def test_a_zaakobject_of_another_type(client: Application, row: Sent) -> None:
    await client.play(row)


def verzending(**changes: Any) -> dict[str, Any]:
    """Return the body of a verzending."""
    who = {"betrokkene": "https://example.nl/1", "contactPersoon": "https://example.nl/2"}
    return {"informatieobject": "{document}", "aardRelatie": "geadresseerde", **who, **changes}


def abroad(first: str) -> dict[str, Any]:
    """Return the body of a verzending abroad, with the lines of the address by names that begin with ``first``."""
    lines = {f"{first}{number}": f"regel {number}" for number in (1, 2, 3)}
    return verzending(buitenlandsCorrespondentieadres={**lines, "landPostadres": "https://example.nl/be"})


def here(postcode: str) -> dict[str, Any]:
    """Return the body of a verzending to an address in the Netherlands."""
    address = {"huisnummer": 10, "naamOpenbareRuimte": "Brink", "woonplaatsnaam": "Deventer", "postcode": postcode}
    return verzending(binnenlandsCorrespondentieadres=address)


def box(postcode: str) -> dict[str, Any]:
    """Return the body of a verzending to a post box."""
    address = {"postBusOfAntwoordnummer": 5, "postadresType": "postbusnummer", "woonplaatsnaam": "Deventer"}
    return verzending(correspondentiePostadres={**address, "postadresPostcode": postcode})


LINES = {f"buitenlandsCorrespondentieadres.adresBuitenland{number}": f"regel {number}" for number in (1, 2, 3)}
HERE, BOX = "binnenlandsCorrespondentieadres.postcode", "correspondentiePostadres.postadresPostcode"
SENT = f"POST {DOCUMENTEN}/verzendingen"


@pytest.mark.parametrize(
    "row",
    [
        *(Sent(SENT, abroad(first), 201, LINES) for first in ("adresBuitenland", "adresBuitenland_")),
        *(Sent(SENT, abroad(first), 201, LINES) for first in ("subAdresBuitenland_", "adres_buitenland_")),
        *(Sent(SENT, here(code), 201, {HERE: "7411KT"}) for code in ("7411KT", "7411 KT", " 7411 KT ")),
        Sent(SENT, here(""), 201, {HERE: ""}),
        Sent(SENT, here("7411  KT"), 400, errors=((HERE, "max_length"),)),
        *(Sent(SENT, box(code), 201, {BOX: "7400AA"}) for code in ("7400AA", "7400 AA")),
    ],
)
async def test_addresses_of_a_verzending(client: Application, row: Sent) -> None:
    await client.play(row)


OBJECTTYPE = {
    "zaaktype": "{concept}",
    "anderObjecttype": True,
    "objecttype": "https://example.nl/pand",
    "relatieOmschrijving": "pand",
}


async def test_a_zaakobjecttype_with_a_statustype(client: Application) -> None:
    made = f"POST {CATALOGI}/zaakobjecttypen"
    await client.play(
        Sent("GET {conceptstatus}", reads={"zaakobjecttypen": []}),
        Sent(made, OBJECTTYPE, 201, {"statustype": None, "statustypen": []}),
        Sent(
            made,
            {**OBJECTTYPE, "statustype": "{conceptstatus}"},
            201,
            {"statustype": "{conceptstatus}", "statustypen": []},
            {"objecttype": "url", "whole": ""},
        ),
        Sent("GET {conceptstatus}", reads={"zaakobjecttypen": ["{objecttype}"]}, keep={"status": ""}),
        # Both may be sent back as they were read.
        Sent("PUT {objecttype}", "{whole}", reads={"statustype": "{conceptstatus}"}),
        Sent("PUT {conceptstatus}", "{status}", reads={"zaakobjecttypen": ["{objecttype}"]}),
        Sent("GET {objecttype}?expand=statustype", reads={"_expand.statustype.url": "{conceptstatus}"}),
        Sent("GET {conceptstatus}?expand=zaakobjecttypen", reads={"_expand.zaakobjecttypen.*.url": "{objecttype}"}),
        Sent(
            "PATCH {objecttype}",
            {"statustype": "{statustype}"},
            400,
            errors=(("nonFieldErrors", "relations-incorrect-zaaktype"),),
        ),
        Sent("PATCH {objecttype}", {"statustype": "{concept}"}, 400, errors=(("statustype", "incorrect_match"),)),
        # A statustype takes no zaakobjecttype along.
        Sent("DELETE {conceptstatus}", status=409),
        Sent("PATCH {objecttype}", {"statustype": None}, reads={"statustype": None}),
        Sent("GET {conceptstatus}", reads={"zaakobjecttypen": []}),
    )


@pytest.mark.parametrize(
    ("afleidingswijze", "changes"),
    [
        ("gerelateerde_zaak", {}),
        ("zaakobject", {"objecttype": "overige", "datumkenmerk": "record/data/einde"}),
        ("afgehandeld", {"datumkenmerk": None, "objecttype": None, "registratie": None, "einddatumBekend": False}),
    ],
)
async def test_the_members_of_a_procedure_are_never_null(
    maak: Maak, afleidingswijze: str, changes: dict[str, Any]
) -> None:
    concept = await maak.zaaktype(afleidingswijze, concept=True)
    sent = procedure(afleidingswijze, **changes)
    made = await maak.resultaattype(concept.url, afleidingswijze, brondatumArchiefprocedure=sent)
    empty = {"datumkenmerk": "", "einddatumBekend": False, "objecttype": "", "registratie": "", "procestermijn": None}
    filled = {name: value for name, value in sent.items() if value is not None}
    assert made["brondatumArchiefprocedure"] == {**empty, **filled}


async def test_where_an_object_has_the_date(zaken: Zaakmaker, maak: Maak) -> None:
    """zrc-021: a datumkenmerk is a path into the object."""
    types = await maak.zaaktype("zaakobject", concept=True)
    how = procedure("zaakobject", objecttype="overige", datumkenmerk="record/data/einde")
    kind = await maak.resultaattype(types.url, "zaakobject", brondatumArchiefprocedure=how)
    types.resultaattypen.insert(0, kind["url"])
    await maak.publiceer(types.url)
    own = Zaakmaker(zaken.api, types)
    zaak = await own.zaak()
    body = {"zaak": zaak["url"], "objectType": "overige", "objectTypeOverige": "kraam"}
    for data in ({"record": {"data": {"einde": "2031-02-03"}}}, {"record": "x"}, [1]):
        await own.api.created(f"{ZAKEN}/zaakobjecten", {**body, "objectIdentificatie": {"overigeData": data}})
    assert bron(await sluit(own, zaak), await termijn(own)) == "2031-02-03"


BESLUIT = {**besluit_body("{besluittype}"), "verantwoordelijkeOrganisatie": RSIN}
DECIDED = f"POST {BESLUITEN}/besluiten"


@pytest.mark.parametrize(
    "row",
    [
        Sent(DECIDED, {**BESLUIT, "zaak": "", "vervalreden": ""}, 201, {"zaak": "", "vervalreden": ""}),
        Sent(DECIDED, {**BESLUIT, "zaak": "{zaak}"}, 201, {"zaak": "{zaak}", "vervalredenWeergave": ""}),
        Sent(DECIDED, {**BESLUIT, "zaak": None}, 400, errors=(("zaak", "null"),)),
        Sent(DECIDED, {**BESLUIT, "vervalreden": None}, 400, errors=(("vervalreden", "null"),)),
        Sent(DECIDED, {**BESLUIT, "datum": "2999-01-01"}, 400, errors=(("datum", "future_not_allowed"),)),
    ],
)
async def test_a_besluit_without_zaak(client: Application, row: Sent) -> None:
    await client.play(row)


DOCUMENT = document_body("{informatieobjecttype}")
MADE = f"POST {DOCUMENTEN}/enkelvoudiginformatieobjecten"
NIETS = {"ondertekening": None, "integriteit": None, "indicatieGebruiksrecht": None}


def lock(value: Any) -> bool:
    """Return whether a value is 32 hexadecimal digits without hyphens."""
    return isinstance(value, str) and len(value) == 32 and set(value) <= set("0123456789abcdef")


@pytest.mark.parametrize(
    "row",
    [
        Sent(MADE, DOCUMENT, 201, {"lock": "", "locked": False, **NIETS}, {"made": "url"}),
        Sent(
            MADE,
            {**DOCUMENT, "inhoud": None, "bestandsomvang": 10},
            201,
            {"lock": lock, "locked": True, "bestandsdelen.*.lock": lock, **NIETS},
            {"made": "url"},
        ),
        Sent(
            MADE,
            {
                **DOCUMENT,
                "ondertekening": {"soort": "", "datum": None},
                "integriteit": {"algoritme": "", "waarde": "", "datum": None},
                "indicatieGebruiksrecht": "",
            },
            201,
            NIETS,
            {"made": "url"},
        ),
        Sent(MADE, {**DOCUMENT, "ondertekening": "", "integriteit": ""}, 201, NIETS, {"made": "url"}),
    ],
)
async def test_a_new_document_tells_its_lock_once(client: Application, row: Sent) -> None:
    await client.play(row, Sent("GET {made}", reads={"lock": ABSENT, "url": url, **NIETS}))
