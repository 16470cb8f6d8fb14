"""The type of an error is the address of a page about it."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

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


@pytest.mark.parametrize("code", sorted(TITLES))
async def test_every_error_has_a_page(world: World, code: str) -> None:
    kind = "ValidationError" if code == "invalid" else kind_of(code)
    page = await ask(world.gateway, f"/ref/fouten/{kind}/")
    assert page.status == 200
    assert page.headers["content-type"].startswith("text/html")
    assert f"<code>{code}</code>" in page.body.decode()
    assert TITLES[code] in page.body.decode()
    assert ("<table>" in page.body.decode()) == (code == "invalid")


async def test_the_type_of_an_answer_leads_to_its_page(world: World) -> None:
    zaken = "/zaken/api/v1/zaken"
    for path, token in (("/nowhere", None), (zaken, "x.y.z"), (zaken, make_token(iat=1))):
        found = (await ask(world.gateway, path, token=token)).json
        page = await ask(world.gateway, urlsplit(found["type"]).path)
        assert f"<code>{found['code']}</code>" in page.body.decode()


async def test_pages_of_nothing(world: World) -> None:
    for path in ("/ref/fouten/", "/ref/fouten/Niets/", "/ref/fouten/Invalid/", "/ref/fouten/%3Cscript%3E/", "/ref/"):
        assert (await ask(world.gateway, path)).code == (404, "not_found")
    assert (await ask(world.gateway, "/ref/fouten/NotFound")).status == 200
    assert (await ask(world.gateway, "/ref/fouten/NotFound/", "POST")).code == (405, "method_not_allowed")
    validation = (await ask(world.gateway, "/ref/fouten/ValidationError/")).body.decode()
    assert all(f"<code>{code}</code>" in validation for code in REASONS)
