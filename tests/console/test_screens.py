"""What screens show to whom, and that nobody sees those of another role or municipality."""

import re
from pathlib import Path

import pytest
import yaml

from console import app, beheerlog, menu
from console.people import OPERATOR, ROLES
from console.screens import zaaktypen, zaken
from tests import wereld as werelden
from tests.console.browsing import Visitor, comes_in
from tests.stack import CRS, Client, Stack

CONSOLE = Path(app.__file__).parent
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
async def own(stack: Stack) -> Client:
    """A municipality of its own, with one of everything."""
    return await stack.add_own("console")


@pytest.fixture(scope="module")
async def wereld(own: Client) -> werelden.Wereld:
    """One object of every resource of that municipality."""
    return await werelden.make(own)


@pytest.fixture(scope="module")
async def beheerder(stack: Stack, own: Client, wereld: werelden.Wereld) -> Visitor:
    """The administrator of that municipality."""
    return await comes_in(stack, own.tenant, "beheerder")


def uuid_of(url: str) -> str:
    return url.rpartition("/")[2]


async def test_a_zaak_is_found_by_number_words_and_uuid(
    beheerder: Visitor, own: Client, wereld: werelden.Wereld
) -> None:
    zaak = (await own.get(wereld["zaken/zaken"], headers={"Accept-Crs": "EPSG:4326"})).json()
    page = f"/beheer/zaken/{zaak['uuid']}"
    for words in (zaak["identificatie"][-6:], zaak["omschrijving"] or zaak["identificatie"]):
        assert page in (await beheerder.get("/zaken", zoek=words)).text, words
    for words in (zaak["uuid"], zaak["url"]):
        assert (await beheerder.get("/zaken", zoek=words)).headers["location"] == page
    assert "Geen zaak gevonden" in (await beheerder.get("/zaken", zoek="bestaat-niet")).text


