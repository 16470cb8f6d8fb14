"""The gateway serves the site: what a browser keeps, what it may run, and nothing outside the folder."""

import re
from pathlib import Path

import httpx
import pytest

from gateway.pages import GUIDES


async def test_the_front_page_leads_to_the_guides(browse: httpx.AsyncClient) -> None:
    text = (await browse.get("/")).text
    for page, dutch, other, english in GUIDES:
        assert f'<a href="/docs/{page}">{dutch}</a>' in text
        assert f'<a href="/docs/{other}" hreflang="en">{english}</a>' in text
        assert (await browse.get(f"/docs/{page}")).status_code == 200
        assert (await browse.get(f"/docs/{other}")).status_code == 200


@pytest.mark.parametrize(("path", "target"), [("/docs", "/docs/"), ("/docs/vendors", "/docs/vendors/")])
async def test_a_page_without_its_slash_leads_to_it(browse: httpx.AsyncClient, path: str, target: str) -> None:
    answer = await browse.get(path)
    assert (answer.status_code, answer.headers["location"]) == (308, target)


async def test_a_page_may_run_only_scripts_of_the_site(browse: httpx.AsyncClient) -> None:
    answer = await browse.get("/docs/vendors/")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';")
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_page_is_asked_again_and_not_sent_again(browse: httpx.AsyncClient) -> None:
    first = await browse.get("/docs/vendors/")
    assert first.headers["cache-control"] == "no-cache"
    for tag in (first.headers["etag"], f'"other", W/{first.headers["etag"]}'):
        again = await browse.get("/docs/vendors/", headers={"If-None-Match": tag})
        assert (again.status_code, again.content) == (304, b"")
    assert (await browse.get("/docs/vendors/", headers={"If-None-Match": '"other"'})).status_code == 200


async def test_a_script_is_kept_for_as_long_as_its_content_is_the_same(browse: httpx.AsyncClient) -> None:
    [address] = re.findall(r'src="([^"]*guide\.js\?v=[0-9a-f]+)"', (await browse.get("/docs/")).text)
    kept = await browse.get(f"/docs/{address}")
    assert kept.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert kept.headers["content-type"].startswith("text/javascript")
    for other in (f"/docs/{address}0", "/docs/_static/guide.js"):
        assert (await browse.get(other)).headers["cache-control"] == "no-cache"


async def test_a_page_is_compressed_for_those_who_read_that(browse: httpx.AsyncClient) -> None:
    plain = await browse.get("/docs/conformance/", headers={"Accept-Encoding": "identity"})
    small = await browse.get("/docs/conformance/", headers={"Accept-Encoding": "br, gzip"})
    assert "content-encoding" not in plain.headers
    assert small.headers["content-encoding"] == "gzip"
    assert int(small.headers["content-length"]) < int(plain.headers["content-length"]) / 4
    assert small.text == plain.text
    assert small.headers["etag"] != plain.headers["etag"]
    assert small.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    "path",
    ["/", "/ref/fouten/", "/ref/fouten/ValidationError/", "/docs/", "/docs/_static/guide.js"]
    + [f"/zaken/api/v1{end}" for end in ("", "/docs", "/openapi.json", "/openapi.yaml", "/postman.json")],
)
async def test_every_page_is_compressed_and_not_sent_twice(browse: httpx.AsyncClient, path: str) -> None:
    html = {"Accept": "text/html"}
    plain = await browse.get(path, headers={**html, "Accept-Encoding": "identity"})
    small = await browse.get(path, headers={**html, "Accept-Encoding": "gzip, deflate, br"})
    assert small.headers["content-encoding"] == "gzip"
    assert int(small.headers["content-length"]) < int(plain.headers["content-length"]) / 2
    assert (small.text, small.headers["content-type"]) == (plain.text, plain.headers["content-type"])
    assert "Accept-Encoding" in plain.headers["vary"].split(", ")
    assert small.headers["cache-control"] == "no-cache"
    assert small.headers["content-security-policy"] == plain.headers["content-security-policy"]
    tag = {"If-None-Match": small.headers["etag"]}
    again = await browse.get(path, headers={**html, **tag, "Accept-Encoding": "gzip, deflate, br"})
    assert (again.status_code, again.content, again.headers["vary"]) == (304, b"", plain.headers["vary"])
    other = await browse.get(path, headers={**html, **tag, "Accept-Encoding": "identity"})
    assert other.status_code == 200


async def test_each_host_has_pages_of_its_own(browse: httpx.AsyncClient) -> None:
    tags = set()
    for host in ("samenzaak.test", "raalte.test", "samenzaak.test"):
        for coding in ("gzip", "identity"):
            answer = await browse.get("/zaken/api/v1/openapi.json", headers={"Host": host, "Accept-Encoding": coding})
            assert answer.json()["servers"] == [{"url": f"http://{host}/zaken/api/v1"}]
            tags.add(answer.headers["etag"])
    assert len(tags) == 4


async def test_an_answer_of_an_api_is_not_compressed(browse: httpx.AsyncClient) -> None:
    """It may have secrets in it, and its length would tell of them."""
    answer = await browse.get("/zaken/api/v1/zaken", headers={"Accept-Encoding": "gzip"})
    assert answer.status_code == 403
    assert not {"content-encoding", "vary"} & {*answer.headers}


async def test_the_collection_is_not_sent_twice(browse: httpx.AsyncClient) -> None:
    first = await browse.get("/zaken/api/v1/bruno.zip")
    again = await browse.get("/zaken/api/v1/bruno.zip", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("coding", ["gzip;q=0", "identity, gzip; q=0.0, *", "*;q=0"])
async def test_a_page_is_not_compressed_for_those_who_refuse_that(browse: httpx.AsyncClient, coding: str) -> None:
    answer = await browse.get("/docs/conformance/", headers={"Accept-Encoding": coding})
    assert "content-encoding" not in answer.headers


async def test_head_is_get_without_the_page(browse: httpx.AsyncClient) -> None:
    head, get = await browse.head("/docs/vendors/"), await browse.get("/docs/vendors/")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == get.headers["content-length"]
    assert (await browse.post("/docs/vendors/")).status_code == 405


@pytest.mark.parametrize(
    "path",
    [
        "../guides.py",
        "%2e%2e/guides.py",
        "..%2fguides.py",
        "vendors/../../guides.py",
        "/etc/passwd",
        "//etc/passwd",
        ".built",
        "index.html.gz",
        "vendors/index.html/",
        "nothing/",
        "vendors%00",
    ],
)
async def test_nothing_else_is_served(base: str, site: Path, path: str) -> None:
    assert (site / ".built").exists()
    async with httpx.AsyncClient() as plain:
        url = httpx.URL(base, raw_path=f"/docs/{path}".encode())
        answer = await plain.get(url)
    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"


async def test_a_person_gets_a_page_that_leads_on(browse: httpx.AsyncClient) -> None:
    answer = await browse.get("/docs/vendor/", headers={"Accept": "text/html,*/*;q=0.8"})
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    for page in re.findall(r'href="([^"]*)"', answer.text):
        assert (await browse.get(page)).status_code == 200


async def test_who_wants_no_page_gets_none(browse: httpx.AsyncClient) -> None:
    answer = await browse.get("/docs/vendor/", headers={"Accept": "text/html;q=0, */*"})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_the_icon(browse: httpx.AsyncClient) -> None:
    answer = await browse.get("/favicon.ico")
    assert answer.headers["content-type"] == "image/x-icon"
    assert answer.content[:4] == b"\0\0\1\0"
    assert "img-src 'self'" in (await browse.get("/")).headers["content-security-policy"]
