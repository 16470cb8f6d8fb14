"""When a zaak is to be destroyed or transferred: pure functions, without HTTP or database (zrc-021, zaken.md §9)."""

import calendar
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from typing import Any

STANDAARD = "afgehandeld"
"""The afleidingswijze of a resultaattype that names none."""

_DURATION = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T.*)?", re.ASCII)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(\d{6})?", re.ASCII)
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})([T ].*)?", re.ASCII)


class Archieffout(Exception):
    """The archiving parameters cannot be derived, because the resultaattype or a date in the zaak is wrong."""


class BuitenKalender(Archieffout):
    """A term ends after the last day of the calendar."""


@dataclass(frozen=True)
class Besluit:
    """The dates of a besluit that was taken in the zaak."""

    ingangsdatum: date | None = None
    vervaldatum: date | None = None


@dataclass(frozen=True)
class Object:
    """A zaakobject: its kind, and its attributes as far as they are known here."""

    soort: str
    gegevens: Mapping[str, Any]


@dataclass(frozen=True)
class Dossier:
    """The input of the derivation. Only the fields that the afleidingswijze needs have to be filled."""

    einddatum: date
    brondatum_hoofdzaak: date | None = None
    """From which day the retention of its deelzaken counts, as :func:`brondatum_voor_deelzaken` tells."""
    eigenschappen: Mapping[str, str] = field(default_factory=dict)
    objecten: Sequence[Object] = ()
    einddatums_gerelateerd: Sequence[date | None] = ()
    besluiten: Sequence[Besluit] = ()
    volledig: bool = True
    """Whether all of it could be read; a part that is elsewhere could hold a later date."""


@dataclass(frozen=True)
class Archiefgegevens:
    """The outcome of the derivation for a closed zaak; a date that is still unknown is None."""

    archiefnominatie: str | None
    startdatum_bewaartermijn: date | None
    archiefactiedatum: date | None


def opgeteld(begin: date, duur: str) -> date:
    """Return ``begin`` plus an ISO 8601 duration, by the calendar: 31 January + P1M is the last day of February. Raise
    BuitenKalender when that is after 31 December 9999."""
    found = _DURATION.fullmatch(duur or "")
    if found is None:
        raise Archieffout(f"{duur!r} is geen duur")
    years, months, weeks, days = (int(part or 0) for part in found.groups())
    total = begin.year * 12 + begin.month - 1 + years * 12 + months
    year, month = divmod(total, 12)
    try:
        moved = date(year, month + 1, min(begin.day, calendar.monthrange(year, month + 1)[1]))
        return date.fromordinal(moved.toordinal() + weeks * 7 + days)
    except (ValueError, OverflowError) as e:
        raise BuitenKalender(f"{duur} na {begin} valt buiten de kalender") from e


def datum_van(waarde: Any) -> date:
    """Return the date in ``JJJJMMDD``, ``JJJJMMDDuummss`` or ISO 8601, of which month and day may have one digit; raise
    Archieffout for anything else."""
    if isinstance(waarde, date):
        return waarde
    text = waarde.strip() if isinstance(waarde, str) else ""
    found = _COMPACT.fullmatch(text) or _ISO.fullmatch(text)
    if found is None:
        raise Archieffout(f"{str(waarde)[:50]!r} is geen datum")
    try:
        return date(*(int(part) for part in found.groups()[:3]))
    except ValueError as e:
        raise Archieffout(f"{text!r} is geen bestaande datum") from e


def brondatum(procedure: Mapping[str, Any], dossier: Dossier) -> date | None:
    """Return the date at which the retention starts, or None as long as it is unknown."""
    wijze = procedure.get("afleidingswijze") or STANDAARD
    derive = AFLEIDINGSWIJZEN.get(wijze)
    if derive is None:
        raise Archieffout(f"de afleidingswijze {wijze!r} bestaat niet")
    # A type elsewhere may have changed into anything since the resultaat named it.
    found = derive({name: value for name, value in procedure.items() if isinstance(value, str)}, dossier)
    return found if dossier.volledig else None


def brondatum_voor_deelzaken(einddatum: date | None, bron: date | None) -> date | None:
    """Return from which day the retention of the deelzaken counts, of a hoofdzaak that was closed at ``einddatum`` and
    whose own retention starts at ``bron``: never before either of them, and unknown as long as one of them is."""
    return max(einddatum, bron) if einddatum and bron else None


def _afgehandeld(procedure: Mapping[str, Any], dossier: Dossier) -> date | None:
    return dossier.einddatum


