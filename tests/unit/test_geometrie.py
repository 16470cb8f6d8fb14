"""Geometries whose rings cross themselves: the answers of repaired ones."""

import random

import shapely

from services.zaken.geometrie import points_within, shape_of, shapes_within
from tests.shapes import knot, text


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
