"""Which applicaties have rights on another version of a type, and not on this one: for who publishes that."""

import uuid

from starlette.responses import Response

from runtime.statements import Bound
from zgw.dependencies import CurrentCall, Db
from zgw.internal import internal_router
from zgw.request import answer
from zgw.rights import TYPE_FIELDS

intern = internal_router()

# Own versions are stored as paths. What was stored below another host name of the municipality ends with the uuid too.
ZONDER = """
    SELECT label FROM applicatie
    WHERE NOT heeft_alle_autorisaties AND EXISTS (
        SELECT scope
        FROM jsonb_array_elements(autorisaties) AS recht, jsonb_array_elements_text(recht->'scopes') AS scope
        WHERE recht->>'component' = $1::text AND right(recht->>$2::text, 36) = ANY ($3::text[]) AND NOT recht ? 'volgt'
        EXCEPT
        SELECT scope
        FROM jsonb_array_elements(autorisaties) AS recht, jsonb_array_elements_text(recht->'scopes') AS scope
        WHERE recht->>'component' = $1::text AND (
            right(recht->>$2::text, 36) = $4::text
            OR recht->'volgt'->>'catalogus' = $5::text AND coalesce(recht->'volgt'->>'naam', $6::text) = $6::text
        )
    )
    ORDER BY label, id LIMIT $7::int"""
"""The labels of applicaties that have a scope for another version of a type (of component $1, in the member $2, with a
uuid of $3) and not for this one ($4), of the type $6 in the catalogue $5."""


@intern.post("/zonder")
async def zonder_deze_versie(call: CurrentCall, db: Db) -> Response:
    """Answer the labels of applicaties that lose something with a new version of a type, at most ``most``.

    The body has the kind (``soort``) and ``naam`` of the type, the uuids of its ``catalogus``, of the version, and of
    its ``andere`` versions.
    """
    asked = await call.body()
    component = next(component for component, soort in TYPE_FIELDS.items() if soort == asked["soort"])
    version, catalogus = str(uuid.UUID(asked["uuid"])), str(uuid.UUID(asked["catalogus"]))
    values = [component, asked["soort"], asked["andere"], version, catalogus, asked["naam"], asked["most"]]
    rows = await db.rows(call.tenant, Bound(ZONDER, values))
    return answer([row["label"] for row in rows])
