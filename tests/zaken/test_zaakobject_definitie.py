"""objectTypeOverigeDefinitie: jq and JSON schema, bounded in time and memory."""

import asyncio
import os
import resource
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from services.zaken import zaakobject_definitie
from services.zaken.bewerkingen import DEFINITIES
from tests.answers import errors
from tests.maak import Maak
from tests.selectielijst import Selectielijst
from tests.stack import Client
from tests.zaken.bewerken import ROOT, registratie
from tests.zaken.elders import Elders, elders
from tests.zaken.zaakmaker import Zaakmaker

OBJECTS = "/zaken/api/v1/zaakobjecten"
UUID = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
SCHEMA = {"type": "object", "properties": {"hoogte": {"type": "integer"}}, "required": ["hoogte"]}


@pytest.fixture(scope="module")
async def register(zaken: Zaakmaker) -> AsyncIterator[Elders]:
    """An objects API with one type and two objects."""
    async with elders(zaken.api.stack, expand=True) as register:
        register.add("objecttypes/boom", {"versie": {"jsonSchema": SCHEMA}, "leeg": {}, "tekst": "x"})
        register.add("objects/eik", {"record": {"data": {"hoogte": 30}}})
        register.add("objects/struik", {"record": {"data": {"hoogte": "laag"}}})
        register.add("objecttypes/geen-json", b"<html>")
        yield register


async def body(zaken: Zaakmaker, register: Elders, eik: str = "eik", **definitie: Any) -> dict[str, Any]:
    """Return a zaakobject with a definition."""
    url = f"{register.base}/api/v1"
    whole = {"url": f"{url}/objecttypes/boom", "schema": ".versie.jsonSchema", "objectData": ".record.data"}
    return {
        "zaak": (await zaken.zaak())["url"],
        "objectType": "overige",
        "object": f"{url}/objects/{eik}",
        "objectTypeOverigeDefinitie": {**whole, **definitie},
    }


async def refused(zaken: Zaakmaker, made: dict[str, Any]) -> list[tuple[str, str]]:
    """Send a zaakobject that is refused; return the errors."""
    return errors(await zaken.api.post(OBJECTS, made))


async def test_an_object_that_satisfies_its_schema(zaken: Zaakmaker, register: Elders) -> None:
    made = await body(zaken, register)
    item = await zaken.api.created(OBJECTS, {**made, "objectIdentificatie": {"overigeData": {"a": 1}}})
    assert item["objectTypeOverigeDefinitie"] == made["objectTypeOverigeDefinitie"]
    assert "objectIdentificatie" not in item
    assert (await zaken.api.patch(item["url"], {"relatieomschrijving": "deze"})).status_code == 200
    wrong = {**made["objectTypeOverigeDefinitie"], "objectData": ".record"}
    answer = await zaken.api.patch(item["url"], {"objectTypeOverigeDefinitie": wrong})
    assert errors(answer) == [("object", "invalid-schema")]


async def test_what_cannot_be_read(zaken: Zaakmaker, register: Elders) -> None:
    made = await body(zaken, register)
    root = "http://samenzaak.test"
    for url in (
        f"{root}/",
        f"{root}/zaken/api/v1/niets/{UUID}",
        f"{root}/niets/api/v1/zaken/{UUID}",
        "https://x.example/1",
    ):
        definitie = {**made["objectTypeOverigeDefinitie"], "url": url}
        found = await refused(zaken, {**made, "objectTypeOverigeDefinitie": definitie})
        assert found == [("objectTypeOverigeDefinitie.url", "invalid")], url
        assert await refused(zaken, {**made, "object": url}) == [("object", "bad-url")], url
    # An object that was accepted without a definition is judged when it gets one.
    bare = {**made, "objectTypeOverigeDefinitie": None, "objectTypeOverige": "boom", "object": made["zaak"]}
    item = await zaken.api.created(OBJECTS, bare)
    definitie = {**made["objectTypeOverigeDefinitie"], "objectData": "."}
    answer = await zaken.api.patch(item["url"], {"objectTypeOverigeDefinitie": definitie})
    assert errors(answer) == [("object", "invalid-schema")]


async def test_zrc_006_a_schema_tells_nothing_of_what_the_client_may_not_read(
    zaken: Zaakmaker, register: Elders
) -> None:
    secret = await zaken.zaak(vertrouwelijkheidaanduiding="geheim", omschrijving="fraude")
    made = await body(zaken, register)
    # The client writes the schema itself, and would see from the answer whether the zaak is about fraude.
    register.add("objecttypes/vraag", {"schema": {"properties": {"omschrijving": {"const": "fraude"}}}})
    url = f"{register.base}/api/v1/objecttypes/vraag"
    question = {**made, "objectTypeOverigeDefinitie": {"url": url, "schema": ".schema", "objectData": "."}}
    reader = await zaken.client("zaken.bijwerken", "zaken.lezen", cap="openbaar")
    answer = await reader.post(OBJECTS, {**question, "object": secret["url"]})
    assert errors(answer) == [("object", "bad-url")]
    assert (await zaken.api.post(OBJECTS, {**question, "object": secret["url"]})).status_code == 201


async def test_an_object_that_does_not_satisfy_its_schema(zaken: Zaakmaker, register: Elders) -> None:
    assert await refused(zaken, await body(zaken, register, "struik")) == [("object", "invalid-schema")]


async def test_a_definition_needs_an_object_and_all_its_members(zaken: Zaakmaker, register: Elders) -> None:
    made = await body(zaken, register)
    del made["object"]
    assert await refused(zaken, made) == [("objectUrl", "required")]
    made["objectTypeOverigeDefinitie"] = {"url": "x", "schema": "y" * 101}
    before = "objectTypeOverigeDefinitie"
    expected = [(f"{before}.url", "invalid"), (f"{before}.schema", "max_length"), (f"{before}.objectData", "required")]
    assert await refused(zaken, made) == expected


