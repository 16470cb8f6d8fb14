"""The API of the gateway itself, at ``/beheer/api/v1``: what an application may know of its own requests, and who saw
what (``gateway.own_inzage``).

Of its own requests any client may ask: it takes a valid token and no rights, and nothing names another client.
"""

import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

import orjson
from fastapi import Depends, FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from gateway import own_inzage
from gateway.addresses import Target
from gateway.own_api_query import checked
from gateway.own_api_shapes import ANSWERED, ERRORS, EXAMPLE, Asked, Verzoeken
from gateway.own_inzage_shapes import EXAMPLE as READ_EXAMPLE
from gateway.reasons import refusal
from gateway.request_log import RequestLog
from gateway.request_store import FROM_STRANGERS, Wanted
from gateway.snapshot import Identity
from oas.parts import LICENSE, SCHEMAS, SECURITY
from oas.routes import ANY_BASE, READ, Pages
from runtime.faults import AWAY
from runtime.problems import Problem
from zgw.problems import from_pydantic, response

log = logging.getLogger("samenzaak.gateway")

OWN = "beheer"
ROOT = "/beheer/api/v1"
OF_EVERYBODY = ("openapi.json", "openapi.yaml", "postman.json", "bruno.zip", "docs", "docs/")
OF_OTHERS = ("schema", "schema/openapi.json", "schema/openapi.yaml")
PUBLIC = frozenset((ROOT, *(f"{ROOT}/{name}" for name in (*OF_EVERYBODY, *OF_OTHERS))))
TAGS = [
    {"name": "verzoeken", "description": "De laatste verzoeken van een applicatie, en waarom zij zijn geweigerd."},
    {"name": "inzage", "description": "Wie welke zaken, rollen, documenten en besluiten heeft gezien."},
]
LISTS = {"verzoeken": f"{ROOT}/verzoeken", "inzage": own_inzage.PATH}
EXAMPLES = {
    LISTS["verzoeken"]: {"count": 2, "next": None, "previous": None, "results": [EXAMPLE, ANSWERED]},
    LISTS["inzage"]: {"next": None, "results": [READ_EXAMPLE]},
}
"""Of the lists. FastAPI would leave out of them what is null."""
OF_FASTAPI = ("HTTPValidationError", "ValidationError")

_ROOT = f"{ROOT}/".encode()


@dataclass(frozen=True)
class About:
    """This API, as its page tells of it."""

    service: str = OWN
    title: str = "Beheer API"
    version: str = "1.0.0"
    description: str = (
        "Wat een applicatie van haar eigen verzoeken kan nagaan, en wie wat heeft gezien. Deze API staat naast de "
        "standaard."
    )


def is_own(path: bytes) -> bool:
    """Return whether a path, as it was sent, belongs to this API."""
    return path.startswith(_ROOT) or path == _ROOT[:-1]


def is_console(path: bytes) -> bool:
    """Return whether a path, as it was sent, is one of the console, which stands beside this API."""
    return path == b"/beheer" or (path.startswith(b"/beheer/") and not path.startswith(b"/beheer/api"))


def own_target(path: bytes) -> Target:
    """Return where such a path goes. A slash at the end of the root, and of what others have, is none."""
    text = path.decode("latin-1")
    bare = text.removesuffix("/")
    text = bare if bare in (ROOT, f"{ROOT}/schema") else text
    return Target(OWN, text, text in PUBLIC)


router = APIRouter(prefix=ROOT)


async def identity_of(request: Request) -> Identity:
    """Return who asks, as the gateway found out."""
    identity: Identity = request.scope["samenzaak.identity"]
    return identity


async def asked_of(request: Request, asked: Annotated[Asked, Query()]) -> Asked:
    """Return the filters; raise Problem 400 for a parameter that there is not, or that is there twice."""
    return checked(request, asked)


@router.get(
    "/verzoeken",
    operation_id="verzoek_list",
    tags=["verzoeken"],
    summary="De laatste verzoeken van deze applicatie opvragen.",
    response_model=Verzoeken,
    responses={
        200: {"description": "De verzoeken."},
        **ERRORS,
    },
    openapi_extra={"security": [{"JWT-Claims": []}]},
)
async def verzoeken(
    request: Request,
    identity: Annotated[Identity, Depends(identity_of)],
    asked: Annotated[Asked, Depends(asked_of)],
) -> Response:
    """Geeft de verzoeken van de laatste dag van de applicatie die dit vraagt, het laatste eerst, en van elke fout de
    reden. Er zijn geen rechten voor nodig, alleen een geldig token. Een verzoek is hier na zo'n seconde te vinden.
    """
    requests: RequestLog = request.app.state.requests
    if not requests.most:
        raise Problem(404, "not_found", "Deze installatie houdt geen verzoeken bij.")
    wanted = Wanted(
        asked.instance,
        asked.requestId,
        asked.status,
        asked.statusVan,
        asked.methode.upper() if asked.methode else None,
        asked.pad,
        asked.code,
        asked.vanaf,
        asked.tot,
    )
    try:
        await requests.flush()
        count, rows = await requests.store.read(
            identity.tenant, identity.client_id, wanted, asked.pageSize, (asked.page - 1) * asked.pageSize
        )
    except AWAY as e:
        log.warning("the requests of a client cannot be read: %r", e)
        raise Problem(
            503, "service_unavailable", "De verzoeken zijn nu niet te lezen.", headers={"Retry-After": "5"}
        ) from e
    if asked.page > 1 and not rows:
        raise Problem(404, "not_found", "Ongeldige pagina.")
    base: str = request.scope["samenzaak.base"]
    content = {
        "count": count,
        "next": page_url(base, request, asked.page, 1, rows) if asked.page * asked.pageSize < count else None,
        "previous": page_url(base, request, asked.page, -1, rows) if asked.page > 1 else None,
        "results": [shown(row, base) for row in rows],
    }
    return Response(orjson.dumps(content), media_type="application/json")


