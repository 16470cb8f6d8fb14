"""Every link of the pages that anybody may read leads somewhere, also within a page: the front page, the guides, the
references and the errors."""

import html
import re
from urllib.parse import unquote, urldefrag, urljoin

import httpx

START = ("/", "/docs/", "/docs/nl/", "/ref/fouten/")
NEED_A_TOKEN = re.compile(r"/\w+/api/v1/\w+")
"""The lists of an API, which its root names."""


async def test_no_link_leads_nowhere(browse: httpx.AsyncClient, base: str) -> None:
    anchors: dict[str, set[str]] = {}
    seen: set[str] = set()
    links: set[tuple[str, str, str]] = set()
    waiting, nowhere = [*START], []
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        answer = await browse.get(path, headers={"Accept": "text/html,*/*"}, follow_redirects=True)
        if answer.status_code != 200:
            nowhere.append((path, answer.status_code))
        if "html" not in answer.headers.get("content-type", ""):
            continue
        anchors[path] = set(re.findall(r'\bid="([^"]+)"', answer.text))
        for link in set(re.findall(r'\b(?:href|src)="([^"]+)"', answer.text)):
            target, anchor = urldefrag(urljoin(str(answer.url), html.unescape(link)))
            if target.startswith(base):
                to = target.removeprefix(base) or "/"
                links.add((path, to, unquote(anchor)))
                waiting.append(to)
    assert [(path, status) for path, status in nowhere if status == 404 or not NEED_A_TOKEN.fullmatch(path)] == []
    assert sorted(each for each in links if each[2] and each[2] not in anchors.get(each[1], {each[2]})) == []
    assert {"/zaken/api/v1/docs", "/beheer/api/v1/docs", "/ref/fouten/invalid/", "/docs/nl/leveranciers/"} <= seen
