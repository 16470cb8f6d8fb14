"""docs/conformance.md says what the code and the tests say."""

from __future__ import annotations

import pytest

from .conformance import PAGE, applied, naming_tests, page, rule_ids
from .rules import RULES


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "the services or the tests have changed: run `make docs`"


def test_rules_are_found_in_names_and_texts() -> None:
    assert rule_ids("test_zrc_013_is_refused drc-004b: NRC-5.") == {"zrc-013", "drc-004", "nrc-5"}
    assert rule_ids("459c-ac-4591 7ac-459c-4d25 zrc-0123 xzrc-001") == set()


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_is_named_by_a_test(rule: str) -> None:
    assert naming_tests()[rule]


def test_the_code_names_no_other_rule() -> None:
    """A rule that was withdrawn from the standard, or one with a slip in its number."""
    assert applied() <= set(RULES)