def shown(row: Any, base: str) -> dict[str, Any]:
    """Return a request as its client reads it."""
    status = row["status"]
    return {
        "tijdstip": row["moment"].isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "methode": row["method"],
        "pad": row["path"],
        "query": row["query"],
        "status": status,
        "code": row["code"],
        "instance": row["instance"],
        "duurMs": round(row["milliseconds"], 1),
        "requestId": row["request_id"],
        "traceId": row["trace_id"],
        "geverifieerd": row["kind"] != FROM_STRANGERS,
        "weigering": refusal(status, orjson.loads(row["refusal"] or "{}"), base) if status >= 400 else None,
    }


def page_url(base: str, request: Request, page: int, step: int, rows: Sequence[Any]) -> str:
    """Return the address of the page ``step`` further than the one that is asked. Its list begins where that of the
    first page did, so that what comes in meanwhile does not shift it."""
    kept = {name: value for name, value in request.query_params.items() if name != "page"}
    if rows and page == 1:
        # The first page tells where the list begins. What is the first of a later page is not.
        kept.setdefault("tot", rows[0]["moment"].isoformat(timespec="microseconds").replace("+00:00", "Z"))
    return f"{base}{ROOT}/verzoeken?{urlencode({**kept, 'page': page + step})}"


@router.api_route("/docs/", methods=READ, include_in_schema=False)
async def docs_with_slash() -> RedirectResponse:
    """The reference, for who adds a slash."""
    return RedirectResponse(f"{ROOT}/docs", 308)


def document(app: FastAPI) -> dict[str, Any]:
    """Return the OAS of this API, with :data:`~oas.routes.ANY_BASE` as its base URL."""
    made = app.openapi()
    for path, example in EXAMPLES.items():
        made["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["example"] = example
    paths = {
        path.removeprefix(ROOT): {method: _operation(each) for method, each in item.items()}
        for path, item in made["paths"].items()
    }
    groups = {each["tags"][0]: "" for item in paths.values() for each in item.values()}
    groups |= {each["name"]: each["description"] for each in made.get("tags", ())}
    # FastAPI tells of its own answer to wrong parameters, which ours takes the place of.
    schemas = {name: each for name, each in made["components"]["schemas"].items() if name not in OF_FASTAPI}
    return {
        **made,
        "info": {**made["info"], "contact": {"name": "Samenzaak", "url": f"{ANY_BASE}/docs/vendors/"}},
        "servers": [{"url": f"{ANY_BASE}{ROOT}"}],
        "tags": [{"name": name, "description": text} for name, text in groups.items()],
        "paths": paths,
        "components": {
            "schemas": schemas | {name: SCHEMAS[name] for name in ("Fout", "ValidatieFout", "VeldFout")},
            "securitySchemes": SECURITY,
        },
    }


def _operation(operation: dict[str, Any]) -> dict[str, Any]:
    answers = {status: each for status, each in operation["responses"].items() if status != "422"}
    parameters = [{**each, "schema": _without_null(each["schema"])} for each in operation.get("parameters", ())]
    return {**operation, "parameters": parameters, "responses": answers}


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a query parameter, which is left out and never null."""
    [one] = [each for each in schema.get("anyOf", [schema]) if each != {"type": "null"}]
    return {name: value for name, value in one.items() if name not in ("title", "anyOf")}


def create(requests: RequestLog) -> FastAPI:
    """Return the app; the gateway calls it with who asks in the scope."""
    app = FastAPI(
        title=About.title,
        version=About.version,
        description=About.description,
        openapi_tags=TAGS,
        license_info=LICENSE,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.requests = requests
    app.include_router(router)
    app.include_router(own_inzage.router)
    pages = Pages(ROOT, lambda: document(app))
    pages.add_reference(About())
    pages.add_root(About(), LISTS)
    app.include_router(pages.router)
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    return app


async def _on_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    instance = f"urn:uuid:{uuid.uuid4()}"
    log.info("%s: %s refused: %s", instance, request.url.path, error)
    return response(error, request.scope["samenzaak.base"], instance)


async def _on_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = [{**each, "loc": each["loc"][1:]} for each in error.errors()]
    return await _on_problem(request, Problem(400, "invalid", invalid_params=from_pydantic(found)))  # type: ignore[arg-type]


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    problem = Problem(404, "not_found", "Deze pagina bestaat niet.")
    if error.status_code == 405:
        problem = Problem(405, "method_not_allowed", headers=dict(error.headers or {}))
    return await _on_problem(request, problem)
