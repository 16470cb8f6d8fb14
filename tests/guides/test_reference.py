"""The reference page of an API in a browser: from a client_id and a secret to an answer, search, links and code."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Request, expect

from tests.guides.axe import AXE, LOOKS, RUN
from tests.maak import Maak
from tests.stack import Client
from tests.tools import program

ZAKEN = "/zaken/api/v1/docs"
KEPT = "JSON.stringify([document.cookie, {...localStorage}, {...sessionStorage}])"


@pytest.fixture
def sent() -> list[Request]:
    """What the browser asked for."""
    return []


@pytest.fixture
async def page(browser: Browser, base: str, sent: list[Request]) -> AsyncIterator[Page]:
    """The reference of Zaken, with its own policy."""
    context = await browser.new_context(base_url=base)
    opened = await context.new_page()
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("request", lambda request: sent.append(request))
    await opened.goto(ZAKEN)
    yield opened
    await context.close()
    assert errors == []
    assert [request.url for request in sent if not request.url.startswith((base, "data:"))] == []


async def make_token(page: Page, client_id: str, secret: str) -> None:
    """Fill in the token maker as a vendor does."""
    await page.get_by_text("Maak een token van").click()
    await page.get_by_label("client_id").fill(client_id)
    await page.get_by_label("secret", exact=True).fill(secret)
    await page.get_by_label("user_id").fill("jdevries")
    await page.get_by_role("button", name="Maak het token").click()


async def test_the_first_call(page: Page, sent: list[Request], api: Client, maak: Maak) -> None:
    await maak.zaaktype()
    await make_token(page, api.client_id, api.secret)
    await expect(page.locator("#gemaakt")).to_contain_text("Het token staat klaar")
    before = len(sent)
    assert before == 1
    await page.get_by_role("searchbox").fill("zaak_list")
    await page.get_by_role("link", name="zaak_list", exact=True).first.click()
    operation = page.locator("#zaak_list")
    await expect(operation).to_have_attribute("open", "")
    await operation.get_by_role("button", name="Probeer").click()
    await expect(operation.locator(".answer")).to_contain_text(re.compile(r"200 OK[\s\S]*\"count\": \d+"))
    [call] = sent[before:]
    assert (call.method, call.url.partition("?")[0]) == ("GET", f"{page.url.partition('/zaken')[0]}/zaken/api/v1/zaken")
    assert call.headers["authorization"].startswith("Bearer ey")
    # The secret leaves the page in no way.
    told = [f"{each.method} {each.url} {each.headers} {each.post_data}" for each in sent]
    assert [text for text in told if api.secret in text] == []
    assert await page.evaluate(KEPT) == '["",{},{}]'
    await page.reload()
    assert await page.get_by_label("Token (JWT)").input_value() == ""
    assert await page.locator("#secret").input_value() == ""


async def test_a_wrong_secret_is_told(page: Page, api: Client) -> None:
    await make_token(page, api.client_id, "")
    await expect(page.locator("#gemaakt")).to_have_text("Vul client_id en secret in.")
    await page.get_by_label("secret", exact=True).fill("not the secret")
    await page.get_by_label("secret", exact=True).press("Enter")
    await expect(page.locator("#gemaakt")).to_contain_text("Het token staat klaar")
    await page.goto(f"{ZAKEN}#zaak_list")
    operation = page.locator("#zaak_list")
    await operation.get_by_role("button", name="Probeer").click()
    await expect(operation.locator(".answer")).to_contain_text("invalid-jwt-signature")


async def test_a_link_opens_an_operation_and_leads_on(page: Page) -> None:
    await page.goto(f"{ZAKEN}#zaak_create")
    await expect(page.locator("#zaak_create")).to_have_attribute("open", "")
    await page.locator("#zaak_create .pager a").last.click()
    following = page.url.partition("#")[2]
    assert following not in ("", "zaak_create")
    await expect(page.locator(f"#{following}")).to_have_attribute("open", "")
    await page.locator("#rol_list > summary").click()
    await expect(page).to_have_url(re.compile("#rol_list$"))
    await page.get_by_role("link", name="Autorisaties API").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Autorisaties API")
    await page.get_by_role("link", name="Zaken API").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Zaken API")


async def test_the_search_finds_operations_and_properties(page: Page) -> None:
    field, found = page.get_by_role("searchbox"), page.locator("#gevonden a")
    await field.fill("vertrouwelijkheidaanduiding")
    await page.get_by_role("link", name="Zaak.vertrouwelijkheidaanduiding", exact=True).click()
    row = page.locator("#schema-Zaak tr.here")
    await expect(row.locator("th")).to_have_text("vertrouwelijkheidaanduiding")
    await expect(row).to_be_in_viewport()
    await field.fill("zaak_afsluiten")
    await expect(found.first).to_have_text("zaak_afsluiten")
    await field.fill("nergensbestaandwoord")
    await expect(page.locator("#aantal")).to_have_text("0 gevonden")
    await expect(found).to_have_count(0)
    await field.fill("")
    await expect(page.get_by_role("navigation").get_by_text("statussen", exact=True)).to_be_visible()


def runs(folder: Path) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Yield each language with the command that runs its code, and the file that it stands in."""
    yield "curl", (program("bash"), "-eu"), "call.sh"
    yield "Python", (sys.executable,), "call.py"
    # Without types of its own it is JavaScript as well.
    yield "TypeScript", (program("node"),), "call.mjs"


