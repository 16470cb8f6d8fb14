"""The API of the gateway itself, at ``/beheer/api/v1``: what an application may know of its own requests.

Any client may ask: it takes a valid token and no rights. Who is asked about is who asks; nothing names another.
"""

import logging
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

import orjson
from fastapi import Depends, FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRouter
from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from gateway.reasons import CHECKS, refusal
from gateway.request_log import RequestLog
from gateway.request_store import FROM_STRANGERS, Wanted
from gateway.snapshot import Identity
from oas.errors import catalogue, example
from oas.parts import LICENSE, SCHEMAS, SECURITY
from runtime.faults import AWAY
from runtime.problems import InvalidParam, Problem
from zgw.filters import unknown
from zgw.problems import MEDIA_TYPE, error, from_pydantic, response

log = logging.getLogger("samenzaak.gateway")

OWN = "beheer"
ROOT = "/beheer/api/v1"
OAS = f"{ROOT}/openapi.json"
VERSION = "1.0.0"
PAGE_SIZE = 100
MOST_PAGES = 10_000
OF_FASTAPI = ("HTTPValidationError", "ValidationError")

_ROOT = f"{ROOT}/".encode()


def is_own(path: bytes) -> bool:
    """Return whether a path, as it was sent, belongs to this API."""
    return path.startswith(_ROOT)


def is_public(path: bytes) -> bool:
    """Return whether such a path needs no token."""
    return path == OAS.encode()


class InvalidField(BaseModel):
    """Wat er aan één veld mis was. De waarde wordt niet bewaard."""

    name: str = Field(description="De naam van het veld of van de queryparameter.", examples=["zaaktype"])
    code: str = Field(description="De code; `/ref/fouten/{code}/` legt haar uit.", examples=["not-published"])
    reason: str = Field(description="Wat de code betekent.", examples=["Het type is nog een concept."])


class Weigering(BaseModel):
    """Waarom een verzoek is geweigerd."""

    laag: Literal["gateway", "dienst"] = Field(
        description="Of de gateway het verzoek weigerde, of de dienst (API) erachter."
    )
    controle: str = Field(
        description="Welke controle weigerde.\n\n" + "\n".join(f"* `{name}`: {text}" for name, text in CHECKS.items()),
        json_schema_extra={"enum": list(CHECKS)},
    )
    titel: str = Field(description="De `title` van de fout.")
    detail: str = Field(description="De `detail` van de fout.")
    invalidParams: list[InvalidField] = Field(  # noqa: N815
        description="De velden of queryparameters die niet klopten; leeg wanneer het daar niet om ging."
    )
    uitleg: str = Field(description="Het adres van de uitleg van de fout; leeg wanneer er geen code is.")


EXAMPLE: dict[str, Any] = {
    "tijdstip": "2026-03-02T09:15:27.120417Z",
    "methode": "POST",
    "pad": "/zaken/api/v1/zaken",
    "query": "",
    "status": 400,
    "code": "invalid",
    "instance": "urn:uuid:7f6c1c53-4a58-4c0e-8f0a-0a51e1d6f0a3",
    "duurMs": 18.4,
    "requestId": "9b0f5d1c7a5e4c3c8f6a2d4b1e0c9a87",
    "traceId": "4bf92f3577b34da6a3ce929d0e0e4736",
    "geverifieerd": True,
    "weigering": {
        "laag": "dienst",
        "controle": "inhoud",
        "titel": "Ongeldige invoer.",
        "detail": "",
        "invalidParams": [{"name": "zaaktype", "code": "not-published", "reason": "Het type is nog een concept."}],
        "uitleg": "https://zaken.example.nl/ref/fouten/ValidationError/",
    },
}
ANSWERED: dict[str, Any] = {
    **EXAMPLE,
    "methode": "GET",
    "query": "zaaktype=https://zaken.example.nl/catalogi/api/v1/zaaktypen/5f4ab0d5-5a3c-4f8f-8d0c-5f0f6d3ac1b2"
    "&rol__betrokkeneIdentificatie__natuurlijkPersoon__inpBsn=***",
    "status": 200,
    "code": None,
    "instance": None,
    "weigering": None,
}


