"""Geometries whose rings cross themselves: the answers of repaired ones, without the minutes that repairing takes."""

import random
import time
from typing import Any

import orjson
import pytest
import shapely

from services.zaken.geometrie import MAX_POSITIONS, MAX_TANGLED, points_within, shape_of, shapes_within
from tests.answers import errors
from tests.zaken.test_zoeken import ZOEK, binnen, urls, zoek
from tests.zaken.zaakmaker import Zaakmaker

TOO_LONG = 25.0


def knot(rng: random.Random, corners: int, x: float = 5.0, y: float = 52.0, half: float = 2.0) -> dict[str, Any]:
    """Return a polygon of random corners."""
    ring = [[x + rng.uniform(-half, half), y + rng.uniform(-half, half)] for _ in range(corners)]
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


def text(geometry: dict[str, Any]) -> str:
    """Return GeoJSON."""
    return orjson.dumps(geometry).decode()


def test_an_area_that_crosses_itself_is_judged_as_when_it_is_repaired() -> None:
    rng, crossed = random.Random(1), 0
    for _ in range(200):
        area = shape_of(knot(rng, rng.choice((4, 5, 6, 8))))
        repaired = shapely.make_valid(area)
        crossed += not shapely.is_valid(area)
        xs = [rng.uniform(3, 7) for _ in range(50)]
        ys = [rng.uniform(50, 54) for _ in range(50)]
        assert (points_within(xs, ys, area) == shapely.contains_xy(repaired, xs, ys)).all()
        lines = [
            {"type": "LineString", "coordinates": [[x, y], [x + rng.uniform(-0.3, 0.3), y + rng.uniform(-0.3, 0.3)]]}
            for x, y in zip(xs[:10], ys[:10], strict=True)
        ]
        expected = shapely.contains(repaired, [shape_of(line) for line in lines])
        assert (shapes_within([text(line) for line in lines], area) == expected).all()
    assert crossed > 100


def test_a_shape_that_crosses_itself_is_judged_as_when_it_is_repaired() -> None:
    rng, found = random.Random(2), 0
    area = shape_of({"type": "Polygon", "coordinates": [[[3, 50], [7, 50], [7, 54], [3, 54], [3, 50]]]})
    for _ in range(300):
        shape = knot(rng, rng.choice((4, 5, 6, 8)), rng.uniform(3, 7), rng.uniform(50, 54), rng.uniform(0.1, 1))
        (inside,) = shapes_within([text(shape)], area)
        assert inside == shapely.contains(area, shapely.make_valid(shape_of(shape)))
        found += inside
    assert 30 < found < 270


@pytest.mark.parametrize("kind", ["knot", "on one line"])
async def test_the_most_tangled_geometry_takes_no_time(zaken: Zaakmaker, kind: str) -> None:
    rng = random.Random(3)
    tangled = knot(rng, MAX_POSITIONS - 1, -120.0, 60.0)
    if kind == "on one line":
        tangled["coordinates"] = [[[x, 60.0] for x, _ in tangled["coordinates"][0]]]
    began = time.monotonic()
    zaak = await zaken.zaak(zaakgeometrie=tangled)
    only = {"uuid__in": [zaak["uuid"]]}
    around = [[-123, 57], [-117, 57], [-117, 63], [-123, 63], [-123, 57]]
    assert urls(await zoek(zaken, {**only, **binnen("Polygon", [around])})) == [zaak["url"]]
    # As an area to search in it is refused, unless it is small.
    body = {**only, **binnen("Polygon", tangled["coordinates"])}
    assert errors(await zaken.api.post(ZOEK, body)) == [("zaakgeometrie.within", "invalid")]
    small = tangled["coordinates"][0][: MAX_TANGLED - 1]
    await zoek(zaken, {**only, **binnen("Polygon", [[*small, small[0]]])})
    assert time.monotonic() - began < TOO_LONG
