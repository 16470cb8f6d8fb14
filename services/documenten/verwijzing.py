"""The filter ``informatieobject`` of everything that belongs to a document."""

from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement

from services.documenten.document_velden import DOCUMENT_REF
from zgw.filters import Filter, reference


def document_filter(column: ColumnElement[Any]) -> Filter:
    """Return the filter by document; ``?versie=`` behind its URL is ignored, because relations are not of a version."""
    made = reference("informatieobject", column, DOCUMENT_REF)
    return replace(made, condition=lambda path: made.condition(path.partition("?")[0]))
