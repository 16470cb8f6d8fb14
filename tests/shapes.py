"""Shapes for tests of geometry."""

import random
from typing import Any

import orjson


def knot(rng: random.Random, corners: int, x: float = 5.0, y: float = 52.0, half: float = 2.0) -> dict[str, Any]:
    """Return a polygon of random corners."""
    ring = [[x + rng.uniform(-half, half), y + rng.uniform(-half, half)] for _ in range(corners)]
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


def text(geometry: dict[str, Any]) -> str:
    """Return GeoJSON."""
    return orjson.dumps(geometry).decode()
