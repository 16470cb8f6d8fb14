"""A value of an enum that only a newer release knows: what the release before does with it during a rollout
(docs/operators.md, "Expand and contract")."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests import wereld as werelden
from tests.foundation.resources import MADE, each, name_of, verbs_of
from tests.stack import Client, Stack
from zgw.fields import Property, describe
from zgw.resource import Resource

LATER = "later"


@pytest.fixture(scope="module")
async def wereld(api: Client) -> werelden.Wereld:
    """Everything at Deventer."""
    return await werelden.make(api)


def columns_with_enums(resource: Resource) -> Iterator[Property]:
    """Yield the fields with an enum, in themselves or in the group or list that they are; those that have variants by
    another field are judged by that one."""
    for p in describe(resource.fields):
        group = p.group or (p.item.group if p.item else None)
        if p.attribute in resource.table.columns and (
            p.choices or (p.item and p.item.choices) or (group and any(each.choices for each in describe(group)))
        ):
            yield p


def with_later(p: Property, stored: Any) -> Any:
    """Return what is stored in a column with the value of a newer release in each enum of it."""
    if p.choices:
        return LATER
    if p.item is not None and p.item.group is None:
        return [LATER]
    group = p.group or (p.item.group if p.item else None)
    assert group is not None
    later = {each.name: LATER for each in describe(group) if each.choices}
    if p.item is not None:
        return [{**each, **later} for each in stored or ()]
    return {**stored, **later} if stored else stored


def test_most_resources_have_enums() -> None:
    found = [resource for service, resource in MADE if {"fetch", "merge"} <= verbs_of(service, resource)]
    assert sum(len([*columns_with_enums(resource)]) for resource in found) > 20


@each("fetch", "merge")
async def test_it_is_read_and_what_is_beside_it_can_change(
    wereld: werelden.Wereld, api: Client, stack: Stack, service: str, resource: Resource
) -> None:
    url = wereld[name_of(service, resource)]
    table = f"deventer_{service}.{resource.table.name}"
    for p in columns_with_enums(resource):
        column = resource.table.columns[p.attribute].name
        async with stack.admin() as admin:
            where = "WHERE uuid = $1::uuid"
            before = await admin.fetchval(f"SELECT to_jsonb({column}) FROM {table} {where}", url[-36:])
            shaped = f"jsonb_populate_record(NULL::{table}, jsonb_build_object('{column}', $2::jsonb))"
            change = f"UPDATE {table} SET {column} = ({shaped}).{column} {where}"
            later = with_later(p, json.loads(before) if before else None)
            if later in (None, []):
                continue
            await admin.execute(change, url[-36:], json.dumps(later))
            try:
                read = await api.get(url)
                changed = await api.patch(url, {})
                again = await api.get(url)
            finally:
                await admin.execute(change, url[-36:], before)
        assert read.status_code == 200, (p.name, read.text)
        # A rule may refuse it, as one that asks for what belongs to each value.
        assert changed.status_code in (200, 400), (p.name, changed.text)
        assert LATER in json.dumps(read.json()[p.name])
        assert again.json()[p.name] == read.json()[p.name]
