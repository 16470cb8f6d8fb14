"""Lists read references and JSON as text: PostgreSQL writes it, and nothing here takes it apart to write it again."""

import pytest
from sqlalchemy import ARRAY, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from beheer.provision import api_of
from tests.stack import built
from zgw.render import plan
from zgw.resource import Resource
from zgw.select import properties

RESOURCES = [resource for service in built() for resource in api_of(service).resources]


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.path)
def test_lists_within_an_object_are_read_as_text(resource: Resource) -> None:
    lists = {p.name for p in properties(resource) if p.item is not None}
    for column in plan(resource).text.selected_columns:
        if column.name in lists:
            kind = column.type
            assert not isinstance(kind, JSONB), column.name
            assert not (isinstance(kind, ARRAY) and isinstance(kind.item_type, Uuid)), column.name
