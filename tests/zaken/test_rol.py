"""Rol: the parties, rule zrc-019, the filters of rollen and rol__* of zaken."""

import uuid
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from runtime.statements import compile_statement
from services.zaken.rol import ROL_TABLE
from services.zaken.rol_filters import IDENTIFICATIES, NUMMERS, identification_filters
from tests.answers import errors
from tests.maak import Maak
from tests.zaken.identificaties import PARTIJEN
from tests.zaken.zaakmaker import ZAKEN, Zaakmaker, archiveer

ROLLEN = "/zaken/api/v1/rollen"


@pytest.fixture(scope="module")
async def zaak(zaken: Zaakmaker) -> str:
    """A zaak that takes any number of belanghebbenden."""
    return str((await zaken.zaak())["url"])


def body(zaken: Zaakmaker, zaak: str, soort: str = "natuurlijk_persoon", /, **changes: Any) -> dict[str, Any]:
    """Return the body of a rol; a change to ``...`` leaves the field out."""
    made = {
        "zaak": zaak,
        "roltype": zaken.types.roltypen["belanghebbende"],
        "betrokkeneType": soort,
        "roltoelichting": "buurman",
        "betrokkeneIdentificatie": PARTIJEN[soort],
        **changes,
    }
    return {name: value for name, value in made.items() if value is not ...}


async def weiger(
    zaken: Zaakmaker, zaak: str, soort: str = "natuurlijk_persoon", /, **changes: Any
) -> list[tuple[str, str]]:
    """Send a rol that is refused; return the errors."""
    return errors(await zaken.api.post(ROLLEN, body(zaken, zaak, soort, **changes)))


async def test_life_of_a_rol(zaken: Zaakmaker) -> None:
    api, url = zaken.api, (await zaken.zaak())["url"]
    persoon = {"naam": "Piet", "emailadres": "piet@example.org", "functie": "baas", "telefoonnummer": "0570"}
    made = await api.post(ROLLEN, body(zaken, url, contactpersoonRol=persoon, indicatieMachtiging="gemachtigde"))
    rol = made.json()
    assert made.status_code == 201
    assert made.headers["location"] == rol["url"]
    roltype = (await api.get(zaken.types.roltypen["belanghebbende"])).json()
    assert (rol["omschrijving"], rol["omschrijvingGeneriek"]) == (roltype["omschrijving"], "belanghebbende")
    assert rol["contactpersoonRol"] == persoon
    assert rol["statussen"] == []
    read = await api.get(rol["url"])
    assert read.json() == rol
    assert (await api.get(rol["url"], headers={"If-None-Match": read.headers["etag"]})).status_code == 304
    assert (await api.request("HEAD", rol["url"])).status_code == 200
    assert (await zaken.lees({"url": url}))["rollen"] == [rol["url"]]
    assert (await api.put(rol["url"], rol)).json() == rol
    assert (await api.patch(rol["url"], {})).status_code == 405
    trail = (await api.get(f"{url}/audittrail")).json()
    wanted = [("zaak", "create"), ("rol", "create"), ("rol", "update")]
    assert [(entry["resource"], entry["actie"]) for entry in trail] == wanted
    assert trail[1]["wijzigingen"]["nieuw"] == rol
    assert (await api.delete(rol["url"])).status_code == 204
    assert (await api.get(rol["url"])).status_code == 404
    assert (await api.get(f"{url}/audittrail")).json()[-1]["actie"] == "destroy"


@pytest.mark.parametrize("soort", PARTIJEN)
async def test_every_kind_of_party_keeps_every_member(zaken: Zaakmaker, zaak: str, soort: str) -> None:
    rol = await zaken.api.created(ROLLEN, body(zaken, zaak, soort))
    assert rol["betrokkeneIdentificatie"] == PARTIJEN[soort]
    assert (await zaken.api.get(rol["url"])).json() == rol
    # What was not sent is there, empty.
    first = next(iter(PARTIJEN[soort]))
    little = await zaken.api.created(
        ROLLEN, body(zaken, zaak, soort, betrokkeneIdentificatie={first: PARTIJEN[soort][first]})
    )
    assert set(little["betrokkeneIdentificatie"]) == set(PARTIJEN[soort])
    for name, value in little["betrokkeneIdentificatie"].items():
        assert name == first or value in ("", None, [])


