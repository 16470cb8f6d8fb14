"""Import and export in the format of Open Zaak, with the real catalogue of a safety region."""

import io
import json
import random
import uuid
import zipfile
from typing import Any

import pytest

from services.catalogi.uitwisseling.bestand import FILES, MAX_SIZE, Bundel, lees
from services.catalogi.uitwisseling.vergelijken import vergelijk
from services.catalogi.uitwisseling.vorm import snake
from tests.answers import error_set
from tests.catalogi.uitwisselen import exported, real, send, small
from tests.maak import ROOT, Maak
from tests.selectielijst import Selectielijst
from tests.stack import Client


async def test_a_real_catalogue_comes_in_goes_out_and_comes_in_elsewhere(
    api: Client, raalte: Client, lijst: Selectielijst
) -> None:
    rows = real(lijst)
    answer = await send(api, rows)
    assert answer.status_code == 200, answer.text[:3000]
    done = answer.json()
    assert done["toegevoegd"] == {file: len(rows[file]) for file in FILES if file in rows}
    assert done["gepubliceerd"] == 19 + 2 + 60
    there = await exported(api, "VRZL")
    compared = vergelijk(Bundel(rows), lees(there))
    assert compared.gelijk, "\n".join(compared.regels())
    assert compared.rijen["Eigenschap"] == 780
    elsewhere = await send(raalte, there)
    assert elsewhere.status_code == 200, elsewhere.text[:3000]
    again = vergelijk(lees(there), lees(await exported(raalte, "VRZL")))
    assert again.gelijk, "\n".join(again.regels())
    url = rows["ZaakType"][0]["url"].rpartition("/")[2]
    shown = (await raalte.get(f"{ROOT}/zaaktypen/{url}")).json()
    assert shown["concept"] is False
    assert shown["informatieobjecttypen"]
    assert shown["servicenorm"] == "P55D"
    # Nothing can be imported twice under the same names and uuids, and a refused import changes nothing.
    refused = error_set(await send(api, rows))
    assert ("ZaakType.json:1.identificatie", "unique") in refused
    assert len(refused) == 19 + 2 + 60
    assert await exported(api, "VRZL") == there


async def test_what_our_own_format_adds_survives_too(maak: Maak, api: Client, raalte: Client) -> None:
    catalogus = await maak.catalogus()
    made = await maak.zaaktype(
        catalogus=catalogus["url"],
        deelzaaktypen=["NOG-TE-MAKEN"],
        gerelateerdeZaaktypen=[{"zaaktype": "OOK-NIET", "aardRelatie": "bijdrage", "toelichting": "Later"}],
        eindeGeldigheid="2022-12-31",
        servicenorm="P5D",
        trefwoorden=["a"],
    )
    later = await maak.concept(
        catalogus=catalogus["url"], identificatie=made.zaaktype["identificatie"], beginGeldigheid="2023-01-01"
    )
    await maak.ziot(later["url"], "Document zonder type")
    await maak.eigenschap(later["url"], statustype=(await maak.statustype(later["url"]))["url"])
    content = await exported(api, catalogus["domein"])
    answer = await send(raalte, content)
    assert answer.status_code == 200, answer.text
    compared = vergelijk(lees(content), lees(await exported(raalte, catalogus["domein"])))
    assert compared.gelijk, "\n".join(compared.regels())
    assert "ZaakObjectType" in compared.rijen


async def test_an_import_can_be_tried(api: Client, lijst: Selectielijst) -> None:
    answer = await send(api, small(lijst, "PROEF"), proef="true")
    assert (answer.status_code, answer.json()["proef"]) == (200, True)
    assert answer.json()["toegevoegd"]["ZaakType"] == 2
    assert (await api.get(f"{ROOT}/_export", params={"domein": "PROEF"})).status_code == 404


