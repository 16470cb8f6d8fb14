"""`samenzaak apply`: what the file says is made, told, and not made twice."""

import time
from pathlib import Path
from typing import Any

import pytest

from beheer import configuration
from beheer.apply import Outcome, apply
from gateway import registry
from gateway.config import secret_box
from services.autorisaties import external
from tests.beheer.configuratie import mistakes, municipality, written
from tests.maak import Maak
from tests.stack import Client, Stack

RIGHTS = "/autorisaties/api/v1/applicaties"


@pytest.fixture
def name() -> str:
    """A municipality that does not exist yet."""
    return f"toe{time.time_ns() % 10**10}"


async def applied(stack: Stack, folder: Path, content: Any, *, dry_run: bool = False) -> Outcome:
    """Apply a file, which must have no mistakes."""
    found, _ = configuration.read(written(folder, content))
    async with stack.admin() as admin:
        with stack._roles_alone():
            return await apply(admin, stack.settings, stack.dsn, found, dry_run=dry_run)


def told(outcome: Outcome, name: str) -> list[str]:
    """Return the lines that the operator sees; there must be no mistakes."""
    assert outcome.mistakes == []
    return [line.replace(f"{name}: ", "") for change in outcome.changes for line in change.lines()]


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
    warning = f"{name}: the secret of kort-{name} has 11 characters; 32 or more resist guessing"
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


async def test_a_right_on_a_type_waits_for_the_catalogue_and_is_for_all_its_versions(
    stack: Stack, api: Client, maak: Maak, tmp_path: Path
) -> None:
    async with stack.admin() as admin:
        known = next(t for t in await registry.list_tenants(admin) if t.name == "deventer")
    catalogue = await maak.catalogus()
    client_id = f"typen-{time.time_ns()}"
    named = {"domein": catalogue["domein"], "omschrijving": "Foto"}
    right = {"component": "drc", "scopes": ["documenten.lezen"], "maxVertrouwelijkheidaanduiding": "openbaar"}
    parts = {
        "clients": {client_id: {"autorisaties": [{**right, "informatieobjecttype": named}]}},
        "hosts": [*known.hosts],
    }
    content = municipality("deventer", **parts)
    content["municipalities"]["deventer"] |= {"naam": known.naam, "rsin": known.rsin}
    missing = f"no informatieobjecttype {named['domein']} Foto yet"
    pending = f"! rights of {client_id}: {missing}, left out; apply again when it is there"
    assert told(await applied(stack, tmp_path, content), "deventer") == [f"+ client {client_id}", pending]

    first = await maak.informatieobjecttype(
        catalogus=catalogue["url"], omschrijving="Foto", beginGeldigheid="2020-01-01", eindeGeldigheid="2021-01-01"
    )
    await maak.informatieobjecttype(catalogus=catalogue["url"], omschrijving="Brief")
    assert told(await applied(stack, tmp_path, content), "deventer") == [
        f"+ rights of {client_id}", f"    + drc documenten.lezen {first['url']} up to openbaar",
    ]  # fmt: skip
    second = await maak.informatieobjecttype(
        catalogus=catalogue["url"], omschrijving="Foto", beginGeldigheid="2022-01-01"
    )
    assert told(await applied(stack, tmp_path, content), "deventer") == [
        f"~ rights of {client_id}", f"    + drc documenten.lezen {second['url']} up to openbaar",
    ]  # fmt: skip
    assert told(await applied(stack, tmp_path, content), "deventer") == []
    found = (await api.get(f"{RIGHTS}?clientIds={client_id}")).json()["results"][0]["autorisaties"]
    assert {a["informatieobjecttype"] for a in found} == {first["url"], second["url"]}


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
