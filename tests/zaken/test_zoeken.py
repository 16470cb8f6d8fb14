"""_zoek: criteria, rights, geometry, expand, and the choice of properties (zrc-029)."""

import json
import random
import uuid
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import shapely
from asyncpg.types import Box, Point

from tests.answers import errors
from tests.zaken.zaakmaker import Zaakmaker
from tests.zaken.zoekvragen import ZOEK, binnen, refused, urls, vierkant, zoek


async def test_every_filter_of_the_list(zaken: Zaakmaker) -> None:
    nummer, bsn = f"Z-{uuid.uuid4()}"[:40], "000000012"
    zaak = await zaken.zaak(
        identificatie=nummer,
        startdatum="2026-03-01",
        registratiedatum="2026-03-02",
        einddatumGepland="2026-04-01",
        uiterlijkeEinddatumAfdoening="2026-05-01",
        archiefactiedatum="2030-01-01",
        archiefnominatie="vernietigen",
    )
    url = f"https://personen.example/{uuid.uuid4()}"
    await zaken.rol(zaak["url"], betrokkene=url, betrokkeneIdentificatie={"inpBsn": bsn})
    criteria: list[dict[str, Any]] = [
        {"uuid__in": [zaak["uuid"], str(uuid.uuid4())]},
        {"bronorganisatie": "517439943", "bronorganisatie__in": ["517439943"]},
        {"zaaktype": zaken.types.url, "zaaktype__in": [zaken.types.url]},
        {"archiefnominatie": "vernietigen", "archiefnominatie__in": ["vernietigen", "blijvend_bewaren"]},
        {"archiefactiedatum": "2030-01-01", "archiefactiedatum__isnull": False},
        {"archiefactiedatum__lt": "2030-01-02", "archiefactiedatum__gt": "2029-12-31"},
        {"archiefstatus": "nog_te_archiveren", "archiefstatus__in": ["nog_te_archiveren"]},
        {"startdatum": "2026-03-01", "startdatum__gte": "2026-03-01", "startdatum__lte": "2026-03-01"},
        {"startdatum__gt": "2026-02-28", "startdatum__lt": "2026-03-02"},
        {"registratiedatum": "2026-03-02", "registratiedatum__gt": "2026-03-01", "registratiedatum__lt": "2026-03-03"},
        {"einddatum__isnull": True},
        {"einddatumGepland": "2026-04-01", "einddatumGepland__gt": "2026-03-31", "einddatumGepland__lt": "2026-04-02"},
        {"uiterlijkeEinddatumAfdoening": "2026-05-01", "uiterlijkeEinddatumAfdoening__lt": "2026-05-02"},
        {"uiterlijkeEinddatumAfdoening__gt": "2026-04-30", "maximaleVertrouwelijkheidaanduiding": "openbaar"},
        {"rol__betrokkeneType": "natuurlijk_persoon", "rol__betrokkene": url, "rol__omschrijvingGeneriek": "initiator"},
        {"rol__betrokkeneIdentificatie__natuurlijkPersoon__inpBsn": bsn},
    ]
    for one in criteria:
        assert urls(await zoek(zaken, {"identificatie": nummer, **one})) == [zaak["url"]], one
    misses: list[dict[str, Any]] = [
        {"uuid__in": [str(uuid.uuid4())]},
        {"zaaktype__in": []},
        {"einddatum__isnull": False},
        {"einddatum__lt": "2100-01-01"},
        {"startdatum__gt": "2026-03-01"},
        {"rol__omschrijvingGeneriek": "adviseur"},
        {"rol__betrokkeneIdentificatie__vestiging__vestigingsNummer": bsn},
    ]
    for one in misses:
        assert urls(await zoek(zaken, {"identificatie": nummer, **one})) == [], one
    assert urls(await zoek(zaken, {"identificatie": nummer, "onbekend": 1})) == [zaak["url"]]


