"""What ``samenzaak apply`` tells of differences, for people."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from pydantic.alias_generators import to_camel

from beheer.configuration_rights import Type
from gateway.snapshot import Issuer
from zgw.logboek.config import Logboek

TYPES = {
    "zaaktype": ("zaaktypen", "identificatie"),
    "informatieobjecttype": ("informatieobjecttypen", "omschrijving"),
    "besluittype": ("besluittypen", "omschrijving"),
}
"""For each field of an autorisatie that names a type: the list of these types, and what a file names them by."""


def switches_as_text(chosen: Mapping[str, bool]) -> str:
    """Return the switches that an application sets."""
    return ", ".join(name if on else f"{name} off" for name, on in chosen.items()) or "as the municipality"


def issuer_between(known: Issuer, wanted: Issuer) -> list[str]:
    """Return what changes of an issuer; keys that were given are not shown."""
    found = []
    for name in (field.name for field in fields(Issuer)):
        before, after = getattr(known, name), getattr(wanted, name)
        if before != after:
            found.append(
                "keys changed" if name == "jwks_or_pem" else f"{to_camel(name)} {_said(before)} -> {_said(after)}"
            )
    return found


def logboek_between(known: Logboek | None, wanted: Logboek) -> list[str]:
    """Return what changes of a logbook; its secrets are not shown."""
    found = []
    for name in (field.name for field in fields(Logboek) if field.name != "private"):
        before: Any = getattr(known, name, None)
        after: Any = getattr(wanted, name)
        if known is None or before == after:
            continue
        if name in ("key", "value"):
            found.append("key changed" if name == "key" else "value of the header changed")
        elif name in ("zaaktypen", "applicaties"):
            changed = {each for each in {**before, **after} if before.get(each) != after.get(each)}
            found.append(f"{name} changed: {', '.join(sorted(changed))}")
        else:
            found.append(f"{name} {_said(before)} -> {_said(after)}")
    return found


def _said(value: object) -> str:
    return ", ".join(value) if isinstance(value, tuple) else str(value) or "none"


def in_order(kanalen: list[dict[str, Any]]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return kanalen with their filters in one order, to compare them."""
    return sorted((kanaal["naam"], sorted(kanaal["filters"].items())) for kanaal in kanalen)


def names_of(kanalen: list[dict[str, Any]]) -> str:
    """Return kanalen with their filters."""
    return ", ".join(
        kanaal["naam"] + "".join(f" {k}={v}" for k, v in sorted(kanaal["filters"].items())) for kanaal in kanalen
    )


def type_name(named: str | Type) -> str:
    """Return what a file calls a type."""
    return (
        named
        if isinstance(named, str)
        else " ".join(filter(None, (named.domein, named.identificatie, named.omschrijving)))
    )


def rights_between(known: Mapping[str, Any], wanted: Mapping[str, Any], names: Mapping[str, str]) -> list[str]:
    """Return what a client gets and loses, one line for each right. ``names`` tells what the URLs of types and
    catalogues are: rights that follow them have one line, however many versions there are."""
    before = _rights_as_text(known, names)
    after = _rights_as_text(wanted, names)
    return [f"+ {right}" for right in after if right not in before] + [
        f"- {right}" for right in before if right not in after
    ]


def _rights_as_text(applicatie: Mapping[str, Any], names: Mapping[str, str]) -> list[str]:
    shown = ["all rights"] if applicatie.get("heeftAlleAutorisaties") else []
    for right in applicatie.get("autorisaties", []):
        words = [right["component"], *sorted(right["scopes"])]
        if catalogue := right.get("catalogus"):
            words.append(f"catalogue {names.get(catalogue, catalogue)}")
        else:
            words += [_type_as_text(right, right[kind], names) for kind in TYPES if right.get(kind)]
        if level := right.get("maxVertrouwelijkheidaanduiding"):
            words.append(f"up to {level}")
        shown.append(" ".join(words))
    return list(dict.fromkeys(shown))


def _type_as_text(right: Mapping[str, Any], url: str, names: Mapping[str, str]) -> str:
    return f"{names.get(url, url)} (all versions)" if right.get("alleVersies") else url
