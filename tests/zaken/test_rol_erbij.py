"""What a rol has beside the standard: numbers of companies, its validity, and how the party logged in."""

import json
from typing import Any

import pytest

from tests.answers import errors
from tests.stack import Stack
from tests.zaken.identificaties import ADRES, PARTIJEN
from tests.zaken.zaakmaker import Zaakmaker

ROLLEN = "/zaken/api/v1/rollen"
SAML = "urn:oasis:names:tc:SAML:2.0:ac:classes:"
LOA = "urn:etoegang:core:assurance-class:"
LEEG = {
    "innNnpId": "",
    "annIdentificatie": "",
    "statutaireNaam": "",
    "innRechtsvorm": "",
    "bezoekadres": "",
    "subVerblijfBuitenland": None,
    "kvkNummer": "",
    "vestigingsNummer": "",
    "verblijfsadres": None,
}


@pytest.fixture(scope="module")
async def zaak(zaken: Zaakmaker) -> str:
    """A zaak that takes any number of belanghebbenden."""
    return str((await zaken.zaak())["url"])


def body(zaken: Zaakmaker, zaak: str, soort: str, /, **changes: Any) -> dict[str, Any]:
    """Return the body of a rol."""
    roltype = zaken.types.roltypen["belanghebbende"]
    rol = {"zaak": zaak, "roltype": roltype, "betrokkeneType": soort, "betrokkeneIdentificatie": PARTIJEN[soort]}
    return {**rol, **changes}


@pytest.mark.parametrize(
    "sent",
    [
        {"kvkNummer": "12345678"},
        {"vestigingsNummer": "000012345678"},
        {"kvkNummer": "12345678", "vestigingsNummer": "000012345678"},
        {"verblijfsadres": ADRES},
    ],
)
async def test_a_company_without_rsin(zaken: Zaakmaker, zaak: str, sent: dict[str, Any]) -> None:
    made = await zaken.api.created(ROLLEN, body(zaken, zaak, "niet_natuurlijk_persoon", betrokkeneIdentificatie=sent))
    assert made["betrokkeneIdentificatie"] == {**LEEG, **sent}
    assert (await zaken.api.get(made["url"])).json() == made


async def test_a_company_that_was_stored_before_it_had_numbers(zaken: Zaakmaker, stack: Stack) -> None:
    zaak = (await zaken.zaak())["url"]
    made = await zaken.api.created(ROLLEN, body(zaken, zaak, "niet_natuurlijk_persoon"))
    old = {name: made["betrokkeneIdentificatie"][name] for name in list(LEEG)[:6]}
    async with stack.admin() as admin:
        change = "UPDATE deventer_zaken.rol SET betrokkene_identificatie = $1::text::jsonb WHERE uuid::text = $2"
        await admin.execute(change, json.dumps(old), made["uuid"])
    whole = {**LEEG, **old}
    assert (await zaken.api.get(made["url"])).json()["betrokkeneIdentificatie"] == whole
    listed = (await zaken.api.get(ROLLEN, params={"zaak": zaak})).json()["results"]
    assert [rol["betrokkeneIdentificatie"] for rol in listed] == [whole]


async def test_long_names_of_an_organisatorische_eenheid(zaken: Zaakmaker, zaak: str) -> None:
    group = {"identificatie": "i" * 255, "naam": "n" * 255, "isGehuisvestIn": "g" * 255}
    made = await zaken.api.created(ROLLEN, body(zaken, zaak, "organisatorische_eenheid", betrokkeneIdentificatie=group))
    assert made["betrokkeneIdentificatie"] == group
    key = "betrokkeneIdentificatie__organisatorischeEenheid__identificatie"
    found = (await zaken.api.get(ROLLEN, params={"zaak": zaak, key: "i" * 255})).json()
    assert found["results"] == [made]


