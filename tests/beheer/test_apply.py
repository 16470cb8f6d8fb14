"""`samenzaak apply`: what the file says is made, told, and not made twice."""

import time
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from beheer import configuration, tenants
from gateway import issuers, registry
from gateway.config import secret_box
from gateway.secrets import opened
from services.autorisaties import external
from tests.beheer.configuratie import mistakes, municipality, written
from tests.beheer.toepassen import applied, told
from tests.stack import Client, Stack
from zgw.profiel import SWITCHES

RIGHTS = "/autorisaties/api/v1/applicaties"


@pytest.fixture
def name() -> str:
    """A municipality that does not exist yet."""
    return f"toe{time.time_ns() % 10**10}"


async def test_everything_of_a_file_is_made_and_then_nothing_changes(
    stack: Stack, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOE_SECRET", "omgevingsgeheim-omgevingsgeheim-01")
    (tmp_path / "geheim").write_text("bestandsgeheim-bestandsgeheim-0001\n")
    content = municipality(
        name,
        hosts=[f"{name}.test"],
        clients={
            f"alles-{name}": {"label": "Alles", "secretEnv": "TOE_SECRET", "alleAutorisaties": True},
            f"lezer-{name}": {
                "secretFile": str(tmp_path / "geheim"),
                "autorisaties": [{"component": "ztc", "scopes": ["catalogi.lezen"]}],
            },
            f"sleutel-{name}": {},
        },
        externeApis={"bag": {"root": "https://198.51.100.1/api", "header": "X-Api-Key", "secretEnv": "TOE_SECRET"}},
        abonnementen=[
            {
                "callbackUrl": "https://afnemer.invalid/haak",
                "secretEnv": "TOE_SECRET",
                "kanalen": [{"naam": "autorisaties"}],
            }
        ],
    )
    dry = told(await applied(stack, tmp_path, content, dry_run=True), name)
    async with stack.admin() as admin:
        assert name not in [t.name for t in await registry.list_tenants(admin)]
    first = told(await applied(stack, tmp_path, content), name)
    assert dry == first
    assert first == [
        "+ municipality Gemeente Toe, RSIN 517439943",
        f"    host {name}.test",
        f"+ client alles-{name}",
        f"+ rights of alles-{name}",
        "    + all rights",
        f"+ client lezer-{name}",
        f"+ rights of lezer-{name}",
        "    + ztc catalogi.lezen",
        f"+ client sleutel-{name}",
        "+ external API bag at https://198.51.100.1/api",
        "+ abonnement https://afnemer.invalid/haak",
        "    kanaal autorisaties",
    ]
    assert told(await applied(stack, tmp_path, content), name) == []
    async with stack.admin() as admin:
        box = secret_box(stack.settings)
        assert await registry.client_secret(admin, box, name, f"alles-{name}") == "omgevingsgeheim-omgevingsgeheim-01"
        assert await registry.client_secret(admin, box, name, f"lezer-{name}") == "bestandsgeheim-bestandsgeheim-0001"
        assert await registry.client_secret(admin, box, name, f"sleutel-{name}") == ""
        assert [api.root for api in await external.list_externals(admin, name)] == ["https://198.51.100.1/api"]
    client = Client(stack, name, f"alles-{name}", "omgevingsgeheim-omgevingsgeheim-01")
    found = (await client.get(f"{RIGHTS}?clientIds=lezer-{name}")).json()["results"]
    assert [a["scopes"] for a in found[0]["autorisaties"]] == [["catalogi.lezen"]]
    assert len((await client.get("/notificaties/api/v1/abonnement")).json()) == 1


async def test_short_secrets_are_warned_of_and_made_all_the_same(
    stack: Stack, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOE_SECRET", "kort-geheim")
    monkeypatch.setenv("TOE_LONG", "omgevingsgeheim-omgevingsgeheim-01")
    clients = {
        f"kort-{name}": {"secretEnv": "TOE_SECRET"},
        f"lang-{name}": {"secretEnv": "TOE_LONG"},
        f"geen-{name}": {},
    }
    warning = f"{name}: the secret of kort-{name} has 11 bytes; 32 or more resist guessing"
    for dry_run in (True, False, False):
        outcome = await applied(stack, tmp_path, municipality(name, clients=clients), dry_run=dry_run)
        assert (outcome.warnings, outcome.mistakes) == ([warning], [])
    async with stack.admin() as admin:
        stored = await registry.client_secret(admin, secret_box(stack.settings), name, f"kort-{name}")
    assert stored == "kort-geheim"


async def test_an_external_api_without_credentials(
    stack: Stack, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOE_SECRET", "sleutel")
    api: dict[str, Any] = {"root": "https://198.51.100.1/api"}
    content = municipality(name, externeApis={"open": api})
    assert told(await applied(stack, tmp_path, content), name)[-1] == "+ external API open at https://198.51.100.1/api"
    assert told(await applied(stack, tmp_path, content), name) == []
    async with stack.admin() as admin:
        assert [(a.client_id, a.header) for a in await external.list_externals(admin, name)] == [("", "")]
    api |= {"header": "X-Api-Key", "secretEnv": "TOE_SECRET"}
    changed = told(await applied(stack, tmp_path, content), name)
    assert changed == [
        "~ external API open at https://198.51.100.1/api",
        "    header  -> X-Api-Key",
        "    secret changed",
    ]
    for half in ({"clientId": "x"}, {"secretEnv": "TOE_SECRET"}, {"clientId": "x", "header": "Y", "secretEnv": "Z"}):
        content = municipality(name, externeApis={"half": {"root": "https://198.51.100.1/api", **half}})
        assert "give clientId or header" in mistakes(tmp_path, content)[0]


async def test_a_change_is_told_and_made_and_a_secret_never_shown(
    stack: Stack, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOE_SECRET", "eerste-geheim-eerste-geheim-eerste")
    lezen = {"component": "ztc", "scopes": ["catalogi.lezen"]}
    parts: dict[str, Any] = {
        "clients": {f"c-{name}": {"secretEnv": "TOE_SECRET", "autorisaties": [lezen]}},
        "externeApis": {"bag": {"root": "https://198.51.100.1/api", "header": "X-Api-Key", "secretEnv": "TOE_SECRET"}},
        "abonnementen": [
            {"callbackUrl": "https://afnemer.invalid/haak", "secretEnv": "TOE_SECRET", "kanalen": [{"naam": "zaken"}]}
        ],
    }
    await applied(stack, tmp_path, municipality(name, **parts))
    monkeypatch.setenv("TOE_SECRET", "tweede-geheim-tweede-geheim-tweede")
    parts["naam"] = "Gemeente Anders"
    parts["hosts"] = [f"nieuw-{name}.test"]
    parts["clients"][f"c-{name}"] |= {
        "label": "Nieuw",
        "autorisaties": [{"component": "nrc", "scopes": ["notificaties.consumeren"]}],
    }
    parts["externeApis"]["bag"] |= {"root": "https://198.51.100.2/api", "expand": True}
    parts["abonnementen"][0]["kanalen"] = [{"naam": "zaken", "filters": {"bronorganisatie": "517439943"}}]
    lines = told(await applied(stack, tmp_path, municipality(name, **parts)), name)
    assert lines == [
        "~ name",
        "    Gemeente Toe -> Gemeente Anders",
        "~ hosts",
        f"    + nieuw-{name}.test",
        f"~ client c-{name}",
        "    secret changed",
        f"    label c-{name} -> Nieuw",
        f"~ rights of c-{name}",
        "    + nrc notificaties.consumeren",
        "    - ztc catalogi.lezen",
        "~ external API bag at https://198.51.100.2/api",
        "    root https://198.51.100.1/api -> https://198.51.100.2/api",
        "    expand False -> True",
        "    secret changed",
        "~ abonnement https://afnemer.invalid/haak",
        "    kanalen zaken -> zaken bronorganisatie=517439943",
        "    secret changed",
    ]
    assert "geheim" not in "".join(lines)
    assert told(await applied(stack, tmp_path, municipality(name, **parts)), name) == []
    async with stack.admin() as admin:
        assert (
            await registry.client_secret(admin, secret_box(stack.settings), name, f"c-{name}")
            == "tweede-geheim-tweede-geheim-tweede"
        )


async def test_the_time_zone_of_a_municipality(stack: Stack, name: str, tmp_path: Path) -> None:
    async def zone() -> str:
        async with stack.admin() as admin:
            return next(t.time_zone for t in await registry.list_tenants(admin) if t.name == name)

    outcome = await applied(stack, tmp_path, municipality(name, timeZone="America/Kralendijk"))
    assert "    time zone America/Kralendijk" in told(outcome, name)
    assert await zone() == "America/Kralendijk"
    changed = await applied(stack, tmp_path, municipality(name, timeZone="Europe/Amsterdam"))
    assert told(changed, name) == ["~ time zone", "    America/Kralendijk -> Europe/Amsterdam"]
    # Without one in the file it stays.
    assert told(await applied(stack, tmp_path, municipality(name)), name) == []
    assert await zone() == "Europe/Amsterdam"
    wrong = mistakes(tmp_path, municipality(name, timeZone="Mars/Phobos"))
    assert len(wrong) == 1
    assert "timeZone: 'Mars/Phobos' is not a time zone" in wrong[0]


async def test_switches_of_a_municipality_and_of_a_client(
    stack: Stack, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOE_SECRET", "omgevingsgeheim-omgevingsgeheim-01")
    client = {"secretEnv": "TOE_SECRET", "alleAutorisaties": True}

    def content(of_all: Any, of_one: Any) -> dict[str, Any]:
        return municipality(name, profiel=of_all, clients={f"c-{name}": {**client, "profiel": of_one}})

    dry = told(await applied(stack, tmp_path, content("openzaak", {"ziotUrl": False}), dry_run=True), name)
    first = told(await applied(stack, tmp_path, content("openzaak", {"ziotUrl": False})), name)
    assert dry == first
    assert first[1] == "    profiel ziotUrl, bronHoofdletters, betrokkeneNull, conceptRelaties, strengPubliceren"
    assert first[-2:] == [f"+ profiel of c-{name}", "    as the municipality -> ziotUrl off"]
    assert told(await applied(stack, tmp_path, content("openzaak", {"ziotUrl": False})), name) == []
    async with stack.admin() as admin:
        facts = await tenants.client_facts(admin, name, f"c-{name}")
    assert facts["profiel"] == dict.fromkeys(SWITCHES.keys() - {"ziotUrl"}, "municipality")
    assert facts["off"] == ["ziotUrl"]
    # Without it in the file it stays; an empty list, or no switch at all, is a choice.
    bare = municipality(name, clients={f"c-{name}": client})
    assert told(await applied(stack, tmp_path, bare), name) == []
    assert told(await applied(stack, tmp_path, content([], ["ziotUrl"])), name) == [
        "~ profiel",
        "    ziotUrl, bronHoofdletters, betrokkeneNull, conceptRelaties, strengPubliceren -> none",
        f"~ profiel of c-{name}",
        "    ziotUrl off -> ziotUrl",
    ]
    assert told(await applied(stack, tmp_path, content([], [])), name) == [
        f"~ profiel of c-{name}",
        "    ziotUrl -> as the municipality",
    ]
    for wrong in (content("openzaken", []), content([], {"openZaak": True})):
        found = mistakes(tmp_path, wrong)
        assert len(found) == 1
        assert "there is no switch open" in found[0]
    for unclear in (5, True, [1], [["ziotUrl"]], {1: True}, {"ziotUrl": None}, {"ziotUrl": "ja"}):
        for wrong in (content(unclear, []), content([], unclear)):
            found = mistakes(tmp_path, wrong)
            assert len(found) == 1
            assert "profiel: openzaak, a list of switches, or switches that are true or false are expected" in found[0]


async def test_a_switch_that_the_file_has_off_is_off_for_all_and_for_one(
    stack: Stack, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOE_SECRET", "omgevingsgeheim-omgevingsgeheim-01")

    def content(profiel: Any) -> dict[str, Any]:
        client = {"secretEnv": "TOE_SECRET", "alleAutorisaties": True, "profiel": profiel}
        return municipality(name, profiel=profiel, clients={f"c-{name}": client})

    for profiel, on in (
        ({"ziotUrl": True, "betrokkeneNull": False}, {"ziotUrl"}),
        ({"openzaak": True, "ziotUrl": False}, SWITCHES.keys() - {"ziotUrl"}),
        ({"openzaak": False}, set()),
    ):
        await applied(stack, tmp_path, content(profiel))
        async with stack.admin() as admin:
            facts = await tenants.client_facts(admin, name, f"c-{name}")
            default = (await tenants.find_tenant(admin, name)).profiel
        assert (set(default), set(facts["profiel"])) == (on, on), profiel
        assert told(await applied(stack, tmp_path, content(profiel)), name) == []


async def test_what_an_api_refuses_is_told_with_its_place_and_the_rest_is_made(
    stack: Stack, name: str, tmp_path: Path
) -> None:
    wrong = [{"component": "zrc", "scopes": ["zaken.lezen"]}]
    content = municipality(
        name, clients={f"fout-{name}": {"autorisaties": wrong}, f"goed-{name}": {"alleAutorisaties": True}}
    )
    file = written(tmp_path, content)
    outcome = await applied(stack, tmp_path, content)
    _, document = configuration.read(file)
    shown = str(document.mistakes(outcome.mistakes))
    assert f"municipalities.{name}.clients.fout-{name}.autorisaties: " in shown
    assert "zaaktype" in shown
    assert shown.startswith(f"{file}:7: ")
    assert f"+ rights of goed-{name}" in [change.lines()[0].replace(f"{name}: ", "") for change in outcome.changes]


async def test_a_host_of_another_municipality_is_refused_with_its_place(
    stack: Stack, name: str, tmp_path: Path
) -> None:
    outcome = await applied(stack, tmp_path, municipality(name, hosts=["raalte.test"]))
    assert [(m.place, m.message) for m in outcome.mistakes] == [
        (("municipalities", name), "raalte.test already belongs to raalte")
    ]
    async with stack.admin() as admin:
        assert name not in [t.name for t in await registry.list_tenants(admin)]


async def test_the_rsin_of_a_municipality_is_not_changed(stack: Stack, name: str, tmp_path: Path) -> None:
    await applied(stack, tmp_path, municipality(name))
    outcome = await applied(stack, tmp_path, municipality(name, rsin="159351741"))
    assert [m.place for m in outcome.mistakes] == [("municipalities", name, "rsin")]


@pytest.mark.parametrize("dry_run", [True, False])
async def test_a_client_with_the_secret_of_another_municipality_is_refused(
    stack: Stack, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dry_run: bool
) -> None:
    monkeypatch.setenv("TOE_SECRET", f"een-geheim-van-een-leverancier-{name}")
    client_id = f"app-{name}"
    clients: dict[str, Any] = {client_id: {"secretEnv": "TOE_SECRET"}}
    async with stack.admin() as admin:
        box = secret_box(stack.settings)
        await registry.add_client(admin, box, "deventer", client_id, f"een-geheim-van-een-leverancier-{name}")
    outcome = await applied(stack, tmp_path, municipality(name, clients=clients), dry_run=dry_run)
    assert [m.place for m in outcome.mistakes] == [("municipalities", name, "clients", client_id)]
    assert f"client {client_id} of deventer has the same secret" in outcome.mistakes[0].message
    assert [change.text for change in outcome.changes] == [f"{name}: municipality Gemeente Toe, RSIN 517439943"]
    async with stack.admin() as admin:
        assert await registry.list_clients(admin, name) == []


async def test_issuers_of_a_file_are_made_told_and_changed(stack: Stack, name: str, tmp_path: Path) -> None:
    iss = f"https://login.{name}.invalid/realms/medewerkers"
    given: dict[str, Any] = {"kind": "keycloak", "audiences": [f"zgw-{name}"]}
    content = municipality(name, issuers={iss: given})
    dry = told(await applied(stack, tmp_path, content, dry_run=True), name)
    assert told(await applied(stack, tmp_path, content), name) == dry
    assert dry[-1] == f"+ issuer {iss}"
    assert told(await applied(stack, tmp_path, content), name) == []
    async with stack.admin() as admin:
        [made] = await issuers.list_issuers(admin, name)
    assert (made.discovery_url, made.client_claims) == (f"{iss}/.well-known/openid-configuration", ("azp",))
    assert (made.algorithms, made.audiences, made.private) == (("RS256",), (f"zgw-{name}",), False)
    given |= {"algorithms": ["ES256"], "maxAge": 900}
    assert told(await applied(stack, tmp_path, content), name) == [
        f"~ issuer {iss}",
        "    algorithms RS256 -> ES256",
        "    maxAge 0 -> 900",
    ]


async def test_mistakes_in_issuers_are_told_with_their_place(tmp_path: Path) -> None:
    wrong: dict[str, Any] = {
        "https://a.nl": {"kind": "keycloak"},
        "https://b.nl": {"audiences": ["x"], "kind": "okta"},
        "https://c.nl": {"audiences": ["x"], "algorithms": ["HS256"]},
        "https://d.nl": {"keysFile": str(tmp_path / "nergens")},
        "https://e.nl": {"audiences": ["x"], "jwksUrl": "https://e.nl/k", "discoveryUrl": "https://e.nl/d"},
    }
    found = "\n".join(mistakes(tmp_path, municipality("toe", issuers=wrong)))
    for text in (
        "needs an audience",
        "okta is not a kind",
        "one or more of the algorithms",
        "cannot be read",
        "in one way",
    ):
        assert text in found


async def test_two_secrets_of_a_client_follow_each_other(
    stack: Stack, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for year in ("2026", "2027", "2028"):
        monkeypatch.setenv(f"TOE_{year}", f"geheim-van-het-jaar-{year}-" + "x" * 20)
    box = secret_box(stack.settings)
    client = f"wissel-{name}"

    def content(*secrets: dict[str, Any], **one: Any) -> Any:
        given: dict[str, Any] = {"secrets": list(secrets)} if secrets else one
        return municipality(name, clients={client: given})

    async def texts() -> dict[str, str]:
        async with stack.admin() as admin:
            return {s.name: opened(s, box) for s in (await registry.find_client(admin, name, client)).secrets}

    this, following = ({"name": year, "secretEnv": f"TOE_{year}"} for year in ("2026", "2027"))
    await applied(stack, tmp_path, content(secretEnv="TOE_2026"))
    # A command adds one: the file, which knows of the other, lets it be.
    async with stack.admin() as admin:
        await registry.add_secret(admin, box, name, client, "van-een-opdracht-" + "x" * 20, name="opdracht")
    assert told(await applied(stack, tmp_path, content(secretEnv="TOE_2026")), name) == []
    [unnamed, _] = await texts()
    assert told(await applied(stack, tmp_path, content(this, following)), name) == [
        f"~ client {client}",
        f"    secret {unnamed} -> 2026",
        "    secret 2027 new",
        "    secret opdracht revoked",
    ]
    assert await texts() == {year: f"geheim-van-het-jaar-{year}-" + "x" * 20 for year in ("2026", "2027")}
    assert told(await applied(stack, tmp_path, content(this, following)), name) == []
    ends = {**following, "expires": date(2090, 1, 31)}
    assert told(await applied(stack, tmp_path, content(ends)), name) == [
        f"~ client {client}",
        "    secret 2027 -> 2027, expires 2090-01-31",
        "    secret 2026 revoked",
    ]
    assert told(await applied(stack, tmp_path, content(secretEnv="TOE_2028")), name)[1:] == ["    secret changed"]
    assert list((await texts()).values()) == ["geheim-van-het-jaar-2028-" + "x" * 20]
