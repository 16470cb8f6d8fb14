"""docs/conformance.md says what the code and the tests say."""

from __future__ import annotations

from .conformance import PAGE, PREFIXES, applied, page, rule_ids


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "the services or the tests have changed: run `make conformance`"


def test_rules_are_found_in_names_and_texts() -> None:
    assert rule_ids("test_zrc_013_is_refused drc-004b: NRC-5.") == {"zrc-013", "drc-004", "nrc-5"}
    assert rule_ids("459c-ac-4591 7ac-459c-4d25 zrc-0123 xzrc-001") == set()


def test_every_api_has_rules() -> None:
    found = applied()
    assert all(any(rule.startswith(prefix) for rule in found) for prefix in PREFIXES.values())
