"""Several writes of a zaak at once over HTTP: what each operation of Open Zaak does, and what it refuses."""

import uuid
from typing import Any

import pytest

from tests.answers import errors, problem
from tests.zaken.archiveren import bron, termijn
from tests.zaken.bewerken import (
    OP_EEN_ZAAK,
    ROOT,
    afsluiting,
    bij,
    body_of,
    registratie,
    rol_deel,
    status_deel,
)
from tests.zaken.schrijven import entries
from tests.zaken.zaakmaker import Zaakmaker, archiveer

NONE = "nonFieldErrors"


async def lines(zaken: Zaakmaker, zaak: dict[str, Any], after: int) -> list[tuple[str, str]]:
    """Return what the audit trail of a zaak tells after the first entries."""
    return [(line["resource"], line["actie"]) for line in (await entries(zaken, zaak["url"]))[after:]]


async def test_zaak_afsluiten(zaken: Zaakmaker) -> None:
    """The day is the one on the calendar of the client; no CRS is asked for, and none is answered."""
    zaak = await zaken.zaak()
    body = afsluiting(zaken, zaak={"toelichting": "klaar"})
    body["status"]["datumStatusGezet"] = "2026-08-01T00:30:00+02:00"
    answer = await zaken.api.post(bij("zaak_afsluiten", zaak), body, headers={"Accept-Crs": "EPSG:28992"})
    assert answer.status_code == 200, answer.text
    assert not {"location", "etag", "content-crs", "x-warning"} & set(answer.headers)
    content = answer.json()
    assert list(content) == ["zaak", "resultaat", "status"]
    assert content["zaak"] == await zaken.lees(zaak)
    assert (content["zaak"]["einddatum"], content["zaak"]["toelichting"]) == ("2026-08-01", "klaar")
    assert bron(content["zaak"], await termijn(zaken)) == "2026-08-01"
    assert content["zaak"]["archiefnominatie"] is not None
    for name in ("status", "resultaat"):
        assert content["zaak"][name] == content[name]["url"]
        assert content[name] == (await zaken.api.get(content[name]["url"])).json()
    assert await lines(zaken, zaak, 1) == [("zaak", "partial_update"), ("status", "create"), ("resultaat", "create")]
    assert [line["resultaat"] for line in (await entries(zaken, zaak["url"]))[1:]] == [200, 201, 201]


async def test_zaak_afsluiten_takes_the_whole_zaak_as_it_was_read(zaken: Zaakmaker) -> None:
    """What responses have is ignored without a word, and what is empty is not a value of the client."""
    zaak = await zaken.zaak(kenmerken=[{"kenmerk": "a", "bron": "b"}])
    await zaken.rol(zaak["url"])
    await zaken.status(zaak["url"])
    read = (await zaken.api.get(f"{zaak['url']}?expand=status,rollen")).json()
    assert (read["archiefnominatie"], read["archiefactiedatum"]) == (None, None)
    answer = await zaken.api.post(bij("zaak_afsluiten", zaak), afsluiting(zaken, zaak=read))
    assert answer.status_code == 200, answer.text
    assert "x-warning" not in answer.headers
    closed = answer.json()["zaak"]
    assert closed["archiefactiedatum"] is not None
    assert closed["archiefnominatie"] is not None
    # What was derived and is sent back as it was read is derived again, and a reopened zaak owes it to nobody.
    reopened = await zaken.api.post(bij("zaak_bijwerken", zaak), {"zaak": closed, "status": status_deel(zaken, 2)})
    assert reopened.status_code == 200, reopened.text
    assert [reopened.json()["zaak"][name] for name in ("einddatum", "archiefnominatie", "archiefactiedatum")] == [
        None,
        None,
        None,
    ]
    assert reopened.json()["zaak"]["resultaat"] == closed["resultaat"]
    again = await zaken.api.post(bij("zaak_afsluiten", zaak), afsluiting(zaken, zaak=reopened.json()["zaak"]))
    assert errors(again) == [("resultaat.zaak", "unique")]
    assert (await zaken.api.delete(closed["resultaat"])).status_code == 204
    again = await zaken.api.post(bij("zaak_afsluiten", zaak), afsluiting(zaken, zaak=reopened.json()["zaak"]))
    assert again.json()["zaak"]["archiefactiedatum"] is not None


