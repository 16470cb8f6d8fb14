"""The numbers that the Zaken API keeps, for tests that compare them."""

from typing import Any

import asyncpg

SUMS = """
SELECT soort, zaaktype, vertrouwelijkheidaanduiding, kenmerken::text, blok, sum(aantal)::bigint AS aantal FROM (
    SELECT soort, zaaktype, vertrouwelijkheidaanduiding, kenmerken, unnest(blokken) AS blok, unnest(aantallen) AS aantal
    FROM telling
    UNION ALL SELECT soort, zaaktype, vertrouwelijkheidaanduiding, kenmerken, blok, aantal FROM tellingdelta
) s GROUP BY 1, 2, 3, 4, 5 HAVING sum(aantal) <> 0 ORDER BY 1, 2, 3, 4, 5
"""
TOTALS = """
SELECT soort, zaaktype, vertrouwelijkheidaanduiding, kenmerken::text, sum(aantal)::bigint AS aantal FROM (
    SELECT soort, zaaktype, vertrouwelijkheidaanduiding, kenmerken, aantal FROM telling
    UNION ALL SELECT soort, zaaktype, vertrouwelijkheidaanduiding, kenmerken, aantal FROM tellingdelta
) s GROUP BY 1, 2, 3, 4 HAVING sum(aantal) <> 0 ORDER BY 1, 2, 3, 4
"""


async def kept(admin: asyncpg.Connection) -> tuple[list[Any], list[Any]]:
    """Return the numbers that are kept: by block, and in all."""
    return [tuple(row) for row in await admin.fetch(SUMS)], [tuple(row) for row in await admin.fetch(TOTALS)]
