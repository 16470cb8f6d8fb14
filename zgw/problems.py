"""The one error shape of every API (common rules, "Errors"): titles, reasons and codes of the standard, in Dutch."""

import re
import uuid
from collections.abc import Iterable
from itertools import islice

import orjson
from pydantic_core import ErrorDetails, PydanticCustomError
from starlette.responses import Response

from runtime.problems import OBJECT, InvalidParam, Problem

MEDIA_TYPE = "application/problem+json"
VALIDATION = "ValidationError"
"""What the ``type`` of an error with ``invalidParams`` is called."""

TITLES = {
    "invalid": "Ongeldige invoer.",
    "parse_error": "De inhoud van het verzoek is niet te lezen.",
    "not_authenticated": "Authenticatiegegevens ontbreken.",
    "permission_denied": "U bent niet geautoriseerd voor deze bewerking.",
    "not_authenticated_for_ac": "De autorisaties konden niet worden opgehaald.",
    "missing-client-identifier": "Het token noemt geen client_id.",
    "invalid-client-identifier": "De client_id van het token past niet bij één gemeente.",
    "invalid-jwt-signature": "Het token is niet ondertekend door een bekende applicatie.",
    "expired-secret": "Het secret waarmee het token is ondertekend is verlopen.",
    "jwt-decode-error": "Het token is niet te lezen.",
    "jwt-missing-iat-claim": "Het token zegt niet wanneer het is gemaakt (iat).",
    "jwt-expired": "Het token is te oud.",
    "jwt-expiredsignatureerror": "De geldigheid van het token (exp) is verlopen.",
    "jwt-immaturesignatureerror": "Het token is nog niet geldig.",
    "jwt-invalidissuedaterror": "Het moment waarop het token is gemaakt (iat) is onjuist.",
    "jwt-invalidissuererror": "De uitgever van het token (iss) is niet bekend.",
    "jwt-invalidaudienceerror": "Het token is niet voor deze API bedoeld (aud).",
    "jwt-missingrequiredclaimerror": "Het token mist een verplichte claim.",
    "jwt-invalidalgorithmerror": "Het token is met een ander algoritme ondertekend dan is toegestaan.",
    "jwt-invalidtokenerror": "Het token is niet geldig.",
    "not_found": "Niet gevonden.",
    "invalid-expand-field": "Dit attribuut bestaat niet, of kan niet worden meegegeven.",
    "method_not_allowed": "Deze methode is niet toegestaan.",
    "not_acceptable": "De gevraagde weergave is niet beschikbaar.",
    "conflict": "De bewerking is in strijd met de huidige toestand.",
    "CATALOG_NOT_EMPTY": "De catalogus bevat nog typen.",
    "gone": "Verwijderd.",
    "precondition_failed": "Een verplichte header ontbreekt.",
    "request_too_large": "Het verzoek is te groot.",
    "unsupported_media_type": "Dit mediatype wordt niet ondersteund.",
    "range_not_satisfiable": "Dit deel van de inhoud bestaat niet.",
    "throttled": "Te veel verzoeken.",
    "request_timeout": "De inhoud van het verzoek bleef uit.",
    "insufficient_storage": "De opslag is vol.",
    "uri_too_long": "De URL is te lang.",
    "service_unavailable": "De dienst is tijdelijk niet beschikbaar.",
    "gateway_timeout": "De dienst antwoordt niet op tijd.",
    "loop_detected": "Een notificatie kan niet bij de afzender worden bezorgd.",
    "error": "Er is iets misgegaan.",
}

REASONS = {
    "required": "Dit veld is verplicht.",
    "null": "Dit veld mag niet null zijn.",
    "blank": "Dit veld mag niet leeg zijn.",
    "invalid": "Ongeldige waarde.",
    "invalid_choice": "Deze waarde is geen geldige keuze.",
    "max_length": "Deze waarde is te lang.",
    "min_length": "Deze waarde is te kort.",
    "max_value": "Deze waarde is te groot.",
    "min_value": "Deze waarde is te klein.",
    "not_a_list": "Een lijst wordt verwacht.",
    "not_a_dict": "Een object wordt verwacht.",
    "empty": "De lijst mag niet leeg zijn.",
    "unique": "De combinatie van velden bestaat al.",
    "does_not_exist": "Het object bestaat niet.",
    "object-does-not-exist": "Het object bestaat niet.",
    "no_match": "De URL hoort niet bij deze API.",
    "incorrect_match": "De URL verwijst naar een ander soort object.",
    "bad-url": "De URL kon niet worden opgehaald.",
    "invalid-resource": "De URL verwijst niet naar een object van de verwachte soort.",
    "not-published": "Het type is nog een concept.",
    "wijzigen-niet-toegelaten": "Dit veld mag niet gewijzigd worden.",
    "unknown-parameters": "Onbekende parameters.",
    "empty_search_body": "Er zijn geen zoekcriteria opgegeven.",
    "pending-relations": "De relatie met een ander component kon niet worden bijgewerkt of bestaat nog.",
    "inconsistent-relation": "De relatie bestaat niet aan de leidende kant.",
    "identificatie-niet-uniek": "Deze identificatie bestaat al binnen de organisatie.",
    "invalid-base64": "De inhoud is geen base64.",
    "incorrect-base64-padding": "De base64 is niet compleet: aan het eind ontbreken tekens.",
    "only-digits": "Alleen cijfers zijn toegestaan.",
}

