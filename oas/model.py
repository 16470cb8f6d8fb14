"""A document and its operations while they are made."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from oas.schemas import Schema, Schemas
from zgw.api import Api


@dataclass
class Document:
    """A document while it is made."""

    api: Api
    schemas: Schemas = field(default_factory=Schemas)
    paths: dict[str, dict[str, Any]] = field(default_factory=dict)
    failures: dict[str, Schema] = field(default_factory=dict)


@dataclass
class Operation:
    """One operation while it is made."""

    name: str
    method: str
    path: str
    tag: str
    summary: str
    scopes: Sequence[frozenset[str]]
    status: int = 200
    description: str = ""
    parameters: list[Schema] = field(default_factory=list)
    request: Schema | None = None
    body_required: bool = True
    request_types: Sequence[str] = ("application/json",)
    response: Schema | None = None
    response_type: str = "application/json"
    headers: Sequence[str] = ()
    deprecated: bool = False
    failures: Sequence[int] = ()
    extension: bool = False
    codes: Sequence[str] = ()
