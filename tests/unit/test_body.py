"""The limits of the JSON of a request (common.md §5), without a service."""

from typing import Any

import orjson
import pytest

from runtime.problems import Problem
from zgw import body
from zgw.body import MAX_COORDINATES, MAX_DEPTH, MAX_EXPONENTS, MAX_LIST, MAX_PARTS, MAX_VALUES, parsed


def nested(levels: int) -> Any:
    value: Any = {}
    for _ in range(levels - 1):
        value = {"a": value}
    return value


def refusal(value: Any, **how: bool) -> tuple[int, str]:
    """Return the status and the code with which a body is refused, or (0, "")."""
    try:
        parsed(value if isinstance(value, bytes) else orjson.dumps(value), **how)
    except Problem as problem:
        return problem.status, problem.code
    return 0, ""


@pytest.mark.parametrize(
    ("most", "too_much"),
    [
        (nested(MAX_DEPTH), nested(MAX_DEPTH + 1)),
        ({"a": [0] * MAX_LIST}, {"a": [0] * (MAX_LIST + 1)}),
        (dict.fromkeys(map(str, range(MAX_LIST)), 0), dict.fromkeys(map(str, range(MAX_LIST + 1)), 0)),
        (
            {str(n): [0] * (MAX_LIST - 1) for n in range(MAX_VALUES // MAX_LIST)},
            {str(n): [0] * MAX_LIST for n in range(MAX_VALUES // MAX_LIST)},
        ),
        ({"coordinates": [0] * MAX_COORDINATES}, {"coordinates": [0] * (MAX_COORDINATES + 1)}),
        ({"coordinates": [[]] * (MAX_PARTS - 2)}, {"coordinates": [[]] * (MAX_PARTS - 1)}),
        (
            b"{%s}" % b",".join([b'"a": 1e20'] * MAX_EXPONENTS),
            b"{%s}" % b",".join([b'"a": 1e20'] * (MAX_EXPONENTS + 1)),
        ),
    ],
    ids=["depth", "list", "object", "values", "coordinates", "parts", "exponents"],
)
def test_a_body_up_to_a_limit_and_beyond_it(most: Any, too_much: Any) -> None:
    assert refusal(most) == (0, "")
    assert refusal(too_much) == (400, "parse_error")
    assert refusal(too_much, internal=True) == (0, "")


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b" ", "parse_error"),
        (b"{", "parse_error"),
        (b"[]", "invalid"),
        (b"1", "invalid"),
        (b'{"a": NaN}', "parse_error"),
    ],
)
def test_what_is_no_object(raw: bytes, code: str) -> None:
    assert refusal(raw) == (400, code)


def test_a_byte_order_mark_is_ignored() -> None:
    assert parsed(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}


def test_what_looks_like_structure_in_a_text_does_not_count() -> None:
    assert refusal({"a": "[{" * MAX_PARTS}) == (0, "")
    assert refusal({"a": " 1e99" * (2 * MAX_EXPONENTS)}) == (0, "")
    assert body.brackets(rb'{"a": "\"[", "b": ["\\"]}') == 2


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ({"a": "x\0"}, "a"),
        ({"a": [{"b": "x"}, {"b": "\0"}]}, "a.1.b"),
        ({"a": {"\0": 1}}, "a"),
        ({"\0": 1}, "nonFieldErrors"),
        ({"a": "x", "b": [1, None, True, 1.5]}, ""),
    ],
)
def test_nul_is_found_wherever_it_is(value: Any, name: str) -> None:
    assert body.with_nul(value, "") == name


def test_nothing_at_all_is_the_empty_object() -> None:
    assert parsed(b"") == {}
