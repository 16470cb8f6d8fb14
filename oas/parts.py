"""The parts of an OpenAPI document that are the same for every API: headers, parameters, errors, the audit trail."""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from oas.schemas import BESIDE_STANDARD, VALUES_BESIDE, Schema
from zgw.denied import MEMBER
from zgw.problems import MEDIA_TYPE

TEXT: Schema = {"type": "string"}
CRS: Schema = {"type": "string", "enum": ["EPSG:4326"]}

AUDIT = ("X-NLX-Logrecord-ID", "X-Audit-Toelichting")
"""The optional headers of a write that is kept in the audit trail."""


def _parameter(name: str, place: str, schema: Schema, description: str, required: bool = False) -> Schema:
    return {"name": name, "in": place, "required": required, "description": description, "schema": schema}


PARAMETERS: dict[str, Schema] = {
    found["name"]: found
    for found in (
        _parameter(
            "page", "query", {"type": "integer"}, "Het nummer van de pagina; de eerste is 1, en `last` is de laatste."
        ),
        _parameter(
            "pageSize",
            "query",
            {"type": "integer"},
            "Het aantal objecten op een pagina: 100 zonder keuze, ten hoogste 500.",
        ),
        _parameter("expand", "query", TEXT, "Te tonen gerelateerde objecten."),
        _parameter("ordering", "query", TEXT, "Volgorde; een min ervoor keert deze om."),
        _parameter("versie", "query", {"type": "integer"}, "De gevraagde versie; zonder is het de laatste."),
        _parameter(
            "registratieOp",
            "query",
            {"type": "string", "format": "date-time"},
            "De versie zoals die op dit moment was.",
        ),
        _parameter("datumGeldigheid", "query", TEXT, "De dag waarop het object geldig is, als `JJJJ-MM-DD`."),
        _parameter("If-None-Match", "header", TEXT, "De ETag van de versie die de client al heeft."),
        _parameter("Accept-Crs", "header", CRS, "Het gewenste coördinatenstelsel van geometrie.", True),
        _parameter("Content-Crs", "header", CRS, "Het coördinatenstelsel van de verzonden geometrie.", True),
        _parameter("X-NLX-Logrecord-ID", "header", TEXT, "Kenmerk van het verzoek, voor het audittrail."),
        _parameter("X-Audit-Toelichting", "header", TEXT, "Waarom het verzoek gedaan wordt, voor het audittrail."),
    )
}

SUFFIXES = {
    "gt": "na deze waarde ligt",
    "gte": "op of na deze waarde ligt",
    "lt": "voor deze waarde ligt",
    "lte": "op of voor deze waarde ligt",
    "in": "een van deze waarden is",
    "isnull": "geen waarde heeft (`true`), of juist wel (`false`)",
    "icontains": "deze tekst bevat, in hoofdletters of kleine letters",
}
"""What a filter asks of the value of a property, by the end of its name; those that compare are about dates."""

HEADERS: dict[str, Schema] = {
    "API-version": {"schema": TEXT, "description": "De versie van de API."},
    "Location": {"schema": {"type": "string", "format": "uri"}, "description": "Het adres van het nieuwe object."},
    "ETag": {"schema": TEXT, "description": "De versie van het antwoord, voor `If-None-Match`."},
    "Content-Crs": {"schema": CRS, "description": "Het coördinatenstelsel van de geometrie in het antwoord."},
}

LICENSE = {"name": "EUPL-1.2", "url": "https://opensource.org/licenses/EUPL-1.2"}

ANYTHING: Schema = {"type": "object", "additionalProperties": True}
"""An object of another API. Without saying that it has properties, clients drop them."""

EMPTY: Schema = {
    "type": "object",
    "description": "Een leeg object: er is geen gerelateerd object, of het is niet te zien.",
    "maxProperties": 0,
}
"""The value below ``_expand`` of a relation to one object that is empty."""

SECURITY: dict[str, Schema] = {
    "JWT-Claims": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "Een van de scopes tussen haakjes volstaat.",
    }
}


def _object(description: str, **properties: Schema) -> Schema:
    return {"type": "object", "description": description, "required": list(properties), "properties": properties}


_FOUT: dict[str, Schema] = {
    "type": {"type": "string", "description": "Het adres van de uitleg van dit soort fout."},
    "code": {"type": "string", "description": "De code, voor programma's."},
    "title": {"type": "string", "description": "Wat er mis is."},
    "status": {"type": "integer", "description": "De HTTP-status."},
    "detail": {"type": "string", "description": "Wat er bij dit verzoek mis is."},
    "instance": {"type": "string", "description": "Het kenmerk waaronder deze fout in de logboeken staat."},
}

SCHEMAS: dict[str, Schema] = {
    "Fout": {
        **_object("Een fout volgens RFC 7807.", **_FOUT),
        "properties": {
            **_FOUT,
            MEMBER: {
                "type": "object",
                "description": (
                    "Bij een 403 om rechten: de autorisatie die de applicatie mist, zoals de Autorisaties API haar"
                    " heeft. Een van de scopes volstaat. Het type en het niveau staan er alleen bij wanneer de client"
                    " die noemde, of het object mag lezen."
                ),
                "additionalProperties": True,
                **BESIDE_STANDARD,
            },
        },
    },
    "VeldFout": _object(
        "Een fout in een veld van het verzoek.",
        name={"type": "string", "description": "Het pad van het veld, of `nonFieldErrors`."},
        code={"type": "string", "description": "De code, voor programma's."},
        reason={"type": "string", "description": "De uitleg, voor mensen."},
    ),
    "ValidatieFout": {
        **_object("Een fout met de velden die niet kloppen.", **_FOUT),
        "properties": {
            **_FOUT,
            "invalidParams": {
                "type": "array",
                "items": {"$ref": "#/components/schemas/VeldFout"},
                "description": (
                    "De velden die niet kloppen, in de volgorde van de velden; daarna de fouten van het object als"
                    " geheel."
                ),
            },
        },
    },
}