@pytest.mark.parametrize(
    ("soort", "changes", "expected"),
    [
        ("natuurlijk_persoon", {"betrokkeneType": ...}, [("betrokkeneType", "required")]),
        ("natuurlijk_persoon", {"betrokkeneType": "persoon"}, [("betrokkeneType", "invalid_choice")]),
        ("natuurlijk_persoon", {"betrokkeneType": []}, [("betrokkeneType", "invalid_choice")]),
        ("natuurlijk_persoon", {"betrokkeneIdentificatie": "x"}, [("betrokkeneIdentificatie", "not_a_dict")]),
        ("natuurlijk_persoon", {"betrokkeneIdentificatie": [1]}, [("betrokkeneIdentificatie", "not_a_dict")]),
        ("natuurlijk_persoon", {"zaak": ...}, [("zaak", "required")]),
        ("natuurlijk_persoon", {"roltype": ...}, [("roltype", "required")]),
        ("natuurlijk_persoon", {"roltype": ""}, [("roltype", "blank")]),
        ("natuurlijk_persoon", {"roltoelichting": None}, [("roltoelichting", "null")]),
        ("natuurlijk_persoon", {"afwijkendeNaamBetrokkene": "x" * 626}, [("afwijkendeNaamBetrokkene", "max_length")]),
        ("natuurlijk_persoon", {"betrokkene": "geen url"}, [("betrokkene", "invalid")]),
        ("natuurlijk_persoon", {"contactpersoonRol": {}}, [("contactpersoonRol.naam", "required")]),
        ("natuurlijk_persoon", {"contactpersoonRol": {"naam": None}}, [("contactpersoonRol.naam", "null")]),
        (
            "natuurlijk_persoon",
            {"contactpersoonRol": {"naam": "x" * 201, "emailadres": "x"}},
            [("contactpersoonRol.emailadres", "invalid"), ("contactpersoonRol.naam", "max_length")],
        ),
    ],
)
async def test_zrc_012_fields_of_a_rol(
    zaken: Zaakmaker, zaak: str, soort: str, changes: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert await weiger(zaken, zaak, soort, **changes) == expected


@pytest.mark.parametrize(
    ("soort", "member", "value", "code"),
    [
        ("natuurlijk_persoon", "inpBsn", "111222334", "invalid"),
        ("natuurlijk_persoon", "inpBsn", "11122233a", "only-digits"),
        ("natuurlijk_persoon", "inpBsn", "11122233", "min_length"),
        ("natuurlijk_persoon", "inpBsn", "1112223330", "max_length"),
        ("natuurlijk_persoon", "inpBsn", None, "null"),
        ("natuurlijk_persoon", "inpA_nummer", "0123456789", "a-nummer-incorrect-format"),
        ("natuurlijk_persoon", "inpA_nummer", "123", "a-nummer-incorrect-format"),
        ("natuurlijk_persoon", "inpA_nummer", "12345678901", "max_length"),
        ("natuurlijk_persoon", "geslachtsaanduiding", "x", "invalid_choice"),
        ("natuurlijk_persoon", "geboortedatum", "x" * 19, "max_length"),
        ("niet_natuurlijk_persoon", "innNnpId", "517439944", "invalid"),
        ("niet_natuurlijk_persoon", "innRechtsvorm", "bv", "invalid_choice"),
        ("vestiging", "handelsnaam", "Bakker", "not_a_list"),
        ("vestiging", "kvkNummer", "123456789", "max_length"),
        ("niet_natuurlijk_persoon", "kvkNummer", "123456789", "max_length"),
        ("niet_natuurlijk_persoon", "vestigingsNummer", "1" * 25, "max_length"),
        ("niet_natuurlijk_persoon", "innNnpId", "12345678", "min_length"),
        ("organisatorische_eenheid", "identificatie", "x" * 256, "max_length"),
        ("organisatorische_eenheid", "naam", "x" * 256, "max_length"),
        ("organisatorische_eenheid", "isGehuisvestIn", "x" * 256, "max_length"),
        ("medewerker", "identificatie", "x" * 255, "max_length"),
    ],
)
async def test_members_of_a_party(zaken: Zaakmaker, zaak: str, soort: str, member: str, value: Any, code: str) -> None:
    identificatie = {**PARTIJEN[soort], member: value}
    found = await weiger(zaken, zaak, soort, betrokkeneIdentificatie=identificatie)
    assert found == [(f"betrokkeneIdentificatie.{member}", code)]


async def test_zrc_012_groups_inside_a_party_are_whole(zaken: Zaakmaker, zaak: str) -> None:
    identificatie = {"verblijfsadres": {"aoaHuisnummer": 100_000}, "subVerblijfBuitenland": {"lndLandcode": ""}}
    before = "betrokkeneIdentificatie"
    assert await weiger(zaken, zaak, betrokkeneIdentificatie=identificatie) == [
        (f"{before}.verblijfsadres.aoaIdentificatie", "required"),
        (f"{before}.verblijfsadres.wplWoonplaatsNaam", "required"),
        (f"{before}.verblijfsadres.gorOpenbareRuimteNaam", "required"),
        (f"{before}.verblijfsadres.aoaHuisnummer", "max_value"),
        (f"{before}.subVerblijfBuitenland.lndLandnaam", "required"),
    ]


async def test_the_members_of_another_kind_of_party_are_ignored(zaken: Zaakmaker, zaak: str) -> None:
    rol = await zaken.api.created(
        ROLLEN, body(zaken, zaak, "medewerker", betrokkeneIdentificatie={"inpBsn": "1", "identificatie": "j"})
    )
    assert rol["betrokkeneIdentificatie"]["identificatie"] == "j"
    assert "inpBsn" not in rol["betrokkeneIdentificatie"]


async def test_invalid_betrokkene(zaken: Zaakmaker, zaak: str) -> None:
    empties: list[Any] = [..., None, {}]
    for empty in empties:
        found = await weiger(zaken, zaak, betrokkeneIdentificatie=empty)
        assert found == [("nonFieldErrors", "invalid-betrokkene")]
    url = "https://personen.example/1"
    rol = await zaken.api.created(ROLLEN, body(zaken, zaak, betrokkeneIdentificatie=..., betrokkene=url))
    assert rol["betrokkene"] == url
    assert "betrokkeneIdentificatie" not in rol
    assert rol["contactpersoonRol"] == {"emailadres": "", "functie": "", "telefoonnummer": "", "naam": ""}


async def test_roltoelichting_may_be_left_out(zaken: Zaakmaker, zaak: str) -> None:
    rol = await zaken.api.created(ROLLEN, body(zaken, zaak, roltoelichting=...))
    assert rol["roltoelichting"] == ""


@pytest.mark.parametrize("generiek", ["initiator", "zaakcoordinator"])
async def test_max_occurences(zaken: Zaakmaker, generiek: str) -> None:
    url = (await zaken.zaak())["url"]
    roltype = zaken.types.roltypen[generiek]
    first = await zaken.api.created(ROLLEN, body(zaken, url, roltype=roltype))
    assert await weiger(zaken, url, roltype=roltype) == [("roltype", "max-occurences")]
    await zaken.api.delete(first["url"])
    await zaken.api.created(ROLLEN, body(zaken, url, roltype=roltype))


async def test_zrc_019_roltype_of_another_zaaktype(zaken: Zaakmaker, maak: Maak, zaak: str) -> None:
    other = await maak.concept()
    roltype = await maak.roltype(other["url"], "adviseur")
    assert await weiger(zaken, zaak, roltype=roltype["url"]) == [("nonFieldErrors", "zaaktype-mismatch")]
    assert await weiger(zaken, zaak, roltype=zaken.types.statustypen[0]) == [("roltype", "invalid-resource")]
    unknown = f"http://samenzaak.test/catalogi/api/v1/roltypen/{uuid.uuid4()}"
    assert await weiger(zaken, zaak, roltype=unknown) == [("roltype", "bad-url")]


async def test_zaak_of_a_rol(zaken: Zaakmaker) -> None:
    root = "http://samenzaak.test/zaken/api/v1"
    assert await weiger(zaken, f"{root}/zaken/{uuid.uuid4()}") == [("zaak", "object-does-not-exist")]
    assert await weiger(zaken, f"{root}/statussen/{uuid.uuid4()}") == [("zaak", "incorrect_match")]
    assert await weiger(zaken, "https://elders.example/zaken/1") == [("zaak", "no_match")]
    assert await weiger(zaken, "x") == [("zaak", "invalid")]


async def test_zrc_006_rollen_of_zaken_that_the_client_may_not_see(zaken: Zaakmaker) -> None:
    zaak = await zaken.zaak(vertrouwelijkheidaanduiding="geheim")
    rol = await zaken.rol(zaak["url"])
    reader = await zaken.client("zaken.lezen", "zaken.bijwerken", cap="openbaar")
    assert (await reader.get(rol["url"])).status_code == 403
    assert (await reader.delete(rol["url"])).status_code == 403
    assert (await reader.post(ROLLEN, body(zaken, zaak["url"]))).status_code == 403
    assert (await reader.get(f"{ROLLEN}?zaak={zaak['url']}")).json()["count"] == 0


async def test_zrc_007_rollen_of_a_closed_zaak(zaken: Zaakmaker) -> None:
    zaak = await zaken.gesloten()
    writer = await zaken.client("zaken.bijwerken")
    forced = await zaken.client("zaken.geforceerd-bijwerken")
    assert (await writer.post(ROLLEN, body(zaken, zaak["url"]))).status_code == 403
    made = await forced.post(ROLLEN, body(zaken, zaak["url"]))
    assert made.status_code == 201
    assert (await writer.delete(made.json()["url"])).status_code == 403
    assert (await forced.delete(made.json()["url"])).status_code == 204


async def test_zaak_archiefstatus_invalid(zaken: Zaakmaker) -> None:
    zaak = await zaken.gesloten()
    rol = await zaken.rol(zaak["url"])
    await archiveer(zaken, zaak["url"])
    assert await weiger(zaken, zaak["url"]) == [("nonFieldErrors", "zaak-archiefstatus-invalid")]
    assert (await zaken.api.delete(rol["url"])).status_code == 204


# --- Filters -------------------------------------------------------------------------------------------------------

ZOEKEN = [
    ("natuurlijk_persoon", "natuurlijkPersoon__inpBsn", "inpBsn", "000000012"),
    ("natuurlijk_persoon", "natuurlijkPersoon__anpIdentificatie", "anpIdentificatie", None),
    ("natuurlijk_persoon", "natuurlijkPersoon__inpA_nummer", "inpA_nummer", "9876543210"),
    ("niet_natuurlijk_persoon", "nietNatuurlijkPersoon__innNnpId", "innNnpId", "000000012"),
    ("niet_natuurlijk_persoon", "nietNatuurlijkPersoon__annIdentificatie", "annIdentificatie", None),
    ("vestiging", "vestiging__vestigingsNummer", "vestigingsNummer", None),
    ("medewerker", "medewerker__identificatie", "identificatie", "zelfde"),
    ("organisatorische_eenheid", "organisatorischeEenheid__identificatie", "identificatie", "zelfde"),
]


@pytest.mark.parametrize(("soort", "filter_", "member", "value"), ZOEKEN)
async def test_filters_on_the_identification(
    zaken: Zaakmaker, soort: str, filter_: str, member: str, value: str | None
) -> None:
    value = value or uuid.uuid4().hex[:16]
    zaak, other = (await zaken.zaak())["url"], (await zaken.zaak())["url"]
    rol = await zaken.api.created(ROLLEN, body(zaken, zaak, soort, betrokkeneIdentificatie={member: value}))
    await zaken.api.created(ROLLEN, body(zaken, other, soort))
    found = (await zaken.api.get(f"{ROLLEN}?zaak={zaak}&betrokkeneIdentificatie__{filter_}={value}")).json()
    assert found["results"] == [rol]
    query = f"{ZAKEN}?rol__betrokkeneIdentificatie__{filter_}={value}&zaaktype={zaken.types.url}"
    urls = {item["url"] for item in (await zaken.api.get(query)).json()["results"]}
    assert zaak in urls
    assert other not in urls
    assert (await zaken.api.get(f"{ROLLEN}?betrokkeneIdentificatie__{filter_}=bestaatniet")).json().get("count", 0) == 0
    too_long = await zaken.api.get(f"{ROLLEN}?betrokkeneIdentificatie__{filter_}={'9' * 256}")
    assert errors(too_long) == [(f"betrokkeneIdentificatie__{filter_}", "max_length")]


async def test_a_medewerker_is_no_organisatorische_eenheid(zaken: Zaakmaker) -> None:
    naam, zaak = uuid.uuid4().hex[:20], (await zaken.zaak())["url"]
    await zaken.api.created(ROLLEN, body(zaken, zaak, "medewerker", betrokkeneIdentificatie={"identificatie": naam}))
    before = f"{ROLLEN}?betrokkeneIdentificatie__"
    assert (await zaken.api.get(f"{before}medewerker__identificatie={naam}")).json()["count"] == 1
    assert (await zaken.api.get(f"{before}organisatorischeEenheid__identificatie={naam}")).json()["count"] == 0


async def test_filters_of_rollen(zaken: Zaakmaker) -> None:
    zaak, url = (await zaken.zaak())["url"], f"https://personen.example/{uuid.uuid4()}"
    one = await zaken.api.created(ROLLEN, body(zaken, zaak, betrokkene=url))
    two = await zaken.api.created(ROLLEN, body(zaken, zaak, "medewerker", roltype=zaken.types.roltypen["behandelaar"]))

    async def found(query: str) -> list[Any]:
        answer = await zaken.api.get(f"{ROLLEN}?zaak={zaak}&{query}")
        return [item["url"] for item in answer.json()["results"]]

    assert await found("") == [two["url"], one["url"]]
    assert await found(f"betrokkene={url}") == [one["url"]]
    assert await found("betrokkeneType=medewerker") == [two["url"]]
    assert await found(f"roltype={one['roltype']}") == [one["url"]]
    assert await found(f"omschrijving={two['omschrijving']}") == [two["url"]]
    assert await found("omschrijvingGeneriek=behandelaar") == [two["url"]]
    for query in ("betrokkeneType=x", "omschrijvingGeneriek=x"):
        assert errors(await zaken.api.get(f"{ROLLEN}?{query}")) == [(query[:-2], "invalid_choice")]
    assert errors(await zaken.api.get(f"{ROLLEN}?zaak=x")) == [("zaak", "invalid")]
    assert errors(await zaken.api.get(f"{ROLLEN}?inpBsn=1")) == [("nonFieldErrors", "unknown-parameters")]


async def test_all_rol_parameters_match_on_one_rol(zaken: Zaakmaker) -> None:
    naam, zaak = uuid.uuid4().hex[:20], (await zaken.zaak())["url"]
    for generiek in ("behandelaar", "adviseur"):
        identificatie = {"identificatie": naam if generiek == "behandelaar" else "een ander"}
        await zaken.api.created(
            ROLLEN,
            body(
                zaken, zaak, "medewerker", roltype=zaken.types.roltypen[generiek], betrokkeneIdentificatie=identificatie
            ),
        )

    async def count(generiek: str) -> int:
        query = f"rol__betrokkeneIdentificatie__medewerker__identificatie={naam}&rol__omschrijvingGeneriek={generiek}"
        answer: httpx.Response = await zaken.api.get(f"{ZAKEN}?{query}&rol__betrokkeneType=medewerker")
        return int(answer.json()["count"])

    assert await count("behandelaar") == 1
    assert await count("adviseur") == 0


async def test_rol_filters_use_their_indexes(zaken: Zaakmaker) -> None:
    async with zaken.api.stack.admin() as admin:
        await admin.execute("SET search_path TO deventer_zaken")
        await admin.execute("SET enable_seqscan TO off; SET plan_cache_mode = force_generic_plan")
        # On a table that is nearly empty any index that begins with the kind would do as well. For others it stays, as
        # this connection ends without a commit.
        await admin.execute("BEGIN; DROP INDEX rol_kind")
        for filter_ in identification_filters("", ROL_TABLE):
            statement = select(ROL_TABLE.c.id).where(filter_.condition("x"))
            sql, values = compile_statement(statement)
            assert values[-1] == "x"
            plan = " ".join([row[0] for row in await admin.fetch(f"EXPLAIN {sql}", *values)])
            assert f"rol_{filter_.name.rpartition('__')[2].lower()}" in plan
        found = await admin.fetch("SELECT stxname FROM pg_statistic_ext WHERE stxrelid = 'rol'::regclass")
        assert {row["stxname"] for row in found} == {
            f"rol_{key.lower()}_values" for _, _, key, _ in (*IDENTIFICATIES, *NUMMERS)
        }
