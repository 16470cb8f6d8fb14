"""What clients write for text, numbers and nothing, and what becomes of it (common.md §2, §3)."""

import uuid
from typing import Any

import pytest

from services.zaken.betrokkene import BETROKKENEN
from services.zaken.objectidentificatie import OBJECTEN
from services.zaken.zaak import ZAAK
from tests.answers import errors
from tests.stack import Client
from tests.zaken.zaakmaker import ZAKEN, Zaakmaker
from zgw.fields import Fields, describe

ZAAKOBJECTEN = "/zaken/api/v1/zaakobjecten"
NOTITIES = "/zaken/api/v1/zaaknotities"


async def count(zaken: Zaakmaker, identificatie: str) -> int:
    """Return how many zaken have this identificatie, as a client asks for it."""
    answer = await zaken.api.get(ZAKEN, params={"identificatie": identificatie})
    assert answer.status_code == 200, answer.text
    return int(answer.json()["count"])


# --- Text is trimmed -------------------------------------------------------------------------------------------------


async def test_one_number_with_and_without_blanks_is_one_zaak(zaken: Zaakmaker) -> None:
    nummer = f"A {uuid.uuid4().hex[:8]}"
    made = await zaken.zaak(identificatie=f" {nummer}\t")
    assert made["identificatie"] == nummer
    for same in (nummer, f"{nummer} ", f"  {nummer}"):
        assert await zaken.weiger(identificatie=same) == [("identificatie", "identificatie-niet-uniek")]
        assert await count(zaken, same) == 1
    found = await zaken.api.post(f"{ZAKEN}/_zoek", {"identificatie": f" {nummer} "})
    assert found.json()["count"] == 1
    # 40 characters fit, whatever is around them.
    long = f"{uuid.uuid4().hex}12345678"
    assert (await zaken.zaak(identificatie=f"   {long}   "))["identificatie"] == long
    assert await count(zaken, f"   {long}   ") == 1


async def test_blanks_are_no_number(zaken: Zaakmaker) -> None:
    made = await zaken.zaak(identificatie="   ")
    assert made["identificatie"].startswith("ZAAK-2026-")


async def test_what_is_inside_a_text_stays(zaken: Zaakmaker) -> None:
    made = await zaken.zaak(toelichting="\n  Eerste regel \r\n\r\n  tweede  regel\t\n", omschrijving=" \u00a0 Feest ")
    assert made["toelichting"] == "Eerste regel \r\n\r\n  tweede  regel"
    assert made["omschrijving"] == "Feest"


async def test_values_of_enums_are_trimmed(zaken: Zaakmaker) -> None:
    made = await zaken.zaak(
        vertrouwelijkheidaanduiding=" zaakvertrouwelijk\t", betalingsindicatie="  ", archiefnominatie=" vernietigen "
    )
    assert made["vertrouwelijkheidaanduiding"] == "zaakvertrouwelijk"
    assert (made["betalingsindicatie"], made["archiefnominatie"]) == ("", "vernietigen")
    # The kind of a party decides what its identification is.
    rol = await zaken.rol(made["url"], betrokkeneType=" medewerker ", betrokkeneIdentificatie={"achternaam": "Vries"})
    assert (rol["betrokkeneType"], rol["betrokkeneIdentificatie"]["achternaam"]) == ("medewerker", "Vries")
    sent = {"uuid__in": [f" {made['uuid']} "], "archiefnominatie__in": [" vernietigen"]}
    found = await zaken.api.post(f"{ZAKEN}/_zoek", sent)
    assert (found.status_code, found.json().get("count")) == (200, 1), found.text


async def test_urls_dates_and_members_of_groups_are_trimmed(zaken: Zaakmaker) -> None:
    made = await zaken.zaak(
        zaaktype=f" {zaken.types.url} ",
        startdatum=" 2026-01-01 ",
        kenmerken=[{"kenmerk": " K1 ", "bron": "\tB\n"}],
        productenOfDiensten=[],
        verlenging={"reden": " ziek ", "duur": " P5D "},
        laatsteBetaaldatum=" 2026-01-01T10:00:00Z ",
        betalingsindicatie="geheel",
    )
    assert (made["zaaktype"], made["startdatum"]) == (zaken.types.url, "2026-01-01")
    assert made["kenmerken"] == [{"kenmerk": "K1", "bron": "B"}]
    assert made["verlenging"] == {"reden": "ziek", "duur": "P5D"}
    status = await zaken.status(f" {made['url']}\n", statustoelichting=" begonnen ")
    assert (status["zaak"], status["statustoelichting"]) == (made["url"], "begonnen")
    blank = await zaken.api.post("/zaken/api/v1/statussen", zaken.status_body("  "))
    assert errors(blank) == [("zaak", "blank")]


