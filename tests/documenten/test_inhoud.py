"""Content: base64 in JSON of any size, and downloads (documenten.md §5)."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from runtime.problems import Problem
from services.documenten import download
from services.documenten.inhoud import Decoder, Splitter
from tests.answers import errors, problem
from tests.documenten.maak_document import EIO, b64, body, content_of, document, vergrendel
from tests.documenten.opslag import journal, objects, send_and_leave
from tests.stack import Client, Stack

OBJECT = "nonFieldErrors"
LARGE = 4 * 1024**2 + 1_234_567


async def pieces(data: bytes, size: int = 65_536) -> AsyncIterator[bytes]:
    """Send a body as a network does."""
    for start in range(0, len(data), size):
        yield data[start : start + size]


@pytest.mark.parametrize(
    ("inhoud", "omvang", "expected"),
    [
        (b"abc", 3, (3, b"abc")),
        (b"abc", ..., (3, b"abc")),
        (b"abc", None, (3, b"abc")),
        (b"", 0, (0, b"")),
        (b"", ..., (0, b"")),
        (None, 0, (0, b"")),
        (..., 0, (0, b"")),
        (None, None, (None, None)),
        (..., ..., (None, None)),
    ],
)
async def test_drc_x4_inhoud_and_bestandsomvang(
    api: Client, iot: str, inhoud: Any, omvang: Any, expected: tuple[Any, Any]
) -> None:
    sent = b64(inhoud) if isinstance(inhoud, bytes) else inhoud
    size, content = expected
    made = await document(api, informatieobjecttype=iot, inhoud=sent, bestandsomvang=omvang)
    assert (made["bestandsomvang"], made["inhoud"] is None, made["locked"]) == (size, content is None, False)
    answer = await api.get(made["url"] + "/download")
    assert answer.status_code == (204 if content is None else 200)
    assert answer.content == (content or b"")


async def test_drc_x4_wrong_sizes(api: Client, iot: str) -> None:
    for sent in (body(iot, bestandsomvang=5), body(iot, inhoud=b64(content_of(LARGE)), bestandsomvang=5)):
        assert errors(await api.post(EIO, sent)) == [(OBJECT, "file-size")]
    made = await document(api, informatieobjecttype=iot)
    lock = await vergrendel(api, made)
    for wrong in ({"bestandsomvang": 5}, {"bestandsomvang": None}, {"bestandsomvang": 5, "inhoud": b64(b"abc")}):
        assert errors(await api.patch(made["url"], {"lock": lock, **wrong})) == [(OBJECT, "file-size")]


async def test_drc_x4_patch(api: Client, iot: str) -> None:
    made = await document(api, informatieobjecttype=iot)
    lock = await vergrendel(api, made)

    async def patched(**changes: Any) -> tuple[Any, Any]:
        answer = await api.patch(made["url"], {"lock": lock, **changes})
        assert answer.status_code == 200, answer.text
        content = await api.get(made["url"] + "/download")
        return answer.json()["bestandsomvang"], content.content if content.status_code == 200 else None

    assert await patched(bestandsomvang=16) == (16, b"Geachte mevrouw,")
    # Neither the size that was stored nor a size at all is needed with new content.
    assert await patched(inhoud=b64(b"nieuw")) == (5, b"nieuw")
    assert await patched(titel="zelfde inhoud") == (5, b"nieuw")
    assert await patched(inhoud=None) == (None, None)
    assert await patched(bestandsomvang=0) == (0, b"")
    assert await patched(inhoud=b64(b"weer"), bestandsomvang=4) == (4, b"weer")
    assert await patched(inhoud=None, bestandsomvang=0) == (0, b"")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("YWJj", b"abc"),
        ("YWI=", b"ab"),
        ("YW\r\nJj", b"abc"),
        ("YWI", "incorrect-base64-padding"),
        ("YWJjYQ=", "incorrect-base64-padding"),
        ("YWJj=", "invalid-base64"),
        ("YWI=YWI=", "invalid-base64"),
        ("YW*j", "invalid-base64"),
        ("YW_-", "invalid-base64"),
        ("geen base64!", "invalid-base64"),
        ("é===", "invalid-base64"),
        ("YW Jj", "invalid-base64"),
    ],
)
async def test_drc_x3_base64(api: Client, iot: str, text: str, expected: bytes | str) -> None:
    answer = await api.post(EIO, body(iot, inhoud=text))
    if isinstance(expected, str):
        assert errors(answer) == [("inhoud", expected)]
    else:
        assert (await api.get(answer.json()["inhoud"])).content == expected
    # The same in any pieces.
    decoder = Decoder()
    decoded = b"".join(decoder.feed(text.encode()[i : i + 1]) for i in range(len(text.encode())))
    assert (decoder.end() or decoded) == expected


@pytest.mark.parametrize("text", ["YWI", "YW*j"])
async def test_drc_x3_base64_of_a_large_body(stack: Stack, api: Client, iot: str, text: str) -> None:
    before = await objects(stack)
    answer = await api.post(EIO, body(iot, inhoud=b64(content_of(LARGE - LARGE % 3)) + text))
    wanted = {"YWI": "incorrect-base64-padding", "YW*j": "invalid-base64"}[text]
    assert errors(answer) == [("inhoud", wanted)]
    assert (await objects(stack), await journal(stack)) == (before, [])


async def test_a_large_body_streams(stack: Stack, api: Client, iot: str) -> None:
    content = content_of(3 * LARGE)
    sent = body(iot, inhoud=b64(content), titel='De "grote" \\ brief', trefwoorden=["inhoud", '{"inhoud": "x"}'])
    raw = json.dumps({"beschrijving": "ervoor", **sent, "verschijningsvorm": "erna"}).encode()
    answer = await api.post(EIO, content=pieces(raw), headers={"content-type": "application/json"})
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (made["titel"], made["trefwoorden"]) == (sent["titel"], sent["trefwoorden"])
    assert (made["beschrijving"], made["verschijningsvorm"]) == ("ervoor", "erna")
    assert made["bestandsomvang"] == len(content)
    download = await api.get(made["inhoud"])
    assert download.content == content
    assert download.headers["content-length"] == str(len(content))
    # A new version as well.
    lock = await vergrendel(api, made)
    other = content_of(LARGE, 2)
    changed = await api.patch(made["url"], {"lock": lock, "inhoud": b64(other)})
    assert (await api.get(changed.json()["inhoud"])).content == other
    assert (await api.get(made["inhoud"])).content == content
    assert await journal(stack) == []


@pytest.mark.parametrize("size", [1000, 100_000, LARGE])
async def test_inhoud_may_stand_anywhere(stack: Stack, api: Client, iot: str, size: int) -> None:
    content = content_of(size)
    rest, own = json.dumps(body(iot, inhoud=...))[1:-1], f'"inhoud": "{b64(content)}"'
    kind = {"content-type": "application/json; charset=utf-8"}
    for text in (f"{{{own}, {rest}}}", f"{{{rest}, {own}}}", f'{{"inhoud": null, {rest}, {own}}}'):
        answer = await api.post(EIO, content=pieces(text.encode(), 10_000), headers=kind)
        assert answer.status_code == 201, answer.text
        assert (await api.get(answer.json()["inhoud"])).content == content
    # The last one counts, as everywhere in JSON; and inside another member it is not the content.
    for text in (f'{{{own}, {rest}, "inhoud": null}}', f'{{{rest}, "overig": {{"inhoud": "{b64(content_of(99))}"}}}}'):
        answer = await api.post(EIO, content=text, headers=kind)
        assert (answer.status_code, answer.json()["inhoud"]) == (201, None)
    assert await journal(stack) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"titel": ""}, [("titel", "blank")]),
        ({"informatieobjecttype": "https://elders.example.nl/1"}, [("informatieobjecttype", "bad-url")]),
        ({"ontvangstdatum": "2026-01-01", "status": "in_bewerking"}, [("status", "invalid_for_received")]),
    ],
)
async def test_a_large_upload_is_discarded_when_the_rest_is_wrong(
    stack: Stack, api: Client, iot: str, changes: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    before = await objects(stack)
    sent = {**body(iot, inhoud=b64(content_of(LARGE))), **changes}
    assert errors(await api.post(EIO, sent)) == expected
    assert (await objects(stack), await journal(stack)) == (before, [])


async def test_large_bodies_that_are_no_json(stack: Stack, api: Client, iot: str) -> None:
    before = await objects(stack)
    raw = json.dumps(body(iot, inhoud=b64(content_of(LARGE)))).encode()
    kind = {"content-type": "application/json"}
    for wrong in (raw[:-1], raw + b"}", raw[:-1] + b',"titel":}', b"[" + raw + b"]", b'"' + b"x" * LARGE + b'"'):
        assert (await api.post(EIO, content=pieces(wrong), headers=kind)).status_code in (400, 413)
    broken = raw.replace(b'"inhoud": "', b'"inhoud": "YWJj\n')
    assert problem(await api.post(EIO, content=broken, headers=kind)) == (400, "parse_error")
    twice = b'{"inhoud":"YWJj",' + raw[1:]
    assert errors(await api.post(EIO, content=twice, headers=kind)) == [("inhoud", "invalid")]
    assert problem(await api.post(EIO, body(iot, beschrijving="x" * LARGE))) == (413, "request_too_large")
    assert (await objects(stack), await journal(stack)) == (before, [])


async def test_an_interrupted_upload_leaves_nothing(stack: Stack, api: Client, iot: str) -> None:
    before = await objects(stack)
    raw = json.dumps(body(iot, inhoud=b64(content_of(4 * LARGE)))).encode()

    status = await send_and_leave(api, "POST", EIO, {"content-type": "application/json"}, raw[: 3 * LARGE])
    assert status in (0, 400)
    assert (await objects(stack), await journal(stack)) == (before, [])
    mark = {"identificatie": "niet-af", "inhoud": b64(content_of(4 * LARGE))}
    raw = json.dumps(body(iot, **mark)).encode()
    assert await send_and_leave(api, "POST", EIO, {"content-type": "application/json"}, raw[:-1]) in (0, 400)
    assert (await api.get(f"{EIO}?identificatie=niet-af")).json()["count"] == 0
    assert (await api.created(EIO, body(iot, **mark)))["bestandsomvang"] == 4 * LARGE


def test_the_splitter_finds_only_the_outermost_inhoud() -> None:
    text = orjson.dumps(
        {
            "a": {"inhoud": "binnen"},
            "b": ["inhoud", {"inhoud": "ook"}],
            "inhoud ": "x",
            "c": '\\"inhoud": "',
            "inhoud": "YWJj/+8=",
            "d": None,
            "e": -1.5e3,
        }
    ).replace(b"YWJj/+8=", b"YWJj\\/\\u002b8\\u003D")
    for size in (1, 2, 3, 7, 1000):
        splitter = Splitter()
        found = b"".join(
            piece for start in range(0, len(text), size) for piece in splitter.feed(text[start : start + size])
        )
        assert found == b"YWJj/+8="
        assert orjson.loads(splitter.rest) == {**orjson.loads(text), "inhoud": ""}


def test_the_splitter_knows_the_key_in_any_spelling_and_other_values_stay() -> None:
    splitter = Splitter()
    assert splitter.feed(b'{"\\u0069nhoud" : "YWJj"}') == [b"YWJj"]
    for text in (b'{"inhoud": null}', b'{"inhoud": {"inhoud": "x"}}', b'["inhoud", "x"]', b'{"x": "inhoud", "y": "z"}'):
        splitter = Splitter()
        assert splitter.feed(text) == []
        assert bytes(splitter.rest) == text
    with pytest.raises(Problem, match="request_too_large"):
        Splitter().feed(b'{"titel":"' + b"x" * 2_000_000)


# --- Download ---------------------------------------------------------------------------------------------------------


async def test_download(api: Client, iot: str) -> None:
    made = await document(api, informatieobjecttype=iot)
    answer = await api.get(made["url"] + "/download", headers={"accept": "application/octet-stream"})
    assert answer.content == b"Geachte mevrouw,"
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-length"] == "16"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-disposition"] == 'attachment; filename="besluit.txt"'
    tag = answer.headers["etag"]
    for same in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        assert (await api.get(made["url"] + "/download", headers={"if-none-match": same})).status_code == 304
    assert errors(await api.get(made["url"] + "/download?x=1")) == [(OBJECT, "unknown-parameters")]


@pytest.mark.parametrize("accept", ["application/pdf", "text/html", "image/*;q=0.5", "nonsense", ""])
async def test_a_download_is_the_document_whatever_type_is_asked_for(api: Client, iot: str, accept: str) -> None:
    made = await document(api, informatieobjecttype=iot)
    url, headers = made["url"] + "/download", {"accept": accept}
    answer = await api.get(url, headers=headers)
    assert (answer.status_code, answer.content) == (200, b"Geachte mevrouw,")
    assert answer.headers["content-type"] == "application/octet-stream"
    part = await api.get(url, headers={**headers, "range": "bytes=8-"})
    assert (part.status_code, part.content) == (206, b"mevrouw,")
    missing = await api.get(url.replace(made["url"][-8:], "00000000"), headers=headers)
    assert (missing.status_code, missing.headers["content-type"]) == (404, "application/problem+json")


@pytest.mark.parametrize("size", [5, 9 * 1024**2])
async def test_head_of_a_download_reads_no_content(
    api: Client, iot: str, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    made = await document(api, informatieobjecttype=iot, inhoud=b64(content_of(size)), bestandsomvang=size)
    url = made["url"] + "/download"
    whole = await api.get(url)
    monkeypatch.setattr(download, "_read", None)
    # A range says nothing to HEAD (RFC 9110, 14.2).
    for headers in ({}, {"range": "bytes=1-2"}, {"accept": "application/pdf"}):
        head = await api.request("HEAD", url, headers=headers)
        assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(size))
        for name in ("etag", "content-disposition", "content-type", "accept-ranges", "x-content-type-options"):
            assert head.headers[name] == whole.headers[name]
    unchanged = await api.request("HEAD", url, headers={"if-none-match": whole.headers["etag"]})
    assert (unchanged.status_code, unchanged.content) == (304, b"")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("", None),
        ("brief.pdf", 'attachment; filename="brief.pdf"'),
        ("naïef €5.pdf", "attachment; filename=\"na_ef _5.pdf\"; filename*=UTF-8''na%C3%AFef%20%E2%82%AC5.pdf"),
        ('a"b.pdf', "attachment; filename=\"a'b.pdf\"; filename*=UTF-8''a%22b.pdf"),
        ("../../etc/passwd", 'attachment; filename=".._.._etc_passwd"'),
        ("a\r\nX-Evil: 1.pdf", 'attachment; filename="aX-Evil: 1.pdf"'),
    ],
)
async def test_content_disposition_has_the_right_name(api: Client, iot: str, name: str, expected: str | None) -> None:
    made = await document(api, informatieobjecttype=iot, bestandsnaam=name)
    answer = await api.get(made["url"] + "/download")
    wanted = expected or f'attachment; filename="{made["url"].rpartition("/")[2]}"'
    assert answer.headers["content-disposition"] == wanted
    assert "x-evil" not in answer.headers


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("bytes=0-0", (0, 1)),
        ("bytes=5-9", (5, 10)),
        ("bytes=5-", (5, None)),
        ("bytes=-7", (-7, None)),
        ("bytes=-99999999999", (0, None)),
        ("bytes=4194300-4194310", (4194300, 4194311)),
        ("bytes=10-99999999999", (10, None)),
        ("Bytes=0-3", (0, 4)),
    ],
)
async def test_range(api: Client, large: dict[str, Any], wanted: str, expected: tuple[int, int | None]) -> None:
    content = content_of(LARGE)
    answer = await api.get(large["inhoud"], headers={"range": wanted})
    assert answer.status_code == 206
    start, end = slice(*expected).indices(len(content))[:2]
    assert answer.content == content[start:end]
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{len(content)}"
    assert answer.headers["content-length"] == str(end - start)


async def test_ranges_that_cannot_be_given(api: Client, large: dict[str, Any]) -> None:
    for wrong in (f"bytes={LARGE}-", "bytes=-0", f"bytes={LARGE + 5}-{LARGE + 9}"):
        answer = await api.get(large["inhoud"], headers={"range": wrong})
        assert problem(answer) == (416, "range_not_satisfiable")
        assert answer.headers["content-range"] == f"bytes */{LARGE}"
    for ignored in ("bytes=8-5", "bytes=0-1,5-6", "regels=1-2", "bytes=-", "bytes=x-y"):
        answer = await api.get(large["inhoud"], headers={"range": ignored})
        assert (answer.status_code, len(answer.content)) == (200, LARGE)
    first = await api.get(large["inhoud"], headers={"range": "bytes=0-3"})
    tag = first.headers["etag"]
    same = await api.get(large["inhoud"], headers={"range": "bytes=0-3", "if-range": tag})
    assert same.status_code == 206
    other = await api.get(large["inhoud"], headers={"range": "bytes=0-3", "if-range": '"anders"'})
    assert (other.status_code, len(other.content)) == (200, LARGE)


@pytest.fixture(scope="module")
async def large(api: Client, iot: str) -> dict[str, Any]:
    """A document of which the content does not fit in one read."""
    return await document(api, informatieobjecttype=iot, inhoud=b64(content_of(LARGE)))


async def test_many_at_once(api: Client, iot: str) -> None:
    contents = [content_of(200_000 + n, n) for n in range(8)]
    made = await asyncio.gather(*(document(api, informatieobjecttype=iot, inhoud=b64(c)) for c in contents))
    found = await asyncio.gather(*(api.get(each["inhoud"]) for each in made))
    assert [answer.content for answer in found] == contents
    assert base64.b64encode(contents[0]).decode() == b64(contents[0])