async def test_unknown_members_are_told_with_their_place(zaken: Zaakmaker) -> None:
    zaak = await zaken.zaak()
    body = {"zaak": {"kleur": 1}, "status": {**status_deel(zaken), "zaak": "onzin"}, "rollen": [], "extra": 2}
    answer = await zaken.api.post(bij("zaak_bijwerken", zaak), body)
    assert answer.status_code == 200, answer.text
    assert answer.headers["x-warning"].endswith(": extra, zaak.kleur")


async def test_zaak_opschorten_and_verlengen_look_at_nothing_else(zaken: Zaakmaker) -> None:
    zaak = await zaken.zaak(uiterlijkeEinddatumAfdoening="2026-06-01")
    rest = {"omschrijving": ["fout"], "zaaktype": "x", "einddatumGepland": 1, "toelichting": "anders"}
    for name, value, empty in (
        ("opschorting", {"indicatie": True, "reden": ""}, {"indicatie": False, "reden": ""}),
        ("verlenging", {"reden": "ziek", "duur": "P10D"}, None),
    ):
        path = bij("zaak_opschorten" if name == "opschorting" else "zaak_verlengen", zaak)
        answer = await zaken.api.post(path, {"zaak": {**rest, name: value}, "status": status_deel(zaken)})
        assert answer.status_code == 200, answer.text
        assert list(answer.json()) == ["zaak", "status"]
        assert answer.json()["zaak"][name].items() >= value.items()
        answer = await zaken.api.post(path, {"zaak": {name: None}, "status": status_deel(zaken)})
        shown = answer.json()["zaak"]
        assert shown[name] is None if empty is None else shown[name].items() >= empty.items()
        assert (shown["toelichting"], shown["uiterlijkeEinddatumAfdoening"]) == ("", "2026-06-01")
        assert errors(await zaken.api.post(path, {"zaak": {}, "status": status_deel(zaken)})) == [
            (f"zaak.{name}", "required")
        ]
        wrong = await zaken.api.post(path, {"zaak": {name: {"reden": "x" * 201}}, "status": {}})
        assert {(f"zaak.{name}.reden", "max_length"), ("status.statustype", "required")} <= set(errors(wrong))


@pytest.mark.parametrize("name", OP_EEN_ZAAK)
async def test_everything_that_is_wrong_is_told_at_once(zaken: Zaakmaker, name: str) -> None:
    zaak = await zaken.zaak()
    path = bij(name, zaak)
    missing = {("zaak", "required"), ("status", "required"), ("resultaat", "required")}
    missing -= {("zaak", "required")} if name == "zaak_bijwerken" else set()
    missing -= {("resultaat", "required")} if name != "zaak_afsluiten" else set()
    assert set(errors(await zaken.api.post(path, {}))) == missing
    odd: dict[str, Any] = {"zaak": "x", "status": None, "resultaat": [], "rollen": {}}
    found = set(errors(await zaken.api.post(path, odd)))
    assert {(f"zaak.{NONE}", "invalid"), ("status", "null")} <= found
    body = body_of(zaken, name)
    body["status"] = {"statustype": "x", "datumStatusGezet": "2026-01-01", "statustoelichting": "x" * 1001}
    wanted = {("status.statustype", "invalid"), ("status.statustoelichting", "max_length")}
    assert set(errors(await zaken.api.post(path, body))) == wanted
    body["status"] = status_deel(zaken, 3 if name != "zaak_afsluiten" else 1, datumStatusGezet="2999-01-01T00:00:00Z")
    code = "eindstatus-not-allowed" if name != "zaak_afsluiten" else "eindstatus-required"
    wanted = {("status.datumStatusGezet", "date-in-future"), (f"status.{NONE}", code)}
    assert set(errors(await zaken.api.post(path, body))) == wanted
    assert await zaken.lees(zaak) == zaak
    assert len(await entries(zaken, zaak["url"])) == 1


