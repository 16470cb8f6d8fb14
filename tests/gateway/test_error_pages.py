"""The type of an error is the address of a page about it."""

import html
import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from oas.errors import catalogue
from tests.gateway.conftest import World
from tests.gateway.fakes import ask, make_token
from zgw.problems import REASONS, TITLES, kind_of

ROOT = Path(__file__).parents[2]
RAISED = re.compile(r'Problem\(\s*[\w.]+,\s*"([^"]+)"')


def test_every_error_has_a_title() -> None:
    sources = (path.read_text() for folder in ("zgw", "gateway", "services") for path in (ROOT / folder).rglob("*.py"))
    codes = {code for source in sources for code in RAISED.findall(source)}
    assert len(codes) > 20
    assert codes - TITLES.keys() == set()


async def test_every_error_has_a_page(world: World) -> None:
    pages = {}
    for code, entry in catalogue().items():
        page = await ask(world.gateway, f"/ref/fouten/{code}/")
        assert page.status == 200, code
        assert page.headers["content-type"].startswith("text/html")
        pages[code] = page.body.decode()
        assert f"<code>{code}</code>" in pages[code]
        assert html.escape(entry.title) in pages[code], code
    for code in catalogue():
        # Two codes may have one name; the page under it is that of either.
        kind = "ValidationError" if code == "invalid" else kind_of(code)
        named = (await ask(world.gateway, f"/ref/fouten/{kind}")).body.decode()
        assert named in [pages[each] for each in catalogue() if each == code or kind_of(each) == kind_of(code)], code


async def test_the_list_leads_to_every_page(world: World) -> None:
    listed = (await ask(world.gateway, "/ref/fouten/")).body.decode()
    assert set(re.findall('href="/ref/fouten/([^"]+)/"', listed)) == set(catalogue())
    validation = (await ask(world.gateway, "/ref/fouten/ValidationError/")).body.decode()
    fields = {code for code, entry in catalogue().items() if entry.field} - {"invalid"}
    assert set(re.findall('href="/ref/fouten/([^"]+)/"', validation)) == fields
    assert fields >= REASONS.keys() - {"invalid"}


async def test_an_example_is_an_answer(world: World) -> None:
    """What the page shows has the members of an answer, in their order."""
    answer = (await ask(world.gateway, "/zaken/api/v1/zaken")).json
    page = html.unescape((await ask(world.gateway, "/ref/fouten/permission_denied/")).body.decode())
    shown = json.loads(page.partition("<pre>")[2].partition("</pre>")[0])
    assert list(shown) == list(answer)
    assert {name: shown[name] for name in ("code", "title", "status")} == {
        name: answer[name] for name in ("code", "title", "status")
    }
    assert urlsplit(shown["type"]).path == urlsplit(answer["type"]).path


async def test_the_type_of_an_answer_leads_to_its_page(world: World) -> None:
    zaken = "/zaken/api/v1/zaken"
    for path, token in (("/nowhere", None), (zaken, "x.y.z"), (zaken, make_token(iat=1))):
        found = (await ask(world.gateway, path, token=token)).json
        page = await ask(world.gateway, urlsplit(found["type"]).path)
        assert f"<code>{found['code']}</code>" in page.body.decode()


async def test_pages_of_nothing(world: World) -> None:
    for path in ("/ref/fouten/Niets/", "/ref/fouten/NOT_FOUND/", "/ref/fouten/%3Cscript%3E/", "/ref/"):
        assert (await ask(world.gateway, path)).code == (404, "not_found")
    assert (await ask(world.gateway, "/ref/fouten/NotFound/", "POST")).code == (405, "method_not_allowed")
    assert (await ask(world.gateway, "/ref/fouten")).headers["location"] == "/ref/fouten/"
    assert (await ask(world.gateway, "/zaken/api/v1/docs/")).headers["location"] == "/zaken/api/v1/docs"
    assert (await ask(world.gateway, "/klanten/api/v1/docs/")).code == (404, "not_found")


async def test_no_page_says_a_thing_twice(world: World) -> None:
    for code in catalogue():
        told = re.findall("<p>(.*?)</p>", (await ask(world.gateway, f"/ref/fouten/{code}/")).body.decode())
        assert len(told) == len(set(told)), code


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/zaken/api/v1/zaken/", "geen schuine streep aan het eind"),
        ("/zaken//api/v1/zaken", "twee schuine strepen"),
        ("/zaken/api/v2/zaken", "deze API staat onder /zaken/api/v1."),
        ("/zaken/api/v1.7/zaken", "deze API staat onder /zaken/api/v1."),
        ("/zaken/zaken/", "deze API staat onder /zaken/api/v1."),
        ("/Zaken/api/v1/zaken", "deze API staat onder /zaken/api/v1."),
        ("/klanten/api/v1/klanten", "autorisaties, besluiten, catalogi, documenten, notificaties, zaken."),
        ("/api/v1/zaken", "autorisaties, besluiten, catalogi, documenten, notificaties, zaken."),
        ("/nowhere", "Deze pagina bestaat niet."),
    ],
)
async def test_a_wrong_address_is_told_what_is_wrong(world: World, path: str, said: str) -> None:
    answer = await ask(world.gateway, path, token=make_token())
    assert answer.code == (404, "not_found")
    assert said in answer.json["detail"]


async def test_a_page_is_made_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    first = await ask(world.gateway, "/ref/fouten/unique/")
    monkeypatch.setattr("gateway.pages.page_of", None)
    assert (await ask(world.gateway, "/ref/fouten/unique")).body == first.body