LEGE_PERSOON = {"naam": "", "emailadres": "", "functie": "", "telefoonnummer": ""}


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ({"contactpersoonRol": {"naam": ""}}, {"contactpersoonRol": LEGE_PERSOON}),
        ({"contactpersoonRol": {"naam": "x" * 200}}, {"contactpersoonRol": {**LEGE_PERSOON, "naam": "x" * 200}}),
        ({"contactpersoonRol": None}, {"contactpersoonRol": LEGE_PERSOON}),
        ({}, {"beginGeldigheid": None, "eindeGeldigheid": None, "roltoelichting": ""}),
        ({"beginGeldigheid": "2026-01-01"}, {"beginGeldigheid": "2026-01-01", "eindeGeldigheid": None}),
        ({"eindeGeldigheid": "2026-01-01"}, {"beginGeldigheid": None, "eindeGeldigheid": "2026-01-01"}),
        (
            {"beginGeldigheid": "2026-01-01", "eindeGeldigheid": "2026-01-01"},
            {"beginGeldigheid": "2026-01-01", "eindeGeldigheid": "2026-01-01"},
        ),
        ({"beginGeldigheid": None, "eindeGeldigheid": None}, {"beginGeldigheid": None, "eindeGeldigheid": None}),
    ],
)
async def test_members_of_a_rol(zaken: Zaakmaker, zaak: str, sent: dict[str, Any], shown: dict[str, Any]) -> None:
    made = await zaken.api.created(ROLLEN, body(zaken, zaak, "natuurlijk_persoon", **sent))
    assert {name: made[name] for name in shown} == shown
    assert (await zaken.api.get(made["url"])).json() == made


@pytest.mark.parametrize("nothing", [None, {}])
async def test_a_url_alone_with_an_empty_identification(zaken: Zaakmaker, zaak: str, nothing: Any) -> None:
    url = "https://personen.example/1"
    made = await zaken.api.created(
        ROLLEN, body(zaken, zaak, "niet_natuurlijk_persoon", betrokkeneIdentificatie=nothing, betrokkene=url)
    )
    assert made["betrokkene"] == url
    assert "betrokkeneIdentificatie" not in made


PERSOON = {"source": "digid", "levelOfAssurance": f"{SAML}MobileTwoFactorContract"}
NAMENS = {"identifierType": "bsn", "identifier": "111222333"}
DIGID_MANDAAT = {"services": [{"id": "dienst-1"}]}
BEDRIJF = {"source": "eherkenning", "levelOfAssurance": f"{LOA}loa3", "actingSubject": "4B75A0EA"}
KVK = {"identifierType": "kvkNummer", "identifier": "12345678"}
MANDAAT = {"role": "bewindvoerder", "services": [{"id": "urn:1", "uuid": "34085d78-21aa-4481-a219-b28d7f3282fc"}]}
NP, NNP = "natuurlijk_persoon", "niet_natuurlijk_persoon"


@pytest.mark.parametrize(
    ("soort", "context"),
    [
        *(
            (NP, {**PERSOON, "levelOfAssurance": f"{SAML}{level}"})
            for level in ("PasswordProtectedTransport", "Smartcard")
        ),
        (NP, {**PERSOON, "levelOfAssurance": f"{SAML}SmartcardPKI"}),
        (NP, {**PERSOON, "representee": NAMENS, "mandate": DIGID_MANDAAT}),
        (NP, {**PERSOON, "mandate": {"services": []}}),
        *((NNP, {**BEDRIJF, "levelOfAssurance": f"{LOA}{level}"}) for level in ("loa1", "loa2", "loa2plus", "loa4")),
        (NNP, {**BEDRIJF, "representee": KVK, "mandate": MANDAAT}),
        (NNP, {**BEDRIJF, "representee": NAMENS, "mandate": {"services": MANDAAT["services"]}}),
        ("vestiging", BEDRIJF),
        (NP, None),
        (NNP, None),
        ("vestiging", None),
    ],
)
async def test_how_a_party_logged_in(zaken: Zaakmaker, soort: str, context: dict[str, Any] | None) -> None:
    zaak = (await zaken.zaak())["url"]
    sent = body(zaken, zaak, soort, authenticatieContext=context, indicatieMachtiging="gemachtigde")
    made = await zaken.api.created(ROLLEN, sent)
    assert made["authenticatieContext"] == context
    assert (await zaken.api.get(made["url"])).json() == made
    assert (await zaken.api.get(ROLLEN, params={"zaak": zaak})).json()["results"] == [made]
    expanded = (await zaken.api.get(zaak, params={"expand": "rollen"})).json()
    assert expanded["_expand"]["rollen"] == [made]
    trail = (await zaken.api.get(f"{zaak}/audittrail")).json()
    assert trail[-1]["wijzigingen"]["nieuw"] == made


