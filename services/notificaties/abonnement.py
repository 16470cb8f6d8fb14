"""Abonnement: who gets which messages, and where (notificaties.md §2.1, §4)."""

from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

from cryptography.fernet import Fernet
from fastapi import APIRouter, Depends
from pydantic import AfterValidator
from sqlalchemy import Column, Text, func, select
from sqlalchemy.dialects.postgresql import insert
from starlette.responses import Response

from runtime.locks import Lock, lock
from runtime.problems import OBJECT
from runtime.settings import Settings
from runtime.statements import Executor
from services.notificaties.addresses import origin_of, refusal
from services.notificaties.kanaal import BEIDE, CONSUMEREN, METADATA, filters_of
from services.notificaties.matching import consistent, shown, stored
from services.notificaties.queues import CHANNEL, QUEUE
from services.notificaties.webhook import verify
from zgw.api import Described
from zgw.check import Check
from zgw.columns import make_table
from zgw.dependencies import CurrentCall, Needs, accepts_json, sends_json
from zgw.fields import Fields
from zgw.problems import error
from zgw.read import find, no_query
from zgw.request import Call, answer
from zgw.resource import Resource
from zgw.rights import Rights
from zgw.routing import Operation
from zgw.types import EXTENSION, WRITE_ONLY, Length, Shown, Url, check_url
from zgw.unknown import read_members
from zgw.write import in_line, store

LONGEST_CALLBACK = 8000


def callback_url(value: str) -> str:
    """Return ``value`` if a webhook can be called there; else the error that says why not."""
    if value == "":
        raise error("blank")
    if len(value) > LONGEST_CALLBACK:
        raise error("max_length")
    return check_url(value)


def header_value(value: str) -> str:
    """Return ``value`` if it can be sent as an Authorization header."""
    if not value.isascii() or not value.isprintable() or value != value.strip():
        raise error("invalid", "Dit kan geen waarde van een Authorization-header zijn.")
    return value


class FilterGroup(Fields):
    """Een kanaal, en de kenmerken waaraan een notificatie moet voldoen."""

    naam: Annotated[str, Length(None, 1)]
    filters: Annotated[dict[str, Annotated[str, Length(1000, 1)]], Length(100)] = {}


class CloudeventFilter(Fields):
    """Een soort cloud event, en de gegevens waaraan het moet voldoen."""

    type_substring: Annotated[str, Length(255, 1)]
    filters: Annotated[dict[str, Annotated[str, Length(1000, 1)]], Length(100)] = {}


class AbonnementFields(Fields):
    """The fields that a consumer writes."""

    callback_url: Annotated[str, AfterValidator(callback_url), Shown(minimum=1, format="uri")]
    auth: Annotated[str, Length(None, 1), AfterValidator(header_value), WRITE_ONLY]
    kanalen: Annotated[list[FilterGroup], Length(100)]
    send_cloudevents: Annotated[bool, EXTENSION] = False
    cloudevent_filters: Annotated[list[CloudeventFilter], Length(100), EXTENSION] = []


class AbonnementShown(Fields):
    """The fields that only responses have."""

    url: Url


ABONNEMENT_TABLE = make_table(
    METADATA,
    "abonnement",
    AbonnementFields,
    Column("auth", Text, nullable=False),
    Column("client_id", Text, nullable=False),
)


def box(settings: Settings) -> Fernet:
    """Return what encrypts and decrypts the credentials of subscribers in the database."""
    return Fernet(urlsafe_b64encode(settings.derive("callback-auth")))


@dataclass
class Onderzocht:
    """The facts that rules look at beside the fields."""

    kanalen: dict[str, list[str]] = field(default_factory=dict)
    """The kenmerken of the kanalen that exist."""
    callback: bool = True
    """Whether the client sent the callback or its header."""


async def kanalen_bestaan(check: Check[AbonnementFields]) -> None:
    """nrc-3: elk kanaal van een abonnement bestaat."""
    names = [group.naam for group in check.fields.kanalen]
    found = check.facts(Onderzocht).kanalen = await filters_of(check.call, names)
    for name in dict.fromkeys(name for name in names if name not in found):
        check.reject("naam", "kanaal_naam", f"Het kanaal {name[:50]} bestaat niet.")


async def filters_passen(check: Check[AbonnementFields]) -> None:
    """nrc-4: de filters zijn een deel van de kenmerken van het kanaal, of omgekeerd."""
    found = check.facts(Onderzocht).kanalen
    for group in check.fields.kanalen:
        if group.filters and group.naam in found and not consistent(group.filters, found[group.naam]):
            check.reject("filters", "inconsistent-abonnement-filters", f"Kenmerken: {', '.join(found[group.naam])}.")


async def callback_mag(check: Check[AbonnementFields]) -> None:
    """nrc-5: de callback is een adres waar wij naar toe mogen sturen: https, tenzij http is toegestaan."""
    caller = check.call.caller
    if reason := refusal(check.fields.callback_url, check.call.service.settings, caller.bases, caller.hosts):
        check.reject("callbackUrl", "invalid", reason)


async def client_heeft_niet_te_veel(check: Check) -> None:
    """Naast de standaard: een client heeft ten hoogste zoveel abonnementen als de beheerder toestaat."""
    if check.creating and not check.call.caller.component:
        async with check.call.db.acquire(check.call.tenant) as db:
            await count_abonnementen(db, check)