async def test_bodies_that_are_refused(zaken: Zaakmaker) -> None:
    empty = [("nonFieldErrors", "empty_search_body")]
    for body in ({}, {"expand": "zaaktype"}, {"fields": ["url"]}, {"ordering": "startdatum"}, {"onbekend": 1}):
        assert await refused(zaken, body) == empty
    assert await refused(zaken, []) == [("nonFieldErrors", "not_a_dict")]
    for name, value, code in (
        ("startdatum", "gisteren", "invalid"),
        ("startdatum", 5, "invalid"),
        ("bronorganisatie", "123", "min_length"),
        ("archiefstatus", "weg", "invalid_choice"),
        ("uuid__in", ["x"], "invalid"),
        ("uuid__in", 5, "not_a_list"),
        ("einddatum__isnull", "misschien", "invalid"),
        ("zaaktype", {}, "invalid"),
        ("zaaktype__in", ["x"], "invalid"),
        ("rol__betrokkeneType", [], "invalid_choice"),
    ):
        assert await refused(zaken, {name: value}) == [(name, code)], name
    one = {"identificatie": "x"}
    assert await refused(zaken, {**one, "ordering": "toelichting"}) == [("ordering", "invalid_choice")]
    assert await refused(zaken, {**one, "ordering": 5}) == [("ordering", "invalid")]
    assert await refused(zaken, {**one, "expand": 5}) == [("expand", "invalid")]
    assert errors(await zaken.api.post(f"{ZOEK}?identificatie=x", one)) == [("nonFieldErrors", "unknown-parameters")]
    for header in ("Accept-Crs", "Content-Crs"):
        other = await zaken.api.post(ZOEK, one, headers={header: "EPSG:28992"})
        assert other.status_code == 406
    assert (await zaken.api.post(ZOEK, one)).headers["content-crs"] == "EPSG:4326"
    assert (await zaken.api.post(ZOEK, {**one, "expand": "onzin"})).status_code == 404


async def test_zrc_006_zoek_obeys_the_rights_of_the_list(zaken: Zaakmaker) -> None:
    x, y = 6.0 + random.random() / 10, 52.0 + random.random() / 10
    punt = {"type": "Point", "coordinates": [x, y]}
    levels = ("openbaar", "intern", "geheim")
    made = {level: await zaken.zaak(vertrouwelijkheidaanduiding=level, zaakgeometrie=punt) for level in levels}
    body = {"uuid__in": [zaak["uuid"] for zaak in made.values()]}
    around = binnen("Polygon", [vierkant(x, y, 0.001)])
    reader = await zaken.client("zaken.lezen", cap="intern")
    for criteria in (body, {**body, **around}, {**body, "fields": ["url"]}, {**body, **around, "fields": ["url"]}):
        answer = await reader.post(ZOEK, criteria)
        assert answer.json()["count"] == 2
        assert set(urls(answer.json())) == {made["openbaar"]["url"], made["intern"]["url"]}
        assert (await zoek(zaken, criteria))["count"] == 3
    other = await zaken.client("zaken.lezen", zaaktype="http://samenzaak.test/catalogi/api/v1/zaaktypen/geen")
    for criteria in (body, {**body, **around}):
        assert (await other.post(ZOEK, criteria)).json()["count"] == 0
    writer = await zaken.client("zaken.bijwerken")
    assert (await writer.post(ZOEK, body)).status_code == 403


async def test_ordering_and_pages(zaken: Zaakmaker) -> None:
    made = [
        await zaken.zaak(startdatum=f"2026-05-0{day}", zaakgeometrie={"type": "Point", "coordinates": [1, day]})
        for day in (2, 1, 3)
    ]
    body = {"uuid__in": [zaak["uuid"] for zaak in made]}
    one, two, three = (made[1]["url"], made[0]["url"], made[2]["url"])
    for extra in ({}, binnen("Polygon", [vierkant(0, 0, 10)])):
        criteria = {**body, **extra}
        assert urls(await zoek(zaken, criteria)) == [zaak["url"] for zaak in reversed(made)]
        assert urls(await zoek(zaken, {**criteria, "ordering": "startdatum"})) == [one, two, three]
        assert urls(await zoek(zaken, {**criteria, "ordering": "-startdatum,identificatie"})) == [three, two, one]
        assert urls(await zoek(zaken, {**criteria, "ordering": ["startdatum"]})) == [one, two, three]
        page = await zoek(zaken, {**criteria, "ordering": "startdatum"}, "?pageSize=2")
        assert (page["count"], urls(page), page["previous"]) == (3, [one, two], None)
        page = await zoek(zaken, {**criteria, "ordering": "startdatum"}, page["next"].partition("_zoek")[2])
        assert (page["count"], urls(page), page["next"]) == (3, [three], None)
        assert page["previous"].endswith("pageSize=2&page=1")
        assert (await zaken.api.post(f"{ZOEK}?page=9", criteria)).status_code == 404
        assert (await zaken.api.post(f"{ZOEK}?page=x", criteria)).status_code == 404


# --- Geometry ------------------------------------------------------------------------------------------------------


