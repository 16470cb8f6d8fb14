"""Geometries made to cost time and memory: what is searched in, what is searched through, and who waits for it."""

import asyncio
import math
import threading
from typing import Any

import pytest

from services.zaken import zoeken
from services.zaken.geometrie import MAX_MEETINGS, is_tangled, meetings, shape_of
from services.zaken.zoeken import BYTES_AT_ONCE, judged, portions, shapes_hit
from tests.answers import errors
from tests.waiting import until
from tests.zaken.zaakmaker import Zaakmaker
from tests.zaken.zoekvragen import ZOEK, binnen, urls, zoek

MANY = 18_000


def spiral(corners: int, wider: float = 0.0) -> list[list[float]]:
    """Return a line that goes around in squares without crossing itself."""
    turns = (
        (math.cos(i * math.pi / 2) * (i + wider), math.sin(i * math.pi / 2) * (i + wider)) for i in range(2, corners)
    )
    return [[5 + x / MANY, 52 + y / MANY] for x, y in turns]


def square(half: float, x: float = 5.0, y: float = 52.0) -> list[list[float]]:
    """Return a ring."""
    return [
        [x - half, y - half],
        [x + half, y - half],
        [x + half, y + half],
        [x - half, y + half],
        [x - half, y - half],
    ]


def winding() -> list[list[float]]:
    """Return the ring of a spiral with a width."""
    there, back = spiral(MANY // 2), spiral(MANY // 2, -0.5)[::-1]
    return [*there, *back, there[0]]


COSTLY: dict[str, dict[str, Any]] = {
    "a spiral": {"type": "Polygon", "coordinates": [winding()]},
    "a spiral that is a line": {"type": "LineString", "coordinates": spiral(MANY)},
    "rings in rings": {"type": "MultiPolygon", "coordinates": [[square(0.5 + i / 1e4)] for i in range(3_500)]},
    "holes in holes": {"type": "Polygon", "coordinates": [square(2), *(square(0.5 + i / 1e4) for i in range(3_500))]},
    "lines beside each other": {
        "type": "MultiLineString",
        "coordinates": [[[4, 51 + i / 1e4], [5, 52 + i / 1e4]] for i in range(9_000)],
    },
    "collections in collections": {
        "type": "GeometryCollection",
        "geometries": [
            {
                "type": "GeometryCollection",
                "geometries": [
                    {"type": "MultiLineString", "coordinates": [square(0.5 + i / 1e4) for i in range(3_500)]}
                ],
            }
        ],
    },
}


def circle(corners: int) -> list[list[float]]:
    """Return a ring of many short sides, as that of a municipality."""
    angles = [i * 2 * math.pi / corners for i in range(corners)]
    away = [0.3 + 0.05 * math.sin(40 * angle) for angle in angles]
    ring = [[5 + r * math.cos(a), 52 + r * math.sin(a)] for a, r in zip(angles, away, strict=True)]
    return [*ring, ring[0]]


REAL: dict[str, dict[str, Any]] = {
    "a border": {"type": "Polygon", "coordinates": [circle(MANY)]},
    "buildings": {
        "type": "MultiPolygon",
        "coordinates": [[square(0.002, 4 + i % 60 / 100, 51 + i // 60 / 100)] for i in range(3_500)],
    },
    "streets": {
        "type": "MultiLineString",
        "coordinates": [[[4 + i / 100, 51], [4 + i / 100, 52]] for i in range(1_000)],
    },
    "steps": {"type": "LineString", "coordinates": [[4 + i // 2 / 1e4, 51 + (i + 1) // 2 / 1e4] for i in range(MANY)]},
    "points": {"type": "MultiPoint", "coordinates": circle(MANY)[:-1]},
}


@pytest.mark.few
@pytest.mark.parametrize("kind", COSTLY)
async def test_an_area_whose_sides_all_meet_is_refused(zaken: Zaakmaker, kind: str) -> None:
    """One spiral took a processor for twenty seconds, six of them every thread of the process."""
    area = COSTLY[kind]
    answer = await zaken.api.post(ZOEK, {"zaakgeometrie": {"within": area}})
    assert errors(answer) == [("zaakgeometrie.within", "invalid")]
    assert meetings(shape_of(area)) > MAX_MEETINGS


@pytest.mark.parametrize("kind", REAL)
def test_an_area_of_many_positions_that_is_real_is_searched_in(kind: str) -> None:
    assert not is_tangled(REAL[kind])


async def test_what_lies_within_a_spiral_is_found_when_it_is_small(zaken: Zaakmaker) -> None:
    line = {"type": "LineString", "coordinates": spiral(600)}
    zaak = await zaken.zaak(zaakgeometrie=line)
    only = {"uuid__in": [zaak["uuid"]]}
    assert urls(await zoek(zaken, {**only, **binnen("Polygon", [square(0.1)])})) == [zaak["url"]]
    assert urls(await zoek(zaken, {**only, **binnen("Polygon", [square(0.001)])})) == []


class Stored:
    """Answers as the database does, and remembers how many bytes it gave at once."""

    def __init__(self, geometries: dict[int, str]) -> None:
        self.geometries = geometries
        self.given: list[int] = []

    async def rows(self, statement: Any) -> list[dict[str, Any]]:
        """Return sizes, or geometries of the numbers in the statement."""
        if "bytes" in statement.selected_columns:
            return [{"id": number, "bytes": len(text)} for number, text in self.geometries.items()]
        numbers = next(value for value in statement.compile().params.values() if isinstance(value, list))
        self.given.append(sum(len(self.geometries[number]) for number in numbers))
        return [{"id": number, "geometry": self.geometries[number]} for number in numbers]


async def test_stored_geometries_are_read_a_few_at_a_time() -> None:
    """Two hundred and fifty large ones together stopped every municipality for ten seconds, and took 300 MB."""
    line = '{"type": "LineString", "coordinates": [' + ", ".join(["[5, 52]", "[5.1, 52.1]"] * 8_000) + "]}"
    point = '{"type": "MultiPoint", "coordinates": [[5, 52]]}'
    stored = Stored({number: line if number % 3 else point for number in range(60)})
    area = shape_of({"type": "Polygon", "coordinates": [square(1)]})
    hit = await shapes_hit(stored, "deventer", list(range(60)), area)  # type: ignore[arg-type]
    assert hit == [True] * 60
    assert len(stored.given) > 10
    assert max(stored.given) <= BYTES_AT_ONCE


def test_portions_have_everything_once() -> None:
    sizes = {1: BYTES_AT_ONCE * 3, 2: 1, 3: BYTES_AT_ONCE, 4: BYTES_AT_ONCE - 1, 5: 1, 6: 0, 7: 1}
    assert list(portions(sizes)) == [[1], [2], [3], [4, 5, 6], [7]]
    assert list(portions({})) == []


async def test_a_municipality_has_one_geometry_judged_at_a_time() -> None:
    """The threads of the process, which store documents, are not used, and another municipality goes on."""
    at_work: list[str] = []
    go_on = threading.Event()

    def judge(tenant: str) -> str:
        at_work.append(tenant)
        assert threading.current_thread().name.startswith("geometrie")
        assert go_on.wait(20)
        return tenant

    many = [asyncio.create_task(judged("deventer", judge, "deventer")) for _ in range(20)]
    other = asyncio.create_task(judged("raalte", judge, "raalte"))
    await until(lambda: len(at_work) == 2)
    assert sorted(at_work) == ["deventer", "raalte"]
    await asyncio.to_thread(lambda: None)
    go_on.set()
    assert await asyncio.gather(*many, other) == ["deventer"] * 20 + ["raalte"]
    del many, other
    assert "raalte" not in zoeken.PLACES._turns
