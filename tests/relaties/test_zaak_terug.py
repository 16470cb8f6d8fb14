"""zrc-023: a zaak that other APIs cannot forget comes back exactly as it was."""

import asyncio
import uuid
from typing import Any

import asyncpg
import pytest

from services.zaken.numbers import NUMBERS
from tests.answers import errors
from tests.besluiten.wereld import ZAKEN, ZIOS, Werk
from tests.bodies import relatie
from tests.kept_counts import kept
from tests.relaties.breken import Break, broken, no_message
from tests.stack import Stack
from tests.zaken.elders import elders
from tests.zaken.zaakmaker import PUNT, Zaakmaker

__all__ = ["broken"]

PENDING = [("nonFieldErrors", "pending-relations")]


async def dossier(werk: Werk, **changes: Any) -> tuple[str, list[str]]:
    """Make a closed zaak with everything that a zaak can have, and a deelzaak; return it and its documents."""
    maker = Zaakmaker(werk.api, werk.types)
    zaak = await maker.zaak(
        zaakgeometrie=PUNT,
        kenmerken=[{"kenmerk": 'a "b" \\ (c), é', "bron": "d"}],
        opschorting={"indicatie": True, "reden": "wacht\nop"},
        **changes,
    )
    url = zaak["url"]
    deelzaak = await werk.zaak(hoofdzaak=url, identificatie=f"ZAAK-2099-{uuid.uuid4().int % 10**10:010}")
    documents = [await werk.document() for _ in range(3)]
    rol = await maker.rol(url)
    status = await maker.status(url, gezetdoor=rol["url"])
    link = {"zaak": url, "informatieobject": documents[0], "titel": "Aanvraag", "status": status["url"]}
    await werk.api.created(ZIOS, link)
    await werk.zio(url, documents[1])
    await werk.zio(deelzaak, documents[2])
    await maker.rol(deelzaak)
    await maker.eigenschap(url, "kleur", "rood")
    pand = {"zaak": url, "objectType": "pand", "objectIdentificatie": {"identificatie": "0150100000000001"}}
    await werk.api.created("/zaken/api/v1/zaakobjecten", pand)
    await werk.api.created("/zaken/api/v1/klantcontacten", {"zaak": url, "datumtijd": "2026-01-01T10:00:00Z"})
    await werk.api.created("/zaken/api/v1/zaaknotities", {"gerelateerdAan": url, "onderwerp": "x", "tekst": "y"})
    await werk.sluit(deelzaak)
    await maker.resultaat(url)
    closed = await maker.sluit(url)
    assert closed.status_code == 201, closed.text
    return url, documents


async def everything(stack: Stack, tenant: str = "deventer") -> dict[str, list[str]]:
    """Return every row of the Zaken API of a municipality, as the database writes it; of the counts their sums."""
    found = {}
    async with stack.admin() as admin:
        tables = "SELECT tablename FROM pg_tables WHERE schemaname = $1"
        for (table,) in await admin.fetch(tables, f"{tenant}_zaken"):
            # What was asked and shown is written now and then, and is nothing of the zaak.
            if not table.startswith(("outbox", "usage", "reading_log", "counts")):
                rows = await admin.fetch(f"SELECT t::text AS row FROM {tenant}_zaken.{table} t")
                found[table] = sorted(row["row"] for row in rows)
        await admin.execute(f"SET search_path TO {tenant}_zaken")
        found["counts"] = [str(numbers) for numbers in await kept(admin)]
    return found


@pytest.mark.parametrize("after", [False, True], ids=["not carried out", "carried out"])
async def test_zrc_023_a_delete_that_fails_removes_nothing(
    werk: Werk, stack: Stack, broken: Break, after: bool
) -> None:
    url, documents = await dossier(werk)
    other = await werk.zaak(relevanteAndereZaken=[{"url": url, "aardRelatie": "vervolg"}])
    before, shown = await everything(stack), (await werk.api.get(url)).json()
    mirrors = [await werk.objecten(document) for document in documents]
    first = {"zaaktype": werk.types.url, "pageSize": 5}
    listed = (await werk.api.get(ZAKEN, params=first)).json()["results"]
    assert {url, other} <= {item["url"] for item in listed}
    with broken("zaken", "documenten", ("DELETE",), after):
        assert errors(await werk.api.delete(url)) == PENDING
    assert await everything(stack) == before
    assert (await werk.api.get(url)).json() == shown
    assert [await werk.objecten(document) for document in documents] == mirrors
    async with stack.admin() as admin:
        messages = await admin.fetch("SELECT message FROM deventer_zaken.outbox")
        assert not [row for row in messages if url in row["message"] and "destroy" in row["message"]]
    # In the list it stands where it stood.
    assert (await werk.api.get(ZAKEN, params=first)).json()["results"] == listed
    assert (await werk.api.delete(url)).status_code == 204
    assert [await werk.objecten(document) for document in documents] == [[], [], []]
    assert (await werk.api.get(other)).json()["relevanteAndereZaken"] == []
    await werk.api.delete(other)