async def test_what_is_found_by_words_has_further_pages(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    own = await stack.add_own("paginas")
    made = await werelden.make(own)
    zaak = (await own.get(made["zaken/zaken"], headers=CRS)).json()
    body = {name: zaak[name] for name in ("bronorganisatie", "verantwoordelijkeOrganisatie", "zaaktype", "startdatum")}
    for number in range(2):
        answer = await own.post("/zaken/api/v1/zaken", {**body, "omschrijving": f"Feest {number}"}, headers=CRS)
        assert answer.status_code == 201, answer.text
    monkeypatch.setattr(zaken, "PAGE", 1)
    visitor = await comes_in(stack, own.tenant, "beheerder")
    pages = [(await visitor.get("/zaken", zoek="feest", pagina=str(number))).text for number in (1, 2)]
    assert sorted(re.findall(r"<td>(Feest \d)</td>", "".join(pages))) == ["Feest 0", "Feest 1"]
    assert 'rel="next"' in pages[0]


async def test_a_zaak_with_what_belongs_to_it(beheerder: Visitor, wereld: werelden.Wereld) -> None:
    answer = await beheerder.get(f"/zaken/{uuid_of(wereld['zaken/zaken'])}")
    assert answer.status_code == 200, answer.text
    for words in ("Statussen", "Betrokkenen", "Documenten", "Object aangemaakt"):
        assert words in answer.text


async def test_a_bsn_asks_why_and_is_in_no_address_and_no_log(stack: Stack, beheerder: Visitor, own: Client) -> None:
    await beheerder.get("/zaken")
    assert (await beheerder.post("/zaken/bsn", bsn="111222333", reden="")).status_code == 400
    await beheerder.get("/zaken")
    assert (await beheerder.post("/zaken/bsn", bsn="12", reden="een vraag aan de balie")).status_code == 400
    await beheerder.get("/zaken")
    answer = await beheerder.post("/zaken/bsn", bsn="111222333", reden="een vraag van 111222333")
    assert answer.status_code == 200
    assert str(answer.url).endswith("/beheer/zaken/bsn")
    async with stack.admin() as admin:
        rows = await admin.fetch("SELECT * FROM console.beheerlog WHERE tenant = $1", own.tenant)
    assert [row["reason"] for row in rows if row["act"] == "search-bsn"] == ["een vraag van #########"]
    assert "111222333" not in str([dict(row) for row in rows])


async def test_types_and_their_parts(beheerder: Visitor, wereld: werelden.Wereld) -> None:
    uuid = uuid_of(wereld["catalogi/zaaktypen"])
    assert f"/beheer/zaaktypen/{uuid}" in (await beheerder.get("/zaaktypen")).text
    answer = await beheerder.get(f"/zaaktypen/{uuid}")
    assert answer.status_code == 200, answer.text
    assert all(title in answer.text for title in zaaktypen.PARTS.values())


async def test_applications_and_their_rights(beheerder: Visitor, own: Client) -> None:
    page = (await beheerder.get("/applicaties")).text
    assert own.client_id in page
    found = re.findall(r"/beheer/applicaties/([0-9a-f-]{36})", page)
    answers = [await beheerder.get(f"/applicaties/{uuid}") for uuid in found]
    assert {answer.status_code for answer in answers} == {200}
    assert own.secret not in "".join(answer.text for answer in answers)


async def test_nothing_of_another_municipality(stack: Stack, wereld: werelden.Wereld) -> None:
    stranger = await comes_in(stack, (await stack.add_own("vreemd")).tenant, "beheerder")
    for screen, name in (
        ("zaken", "zaken/zaken"),
        ("zaaktypen", "catalogi/zaaktypen"),
        ("applicaties", "autorisaties/applicaties"),
    ):
        answer = await stranger.get(f"/{screen}/{uuid_of(wereld[name])}")
        assert answer.status_code == 404, screen
        assert uuid_of(wereld[name]) not in (await stranger.get(f"/{screen}")).text
    assert (await stranger.get("/gemeenten")).status_code == 403


@pytest.mark.parametrize("role", [OPERATOR, *ROLES])
async def test_each_role_has_its_own_screens_and_no_others(stack: Stack, own: Client, role: str) -> None:
    visitor = await comes_in(stack, "" if role == OPERATOR else own.tenant, role)
    found = {screen.path: (await visitor.get(screen.path)).status_code for screen in menu.SCREENS}
    assert found == {screen.path: 200 if role in screen.roles else 403 for screen in menu.SCREENS}
    page = (await visitor.get("/zaaktypen" if role == "catalogusbeheerder" else "/log")).text
    shown = re.findall(r'<li><a href="/beheer(/[a-z-]+)"', page)
    assert shown == [screen.path for screen in menu.SCREENS if role in screen.roles]


async def test_who_is_not_there_sees_nothing(stack: Stack) -> None:
    stranger = Visitor(stack)
    for screen in menu.SCREENS:
        answer = await stranger.get(screen.path)
        assert (answer.status_code, answer.text) == (303, ""), screen
    assert (await stranger.get("/assets/console.css")).status_code == 200
    assert (await stranger.get("/assets/..%2fapp.py")).status_code == 404
    assert (await stranger.get("/bestaat-niet")).status_code == 404


async def test_text_of_others_is_no_page(stack: Stack) -> None:
    own = await stack.add_own("script")
    made = await werelden.make(own)
    answer = await own.patch(
        made["zaken/zaken"],
        {"omschrijving": SCRIPT, "toelichting": SCRIPT},
        headers={"Accept-Crs": "EPSG:4326", "Content-Crs": "EPSG:4326"},
    )
    assert answer.status_code == 200, answer.text
    visitor = await comes_in(stack, own.tenant, "auditor")
    for path in ("/zaken", f"/zaken/{uuid_of(made['zaken/zaken'])}"):
        page = (await visitor.get(path)).text
        assert SCRIPT not in page
        assert "&lt;script&gt;" in page
    assert SCRIPT not in (await visitor.get("/zaken", zoek=SCRIPT)).text


async def test_a_wrong_filter_says_which(beheerder: Visitor) -> None:
    answer = await beheerder.get("/zaken", van="gisteren")
    assert (answer.status_code, "van" in answer.text) == (400, True)
    assert (await beheerder.get("/zaken", pagina="0")).status_code == 400
    assert (await beheerder.get("/zaken", zoek="\0")).status_code == 200
    assert (await beheerder.get("/log", wat="x", van="", tot="")).status_code == 200


async def test_every_page_has_its_headers(beheerder: Visitor) -> None:
    for path in ("/zaken", "/login", "/bestaat-niet"):
        headers = (await beheerder.get(path)).headers
        assert headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'; script-src 'self';")
        assert (headers["x-frame-options"], headers["cache-control"]) == ("DENY", "no-store")


async def test_english_for_who_reads_english(beheerder: Visitor) -> None:
    answer = await beheerder.http.get("/beheer/zaken", headers={"accept-language": "en-GB,nl;q=0.5"})
    assert '<html lang="en">' in answer.text
    assert "Find a case" in answer.text


def test_every_text_has_english_and_no_other_has() -> None:
    said: set[str] = set()
    for path in (CONSOLE / "templates").glob("*.html"):
        said |= {a or b for a, b in re.findall(r"""\bt\((?:"([^"]*)"|'([^']*)')""", path.read_text())}
    said |= {screen.name for screen in menu.SCREENS} | set(beheerlog.ACTS.values()) | set(app.STATUSES.values())
    said |= {*ROLES.values(), "Operator", *zaaktypen.PARTS.values()}
    english = yaml.safe_load((CONSOLE / "english.yaml").read_text())
    assert set(english) == said


async def test_a_municipality_that_is_gone_lets_nobody_in(stack: Stack) -> None:
    own = await stack.add_own("weg")
    visitor = await comes_in(stack, own.tenant, "beheerder")
    async with stack.admin() as admin:
        await admin.execute("DELETE FROM gateway.client WHERE tenant = $1", own.tenant)
        await admin.execute("DELETE FROM gateway.tenant WHERE name = $1", own.tenant)
    assert (await visitor.get("/zaken")).status_code == 303
