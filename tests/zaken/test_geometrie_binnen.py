"""Geometries whose rings cross themselves: the answers of repaired ones, without the minutes that repairing takes."""

import random
import time

import pytest

from services.zaken.geometrie import MAX_POSITIONS, MAX_TANGLED
from tests.answers import errors
from tests.shapes import knot
from tests.zaken.zaakmaker import Zaakmaker
from tests.zaken.zoekvragen import ZOEK, binnen, urls, zoek

TOO_LONG = 25.0


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