MEANINGS = {
    400: "De invoer klopt niet.",
    401: "De client is niet bekend of zijn token is niet geldig.",
    403: "De client heeft de nodige scope niet.",
    404: "Het object bestaat niet.",
    406: "Het gevraagde formaat is er niet.",
    409: "De bewerking is in strijd met de huidige toestand.",
    412: "Een verplichte header ontbreekt.",
    413: "Het verzoek is te groot.",
    414: "De URL is te lang.",
    415: "Het formaat van de inhoud wordt niet ondersteund.",
    429: "Er zijn te veel verzoeken gedaan.",
    500: "Er is iets misgegaan.",
    503: "De dienst is tijdelijk niet beschikbaar; Retry-After zegt wanneer het opnieuw kan.",
}


def failure(status: int) -> Schema:
    """Return the response of an error status."""
    schema = {"$ref": f"#/components/schemas/{'ValidatieFout' if status == 400 else 'Fout'}"}
    headers = {"API-version": {"$ref": "#/components/headers/API-version"}}
    return {"description": MEANINGS[status], "headers": headers, "content": {MEDIA_TYPE: {"schema": schema}}}


def trail_entry() -> Schema:
    """Return the schema of an entry of the audit trail."""
    state: Schema = {"type": "object", "nullable": True, "additionalProperties": True}
    address: Schema = {"type": "string", "format": "uri", "minLength": 1, "maxLength": 1000}
    return _object(
        "Een regel van het audittrail.",
        uuid={"type": "string", "format": "uuid"},
        bron={"type": "string", "enum": ["ac", "nrc", "zrc", "ztc", "drc", "brc", "cmc", "kc", "vrc"]},
        applicatieId={"type": "string", "maxLength": 100},
        applicatieWeergave={"type": "string", "maxLength": 200},
        gebruikersId={"type": "string", "maxLength": 255},
        gebruikersWeergave={"type": "string", "maxLength": 255},
        actie={"type": "string", "minLength": 1, "maxLength": 50},
        actieWeergave={"type": "string", "maxLength": 200},
        resultaat={"type": "integer", "minimum": 100, "maximum": 599},
        hoofdObject=address,
        resource={"type": "string", "minLength": 1, "maxLength": 50},
        resourceUrl=address,
        toelichting={"type": "string"},
        resourceWeergave={"type": "string", "minLength": 1, "maxLength": 200},
        aanmaakdatum={"type": "string", "format": "date-time", "readOnly": True},
        wijzigingen={"type": "object", "required": ["oud", "nieuw"], "properties": {"oud": state, "nieuw": state}},
    )


def by_method(item: tuple[str, Any]) -> int:
    """Return the place of an operation among those of its path."""
    return ("get", "head", "post", "put", "patch", "delete").index(item[0])


def with_text(part: Schema, description: str) -> Schema:
    """Return a part with its description, when it has one."""
    return {**part, "description": description} if description else part


def used_headers(paths: Mapping[str, Mapping[str, Any]]) -> dict[str, Schema]:
    """Return the headers that the responses of these paths refer to."""
    responses = [found for item in paths.values() for each in item.values() for found in each["responses"].values()]
    names = {name for response in responses for name in response.get("headers", ())}
    return {name: header for name, header in HEADERS.items() if name in names}


def query(name: str, schema: Schema, description: str = "") -> Schema:
    """Return an optional query parameter."""
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema}


def ordering(names: Iterable[str], beside: Collection[str] = ()) -> Schema:
    """Return the parameter that orders a list by these names, of which those of ``beside`` are not of the standard."""
    signed = {name: [name, f"-{name}"] for name in names}
    items: Schema = {"type": "string", "enum": [each for pair in signed.values() for each in pair]}
    whole = len(beside) == len(signed)
    if beside and not whole:
        items[VALUES_BESIDE] = [each for name in beside for each in signed[name]]
    schema = {"type": "array", "items": items}
    found = query("ordering", schema, "Volgorde; een min ervoor keert deze om.")
    return {**found, "style": "form", "explode": False, **(BESIDE_STANDARD if whole else {})}


def path_parameters(path: str) -> list[Schema]:
    """Return the parameters in a path such as ``/zaken/{uuid:uuid}``."""
    kinds: Mapping[str, Schema] = {"uuid": {"type": "string", "format": "uuid"}, "int": {"type": "integer"}}
    return [
        {"name": name, "in": "path", "required": True, "schema": kinds.get(kind, {"type": "string"})}
        for name, _, kind in (part.partition(":") for part in re.findall(r"\{([^}]+)\}", path))
    ]


def scope_text(scopes: Iterable[str]) -> str:
    """Return a scope expression: ``(zaken.bijwerken | zaken.geforceerd-bijwerken)``."""
    listed = " | ".join(sorted(scopes))
    return f"({listed})" if " | " in listed else listed
