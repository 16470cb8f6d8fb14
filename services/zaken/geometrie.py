"""Geometry: GeoJSON as clients send it, the bounding box that is indexed, and the exact answer to "lies within".

PostgreSQL has no geometry of its own that is exact, so its index on bounding boxes only narrows the search down; what
remains is decided by GEOS, with the meaning that PostGIS gives to ``ST_Within``: a point on the border lies outside.
"""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import numpy
import orjson
import shapely
from asyncpg.types import Box as PgBox
from asyncpg.types import Point as PgPoint
from pydantic import AfterValidator, WithJsonSchema
from pydantic_core import PydanticCustomError
from sqlalchemy import Column, Index, Table
from sqlalchemy.types import UserDefinedType

from zgw.problems import error
from zgw.types import COORDINATES, JsonObject

MAX_POSITIONS = 20_000
"""Positions in one geometry: the most detailed municipal border has some ten thousand."""
MAX_NESTING = 4
"""How deep GeometryCollections may lie inside each other."""
MAX_TANGLED = 200
"""Positions of an area to search in that crosses itself. Its crossings are counted in squares, and each takes time."""
MAX_MEETINGS = 500_000
"""How often the extent of a side of an area to search in may meet that of a side: with twenty thousand sides around a
country some sixty thousand times. Whether sides that meet do cross takes time, also when none of them does."""

TYPES = ("Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection")

SHOWN: dict[str, Any] = {
    "type": "object",
    "required": ["type"],
    "properties": {
        "type": {"type": "string", "enum": list(TYPES)},
        "coordinates": {"type": "array", "items": {}},
        "geometries": {"type": "array", "items": {"type": "object", "additionalProperties": True}},
    },
}


def parse_geometrie(value: dict[str, Any]) -> dict[str, Any]:
    """Return a GeoJSON geometry with nothing but its geometry; else the error ``invalid``."""
    found = _geometry(value, 0)
    if sum(1 for _ in positions(found)) > MAX_POSITIONS:
        raise too_large()
    return found


def too_large() -> PydanticCustomError:
    """Return the error for a geometry with too many positions."""
    return error("invalid", f"De geometrie heeft meer dan {MAX_POSITIONS} punten.")


Geometrie = Annotated[JsonObject, AfterValidator(parse_geometrie), WithJsonSchema(SHOWN), COORDINATES]


def _geometry(value: Any, depth: int) -> dict[str, Any]:
    kind = value.get("type") if isinstance(value, dict) else None
    if not isinstance(kind, str) or kind not in TYPES:
        raise error("invalid", f"Het type van een geometrie is een van {', '.join(TYPES)}.")
    if kind == "GeometryCollection":
        if depth == MAX_NESTING:
            raise error("invalid", "De geometrieën liggen te diep in elkaar.")
        return {
            "type": kind,
            "geometries": [_geometry(item, depth + 1) for item in _listed(value.get("geometries"), 1)],
        }
    coordinates = value.get("coordinates")
    if kind == "Point":
        _position(coordinates)
    elif kind == "MultiPoint":
        _line(coordinates, 1)
    elif kind == "LineString":
        _line(coordinates, 2)
    elif kind == "MultiLineString":
        for line in _listed(coordinates, 1):
            _line(line, 2)
    else:
        for polygon in _listed(coordinates, 1) if kind == "MultiPolygon" else [coordinates]:
            for ring in _listed(polygon, 1):
                _ring(ring)
    return {"type": kind, "coordinates": coordinates}


def _listed(value: Any, minimum: int) -> list[Any]:
    if not isinstance(value, list) or len(value) < minimum:
        raise error("invalid", f"Een lijst van minstens {minimum} onderdelen wordt verwacht.")
    if len(value) > MAX_POSITIONS:
        raise too_large()
    return value


def _line(value: Any, minimum: int) -> None:
    for position in _listed(value, minimum):
        _position(position)


def _ring(value: Any) -> None:
    _line(value, 4)
    if value[0] != value[-1]:
        raise error("invalid", "Een ring moet eindigen waar zij begint.")


def _position(value: Any) -> None:
    if not isinstance(value, list) or len(value) != 2 or any(type(number) not in (int, float) for number in value):
        raise error("invalid", "Een punt bestaat uit twee getallen: lengtegraad en breedtegraad.")
    x, y = value
    # The comparison is also false for NaN and for integers that no float can hold.
    if not (-180 <= x <= 180 and -90 <= y <= 90):
        raise error("invalid", "De lengtegraad ligt tussen -180 en 180, de breedtegraad tussen -90 en 90.")


def positions(geometry: dict[str, Any]) -> Iterable[Sequence[float]]:
    """Return all positions of a valid geometry."""
    if geometry["type"] == "GeometryCollection":
        for item in geometry["geometries"]:
            yield from positions(item)
        return
    depth = {"Point": 0, "MultiPoint": 1, "LineString": 1, "MultiLineString": 2, "Polygon": 2}.get(geometry["type"], 3)
    yield from _flat(geometry["coordinates"], depth)


def _flat(value: Any, depth: int) -> Iterable[Sequence[float]]:
    if depth == 0:
        yield value
        return
    for item in value:
        yield from _flat(item, depth - 1)


# --- In the database -----------------------------------------------------------------------------------------------


class Box(UserDefinedType[PgBox]):
    """The type ``box`` of PostgreSQL: the smallest rectangle around a geometry."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Return the name of the type."""
        return "box"