async def test_keys_and_values_that_only_the_client_knows_stay_as_they_are(zaken: Zaakmaker) -> None:
    zaak = await zaken.zaak()
    data = {" sleutel ": "  waarde  ", "lijst": [" a "], "getal": 1.5}
    body = {
        "zaak": zaak["url"],
        "objectType": "overige",
        "objectTypeOverige": "kraam",
        "objectIdentificatie": {"overigeData": data},
    }
    made = await zaken.api.created(ZAAKOBJECTEN, body)
    assert made["objectIdentificatie"]["overigeData"] == data


async def test_required_text_of_blanks_is_blank(zaken: Zaakmaker) -> None:
    zaak = await zaken.zaak()
    answer = await zaken.api.post(NOTITIES, {"gerelateerdAan": zaak["url"], "onderwerp": " ", "tekst": "\n\t"})
    assert errors(answer) == [("onderwerp", "blank"), ("tekst", "blank")]


async def test_what_was_accepted_before_does_not_stand_in_the_way_of_a_change(zaken: Zaakmaker) -> None:
    zaak = await zaken.zaak()
    notitie = await zaken.api.created(NOTITIES, {"gerelateerdAan": zaak["url"], "onderwerp": "Let op", "tekst": "Bel"})
    key = uuid.UUID(notitie["url"].rsplit("/", 1)[1])
    async with zaken.api.stack.admin() as admin:
        await admin.execute("UPDATE deventer_zaken.zaaknotitie SET onderwerp = '  ' WHERE uuid = $1", key)
    changed = await zaken.api.patch(notitie["url"], {"tekst": " Bel nu "})
    assert changed.status_code == 200, changed.text
    assert (changed.json()["onderwerp"], changed.json()["tekst"]) == ("  ", "Bel nu")
    assert errors(await zaken.api.patch(notitie["url"], {"onderwerp": "  "})) == [("onderwerp", "blank")]


# --- Numbers, nothing and lists --------------------------------------------------------------------------------------


async def test_numbers_for_text_are_their_text(zaken: Zaakmaker) -> None:
    made = await zaken.zaak(
        bronorganisatie=517439943, omschrijving=12.5, kenmerken=[{"kenmerk": 123, "bron": -7}], toelichting=0
    )
    assert (made["bronorganisatie"], made["omschrijving"], made["toelichting"]) == ("517439943", "12.5", "0")
    assert made["kenmerken"] == [{"kenmerk": "123", "bron": "-7"}]
    eigenschap = await zaken.eigenschap(made["url"], next(iter(zaken.types.eigenschappen)), 5)  # type: ignore[arg-type]
    assert eigenschap["waarde"] == "5"
    nummer = int(uuid.uuid4().hex[:12], 16)
    assert (await zaken.zaak(identificatie=nummer))["identificatie"] == str(nummer)
    found = await zaken.api.post(f"{ZAKEN}/_zoek", {"identificatie": nummer})
    assert found.json()["count"] == 1


@pytest.mark.parametrize("value", [True, False, 12345678901234567890123, 1e300, [1], {"a": 1}])
async def test_what_has_no_text_of_its_own_is_refused(zaken: Zaakmaker, value: Any) -> None:
    """A boolean is no text; a number that JSON readers round would become the text of another number."""
    assert await zaken.weiger(identificatie=value) == [("identificatie", "invalid")]


NULLABLE = [p.name for p in describe(ZAAK.fields) if p.nullable and p.name != "processobjectaard"]
RELATIONS = ("relevanteAndereZaken", "gerelateerdeZaken")
LISTS = [p.name for p in describe(ZAAK.fields) if p.item is not None]


async def test_an_empty_text_is_null_where_null_is_allowed(zaken: Zaakmaker) -> None:
    assert {"hoofdzaak", "einddatumGepland", "laatsteBetaaldatum", "verlenging", "zaakgeometrie"} <= set(NULLABLE)
    nothing = await zaken.zaak(**dict.fromkeys(NULLABLE))
    made = await zaken.zaak(**dict.fromkeys(NULLABLE, ""))
    assert {name: made[name] for name in NULLABLE} == {name: nothing[name] for name in NULLABLE}
    blank = await zaken.zaak(hoofdzaak="  ", einddatumGepland=" ")
    assert (blank["hoofdzaak"], blank["einddatumGepland"]) == (None, None)
    dated = await zaken.zaak(einddatumGepland="2026-02-01", hoofdzaak=None)
    cleared = await zaken.api.patch(dated["url"], {"einddatumGepland": "", "hoofdzaak": ""})
    assert (cleared.status_code, cleared.json()["einddatumGepland"]) == (200, None)