async def test_zrc_023_what_others_did_meanwhile_stays(
    werk: Werk, stack: Stack, broken: Break, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, _ = await dossier(werk)
    third = await werk.zaak()
    one, two = (relatie(zaak) for zaak in (url, third))
    other = await werk.zaak(relevanteAndereZaken=[one])
    gone = await werk.zaak(relevanteAndereZaken=[one])

    async def meanwhile() -> None:
        assert (await werk.api.patch(other, {"relevanteAndereZaken": [two]})).status_code == 200
        assert (await werk.api.delete(gone)).status_code == 204

    with broken("zaken", "documenten", ("DELETE",), meanwhile=meanwhile):
        assert errors(await werk.api.delete(url)) == PENDING
    assert (await werk.api.get(other)).json()["relevanteAndereZaken"] == [two, one]
    assert (await werk.api.get(url)).status_code == 200
    assert (await werk.api.delete(url)).status_code == 204


async def test_zrc_023_a_zaak_whose_number_was_given_away_stays_removed(
    werk: Werk, stack: Stack, broken: Break
) -> None:
    """What cannot be put back is answered as removed, which it is; its mirrors are for the check."""
    url, documents = await dossier(werk, identificatie="WEG-1")
    taken: list[str] = []

    async def meanwhile() -> None:
        taken.append(await werk.zaak(identificatie="WEG-1"))

    before = await werk.objecten(documents[0])
    with broken("zaken", "documenten", ("DELETE",), meanwhile=meanwhile):
        assert (await werk.api.delete(url)).status_code == 204
    assert (await werk.api.get(url)).status_code == 404
    assert (await werk.api.get(taken[0])).json()["identificatie"] == "WEG-1"
    assert await werk.objecten(documents[0]) == before
    from beheer.relations import ORPHAN, check_relations

    operator = stack.standalone.operator
    async with stack.admin() as admin:
        found = await check_relations(admin, "deventer", operator, "http://samenzaak.test")
    assert [(item.kind, item.left) for item in found if item.target in documents[0]] == [(ORPHAN, False)]
    assert await werk.objecten(documents[0]) == []
    await werk.api.delete(taken[0])


async def test_zrc_023_somebody_who_stands_in_the_way_of_taking_back(
    werk: Werk, stack: Stack, broken: Break, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A deadlock with another write is no reason to lose the zaak."""
    url, _ = await dossier(werk)
    before, deadlocks = await everything(stack), [asyncpg.DeadlockDetectedError("deadlock")] * 3

    async def in_the_way(db: Any, numbers: Any, revive: Any = NUMBERS.revive) -> None:
        if deadlocks:
            raise deadlocks.pop()
        await revive(db, numbers)

    monkeypatch.setattr(NUMBERS, "revive", in_the_way)
    with broken("zaken", "documenten", ("DELETE",)):
        assert errors(await werk.api.delete(url)) == PENDING
    assert deadlocks == []
    assert await everything(stack) == before
    assert (await werk.api.delete(url)).status_code == 204


async def test_zrc_023_announced_only_after_the_others_forgot_it(werk: Werk, stack: Stack, broken: Break) -> None:
    url, _ = await dossier(werk)
    held: list[Any] = []

    async def meanwhile() -> None:
        async with stack.admin() as admin:
            rows = await admin.fetch("SELECT message, held_until FROM deventer_zaken.outbox")
            held.extend(row["held_until"] for row in rows if url in row["message"] and "destroy" in row["message"])

    with broken("zaken", "documenten", (), meanwhile=meanwhile):
        assert (await werk.api.delete(url)).status_code == 204
    assert held
    assert None not in held
    async with asyncio.timeout(10):
        while not await no_message(stack, "zaken", url):
            await asyncio.sleep(0.02)


async def test_zrc_023_apis_elsewhere_forget_the_zaak(werk: Werk, stack: Stack) -> None:
    """zrc-024, zrc-025a: verzoeken, contactmomenten and documents of somebody else's API have mirrors as well."""
    async with elders(stack) as other:
        url, documents = await dossier(werk)
        for kind in ("verzoek", "contactmoment"):
            collection = other.add(f"{kind}en" if kind == "verzoek" else "contactmomenten", {})
            target = other.add(f"{collection.rpartition('/')[2]}/1", {"url": "x"})
            await werk.api.created(f"/zaken/api/v1/zaak{collection.rpartition('/')[2]}", {"zaak": url, kind: target})
        assert sorted(mirror["object"] for mirror in other.mirrors.values()) == [url, url]
        other.status = 503
        before = await everything(stack)
        assert errors(await werk.api.delete(url)) == PENDING
        assert await everything(stack) == before
        assert len(await werk.objecten(documents[0])) == 1
        other.status = 0
        assert (await werk.api.delete(url)).status_code == 204
        assert other.mirrors == {}


async def test_zrc_023_an_api_that_is_no_longer_configured_stops_nothing(werk: Werk, stack: Stack) -> None:
    """ "If possible": nobody can ask it anything, and a zaak must be deletable."""
    url, _ = await dossier(werk)
    async with elders(stack) as other:
        target = other.add("verzoeken/1", {"url": "x"})
        made = await werk.api.created("/zaken/api/v1/zaakverzoeken", {"zaak": url, "verzoek": target})
        [mirror] = other.mirrors
    assert (await werk.api.delete(made["url"])).status_code == 204
    assert (await werk.api.delete(url)).status_code == 204
    assert list(other.mirrors) == [mirror]


async def test_two_deletes_at_once_and_only_one_did_it(werk: Werk, stack: Stack) -> None:
    """The second one finds nothing; it must not bring back what the first one removed."""
    url, documents = await dossier(werk)
    zio = (await werk.api.get(ZIOS, params={"informatieobject": documents[1]})).json()[0]["url"]
    answers = await asyncio.gather(*(werk.api.delete(zio) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [204, 404, 404]
    answers = await asyncio.gather(*(werk.api.delete(url) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [204, 404, 404]
