"""Bericht: a message, from its publisher to the queues of the abonnementen that it matches (notificaties.md §2.3)."""

from collections.abc import Sequence
from datetime import UTC
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import AfterValidator
from sqlalchemy import select
from starlette.responses import Response

from runtime.problems import InvalidParam, Problem
from runtime.settings import Settings
from services.notificaties.abonnement import ABONNEMENT_TABLE
from services.notificaties.kanaal import PUBLICEREN, filters_of
from services.notificaties.matching import Bericht, Ontvangers, consistent
from services.notificaties.queues import add
from zgw.api import Described
from zgw.dependencies import CurrentCall, Given, Needs, Sent, accepts_json, sends_json
from zgw.fields import Fields
from zgw.internal import internal_router
from zgw.problems import error
from zgw.request import Call, Service, answer
from zgw.routing import Operation
from zgw.types import EXTENSION, LEFT_OUT, DateTime, Length, Shown, check_url

LONGEST_SOURCE = 255


def any_url(value: str) -> str:
    """Return ``value`` if it is an absolute URL, of any length."""
    if value == "":
        raise error("blank")
    return check_url(value)


AnyUrl = Annotated[str, AfterValidator(any_url), Shown(minimum=1, format="uri")]


class NotificatieFields(Fields):
    """Een notificatie, zoals een publicerend component haar aanbiedt en abonnees haar ontvangen."""

    kanaal: Annotated[str, Length(50, 1)]
    hoofd_object: AnyUrl
    resource: Annotated[str, Length(100, 1)]
    resource_url: AnyUrl
    actie: Annotated[str, Length(100, 1)]
    aanmaakdatum: DateTime
    kenmerken: Annotated[dict[str, Annotated[str, Length(1000)]], Length(100)] = {}
    source: Annotated[str, Length(LONGEST_SOURCE), EXTENSION, LEFT_OUT] = ""


def not_in_the_future(call: Call, fields: NotificatieFields) -> list[InvalidParam]:
    """nrc-8: de aanmaakdatum ligt niet in de toekomst."""
    if fields.aanmaakdatum <= call.latest():
        return []
    return [InvalidParam("aanmaakdatum", "future_not_allowed", "De aanmaakdatum ligt in de toekomst.")]


def kanaal_exists(fields: NotificatieFields, kanalen: dict[str, list[str]]) -> list[InvalidParam]:
    """nrc-1: het kanaal bestaat."""
    if fields.kanaal in kanalen:
        return []
    return [InvalidParam("kanaal", "message_kanaal", "Dit kanaal bestaat niet.")]


def kenmerken_fit(fields: NotificatieFields, kanalen: dict[str, list[str]]) -> list[InvalidParam]:
    """nrc-2: de kenmerken zijn een deel van die van het kanaal, of omgekeerd."""
    if fields.kanaal not in kanalen or consistent(fields.kenmerken, kanalen[fields.kanaal]):
        return []
    return [InvalidParam("kenmerken", "kenmerken_inconsistent", "De kenmerken passen niet bij die van het kanaal.")]


async def publish(service: Service, tenant: str, berichten: Sequence[Bericht]) -> None:
    """Store a delivery of each message for every abonnement that it matches, all in one transaction (nrc-12)."""
    statement = select(ABONNEMENT_TABLE.c.uuid, ABONNEMENT_TABLE.c.kanalen)
    async with service.database.transaction(tenant) as db:
        ontvangers = Ontvangers((row["uuid"], row["kanalen"]) for row in await db.rows(statement))
        await add(db, [(bericht, ontvangers.of(bericht)) for bericht in berichten])


def as_accepted(fields: NotificatieFields) -> dict[str, Any]:
    """Return the seven properties of a message, with the moment in UTC (common.md §2), and its source if it has one."""
    moment = fields.aanmaakdatum.astimezone(UTC).isoformat().replace("+00:00", "Z")
    message = {**fields.model_dump(by_alias=True), "aanmaakdatum": moment}
    return message if message["source"] else {name: value for name, value in message.items() if name != "source"}


def with_source(message: dict[str, Any], settings: Settings, tenant: str) -> dict[str, Any]:
    """Return a message of our own services with the source that the installation gives them, if it does."""
    source = settings.notification_source
    return {**message, "source": source.replace("{tenant}", tenant)} if source else message


router = APIRouter(prefix="/notificaties/api/v1/notificaties", tags=["notificaties"], route_class=Operation)
intern = internal_router()


@router.post(
    "",
    operation_id="notificaties_create",
    status_code=201,
    dependencies=[Depends(accepts_json), Depends(sends_json), Depends(Needs(PUBLICEREN)), Depends(Given())],
    openapi_extra={"zgw": Described(response=NotificatieFields)},
)
async def notificaties_create(
    call: CurrentCall, fields: Annotated[NotificatieFields, Depends(Sent(NotificatieFields))]
) -> Response:
    """Een notificatie publiceren. Zij is aangenomen zodra zij duurzaam is opgeslagen; daarna wordt zij afgeleverd."""
    kanalen = await filters_of(call, [fields.kanaal])
    errors = [*not_in_the_future(call, fields), *kanaal_exists(fields, kanalen), *kenmerken_fit(fields, kanalen)]
    if errors:
        raise Problem(400, "invalid", invalid_params=errors)
    message = as_accepted(fields)
    await publish(call.service, call.tenant, [Bericht(message, call.caller.bases)])
    return answer(message, 201)


@intern.post("/notificaties")
async def relayed(call: CurrentCall) -> Response:
    """Take messages from the outbox of one of our own services, in order, each with the base URLs of its writer.

    They were checked where they were made. Refusing one would hold up all that follow, so none is refused.
    """
    items, settings = (await call.body())["berichten"], call.service.settings
    berichten = [Bericht(with_source(item["message"], settings, call.tenant), tuple(item["bases"])) for item in items]
    await publish(call.service, call.tenant, berichten)
    return Response(None, 204)
