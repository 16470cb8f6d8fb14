"""Applicatie: which client may do what, in which component, for which types (autorisaties.md)."""

import logging
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Depends
from pydantic import BeforeValidator, GetCoreSchemaHandler, WithJsonSchema
from pydantic_core import core_schema
from sqlalchemy import Index, MetaData, Select, exists, func, or_, select
from sqlalchemy.dialects.postgresql import JSONB
from starlette.responses import Response

from runtime.locks import Lock, lock
from runtime.problems import OBJECT, invalid, not_found
from runtime.statements import Executor
from services.autorisaties.volgen import toon_versies, voor_services
from services.autorisaties.volgen_schrijven import Volgend, wat_gevolgd_wordt_bestaat
from zgw.api import Described
from zgw.check import Check
from zgw.columns import make_table
from zgw.dependencies import CurrentCall, Db, Given, Needs, accepts_json
from zgw.expand import rendered
from zgw.fields import Fields
from zgw.filters import Filter
from zgw.internal import internal_router
from zgw.lists import list_
from zgw.outbox import outbox_table
from zgw.problems import error
from zgw.profiel import SWITCHES
from zgw.reading_log.table import reading_log_table
from zgw.request import answer
from zgw.resource import Resource
from zgw.rights import TYPE_PATHS, scopes
from zgw.routing import Operation
from zgw.select import full_reading
from zgw.types import EXTENSION, LEFT_OUT, LEVELS, Length, OptionalUrl, OptionalVertrouwelijkheid, Shown, Url

log = logging.getLogger("samenzaak.autorisaties")

METADATA = MetaData()
outbox_table(METADATA)
reading_log_table(METADATA)

LEZEN = scopes("autorisaties.lezen")
BIJWERKEN = scopes("autorisaties.bijwerken")

COMPONENTEN = {
    "ac": "Autorisaties API",
    "nrc": "Notificaties API",
    "zrc": "Zaken API",
    "ztc": "Catalogi API",
    "drc": "Documenten API",
    "brc": "Besluiten API",
}

VERPLICHT: dict[str, tuple[str, tuple[str, ...]]] = {
    "zrc": ("zaken.", ("maxVertrouwelijkheidaanduiding", "zaaktype")),
    "drc": ("documenten.", ("informatieobjecttype", "maxVertrouwelijkheidaanduiding")),
    "brc": ("besluiten.", ("besluittype",)),
}
"""ac-003: per component the prefix of its scopes, and the fields that belong to it and that such a scope requires, in
the order in which errors are reported. Fields of other components are left out."""

VOLGVELDEN = ("alleVersies", "catalogus")
"""What an autorisatie may have beside the standard where it has a type (``services/autorisaties/volgen.py``)."""
TYPEVELDEN = ("zaaktype", "informatieobjecttype", "besluittype", "maxVertrouwelijkheidaanduiding", *VOLGVELDEN)
MOST = 5_000
"""Autorisaties that an Applicatie may have."""

NIVEAU = WithJsonSchema({"type": "string", "enum": list(LEVELS)})
"""The empty string is accepted as absent, but it is no value of the standard."""


class AutorisatieFields(Fields):
    """One autorisatie; which of the type fields belong to it depends on ``component``."""

    component: Literal["ac", "nrc", "zrc", "ztc", "drc", "brc"]
    scopes: Annotated[list[Annotated[str, Length(100, 1)]], Length(100)]
    zaaktype: Annotated[OptionalUrl, LEFT_OUT] = ""
    informatieobjecttype: Annotated[OptionalUrl, LEFT_OUT] = ""
    besluittype: Annotated[OptionalUrl, LEFT_OUT] = ""
    max_vertrouwelijkheidaanduiding: Annotated[OptionalVertrouwelijkheid, NIVEAU, LEFT_OUT] = ""
    alle_versies: Annotated[bool, EXTENSION, LEFT_OUT] = False
    catalogus: Annotated[OptionalUrl, EXTENSION, LEFT_OUT] = ""