async def test_within_a_polygon_with_a_hole(zaken: Zaakmaker) -> None:
    x, y = random.randint(-100, -50) + 0.5, random.randint(10, 60) + 0.5
    places = {
        "in": [x + 0.08, y],
        "hole": [x, y],
        "outside": [x + 0.2, y],
        "border": [x + 0.1, y],
        "hole border": [x + 0.05, y],
        "corner": [x + 0.0999, y + 0.0999],
    }
    made = {name: await zaken.zaak(zaakgeometrie={"type": "Point", "coordinates": at}) for name, at in places.items()}
    none = await zaken.zaak()
    shapes = {
        "line inside": {"type": "LineString", "coordinates": [[x + 0.07, y - 0.05], [x + 0.07, y + 0.05]]},
        "line through the hole": {"type": "LineString", "coordinates": [[x - 0.08, y], [x + 0.08, y]]},
        "polygon around the hole": {"type": "Polygon", "coordinates": [vierkant(x, y, 0.07)]},
        "ring around the hole": {"type": "Polygon", "coordinates": [vierkant(x, y, 0.09), vierkant(x, y, 0.06)]},
        "half outside": {"type": "MultiPoint", "coordinates": [[x + 0.08, y], [x + 0.3, y]]},
        "equal": {"type": "Polygon", "coordinates": [vierkant(x, y, 0.1), vierkant(x, y, 0.05)]},
        "collection": {"type": "GeometryCollection", "geometries": [{"type": "Point", "coordinates": [x + 0.08, y]}]},
    }
    for name, shape in shapes.items():
        made[name] = await zaken.zaak(zaakgeometrie=shape)
    body = {"uuid__in": [zaak["uuid"] for zaak in (*made.values(), none)]}
    area = [vierkant(x, y, 0.1), vierkant(x, y, 0.05)]
    expected = {
        made[name]["url"] for name in ("in", "corner", "line inside", "ring around the hole", "equal", "collection")
    }
    for within in (binnen("Polygon", area), binnen("MultiPolygon", [area, [vierkant(0, 0, 0.1)]])):
        page = await zoek(zaken, {**body, **within})
        assert set(urls(page)) == expected
        assert page["count"] == len(expected)
    # Other geometries than areas hold what lies on them.
    assert urls(await zoek(zaken, {**body, **binnen("Point", places["in"])})) == [
        made["collection"]["url"],
        made["in"]["url"],
    ]
    # An area whose ring crosses itself is the area that it covers.
    bow = [[x - 0.2, y - 0.2], [x + 0.2, y + 0.2], [x + 0.2, y - 0.2], [x - 0.2, y + 0.2], [x - 0.2, y - 0.2]]
    assert made["in"]["url"] in urls(await zoek(zaken, {**body, **binnen("Polygon", [bow])}))


async def test_a_changed_geometry_is_found_at_its_new_place(zaken: Zaakmaker) -> None:
    zaak = await zaken.zaak(zaakgeometrie={"type": "Point", "coordinates": [100.5, 10.5]})
    here, there = binnen("Polygon", [vierkant(100.5, 10.5, 0.1)]), binnen("Polygon", [vierkant(110.5, 20.5, 0.1)])
    only = {"uuid__in": [zaak["uuid"]]}
    assert urls(await zoek(zaken, {**only, **here})) == [zaak["url"]]
    await zaken.api.patch(zaak["url"], {"zaakgeometrie": {"type": "Point", "coordinates": [110.5, 20.5]}})
    assert urls(await zoek(zaken, {**only, **here})) == []
    assert urls(await zoek(zaken, {**only, **there})) == [zaak["url"]]
    await zaken.api.patch(zaak["url"], {"zaakgeometrie": None})
    assert urls(await zoek(zaken, {**only, **there})) == []


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({}, ("zaakgeometrie.within", "required")),
        ({"within": None}, ("zaakgeometrie.within", "null")),
        ({"within": {"type": "Point", "coordinates": []}}, ("zaakgeometrie.within", "invalid")),
        ({"within": {"type": "Feature"}}, ("zaakgeometrie.within", "invalid")),
        ("POINT(1 1)", ("zaakgeometrie", "not_a_dict")),
    ],
)
async def test_areas_that_are_none(zaken: Zaakmaker, value: Any, expected: tuple[str, str]) -> None:
    assert await refused(zaken, {"zaakgeometrie": value}) == [expected]


NUMBER = 10_000