def box_column() -> Column[PgBox]:
    """Return the column that holds the bounding box of ``zaakgeometrie``."""
    return Column("zaakgeometrie_box", Box(), nullable=True)


def box_index(table: Table) -> Index:
    """Return the index that finds the geometries inside a rectangle; only zaken with a geometry are in it.

    It has all that a search for a place needs, so that a large area does not read each zaak in it.
    """
    box, needed = table.c.zaakgeometrie_box, ["id", "zaaktype", "vertrouwelijkheidaanduiding"]
    condition = box.is_not(None)
    return Index(
        "zaak_zaakgeometrie_box",
        box,
        postgresql_using="gist",
        postgresql_where=condition,
        postgresql_include=needed,
    )


def box_of(geometry: dict[str, Any] | None) -> PgBox | None:
    """Return the bounding box of a geometry: ``box_of({"type": "Point", "coordinates": [5, 52]})``."""
    if geometry is None:
        return None
    found = list(positions(geometry))
    xs, ys = [float(x) for x, _ in found], [float(y) for _, y in found]
    return PgBox(PgPoint(max(xs), max(ys)), PgPoint(min(xs), min(ys)))


# --- Exactly within ------------------------------------------------------------------------------------------------

# Rings may cross themselves: GEOS (from 3.13 on) then judges by the area that they go around an odd number of times.
# Repairing such a geometry first gives the same answers, but takes minutes for a ring of some hundreds of points.


def shape_of(geometry: dict[str, Any]) -> Any:
    """Return the shape of a geometry."""
    return shapely.from_geojson(orjson.dumps(geometry).decode())


def is_tangled(geometry: dict[str, Any]) -> bool:
    """Return whether a geometry crosses itself, or nearly does so, more than can be searched in.

    A knot is found fast, but not untied. Spirals and nested rings cross nowhere, but GEOS compares each side with each
    other whose extent it meets: those are counted first.
    """
    if sum(1 for _ in positions(geometry)) <= MAX_TANGLED:
        return False
    shape = shape_of(geometry)
    return meetings(shape) > MAX_MEETINGS or not (shapely.is_valid(shape) and shapely.is_simple(shape))


def meetings(shape: Any) -> int:
    """Return how often the extent of a side meets that of a side, itself included; no further than the maximum.

    The same of chains: sides one after the other in the same direction (up to the left, …), which GEOS takes together.
    """
    parts = numpy.array([shape])
    for _ in range(MAX_NESTING + 2):
        parts = shapely.get_parts(parts)
    rings = shapely.get_rings(parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON])
    lines = parts[shapely.get_type_id(parts) == shapely.GeometryType.LINESTRING]
    ends, line = shapely.get_coordinates(numpy.concatenate([rings, lines]), return_index=True)
    one_side = line[1:] == line[:-1]
    first, second, line = ends[:-1][one_side], ends[1:][one_side], line[1:][one_side]
    if not len(line):
        return 0
    low, high, up = numpy.minimum(first, second), numpy.maximum(first, second), second >= first
    begins = numpy.flatnonzero(numpy.append(True, (line[1:] != line[:-1]) | (up[1:] != up[:-1]).any(axis=1)))
    chains = numpy.minimum.reduceat(low, begins), numpy.maximum.reduceat(high, begins)
    return max(_meetings(*chains), _meetings(low, high))


def _meetings(low: Any, high: Any) -> int:
    extents = shapely.box(*low.T, *high.T)
    tree, found = shapely.STRtree(extents), 0
    # A few at a time: all of them may meet all others.
    for start in range(0, len(extents), SIDES_AT_ONCE):
        found += tree.query(extents[start : start + SIDES_AT_ONCE]).shape[1]
        if found > MAX_MEETINGS:
            break
    return found


SIDES_AT_ONCE = 64
"""How many sides are compared with all others before the count is looked at."""


MANY = 5_000
"""Points from which it pays to judge squares first."""
SQUARES = 64


def points_within(xs: Any, ys: Any, area: Any) -> Any:
    """Return for each point whether it lies within ``area``.

    Of many points, those in a square that lies inside or outside entirely need no look at the border of the area.
    """
    shapely.prepare(area)
    left, low, right, high = shapely.bounds(area)
    if len(xs) < MANY or not (right > left and high > low):
        return shapely.contains_xy(area, xs, ys)
    width, height = (right - left) / SQUARES, (high - low) / SQUARES
    row, column = (part.ravel() for part in numpy.mgrid[0:SQUARES, 0:SQUARES])
    # A little larger, so that a point that was rounded into the next square lies in that one too.
    x, y, dx, dy = left + column * width, low + row * height, width * 1e-6, height * 1e-6
    squares = shapely.box(x - dx, y - dy, x + width + dx, y + height + dy)
    inside, outside = shapely.contains_properly(area, squares), shapely.disjoint(area, squares)
    columns = numpy.clip((xs - left) / width, 0, SQUARES - 1).astype(numpy.int64)
    rows = numpy.clip((ys - low) / height, 0, SQUARES - 1).astype(numpy.int64)
    square = rows * SQUARES + columns
    hit = inside[square]
    unsure = ~(hit | outside[square])
    hit[unsure] = shapely.contains_xy(area, xs[unsure], ys[unsure])
    return hit


def shapes_within(geometries: Sequence[str], area: Any) -> Any:
    """Return for each geometry, as GeoJSON text, whether it lies within ``area`` entirely."""
    shapely.prepare(area)
    return shapely.contains(area, shapely.from_geojson(numpy.array(geometries, dtype=object)))
