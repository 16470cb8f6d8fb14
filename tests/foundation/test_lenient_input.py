"""What clients write for a value is read alike for every field of every resource and action (common.md §2, §3; §10 of
the profile of Open Zaak)."""

import typing
from collections.abc import Iterator
from datetime import date, datetime
from functools import cache
from typing import Any

import httpx
import pytest
from pydantic import Field, ValidationError, create_model

from beheer.provision import api_of
from tests import wereld as werelden
from tests.foundation.resources import each, name_of
from tests.stack import Client, built
from zgw.app import routes_of
from zgw.fields import Fields, Property, describe, may_be_empty
from zgw.problems import from_pydantic
from zgw.resource import Resource
from zgw.routing import described_of
from zgw.types import NullIsEmpty
from zgw.unknown import snake_case

# --- Each field by itself ---------------------------------------------------------------------------------------------


def inside(model: type[Fields]) -> Iterator[type[Fields]]:
    """Yield a class of fields and those of the groups in it, however deep."""
    yield model
    for p in describe(model):
        groups = [p.group, p.item.group if p.item is not None else None]
        groups += list(p.variants.models.values()) if p.variants is not None else []
        for group in groups:
            if group is not None:
                yield from inside(group)


def fields_of(service: str) -> list[tuple[type[Fields], Property]]:
    """Return every field that clients of a service write."""
    bodies = [resource.fields for resource in api_of(service).resources]
    bodies += [body for route in routes_of(api_of(service)) if (body := described_of(route).body) is not None]
    found = {(model, p.attribute): p for body in bodies for model in inside(body) for p in describe(model)}
    # What has a form of its own is judged by the search itself, and overigeData by nobody.
    found = {key: p for key, p in found.items() if p.type is not Any and (p.item is None or p.item.type is not Any)}
    return [(model, p) for (model, _), p in found.items() if p.name != "overigeData"]


each_service = pytest.mark.parametrize("service", built())


@cache
def alone(model: type[Fields], attribute: str, name: str) -> type[Fields]:
    """Return a model that has only this field."""
    hint = typing.get_type_hints(model, include_extras=True)[attribute]
    member: dict[str, Any] = {attribute: (hint, Field(alias=name))}
    return create_model("Alone", __base__=Fields, **member)


def outcome(model: type[Fields], p: Property, value: Any) -> Any:
    """Return what a value becomes in a field, or the codes of what is wrong with it."""
    try:
        found = alone(model, p.attribute, p.name).model_validate(
            {p.name: value}, context={"bases": ("https://zaken.example",)}
        )
    except ValidationError as e:
        return [param.code for param in from_pydantic(e.errors())]
    return getattr(found, p.attribute)


def test_there_are_fields_of_every_kind() -> None:
    kinds = [p.type for service in built() for _, p in fields_of(service)]
    assert {str, bool, int, date, datetime} <= {kind for kind in kinds if isinstance(kind, type)}
    assert len(kinds) > 300
    assert all(fields_of(service) for service in built())


@each_service
def test_blanks_around_a_value_change_nothing(service: str) -> None:
    texts = ["x", "5", "true", "2026-11-20", "2026-11-20T10:00:00Z", "P1D", "https://zaken.example/a"]
    # An object that only the client understands has no text.
    for model, p in [(model, p) for model, p in fields_of(service) if p.type is not dict]:
        for value in [value for value in (*texts, *p.choices) if isinstance(value, str)]:
            field = (model.__name__, p.name, value)
            assert outcome(model, p, f" \t{value}\r\n ") == outcome(model, p, value), field
            if p.item is not None:
                assert outcome(model, p, [f" {value} "]) == outcome(model, p, [value]), field


@each_service
def test_a_number_is_its_text_and_a_boolean_is_none(service: str) -> None:
    for model, p in fields_of(service):
        field = (model.__name__, p.name)
        if p.type is str:
            for number in (5, 0, 1.5, -7, 517439943, 12345678):
                assert outcome(model, p, number) == outcome(model, p, str(number)), (field, number)
        for wrong in (True, False) if p.type is not bool else ("ja", "nee", 2):
            refused = outcome(model, p, wrong)
            assert isinstance(refused, list), (field, wrong)
            assert set(refused) <= {"invalid", "invalid_choice", "not_a_list", "not_a_dict"}, (field, wrong)


@each_service
def test_nothing_is_null_where_null_is_allowed(service: str) -> None:
    for model, p in fields_of(service):
        field = (model.__name__, p.name)
        if p.nullable and not may_be_empty(p):
            assert outcome(model, p, "") == outcome(model, p, None) == outcome(model, p, "  "), field
        elif p.item is not None:
            # Only the relations of a zaak: the standard has null for no list.
            assert outcome(model, p, None) == ([] if p.marker(NullIsEmpty) else ["null"]), field
        elif p.type is str:
            # A status without gezetdoor, and a zaakobject without its type, have null elsewhere, and are sent back so.
            known = p.nullable or p.name in ("gezetdoor", "zaakobjecttype")
            assert known or outcome(model, p, None) == ["null"], field


SPELLINGS: dict[Any, dict[Any, Any]] = {
    bool: {"true": True, "False": False, "YES": True, "no": False, 1: True, 0: False, "1": True, "0": False},
    int: {"12": 12, " 7 ": 7, 3.0: 3},
    date: {"20261120": date(2026, 11, 20), "2026-1-2": date(2026, 1, 2), "2026-11-20": date(2026, 11, 20)},
    datetime: {
        form: datetime.fromisoformat("2026-06-30T16:10:52+02:00")
        for form in (
            "2026-06-30T16:10:52",
            "2026-06-30 14:10:52Z",
            "2026-06-30T15:10:52+01",
            "2026-06-30T16:10:52.000000000+0200",
            "20260630T141052Z",
        )
    },
}


