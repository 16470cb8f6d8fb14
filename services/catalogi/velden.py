"""Markers of fields that only the Catalogi API needs."""

from dataclasses import dataclass
from typing import Annotated, Any, cast

from pydantic import BeforeValidator, GetCoreSchemaHandler
from pydantic_core import core_schema

from zgw.contains import LONGEST
from zgw.fields import Fields, describe
from zgw.types import EmptyAs, Length, Ref, Shown


@dataclass(frozen=True)
class Gevuld:
    """A text that may not be empty. The OAS of the standard does not say so, every implementation refuses it
    (``blank``). Members of groups go without: catalogues in use have them empty."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        schema: dict[str, Any] = dict(handler(source))
        # A validator further inside would leave the length unread.
        assert schema["type"] == "str"
        schema["min_length"] = 1
        return cast(core_schema.CoreSchema, schema)


GEVULD = Gevuld()
ONBEPERKT = Shown()
"""A reference whose length the OAS does not limit."""
DEEL = Annotated[str, Length(LONGEST)]
"""A part of a text, in a filter."""


CATALOGUS_REF = Ref("catalogi", "catalogussen", table="catalogus", on_delete="NO ACTION")
InCatalogus = Annotated[str, CATALOGUS_REF, ONBEPERKT]
"""The catalogue that a main type is in."""


def _leeg_is_null(value: Any) -> Any:
    return None if isinstance(value, dict) and value and not any(value.values()) else value


LEEG_IS_NULL = BeforeValidator(_leeg_is_null)
"""A group of which every member is empty is no group: absent groups are shown so, and clients send back what they
read."""


def leeg(group: type[Fields]) -> EmptyAs:
    """Return how the absence of a group is shown: with every member empty, as Open Zaak does. The OAS has no null."""
    return EmptyAs({p.name: "" for p in describe(group)})
