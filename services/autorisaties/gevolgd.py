"""Announces applicaties whose autorisaties became others because they follow a type of which there are other versions.

Who keeps a copy of an applicatie hears by channel ``autorisaties`` that it has to be read again (autorisaties.md §4).
Nothing in the table of applicaties changes, so Catalogi tells of it, from its outbox: never lost, at times twice.
"""

from starlette.responses import Response

from runtime.statements import Bound, Prepared
from services.autorisaties.applicatie import APPLICATIE, METADATA
from zgw import outbox
from zgw.dependencies import CurrentCall
from zgw.internal import internal_router
from zgw.rights import TYPE_FIELDS

intern = internal_router()

VOLGERS = """
    SELECT uuid FROM applicatie
    WHERE NOT heeft_alle_autorisaties AND EXISTS (
        SELECT FROM jsonb_array_elements(autorisaties) AS recht
        JOIN unnest($1::text[], $2::text[], $3::text[]) AS type (component, catalogus, naam)
            ON recht->>'component' = type.component AND recht->'volgt'->>'catalogus' = type.catalogus
            AND coalesce(recht->'volgt'->>'naam', type.naam) = type.naam
    )
    ORDER BY id"""
"""The applicaties that follow any of these types, by itself or with its catalogue."""
ADDING = Prepared(outbox.adding(METADATA, wakes=False))


@intern.post("/gevolgd", status_code=204)
async def gevolgde_typen_veranderden(call: CurrentCall) -> Response:
    """Announce each applicatie that follows any of the ``typen`` (kind, uuid of the catalogue, name), once. URLs are
    rendered with ``base``."""
    asked = await call.body()
    components = {soort: component for component, soort in TYPE_FIELDS.items()}
    columns = [list(column) for column in zip(*asked["typen"], strict=True)]
    columns[0] = [components[soort] for soort in columns[0]]
    async with call.db.transaction(call.tenant) as db:
        found = await db.rows(Bound(VOLGERS, columns))
        for one in found:
            url = f"{asked['base']}{call.service.api.root}/{APPLICATIE.path}/{one['uuid']}"
            row = outbox.message(call.caller, APPLICATIE.kanaal, url, APPLICATIE.name, url, "partial_update", {})
            await db.execute(ADDING(**row))
        if found:
            await outbox.wake(db)
    return Response(None, 204)