async def count_abonnementen(db: Executor, check: Check) -> None:
    """Reject a new abonnement of a client that has as many as it may."""
    most = check.call.service.settings.callbacks_per_client
    mine = ABONNEMENT_TABLE.c.client_id == check.call.caller.client_id
    number = await db.value(select(func.count()).select_from(ABONNEMENT_TABLE).where(mine))
    if number is not None and number >= most:
        check.reject(OBJECT, "too-many-abonnementen", f"Een applicatie heeft ten hoogste {most} abonnementen.")


async def count_alone(db: Executor, check: Check) -> None:
    """Count once more, one request of a client at a time."""
    if check.creating and not check.call.caller.component:
        await db.execute(lock(Lock.ABONNEMENTEN, check.call.caller.client_id))
        await count_abonnementen(db, check)
        check.stop()


async def callback_is_beschermd(check: Check[AbonnementFields]) -> None:
    """nrc-6: zonder Authorization-header weigert de callback de testnotificatie (nrc-10).

    nrc-5: met de opgegeven header neemt hij haar aan. Bij PATCH alleen als de callback of de header is meegestuurd.
    """
    settings = check.call.service.settings
    if check.errors or not settings.callback_check or not check.facts(Onderzocht).callback:
        return
    url = check.fields.callback_url
    if reason := await verify(settings, url, None):
        check.reject("callbackUrl", "no-auth-on-callback-url", reason)
    elif reason := await verify(settings, url, check.fields.auth):
        check.reject(OBJECT, "invalid-callback-url", reason)


async def stored_form(check: Check[AbonnementFields]) -> None:
    """Encrypt the credentials, and store filters in the form in which they are compared."""
    # The same credentials keep their stored form, because each encryption gives another text.
    known = check.stored and box(check.call.service.settings).decrypt(check.stored["auth"]).decode()
    if check.fields.auth != known:
        check.columns["auth"] = box(check.call.service.settings).encrypt(check.fields.auth.encode()).decode()
    if check.creating:
        check.columns["client_id"] = check.call.caller.client_id
    bases = check.call.caller.bases
    for name, groups in (("kanalen", check.fields.kanalen), ("cloudevent_filters", check.fields.cloudevent_filters)):
        check.columns[name] = [
            {**g.model_dump(by_alias=True), "filters": {k: stored(v, bases) for k, v in g.filters.items()}}
            for g in groups
        ]


async def tell_the_worker(db: Executor, check: Check) -> None:
    """Make the queue of a new abonnement, and let deliveries under way know of a change."""
    if check.creating:
        await db.execute(insert(QUEUE).values(abonnement=check.uuid))
    else:
        await db.execute(select(func.pg_notify(CHANNEL, func.current_schema().concat(f" {check.uuid}"))))


async def show_filters(call: Call, items: list[dict[str, Any]], rows: Sequence[Mapping[str, Any]]) -> None:
    """Show own URLs in filters with the host that the client uses."""
    del rows
    for item in items:
        for group in (*item["kanalen"], *item["cloudeventFilters"]):
            group["filters"] = {name: shown(value, call.base) for name, value in group["filters"].items()}


ABONNEMENT = Resource(
    name="abonnement",
    path="abonnement",
    fields=AbonnementFields,
    shown=AbonnementShown,
    table=ABONNEMENT_TABLE,
    scopes={"list": BEIDE, "fetch": BEIDE, "create": CONSUMEREN, "update": CONSUMEREN, "remove": CONSUMEREN},
    verbs=("list", "create", "fetch", "replace", "remove"),
    operations={"fetch": "abonnement_read", "remove": "abonnement_delete", "replace": "abonnement_update"},
    order=[ABONNEMENT_TABLE.c.id],
    paginated=False,
    etag=False,
    put_keeps=False,
    owner="client_id",
    rules=[kanalen_bestaan, filters_passen, callback_mag, client_heeft_niet_te_veel, callback_is_beschermd],
    derive=[stored_form],
    locks=[count_alone],
    effects=[tell_the_worker],
    after_read=show_filters,
)

router = APIRouter(prefix="/notificaties/api/v1/abonnement", tags=["abonnement"], route_class=Operation)


@router.patch(
    "/{uuid:uuid}",
    operation_id="abonnement_partial_update",
    dependencies=[Depends(accepts_json), Depends(sends_json)],
    openapi_extra={"zgw": Described(body=AbonnementFields, response=ABONNEMENT)},
)
async def merge(call: CurrentCall, rights: Annotated[Rights, Depends(Needs(CONSUMEREN))]) -> Response:
    """Een deel van een abonnement wijzigen; de rest blijft zoals het is, ook de niet getoonde auth."""
    no_query(call)
    await find(call, ABONNEMENT, rights)
    sent = read_members(call, ABONNEMENT, await call.body(), None)

    async def attempt(_: int) -> Response:
        row = await find(call, ABONNEMENT, rights, full=True)
        known = {"auth": box(call.service.settings).decrypt(row["auth"]).decode()}
        if isinstance(to := sent.get("callbackUrl"), str) and origin_of(to) != origin_of(row["callback_url"]):
            # Another address may be another party: it must not get the secret that was agreed with the first.
            known = {}
        check = Check(call, ABONNEMENT, "partial_update", {**known, **sent}, row)
        check.facts(Onderzocht).callback = bool(sent.keys() & {"callbackUrl", "auth"})
        return answer(await store(check, rights))

    return await in_line(call, attempt)