@pytest.fixture
async def shapes(zaken: Zaakmaker) -> AsyncIterator[list[tuple[float, float, bool]]]:
    """Ten thousand zaken at random places, some of them lines, every fourth one secret; loaded past the API."""
    rng = random.Random(7)
    made = [(rng.uniform(-10, -9), rng.uniform(-10, -9), rng.random() < 0.02) for _ in range(NUMBER)]
    geometries, boxes = [], []
    for x, y, line in made:
        end = [x + 0.01, y + 0.01] if line else [x, y]
        kind, coordinates = ("LineString", [[x, y], end]) if line else ("Point", end)
        geometries.append(json.dumps({"type": kind, "coordinates": coordinates}))
        boxes.append(Box(Point(*end), Point(x, y)))
    given = {
        "identificatie": "'GEO-' || n",
        "vertrouwelijkheidaanduiding": "CASE WHEN n % 4 = 0 THEN 'geheim' ELSE 'openbaar' END",
        "zaakgeometrie": "geo",
        "zaakgeometrie_box": "box",
        "startdatum": "date '2026-01-01' + n",
    }
    base = uuid.UUID((await zaken.zaak())["uuid"])
    async with zaken.api.stack.admin() as admin:
        await admin.execute("SET search_path TO deventer_zaken")
        rows = await admin.fetch("SELECT attname FROM pg_attribute WHERE attrelid = 'zaak'::regclass AND attnum > 0")
        names = [row["attname"] for row in rows if row["attname"] not in ("id", "uuid")]
        values = ", ".join(given.get(name, f"z.{name}") for name in names)
        source = "unnest($1::int[], $2::jsonb[], $3::box[]) AS g(n, geo, box)"
        sql = f"INSERT INTO zaak ({', '.join(names)}) SELECT {values} FROM zaak z, {source} WHERE z.uuid = $4"
        await admin.execute(sql, list(range(NUMBER)), geometries, boxes, base)
        await admin.execute("ANALYZE zaak")
        try:
            yield made
        finally:
            await admin.execute("DELETE FROM zaak WHERE identificatie LIKE 'GEO-%'")


async def test_a_large_set_is_counted_exactly(zaken: Zaakmaker, shapes: list[tuple[float, float, bool]]) -> None:
    async with zaken.api.stack.admin() as admin:
        sql = "SELECT id FROM deventer_zaken.zaak WHERE zaakgeometrie_box <@ box '(-9.5,-9.5),(-9.52,-9.52)'"
        plan = await admin.fetch(f"EXPLAIN {sql}")
        assert "zaak_zaakgeometrie_box" in " ".join(row[0] for row in plan)
    ring = [[-9.9, -9.9], [-9.2, -9.8], [-9.1, -9.1], [-9.6, -9.4], [-9.8, -9.2], [-9.9, -9.9]]
    hole = vierkant(-9.5, -9.6, 0.05)
    area = shapely.Polygon(ring, [hole])
    inside = []
    for n, (x, y, line) in enumerate(shapes):
        shape = shapely.LineString([(x, y), (x + 0.01, y + 0.01)]) if line else shapely.Point(x, y)
        if shape.within(area):
            inside.append(n)
    assert 2500 < len(inside) < 7500
    assert any(shapes[n][2] for n in inside)
    body = {**binnen("Polygon", [ring, hole]), "ordering": "startdatum"}
    page = await zoek(zaken, body)
    assert page["count"] == len(inside)
    assert [item["identificatie"] for item in page["results"]] == [f"GEO-{n}" for n in inside[:100]]
    deep = await zoek(zaken, body, "?page=21")
    assert [item["identificatie"] for item in deep["results"]] == [f"GEO-{n}" for n in inside[2000:2100]]
    reader = await zaken.client("zaken.lezen", cap="openbaar")
    open_ones = [n for n in inside if n % 4]
    answer = await reader.post(ZOEK, body)
    assert answer.json()["count"] == len(open_ones)
    assert [item["identificatie"] for item in answer.json()["results"]] == [f"GEO-{n}" for n in open_ones[:100]]


# --- Expand and fields ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
async def dossier(zaken: Zaakmaker) -> dict[str, Any]:
    """A zaak with a status, a rol and a hoofdzaak."""
    zaak = await zaken.zaak(zaakgeometrie={"type": "Point", "coordinates": [-33.3, 33.3]}, omschrijving="Feest")
    await zaken.status(zaak["url"])
    await zaken.rol(zaak["url"])
    return await zaken.lees(zaak)