async def test_errors_of_the_zaak_and_its_parts_come_together(zaken: Zaakmaker) -> None:
    zaak = await zaken.zaak()
    body = afsluiting(zaken, zaak={"omschrijving": "x" * 81, "identificatie": "ANDERS"})
    body["resultaat"] = {"resultaattype": zaken.types.statustypen[0]}
    body["status"]["datumStatusGezet"] = "morgen"
    assert set(errors(await zaken.api.post(bij("zaak_afsluiten", zaak), body))) == {
        ("zaak.omschrijving", "max_length"),
        ("resultaat.resultaattype", "invalid-resource"),
        ("status.datumStatusGezet", "invalid"),
    }
    # The same of what the rules say.
    body = afsluiting(zaken, zaak={"betalingsindicatie": "nvt", "laatsteBetaaldatum": "2026-01-01T00:00:00Z"})
    body["status"] = status_deel(zaken, 1)
    assert set(errors(await zaken.api.post(bij("zaak_afsluiten", zaak), body))) == {
        ("zaak.laatsteBetaaldatum", "betaling-nvt"),
        (f"status.{NONE}", "eindstatus-required"),
    }
    same = afsluiting(zaken, zaak={"identificatie": zaak["identificatie"], "zaaktype": zaak["zaaktype"]})
    other = afsluiting(zaken, zaak={"identificatie": "ANDERS"})
    wanted = [("zaak.identificatie", "wijzigen-niet-toegelaten")]
    assert errors(await zaken.api.post(bij("zaak_afsluiten", zaak), other)) == wanted
    assert (await zaken.api.post(bij("zaak_afsluiten", zaak), same)).status_code == 200


@pytest.mark.parametrize("name", [*OP_EEN_ZAAK, "zaak_registreren"])
async def test_other_methods_paths_and_parameters(zaken: Zaakmaker, name: str) -> None:
    zaak = await zaken.zaak()
    path = f"{ROOT}/{name}" if name == "zaak_registreren" else bij(name, zaak)
    body = registratie(zaken) if name == "zaak_registreren" else body_of(zaken, name)
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        assert (await zaken.api.request(method, path, json=body)).status_code == 405
    assert errors(await zaken.api.post(f"{path}?expand=rollen", body)) == [(NONE, "unknown-parameters")]
    assert problem(await zaken.api.request("POST", path, content=b"{}", headers={"Content-Type": "text/plain"})) == (
        415,
        "unsupported_media_type",
    )
    if name != "zaak_registreren":
        assert (await zaken.api.post(f"{ROOT}/{name}/{uuid.uuid4()}", body)).status_code == 404
        assert (await zaken.api.post(f"{ROOT}/{name}/onzin", body)).status_code == 404


async def test_an_archived_zaak_keeps_its_status(zaken: Zaakmaker) -> None:
    zaak = await zaken.gesloten()
    await archiveer(zaken, zaak["url"])
    answer = await zaken.api.post(bij("zaak_bijwerken", zaak), {"status": status_deel(zaken)})
    assert errors(answer) == [(f"status.{NONE}", "zaak-archiefstatus-invalid")]


# --- Rollen ---------------------------------------------------------------------------------------------------------


async def test_zaak_bijwerken_without_rollen_leaves_them_alone(zaken: Zaakmaker, gemeld: list[dict[str, Any]]) -> None:
    zaak = await zaken.zaak()
    rol = await zaken.rol(zaak["url"])
    body = {"zaak": {"omschrijving": "nu"}, "status": status_deel(zaken)}
    answer = await zaken.api.post(bij("zaak_bijwerken", zaak), body)
    assert answer.status_code == 200, answer.text
    content = answer.json()
    assert list(content) == ["zaak", "rollen", "status"]
    assert content["rollen"] == [rol]
    assert (content["zaak"]["omschrijving"], content["zaak"]["status"]) == ("nu", content["status"]["url"])
    assert await lines(zaken, zaak, 2) == [("zaak", "partial_update"), ("status", "create")]