async def test_null_for_the_relations_of_a_zaak_is_the_empty_list(zaken: Zaakmaker) -> None:
    """Clients send it when the last relation goes. No other list may be null (common.md §3)."""
    assert {"relevanteAndereZaken", "kenmerken", "productenOfDiensten"} <= set(LISTS)
    other = await zaken.zaak()
    relation = [{"url": other["url"], "aardRelatie": "vervolg"}]
    for name in LISTS:
        if name in RELATIONS:
            made = await zaken.zaak(**{name: relation})
            emptied = await zaken.api.patch(made["url"], {name: None})
            assert (emptied.status_code, emptied.json()[name]) == (200, [])
            assert (await zaken.zaak(**{name: None}))[name] == []
        else:
            assert await zaken.weiger(**{name: None}) == [(name, "null")]
            refused = await zaken.api.patch(other["url"], {name: None})
            assert errors(refused) == [(name, "null")]
    # Where a value is needed, null is refused as before.
    assert await zaken.weiger(startdatum=None) == [("startdatum", "null")]
    assert await zaken.weiger(omschrijving=None) == [("omschrijving", "null")]


# --- What the OAS allows to be empty ---------------------------------------------------------------------------------


def emptied(model: type[Fields]) -> dict[str, Any]:
    """Return a group with every text empty, and only what is required of the rest."""
    found: dict[str, Any] = {}
    for p in describe(model):
        if p.group is not None:
            found[p.name] = emptied(p.group)
        elif p.choices:
            found[p.name] = p.choices[0]
        elif p.type is int:
            found[p.name] = 1
        elif p.item is not None:
            found[p.name] = []
        elif p.type is str:
            found[p.name] = ""
        else:
            found[p.name] = {"a": 1}
    return found


@pytest.mark.parametrize("soort", [name for name, model in OBJECTEN.items() if model and name not in BETROKKENEN])
async def test_members_of_an_object_may_be_empty(zaken: Zaakmaker, soort: str) -> None:
    model = OBJECTEN[soort]
    assert model is not None
    zaak = await zaken.zaak()
    named = {"objectTypeOverige": "x"} if soort == "overige" else {}
    sent = emptied(model)
    body = {"zaak": zaak["url"], "objectType": soort, "objectIdentificatie": sent, **named}
    made = await zaken.api.created(ZAAKOBJECTEN, body)
    assert made["objectIdentificatie"] == sent


async def test_groups_of_a_zaak_and_a_rol_may_have_empty_members(zaken: Zaakmaker) -> None:
    """An address that a citizen typed has no aoaIdentificatie."""
    zaak = await zaken.zaak(
        verlenging={"reden": "", "duur": "P5D"},
        kenmerken=[{"kenmerk": "", "bron": "a"}],
        processobject={"datumkenmerk": "", "identificatie": "", "objecttype": "", "registratie": "BRP"},
    )
    assert zaak["verlenging"] == {"reden": "", "duur": "P5D"}
    assert zaak["processobject"]["registratie"] == "BRP"
    adres = {
        "aoaIdentificatie": "",
        "wplWoonplaatsNaam": "Deventer",
        "gorOpenbareRuimteNaam": "Brink",
        "aoaHuisnummer": 1,
    }
    persoon = {"inpBsn": "111222333", "verblijfsadres": adres}
    contact = {"naam": "", "telefoonnummer": "0570"}
    rol = await zaken.rol(zaak["url"], betrokkeneIdentificatie=persoon, contactpersoonRol=contact)
    assert rol["betrokkeneIdentificatie"]["verblijfsadres"]["aoaIdentificatie"] == ""
    assert rol["contactpersoonRol"]["telefoonnummer"] == "0570"


# --- Patterns --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "taken"), [("ProductAanvraag", True), ("kraam", True), ("A1", False), ("É", False)])
async def test_the_pattern_of_another_object_type_is_that_of_a_part(zaken: Zaakmaker, name: str, taken: bool) -> None:
    """The OAS has ``[a-z\\_]+`` without anchors."""
    zaak = await zaken.zaak()
    body = {"zaak": zaak["url"], "objectType": "overige", "objectTypeOverige": name, "objectIdentificatie": {}}
    body["objectIdentificatie"] = {"overigeData": {"a": 1}}
    answer = await zaken.api.post(ZAAKOBJECTEN, body)
    if taken:
        assert (answer.status_code, answer.json()["objectTypeOverige"]) == (201, name), answer.text
    else:
        assert errors(answer) == [("objectTypeOverige", "invalid")]


@pytest.mark.parametrize("nummer", ["1234567890x", "x1234567890", "0123456789"])
async def test_the_pattern_of_an_a_number_is_that_of_the_whole(zaken: Zaakmaker, nummer: str, api: Client) -> None:
    zaak = await zaken.zaak()
    body = {
        "zaak": zaak["url"],
        "roltype": zaken.types.roltypen["initiator"],
        "betrokkeneType": "natuurlijk_persoon",
        "roltoelichting": "x",
        "betrokkeneIdentificatie": {"inpA_nummer": nummer},
    }
    answer = await api.post("/zaken/api/v1/rollen", body)
    assert [name for name, _ in errors(answer)] == ["betrokkeneIdentificatie.inpA_nummer"]