def _hoofdzaak(procedure: Mapping[str, Any], dossier: Dossier) -> date | None:
    return dossier.brondatum_hoofdzaak


def _eigenschap(procedure: Mapping[str, Any], dossier: Dossier) -> date | None:
    naam = procedure.get("datumkenmerk")
    if not naam:
        raise Archieffout("het resultaattype noemt geen datumkenmerk")
    waarde = dossier.eigenschappen.get(naam)
    return datum_van(waarde) if waarde else None


def _ander_datumkenmerk(procedure: Mapping[str, Any], dossier: Dossier) -> date | None:
    # Somebody looks it up in another registration and fills it in by hand.
    return None


def _zaakobject(procedure: Mapping[str, Any], dossier: Dossier) -> date | None:
    soort, naam = procedure.get("objecttype"), procedure.get("datumkenmerk")
    if not soort or not naam:
        raise Archieffout("het resultaattype noemt geen objecttype of geen datumkenmerk")
    found = [_attribuut(item.gegevens, naam) for item in dossier.objecten if item.soort == soort]
    dates = [datum_van(waarde) for waarde in found if waarde]
    return max(dates, default=None)


def _attribuut(gegevens: Any, pad: str) -> Any:
    """Return the attribute at a path such as ``vergunning/einddatum``, or None."""
    for part in pad.split("/"):
        gegevens = gegevens.get(part) if isinstance(gegevens, Mapping) else None
    return gegevens


def _termijn(procedure: Mapping[str, Any], dossier: Dossier) -> date | None:
    if not procedure.get("procestermijn"):
        raise Archieffout("het resultaattype noemt geen procestermijn")
    return opgeteld(dossier.einddatum, procedure["procestermijn"])


def _gerelateerde_zaak(procedure: Mapping[str, Any], dossier: Dossier) -> date | None:
    return max((day for day in dossier.einddatums_gerelateerd if day), default=None)


def _ingangsdatum_besluit(procedure: Mapping[str, Any], dossier: Dossier) -> date | None:
    return max((b.ingangsdatum for b in dossier.besluiten if b.ingangsdatum), default=None)


def _vervaldatum_besluit(procedure: Mapping[str, Any], dossier: Dossier) -> date | None:
    return max((b.vervaldatum for b in dossier.besluiten if b.vervaldatum), default=None)


AFLEIDINGSWIJZEN = {
    "afgehandeld": _afgehandeld,
    "ander_datumkenmerk": _ander_datumkenmerk,
    "eigenschap": _eigenschap,
    "gerelateerde_zaak": _gerelateerde_zaak,
    "hoofdzaak": _hoofdzaak,
    "ingangsdatum_besluit": _ingangsdatum_besluit,
    "termijn": _termijn,
    "vervaldatum_besluit": _vervaldatum_besluit,
    "zaakobject": _zaakobject,
}


def afgeleid(
    resultaattype: Mapping[str, Any], dossier: Dossier, gegeven: Archiefgegevens = Archiefgegevens(None, None, None)
) -> Archiefgegevens:
    """Return the archiving parameters of a closed zaak.

    ``gegeven`` are the values that a client filled in, which are kept. A resultaattype without archiefactietermijn
    gives no archiefactiedatum, and neither does a retention that no calendar holds: a besluit until 9999-12-31 has no
    end. zrc-026a: the start of the retention is kept only for what will be destroyed.
    """
    nominatie = gegeven.archiefnominatie or resultaattype.get("archiefnominatie") or None
    termijn = resultaattype.get("archiefactietermijn")
    if not termijn:
        return Archiefgegevens(nominatie, gegeven.startdatum_bewaartermijn, gegeven.archiefactiedatum)
    procedure = resultaattype.get("brondatumArchiefprocedure") or {}
    bron = gegeven.startdatum_bewaartermijn or brondatum(procedure, dossier)
    actie = gegeven.archiefactiedatum
    if bron and actie is None:
        with suppress(BuitenKalender):
            actie = opgeteld(bron, termijn)
    begin = bron if nominatie == "vernietigen" else gegeven.startdatum_bewaartermijn
    return Archiefgegevens(nominatie, begin, actie)


def afleidingswijze(resultaattype: Mapping[str, Any] | None) -> str:
    """Return how the start of the retention is found: one of ``AFLEIDINGSWIJZEN``."""
    procedure = (resultaattype or {}).get("brondatumArchiefprocedure") or {}
    return str(procedure.get("afleidingswijze") or STANDAARD)