async def test_zaak_bijwerken_gives_the_zaak_exactly_these_rollen(zaken: Zaakmaker) -> None:
    """Another initiator is one initiator, whatever the order of the list."""
    zaak = await zaken.zaak()
    oud = await zaken.rol(zaak["url"])
    blijft = await zaken.rol(zaak["url"], roltype=zaken.types.roltypen["belanghebbende"])
    gezet = await zaken.status(zaak["url"], gezetdoor=blijft["url"])
    nieuw = rol_deel(zaken, betrokkeneIdentificatie={"inpBsn": "123456782"})
    body = {"status": status_deel(zaken, gezetdoor=oud["url"]), "rollen": [nieuw, {**blijft, "roltoelichting": "b"}]}
    answer = await zaken.api.post(bij("zaak_bijwerken", zaak), body)
    assert answer.status_code == 200, answer.text
    content = answer.json()
    assert content["rollen"][1] == {**blijft, "roltoelichting": "b", "statussen": [gezet["url"]]}
    assert content["rollen"][0]["betrokkeneIdentificatie"]["inpBsn"] == "123456782"
    assert sorted(content["zaak"]["rollen"]) == sorted(rol["url"] for rol in content["rollen"])
    assert (await zaken.api.get(oud["url"])).status_code == 404
    assert content["status"]["gezetdoor"] == ""
    assert (await zaken.api.get(gezet["url"])).json()["gezetdoor"] == blijft["url"]
    assert await lines(zaken, zaak, 4) == [
        ("zaak", "partial_update"),
        ("status", "create"),
        ("rol", "destroy"),
        ("rol", "update"),
        ("rol", "create"),
    ]
    empty = await zaken.api.post(bij("zaak_bijwerken", zaak), {"status": status_deel(zaken), "rollen": []})
    assert (empty.json()["rollen"], empty.json()["zaak"]["rollen"]) == ([], [])


async def test_zaak_bijwerken_refuses_rollen_that_are_not_of_the_zaak(zaken: Zaakmaker) -> None:
    zaak, other = await zaken.zaak(), await zaken.zaak()
    rol, elders = await zaken.rol(zaak["url"]), await zaken.rol(other["url"])
    deel = rol_deel(zaken, "belanghebbende")
    keys = [rol["uuid"], rol["uuid"], elders["uuid"], str(uuid.uuid4()), "onzin", None]
    rollen: list[Any] = [{**(rol if key == rol["uuid"] else deel), "uuid": key} for key in keys]
    rollen += [{**deel, "roltype": zaken.types.statustypen[0]}, "x"]
    answer = await zaken.api.post(bij("zaak_bijwerken", zaak), {"status": status_deel(zaken), "rollen": rollen})
    assert errors(answer) == [(f"rollen.7.{NONE}", "invalid")]
    answer = await zaken.api.post(bij("zaak_bijwerken", zaak), {"status": status_deel(zaken), "rollen": rollen[:-1]})
    assert set(errors(answer)) == {
        ("rollen.1.uuid", "duplicate"),
        ("rollen.2.uuid", "missing-relation"),
        ("rollen.3.uuid", "does-not-exist"),
        ("rollen.4.uuid", "invalid"),
        ("rollen.5.uuid", "null"),
        ("rollen.6.roltype", "invalid-resource"),
    }
    for value, error in (({}, (f"rollen.{NONE}", "not_a_list")), (None, ("rollen", "null"))):
        body = {"status": status_deel(zaken), "rollen": value}
        assert errors(await zaken.api.post(bij("zaak_bijwerken", zaak), body)) == [error]
    many = {"status": status_deel(zaken), "rollen": [deel] * 101}
    assert errors(await zaken.api.post(bij("zaak_bijwerken", zaak), many)) == [("rollen", "max_length")]
    two = {"status": status_deel(zaken), "rollen": [rol_deel(zaken), rol_deel(zaken)]}
    wanted = [("rollen.1.roltype", "max-occurences")]
    assert errors(await zaken.api.post(bij("zaak_bijwerken", zaak), two)) == wanted
    moved = {**rol, "roltype": zaken.types.roltypen["belanghebbende"]}
    answer = await zaken.api.post(bij("zaak_bijwerken", zaak), {"status": status_deel(zaken), "rollen": [moved]})
    assert errors(answer) == [("rollen.0.roltype", "wijzigen-niet-toegelaten")]
    assert (await zaken.lees(zaak))["rollen"] == [rol["url"]]
    assert (await zaken.api.get(rol["url"])).json() == rol


