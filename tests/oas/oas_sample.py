"""An API with one of everything, for the tests of the OAS and of its page."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import WithJsonSchema
from sqlalchemy import Column, MetaData, Table, Text, Uuid
from sqlmodel import Field

from zgw.api import Api, Described
from zgw.dependencies import Needs
from zgw.fields import Fields, Variants
from zgw.filters import Filter, any_of, compare, equal, reference
from zgw.resource import Main, Resource
from zgw.rights import scopes
from zgw.types import (
    COORDINATES,
    WRITE_ONLY,
    Date,
    DateTime,
    Duration,
    Email,
    EmptyAs,
    JsonObject,
    Length,
    Ref,
    Rsin,
    Shown,
    Url,
    Whole,
)

METADATA = MetaData()
TABLE = Table(
    "zaak", METADATA, Column("id", Text), Column("uuid", Uuid), Column("zaak", Uuid), Column("startdatum", Text)
)
C = TABLE.c


class VerlengingFields(Fields):
    """De verlenging van een zaak."""

    reden: Annotated[str, Length(200)]
    duur: Duration = "P0D"


class MedewerkerFields(Fields):
    identificatie: Annotated[str, Length(24)] = ""


class OrganisatieFields(Fields):
    rsin: Rsin
    geheim: Annotated[str, WRITE_ONLY] = ""


class ZaakFields(Fields):
    zaaktype: Annotated[str, Ref("catalogi", "zaaktypen")]
    bronorganisatie: Rsin
    verantwoordelijke_organisatie: Annotated[Rsin, Shown(9, 1)]
    hoofdzaak: Annotated[str, Ref("zaken", "zaken", table="zaak"), Shown(1000, 1)] | None = None
    besluit: Annotated[str, Ref("besluiten", "besluiten"), Shown()] = ""
    startdatum: Date
    gewijzigd: DateTime | None = None
    volgnummer: Annotated[int, Whole(1, 999)] = 1
    omvang: Annotated[int, Whole(0, 2**63 - 1), Shown(format="int64")] = 0
    openbaar: bool = True
    nominatie: Literal["", "vernietigen"] | None = None
    email: Email = ""
    lock: Annotated[str, WRITE_ONLY] = ""
    verlenging: VerlengingFields | None = None
    opschorting: Annotated[VerlengingFields | None, EmptyAs({"reden": ""})] = None
    trefwoorden: Annotated[list[Annotated[str, Length(30)]], Length(9)] = Field(default_factory=list)
    producten: list[Url] = Field(default_factory=list)
    betrokkene_identificatie: Annotated[
        JsonObject | None,
        Variants("type", {"medewerker": MedewerkerFields, "organisatie": OrganisatieFields, "geen": None}),
    ] = None
    kenmerken: dict[str, Annotated[str, Length(1000)]] = Field(default_factory=dict)
    geometrie: Annotated[JsonObject, WithJsonSchema({"type": "object", "x-vrij": 1}), COORDINATES] = Field(
        default_factory=dict
    )


class ZaakShown(Fields):
    url: Url
    uuid: UUID
    einddatum: Date | None
    deelzaken: list[Annotated[str, Ref("zaken", "zaken"), Shown()]]
    omschrijvingen: list[str]


class LockFields(Fields):
    lock: str = ""


class EigenschapFields(Fields):
    zaak: Annotated[str, Ref("zaken", "zaken", table="zaak")]
    waarde: str


class ZoekFields(Fields):
    expand: str = ""


async def zaaktype_bestaat(check: object) -> None:
    """zrc-001: het zaaktype bestaat.

    Meer uitleg.
    """


async def run() -> None:
    """Doe iets. En nog iets."""


LEZEN, SCHRIJVEN = scopes("zaken.lezen"), scopes("zaken.bijwerken", "zaken.aanmaken")
ALL = {"list": LEZEN, "fetch": LEZEN, "create": SCHRIJVEN, "update": SCHRIJVEN, "remove": SCHRIJVEN}

ZAAK = Resource(
    name="zaak",
    path="zaken",
    fields=ZaakFields,
    shown=ZaakShown,
    table=TABLE,
    scopes=ALL,
    filters=[
        equal("bronorganisatie", C.uuid, Rsin),
        any_of("bronorganisatie__in", C.uuid, Rsin),
        any_of("uuid__in", C.uuid, UUID, search_only=True),
        *compare("startdatum", C.startdatum, Date, "gt", "isnull"),
        reference("zaaktype", C.zaak, Ref("catalogi", "zaaktypen")),
        Filter("status", Literal["alles", "concept"], lambda v: C.id == v, shown={"type": "string"}),
    ],
    ordering={"startdatum": C.startdatum},
    fetch_parameters=["versie"],
    operations={"audit_fetch": "audittrail_read"},
    audited=True,
    rules=[zaaktype_bestaat],
    warning="Deze resource is verouderd.",
)
EIGENSCHAP = Resource(
    name="zaakeigenschap",
    path="zaakeigenschappen",
    fields=EigenschapFields,
    table=TABLE,
    scopes={name: scope for name, scope in ALL.items() if name != "remove"},
    parent="zaak",
    main=Main("zaak", ZAAK),
    paginated=False,
    etag=False,
    operations={"fetch": "zaakeigenschap_read"},
)


ROUTER = APIRouter(prefix="/zaken/api/v1/zaken")


def operation(name: str, path: str = "", method: str = "POST", status: int = 200, **described: Any) -> None:
    """Add an operation with only what a test is about."""
    ROUTER.add_api_route(
        path or f"/{name}",
        run,
        methods=[method],
        operation_id=name,
        status_code=status,
        tags=["zaken"],
        dependencies=[] if name == "zaak_lock" else [Depends(Needs(LEZEN))],
        openapi_extra={"zgw": Described(**described)},
    )


operation("zaak__zoek", "/_zoek", filters=ZAAK.filters, body=ZoekFields, response=ZAAK, shape="page")
operation("zaak_lock", "/{uuid:uuid}/lock", response=LockFields)
operation("zaak_download", "/{uuid:uuid}/download", "GET", shape="binary", parameters=["versie"])
operation("zaak_vind", method="GET", filters=[Filter("clientId", str, lambda v: C.id == v, required=True)])
operation(
    "zaak_deel",
    method="PUT",
    body=OrganisatieFields,
    content_type="multipart/form-data, application/x-www-form-urlencoded",
)
operation("zaak_maak", status=201, body=ZaakFields, response=ZAAK, parameters=["CRS", "audit"])
operation("zaak_nummers", response=LockFields, shape="object|array")
operation("zaak_merge", method="PATCH", body=ZaakFields, response=ZAAK, parameters=["CRS"])
API = Api("zaken", "zrc", "1.7.0", "Zaken API", [ZAAK, EIGENSCHAP], METADATA, [ROUTER])


def sample(fields: type[Fields], shown: type[Fields]) -> Api:
    """An API with one resource of these fields."""
    resource = Resource("ding", "dingen", fields, TABLE, ALL, shown=shown)
    return Api("zaken", "zrc", "1", "Dingen", [resource], METADATA)
