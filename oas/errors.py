"""The catalogue of errors: what each code means, by which rule, and what to do about it.

The texts are in ``oas/texts/fouten/*.md``, in the form of ``oas.descriptions``. A heading is a code, and the terms
below it are *Regel* and *Doen*; for an example also *Status* and *Detail* (the code of an answer), or *Veld* and
*Reden* (the code of a field in ``invalidParams``)::

    # betaling-nvt

    De zaak heeft een datum van betaling, terwijl er bij haar niets te betalen is.

    Regel
    : zrc-014

    Doen
    : Laat `laatsteBetaaldatum` weg.

    Veld
    : laatsteBetaaldatum
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from oas.descriptions import Texts, markdown, parsed
from runtime.problems import InvalidParam, Problem
from zgw.problems import REASONS, TITLES, VALIDATION, content_of, kind_of

PREFIX = "/ref/fouten/"
NUMBERED = re.compile(r"\b(?:zrc|ztc|drc|brc|ac)-\d+")
"""The rules that the standard numbers: ``zrc-001``, and not ``ztc-x1`` or ``nrc-1``, which are numbers of our own."""
INSTANCE = "urn:uuid:00000000-0000-4000-8000-000000000000"
"""The ``instance`` of an example."""


@dataclass(frozen=True)
class Entry:
    """One code. ``status`` is 0 when it is only that of a field, ``field`` empty when only that of an answer."""

    code: str
    group: str
    """The file that it is in: ``zaken``."""
    meaning: str
    advice: str
    rules: tuple[str, ...] = ()
    status: int = 0
    detail: str = ""
    field: str = ""
    reason: str = ""

    @property
    def title(self) -> str:
        """What is wrong, in a few words."""
        return (TITLES.get(self.code, "") if self.status else "") or self.reason or REASONS.get(self.code, "")

    @property
    def numbered(self) -> list[str]:
        """The rules that the standard has a number for."""
        return [rule for rule in self.rules if NUMBERED.fullmatch(rule)]

    @property
    def kind(self) -> str:
        """What the ``type`` of an answer with this code is called."""
        return VALIDATION if self.field else kind_of(self.code)


@cache
def catalogue() -> Mapping[str, Entry]:
    """Return all entries by code, in the order of the files."""
    found: dict[str, Entry] = {}
    for file in markdown(files("oas") / "texts" / "fouten"):
        texts = Texts()
        parsed(file.read_text("utf-8").splitlines(), texts)
        known = texts.properties
        for code, meaning in texts.schemas.items():
            found[code] = Entry(
                code,
                file.name.removesuffix(".md"),
                meaning,
                known[code, "Doen"],
                tuple(filter(None, known.get((code, "Regel"), "").split(", "))),
                int(known.get((code, "Status"), "0")),
                known.get((code, "Detail"), ""),
                known.get((code, "Veld"), ""),
                known.get((code, "Reden"), ""),
            )
    return found


def entry_named(name: str) -> Entry | None:
    """Return the entry with this code, or with the name that the ``type`` of an answer has for it."""
    known = catalogue()
    if name == VALIDATION:
        return known["invalid"]
    return known.get(name) or next((entry for code, entry in known.items() if kind_of(code) == name), None)


def example(entry: Entry, base: str) -> dict[str, object]:
    """Return an answer with this error, as clients get it."""
    if entry.field:
        params = [InvalidParam(entry.field, entry.code, entry.reason)]
        return content_of(Problem(400, "invalid", invalid_params=params), base, INSTANCE)
    return content_of(Problem(entry.status, entry.code, entry.detail), base, INSTANCE)