async def test_only_what_is_missing(api: Client, lijst: Selectielijst) -> None:
    assert (await send(api, small(lijst, "MIS", 1))).status_code == 200
    before = lees(await exported(api, "MIS"))
    more = small(lijst, "MIS", 3)
    more["ZaakType"][0]["doel"] = "Anders dan wat er is"
    # A besluittype may have no name: its uuid tells that it is there.
    nameless = more["BesluitType"][0]["url"].rpartition("/")[0] + f"/{uuid.uuid4()}"
    more["BesluitType"].append({**more["BesluitType"][0], "omschrijving": "", "url": nameless, "zaaktypen": []})
    answer = await send(api, more, modus="ontbrekende")
    assert answer.status_code == 200, answer.text
    assert answer.json()["toegevoegd"]["ZaakType"] == 2
    assert answer.json()["overgeslagen"]["ZaakType"] == 1
    after = lees(await exported(api, "MIS"))
    assert after.of("ZaakType")[0]["doel"] == before.of("ZaakType")[0]["doel"]
    assert len(after.of("ZaakType")) == 3
    again = await send(api, more, modus="ontbrekende")
    assert again.json()["toegevoegd"] == {}


async def test_new_versions_of_types_that_exist(api: Client, lijst: Selectielijst) -> None:
    rows = small(lijst, "VERS", 1)
    assert (await send(api, rows)).status_code == 200
    first = rows["ZaakType"][0]
    rows["ZaakType"][0] = {**first, "doel": "Een nieuw doel", "begin_geldigheid": "2026-01-01"}
    answer = await send(api, rows, modus="nieuwe-versie")
    assert answer.status_code == 200, answer.text
    found = await api.get(
        f"{ROOT}/zaaktypen", params={"identificatie": first["identificatie"], "catalogus": answer.json()["catalogus"]}
    )
    new, old = found.json()["results"]
    assert (old["eindeGeldigheid"], old["doel"]) == ("2025-12-31", first["doel"])
    assert (new["beginGeldigheid"], new["doel"], new["concept"]) == ("2026-01-01", "Een nieuw doel", False)
    assert len(new["statustypen"]) == len(old["statustypen"])
    assert set(new["statustypen"]).isdisjoint(old["statustypen"])
    assert new["informatieobjecttypeOmschrijving"] == old["informatieobjecttypeOmschrijving"]


async def test_versions_of_a_file_do_not_share_a_day(api: Client, lijst: Selectielijst) -> None:
    rows = small(lijst, "DAGEN", 2)
    first, second = rows["ZaakType"]
    first |= {"concept": False, "begin_geldigheid": "2020-01-01", "einde_geldigheid": "2023-01-01"}
    second |= {"concept": False, "begin_geldigheid": "2023-01-01", "einde_geldigheid": None}
    second["identificatie"] = first["identificatie"]
    answer = await send(api, rows)
    assert answer.status_code == 200, answer.text
    # Other tests import versions with the same identificatie, in a catalogus of their own.
    query = {"identificatie": first["identificatie"], "status": "alles", "catalogus": answer.json()["catalogus"]}
    found = (await api.get(f"{ROOT}/zaaktypen", params=query)).json()["results"]
    days = [(zaaktype["beginGeldigheid"], zaaktype["eindeGeldigheid"]) for zaaktype in found]
    assert sorted(days) == [("2020-01-01", "2022-12-31"), ("2023-01-01", None)]
    of_day = (await api.get(f"{ROOT}/zaaktypen", params={**query, "datumGeldigheid": "2023-01-01"})).json()
    shown = [each["url"].rpartition("/")[2] for each in of_day["results"]]
    assert shown == [second["url"].rpartition("/")[2]]