MAX_URL = 1000
"""Most characters of a URL that an error repeats."""


def not_unique(identificatie: str) -> InvalidParam:
    """Return the error for a number that another object of the organisation has."""
    reason = f"De identificatie {identificatie} bestaat al binnen de organisatie."
    return InvalidParam("identificatie", "identificatie-niet-uniek", reason)


def not_json(raw: bytes | bytearray, error: orjson.JSONDecodeError) -> str:
    """Return why what a client sent is no JSON, and where."""
    if not raw.strip():
        return "De inhoud is leeg."
    if not error.doc:
        return "De inhoud is geen UTF-8."
    return f"Dit is geen geldige JSON: regel {error.lineno}, teken {error.colno}."


def kind_of(code: str) -> str:
    """Return how the ``type`` of an error names its code: ``NotFound`` for ``not_found``."""
    return "".join(part.title() for part in re.split("[-_]", code))


def title_of(code: str, status: int = 500) -> str:
    """Return the general name of an error, in Dutch."""
    return TITLES.get(code) or TITLES["permission_denied" if status == 403 else "error"]


def as_json(param: InvalidParam) -> dict[str, str]:
    """Return one entry of ``invalidParams`` as it is sent; without a reason of its own it has that of its code."""
    return {"name": param.name, "code": param.code, "reason": param.reason or REASONS.get(param.code, param.code)}


def response(problem: Problem, base_url: str = "", instance: str = "") -> Response:
    """Return the problem+json response. ``instance`` is a urn that the caller also logs."""
    content = content_of(problem, base_url, instance or f"urn:uuid:{uuid.uuid4()}")
    return Response(orjson.dumps(content), problem.status, dict(problem.headers), MEDIA_TYPE)


def content_of(problem: Problem, base_url: str, instance: str) -> dict[str, object]:
    """Return the members of a problem as it is sent. A validation problem is told from the others by its
    ``invalidParams``."""
    page = VALIDATION if problem.invalid_params else kind_of(problem.code)
    content: dict[str, object] = {
        "type": f"{base_url}/ref/fouten/{page}/",
        "code": problem.code,
        "title": problem.title or title_of(problem.code, problem.status),
        "status": problem.status,
        "detail": problem.detail,
        "instance": instance,
        **problem.members,
    }
    if problem.invalid_params:
        # Errors of fields come first: clients look at the first.
        params = sorted(problem.invalid_params[:MAX_ERRORS], key=lambda param: param.name == OBJECT)
        content["invalidParams"] = [as_json(param) for param in params]
    return content


CODES = {
    "missing": "required",
    "string_too_long": "max_length",
    "literal_error": "invalid_choice",
    "enum": "invalid_choice",
    "greater_than_equal": "min_value",
    "greater_than": "min_value",
    "less_than_equal": "max_value",
    "less_than": "max_value",
    "list_type": "not_a_list",
    "model_type": "not_a_dict",
    "model_attributes_type": "not_a_dict",
    "dict_type": "not_a_dict",
    "too_short": "empty",
    "too_long": "max_length",
}


def error(code: str, reason: str = "") -> PydanticCustomError:
    """Return the error that a field type raises inside validation; its code reaches the client unchanged."""
    # The reason is passed as a context value, because braces in a template would be expanded.
    return PydanticCustomError(code, "{reason}", {"reason": reason or REASONS.get(code, code)})


MAX_ERRORS = 100
"""Errors of one body that are told; nobody reads more of them."""
MAX_NAME = 1_000
"""Characters of the name of an error: clients choose the names in an open object."""


def from_pydantic(errors: Iterable[ErrorDetails], prefix: str = "") -> list[InvalidParam]:
    """Return the entries of ``invalidParams`` for what pydantic found, in the standard's codes and names."""
    params = []
    for found in islice(errors, MAX_ERRORS):
        name = ".".join([*([prefix] if prefix else []), *(str(part) for part in found["loc"])])
        kind, value = found["type"], found["input"]
        reason = ""
        if kind in CODES:
            code = CODES[kind]
        elif kind == "string_too_short":
            code = "blank" if isinstance(value, str) and not value.strip() else "min_length"
        elif "reason" in found.get("ctx", {}):
            code, reason = kind, str(found["ctx"]["reason"])
        else:
            code = "invalid"
        if value is None and kind != "missing":
            code, reason = "null", ""
        params.append(InvalidParam(name[:MAX_NAME] or OBJECT, code, reason))
    return params