# --- Registreren ----------------------------------------------------------------------------------------------------


async def test_zaak_registreren(zaken: Zaakmaker) -> None:
    pand = {"objectType": "pand", "objectIdentificatie": {"identificatie": "0150100000000001"}}
    answer = await zaken.api.post(f"{ROOT}/zaak_registreren", registratie(zaken, zaakobjecten=[pand]))
    assert answer.status_code == 201, answer.text
    assert not {"location", "etag", "content-crs"} & set(answer.headers)
    content = answer.json()
    assert list(content) == ["zaak", "rollen", "zaakinformatieobjecten", "zaakobjecten", "status"]
    zaak = content["zaak"]
    assert zaak == await zaken.lees(zaak)
    assert zaak["status"] == content["status"]["url"]
    assert zaak["rollen"] == [content["rollen"][0]["url"]]
    assert zaak["zaakobjecten"] == [content["zaakobjecten"][0]["url"]]
    assert content["zaakinformatieobjecten"] == []
    assert content["rollen"][0] == (await zaken.api.get(zaak["rollen"][0])).json()
    assert await lines(zaken, zaak, 0) == [
        ("zaak", "create"),
        ("rol", "create"),
        ("zaakobject", "create"),
        ("status", "create"),
    ]


async def test_zaak_registreren_refuses(zaken: Zaakmaker) -> None:
    path = f"{ROOT}/zaak_registreren"
    mine = f"{ROOT}/zaken?zaaktype={zaken.types.url}"
    count = (await zaken.api.get(mine)).json()["count"]
    assert errors(await zaken.api.post(path, {})) == [
        ("zaak", "required"),
        ("rollen", "required"),
        ("status", "required"),
    ]
    wanted = [(f"status.{NONE}", "resultaat-does-not-exist")]
    assert errors(await zaken.api.post(path, registratie(zaken, status=status_deel(zaken, 3)))) == wanted
    two = registratie(zaken, rollen=[rol_deel(zaken), rol_deel(zaken)])
    assert errors(await zaken.api.post(path, two)) == [("rollen.1.roltype", "max-occurences")]
    odd = registratie(zaken, zaak={**zaken.body(), "zaaktype": f"{zaken.types.url[:-1]}"}, rollen=[{"roltype": 1}])
    found = set(errors(await zaken.api.post(path, odd)))
    assert {("zaak.zaaktype", "bad-url"), ("rollen.0.betrokkeneType", "required")} <= found
    body = registratie(zaken, rollen=[rol_deel(zaken), 5])
    assert errors(await zaken.api.post(path, body)) == [(f"rollen.1.{NONE}", "invalid")]
    body = registratie(zaken, zaakinformatieobjecten=[{"informatieobject": "x"}, {}])
    assert {name for name, _ in errors(await zaken.api.post(path, body))} == {
        "zaakinformatieobjecten.0.informatieobject",
        "zaakinformatieobjecten.1.informatieobject",
    }
    assert (await zaken.api.get(mine)).json()["count"] == count


