"""Searches with ``_zoek``."""

from typing import Any

from tests.answers import errors
from tests.zaken.zaakmaker import ZAKEN, Zaakmaker

ZOEK = f"{ZAKEN}/_zoek"


async def zoek(zaken: Zaakmaker, body: dict[str, Any], query: str = "") -> dict[str, Any]:
    """Search and return the page."""
    answer = await zaken.api.post(f"{ZOEK}{query}", body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def refused(zaken: Zaakmaker, body: Any) -> list[tuple[str, str]]:
    """Search in a way that is refused; return the errors."""
    return errors(await zaken.api.post(ZOEK, body))


def urls(page: dict[str, Any]) -> list[str]:
    """Return the URLs of a page."""
    return [item["url"] for item in page["results"]]


def binnen(kind: str, coordinates: Any) -> dict[str, Any]:
    """Return the criterion of a geometry."""
    return {"zaakgeometrie": {"within": {"type": kind, "coordinates": coordinates}}}


def vierkant(x: float, y: float, half: float) -> list[list[float]]:
    """Return the ring of a square around a point."""
    corners = [(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)]
    return [[x + half * dx, y + half * dy] for dx, dy in corners]