@pytest.mark.parametrize("soort", ["medewerker", "organisatorische_eenheid"])
@pytest.mark.parametrize("context", [None, {}, PERSOON, BEDRIJF])
async def test_who_works_here_has_no_login(
    zaken: Zaakmaker, zaak: str, soort: str, context: dict[str, Any] | None
) -> None:
    made = await zaken.api.created(ROLLEN, body(zaken, zaak, soort, authenticatieContext=context))
    assert "authenticatieContext" not in made
    assert (await zaken.api.get(made["url"])).json() == made


async def test_members_of_a_login_that_are_null_or_unknown_are_left_out(zaken: Zaakmaker, zaak: str) -> None:
    context = {**PERSOON, "representee": None, "mandate": None, "loginName": "x"}
    made = await zaken.api.created(ROLLEN, body(zaken, zaak, NP, authenticatieContext=context))
    assert made["authenticatieContext"] == PERSOON


C = "authenticatieContext"


@pytest.mark.parametrize(
    ("soort", "changes", "expected"),
    [
        (
            NP,
            {"beginGeldigheid": "2026-01-02", "eindeGeldigheid": "2026-01-01"},
            [("eindeGeldigheid", "einde-geldigheid-before-begin-geldigheid")],
        ),
        (NP, {"beginGeldigheid": "gisteren"}, [("beginGeldigheid", "invalid")]),
        (NP, {"indicatieMachtiging": None}, [("indicatieMachtiging", "null")]),
        (NP, {C: {}}, [(f"{C}.source", "required"), (f"{C}.levelOfAssurance", "required")]),
        (
            NNP,
            {C: {}},
            [
                (f"{C}.source", "required"),
                (f"{C}.levelOfAssurance", "required"),
                (f"{C}.actingSubject", "required"),
            ],
        ),
        (NP, {C: "digid"}, [(C, "not_a_dict")]),
        (NP, {C: {**PERSOON, "source": "eherkenning"}}, [(f"{C}.source", "invalid_choice")]),
        (NP, {C: {**PERSOON, "levelOfAssurance": f"{LOA}loa3"}}, [(f"{C}.levelOfAssurance", "invalid_choice")]),
        ("vestiging", {C: {**BEDRIJF, "source": "digid"}}, [(f"{C}.source", "invalid_choice")]),
        (NNP, {C: {**BEDRIJF, "levelOfAssurance": "loa3"}}, [(f"{C}.levelOfAssurance", "invalid_choice")]),
        (NNP, {C: {**BEDRIJF, "actingSubject": "x" * 101}}, [(f"{C}.actingSubject", "max_length")]),
        (
            NP,
            {
                C: {
                    **PERSOON,
                    "representee": {"identifierType": "kvkNummer", "identifier": "1"},
                    "mandate": DIGID_MANDAAT,
                }
            },
            [(f"{C}.representee.identifierType", "invalid_choice"), (f"{C}.representee.identifier", "min_length")],
        ),
        (
            NNP,
            {C: {**BEDRIJF, "representee": {**KVK, "identifier": "1" * 10}, "mandate": MANDAAT}},
            [(f"{C}.representee.identifier", "max_length")],
        ),
        (
            NNP,
            {C: {**BEDRIJF, "mandate": {"role": "broer", "services": [{"id": "1"}]}}},
            [(f"{C}.mandate.role", "invalid_choice"), (f"{C}.mandate.services.0.uuid", "required")],
        ),
        (NP, {C: {**PERSOON, "mandate": {}}}, [(f"{C}.mandate.services", "required")]),
        (
            NP,
            {C: {**PERSOON, "representee": NAMENS}, "indicatieMachtiging": "gemachtigde"},
            [(f"{C}.mandate", "required")],
        ),
        (
            NP,
            {C: {**PERSOON, "representee": NAMENS, "mandate": DIGID_MANDAAT}},
            [("nonFieldErrors", "indicatie-machtiging-invalid")],
        ),
        (
            NNP,
            {C: {**BEDRIJF, "representee": KVK, "mandate": MANDAAT}, "indicatieMachtiging": "machtiginggever"},
            [("nonFieldErrors", "indicatie-machtiging-invalid")],
        ),
        (NNP, {"betrokkeneIdentificatie": LEEG}, [("nonFieldErrors", "invalid-betrokkene")]),
    ],
)
async def test_what_is_refused(
    zaken: Zaakmaker, zaak: str, soort: str, changes: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert errors(await zaken.api.post(ROLLEN, body(zaken, zaak, soort, **changes))) == expected