async def test_a_reserved_number_is_used_once(zaken: Zaakmaker) -> None:
    body = {"bronorganisatie": zaken.body()["bronorganisatie"]}
    for name in ("zaaknummer_reserveren", "reserveer_zaaknummer"):
        answer = await zaken.api.post(f"{ROOT}/{name}", body)
        assert answer.status_code == 201, answer.text
        assert ("warning" in answer.headers) == (name == "reserveer_zaaknummer")
        sent = registratie(zaken, zaak=zaken.body(identificatie=answer.json()["zaaknummer"]))
        assert (await zaken.api.post(f"{ROOT}/zaak_registreren", sent)).status_code == 201
        again = await zaken.api.post(f"{ROOT}/zaak_registreren", sent)
        assert errors(again) == [("zaak.identificatie", "identificatie-niet-uniek")]
    assert answer.headers["warning"].startswith('299 "')


# --- PUT of a rol ---------------------------------------------------------------------------------------------------


async def test_put_of_a_rol(zaken: Zaakmaker) -> None:
    zaak = await zaken.zaak()
    rol = await zaken.rol(zaak["url"], roltoelichting="eerst")
    status = await zaken.status(zaak["url"], gezetdoor=rol["url"])
    body = rol_deel(zaken, betrokkeneType="medewerker", betrokkeneIdentificatie={"identificatie": "jan"})
    answer = await zaken.api.put(rol["url"], {**body, "zaak": zaak["url"]})
    assert answer.status_code == 200, answer.text
    changed = answer.json()
    assert changed == (await zaken.api.get(rol["url"])).json()
    assert (changed["betrokkeneType"], changed["roltoelichting"]) == ("medewerker", "aanvrager")
    assert changed["betrokkeneIdentificatie"]["identificatie"] == "jan"
    assert "inpBsn" not in changed["betrokkeneIdentificatie"]
    assert (await zaken.api.get(status["url"])).json()["gezetdoor"] == rol["url"]
    assert (await lines(zaken, zaak, 0))[-1] == ("rol", "update")
    assert set(errors(await zaken.api.put(rol["url"], {}))) == {
        ("zaak", "required"),
        ("betrokkeneType", "required"),
        ("roltype", "required"),
    }
    other = await zaken.zaak()
    moved = {**body, "zaak": other["url"], "roltype": zaken.types.roltypen["belanghebbende"]}
    assert set(errors(await zaken.api.put(rol["url"], moved))) == {
        ("zaak", "wijzigen-niet-toegelaten"),
        ("roltype", "wijzigen-niet-toegelaten"),
    }
    # It is not in its own way as the only initiator.
    assert (await zaken.api.put(rol["url"], {**body, "zaak": zaak["url"]})).status_code == 200
    bijwerken = await zaken.client("zaken.bijwerken")
    assert (await bijwerken.put(rol["url"], {**body, "zaak": zaak["url"]})).status_code == 200
    closed = await zaken.gesloten()
    rol = await zaken.rol(closed["url"])
    assert (await bijwerken.put(rol["url"], {**body, "zaak": closed["url"]})).status_code == 403
    lezen = await zaken.client("zaken.lezen", "zaken.aanmaken")
    assert (await lezen.put(rol["url"], {**body, "zaak": closed["url"]})).status_code == 403


async def test_rollen_that_were_not_sent_are_only_told_to_who_may_read_them(zaken: Zaakmaker) -> None:
    zaak = await zaken.zaak()
    rol = await zaken.rol(zaak["url"])
    for nummer, scopes, told in (1, (), []), (2, ("zaken.lezen",), [rol["url"]]):
        client = await zaken.client("zaken.bijwerken", "zaken.statussen.toevoegen", *scopes)
        answer = await client.post(bij("zaak_bijwerken", zaak), {"status": status_deel(zaken, nummer)})
        assert answer.status_code == 200, answer.text
        assert [each["url"] for each in answer.json()["rollen"]] == told
