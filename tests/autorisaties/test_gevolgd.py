"""Who keeps a copy of an applicatie hears that it has to be read again when a type that it follows gets or loses a
version (docs/adr/0017)."""

import uuid
from typing import Any

import httpx
import pytest

from runtime.internal import Internal
from tests.autorisaties.volgend import URL, body, zrc
from tests.catalogi.uitwisselen import send, small
from tests.maak import Maak
from tests.selectielijst import Selectielijst
from tests.stack import Client, Stack
from tests.waiting import until

TYPES = "/catalogi/api/v1/zaaktypen"


@pytest.fixture(scope="module")
def api(own: Client) -> Client:
    """A client of a municipality in which nobody else follows types."""
    return own


@pytest.fixture(scope="module")
def maak(own: Client, lijst: Selectielijst) -> Maak:
    """Makes types in that municipality."""
    return Maak(own, lijst)


class Heard:
    """The announcements of applicaties, by what was made after the last look."""

    def __init__(self, gemeld: list[dict[str, Any]], stack: Stack, tenant: str) -> None:
        self._gemeld, self._stack, self._tenant = gemeld, stack, tenant

    async def since(self) -> dict[str, str]:
        """Return the action by applicatie once everything was told, and forget it."""

        async def told() -> bool:
            waiting = 0
            for service in ("catalogi", "autorisaties"):
                async with self._stack.standalone.services[service].database.acquire(self._tenant) as db:
                    waiting += await db.connection.fetchval("SELECT count(*) FROM outbox")
            return not waiting

        await until(told)
        found = {m["resourceUrl"]: m["actie"] for m in self._gemeld if m["kanaal"] == "autorisaties"}
        assert all(m["hoofdObject"] == m["resourceUrl"] for m in self._gemeld if m["kanaal"] == "autorisaties")
        self._gemeld.clear()
        return found


async def test_who_follows_is_announced_and_nobody_else(
    stack: Stack, api: Client, maak: Maak, gemeld: list[dict[str, Any]]
) -> None:
    heard = Heard(gemeld, stack, api.tenant)
    first, other = await maak.concept(), await maak.concept()
    catalogus = first["catalogus"]
    elsewhere = (await maak.catalogus())["url"]
    by_type, by_catalogue, fixed, of_other, of_elsewhere, everything = [
        (await api.created(URL, given))["url"]
        for given in (
            body(zrc(zaaktype=first["url"], alleVersies=True)),
            body(zrc(catalogus=catalogus)),
            body(zrc(zaaktype=first["url"])),
            body(zrc(zaaktype=other["url"], alleVersies=True)),
            body(zrc(catalogus=elsewhere)),
            {**body(), "heeftAlleAutorisaties": True},
        )
    ]
    assert len({fixed, of_other, of_elsewhere, everything} & (await heard.since()).keys()) == 4

    second = await maak.concept(catalogus=catalogus, identificatie=first["identificatie"], beginGeldigheid="2025-01-01")
    assert await heard.since() == {by_type: "partial_update", by_catalogue: "partial_update"}
    shown = (await api.get(by_type)).json()
    assert [one["zaaktype"] for one in shown["autorisaties"]] == [first["url"], second["url"]]

    # Publishing widens nothing: a concept is among them already. Nor does a change that leaves the name.
    changed = await api.patch(second["url"], {"doel": "Iets anders"})
    assert changed.status_code == 200, changed.text
    await maak.publiceer(first["url"])
    assert await heard.since() == {}

    # A version that gets the name of another type leaves the one, and comes to the other.
    moved = await api.patch(second["url"], {"identificatie": other["identificatie"]})
    assert moved.status_code == 200, moved.text
    assert (await heard.since()).keys() == {by_type, of_other, by_catalogue}

    assert (await api.delete(second["url"])).status_code == 204
    assert (await heard.since()).keys() == {of_other, by_catalogue}


async def test_nothing_is_lost_while_autorisaties_is_away(
    stack: Stack, api: Client, maak: Maak, gemeld: list[dict[str, Any]], monkeypatch: Any
) -> None:
    catalogus = (await maak.catalogus())["url"]
    following = (await api.created(URL, body(zrc(catalogus=catalogus))))["url"]
    heard = Heard(gemeld, stack, api.tenant)
    await heard.since()
    real = Internal.send
    refused: list[str] = []

    async def away_once(
        self: Internal, caller: Any, service: str, method: str, path: str, *more: Any, **named: Any
    ) -> httpx.Response:
        if path == "/_intern/gevolgd" and not refused:
            refused.append(path)
            raise httpx.ConnectError("away")
        return await real(self, caller, service, method, path, *more, **named)

    monkeypatch.setattr(Internal, "send", away_once)
    await maak.concept(catalogus=catalogus)
    assert await heard.since() == {following: "partial_update"}
    assert refused


async def test_an_import_is_announced(
    stack: Stack, api: Client, lijst: Selectielijst, gemeld: list[dict[str, Any]]
) -> None:
    domein = "".join(chr(65 + n % 26) for n in uuid.uuid4().bytes[:5])
    rows = small(lijst, domein, 2)
    assert (await send(api, rows)).status_code == 200
    found = (await api.get("/catalogi/api/v1/catalogussen", params={"domein": domein})).json()["results"]
    following = (await api.created(URL, body(zrc(catalogus=found[0]["url"]))))["url"]
    heard = Heard(gemeld, stack, api.tenant)
    await heard.since()
    answer = await send(api, rows, modus="nieuwe-versie")
    assert answer.status_code == 200, answer.text
    assert await heard.since() == {following: "partial_update"}
