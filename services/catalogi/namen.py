"""Relations by name: what a client writes to refer to a type is its identificatie or omschrijving, or a URL of it.

A URL is stored as the name that it stands for, because it names one version and the relation is with all of them.
"""

import uuid
from typing import Annotated, Any

from pydantic import BeforeValidator, ValidationInfo
from sqlalchemy import select

from services.catalogi.geldigheid import IDENTITY
from services.catalogi.velden import GEVULD
from zgw.check import Check
from zgw.fields import URL, Ref, path_of
from zgw.filters import uuid_in
from zgw.problems import OBJECT

PATHS = {"zaaktype": "zaaktypen", "informatieobjecttype": "informatieobjecttypen", "besluittype": "besluittypen"}
ROOT = "/catalogi/api/v1/"


def ref_to(kind: str) -> Ref:
    """Return the reference to a main type that is resolved by name."""
    return Ref("catalogi", PATHS[kind], follow=False)


def own_path(value: Any, info: ValidationInfo) -> Any:
    """Turn a URL of this installation into its path; leave anything else as it is."""
    return path_of(value, (info.context or {}).get("bases", ())) if isinstance(value, str) else value


Naam = Annotated[str, BeforeValidator(own_path), GEVULD]
"""A name, or the URL of a type; :func:`names_of` makes it a name."""


def is_url(value: str) -> bool:
    """Return whether a value is the URL or stored path of something, and not a name."""
    return value.startswith(ROOT) or URL.fullmatch(value) is not None


async def names_of(
    check: Check, kind: str, values: dict[str, str], catalogus: uuid.UUID, other_catalogus: str = ""
) -> dict[str, str]:
    """Return the names that ``values`` stand for, by the JSON name of the field that each value was written in.

    A URL that does not resolve, or is of another kind, is rejected; one of another catalogue too (ztc-x1, ztc-x2), on
    the field ``other_catalogus`` or else on the object.
    """
    ref, found = ref_to(kind), {}
    for name, value in values.items():
        if not is_url(value):
            maximum = 50 if kind == "zaaktype" else 80
            if len(value) > maximum:
                check.reject(name, "max_length")
            found[name] = value
            continue
        key = uuid_in(value, ref)
        if key is None:
            own = value.startswith(ROOT) and value.removeprefix(ROOT).partition("/")[0] not in ("", PATHS[kind])
            check.reject(name, "invalid-resource" if own else "bad-url")
            continue
        table = check.resource.table.metadata.tables[kind]
        row = await check.call.db.row(check.call.tenant, select(table).where(table.c.uuid == key))
        if row is None:
            check.reject(name, "bad-url")
        elif row["catalogus"] != catalogus:
            check.reject(
                other_catalogus or OBJECT, "relations-incorrect-catalogus", "Het type hoort bij een andere catalogus."
            )
        else:
            found[name] = row[IDENTITY[kind]]
    return found


async def list_of_names(
    check: Check, attribute: str, name: str, kind: str, catalogus: uuid.UUID, other: str = ""
) -> None:
    """Replace the URLs in a list of names by names, each name once."""
    values = {f"{name}.{index}": value for index, value in enumerate(check.row[attribute])}
    found = await names_of(check, kind, values, catalogus, other)
    check.row[attribute] = list(dict.fromkeys(found.values()))
