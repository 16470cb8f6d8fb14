"""Compares an answer with the OAS that we serve, formats included."""

import re
from typing import Any
from urllib.parse import urlsplit

from jsonschema import FormatChecker
from openapi_schema_validator import OAS30ReadValidator

Json = dict[str, Any]

formats = FormatChecker(("date", "date-time", "uuid", "email"))


@formats.checks("uri")
def is_url(value: object) -> bool:
    """Return whether a text has a scheme; the checker has none of its own without another package."""
    return not isinstance(value, str) or bool(urlsplit(value).scheme)


@formats.checks("duration")
def is_duration(value: object) -> bool:
    """Return whether a text begins as a duration does."""
    return not isinstance(value, str) or bool(re.match(r"P\d|PT\d", value))


def as_read(schema: Any) -> Any:
    """Return a schema as generators of clients take it: what `nullable` beside `allOf` or `anyOf` means, and that an
    object has no other members than those that are told."""
    if isinstance(schema, list):
        return [as_read(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: as_read(value) for name, value in schema.items()}
    if found.get("type") == "object" and "properties" in found:
        found.setdefault("additionalProperties", False)
    if found.get("nullable") and "type" not in found:
        return {"anyOf": [{**found, "nullable": False}, {"nullable": True, "enum": [None]}]}
    return found


def faults(oas: Json, path: str, body: Any) -> list[str]:
    """Return what in the answer of a GET is not as the OAS says."""
    fits = next(
        (item for template, item in oas["paths"].items() if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path))
    )
    schema = fits["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    validator = OAS30ReadValidator({"allOf": [schema], "components": oas["components"]}, format_checker=formats)
    return [
        f"{error.json_path}: {error.message[:200]}"
        for error in validator.iter_errors(body)
        for error in (error.context or [error])
    ]
