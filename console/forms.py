"""Fields of forms and addresses: what people leave empty is absent."""

from datetime import date
from typing import Annotated, Any

from fastapi import Form, Query
from pydantic import AfterValidator, BeforeValidator


def _present(value: Any) -> Any:
    return value if value != "" else None


def _clean(value: str) -> str:
    # PostgreSQL has no NUL in a text.
    return value.replace("\0", "").strip()


Day = Annotated[date | None, BeforeValidator(_present), Query()]
"""A date that may be left empty."""
Text = Annotated[str, AfterValidator(_clean), Query(max_length=1000)]
"""Something to search for."""
Typed = Annotated[str, AfterValidator(_clean), Form(max_length=1000)]
"""What somebody types into a form."""
PageNumber = Annotated[int, Query(ge=1, le=10_000)]
