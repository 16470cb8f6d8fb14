"""The numbers that lists tell without counting: equal to what is there, whatever happens, for whoever asks."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from services.zaken.zaak_velden import COUNTS
from tests.kept_counts import check_counts
from tests.maak import Maak, Types
from tests.selectielijst import Selectielijst
from tests.stack import Client, Stack
from tests.zaken.vindplaatsen import check_kept
from tests.zaken.zaakmaker import ZAKEN, Zaakmaker

ROOT = "/zaken/api/v1"
LEVELS = ("openbaar", "vertrouwelijk", "geheim")
STEP = 9001
"""Ids between two objects: after a few there is another block."""


@pytest.fixture(scope="module")
async def druk(stack: Stack, lijst: Selectielijst) -> tuple[Zaakmaker, Zaakmaker]:
    """Makers of zaken of two types in a municipality of their own, whose ids are far apart."""
    tenant = f"counts{time.time_ns() % 10**9}"
    await stack.add_tenant(tenant)
    api = await stack.add_client(tenant, f"alles-{tenant}")
    maak = Maak(api, lijst)
    async with stack.admin() as admin:
        await admin.execute(f"SET search_path TO {tenant}_zaken")
        for table in ("zaak", "rol", "resultaat", "zaakobject", "klantcontact", "zaaknotitie"):
            sequence = await admin.fetchval("SELECT pg_get_serial_sequence($1, 'id')", table)
            await admin.execute(f"ALTER SEQUENCE {sequence} INCREMENT BY {STEP}")
    return Zaakmaker(api, await maak.zaaktype()), Zaakmaker(api, await maak.zaaktype())


class Bezig:
    """Does at random what clients do, and remembers what it made."""

    def __init__(self, makers: Sequence[Zaakmaker], seed: int) -> None:
        self.makers, self.random = makers, random.Random(seed)
        self.api = makers[0].api
        self.zaken: list[tuple[str, Types]] = []
        self.below: list[str] = []
        self.answers: dict[int, int] = {}

    def een_zaak(self) -> tuple[str, Types]:
        """Return the URL of a zaak, which may be gone, and the type that it was made with."""
        return self.random.choice(self.zaken)

    async def post(self, path: str, body: dict[str, Any]) -> str:
        """Make an object; return its URL or an empty text."""
        answer = await self.api.post(path if path.startswith("http") else f"{ROOT}/{path}", body)
        self.heard(answer.status_code)
        return answer.json()["url"] if answer.status_code == 201 else ""

    def heard(self, status: int) -> None:
        """Remember an answer. Refusals are expected: others do things at the same time."""
        assert status < 500, status
        self.answers[status] = self.answers.get(status, 0) + 1

    async def nieuwe_zaak(self) -> None:
        maker = self.random.choice(self.makers)
        hoofdzaak = self.een_zaak()[0] if self.zaken and self.random.random() < 0.4 else None
        level = self.random.choice(LEVELS)
        body = maker.body(vertrouwelijkheidaanduiding=level, hoofdzaak=hoofdzaak, kenmerken=self.kenmerken())
        if url := await self.post("zaken", body):
            self.zaken.append((url, maker.types))

    def kenmerken(self) -> list[dict[str, str]]:
        """Return none, one or two."""
        brons = self.random.choice([[], ["oud"], ["oud", "nieuw"], ["oud", "oud"]])
        return [{"bron": bron, "kenmerk": str(number)} for number, bron in enumerate(brons)]

    async def andere_zaak(self) -> None:
        changes: list[dict[str, Any]] = [
            {"kenmerken": self.kenmerken()},
            {"vertrouwelijkheidaanduiding": self.random.choice(LEVELS)},
            {"zaaktype": self.random.choice(self.makers).types.url},
            {"archiefnominatie": self.random.choice(["vernietigen", "blijvend_bewaren", None])},
            {"bronorganisatie": self.random.choice(["517439943", "000000000"]), "toelichting": "x"},
        ]
        answer = await self.api.patch(self.een_zaak()[0], self.random.choice(changes))
        self.heard(answer.status_code)

    async def weg(self) -> None:
        below = self.below and self.random.random() < 0.7
        url = self.below.pop(self.random.randrange(len(self.below))) if below else self.een_zaak()[0]
        self.heard((await self.api.delete(url)).status_code)

    async def status(self) -> None:
        zaak, types = self.een_zaak()
        when = datetime(2026, 1, 1, tzinfo=UTC) - timedelta(seconds=self.random.randrange(10**9))
        statustype = self.random.choice(types.statustypen)
        await self.post("statussen", {"zaak": zaak, "statustype": statustype, "datumStatusGezet": when.isoformat()})

    async def rol(self) -> None:
        zaak, types = self.een_zaak()
        kind = self.random.choice(["natuurlijk_persoon", "medewerker"])
        party = {"inpBsn": "111222333"} if kind == "natuurlijk_persoon" else {"identificatie": "123"}
        roltype = self.random.choice(list(types.roltypen.values()))
        body = {"zaak": zaak, "roltype": roltype, "betrokkeneType": kind, "roltoelichting": ""}
        self.below.append(await self.post("rollen", {**body, "betrokkeneIdentificatie": party}))

    async def resultaat(self) -> None:
        zaak, types = self.een_zaak()
        body = {"zaak": zaak, "resultaattype": self.random.choice(types.resultaattypen)}
        self.below.append(await self.post("resultaten", body))

    async def sluit(self) -> None:
        zaak, types = self.een_zaak()
        await self.post("resultaten", {"zaak": zaak, "resultaattype": types.resultaattypen[0]})
        now = datetime.now(UTC).isoformat()
        await self.post("statussen", {"zaak": zaak, "statustype": types.eindstatus, "datumStatusGezet": now})

    async def zaakobject(self) -> None:
        kind = self.random.choice(["pand", "overige"])
        found = {"identificatie": "1"} if kind == "pand" else {"overigeData": {"a": 1}}
        other = {"objectTypeOverige": "boom"} if kind == "overige" else {}
        body = {"zaak": self.een_zaak()[0], "objectType": kind, "objectIdentificatie": found, **other}
        self.below.append(await self.post("zaakobjecten", body))

    async def klantcontact(self) -> None:
        await self.post("klantcontacten", {"zaak": self.een_zaak()[0], "datumtijd": "2026-01-01T12:00:00Z"})

    async def notitie(self) -> None:
        body = {"onderwerp": "o", "tekst": "t", "gerelateerdAan": self.een_zaak()[0]}
        if url := await self.post("zaaknotities", body):
            self.below.append(url)
            changes = [{"status": "definitief"}, {"gerelateerdAan": self.een_zaak()[0]}, {"notitieType": "extern"}]
            self.heard((await self.api.patch(url, self.random.choice(changes))).status_code)

    async def ga_door(self, number: int) -> None:
        """Do so many things."""
        kinds: list[tuple[Callable[[], Awaitable[None]], int]] = [
            (self.nieuwe_zaak, 4), (self.andere_zaak, 5), (self.weg, 3), (self.status, 4), (self.rol, 4),
            (self.resultaat, 3), (self.sluit, 3), (self.zaakobject, 2), (self.klantcontact, 1), (self.notitie, 2),
        ]  # fmt: skip
        for _ in range(number):
            do = self.random.choices([kind for kind, _ in kinds], [weight for _, weight in kinds])[0]
            await (do if self.zaken else self.nieuwe_zaak)()
            self.below = [url for url in self.below if url]


async def klopt(stack: Stack, tenant: str) -> None:
    """Fail when what is kept differs from what is there."""
    async with stack.admin() as admin:
        await check_counts(admin, COUNTS, f"{tenant}_zaken")
        await check_kept(admin, f"{tenant}_zaken")


def vragen(types: Types) -> list[str]:
    """Return lists whose number is known without counting."""
    kind = f"zaaktype={types.url}"
    return [
        "zaken", f"zaken?{kind}", f"zaken?{kind}&einddatum__isnull=true", "zaken?archiefstatus=nog_te_archiveren",
        "zaken?archiefnominatie=vernietigen", "zaken?archiefactiedatum__isnull=false",
        "zaken?bronorganisatie=000000000",
        "zaken?maximaleVertrouwelijkheidaanduiding=vertrouwelijk&einddatum__isnull=false",
        "zaken?archiefnominatie__in=vernietigen,blijvend_bewaren", "statussen",
        f"statussen?statustype={types.statustypen[0]}", "rollen", "rollen?betrokkeneType=medewerker",
        "rollen?omschrijvingGeneriek=initiator", f"rollen?roltype={types.roltypen['adviseur']}", "resultaten",
        *(f"zaken?status__statustype={statustype}" for statustype in types.statustypen),
        f"zaken?resultaat__resultaattype={types.resultaattypen[0]}", "zaken?kenmerk__bron=oud",
        f"resultaten?resultaattype={types.resultaattypen[0]}", "zaakobjecten", "zaakobjecten?objectType=overige",
        "klantcontacten", "zaaknotities", "zaaknotities?status=definitief", "zaaknotities?notitieType=intern",
        # Those below are counted.
        "zaken?startdatum__gte=2020-01-01", "zaken?rol__betrokkeneType=medewerker", "zaken?ordering=-einddatum",
        "statussen?indicatieLaatstGezetteStatus=true",
    ]  # fmt: skip


async def pagina_voor_pagina(client: Client, vraag: str) -> tuple[int, list[str]]:
    """Return the count of a list and the URLs of all that its pages hold."""
    url, found, counts = f"{ROOT}/{vraag}{'&' if '?' in vraag else '?'}pageSize=7", [], set()
    while url:
        answer = await client.get(url)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        counts.add(page["count"])
        found += [item["url"] for item in page["results"]]
        url = page["next"]
    assert len(counts) == 1
    return counts.pop(), found


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.long) for seed in (2, 3))])
async def test_numbers_are_those_of_what_is_there(
    stack: Stack, druk: tuple[Zaakmaker, Zaakmaker], monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr("zgw.pages.FEW", 3)
    tenant, types = druk[0].api.tenant, druk[0].types
    bezig = Bezig(druk, seed)
    folding = asyncio.create_task(fold_all_the_time(stack, tenant))
    await asyncio.gather(*(bezig.ga_door(25) for _ in range(6)))
    folding.cancel()
    assert bezig.answers[201] > 30
    await klopt(stack, tenant)
    readers = [druk[0].api, await druk[0].client("zaken.lezen"), await druk[1].client("zaken.lezen", cap="openbaar")]
    for vraag in vragen(types):
        found = [await pagina_voor_pagina(reader, vraag) for reader in readers]
        for count, urls in found:
            assert len(urls) == len(set(urls)) == count, vraag
        (_, everything), *restricted = found
        for _, urls in restricted:
            assert urls == [url for url in everything if url in set(urls)], vraag


async def fold_all_the_time(stack: Stack, tenant: str) -> None:
    """Fold all the time."""
    while True:
        await COUNTS.fold(stack.standalone.services["zaken"], tenant)
        await asyncio.sleep(0.01)


async def test_what_writers_leave_is_folded_when_a_reader_finds_much(
    stack: Stack, druk: tuple[Zaakmaker, Zaakmaker], monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant = druk[0].api.tenant
    left = f"SELECT count(*) FROM {tenant}_zaken.counts_delta"
    async with stack.admin() as admin:
        await druk[0].zaak()
        assert (await druk[0].api.get(ZAKEN)).status_code == 200
        assert await admin.fetchval(left)
        monkeypatch.setattr("zgw.counts.FOLD_FROM", 1)
        for _ in range(1000):
            assert (await druk[0].api.get(ZAKEN)).status_code == 200
            if not await admin.fetchval(left):
                break
            await asyncio.sleep(0.02)
        else:
            raise AssertionError("nothing was folded")
    await klopt(stack, tenant)


async def test_totals_are_read_anew_when_they_changed(stack: Stack, druk: tuple[Zaakmaker, Zaakmaker]) -> None:
    """Whatever changed them: a fold here or in another process, or an operator."""
    maker = druk[0]
    tenant, reader = maker.api.tenant, await maker.client("zaken.lezen")

    async def counts() -> list[int]:
        lists = [f"{ZAKEN}?pageSize=1", f"{ZAKEN}?pageSize=1&page=2", f"{ZAKEN}?zaaktype={maker.types.url}&pageSize=1"]
        return [(await reader.get(url)).json()["count"] for url in lists]

    await maker.zaak()
    await maker.zaak()
    before = await counts()
    for number in range(1, 7):
        await maker.zaak()
        assert await counts() == [count + number for count in before]
        if number % 2:
            await COUNTS.fold(stack.standalone.services["zaken"], tenant)
            assert await counts() == [count + number for count in before]
    async with stack.admin() as admin:
        await admin.execute(f"SET search_path TO {tenant}_zaken")
        more = f"UPDATE counts SET total = total + $1 WHERE kind = 'zaak' AND type LIKE '%{maker.types.url[-36:]}'"
        # Without a new version nobody looks; this is what makes the numbers cheap.
        await admin.execute("ALTER TABLE counts DISABLE TRIGGER counts_changed")
        await admin.execute(more, 1000)
        await admin.execute("ALTER TABLE counts ENABLE TRIGGER counts_changed")
        assert (await counts())[0] == before[0] + 6
        await admin.execute(more, -1000)
        assert await counts() == [count + 6 for count in before]


ROL = "INSERT INTO rol (zaak, betrokkene, betrokkene_type, afwijkende_naam_betrokkene, roltype, roltoelichting,"
ROL += " indicatie_machtiging, omschrijving, omschrijving_generiek)"
ROL += " VALUES ($1, '', 'medewerker', '', 'r', '', '', 'Adviseur', 'adviseur')"
BELOW = {"new": ROL, "gone": "DELETE FROM rol WHERE zaak = $1"}
ABOVE = {
    "level": "UPDATE zaak SET vertrouwelijkheidaanduiding = 'geheim' WHERE uuid = $1",
    "type": "UPDATE zaak SET zaaktype = '/catalogi/api/v1/zaaktypen/ander' WHERE uuid = $1",
    "removed": "DELETE FROM zaak WHERE uuid = $1",
}


@pytest.mark.parametrize("above", list(ABOVE))
@pytest.mark.parametrize("below", list(BELOW))
@pytest.mark.parametrize("first", ["above", "below"])
async def test_a_zaak_does_not_move_while_something_below_it_is_written(
    stack: Stack, druk: tuple[Zaakmaker, Zaakmaker], first: str, below: str, above: str
) -> None:
    tenant = druk[0].api.tenant
    zaak = (await druk[0].zaak())["uuid"]
    async with stack.admin() as one, stack.admin() as other:
        for connection in (one, other):
            await connection.execute(f"SET search_path TO {tenant}_zaken; SET deadlock_timeout = '10ms'")
        await one.execute(ROL, zaak)
        statements = [ABOVE[above], BELOW[below]]
        if first == "below":
            statements.reverse()
        transaction = one.transaction()
        await transaction.start()
        await one.execute(statements[0], zaak)
        second = asyncio.create_task(other.execute(statements[1], zaak))
        _, waiting = await asyncio.wait([second], timeout=0.3)
        assert waiting
        await transaction.commit()
        refused = (asyncpg.ForeignKeyViolationError,) if above == "removed" and first == "above" else ()
        try:
            await second
        except refused:
            assert below == "new"
    await klopt(stack, tenant)
