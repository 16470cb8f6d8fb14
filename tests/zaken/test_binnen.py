"""What lies within an area: holes, parts, borders, the edge of the map, and areas that are hardly any."""

import random
from typing import Any

import numpy
import pytest
import shapely

from services.zaken.geometrie import MANY, SQUARES, points_within, shape_of
from tests.zaken.zaakmaker import ZAKEN, Zaakmaker

ZOEK = f"{ZAKEN}/_zoek"


def star(rng: random.Random, x: float, y: float, size: float, corners: int) -> list[list[float]]:
    """Return a ring of irregular distance around a point."""
    angles = sorted(rng.uniform(0, 2 * numpy.pi) for _ in range(corners))
    away = [size * rng.uniform(0.4, 1) for _ in angles]
    ring = [[x + r * float(numpy.cos(a)), y + r * float(numpy.sin(a))] for a, r in zip(angles, away, strict=True)]
    return [*ring, ring[0]]


def polygon(rng: random.Random, x: float, y: float) -> list[list[list[float]]]:
    """Return a polygon with two holes."""
    holes = [star(rng, x + dx, y, 0.05, 7) for dx in (-0.1, 0.1)]
    return [star(rng, x, y, 0.5, 40), *holes]


def area_of(seed: int) -> dict[str, Any]:
    """Return an area of one of several kinds."""
    rng = random.Random(seed)
    parts = [polygon(rng, x, y) for x, y in ((0, 0), (1.1, 0.2), (0.3, 1.2))]
    kinds: list[dict[str, Any]] = [
        {"type": "Polygon", "coordinates": parts[0]},
        {"type": "MultiPolygon", "coordinates": parts},
        # Crosses itself.
        {"type": "Polygon", "coordinates": [[[-1, -1], [1, 1], [1, -1], [-1, 1], [-1, -1]]]},
        {"type": "Polygon", "coordinates": [[[0, 0], [1, 1e-9], [2, 0], [0, 0]]]},
        {"type": "Polygon", "coordinates": [[[-180, -90], [180, -90], [180, 90], [-180, 90], [-180, -90]]]},
        {"type": "LineString", "coordinates": [[0, 0], [1, 1]]},
    ]
    return kinds[seed % len(kinds)]


@pytest.mark.parametrize("seed", range(24))
def test_many_points_are_judged_as_each_of_them_would_be(seed: int) -> None:
    """The squares change nothing: not inside, not on the border of the area, not on their own edges."""
    rng = numpy.random.default_rng(seed)
    area = shape_of(area_of(seed))
    left, low, right, high = shapely.bounds(area)
    xs = rng.uniform(left - 0.1, right + 0.1, 2 * MANY)
    ys = rng.uniform(low - 0.1, high + 0.1, 2 * MANY)
    edges = numpy.arange(SQUARES + 1) / SQUARES
    grid_x, grid_y = numpy.meshgrid(left + (right - left) * edges, low + (high - low) * edges)
    corners = shapely.get_coordinates(area)
    xs = numpy.concatenate([xs, grid_x.ravel(), corners[:, 0], xs[:1000]])
    ys = numpy.concatenate([ys, grid_y.ravel(), corners[:, 1], rng.choice(grid_y.ravel(), 1000)])
    expected = shapely.contains_xy(area, xs, ys)
    assert (points_within(xs, ys, area) == expected).all()
    assert (points_within(xs[:10], ys[:10], area) == expected[:10]).all()


def square(x: float, y: float, size: float) -> list[list[float]]:
    """Return a ring."""
    return [
        [x - size, y - size],
        [x + size, y - size],
        [x + size, y + size],
        [x - size, y + size],
        [x - size, y - size],
    ]


AREAS: dict[str, tuple[str, Any, set[str]]] = {
    "both sides of the date line": (
        "MultiPolygon",
        [
            [[[170, 10], [180, 10], [180, 20], [170, 20], [170, 10]]],
            [[[-180, 10], [-170, 10], [-170, 20], [-180, 20], [-180, 10]]],
        ],
        {"east", "west", "across"},
    ),
    "an island in a hole": (
        "MultiPolygon",
        [[square(100, 0, 3), square(100, 0, 2)], [square(100, 0, 1)]],
        {"ring", "island"},
    ),
    "a hole that touches the border": (
        "Polygon",
        [square(100, 0, 3), [[97, 0], [99, -1], [99, 1], [97, 0]]],
        {"island"},
    ),
    "parts that overlap": ("MultiPolygon", [[square(100, 0, 2)], [square(101, 0, 2)]], {"island"}),
    "no area at all": ("Polygon", [[[99, 0], [100, 0], [101, 0], [99, 0]]], set()),
    "one place, four times": ("Polygon", [[[100, 0], [100, 0], [100, 0], [100, 0]]], set()),
    "the whole world": (
        "Polygon",
        [[[-180, -90], [180, -90], [180, 90], [-180, 90], [-180, -90]]],
        {"east", "west", "across", "ring", "island"},
    ),
}
PLACES: dict[str, dict[str, Any]] = {
    "east": {"type": "Point", "coordinates": [179.5, 15]},
    "west": {"type": "Point", "coordinates": [-179.5, 15]},
    "across": {"type": "MultiPoint", "coordinates": [[179.5, 15], [-179.5, 15]]},
    "date line": {"type": "Point", "coordinates": [180, 15]},
    "ring": {"type": "Point", "coordinates": [97.5, 0]},
    "island": {"type": "Point", "coordinates": [100, 0]},
}  # fmt: skip


@pytest.mark.parametrize("name", list(AREAS))
async def test_special_areas(zaken: Zaakmaker, name: str) -> None:
    kind, coordinates, expected = AREAS[name]
    made = {place: await zaken.zaak(zaakgeometrie=shape) for place, shape in PLACES.items()}
    within = {"type": kind, "coordinates": coordinates}
    body = {"uuid__in": [zaak["uuid"] for zaak in made.values()], "zaakgeometrie": {"within": within}}
    answer = await zaken.api.post(ZOEK, body)
    assert answer.status_code == 200, answer.text
    found = {zaak["url"] for zaak in answer.json()["results"]}
    assert {place for place, zaak in made.items() if zaak["url"] in found} == expected
    assert answer.json()["count"] == len(expected)
