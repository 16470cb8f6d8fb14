"""The content of a document, taken out of JSON that comes in pieces (documenten.md §5), without a storage."""

import base64
from collections.abc import Iterator

import orjson
import pytest

from runtime.problems import Problem
from services.documenten.inhoud import MAX_SIGNS, REST, Decoder, Splitter


def pieces(raw: bytes, size: int) -> Iterator[bytes]:
    return (raw[start : start + size] for start in range(0, len(raw), size))


def split(raw: bytes, size: int) -> tuple[bytes, bytes]:
    """Return the content and the rest of a body that comes in pieces of one size."""
    splitter = Splitter()
    content = b"".join(found for piece in pieces(raw, size) for found in splitter.feed(piece))
    return content, bytes(splitter.rest)


@pytest.mark.parametrize(
    ("raw", "content", "rest"),
    [
        (b'{"inhoud": "YWJj"}', b"YWJj", {"inhoud": ""}),
        (b'{"titel": "x", "inhoud": "YWJj", "taal": "nld"}', b"YWJj", {"titel": "x", "inhoud": "", "taal": "nld"}),
        (b'{"inhoud": null}', b"", {"inhoud": None}),
        (b'{"titel": "inhoud", "namen": ["inhoud", "x"]}', b"", {"titel": "inhoud", "namen": ["inhoud", "x"]}),
        # Only the member of the outermost object.
        (b'{"a": {"inhoud": "YWJj"}}', b"", {"a": {"inhoud": "YWJj"}}),
        (b'{"a": "\\"inhoud\\": \\"x\\"", "inhoud": "YQ=="}', b"YQ==", {"a": '"inhoud": "x"', "inhoud": ""}),
        (b'{"a": "x\\\\", "inhoud": "YQ=="}', b"YQ==", {"a": "x\\", "inhoud": ""}),
        # How some libraries write a slash and an equals sign, and the name.
        (b'{"inhoud": "YW\\/\\u003d"}', b"YW/=", {"inhoud": ""}),
        (b'{"\\u0069nhoud": "YWJj"}', b"YWJj", {"inhoud": ""}),
    ],
)
def test_the_content_is_taken_out_whatever_the_pieces(raw: bytes, content: bytes, rest: object) -> None:
    for size in range(1, len(raw) + 1):
        found, left = split(raw, size)
        assert (found, orjson.loads(left)) == (content, rest), size


def test_a_content_that_is_there_twice_is_refused() -> None:
    with pytest.raises(Problem) as refused:
        split(b'{"inhoud": "YQ==", "inhoud": "YQ=="}', 7)
    assert [(each.name, each.code) for each in refused.value.invalid_params] == [("inhoud", "invalid")]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b'{"titel": "' + b"x" * REST + b'"}', (413, "request_too_large")),
        (b'{"namen": [' + b'"",' * MAX_SIGNS, (400, "parse_error")),
        (b'{"inhoud": "YWJj\n"}', (400, "parse_error")),
    ],
    ids=["bytes", "signs", "line"],
)
def test_what_stands_beside_the_content_has_a_limit(raw: bytes, expected: tuple[int, str]) -> None:
    with pytest.raises(Problem) as refused:
        split(raw, 65_536)
    assert (refused.value.status, refused.value.code) == expected


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7, 76, 1000])
def test_drc_x3_base64_is_decoded_in_pieces(size: int) -> None:
    data = bytes(range(256)) * 3
    decoder = Decoder()
    text = base64.encodebytes(data)
    assert b"".join(decoder.feed(piece) for piece in pieces(text, size)) == data
    assert decoder.end() == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"data:application/pdf;base64,YWJj", (b"abc", "")),
        (b"DATA:;BASE64,YWJj", (b"abc", "")),
        (b"data:text/plain;charset=utf-8;base64,YW\r\nJj", (b"abc", "")),
        (b"data:application/pdf;base64,", (b"", "")),
        # What only begins like one is base64, or nothing.
        (b"data", (base64.b64decode(b"data"), "")),
        (b"dataYWJj", (base64.b64decode(b"dataYWJj"), "")),
        (b"da", (b"", "incorrect-base64-padding")),
        (b"data:text/plain,YWJj", (b"YWJj", "invalid-base64")),
        (b"data:YWJj", (b"", "invalid-base64")),
        (b"data:" + b"x" * 600 + b";base64,YWJj", (b"", "invalid-base64")),
        (b"data:;base64,data:;base64,YWJj", (b"", "invalid-base64")),
    ],
)
def test_a_data_url_is_the_base64_in_it_whatever_the_pieces(text: bytes, expected: tuple[bytes, str]) -> None:
    for size in range(1, len(text) + 1):
        decoder = Decoder()
        content = b"".join(decoder.feed(piece) for piece in pieces(text, size)) + decoder.feed(b"", last=True)
        error = decoder.end()
        assert error == expected[1], size
        assert error or content == expected[0], size
