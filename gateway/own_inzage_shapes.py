"""What ``/beheer/api/v1/inzage`` takes and answers."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from gateway.own_api_shapes import Moment, Text, failure
from zgw.problems import error
from zgw.reading_log.read import NAMES, Action

PAGE_SIZE = 100

ZAAK = "https://zaken.example.nl/zaken/api/v1/zaken/7f6c1c53-4a58-4c0e-8f0a-0a51e1d6f0a3"
EXAMPLE: dict[str, Any] = {
    "id": "3fb1c87e5a6d2b10",
    "tijdstip": "2026-03-02T09:15:27.120417Z",
    "actie": "retrieve",
    "dienst": "zaken",
    "applicatie": "zaaksysteem",
    "gebruikersId": "jdv",
    "gebruikersWeergave": "J. de Vries",
    "toelichting": "Vraag aan de balie",
    "verwerkingsactiviteit": "https://register.example.nl/activiteiten/12",
    "requestId": "9b0f5d1c7a5e4c3c8f6a2d4b1e0c9a87",
    "traceId": "4bf92f3577b34da6a3ce929d0e0e4736",
    "filters": None,
    "aantalObjecten": 2,
    "objecten": [
        {
            "url": ZAAK,
            "soort": "zaak",
            "zaak": None,
            "vertrouwelijkheidaanduiding": "zaakvertrouwelijk",
            "expand": False,
        },
        {
            "url": "https://zaken.example.nl/zaken/api/v1/rollen/5f4ab0d5-5a3c-4f8f-8d0c-5f0f6d3ac1b2",
            "soort": "rol",
            "zaak": ZAAK,
            "vertrouwelijkheidaanduiding": "",
            "expand": True,
        },
    ],
}


class GezienObject(BaseModel):
    """Een object dat is getoond. De inhoud ervan wordt niet bewaard."""

    url: str = Field(description="Het adres van het object.")
    soort: str = Field(description="De soort.", json_schema_extra={"enum": list(NAMES.values())})
    zaak: str | None = Field(description="Van een rol de zaak; van de andere soorten `null`.")
    vertrouwelijkheidaanduiding: str = Field(
        description="De vertrouwelijkheidaanduiding op dat moment; leeg waar de soort er geen heeft."
    )
    expand: bool = Field(description="Of het is getoond door `expand`, en niet zelf is gevraagd.")


class Raadpleging(BaseModel):
    """Een verzoek waarop iets is getoond."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    id: str = Field(description="Het nummer van deze regel.")
    tijdstip: datetime = Field(description="Wanneer het is getoond.")
    actie: str = Field(
        description="Wat er is gedaan: een object opgevraagd (`retrieve`), gezien in een lijst (`list`) of na zoeken "
        "(`search`), gedownload (`download`), of de audittrail ervan gelezen (`audittrail`). Over het logboek zelf: "
        "het is gelezen (`inzage`), wat wordt vastgelegd is gewijzigd (`keuze`), er ging iets verloren (`verlies`).",
        json_schema_extra={"enum": list(Action)},
    )
    dienst: str = Field(description="De API die het toonde.")
    applicatie: str = Field(description="De `client_id`.")
    gebruikersId: str = Field(description="De gebruiker, zoals de applicatie zegt (`user_id`).")  # noqa: N815
    gebruikersWeergave: str = Field(description="De naam van de gebruiker (`user_representation`).")  # noqa: N815
    toelichting: str = Field(description="Waarom, uit `X-Audit-Toelichting`.")
    verwerkingsactiviteit: str = Field(
        description="De verwerkingsactiviteit, uit `X-Verwerkingsactiviteit` of zoals voor de applicatie is ingesteld."
    )
    requestId: str = Field(description="De `X-Request-ID` van het antwoord.")  # noqa: N815
    traceId: str = Field(description="Het nummer in `traceparent`, of een eigen nummer.")  # noqa: N815
    filters: dict[str, Any] | None = Field(
        description="Waarop is gezocht. Een nummer van een persoon is vervangen door `hmac:…`."
    )
    aantalObjecten: int = Field(description="Hoeveel objecten er zijn getoond.")  # noqa: N815
    objecten: list[GezienObject] = Field(
        description="De objecten; van meer dan honderd de eerste. De export heeft ze alle."
    )


class Raadplegingen(BaseModel):
    """Een pagina, de laatste raadpleging eerst."""

    next: str | None = Field(description="Het adres van de volgende pagina; `null` op de laatste.")
    results: list[Raadpleging] = Field(description="De raadplegingen van deze pagina.")


ERRORS: dict[int | str, dict[str, Any]] = {
    400: failure("unknown-parameters", "Een queryparameter klopt niet."),
    403: failure("permission_denied", "De applicatie mist de scope `inzage.lezen`."),
    429: failure("throttled", "Te veel verzoeken."),
    503: failure("service_unavailable", "De database is even weg."),
}


def _cursor(value: str) -> str:
    moment, _, number = value.rpartition("_")
    try:
        datetime.fromisoformat(moment)
        whole = int(number, 16)
    except ValueError:
        raise error("invalid") from None
    if not moment.endswith("Z") or not 0 <= whole < 2**63:
        raise error("invalid")
    return value


class Gevraagd(BaseModel):
    """De filters, die samen gelden."""

    model_config = ConfigDict(extra="ignore")

    object: Text | None = Field(
        None,
        max_length=1000,
        description="Het adres of de UUID van een zaak, rol, document of besluit: wie zag dit, of wat eronder hoort?",
    )
    bsn: Text | None = Field(
        None,
        min_length=1,
        max_length=200,
        description="Een BSN, of een ander nummer waarmee een rol een persoon of bedrijf noemt: wie zag de zaken, "
        "documenten en besluiten van deze persoon, en wie zocht erop? De rollen zijn die van nu.",
    )
    gebruiker: Text | None = Field(None, max_length=255, description="De gebruiker (`user_id`).")
    applicatie: Text | None = Field(None, max_length=50, description="De `client_id`.")
    actie: (
        Literal["retrieve", "list", "search", "download", "expand", "audittrail", "inzage", "keuze", "verlies"] | None
    ) = Field(None, description="Wat er is gedaan; `expand`: er is iets door `expand` getoond.")
    requestId: Text | None = Field(None, max_length=100, description="De `X-Request-ID` van een antwoord.")  # noqa: N815
    traceId: str | None = Field(None, pattern="^[0-9a-f]{32}$", description="Het nummer in `traceparent`.")  # noqa: N815
    vanaf: Moment | None = Field(None, description="Niet eerder getoond dan.")
    tot: Moment | None = Field(None, description="Eerder getoond dan.")


class Bladerend(Gevraagd):
    """De filters, en de pagina."""

    pageSize: int = Field(PAGE_SIZE, ge=1, le=PAGE_SIZE, description="Het aantal raadplegingen op een pagina.")  # noqa: N815
    cursor: Annotated[str, AfterValidator(_cursor)] | None = Field(
        None, max_length=60, description="Waar de pagina begint; `next` heeft hem."
    )


class Exporterend(Gevraagd):
    """De filters, en de vorm."""

    formaat: Literal["csv", "jsonl"] = Field(
        "csv", description="`csv`: een regel per getoond object. `jsonl`: een JSON-object per raadpleging, met alles."
    )