@pytest.mark.few("name")
@pytest.mark.parametrize(
    ("definitie", "name"),
    [
        ({"schema": ".bestaatniet"}, "schema"),
        ({"schema": ".leeg"}, "schema"),
        ({"schema": ".tekst"}, "schema"),
        ({"schema": "..("}, "schema"),
        ({"schema": "empty"}, "schema"),
        ({"schema": '{type: "onzin"}'}, "schema"),
        ({"schema": '{"$ref": "http://127.0.0.1:1/x"}'}, "object"),
        ({"schema": 'import "/etc/x" as $d; .versie.jsonSchema'}, "schema"),
        ({"schema": "input"}, "schema"),
        ({"objectData": ".bestaatniet"}, "objectData"),
        ({"objectData": "$ENV.PATH"}, "objectData"),
        ({"objectData": ")"}, "objectData"),
    ],
)
async def test_programs_that_find_nothing(
    zaken: Zaakmaker, register: Elders, definitie: dict[str, str], name: str
) -> None:
    found = await refused(zaken, await body(zaken, register, **definitie))
    whole = ("object", "invalid-schema")
    assert found == [whole if name == "object" else (f"objectTypeOverigeDefinitie.{name}", "invalid")]


async def test_the_environment_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMENZAAK_PROEF", "geheim")
    assert os.environ["SAMENZAAK_PROEF"]
    # The locale is what Python itself adds.
    assert await zaakobject_definitie.judge("deventer", {"const": {}}, ".", {}, "$ENV | del(.LC_CTYPE)") == ""


@pytest.mark.parametrize("url", ["objecttypes/niets", "objecttypes/geen-json"])
async def test_a_definition_that_cannot_be_fetched(zaken: Zaakmaker, register: Elders, url: str) -> None:
    made = await body(zaken, register, url=f"{register.base}/api/v1/{url}")
    assert await refused(zaken, made) == [("objectTypeOverigeDefinitie.url", "invalid")]


async def test_nothing_outside_the_configured_apis_is_fetched(zaken: Zaakmaker, register: Elders) -> None:
    made = await body(zaken, register, url="http://169.254.169.254/latest/meta-data")
    assert await refused(zaken, made) == [("objectTypeOverigeDefinitie.url", "invalid")]
    elsewhere = await body(zaken, register)
    elsewhere["object"] = "http://169.254.169.254/latest/meta-data"
    assert await refused(zaken, elsewhere) == [("object", "bad-url")]


@pytest.mark.few
@pytest.mark.parametrize(
    ("schema", "data", "expected"),
    [
        ("[range(1e12)]", ".", "schema"),
        (".", "last(range(1e12))", "objectData"),
        (".", '"x" * 1000000000', "objectData"),
        ('{pattern: "^(a+)+$"}', ".x", "object"),
    ],
)
async def test_programs_are_bounded_in_time_and_memory(schema: str, data: str, expected: str) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    found = {"x": "a" * 40 + "!"}
    assert await zaakobject_definitie.judge("deventer", {"type": "object"}, schema, found, data) == expected
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    # Of the processor, which a busy machine gives later and not more of. Without limits none of these would ever end.
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 10


async def test_a_machine_that_does_not_get_round_to_it_blames_nobody(
    zaken: Zaakmaker, register: Elders, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "busy.py").write_text("import time; time.sleep(60)")
    monkeypatch.setattr(zaakobject_definitie, "CHILD", tmp_path / "busy.py")
    monkeypatch.setattr(zaakobject_definitie, "SECONDS", 0.1)
    answer = await zaken.api.post(OBJECTS, await body(zaken, register))
    assert (answer.status_code, answer.json()["code"]) == (503, "service_unavailable")
    assert int(answer.headers["Retry-After"]) > 0


async def test_a_registration_has_few_programs(zaken: Zaakmaker, register: Elders) -> None:
    """Each takes a second of the processor, and the transaction waits for all of them."""
    made = await body(zaken, register)
    objects = [made] * DEFINITIES
    answer = await zaken.api.post(f"{ROOT}/zaak_registreren", registratie(zaken, zaakobjecten=objects))
    assert answer.status_code == 201, answer.text
    answer = await zaken.api.post(f"{ROOT}/zaak_registreren", registratie(zaken, zaakobjecten=[*objects, made]))
    assert errors(answer) == [("zaakobjecten", "max_length")]


async def test_slow_programs_of_one_municipality_do_not_keep_another_from_registering(
    zaken: Zaakmaker,
    raalte: Client,
    lijst: Selectielijst,
    register: Elders,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """They hold the transactions of several writes at once, of which a municipality never has all."""
    here, there = zaken, Zaakmaker(raalte, await Maak(raalte, lijst).zaaktype())
    (tmp_path / "busy.py").write_text("import time; time.sleep(60)")
    monkeypatch.setattr(zaakobject_definitie, "CHILD", tmp_path / "busy.py")
    monkeypatch.setattr(zaakobject_definitie, "SECONDS", 4.0)
    slow = registratie(here, zaakobjecten=[await body(here, register)])
    async with asyncio.TaskGroup() as group:
        many = [group.create_task(here.api.post(f"{ROOT}/zaak_registreren", slow)) for _ in range(5)]
        await asyncio.sleep(1)
        async with asyncio.timeout(2.5):
            answer = await there.api.post(f"{ROOT}/zaak_registreren", registratie(there))
        assert answer.status_code == 201, answer.text
        assert not any(task.done() for task in many)
        for task in many:
            task.cancel()