def eigen_velden(sent: Any) -> Any:
    """Return an autorisatie as sent, without the type fields of other components: those are ignored."""
    if not isinstance(sent, dict) or not isinstance(component := sent.get("component"), str):
        return sent
    own = VERPLICHT.get(component.strip(), ("", ()))[1]
    own = (*own, *VOLGVELDEN) if own else ()
    return {name: value for name, value in sent.items() if name not in TYPEVELDEN or name in own}


def hoogstens_zoveel(sent: Any) -> Any:
    """Return autorisaties as sent; raise ``max_length`` for more than :data:`MOST`. Those that are the same but for the
    version of a catalogue that they all are for count once: who sends back what was shown may send them all."""
    if not isinstance(sent, list) or len(sent) <= MOST:
        return sent
    number, known = 0, set()
    for one in sent:
        if isinstance(one, dict) and isinstance(catalogus := one.get("catalogus"), str) and catalogus:
            known.add(
                repr([one.get(n) for n in ("component", "scopes", "maxVertrouwelijkheidaanduiding", "catalogus")])
            )
        else:
            number += 1
    if number + len(known) > MOST:
        raise error("max_length", f"Ten hoogste {MOST}.")
    return sent


@dataclass(frozen=True)
class Rechten(Length):
    """The number of autorisaties, as :func:`hoogstens_zoveel` counts them."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_before_validator_function(hoogstens_zoveel, handler(source))


class AutorisatieShown(AutorisatieFields):
    """One autorisatie in a response."""

    component_weergave: Annotated[str, Shown(minimum=1)] = ""


class ProfielFields(Fields):
    """The switches of an application (``zgw.profiel``); null where the default of the municipality decides."""

    ziot_url: bool | None = None
    bron_hoofdletters: bool | None = None
    betrokkene_null: bool | None = None
    concept_relaties: bool | None = None
    streng_publiceren: bool | None = None


def bestaande_schakelaars(sent: Any) -> Any:
    """Return switches as sent; raise ``invalid`` for a name that is none. Ignoring it, as elsewhere, would leave off
    what somebody wanted on."""
    if isinstance(sent, dict) and (none := sorted(sent.keys() - SWITCHES.keys())):
        names = ", ".join(none)[:200]
        raise error("invalid", f"Er is geen schakelaar {names}; er zijn {', '.join(SWITCHES)}.")
    return sent


class ApplicatieFields(Fields):
    """The fields that an administrator writes."""

    client_ids: Annotated[list[Annotated[str, Length(50, 1)]], Length(250, 1)]
    label: Annotated[str, Length(100, 1)]
    heeft_alle_autorisaties: bool = False
    alleen_is_gereed_voor_publicatie: bool = False
    autorisaties: Annotated[
        list[Annotated[AutorisatieFields, BeforeValidator(eigen_velden)]],
        Rechten(MOST),
    ] = []
    profiel: Annotated[ProfielFields | None, BeforeValidator(bestaande_schakelaars), EXTENSION] = None


class ApplicatieShown(Fields):
    """The fields that only responses have, or have more of."""

    url: Url
    autorisaties: list[AutorisatieShown] = []


APPLICATIE_TABLE = make_table(METADATA, "applicatie", ApplicatieFields)
Index("applicatie_client_ids", APPLICATIE_TABLE.c.client_ids, postgresql_using="gin")


def has_clients(clients: list[str]) -> Any:
    """Return the condition that an application has all of these client ids."""
    return APPLICATIE_TABLE.c.client_ids.cast(JSONB).contains(clients)


async def client_hoort_bij_een_applicatie(check: Check[ApplicatieFields]) -> None:
    """ac-001: elke client_id hoort bij hoogstens een applicatie."""
    check.fields.client_ids = list(dict.fromkeys(check.fields.client_ids))
    for client in check.fields.client_ids:
        other = await check.call.db.row(check.call.tenant, by_client(client))
        if other is not None and other["uuid"] != check.uuid:
            check.reject("clientIds", "clientId-exists", f"De client {client} hoort al bij een andere applicatie.")


async def alles_of_autorisaties(check: Check[ApplicatieFields]) -> None:
    """ac-002: een applicatie heeft alle autorisaties, of een lijst ervan, nooit beide."""
    alles, autorisaties = check.fields.heeft_alle_autorisaties, check.fields.autorisaties
    if alles and autorisaties:
        check.reject(
            OBJECT,
            "ambiguous-authorizations-specified",
            "Geef alle autorisaties of een lijst van autorisaties, niet beide.",
        )
    if not alles and not autorisaties:
        check.reject(OBJECT, "missing-authorizations", "Geef alle autorisaties of een lijst van autorisaties.")


async def autorisatie_is_volledig(check: Check[ApplicatieFields]) -> None:
    """ac-003: een scope voor zaken, documenten of besluiten vraagt een type, en zo nodig een vertrouwelijkheid."""
    for index, autorisatie in enumerate(check.fields.autorisaties):
        prefix, required = VERPLICHT.get(autorisatie.component, ("", ()))
        if prefix and any(scope.startswith(prefix) for scope in autorisatie.scopes):
            given = autorisatie.model_dump(by_alias=True)
            # Without a type, alleVersies is refused by wat_gevolgd_wordt_bestaat.
            follows = given["catalogus"] or given["alleVersies"]
            for name in required:
                if not given[name] and not (name in TYPE_PATHS and follows):
                    check.reject(f"autorisaties.{index}.{name}", "required")


async def velden_van_het_component(check: Check[ApplicatieFields]) -> None:
    """Keep of each autorisatie only the type fields that it has and what it follows, and add the label of its
    component. Those that follow the same and allow the same are one."""
    if check.action == "partial_update" and not check.was_sent(lambda applicatie: applicatie.autorisaties):
        assert check.stored is not None
        check.columns["autorisaties"] = check.stored["autorisaties"]
        return
    kept, known, gevolgd = [], set(), check.facts(Volgend).gevolgd
    for index, autorisatie in enumerate(check.fields.autorisaties):
        given = autorisatie.model_dump(by_alias=True, exclude={"alle_versies", "catalogus"})
        item = {name: value for name, value in given.items() if name not in TYPEVELDEN or value}
        if (followed := gevolgd.get(index)) is not None:
            level = autorisatie.max_vertrouwelijkheidaanduiding
            key = (autorisatie.component, frozenset(autorisatie.scopes), level, followed)
            if key in known:
                continue
            known.add(key)
            item["volgt"] = followed.stored()
            if followed.naam is None:
                item.pop(followed.soort, None)
        kept.append({**item, "componentWeergave": COMPONENTEN[autorisatie.component]})
    check.columns["autorisaties"] = kept


async def schakelaars_blijven(check: Check[ApplicatieFields]) -> None:
    """A PUT that leaves the switches out keeps them: who only knows the standard cannot mean to change them."""
    if check.stored is not None and not check.was_sent(lambda applicatie: applicatie.profiel):
        check.columns["profiel"] = check.stored["profiel"]


async def een_schrijver_tegelijk(db: Executor, check: Check[ApplicatieFields]) -> None:
    """ac-001 under concurrency: writers wait for each other, and the second one looks again."""
    await db.execute(lock(Lock.APPLICATIES))
    if check.action == "destroy":
        return
    for client in check.fields.client_ids:
        statement = select(func.count()).select_from(APPLICATIE_TABLE).where(has_clients([client]))
        if await db.value(statement) > 1:
            raise invalid("clientIds", "clientId-exists")


async def er_blijft_een_beheerder(db: Executor, check: Check) -> None:
    """The last applicatie that may change rights can be removed (autorisaties.md §4); the operator is told."""
    if check.action == "create":
        return
    columns = APPLICATIE_TABLE.c
    grant = [{"component": "ac", "scopes": sorted(BIJWERKEN)}]
    manages = or_(columns.heeft_alle_autorisaties, columns.autorisaties.cast(JSONB).contains(grant))
    if not await db.value(select(exists(select(columns.id).where(manages)))):
        log.warning("%s: no applicatie may change the rights of applicaties any more", check.call.tenant)


def by_client(client: str) -> Select[Any]:
    """Return the statement that finds the application of a client id."""
    return full_reading(APPLICATIE).where(has_clients([client])).limit(1)


APPLICATIE = Resource(
    name="applicatie",
    path="applicaties",
    fields=ApplicatieFields,
    shown=ApplicatieShown,
    table=APPLICATIE_TABLE,
    scopes={"list": LEZEN, "fetch": LEZEN, "create": BIJWERKEN, "update": BIJWERKEN, "remove": BIJWERKEN},
    verbs=("create", "fetch", "replace", "merge", "remove"),
    operations={"fetch": "applicatie_read", "remove": "applicatie_delete"},
    filters=[Filter("clientIds", str, has_clients, many=True, shown={"type": "string"})],
    etag=False,
    kanaal="autorisaties",
    kenmerken=lambda row: {},
    put_keeps=False,
    cached=True,
    after_read=toon_versies,
    rules=[
        client_hoort_bij_een_applicatie,
        alles_of_autorisaties,
        autorisatie_is_volledig,
        wat_gevolgd_wordt_bestaat,
    ],
    derive=[velden_van_het_component, schakelaars_blijven],
    effects=[een_schrijver_tegelijk, er_blijft_een_beheerder],
)

router = APIRouter(prefix="/autorisaties/api/v1/applicaties", tags=["applicaties"], route_class=Operation)
intern = internal_router()


@router.get(
    "",
    operation_id="applicatie_list",
    dependencies=[Depends(accepts_json), Depends(Needs(LEZEN))],
    openapi_extra={
        "zgw": Described(response=APPLICATIE, shape="page", filters=APPLICATIE.filters, parameters=("page",))
    },
)
async def list_applicaties(call: CurrentCall) -> Response:
    """Alle applicaties opvragen."""
    # Clients send ``ClientIds`` as well (A10).
    given = parse_qsl(call.request.scope["query_string"].decode("latin-1"), keep_blank_values=True)
    named = [("clientIds" if name.lower() == "clientids" else name, value) for name, value in given]
    call.request.scope["query_string"] = urlencode(named).encode()
    return await list_(call, APPLICATIE)


BY_CLIENT = Filter("clientId", str, lambda value: has_clients([value]), required=True)


@router.get(
    "/consumer",
    operation_id="applicatie_consumer",
    dependencies=[Depends(accepts_json), Depends(Needs(LEZEN))],
    openapi_extra={"zgw": Described(response=APPLICATIE, filters=[BY_CLIENT], failures=(404,))},
)
async def consumer(call: CurrentCall, db: Db, given: Annotated[dict[str, str], Depends(Given("clientId"))]) -> Response:
    """Eén applicatie opvragen, aan de hand van een `clientId`."""
    # One object and no list, as every implementation does (A1).
    if not given.get("clientId"):
        raise invalid("clientId", "required")
    row = await db.row(call.tenant, by_client(given["clientId"]))
    if row is None:
        raise not_found()
    [applicatie] = await rendered(call, APPLICATIE, [row])
    return answer(applicatie)


@intern.get("/client")
async def client_rights(call: CurrentCall, db: Db) -> Response:
    """Tell another service the rights of one client, with stored paths in the place of URLs."""
    row = await db.row(call.tenant, by_client(call.query().get("clientId", "")))
    if row is None:
        raise not_found()
    content = {
        "uuid": str(row["uuid"]),
        "label": row["label"],
        "heeftAlleAutorisaties": row["heeft_alle_autorisaties"],
        "alleenIsGereedVoorPublicatie": row["alleen_is_gereed_voor_publicatie"],
        "profiel": row["profiel"],
        **await voor_services(call, row["autorisaties"]),
    }
    return answer(content)
