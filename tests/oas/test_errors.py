"""Every code that the sources can give has a page in the catalogue of errors, and no page is about anything else."""

import re

import pytest

from oas.errors import Entry, catalogue, example
from tests.contract.rules import RULES
from tests.oas.error_codes import codes
from zgw.problems import CODES, REASONS, TITLES

PASSED_ON = {
    "code": "the argument of a function that passes it on",
    "e.code": "what a rule of the same service reported",
    "p.code": "what was found in a file of a catalogue",
    "first.code": "what a filter of a list reported",
    "e.type": "what a type of a field reported",
    "problem.code": "what was raised",
    "each['code']": "what another of our services answered",
    "known.get('code', 'error')": "what another of our services answered",
    "found.get('code', 'error')": "what another of our services answered",
    "data.get('code', 'error')": "what another of our services answered",
    "codes.get(error.status_code, 'error')": "not_found and method_not_allowed, which are given elsewhere too",
    "f'jwt-{type(error).__name__.lower()}'": "the errors of PyJWT",
    "body.error": "what decoding the content of a document found",
    "codes[item.url]": "what fetching a URL elsewhere found",
    "item": "the kind of a list of the selectielijst, which is no error",
}
"""What is passed as a code and says nothing by itself, with where its values are from."""

STATUSES = {"not_authenticated", "gone"}
"""Codes of the standard for statuses that no operation has at present."""


def test_every_code_has_a_page() -> None:
    found, _ = codes()
    assert len(found) > 120
    assert (found | TITLES.keys() | REASONS.keys() | set(CODES.values())) - catalogue().keys() == set()


def test_every_page_is_of_a_code() -> None:
    found, _ = codes()
    assert catalogue().keys() - found - REASONS.keys() - set(CODES.values()) - STATUSES == set()


def test_every_code_can_be_followed() -> None:
    """A code that is made in a way that this test does not know would have no page, and nobody would see it."""
    _, unresolved = codes()
    assert {written: where for written, where in unresolved.items() if written not in PASSED_ON} == {}


@pytest.mark.parametrize("entry", catalogue().values(), ids=lambda entry: entry.code)
def test_page_says_what_is_needed(entry: Entry) -> None:
    assert entry.meaning.endswith(".")
    assert entry.advice.endswith(".")
    assert entry.status or entry.field
    assert (entry.code in TITLES) == bool(entry.status)
    assert entry.title.endswith(".") or entry.code in ("inconsistent-abonnement-filters", "unknown-parameters")
    answer = example(entry, "https://zaken.example")
    assert answer["status"] == entry.status or (answer["status"] == 400 and entry.field)


def test_rules_and_their_codes_name_each_other() -> None:
    """What the rulebook says of a rule, its page says too."""
    named = {rule for entry in catalogue().values() for rule in entry.rules}
    assert {rule for rule in named if "-x" not in rule} <= RULES.keys()
    general = {"bad-url", "invalid-resource", "required", "invalid", "invalid_choice", "unique"}
    general |= {"wijzigen-niet-toegelaten"}
    for rule, text in RULES.items():
        for code in set(re.findall("`([A-Za-z_-]+)`", text)) & catalogue().keys() - general:
            assert rule in catalogue()[code].rules, f"{code} is a code of {rule}"
