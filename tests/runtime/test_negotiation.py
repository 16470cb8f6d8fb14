"""Which weights a header gives (RFC 9110, 12.4.2)."""

import pytest

from runtime.negotiation import takes_json, weight


@pytest.mark.parametrize(
    ("accept", "taken"),
    [
        ("", True),
        ("*/*", True),
        ("Application/JSON; charset=utf-8", True),
        ("application/*", True),
        ("text/html, image/gif, *; q=.2, */*; q=.2", True),
        ("application/json;q=0.001", True),
        ("application/json;q=x", True),
        ('application/json;q="0"', True),
        ("application/json;q=nan", True),
        ("*/*;q=0, application/json", True),
        ("application/*;q=0, application/json;q=0.1", True),
        ("application/json;q=0, application/json", True),
        ("application/json;q=0", False),
        ("application/json ; Q = 0.0 ", False),
        ("application/json;version=1;q=0", False),
        ("application/json;q=0, */*", False),
        ("application/*;q=0, */*", False),
        ("*/*;q=0", False),
        ("text/html", False),
        ("application/hal+json, application/jsonp", False),
        (",;,", False),
    ],
)
def test_who_takes_json(accept: str, taken: bool) -> None:
    assert takes_json(accept) == taken


def test_the_most_specific_name_decides() -> None:
    assert weight("*;q=0.5, gzip;q=0", "gzip", "*") == 0
    assert weight("*;q=0.5, br", "gzip", "*") == 0.5
    assert weight("br", "gzip", "*") is None
    assert weight("gzip;q=7", "gzip") == 1


def test_of_an_endless_header_the_beginning_is_read() -> None:
    assert takes_json("a/b," * 99 + "*/*")
    assert not takes_json("a/b," * 100 + "*/*")


def test_of_endless_parameters_the_beginning_is_read() -> None:
    assert weight("gzip;" + "a=b;" * 9 + "q=0", "gzip") == 0
    assert weight("gzip;" + "a=b;" * 10 + "q=0", "gzip") == 1
