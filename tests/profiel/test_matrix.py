"""What each application needs has a test, and the page says which."""

import pytest

from tests.profiel.matrix import APPLICATIONS, ITEMS, NEEDS, NICER, PAGE, page, shown
from tests.profiel.pages import pages

TESTS = shown()
NEEDED = [(application, item) for application in APPLICATIONS for item in NEEDS[application]]


@pytest.mark.parametrize(("application", "item"), NEEDED)
def test_what_an_application_needs_is_shown(application: str, item: str) -> None:
    assert (application, item) in TESTS


def test_tests_name_what_is_in_the_matrix() -> None:
    known = {*NEEDED} | {(application, item) for application in APPLICATIONS for item in NICER.get(application, ())}
    assert {*TESTS} - known == set()
    assert {item for _, item in known} <= {*ITEMS}


def test_each_application_has_a_page() -> None:
    assert pages() == sorted(name for name, _ in APPLICATIONS.values())


def test_the_page_is_as_the_tests_are() -> None:
    assert PAGE.read_text() == page(), "run `make docs`"
