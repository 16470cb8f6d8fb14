"""What one request reads and answers has a bound in bytes, however large the objects are."""

import uuid
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from runtime.statements import Executor
from tests.answers import errors
from tests.stack import Stack
from tests.zaken.zaakmaker import ZAKEN, Zaakmaker, besluit
from zgw import audit

MIB = 1024**2


async def large(zaken: Zaakmaker, number: int = 28_000) -> dict[str, Any]:
    """Return a zaak from before lists had a maximum, with 340 bytes for each of its kenmerken."""
    zaak = await zaken.zaak(kenmerken=[{"kenmerk": "a", "bron": "b"}])
    await enlarge(zaken, zaak, number)
    return zaak


async def enlarge(zaken: Zaakmaker, zaak: dict[str, Any], number: int) -> None:
    """Give a zaak many kenmerken, past the API."""
    async with zaken.api.stack.admin() as admin:
        sql = (
            "UPDATE deventer_zaken.zaak SET kenmerken = (SELECT jsonb_agg(jsonb_build_object('kenmerk',"
            " repeat('😀', 40), 'bron', repeat('😀', 40))) FROM generate_series(1, $2) n) WHERE uuid = $1"
        )
        await admin.execute(sql, uuid.UUID(zaak["uuid"]), number)


@pytest.fixture(scope="module", autouse=True)
async def small_again(stack: Stack) -> AsyncIterator[None]:
    """Leave no large zaken to the lists of others."""
    yield
    async with stack.admin() as admin:
        await admin.execute(
            "UPDATE deventer_zaken.zaak SET kenmerken = '[]' WHERE pg_column_size(kenmerken) > 10000"
            " OR octet_length(kenmerken::text) > 1000000"
        )


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of what the services read from here on: of each statement, its texts and documents together."""
    found: list[int] = []

    def size(value: Any) -> int:
        return (
            len(value) if isinstance(value, str) else len(orjson.dumps(value)) if isinstance(value, list | dict) else 8
        )

    real_rows, real_row = Executor.rows, Executor.row

    async def rows(self: Executor, statement: Any) -> Any:
        result = await real_rows(self, statement)
        found.append(sum(size(value) for row in result for value in row.values()))
        return result

    async def row(self: Executor, statement: Any) -> Any:
        result = await real_row(self, statement)
        found.append(sum(size(value) for value in result.values()) if result else 0)
        return result

    monkeypatch.setattr(Executor, "rows", rows)
    monkeypatch.setattr(Executor, "row", row)
    return found


# --- Changing and the trail ------------------------------------------------------------------------------------------


@pytest.mark.long
async def test_the_trail_of_a_large_zaak_is_read_in_parts(zaken: Zaakmaker, reads: list[int]) -> None:
    zaak = await large(zaken)
    for number in range(2):
        answer = await zaken.api.patch(zaak["url"], {"toelichting": f"keer {number}"})
        assert (answer.status_code, len(answer.json()["kenmerken"])) == (200, 28_000)
    await zaken.rol(zaak["url"])
    own = await zaken.client("zaken.lezen", "audittrails.lezen")
    for reader in (zaken.api, own):
        reads.clear()
        trail = await reader.get(f"{zaak['url']}/audittrail")
        assert trail.status_code == 200
        assert len(trail.content) > 30 * MIB
        assert max(reads) < 2 * MIB
        entries = trail.json()
        assert [entry["actie"] for entry in entries] == ["create", "partial_update", "partial_update", "create"]
        assert [entry["wijzigingen"]["nieuw"].get("toelichting") for entry in entries[1:3]] == ["keer 0", "keer 1"]
        assert {entry["hoofdObject"] for entry in entries} == {zaak["url"]}
        one = await reader.get(f"{zaak['url']}/audittrail/{entries[2]['uuid']}")
        assert one.json() == entries[2]
        assert max(reads) < 2 * MIB


@pytest.mark.parametrize(
    ("at_once", "small", "part"),
    [pytest.param(1, 10, 1, marks=pytest.mark.long), (2, 10, 7), (100, 10, 64), (3, 1_000_000, 1)],
)
async def test_a_trail_in_parts_is_the_same(
    zaken: Zaakmaker, monkeypatch: pytest.MonkeyPatch, at_once: int, small: int, part: int
) -> None:
    """Addresses of our own are stored without their host, and may lie on both sides of a cut."""
    zaak = await zaken.zaak(omschrijving='"', toelichting="é\ue000/😀")
    await zaken.rol(zaak["url"])
    await zaken.api.patch(zaak["url"], {"omschrijving": "b"})
    url = f"{zaak['url']}/audittrail"
    whole = await zaken.api.get(url)
    assert whole.text.count(zaak["url"]) > 5
    assert "\ue000" in whole.json()[0]["wijzigingen"]["nieuw"]["toelichting"]
    for name, value in (("AT_ONCE", at_once), ("SMALL", small), ("PART", part)):
        monkeypatch.setattr(audit, name, value)
    assert (await zaken.api.get(url)).content == whole.content
    reader = await zaken.client("zaken.lezen", "audittrails.lezen")
    assert (await reader.get(url)).content == whole.content
    for entry in whole.json():
        assert (await zaken.api.get(f"{url}/{entry['uuid']}")).json() == entry
    assert (await zaken.api.get(f"{url}/{uuid.uuid4()}")).status_code == 404


# --- expand and pages ------------------------------------------------------------------------------------------------


@pytest.mark.long
async def test_an_object_that_is_written_many_times_counts_each_time(zaken: Zaakmaker) -> None:
    zaak = await large(zaken)
    for _ in range(4):
        await zaken.rol(zaak["url"], roltype=zaken.types.roltypen["belanghebbende"])
    # Once inside itself is possible, four times is too much, and so is each round of a circle.
    fine = await zaken.api.get(f"{zaak['url']}?expand=zaaktype")
    assert fine.status_code == 200
    assert len(fine.content) > 9 * MIB
    for path in ("rollen.zaak", "rollen.zaak.rollen.zaak", ".".join(["rollen", "zaak"] * 10)):
        answer = await zaken.api.get(f"{zaak['url']}?expand={path}")
        assert errors(answer) == [("expand", "answer-too-large")], path
        assert "MiB" in answer.text


async def test_a_list_through_another_service_counts_as_well(zaken: Zaakmaker) -> None:
    zaak = await large(zaken)
    for _ in range(2):
        made = await besluit(zaken, zaak["url"])
    answer = await zaken.api.get(f"{made['url']}?expand=zaak.rollen")
    assert answer.status_code == 200
    answer = await zaken.api.get(f"/besluiten/api/v1/besluiten?zaak={zaak['url']}&expand=zaak")
    assert answer.status_code == 200
    answer = await zaken.api.get(f"{zaak['url']}/besluiten?expand=besluit.zaak")
    assert errors(answer) == [("expand", "answer-too-large")]


async def test_a_page_of_large_zaken_is_refused_before_it_is_read(zaken: Zaakmaker, reads: list[int]) -> None:
    own = Zaakmaker(zaken.api, zaken.types)
    organisation = "123456782"
    zaken_ = [await own.zaak(bronorganisatie=organisation) for _ in range(4)]
    for zaak in zaken_[:3]:
        await enlarge(own, zaak, 28_000)
    reads.clear()
    url = f"{ZAKEN}?bronorganisatie={organisation}"
    for extra in ("", "&expand=zaaktype", "&ordering=startdatum"):
        answer = await own.api.get(url + extra)
        assert errors(answer) == [("pageSize", "answer-too-large")], extra
        assert max(reads) < 1 * MIB
    found = []
    for page in range(1, 5):
        answer = await own.api.get(f"{url}&pageSize=1&page={page}")
        assert answer.status_code == 200
        (item,) = answer.json()["results"]
        found.append((item["url"], len(item["kenmerken"])))
        assert "_large" not in item
    assert found == [(zaak["url"], 28_000 if zaak in zaken_[:3] else 0) for zaak in reversed(zaken_)]
    whole = await own.api.get(found[1][0])
    assert (await own.api.get(f"{url}&pageSize=1&page=2")).json()["results"] == [whole.json()]
    assert (await own.api.get(f"{url}&pageSize=1&page=2&expand=hoofdzaak")).json()["results"][0]["kenmerken"]
    point = {"type": "Polygon", "coordinates": [[[4, 50], [7, 50], [7, 54], [4, 54], [4, 50]]]}
    for zaak in zaken_:
        await own.api.patch(zaak["url"], {"zaakgeometrie": {"type": "Point", "coordinates": [5.5, 52.5]}})
    reads.clear()
    body = {"zaakgeometrie": {"within": point}, "bronorganisatie": organisation}
    answer = await own.api.post(f"{ZAKEN}/_zoek", body)
    assert errors(answer) == [("pageSize", "answer-too-large")]
    assert max(reads) < 1 * MIB


@pytest.mark.parametrize("number", [10, 200, 1000])
async def test_somewhat_large_objects_are_shown_as_ever(zaken: Zaakmaker, number: int) -> None:
    zaak = await zaken.zaak(bronorganisatie="111222333")
    await enlarge(zaken, zaak, number)
    one = (await zaken.api.get(zaak["url"])).json()
    listed = (await zaken.api.get(f"{ZAKEN}?bronorganisatie=111222333&identificatie={zaak['identificatie']}")).json()
    assert listed["results"] == [one]
    expanded = (await zaken.api.get(f"{ZAKEN}?identificatie={zaak['identificatie']}&expand=hoofdzaak")).json()
    assert expanded["results"] == [{**one, "_expand": {"hoofdzaak": {}}}]


async def test_a_list_without_pages_is_sent_in_parts(zaken: Zaakmaker, reads: list[int]) -> None:
    """Whoever cannot ask for a smaller page gets all of it, a few at a time."""
    zaak = await zaken.zaak()
    eigenschap = await zaken.eigenschap(zaak["url"], "kleur", "rood")
    async with zaken.api.stack.admin() as admin:
        sql = (
            "INSERT INTO deventer_zaken.zaakeigenschap (zaak, eigenschap, naam, waarde) SELECT zaak, eigenschap, naam,"
            " repeat(md5(random()::text), 131072) FROM deventer_zaken.zaakeigenschap, generate_series(1, 8)"
            " WHERE uuid = $1"
        )
        await admin.execute(sql, uuid.UUID(eigenschap["uuid"]))
    reads.clear()
    answer = await zaken.api.get(f"{zaak['url']}/zaakeigenschappen")
    assert answer.status_code == 200
    items = answer.json()
    assert [len(item["waarde"]) for item in items] == [4 * MIB] * 8 + [4]
    assert items[-1]["url"] == eigenschap["url"]
    assert set(items[0]) == set(items[-1]) == set((await zaken.api.get(items[0]["url"])).json())
    assert max(reads) <= 17 * MIB
