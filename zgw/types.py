"""Field types: a length, a format or a target is stated once, here or in an ``Annotated`` alias.

Example::

    class StatusFields(Fields):
        zaak: Annotated[str, Ref("zaken", "zaken", table="zaak")]
        statustype: Annotated[str, Ref("catalogi", "statustypen", published=False)]
        datum_status_gezet: DateTime
        statustoelichting: Annotated[str, Length(1000)] = ""

After validation a field holds what the database stores: dates as ``date``, own URLs as a path
(``/zaken/api/v1/zaken/<uuid>``), other URLs as they are.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Annotated, Any, Literal, cast, get_args
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    GetCoreSchemaHandler,
    ValidationInfo,
)
from pydantic_core import core_schema

from zgw.dates import EXACT_DATES, LOCAL_TIME, parse_date, parse_date_time
from zgw.problems import error

# --- Markers: facts about a field that are not part of its type ---


@dataclass(frozen=True)
class Immutable:
    """The field keeps its first value; a change is refused with ``wijzigen-niet-toegelaten``."""


@dataclass(frozen=True)
class WriteOnly:
    """The field is read from requests and never shown."""


@dataclass(frozen=True)
class EmptyAs:
    """The value in a response for a group without a value, where that is not ``null``."""

    value: Mapping[str, Any]


@dataclass(frozen=True)
class NullIsEmpty:
    """A list for which clients send null when its last item goes."""


@dataclass(frozen=True)
class Coordinates:
    """The field has coordinates: requests and answers name the system that they are in (common.md §8)."""


@dataclass(frozen=True)
class Also:
    """Another name that requests may use for the field. In a group it has an underscore: only names that nobody knows
    and that have one are looked at again (``zgw.unknown``)."""

    name: str


@dataclass(frozen=True)
class LeftOut:
    """A member of a group that answers do not have when it has no value."""


@dataclass(frozen=True)
class Extension:
    """The field is beside the standard. With ``values``: only these values of it are."""

    values: tuple[str, ...] = ()


IMMUTABLE = Immutable()
WRITE_ONLY = WriteOnly()
LEFT_OUT = LeftOut()
NULL_IS_EMPTY = NullIsEmpty()
COORDINATES = Coordinates()
EXTENSION = Extension()


# --- References ---


_OBJECT = re.compile(r"/\w+/api/v1/[\w/-]+/[\dA-Fa-f]{8}(?:-[\dA-Fa-f]{4}){3}-[\dA-Fa-f]{12}", re.ASCII)


_ORIGIN = re.compile(r"https?://[^/]+", re.IGNORECASE)


def path_of(url: str, bases: tuple[str, ...]) -> str:
    """Return the stored form of ``url``: the path when it lies under one of our own ``bases``, else ``url`` itself.

    A uuid, a scheme and a host name are the same in capitals, and a host is the same with the port of its scheme, and
    with ``http`` for ``https``: clients behind a proxy, or from before there was TLS, have such URLs.
    """
    if (path := _path_below(url, bases)) is not None:
        return path
    if (origin := _ORIGIN.match(url)) is None:
        return url
    usual = _usual(origin[0])
    scheme, _, host = usual.partition(":")
    for form in (usual, _usual(f"{'http' if scheme == 'https' else 'https'}:{host}")):
        if form != origin[0] and (path := _path_below(form + url[origin.end() :], bases)) is not None:
            return path
    return url


def _path_below(url: str, bases: tuple[str, ...]) -> str | None:
    for base in bases:
        if url.startswith(base) and url[len(base) : len(base) + 1] == "/":
            path = url[len(base) :]
            return path if path.islower() or not _OBJECT.fullmatch(path) else path.lower()
    return None


def _usual(origin: str) -> str:
    origin = origin.lower()
    return origin.removesuffix(":443") if origin.startswith("https:") else origin.removesuffix(":80")


URL = re.compile(r"https?://[^\s/?#@]+(?:[/?#]\S*)?", re.IGNORECASE)


def check_url(value: str) -> str:
    """Return ``value`` if it is an absolute http(s) URL without credentials; else the error ``invalid``."""
    if not URL.fullmatch(value):
        raise error("invalid", "Voer een geldige URL in.")
    try:
        _ = urlsplit(value).port
    except ValueError:
        raise error("invalid", "Voer een geldige URL in.") from None
    return value


NULL_IS_BLANK = BeforeValidator(lambda value: "" if value is None else value)
"""Takes null for a URL that is left empty, as other implementations show it and their clients send it back."""


@dataclass(frozen=True)
class Ref:
    """A URL of another resource.

    ``service`` and ``path`` name the resource (``Ref("catalogi", "zaaktypen")``). With ``table`` the target lives in
    the same service: the column is a foreign key and the rules of local references hold. ``published`` refuses a
    concept. ``shape`` are the properties that a fetched foreign object must have. ``follow=False`` stores without
    looking. ``on_delete`` is the foreign key's action.
    """

    service: str = ""
    path: str = ""
    table: str = ""
    published: bool = False
    shape: tuple[str, ...] = ()
    follow: bool = True
    on_delete: str = "CASCADE"
    max_length: int = 1000
    blank: bool = False

    @property
    def prefix(self) -> str:
        """The stored path up to the uuid: ``/catalogi/api/v1/zaaktypen/``."""
        return f"/{self.service}/api/v1/{self.path}/"

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        schema = handler(source)

        def parse(value: Any, info: ValidationInfo) -> Any:
            if value is None or (value == "" and self.blank):
                return value
            if value == "":
                raise error("blank")
            if len(value) > self.max_length:
                raise error("max_length")
            bases: tuple[str, ...] = (info.context or {}).get("bases", ())
            return path_of(check_url(value), bases)

        return core_schema.with_info_after_validator_function(parse, schema)


Url = Annotated[str, Ref(follow=False)]
"""Any absolute URL that is stored without being fetched."""
OptionalUrl = Annotated[str, Ref(follow=False, blank=True)]


# --- Texts and numbers ---


@dataclass(frozen=True)
class Length:
    """Lengths of a string in code points, or the number of items of a list or an open object:
    ``Annotated[str, Length(80)]`` may be empty, ``Length(80, 1)`` not."""

    maximum: int | None = None
    minimum: int = 0

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        schema: dict[str, Any] = dict(handler(source))
        if schema["type"] == "nullable":
            # Only what is not null has a length.
            schema["schema"] = measured = dict(schema["schema"])
        else:
            measured = schema
        if self.maximum is not None and measured["type"] in ("list", "dict"):
            few = partial(_few, self.maximum)
            if self.minimum:
                measured["min_length"] = self.minimum
            return core_schema.no_info_before_validator_function(few, cast("core_schema.CoreSchema", schema))
        if self.maximum is not None:
            measured["max_length"] = self.maximum
        if self.minimum:
            measured["min_length"] = self.minimum
        return cast("core_schema.CoreSchema", schema)


def _few(maximum: int, value: Any) -> Any:
    # Counted before anything in it is examined: the errors of a hundred thousand items take seconds to write down.
    if isinstance(value, list | dict) and len(value) > maximum:
        raise error("max_length", f"Ten hoogste {maximum}.")
    return value


@dataclass(frozen=True)
class Whole:
    """Bounds of an integer, inclusive: ``Annotated[int, Whole(1, 9999)]``; booleans and fractions are refused."""

    minimum: int = 0
    maximum: int = 2**31 - 1

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        schema = core_schema.int_schema(ge=self.minimum, le=self.maximum)
        return core_schema.no_info_before_validator_function(_no_bool, schema)


def _no_bool(value: Any) -> Any:
    if isinstance(value, bool):
        raise error("invalid", "Een geheel getal wordt verwacht.")
    return value


def eleven_test(value: str) -> str:
    """Return ``value`` if it passes the 11-test of BSN and RSIN (weights 9..2, -1)."""
    if not value:
        raise error("blank")
    if not (value.isascii() and value.isdigit()):
        raise error("only-digits")
    if len(value) != 9:
        raise error("min_length" if len(value) < 9 else "max_length")
    weights = (9, 8, 7, 6, 5, 4, 3, 2, -1)
    if sum(int(digit) * weight for digit, weight in zip(value, weights, strict=True)) % 11:
        raise error("invalid", "Ongeldig nummer: de elfproef klopt niet.")
    return value


def _or_empty(check: Callable[[str], str]) -> Callable[[str], str]:
    return lambda value: value if value == "" else check(value)


@dataclass(frozen=True)
class Shown:
    """Facts that only the OAS needs, because a validator of the type checks them itself."""

    maximum: int | None = None
    minimum: int = 0
    format: str = ""
    pattern: str = ""


Rsin = Annotated[str, AfterValidator(eleven_test), Shown(9)]
OptionalRsin = Annotated[str, AfterValidator(_or_empty(eleven_test)), Shown(9)]
Bsn = Rsin
OptionalBsn = OptionalRsin


@dataclass(frozen=True)
class Matching:
    """A string that must match ``pattern``, with the error ``code``; ``blank`` lets the empty string pass. The pattern
    is that of the whole text, or with ``anywhere`` that of a part of it, as the OAS has it without anchors."""

    pattern: str
    maximum: int | None = None
    code: str = "invalid"
    reason: str = ""
    blank: bool = True
    format: str = ""
    anywhere: bool = False

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        compiled = re.compile(self.pattern)
        matches = compiled.search if self.anywhere else compiled.fullmatch

        def check(value: str) -> str:
            if not (matches(value) or (value == "" and self.blank)):
                raise error("blank" if value == "" else self.code, "" if value == "" else self.reason)
            return value

        schema = core_schema.str_schema(max_length=self.maximum)
        return core_schema.no_info_after_validator_function(check, schema)


Email = Annotated[
    str, Matching(r"[^@\s]+@[^@\s]+\.[^@\s.]+", 254, reason="Voer een geldig e-mailadres in.", format="email")
]


# --- Dates ---


def _date(value: Any, info: ValidationInfo) -> date:
    return parse_date(value, exact=EXACT_DATES in (info.context or ()))


def _in_zone(value: Any, info: ValidationInfo) -> datetime:
    return parse_date_time(value, (info.context or {}).get("zone", LOCAL_TIME))


def _of_query(value: Any, info: ValidationInfo) -> datetime:
    # A plus sign that was not escaped has become a space.
    text = value.strip().replace(" ", "+") if isinstance(value, str) and "T" in value else value
    return _in_zone(text, info)


Date = Annotated[date, BeforeValidator(_date)]
DateTime = Annotated[datetime, BeforeValidator(_in_zone)]
"""A moment; the context of the validation has the time zone of the municipality as ``zone``."""
Moment = Annotated[datetime, BeforeValidator(_of_query)]
"""A date-time as a query parameter."""

# Only the digits of ASCII, by which dates are counted: ``\d`` has those of every script.
_DURATION = (
    r"P(?=[0-9T])([0-9]{1,6}Y)?([0-9]{1,6}M)?([0-9]{1,6}W)?([0-9]{1,6}D)?"
    r"(T(?=[0-9])([0-9]{1,6}H)?([0-9]{1,6}M)?([0-9]{1,6}(\.[0-9]+)?S)?)?"
)

Duration = Annotated[
    str, Matching(_DURATION, None, "invalid", "Voer een duur in volgens ISO 8601.", blank=False, format="duration")
]
"""ISO 8601 duration, kept as it was sent: years and months stay calendar-based."""


# --- Confidentiality ---

Vertrouwelijkheid = Literal[
    "openbaar",
    "beperkt_openbaar",
    "intern",
    "zaakvertrouwelijk",
    "vertrouwelijk",
    "confidentieel",
    "geheim",
    "zeer_geheim",
]
OptionalVertrouwelijkheid = Literal[Vertrouwelijkheid, ""]
LEVELS: tuple[str, ...] = get_args(Vertrouwelijkheid)
"""Low to high; an object may be seen when its level is at or below the cap."""


# --- Objects that only the client understands ---


class _Untouched:
    """Keys and values of an object of which only the client knows what they mean: nothing is trimmed."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.dict_schema(core_schema.str_schema(strip_whitespace=False))


JsonObject = Annotated[dict[str, Any], _Untouched()]


class _AsSent:
    """Whatever was sent, but for null."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(_is_something, core_schema.any_schema())


def _is_something(value: Any) -> Any:
    if value is None:
        raise error("null")
    return value


AnyJson = Annotated[dict[str, Any], _AsSent()]
"""An object of the standard for which clients send texts, lists and numbers too; answers have it as it was sent."""