async def test_every_problem_is_told_with_its_file_and_row(api: Client, lijst: Selectielijst) -> None:
    rows = small(lijst, "FOUT", 1)
    rows["ZaakType"][0]["doel"] = ""
    rows["StatusType"][2]["volgnummer"] = 0
    rows["Eigenschap"][0]["statustype"] = "https://elders.example.nl/statustypen/00000000-0000-4000-8000-000000000001"
    rows["InformatieObjectType"][3]["vertrouwelijkheidaanduiding"] = "soms"
    answer = await send(api, rows)
    # What belongs to a wrong zaaktype is examined all the same.
    assert error_set(answer) == {
        ("ZaakType.json:1.doel", "blank"),
        ("StatusType.json:3.volgnummer", "min_value"),
        ("Eigenschap.json:1.statustype", "does_not_exist"),
        ("InformatieObjectType.json:4.vertrouwelijkheidaanduiding", "invalid_choice"),
    }
    assert (await api.get(f"{ROOT}/_export", params={"domein": "FOUT"})).status_code == 404
    rows["ZaakType"][0]["doel"] = "Goed"
    answer = await send(api, rows)
    assert error_set(answer) == {
        ("StatusType.json:3.volgnummer", "min_value"),
        ("Eigenschap.json:1.statustype", "does_not_exist"),
        ("InformatieObjectType.json:4.vertrouwelijkheidaanduiding", "invalid_choice"),
    }
    rows["Eigenschap"][0]["statustype"] = None
    rows["StatusType"][2]["volgnummer"] = rows["StatusType"][0]["volgnummer"]
    rows["InformatieObjectType"][3]["vertrouwelijkheidaanduiding"] = "openbaar"
    rows["InformatieObjectType"][4]["omschrijving"] = rows["InformatieObjectType"][3]["omschrijving"]
    rows["ResultaatType"][0]["brondatum_archiefprocedure"]["datumkenmerk"] = "x"
    found = error_set(await send(api, rows))
    assert {
        ("StatusType.json:3.volgnummer", "unique"),
        ("InformatieObjectType.json:5.beginGeldigheid", "overlap"),
        ("ResultaatType.json:1.brondatumArchiefprocedure.datumkenmerk", "must-be-empty"),
    } <= found


STRANGE: list[Any] = [
    None, 5, -1, 1.5, True, "", "x", "x" * 300, [], {}, [None], [1], [{}], [[]], {"a": 1}, "http://x/y",
    f"https://a.nl/{'0' * 8}-0000-4000-8000-{'0' * 12}", "P0D", "2020-02-30", 10**18,
]  # fmt: skip


