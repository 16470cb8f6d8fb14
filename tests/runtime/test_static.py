"""A page is compressed for those who read that, and is not sent again to those who have it."""

import gzip

from starlette.requests import Request
from starlette.responses import Response

from runtime.static import TAGS, WORTH, pack, send

LARGE = b"zaak " * WORTH


def asked(content: bytes, given: dict[str, str] | None = None, **headers: str) -> Response:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    request = Request({"type": "http", "method": "GET", "path": "/", "headers": raw})
    return send(request, pack(content), lambda: content, "text/html", given or {})


def test_a_large_page_is_compressed_for_who_reads_that() -> None:
    plain, small = asked(LARGE), asked(LARGE, accept_encoding="br, gzip")
    assert bytes(plain.body) == LARGE
    assert gzip.decompress(bytes(small.body)) == LARGE
    assert small.headers["content-encoding"] == "gzip"
    assert int(small.headers["content-length"]) == len(small.body) < len(LARGE) / 10
    assert small.headers["etag"] != plain.headers["etag"]
    assert plain.headers["vary"] == small.headers["vary"] == "Accept-Encoding"
    assert asked(LARGE, {"Vary": "Accept"}).headers["vary"] == "Accept, Accept-Encoding"
    for coding in ("", "br", "gzip;q=0", "identity, *;q=0"):
        assert "content-encoding" not in asked(LARGE, accept_encoding=coding).headers


def test_a_small_page_stays_as_it_is() -> None:
    answer = asked(b"zaak", accept_encoding="gzip")
    assert bytes(answer.body) == b"zaak"
    assert not {"vary", "content-encoding"} & {*answer.headers}


def test_who_has_a_page_does_not_get_it_again() -> None:
    for coding in ("gzip", "identity"):
        first = asked(LARGE, accept_encoding=coding)
        again = asked(LARGE, accept_encoding=coding, if_none_match=f'"other", W/{first.headers["etag"]}')
        assert (again.status_code, bytes(again.body)) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
        assert again.headers["vary"] == "Accept-Encoding"
        assert asked(LARGE + b".", accept_encoding=coding, if_none_match=first.headers["etag"]).status_code == 200
    assert asked(LARGE, if_none_match=asked(LARGE, accept_encoding="gzip").headers["etag"]).status_code == 200
    assert asked(LARGE, if_none_match="*").status_code == 304


def test_tags_of_several_lines_count_and_of_endless_ones_the_beginning() -> None:
    tag = asked(LARGE).headers["etag"].encode()

    def status(*lines: bytes) -> int:
        headers = [(b"if-none-match", line) for line in lines]
        request = Request({"type": "http", "method": "GET", "path": "/", "headers": headers})
        return send(request, pack(LARGE), lambda: LARGE, "text/html", {}).status_code

    assert status(b'"other"', tag) == 304
    assert status(b",".join([b'"x"'] * (TAGS - 1) + [tag])) == 304
    assert status(b",".join([b'"x"'] * TAGS + [tag])) == 200
