"""Bodies of what is beside the standard, in both spellings and with what only answers have: the same comes back."""

import re
from typing import Any

import pytest

from tests.bodies import besluit_body
from tests.documenten.maak_document import body as document_body
from tests.profiel.replay import filled
from tests.stack import Client
from tests.zaken.zaakmaker import Zaakmaker

ZAAK = {
    "bronorganisatie": "517439943",
    "verantwoordelijkeOrganisatie": "517439943",
    "zaaktype": "{zaaktype}",
    "startdatum": "2026-06-01",
    "communicatiekanaalNaam": "Balie",
    "gerelateerdeZaken": [{"url": "{zaak}"}],
    "betalingsindicatie": "gefactureerd",
    "laatstGeopend": "2026-06-02T10:00:00Z",
    "opschorting": {"indicatie": True, "reden": "ziek"},
    "kenmerken": [{"kenmerk": "12", "bron": "34"}],
    "relevanteAndereZaken": [
        {"url": "{zaak}", "aardRelatie": "overig", "overigeRelatie": "buur", "toelichting": "naast elkaar"}
    ],
}
PARTY = {"kvkNummer": "69599084", "vestigingsNummer": "38509520", "statutaireNaam": "7"}
ROL = {
    "zaak": "{zaak}",
    "roltype": "{roltype}",
    "betrokkeneType": "niet_natuurlijk_persoon",
    "roltoelichting": "1",
    "indicatieMachtiging": "gemachtigde",
    "beginGeldigheid": "2026-06-01",
    "eindeGeldigheid": "2026-06-02",
    "contactpersoonRol": {"naam": "2", "emailadres": "a@example.nl", "functie": "3", "telefoonnummer": "570123456"},
    "betrokkeneIdentificatie": PARTY,
    "authenticatieContext": {
        "source": "eherkenning",
        "levelOfAssurance": "urn:etoegang:core:assurance-class:loa2plus",
        "actingSubject": "4",
        "representee": {"identifierType": "kvkNummer", "identifier": "12345678"},
        "mandate": {"role": "bewindvoerder", "services": [{"id": "5", "uuid": "34085d78-21aa-4481-a219-b28d7f3282fc"}]},
    },
}
STATUS = {"statustype": "{statustype}", "datumStatusGezet": "2026-06-03T10:00:00Z", "statustoelichting": "6"}
SUBSTATUS = {"zaak": "{gestart}", "omschrijving": "7", "tijdstip": "2026-06-03T11:00:00Z", "doelgroep": "intern"}
ROOT = "/zaken/api/v1"
BODIES: dict[str, tuple[str, dict[str, Any]]] = {
    "zaak": (f"{ROOT}/zaken", ZAAK),
    "rol": (f"{ROOT}/rollen", ROL),
    "substatus": (f"{ROOT}/substatussen", SUBSTATUS),
    "zaak_registreren": (
        f"{ROOT}/zaak_registreren",
        {
            "zaak": ZAAK,
            "rollen": [{name: value for name, value in ROL.items() if name != "zaak"}],
            "zaakinformatieobjecten": [],
            "zaakobjecten": [{"objectType": "pand", "objectIdentificatie": {"identificatie": "8"}}],
            "status": STATUS,
        },
    ),
    "zaak_bijwerken": (
        f"{ROOT}/zaak_bijwerken/{{nummer}}",
        {"zaak": {name: ZAAK[name] for name in ZAAK if name != "gerelateerdeZaken"}, "status": STATUS},
    ),
    "zaak_bijwerken with rollen": (
        f"{ROOT}/zaak_bijwerken/{{nummer}}",
        {"status": STATUS, "rollen": [{**{name: ROL[name] for name in ROL if name != "zaak"}, "roltoelichting": "9"}]},
    ),
    "zaak_opschorten": (
        f"{ROOT}/zaak_opschorten/{{nummer}}",
        {"zaak": {"opschorting": {"indicatie": True, "reden": "10"}}, "status": STATUS},
    ),
    "zaak_verlengen": (
        f"{ROOT}/zaak_verlengen/{{nummer}}",
        {"zaak": {"verlenging": {"reden": "11", "duur": "P5D"}}, "status": STATUS},
    ),
    "zaak_afsluiten": (
        f"{ROOT}/zaak_afsluiten/{{nummer}}",
        {
            "zaak": {"toelichting": "12", "betalingsindicatie": "betaald"},
            "resultaat": {"resultaattype": "{resultaattype}", "toelichting": "13"},
            "status": {**STATUS, "statustype": "{eindstatus}"},
        },
    ),
    "document_registreren": (
        "/documenten/api/v1/document_registreren",
        {
            "enkelvoudiginformatieobject": {
                **document_body("{informatieobjecttype}", inhoud=None),
                "titel": "14",
                "bestandsomvang": 5,
                "indicatieGebruiksrecht": False,
            },
            "zaakinformatieobject": {"zaak": "{zaak}", "titel": "15", "beschrijving": "16"},
        },
    ),
    "besluit_verwerken": (
        "/besluiten/api/v1/besluit_verwerken",
        {
            "besluit": besluit_body("{besluittype}", toelichting="17", vervalreden="tijdelijk"),
            "besluitinformatieobjecten": [],
        },
    ),
}
READ_ONLY = {"url": "http://elders.invalid/1", "uuid": "5f1c7f33-1111-4111-8111-111111111111", "_expand": {}}