@pytest.mark.few
@pytest.mark.parametrize("seed", range(3))
async def test_whatever_a_file_holds_it_is_imported_or_refused(api: Client, lijst: Selectielijst, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(20):
        rows = small(lijst, "VREEMD", 1)
        for _ in range(chance.choice((1, 2, 5))):
            row = chance.choice(rows[chance.choice(list(rows))])
            name = chance.choice([*row, "besluittype_omschrijving", "informatieobjecttype_omschrijving"])
            holder, key = (row, name)
            if isinstance(row.get(name), dict) and row[name] and chance.random() < 0.5:
                holder, key = row[name], chance.choice(list(row[name]))
            holder[key] = chance.choice(STRANGE)
        modus = chance.choice(("behoud", "nieuwe-versie", "ontbrekende"))
        answer = await send(api, rows, modus=modus, proef="true")
        assert answer.status_code in (200, 400), (rows, answer.text)


def zipped(members: dict[str, bytes]) -> bytes:
    """Return a ZIP of these members."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def liar() -> bytes:
    """Return a ZIP whose member unpacks to more than it claims."""
    content = bytearray(zipped({"ZaakType.json": b" " * 1000}))
    for at in (22, content.rindex(b"PK\x01\x02") + 24):
        content[at : at + 4] = (10).to_bytes(4, "little")
    return bytes(content)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"geen zip", "invalid"),
        (b"", "invalid"),
        (zipped({"../ZaakType.json": b"[]"}), "invalid"),
        (zipped({"/etc/ZaakType.json": b"[]"}), "invalid"),
        (zipped({"map/ZaakType.json": b"[]", "StatusType.json": b"[]"}), "invalid"),
        (zipped({"map/ZaakType.json": b"[]", "ander/StatusType.json": b"[]"}), "invalid"),
        (zipped({"map/in/ZaakType.json": b"[]"}), "invalid"),
        (zipped({"map/../ZaakType.json": b"[]"}), "invalid"),
        (zipped({"./ZaakType.json": b"[]"}), "invalid"),
        (zipped({"__MACOSX/ZaakType.json": b"[]", "._StatusType.json": b"[]"}), "required"),
        (zipped({"map/": b""}), "required"),
        (zipped({"..\\ZaakType.json": b"[]"}), "invalid"),
        (zipped({"C:ZaakType.json": b"[]"}), "invalid"),
        (zipped({"anders.json": b"[]"}), "required"),
        (zipped({"ZaakType.json": b"{}"}), "not_a_list"),
        (zipped({"ZaakType.json": b"[1]"}), "not_a_dict"),
        (zipped({"ZaakType.json": b"[{"}), "parse_error"),
        (zipped({"ZaakType.json": b'[{"doel": "\\u0000"}]'}), "invalid"),
        (zipped({f"{n}.json": b"[]" for n in range(51)}), "max_length"),
        (liar(), "invalid"),
    ],
)
async def test_files_that_are_refused_before_anything_is_read(api: Client, content: bytes, code: str) -> None:
    assert {found for _, found in error_set(await send(api, content))} == {code}


CLUTTER = {
    "files": ("", {"__MACOSX/._{}": b"\0\5\x16\7", ".DS_Store": b"\0\0\0\1Bud1"}),
    "a folder": ("export/", {"export/": b"", "__MACOSX/export/._{}": b"\0\5", "export/.DS_Store": b"\0"}),
    "a drive of Windows": ("", {"._{}": b"\0\5", "Thumbs.db": b"\xd0\xcf", "desktop.ini": b"[x]"}),
}


@pytest.mark.parametrize("way", CLUTTER)
async def test_what_a_desktop_adds_to_a_zip_is_passed_over(api: Client, lijst: Selectielijst, way: str) -> None:
    folder, clutter = CLUTTER[way]
    rows = small(lijst, "MAC" + "ABC"[list(CLUTTER).index(way)], 1)
    files = {f"{folder}{name}.json": json.dumps(content).encode() for name, content in rows.items()}
    beside = {name.format(f"{file}.json"): content for name, content in clutter.items() for file in rows}
    answer = await send(api, zipped({**files, **beside, folder + "Meer.json": b"[]"}))
    assert answer.status_code == 200, answer.text
    assert (answer.json()["toegevoegd"]["ZaakType"], answer.json()["onbekend"]) == (1, ["Meer.json"])
    found = lees(zipped({**files, **beside}))
    assert vergelijk(found, lees(await exported(api, rows["Catalogus"][0]["domein"])), uuids=True).gelijk


@pytest.mark.long
async def test_a_bomb_among_the_clutter_is_not_unpacked() -> None:
    found = lees(zipped({"ZaakType.json": b"[]", "__MACOSX/._ZaakType.json": b" " * (MAX_SIZE + 1)}))
    assert (found.rows, found.onbekend) == ({"ZaakType": []}, [])


async def test_a_bomb_is_not_unpacked(api: Client) -> None:
    bomb = zipped({"ZaakType.json": b" " * (MAX_SIZE + 1)})
    assert len(bomb) < 1024 * 1024
    assert {code for _, code in error_set(await send(api, bomb))} == {"max_length"}


async def test_who_may_import_and_export(api: Client, corrector: Client) -> None:
    assert error_set(await send(corrector, b""), 403) == set()
    assert (
        error_set(
            await api.request("POST", f"{ROOT}/_import", content=b"", headers={"Content-Type": "application/json"}), 415
        )
        == set()
    )
    assert error_set(await send(api, b"", modus="alles")) == {("modus", "invalid_choice")}
    assert error_set(await send(api, b"", kleur="rood")) == {("nonFieldErrors", "unknown-parameters")}
    assert error_set(await api.get(f"{ROOT}/_export")) == {("domein", "required")}


def test_names_in_snake_case() -> None:
    assert snake({"brondatumArchiefprocedure": {"einddatumBekend": True}, "a": [{"bC": 1}]}) == {
        "brondatum_archiefprocedure": {"einddatum_bekend": True},
        "a": [{"b_c": 1}],
    }
