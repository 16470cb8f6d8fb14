"""The parameter ``expand``, and what is counted of an answer (common.md §13), without a service."""

from typing import Any

import pytest

from runtime.problems import Problem
from zgw.expand import MAX_DEPTH, MAX_PATHS, number_of, paths, text_of, urls_of


@pytest.mark.parametrize(
    ("value", "tree", "text"),
    [
        ("a", {"a": {}}, "a"),
        ("a,b.c", {"a": {}, "b": {"c": {}}}, "a,b.c"),
        (" a , b . c ,", {"a": {}, "b": {"c": {}}}, "a,b.c"),
        ("b,b.c,b.d,b", {"b": {"c": {}, "d": {}}}, "b.c,b.d"),
    ],
)
def test_paths_become_a_tree_and_a_text_again(value: str, tree: dict[str, Any], text: str) -> None:
    assert paths(value) == tree
    assert text_of(tree) == text
    assert paths(text) == tree


@pytest.mark.parametrize("value", [None, ""])
def test_nothing_to_expand(value: str | None) -> None:
    assert paths(value) is None


def test_the_limits_of_paths() -> None:
    assert paths(",".join(f"a{number}" for number in range(MAX_PATHS)))
    assert paths(".".join("a" * MAX_DEPTH))
    for wrong in (",".join(f"a{number}" for number in range(MAX_PATHS + 1)), ".".join("a" * (MAX_DEPTH + 1))):
        with pytest.raises(Problem) as refused:
            paths(wrong)
        assert (refused.value.status, refused.value.code) == (404, "invalid-expand-field")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, []),
        ("", []),
        ("u", ["u"]),
        (["u", "", "v"], ["u", "v"]),
        ({"url": "u", "aardRelatie": "vervolg"}, ["u"]),
        ([{"zaaktype": "t"}, {"url": "u"}], ["t", "u"]),
    ],
)
def test_the_urls_of_a_property(value: Any, expected: list[str]) -> None:
    assert urls_of(value) == expected


def test_the_objects_of_an_answer_are_counted_as_often_as_they_are_written() -> None:
    rol = {"_expand": {"zaak": {"url": "z"}}}
    assert number_of({"url": "z"}) == 1
    assert number_of({"_expand": {"zaaktype": {"url": "t"}, "status": {}, "rollen": [rol, rol]}}) == 6