async def test_the_code_of_a_request_does_what_it_says(page: Page, api: Client, maak: Maak, tmp_path: Path) -> None:
    types = await maak.zaaktype()
    await page.goto(f"{ZAKEN}#zaak_create")
    operation = page.locator("#zaak_create")
    body = (
        '{"bronorganisatie": "517439943", "verantwoordelijkeOrganisatie": "517439943", "startdatum": "2026-01-02",\n'
        f' "zaaktype": "{types.url}", "omschrijving": "Henk\'s \\"feest\\" $HOME é", "hoofdzaak": null,\n'
        ' "productenOfDiensten": [], "kenmerken": [{"kenmerk": "a", "bron": "b"}]}'
    )
    await operation.get_by_label("JSON").fill(body)
    for language, command, name in runs(tmp_path):
        await operation.get_by_role("tab", name=language).click()
        code = await operation.get_by_role("tabpanel").inner_text()
        (tmp_path / name).write_text(code)
        process = await asyncio.create_subprocess_exec(
            *command,
            name,
            cwd=tmp_path,
            env={**os.environ, "TOKEN": api.token()},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        printed = (await process.communicate())[0].decode()
        assert process.returncode == 0, printed
        assert 'Henk\'s \\"feest\\" $HOME é' in printed, (language, code, printed)
        assert "identificatie" in printed


async def test_the_page_is_read_without_scripts(browser: Browser, base: str) -> None:
    context = await browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    opened = await context.new_page()
    await opened.goto(f"{base}{ZAKEN}#zaak_create")
    await opened.locator("#zaak_create > summary").click()
    await expect(opened.locator("#zaak_create .about")).to_contain_text("Maakt een zaak.")
    await expect(opened.get_by_text("Deze pagina is zonder JavaScript te lezen.")).to_be_visible()
    for name in ("#zoek", "#client_id"):
        await expect(opened.locator(name)).to_be_hidden()
    await context.close()


async def test_names_of_properties_are_not_broken(page: Page) -> None:
    """A name on several lines cannot be read or found by eye; one of 28 characters still fits."""
    await page.set_viewport_size({"width": 1280, "height": 900})
    await page.goto(f"{ZAKEN}#schema-Zaak")
    name = page.locator("#schema-Zaak th code", has_text="verantwoordelijkeOrganisatie")
    await expect(name).to_be_visible()
    assert await name.evaluate("element => element.getClientRects().length") == 1


@pytest.mark.parametrize(("width", "said"), [(1280, "none"), (390, '"verplicht: "')], ids=("wide", "phone"))
async def test_what_is_required_is_said_where_columns_have_no_titles(page: Page, width: int, said: str) -> None:
    await page.set_viewport_size({"width": width, "height": 900})
    await page.goto(f"{ZAKEN}#schema-ZaakRequest")
    cell = page.locator("#schema-ZaakRequest td", has_text=re.compile("^ja$")).first
    await expect(cell).to_be_visible()
    assert await cell.evaluate("element => getComputedStyle(element, '::before').content") == said


@pytest.mark.parametrize("look", LOOKS, ids=("wide", "phone"))
async def test_an_open_operation_is_accessible(browser: Browser, base: str, look: dict[str, Any], api: Client) -> None:
    context = await browser.new_context(**look, bypass_csp=True)
    opened = await context.new_page()
    # A small page: axe needs seconds for the largest.
    await opened.goto(f"{base}/autorisaties/api/v1/docs#applicatie_list")
    await make_token(opened, api.client_id, api.secret)
    await opened.locator("#applicatie_list").get_by_role("button", name="Probeer").click()
    await expect(opened.locator("#applicatie_list .answer")).to_contain_text("200 OK")
    await opened.get_by_role("searchbox").fill("client")
    await opened.goto(f"{base}/autorisaties/api/v1/docs#schema-Applicatie")
    await opened.evaluate(AXE)
    found = (await opened.evaluate(RUN))["violations"]
    assert [(each["id"], node["html"][:200]) for each in found for node in each["nodes"]] == []
    assert not await opened.evaluate("document.documentElement.scrollWidth > innerWidth")
    await context.close()
