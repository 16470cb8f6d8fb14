"""The headers and the reads of a download (documenten.md §5.5), without a storage."""

from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import unquote

import pytest

from services.documenten.download import FIRST_WINDOW, WINDOW, _range, disposition, etag, windows_of

SIZE, TAG = 1000, '"tag"'


def wanted(**headers: str) -> tuple[int, int] | None:
    """Return what a request with these headers asks for."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return _range(cast(Any, SimpleNamespace(request=SimpleNamespace(headers=named))), SIZE, TAG)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-0", (0, 1)),
        ("bytes=0-999", (0, 1000)),
        ("bytes=10-", (10, 1000)),
        ("bytes=-10", (990, 1000)),
        ("bytes=-5000", (0, 1000)),
        ("bytes=990-5000", (990, 1000)),
        (" bytes = 1 - 2 ", (1, 3)),
        # These do not exist.
        ("bytes=1000-", (1000, 1000)),
        ("bytes=-0", (1000, 0)),
        # A server may ignore these, and then gives everything.
        ("bytes=5-2", None),
        ("bytes=-", None),
        ("bytes=0-1,5-6", None),
        ("items=0-1", None),
        ("bytes=0-" + "9" * 19, None),
        ("", None),
    ],
)
def test_the_range_that_is_asked_for(header: str, expected: tuple[int, int] | None) -> None:
    assert wanted(range=header) == expected


def test_a_range_of_another_content_is_no_range() -> None:
    assert wanted() is None
    assert wanted(range="bytes=0-1", if_range=TAG) == (0, 2)
    assert wanted(range="bytes=0-1", if_range='"other"') is None


@pytest.mark.parametrize(
    ("name", "plain", "whole"),
    [
        ("besluit.pdf", "besluit.pdf", ""),
        ("a/b\\c", "a_b_c", ""),
        ("", "document", ""),
        ("\r\n\0", "document", ""),
        ('"x"', "'x'", '"x"'),
        ("50%", "50_", "50%"),
        ("één brief.pdf", "__n brief.pdf", "één brief.pdf"),
    ],
)
def test_the_name_of_a_file(name: str, plain: str, whole: str) -> None:
    first, *rest = disposition(name).split("; ")
    found = dict(part.split("=", 1) for part in rest)
    assert (first, found["filename"]) == ("attachment", f'"{plain}"')
    assert unquote(found.get("filename*", "").removeprefix("UTF-8''")) == whole


def segments(*sizes: int) -> list[dict[str, Any]]:
    return [{"key": str(number), "size": size, "sha256": f"{number}"} for number, size in enumerate(sizes)]


@pytest.mark.parametrize(("start", "end"), [(0, 30), (0, 10), (5, 25), (10, 20), (19, 21), (29, 30), (0, 0), (30, 30)])
def test_a_range_is_read_from_the_segments_that_have_it(start: int, end: int) -> None:
    found = windows_of(segments(10, 10, 0, 10), start, end)
    starts = {"0": 0, "1": 10, "3": 20}
    read = [starts[key] + at + n for key, at, length in found for n in range(length)]
    assert read == list(range(start, end))


def test_the_first_read_is_small_and_the_others_have_a_maximum() -> None:
    lengths = [length for _, _, length in windows_of(segments(10 * WINDOW), 0, 10 * WINDOW)]
    assert sum(lengths) == 10 * WINDOW
    assert lengths[0] == FIRST_WINDOW
    assert max(lengths) == WINDOW
    assert lengths[:-1] == sorted(lengths[:-1])


def test_an_etag_is_that_of_the_content() -> None:
    assert etag(segments(5)) == '"0"'
    assert etag(segments(5, 5)) != etag(segments(5, 5, 5))