async def test_expand_in_body_and_query(zaken: Zaakmaker, dossier: dict[str, Any]) -> None:
    only = {"uuid__in": [dossier["uuid"]]}
    area = binnen("Polygon", [vierkant(-33.3, 33.3, 0.1)])
    for body, query in (
        ({"expand": "status.statustype,rollen"}, ""),
        ({}, "?expand=status.statustype,rollen"),
        ({"expand": "status.statustype,rollen", **area}, ""),
    ):
        (item,) = (await zoek(zaken, {**only, **body}, query))["results"]
        assert set(item["_expand"]) == {"status", "rollen"}
        assert item["_expand"]["status"]["_expand"]["statustype"]["url"] == zaken.types.statustypen[0]
        assert [rol["url"] for rol in item["_expand"]["rollen"]] == dossier["rollen"]


async def test_zrc_029_fields(zaken: Zaakmaker, dossier: dict[str, Any]) -> None:
    async def found(fields: list[Any], **extra: Any) -> Any:
        (item,) = (await zoek(zaken, {"uuid__in": [dossier["uuid"]], "fields": fields, **extra}))["results"]
        return item

    assert await found(["identificatie", "OMSCHRIJVING"]) == {
        "identificatie": dossier["identificatie"],
        "omschrijving": "Feest",
    }
    assert await found(["*"]) == dossier
    area = binnen("Polygon", [vierkant(-33.3, 33.3, 0.1)])
    for extra in ({}, area):
        item = await found(["url", {"status": ["datumstatusgezet", {"statustype": ["omschrijving"]}]}], **extra)
        assert set(item) == {"url", "_expand"}
        status = item["_expand"]["status"]
        assert set(status) == {"datumStatusGezet", "_expand"}
        assert status["_expand"] == {"statustype": {"omschrijving": "Ontvangen"}}
    item = await found([{"rollen": ["omschrijvingGeneriek", "betrokkeneIdentificatie"], "hoofdzaak": ["url"]}])
    assert item["_expand"]["hoofdzaak"] == {}
    (rol,) = item["_expand"]["rollen"]
    assert (rol["omschrijvingGeneriek"], rol["betrokkeneIdentificatie"]["inpBsn"]) == ("initiator", "111222333")
    assert await found([{"opschorting": ["reden"]}]) == {"opschorting": {"reden": ""}}
    # A relation that is named twice is chosen once, with all that is asked of it.
    twice = await found([{"status": ["url", {"zaak": ["uuid"]}]}, {"Status": [{"zaak": ["omschrijving"]}]}])
    assert twice["_expand"]["status"] == {
        "url": dossier["status"],
        "_expand": {"zaak": {"uuid": dossier["uuid"], "omschrijving": "Feest"}},
    }
    whole = await found([{"zaaktype": ["*"]}])
    assert whole == {"_expand": {"zaaktype": (await zaken.api.get(zaken.types.url)).json()}}


async def test_zrc_029_fields_that_are_refused(zaken: Zaakmaker, dossier: dict[str, Any]) -> None:
    only = {"uuid__in": [dossier["uuid"]]}
    both = {**only, "fields": ["url"], "expand": "status"}
    assert await refused(zaken, both) == [("fields", "invalid")]
    wrongs: list[Any] = ["url", {"url": 1}, [5], [{"status": "url"}], [[]], [{"status": [None]}]]
    for wrong in wrongs:
        assert await refused(zaken, {**only, "fields": wrong}) == [("fields", "invalid")]
    for unknown in (
        ["onzin"],
        [{"onzin": ["url"]}],
        [{"status": ["onzin"]}],
        [{"zaaktype": ["onzin"]}],
        [{"identificatie": ["x"]}],
    ):
        answer = await zaken.api.post(ZOEK, {**only, "fields": unknown})
        assert (answer.status_code, answer.json()["code"]) == (404, "invalid-expand-field")
    deep: list[Any] = ["url"]
    for _ in range(30):
        deep = [{"hoofdzaak": deep}]
    assert await refused(zaken, {**only, "fields": deep}) == [("fields", "invalid")]


async def test_fields_show_nothing_that_the_client_may_not_read(zaken: Zaakmaker) -> None:
    secret = await zaken.zaak(vertrouwelijkheidaanduiding="geheim", omschrijving="geheim")
    other = await zaken.zaak(relevanteAndereZaken=[{"url": secret["url"], "aardRelatie": "vervolg"}])
    reader = await zaken.client("zaken.lezen", cap="openbaar")
    answer: httpx.Response = await reader.post(
        ZOEK, {"uuid__in": [other["uuid"]], "fields": [{"relevanteAndereZaken": ["omschrijving"]}]}
    )
    assert answer.json()["results"] == [{"_expand": {"relevanteAndereZaken": []}}]
