"""``_zoek``: the filters of the list in a body, a geometry to lie within, a choice of properties (zaken.md §5.2)."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Annotated, Any

import numpy
import orjson
from fastapi import APIRouter, Depends
from pydantic import ValidationError, WithJsonSchema
from pydantic_core import PydanticCustomError
from sqlalchemy import ColumnElement, Text, cast, func, literal, literal_column, select
from starlette.responses import Response

from runtime.places import Places
from runtime.problems import OBJECT, InvalidParam, Problem, invalid, not_found
from runtime.statements import Executor, among
from services.zaken.geometrie import SHOWN, Box, Geometrie, box_of, is_tangled, points_within, shape_of, shapes_within
from services.zaken.zaak import LEZEN, ZAAK
from services.zaken.zoekvelden import Selection, chosen, named, select_fields, tree_of
from zgw.api import Described
from zgw.dependencies import CurrentCall, Needs, accepts_json, sends_json
from zgw.expand import MAX_PATHS, adapted, paths, rendered, text_of
from zgw.fields import Fields
from zgw.filters import conditions_for, unknown
from zgw.lists import LAST, last_page, ordering_of, page_of, page_url, search
from zgw.problems import from_pydantic
from zgw.reading_log.recorder import saw_list
from zgw.request import Call, answer, crs_headers
from zgw.rights import Rights
from zgw.routing import Operation
from zgw.select import existing, within
from zgw.sizes import bounded, completed
from zgw.types import EXTENSION
from zgw.unknown import read_members_as

_c = ZAAK.table.c

RECORD = numpy.dtype([("id", ">i8"), ("x", ">f8"), ("y", ">f8"), ("x_low", ">f8"), ("y_low", ">f8")])
"""A zaak that may lie within: its number, and two corners of its bounding box, which are the same for a point."""

SHAPES_AT_ONCE = 500
"""Of how many geometries that are no points the size is asked at once."""
BYTES_AT_ONCE = 512 * 1024
"""Bytes of such geometries that are in memory at the same time: reading GeoJSON stops the other work of the process."""


EINDDATUM_LT = {"type": "string", "format": "date", "minLength": 1}
"""The one criterion that may not be empty in the OAS; that is of no use to anyone, but it is the contract."""


VOLGORDE = {"type": "string", "enum": [sign + name for name in ZAAK.ordering for sign in ("", "-")]}
"""One of these, says the standard; a list with commas, as in the query parameter, is taken as well."""


class GeometrieBinnen(Fields):
    """The geometry that those of the zaken lie within."""

    within: Geometrie


class ZaakZoekFields(Fields):
    """The members that a search has beside the filters of the list."""

    zaakgeometrie: Annotated[Any, WithJsonSchema({"type": "object", "properties": {"within": SHOWN}})] = None
    expand: str = ""
    fields: Annotated[list[Any], WithJsonSchema({"type": "array", "items": {}, "maxItems": MAX_PATHS})] = []
    ordering: Annotated[str, WithJsonSchema(VOLGORDE)] = ""
    page: Annotated[Any, WithJsonSchema({"type": "integer"}), EXTENSION] = None
    page_size: Annotated[Any, WithJsonSchema({"type": "integer"}), EXTENSION] = None


FILTERS = [replace(f, shown=EINDDATUM_LT) if f.name == "einddatum__lt" else f for f in ZAAK.filters]
router = APIRouter(prefix="/zaken/api/v1/zaken", tags=["zaken"], route_class=Operation)


@router.post(
    "/_zoek",
    operation_id="zaak__zoek",
    dependencies=[Depends(accepts_json), Depends(sends_json)],
    openapi_extra={
        "zgw": Described(
            body=ZaakZoekFields,
            response=ZAAK,
            shape="page",
            filters=FILTERS,
            parameters=("page", "pageSize", "expand", "CRS"),
        )
    },
)
async def zoek(call: CurrentCall, rights: Annotated[Rights, Depends(Needs(LEZEN))]) -> Response:
    """Zoek zaken die aan alle criteria voldoen, voor zover u ze mag lezen. Minstens één criterium is nodig."""
    call.check_crs(content=True)
    query = call.query()
    if problem := unknown(query, ["page", "pageSize", "expand"]):
        raise Problem(400, "invalid", invalid_params=[problem])
    body = read_members_as(call, await call.body(), ZaakZoekFields, *(f.name for f in ZAAK.filters))
    call.criteria = body
    errors: list[InvalidParam] = []
    where = await conditions_for(call, ZAAK.filters, body, errors)
    area = area_of(body.get("zaakgeometrie"), errors)
    if area is not None and await judged(call.tenant, is_tangled, area):
        errors.append(InvalidParam("zaakgeometrie.within", "invalid", "De geometrie snijdt zichzelf te vaak."))
    paging = {name: str(body[name]) for name in ("page", "pageSize") if body.get(name)}
    given = {
        **paging,
        **query,
        **{name: text_in(body, name, errors) for name in ("expand", "ordering") if body.get(name)},
    }
    selection = selection_of(body.get("fields"), bool(given.get("expand")), errors)
    if errors:
        raise Problem(400, "invalid", invalid_params=errors)
    if not where and area is None:
        raise invalid(OBJECT, "empty_search_body")
    if selection is not None:
        selection = named(call, ZAAK, selection)
        given["expand"] = text_of(tree_of(ZAAK, call, selection))
    if area is None:
        found = await search(call, ZAAK, rights, where, given, errors)
    else:
        found = await search_within(call, [*where, within(ZAAK, rights), existing(ZAAK, rights)], area, given)
    return found if selection is None else only(found, selection)


_threads = ThreadPoolExecutor(2, thread_name_prefix="geometrie")
PLACES = Places(2)


async def judged(tenant: str, judge: Callable[..., Any], *given: Any) -> Any:
    """Return what ``judge`` says of geometries, in a thread: one at a time of a municipality, and two in all.

    The threads are their own: those of the process store documents.
    """
    async with PLACES.of(tenant):
        return await asyncio.get_running_loop().run_in_executor(_threads, judge, *given)


def text_in(body: Mapping[str, Any], name: str, errors: list[InvalidParam]) -> str:
    """Return a text of the body, or a list of texts as one."""
    value = body[name]
    parts = value if isinstance(value, list) else [value]
    if not all(isinstance(part, str) for part in parts):
        errors.append(InvalidParam(name, "invalid", "Een tekst wordt verwacht."))
        return ""
    return ",".join(parts)


def area_of(value: Any, errors: list[InvalidParam]) -> Any:
    """Return the geometry to lie within, or None when there is none or it is wrong."""
    if value is None:
        return None
    try:
        return GeometrieBinnen.model_validate(value).within
    except ValidationError as e:
        errors += from_pydantic(e.errors(), "zaakgeometrie")
    return None


def selection_of(value: Any, expands: bool, errors: list[InvalidParam]) -> Selection | None:
    """zrc-029: return the choice of properties, which does not go together with ``expand``."""
    if value is None or value == []:
        return None
    try:
        selection = chosen(value)
    except PydanticCustomError as e:
        errors.append(InvalidParam("fields", e.type, e.message()))
        return None
    if expands:
        errors.append(InvalidParam("fields", "invalid", "Gebruik fields of expand, niet beide."))
    return selection


def only(response: Response, selection: Selection) -> Response:
    """Return a page with of each zaak only what was chosen."""
    content = orjson.loads(bytes(response.body))
    content["results"] = [select_fields(item, selection) for item in content["results"]]
    return answer(content, headers=crs_headers(ZAAK))


async def search_within(call: Call, where: list[ColumnElement[bool]], area: Any, given: Mapping[str, str]) -> Response:
    """Answer the zaken that meet ``where`` and lie within ``area``, counted exactly."""
    errors: list[InvalidParam] = []
    order = ordering_of(ZAAK, given.get("ordering"), errors)
    if errors:
        raise Problem(400, "invalid", invalid_params=errors)
    wanted = paths(given.get("expand"))
    page, size = page_of(call, given)
    async with call.db.acquire(call.tenant) as db:
        hits = await numbers_within(db, call.tenant, where, area, order)
        page = page if page != LAST else last_page(len(hits), size)
        numbers = hits[(page - 1) * size : page * size].tolist()
        statement = bounded(ZAAK, text=False).where(among(_c.id, numbers), *where).order_by(*order)
        rows = await completed(call, db, ZAAK, False, await db.rows(statement), "pageSize") if numbers else []
    if not numbers and page > 1:
        raise not_found("Deze pagina bestaat niet.")
    count = len(hits)
    results = adapted(call, ZAAK, await rendered(call, ZAAK, rows, wanted))
    saw_list(call, ZAAK, results)
    content = {
        "count": count,
        "next": page_url(call, page + 1) if page * size < count else None,
        "previous": page_url(call, page - 1) if page > 1 else None,
        "results": results,
    }
    return answer(content, headers=crs_headers(ZAAK))


async def numbers_within(
    db: Executor, tenant: str, where: list[ColumnElement[bool]], area: Any, order: list[ColumnElement[Any]]
) -> Any:
    """Return the ids, in order, of the zaken that meet ``where`` and lie within ``area``.

    The index gives those whose bounding box lies in that of ``area``. They come as one value of 40 bytes a zaak,
    because a million rows would cost more than all the rest.
    """
    inside = _c.zaakgeometrie_box.op("<@", is_comparison=True)(literal(box_of(area), Box()))
    record = func.int8send(_c.id).concat(func.box_send(_c.zaakgeometrie_box)).label("record")
    records = select(record).where(inside, *where)
    newest_first = len(order) == 1
    # An aggregate takes the rows of an ordered subquery in that order. The usual order is quicker made here.
    ordered = (records if newest_first else records.order_by(*order)).subquery()
    statement = select(func.string_agg(ordered.c.record, literal_column("''::bytea")))
    found = numpy.frombuffer(await db.value(statement) or b"", RECORD)
    shape = await judged(tenant, shape_of, area)
    hit, others = await judged(tenant, hits, found, shape)
    for start in range(0, len(others), SHAPES_AT_ONCE):
        some = others[start : start + SHAPES_AT_ONCE]
        hit[some] = await shapes_hit(db, tenant, found["id"][some].tolist(), shape)
    numbers = found["id"].astype(numpy.int64)[hit]
    return numpy.sort(numbers)[::-1] if newest_first else numbers


def hits(found: Any, shape: Any) -> tuple[Any, Any]:
    """Return which of these records are points within ``shape``, and the places of those that are no points."""
    x, y = found["x"].astype(float), found["y"].astype(float)
    points = (x == found["x_low"]) & (y == found["y_low"])
    hit = numpy.zeros(len(found), bool)
    hit[points] = points_within(x[points], y[points], shape)
    return hit, numpy.flatnonzero(~points)


async def shapes_hit(db: Executor, tenant: str, numbers: list[int], shape: Any) -> list[bool]:
    """Return for each of these zaken whether its geometry, which is no point, lies within ``shape``."""
    geometry = cast(_c.zaakgeometrie, Text)
    sizes = await db.rows(select(_c.id, func.octet_length(geometry).label("bytes")).where(among(_c.id, numbers)))
    found: dict[int, bool] = {}
    for some in portions({row["id"]: row["bytes"] or 0 for row in sizes}):
        rows = await db.rows(select(_c.id, geometry.label("geometry")).where(among(_c.id, some)))
        inside = await judged(tenant, shapes_within, [row["geometry"] for row in rows], shape)
        found |= {row["id"]: bool(hit) for row, hit in zip(rows, inside, strict=True)}
    return [found.get(number, False) for number in numbers]


def portions(sizes: Mapping[int, int]) -> Iterator[list[int]]:
    """Divide numbers with a size into portions of at most :data:`BYTES_AT_ONCE`, or one number that is larger."""
    some: list[int] = []
    total = 0
    for number, size in sizes.items():
        if some and total + size > BYTES_AT_ONCE:
            yield some
            some, total = [], 0
        some.append(number)
        total += size
    if some:
        yield some
