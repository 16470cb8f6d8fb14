"""What the API of the gateway itself takes and answers: its filters, its models with their examples, its refusals."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from gateway.reasons import CHECKS
from oas.errors import catalogue, example
from zgw.problems import MEDIA_TYPE, error

PAGE_SIZE = 100
MOST_PAGES = 10_000


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
        description="Of het token is nagekeken en klopte. Zo niet, omdat het is geweigerd of omdat er op het adres "
        "niets is, dan kan het verzoek van een ander zijn, die de `client_id` kent."
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
