"""Comparing two catalogue files field by field: what a round trip kept, and what it did not."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from services.catalogi.geldigheid import IDENTITY
from services.catalogi.uitwisseling.bestand import FILES, Bundel
from services.catalogi.uitwisseling.vorm import MAIN, RESOURCES, Namen, body_of, uuid_of
from zgw.fields import describe

BESIDE = ("concept", "is_eindstatus", "omschrijving_generiek", "zaaktype_identificatie")
"""Read-only properties that both files have and that must agree too. The dates of subtypes are left out, because Open
Zaak exports them as null where we show those of the zaaktype; so are lists of URLs that only say the reverse."""

UNCOMPARED = ("catalogus",)


@dataclass
class Verschil:
    """One field that differs, or a row that only one file has (``veld`` is then empty)."""

    bestand: str
    sleutel: str
    veld: str
    links: Any
    rechts: Any


@dataclass
class Vergelijking:
    """The rows and fields that two files share, and those that differ."""

    verschillen: list[Verschil] = field(default_factory=list)
    rijen: dict[str, int] = field(default_factory=dict)
    velden: dict[str, int] = field(default_factory=dict)

    @property
    def gelijk(self) -> bool:
        """Whether nothing differs."""
        return not self.verschillen

    def regels(self) -> Iterator[str]:
        """Return the lines that a command prints."""
        for file, number in self.rijen.items():
            wrong = [v for v in self.verschillen if v.bestand == file]
            state = "equal" if not wrong else f"{len(wrong)} differences"
            yield f"{file:30} {number:6} rows {self.velden[file]:8} fields  {state}"
            for v in wrong[:20]:
                yield f"    {v.sleutel} {v.veld or 'row'}: {v.links!r} / {v.rechts!r}"


def vergelijk(links: Bundel, rechts: Bundel, uuids: bool = True) -> Vergelijking:
    """Return the comparison of two files; ``uuids`` also compares the uuids of all rows."""
    found = Vergelijking()
    for file in FILES:
        one, other = _rows(links, file, uuids), _rows(rechts, file, uuids)
        if not one and not other:
            continue
        found.rijen[file], found.velden[file] = len(one), sum(len(row) for row in one.values())
        for key in [*one, *(key for key in other if key not in one)]:
            if key not in one or key not in other:
                found.verschillen.append(Verschil(file, key, "", key in one, key in other))
                continue
            names = [*one[key], *(name for name in other[key] if name not in one[key])]
            for name in names:
                left, right = one[key].get(name), other[key].get(name)
                if left != right:
                    found.verschillen.append(Verschil(file, key, name, left, right))
    return found


def _rows(bundel: Bundel, file: str, uuids: bool) -> dict[str, dict[str, Any]]:
    """Return the rows of a kind by a key that does not depend on uuids, with names in the place of references."""
    namen, keys = Namen(bundel), _keys(bundel)
    found: dict[str, dict[str, Any]] = {}
    fields = RESOURCES[file].fields
    # A field that a row leaves out has its default.
    defaults = {p.name: p.default for p in describe(fields) if not p.required and p.name not in UNCOMPARED}
    for row in bundel.of(file):
        body = {**defaults, **body_of(fields, row)}
        namen.relations(file, row, body)
        for name in ("zaaktype", "statustype"):
            if body.get(name):
                body[name] = keys.get(uuid_of(body[name]), body[name])
        for name in UNCOMPARED:
            body.pop(name, None)
        for name in BESIDE:
            if name in row and name not in body:
                body[f"({name})"] = row[name]
        if uuids:
            body["(uuid)"] = uuid_of(row.get("url"))
        found[_key(file, row, keys)] = body
    return found


def _keys(bundel: Bundel) -> dict[str, str]:
    """Return for zaaktypen and statustypen the key of the row with each uuid."""
    zaaktypen = {uuid_of(row.get("url")): _main_key("zaaktype", row) for row in bundel.of("ZaakType")}
    statustypen = {
        uuid_of(row.get("url")): f"{zaaktypen.get(uuid_of(row.get('zaaktype')))} {row.get('volgnummer')}"
        for row in bundel.of("StatusType")
    }
    return {**zaaktypen, **statustypen}


def _main_key(kind: str, row: dict[str, Any]) -> str:
    return f"{row.get(IDENTITY[kind])} {row.get('begin_geldigheid')}"


def _key(file: str, row: dict[str, Any], keys: dict[str, str]) -> str:
    if file == "Catalogus":
        return f"{row.get('domein')} {row.get('rsin')}"
    if file in MAIN:
        return _main_key(MAIN[file], row)
    own = {
        "StatusType": "volgnummer",
        "ZaakTypeInformatieObjectType": "volgnummer",
        "Eigenschap": "naam",
        "ZaakObjectType": "relatie_omschrijving",
    }.get(file, "omschrijving")
    return f"{keys.get(uuid_of(row.get('zaaktype')))} {row.get(own)}"