class Verzoek(BaseModel):
    """Een verzoek van deze applicatie. Wat erin stond en wat erop kwam wordt niet bewaard."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    tijdstip: datetime = Field(description="Wanneer het verzoek binnenkwam.")
    methode: str = Field(description="De methode, zoals `GET` of `POST`.")
    pad: str = Field(
        description="Het pad, ten hoogste 200 tekens. Wat een BSN kan zijn is vervangen door `#########`, en een deel "
        "waarin andere tekens staan dan in paden van deze API's door `***`."
    )
    query: str = Field(
        description="De queryparameters. Waarden waaruit een persoon kan blijken zijn vervangen door `***`: alleen "
        "adressen van objecten, datums en woorden van een vaste lijst blijven staan."
    )
    status: int = Field(description="De status van het antwoord; 0 wanneer de client eerder wegging.")
    code: str | None = Field(description="De code van de fout. Leeg bij HEAD, waarvan het antwoord geen inhoud heeft.")
    instance: str | None = Field(description="De `instance` van de fout.")
    duurMs: float = Field(description="Milliseconden in de gateway en erachter.")  # noqa: N815
    requestId: str = Field(description="De `X-Request-ID` van het antwoord.")  # noqa: N815
    traceId: str | None = Field(description="Het nummer in `traceparent`.")  # noqa: N815
    geverifieerd: bool = Field(
        description="Of het token klopte. Een verzoek waarvan het token is geweigerd kan van een ander zijn, die de "
        "`client_id` kent."
    )
    weigering: Weigering | None = Field(
        description="Waarom het verzoek is geweigerd; `null` wanneer het is beantwoord."
    )


class Verzoeken(BaseModel):
    """Een pagina van verzoeken, het laatste eerst."""

    count: int = Field(description="Het aantal verzoeken dat aan de filters voldoet.")
    next: str | None = Field(description="Het adres van de volgende pagina; `null` op de laatste.")
    previous: str | None = Field(description="Het adres van de vorige pagina; `null` op de eerste.")
    results: list[Verzoek] = Field(description="De verzoeken van deze pagina.")


def failure(code: str, description: str) -> dict[str, Any]:
    """Return a refusal in the OAS, with the error of a code as its example."""
    shown = example(catalogue()[code], "https://zaken.example.nl")
    schema = {"$ref": f"#/components/schemas/{'ValidatieFout' if code == 'unknown-parameters' else 'Fout'}"}
    return {"description": description, "content": {MEDIA_TYPE: {"schema": schema, "example": shown}}}


ERRORS: dict[int | str, dict[str, Any]] = {
    400: failure("unknown-parameters", "Een queryparameter klopt niet."),
    403: failure("jwt-expired", "Het token klopt niet."),
    404: failure("not_found", "Zoveel pagina's zijn er niet, of de installatie houdt geen verzoeken bij."),
    429: failure("throttled", "Te veel verzoeken."),
    503: failure("service_unavailable", "De database is even weg."),
}


def _text(value: str) -> str:
    # PostgreSQL has no NUL in a text.
    if "\0" in value:
        raise error("invalid")
    return value


def _of_query(value: Any) -> Any:
    if isinstance(value, str):
        if ":" not in value:
            # A number is no moment, though pydantic takes it for one.
            raise error("invalid")
        if "T" in value:
            # A plus sign that was not escaped has become a space.
            return value.replace(" ", "+")
    return value


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise error("invalid") from None


Text = Annotated[str, AfterValidator(_text)]
Moment = Annotated[AwareDatetime, BeforeValidator(_of_query), AfterValidator(_in_utc)]


class Asked(BaseModel):
    """De filters."""

    model_config = ConfigDict(extra="ignore")

    instance: Text | None = Field(None, max_length=100, description="De `instance` van een fout.")
    requestId: Text | None = Field(None, max_length=100, description="De `X-Request-ID` van een antwoord.")  # noqa: N815
    status: int | None = Field(None, ge=0, le=599, description="De status van het antwoord.")
    statusVan: int | None = Field(  # noqa: N815
        None, ge=0, le=599, description="Deze status of een hogere: `400` geeft alles dat is geweigerd of mislukt."
    )
    code: Text | None = Field(None, max_length=100, description="De code van de fout.")
    methode: Text | None = Field(None, max_length=20, description="De methode, zoals `GET` of `POST`.")
    pad: Text | None = Field(None, max_length=200, description="Het begin van het pad.")
    vanaf: Moment | None = Field(None, description="Niet eerder binnengekomen dan.")
    tot: Moment | None = Field(None, description="Niet later binnengekomen dan.")
    page: int = Field(1, ge=1, le=MOST_PAGES, description="Het nummer van de pagina; de eerste is 1.")
    pageSize: int = Field(PAGE_SIZE, ge=1, le=PAGE_SIZE, description="Het aantal verzoeken op een pagina.")  # noqa: N815


router = APIRouter(prefix=ROOT)


async def identity_of(request: Request) -> Identity:
    """Return who asks, as the gateway found out."""
    identity: Identity = request.scope["samenzaak.identity"]
    return identity


async def asked_of(request: Request, asked: Annotated[Asked, Query()]) -> Asked:
    """Return the filters; raise Problem 400 for a parameter that there is not, or that is there twice."""
    names = [name for name, _ in request.query_params.multi_items()]
    if error := unknown(names, list(Asked.model_fields)):
        raise Problem(400, "invalid", invalid_params=[error])
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise Problem(
            400, "invalid", invalid_params=[InvalidParam(twice, "invalid", "De parameter komt meermaals voor.")]
        )
    return asked


@router.get(
    "/verzoeken",
    operation_id="verzoek_list",
    tags=["verzoeken"],
    summary="De laatste verzoeken van deze applicatie opvragen.",
    response_model=Verzoeken,
    responses={
        200: {
            "content": {
                "application/json": {
                    "example": {"count": 2, "next": None, "previous": None, "results": [EXAMPLE, ANSWERED]}
                }
            }
        },
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


@router.api_route("/openapi.json", methods=["GET", "HEAD"], include_in_schema=False)
async def oas(request: Request) -> Response:
    """The OAS of this API."""
    base: str = request.scope["samenzaak.base"]
    made = request.app.openapi()
    # FastAPI tells of its own answer to wrong parameters, which ours takes the place of.
    operation = made["paths"][f"{ROOT}/verzoeken"]["get"]
    answers = {status: each for status, each in operation["responses"].items() if status != "422"}
    schemas = {name: each for name, each in made["components"]["schemas"].items() if name not in OF_FASTAPI}
    written = {
        **made,
        "info": {**made["info"], "contact": {"name": "Samenzaak", "url": f"{base}/docs/vendors/"}},
        "servers": [{"url": base}],
        "paths": {f"{ROOT}/verzoeken": {"get": {**operation, "responses": answers}}},
        "components": {
            "schemas": schemas | {name: SCHEMAS[name] for name in ("Fout", "ValidatieFout", "VeldFout")},
            "securitySchemes": SECURITY,
        },
    }
    return Response(orjson.dumps(written), media_type="application/json")


def create(requests: RequestLog) -> FastAPI:
    """Return the app; the gateway calls it with who asks in the scope."""
    app = FastAPI(
        title="Beheer",
        version=VERSION,
        description="Wat een applicatie van haar eigen verzoeken kan nagaan. Deze API staat naast de standaard.",
        license_info=LICENSE,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.requests = requests
    app.include_router(router)
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
