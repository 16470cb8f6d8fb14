"""Geometry: GeoJSON in, and its bounding box."""

from typing import Any

import pytest

from services.zaken.geometrie import MAX_POSITIONS, box_of
from tests.zaken.zaakmaker import Zaakmaker

RING = [[6.0, 52.0], [6.2, 52.0], [6.2, 52.2], [6.0, 52.2], [6.0, 52.0]]
HOLE = [[6.05, 52.05], [6.15, 52.05], [6.15, 52.15], [6.05, 52.15], [6.05, 52.05]]

GELDIG: list[dict[str, Any]] = [
    {"type": "Point", "coordinates": [6, 52.25]},
    {"type": "MultiPoint", "coordinates": [[6.1, 52.1]]},
    {"type": "LineString", "coordinates": [[6.1, 52.1], [6.2, 52.2]]},
    {"type": "MultiLineString", "coordinates": [[[6.1, 52.1], [6.2, 52.2]], [[5, 52], [5.5, 52.5]]]},
    {"type": "Polygon", "coordinates": [RING, HOLE]},
    {"type": "MultiPolygon", "coordinates": [[RING, HOLE], [RING]]},
    {
        "type": "GeometryCollection",
        "geometries": [{"type": "Point", "coordinates": [-180, -90]}, {"type": "Point", "coordinates": [180, 90]}],
    },
]


def punt(*coordinates: Any) -> dict[str, Any]:
    """Return a point."""
    return {"type": "Point", "coordinates": list(coordinates)}


def nested(depth: int) -> dict[str, Any]:
    """Return collections inside each other."""
    made = punt(6, 52)
    for _ in range(depth):
        made = {"type": "GeometryCollection", "geometries": [made]}
    return made


ONGELDIG: list[Any] = [
    {},
    {"type": []},
    {"type": "Circle", "coordinates": [6, 52]},
    {"type": "Feature", "geometry": punt(6, 52), "properties": {}},
    {"type": "FeatureCollection", "features": []},
    {"type": "Point"},
    {"type": "Point", "geometries": [6, 52]},
    punt(),
    punt(6),
    punt(6, 52, 1),
    punt("6", "52"),
    punt(True, 52),
    punt(None, 52),
    punt([6], [52]),
    punt(180.1, 52),
    punt(6, -90.1),
    punt(10**18, 52),
    {"type": "MultiPoint", "coordinates": []},
    {"type": "MultiPoint", "coordinates": [6, 52]},
    {"type": "LineString", "coordinates": [[6, 52]]},
    {"type": "MultiLineString", "coordinates": [[6, 52], [6, 53]]},
    {"type": "Polygon", "coordinates": []},
    {"type": "Polygon", "coordinates": RING},
    {"type": "Polygon", "coordinates": [RING[:-1]]},
    {"type": "Polygon", "coordinates": [[RING[0], RING[1], RING[0]]]},
    {"type": "MultiPolygon", "coordinates": [RING]},
    {"type": "GeometryCollection", "geometries": []},
    {"type": "GeometryCollection", "coordinates": [[6, 52]]},
    {"type": "GeometryCollection", "geometries": [punt(6)]},
    nested(5),
    {"type": "MultiPoint", "coordinates": [[6, 52]] * (MAX_POSITIONS + 1)},
]


@pytest.mark.parametrize("geometrie", GELDIG, ids=lambda g: g["type"])
async def test_geometries_come_back_as_they_were_sent(zaken: Zaakmaker, geometrie: dict[str, Any]) -> None:
    zaak = await zaken.zaak(zaakgeometrie=geometrie)
    assert zaak["zaakgeometrie"] == geometrie
    assert (await zaken.lees(zaak))["zaakgeometrie"] == geometrie
    cleared = await zaken.api.patch(zaak["url"], {"zaakgeometrie": None})
    assert cleared.json()["zaakgeometrie"] is None


async def test_geometries_that_are_none(zaken: Zaakmaker) -> None:
    for geometrie in ONGELDIG:
        assert await zaken.weiger(zaakgeometrie=geometrie) == [("zaakgeometrie", "invalid")], geometrie
    for geometrie in ("POINT(6 52)", [6, 52]):
        assert await zaken.weiger(zaakgeometrie=geometrie) == [("zaakgeometrie", "not_a_dict")]


async def test_only_the_geometry_is_kept(zaken: Zaakmaker) -> None:
    sent = {**punt(6.1, 52.2), "bbox": [0, 0, 1, 1], "crs": {"type": "name"}, "extra": 1}
    assert (await zaken.zaak(zaakgeometrie=sent))["zaakgeometrie"] == punt(6.1, 52.2)


@pytest.mark.parametrize(
    ("geometrie", "expected"),
    [
        (GELDIG[0], (6, 52.25, 6, 52.25)),
        (GELDIG[3], (5, 52, 6.2, 52.5)),
        (GELDIG[5], (6.0, 52.0, 6.2, 52.2)),
        (GELDIG[6], (-180, -90, 180, 90)),
    ],
)
def test_the_bounding_box(geometrie: dict[str, Any], expected: tuple[float, ...]) -> None:
    box = box_of(geometrie)
    assert box is not None
    assert (box.low.x, box.low.y, box.high.x, box.high.y) == expected
    assert box_of(None) is None
