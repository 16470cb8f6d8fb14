"""What the log of requests keeps of a path and of a query: all names, and the values that cannot tell who a zaak is
about.

A value is kept where its shape is that of a type, an object or a date, or where the parameter takes words of a fixed
list. Everything else may be a BSN, a name or a number, also under a name that was misspelt, and becomes ``***``: so
does a word without a value, which may be the rest of a value in which ``&`` was not escaped.
"""

import re
from urllib.parse import unquote_plus

from runtime.redaction import masked

HIDDEN = "***"
MOST = 50
"""Parameters that are looked at."""
LENGTH = 1000
"""Characters that are kept in all."""

WORDS = frozenset(
    (
        "page",
        "pageSize",
        "expand",
        "ordering",
        "fields",
        "versie",
        "status",
        "archiefnominatie",
        "archiefnominatie__in",
        "archiefstatus",
        "archiefstatus__in",
        "vertrouwelijkheidaanduiding",
        "maximaleVertrouwelijkheidaanduiding",
        "rol__betrokkeneType",
        "rol__omschrijvingGeneriek",
        "betrokkeneType",
        "omschrijvingGeneriek",
        "objectType",
    )
)
"""The parameters that take words of a list, or a small number."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,79}")
_WORDS = re.compile(r"[A-Za-z_.,-]{1,300}|[0-9]{1,5}")
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_ONE = rf"(?:https?://[A-Za-z0-9.:-]{{1,100}}(?:/[A-Za-z0-9._~-]{{1,60}}){{1,8}}/)?{_UUID}"
_OBJECTS = re.compile(rf"{_ONE}(?:,{_ONE})*", re.IGNORECASE)
_DATE = re.compile(
    r"[12]\d{3}-(?:0\d|1[0-2])-[0-3]\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+ -]\d\d:?\d\d)?)?", re.ASCII
)
_SEGMENT = re.compile(r"(?:[A-Za-z0-9._~-]|%7[BbDd]|[{}])*")
"""A part of a path: with the braces of a name that was not filled in, which say what went wrong."""


def shown_path(raw: bytes) -> str:
    """Return a path as it is kept. A part with other characters than our paths have may be a query that was glued to
    it, or a name.

    ``shown_path(b"/zaken/api/v1/zaken%3Fnaam=x") == "/zaken/api/v1/***"``
    """
    parts = raw.decode("latin-1").split("/")
    return masked("/".join(part if _SEGMENT.fullmatch(part) else HIDDEN for part in parts))


def shown_query(raw: bytes) -> str:
    """Return a query as it is kept.

    ``shown_query(b"page=2&rol__betrokkeneIdentificatie__natuurlijkPersoon__inpBsn=111222333")`` is
    ``page=2&rol__betrokkeneIdentificatie__natuurlijkPersoon__inpBsn=***``.
    """
    if not raw:
        return ""
    parts = raw.decode("latin-1").split("&", MOST)[:MOST]
    return "&".join(_shown(part) for part in parts if part)[:LENGTH]


def _shown(part: str) -> str:
    name, equals, value = (unquote_plus(each) for each in part.partition("="))
    if not _NAME.fullmatch(name) or masked(name) != name:
        return HIDDEN
    if not equals:
        return name if name in WORDS else HIDDEN
    return f"{name}={value}" if not value or _is_harmless(name, value) else f"{name}={HIDDEN}"


def _is_harmless(name: str, value: str) -> bool:
    if masked(value) != value:
        return False
    if value in ("true", "false") or _OBJECTS.fullmatch(value):
        return True
    if _DATE.fullmatch(value):
        return "geboorte" not in name.lower()
    return name in WORDS and _WORDS.fullmatch(value) is not None