def snake(value: Any) -> Any:
    """Return a body with its names in snake_case."""
    if isinstance(value, dict):
        return {re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower(): snake(each) for name, each in value.items()}
    return [snake(each) for each in value] if isinstance(value, list) else value


def numbers(value: Any) -> Any:
    """Return a body with numbers for the texts that look like one."""
    if isinstance(value, dict):
        return {name: numbers(each) for name, each in value.items()}
    if isinstance(value, list):
        return [numbers(each) for each in value]
    return int(value) if isinstance(value, str) and value.isdigit() else value


def with_read_only(value: Any) -> Any:
    """Return a body with what only answers have, in each object that is a resource."""
    if isinstance(value, dict):
        whole = {name: with_read_only(each) for name, each in value.items()}
        resource = {"startdatum", "roltype", "statustype", "doelgroep", "objectType"} & value.keys()
        return {**READ_ONLY, **whole} if resource else whole
    return [with_read_only(each) for each in value] if isinstance(value, list) else value


def differing(sent: Any, shown: Any, path: str = "") -> list[str]:
    """Return where an answer differs from what was sent; what it has more is no difference."""
    if isinstance(sent, dict) and isinstance(shown, dict):
        return [each for name in sent for each in differing(sent[name], shown.get(name), f"{path}.{name}")]
    if isinstance(sent, list) and isinstance(shown, list) and len(sent) == len(shown):
        return [each for one, other in zip(sent, shown, strict=True) for each in differing(one, other, path)]
    return [] if sent == shown else [f"{path}: {sent!r} {shown!r}"]


@pytest.mark.parametrize("form", [dict, snake, numbers, with_read_only])
@pytest.mark.parametrize("name", BODIES)
async def test_what_is_sent_comes_back(zaken: Zaakmaker, openzaak: Client, name: str, form: Any) -> None:
    started = (await zaken.zaak())["url"]
    await zaken.status(started)
    names = {
        "zaaktype": zaken.types.url,
        "zaak": (await zaken.zaak())["url"],
        "gestart": started,
        "roltype": zaken.types.roltypen["belanghebbende"],
        "statustype": zaken.types.statustypen[0],
        "eindstatus": zaken.types.eindstatus,
        "resultaattype": zaken.types.resultaattypen[0],
        "informatieobjecttype": zaken.types.informatieobjecttype,
        "besluittype": zaken.types.besluittype,
        "nummer": (await zaken.zaak())["uuid"],
    }
    path, body = BODIES[name]
    body, path = filled(body, names), filled(path, names)
    if form is with_read_only and "rollen" in body and "zaak_bijwerken" in path:
        pytest.skip("the uuid of a rol tells which one it is")
    answer = await openzaak.post(path, form(body))
    assert answer.status_code == (200 if names["nummer"] in path else 201), answer.text
    shown = answer.json()
    assert differing(body, shown) == []
    if "url" in shown:
        assert (await openzaak.get(shown["url"])).json() == shown
