"""From a body to the fields of an object, and from those to the columns that are stored (``zgw.write``, phases 3 and
7)."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from functools import lru_cache, partial
from typing import Annotated, Any

from pydantic import ValidationError, ValidationInfo, ValidatorFunctionWrapHandler, WrapValidator, create_model
from pydantic_core import ErrorDetails
from sqlmodel import Field

from zgw.check import Check
from zgw.fields import Fields, Property, by_attribute, describe
from zgw.problems import from_pydantic
from zgw.render import render
from zgw.select import properties
from zgw.types import Length


def parse(check: Check) -> bool:
    """Validate the body, over what is stored, as the new state into ``check.fields``; return False when it has errors.

    What was not sent keeps its stored value. That was accepted once, so it is not judged again: rules may have become
    stricter since.
    """
    model, data = check.resource.fields, _whole(check)
    kept = data.keys() - check.sent.keys()
    data = _shortened(check, data)
    errors = _validate(check, model, data)
    if accepted_before := frozenset(str(e["loc"][0]) for e in errors if e["loc"] and e["loc"][0] in kept):
        errors = _validate(check, _unjudged(model, accepted_before), data)
    check.errors += from_pydantic(errors)
    for p in describe(model):
        if p.variants is not None:
            _parse_variant(check, p, data, kept)
    if check.errors:
        return False
    for p in describe(model) if check.stored is not None else ():
        if _keeps(check, p, kept):
            check.kept[p.attribute] = getattr(check.fields, p.attribute)
    return True


def _whole(check: Check) -> dict[str, Any]:
    """Return the body as the whole new state: what was sent over what is stored (common.md §3)."""
    stored, resource = check.stored, check.resource
    if stored is None:
        return check.sent
    whole = check.action == "update"
    [state] = render(resource, check.call.service.api.service, [stored], check.call.base)
    # A response may show another kind of value under the name of a field than a request writes there (catalogi
    # show URLs where names are written): then the stored value itself is the state.
    shown = {p.name: p.attribute for p in properties(resource)}
    merged = {}
    for p in describe(resource.fields):
        if p.name in check.sent:
            merged[p.name] = check.sent[p.name]
        elif p.name in state and not (whole and (p.required or not resource.put_keeps)):
            same = shown.get(p.name, p.attribute) == p.attribute
            merged[p.name] = state[p.name] if same else stored[p.attribute]
    return merged


def _shortened(check: Check, data: dict[str, Any]) -> dict[str, Any]:
    """Return the state with only the first items of lists that stay as they are and were stored before they had a
    maximum: no more than those are examined again."""
    if check.stored is None:
        return data
    kept = [p for p in describe(check.resource.fields) if p.item and p.name not in check.sent]
    sizes = [(p, length.maximum) for p in kept if (length := p.marker(Length)) and length.maximum is not None]
    long = {p.name: data[p.name][:most] for p, most in sizes if len(data.get(p.name) or ()) > most}
    return {**data, **long} if long else data


def _validate(check: Check, model: type[Fields], data: dict[str, Any]) -> list[ErrorDetails]:
    try:
        check.fields = model.model_validate(data, context=check.call.context)
    except ValidationError as e:
        return e.errors()
    return []


@lru_cache(maxsize=256)
def _unjudged(model: type[Fields], names: frozenset[str]) -> type[Fields]:
    """Return ``model`` with fields, by their JSON names, that take whatever is stored.

    Groups in them are groups of the same kind, so that rules which look at them find their members.
    """
    loose: dict[str, Any] = {}
    for p in describe(model):
        if p.name in names:
            group = p.group or (p.item.group if p.item else None)
            kind = Annotated[Any, WrapValidator(partial(_unjudged_group, group))] if group else Any
            loose[p.attribute] = (kind, Field(default=None, alias=p.name))
    found: type[Fields] = create_model(f"Stored{model.__name__}", __base__=model, **loose)
    return found


def _unjudged_group(
    model: type[Fields], value: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo
) -> Any:
    """Return a stored group, or a list of groups, as ``model``; of each only the members that do not fit are loose."""
    if isinstance(value, list):
        return [_unjudged_group(model, each, handler, info) for each in value]
    if not isinstance(value, dict):
        return handler(value)
    try:
        return model.model_validate(value, context=info.context)
    except ValidationError as e:
        wrong = frozenset(str(error["loc"][0]) for error in e.errors() if error["loc"])
        return _unjudged(model, wrong).model_validate(value, context=info.context)


def _parse_variant(check: Check, p: Property, data: Mapping[str, Any], kept: AbstractSet[str]) -> None:
    """Validate a polymorphic group as the sibling says; what the sibling gives no members is empty."""
    assert p.variants is not None
    value, by = data.get(p.name), by_attribute(check.resource.fields)[p.variants.by].name
    if not isinstance(value, dict) or (p.name in kept and by in kept):
        return
    kind, parsed = data.get(by), {}
    if isinstance(kind, str) and (model := p.variants.models.get(kind.strip())) is not None:
        try:
            group = model.model_validate(value, context=check.call.context)
        except ValidationError as e:
            check.errors += from_pydantic(e.errors(), p.name)
            return
        parsed = group.model_dump(mode="json", by_alias=True)
    if check.fields is not None:
        setattr(check.fields, p.attribute, parsed)


def _keeps(check: Check, p: Property, kept: AbstractSet[str]) -> bool:
    """Return whether a column keeps its value: that of a field that was not sent."""
    stored = check.stored
    if stored is None or p.write_only or p.attribute not in stored or p.attribute in check.resource.computed:
        return False
    return p.name in kept


def row_of(check: Check) -> dict[str, Any]:
    """Return the columns to store."""
    fields = (p for p in describe(check.resource.fields) if not p.write_only)
    return {**{p.attribute: check.column(p) for p in fields}, **check.columns}