@each_service
def test_other_spellings_of_a_value(service: str) -> None:
    for model, p in fields_of(service):
        for sent, taken in SPELLINGS.get(p.type if isinstance(p.type, type) else None, {}).items():
            found = outcome(model, p, sent)
            if p.type is int and found != taken:
                # Outside the bounds of the field, as the number itself.
                assert found == outcome(model, p, taken), (model.__name__, p.name, sent)
            else:
                assert (found, type(found)) == (taken, type(taken)), (model.__name__, p.name, sent)


@each_service
def test_no_other_member_has_the_name_of_a_field_in_snake_case(service: str) -> None:
    for model, p in fields_of(service):
        names = [other.name for other in describe(model)]
        other = snake_case(p.name)
        assert other == p.name or other not in names, (model.__name__, p.name)
        assert [snake_case(name) for name in names].count(other) == 1, (model.__name__, p.name)


# --- Over HTTP --------------------------------------------------------------------------------------------------------

CHANGING = (
    "url",
    "versie",
    "beginRegistratie",
    "inhoud",
    "instance",
    "bestandsdelen",
    "laatstGemuteerd",
    "wijzigingsdatum",
)
"""Members that a write without a change changes, or that are those of a version."""
OPAQUE = ("overigeData", "filters", "zaakgeometrie")


def snaked(value: Any) -> Any:
    """Return JSON with its members in snake_case, but for what only the client understands."""
    if isinstance(value, list):
        return [snaked(item) for item in value]
    if isinstance(value, dict):
        return {snake_case(k): item if k in OPAQUE else snaked(item) for k, item in value.items()}
    return value


class SnakeClient(Client):
    """An application that writes all members in snake_case."""

    async def request(self, method: str, url: str, **kwargs: Any) -> httpx.Response:
        """Send one request."""
        if "json" in kwargs:
            kwargs["json"] = snaked(kwargs["json"])
        answer = await super().request(method, url, **kwargs)
        assert "x-warning" not in answer.headers, (url, answer.headers["x-warning"])
        return answer


@pytest.fixture(scope="module")
async def python(api: Client) -> SnakeClient:
    """That application, with the rights of ``api``."""
    return SnakeClient(api.stack, api.tenant, api.client_id, api.secret)


@pytest.fixture(scope="module")
async def wereld(python: SnakeClient) -> werelden.Wereld:
    """Everything at Deventer, made in snake_case."""
    return await werelden.make(python)


async def test_everything_can_be_made_in_snake_case(wereld: werelden.Wereld, api: Client) -> None:
    assert len(wereld.bodies) > 20
    for name, (_, body) in wereld.bodies.items():
        found = (await api.get(wereld[name])).json()
        told = {member: value for member, value in body.items() if isinstance(found.get(member), type(value))}
        plain = {member: value for member, value in told.items() if not isinstance(value, dict | list)}
        shown = {member: found[member] for member in plain}
        # An answer has moments in UTC, and a URL where content was.
        differing = {m for m in plain if shown[m] != plain[m]} - {"inhoud"}
        assert all("T" in str(plain[m]) and "datum" in m.lower() for m in differing), (name, differing)
        assert plain, name


@pytest.mark.few("service")
@each("fetch", "replace")
async def test_what_was_read_can_be_put_back_in_snake_case(
    wereld: werelden.Wereld, python: SnakeClient, api: Client, service: str, resource: Resource
) -> None:
    url = wereld[name_of(service, resource)]
    read = (await api.get(url)).json()
    if resource.name == "enkelvoudiginformatieobject":
        read = {**read, "lock": (await api.post(f"{url}/lock")).json()["lock"]}
        del read["inhoud"]
    # The client of this test fails on a warning: no member is lost.
    same = await python.put(url, read)
    usual = await api.put(url, read)
    assert same.status_code == usual.status_code, (same.text, usual.text)
    shown = [{k: v for k, v in answer.json().items() if k not in CHANGING} for answer in (same, usual)]
    assert shown[0] == shown[1]


@pytest.mark.few("service")
@each("fetch", "merge")
async def test_an_empty_patch_changes_nothing(
    wereld: werelden.Wereld, api: Client, service: str, resource: Resource
) -> None:
    url = wereld[name_of(service, resource)]
    before = (await api.get(url)).json()
    for body in (b"{}", b""):
        answer = await api.request("PATCH", url, content=body, headers={"Content-Type": "application/json"})
        if resource.name == "enkelvoudiginformatieobject":
            # It asks for a lock.
            assert answer.json()["invalidParams"][0]["code"] in ("missing-lock-id", "unlocked")
            continue
        assert answer.status_code == 200, answer.text
        shown = [{k: v for k, v in content.items() if k not in CHANGING} for content in (answer.json(), before)]
        assert shown[0] == shown[1]


async def test_nothing_at_all_is_the_empty_object(api: Client) -> None:
    url = "/zaken/api/v1/zaken"
    for headers in ({}, {"Content-Type": "application/json"}):
        answer = await api.request("POST", url, content=b"", headers=headers)
        assert answer.status_code == 400, answer.text
        needed = {(param["name"], param["code"]) for param in answer.json()["invalidParams"]}
        assert {("bronorganisatie", "required"), ("zaaktype", "required")} <= needed
    # What is sent still has a kind.
    assert (await api.request("POST", url, content=b"{}")).status_code == 415
    assert (await api.request("POST", url, content=b"", headers={"Content-Type": "text/plain"})).status_code == 415
