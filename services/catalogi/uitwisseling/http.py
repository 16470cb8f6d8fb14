"""Import and export over HTTP, for the operator: beside the API of the standard, through the gateway, with its
scopes."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from sqlalchemy import true
from starlette.responses import Response

from runtime.problems import InvalidParam, Problem, invalid
from services.catalogi.geldigheid import LEZEN, SCHRIJVEN
from services.catalogi.uitwisseling.bestand import Onleesbaar
from services.catalogi.uitwisseling.exporteren import exporteer
from services.catalogi.uitwisseling.importeren import importeer
from services.catalogi.uitwisseling.plan import Modus
from zgw.api import Described
from zgw.dependencies import CurrentCall, Given, Needs, accepts_json
from zgw.filters import Filter
from zgw.request import answer
from zgw.routing import Operation

MAX_ZIP = 10 * 1024**2
"""Bytes of a ZIP."""


async def sends_zip(call: CurrentCall) -> None:
    """Raise 415 when the client sends something else."""
    call.check_content_type("application/zip")


def _parameter(name: str, type_: Any, required: bool = False) -> Filter:
    """Return a parameter that the endpoint reads itself; it stands for no condition."""
    return Filter(name, type_, lambda _: true(), required=required)


def _choice(name: str, values: Sequence[str]) -> Filter:
    """Return such a parameter with the values that it may have."""
    return Filter(name, str, lambda _: true(), shown={"type": "string", "enum": [str(value) for value in values]})


router = APIRouter(prefix="/catalogi/api/v1", route_class=Operation)


@router.post(
    "/_import",
    operation_id="catalogus_import",
    tags=["_import"],
    dependencies=[Depends(accepts_json), Depends(Needs(SCHRIJVEN)), Depends(sends_zip)],
    openapi_extra={
        "zgw": Described(
            extension=True,
            content_type="application/zip",
            filters=[_choice("modus", list(Modus)), _choice("proef", ["true", "false"])],
            failures=(413, 415),
        )
    },
)
async def run_import(call: CurrentCall, given: Annotated[dict[str, str], Depends(Given("modus", "proef"))]) -> Response:
    """Importeer een catalogus uit een ZIP in het formaat van Open Zaak: alles, of bij enig probleem niets."""
    if given.get("modus", Modus.BEHOUD) not in list(Modus):
        raise invalid("modus", "invalid_choice", f"Kies uit {', '.join(Modus)}.")
    if given.get("proef", "false") not in ("true", "false"):
        raise invalid("proef", "invalid", "Kies uit true, false.")
    try:
        found = await importeer(
            call.service,
            call.tenant,
            await call.raw_body(MAX_ZIP),
            Modus(given.get("modus", Modus.BEHOUD)),
            bases=tuple(dict.fromkeys((call.caller.canonical_base, *call.caller.bases))),
            proef=given.get("proef") == "true",
        )
    except Onleesbaar as e:
        params = [InvalidParam(p.plaats or "nonFieldErrors", p.code, p.reden) for p in e.problemen]
        number = "Eén probleem" if len(params) == 1 else f"{len(params)} problemen"
        raise Problem(400, "invalid", f"{number}; er is niets geïmporteerd.", params) from None
    return answer({**found.as_json(), "catalogus": f"{call.base}/catalogi/api/v1/catalogussen/{found.catalogus}"})


@router.get(
    "/_export",
    operation_id="catalogus_export",
    tags=["_export"],
    dependencies=[Depends(Needs(LEZEN))],
    openapi_extra={
        "zgw": Described(
            extension=True,
            content_type="application/zip",
            shape="binary",
            filters=[_parameter("domein", str, True), _parameter("rsin", str)],
            failures=(404,),
        )
    },
)
async def run_export(call: CurrentCall, given: Annotated[dict[str, str], Depends(Given("domein", "rsin"))]) -> Response:
    """Exporteer een catalogus als ZIP in het formaat van Open Zaak."""
    if not given.get("domein"):
        raise invalid("domein", "required")
    content = await exporteer(call.service.database, call.tenant, given["domein"], given.get("rsin", ""), call.base)
    name = "".join(letter for letter in given["domein"] if letter.isalnum() and letter.isascii())
    return Response(content, 200, {"Content-Disposition": f'attachment; filename="{name}.zip"'}, "application/zip")
