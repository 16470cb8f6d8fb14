"""Several writes of a zaak at once are one: who may do them, what is left when the last of them is refused, what
subscribers hear, and what happens when others write at the same moment."""

import asyncio
from typing import Any

import pytest

from tests.answers import errors
from tests.stack import Stack
from tests.waiting import transaction, until, waiting
from tests.zaken.bewerken import OP_EEN_ZAAK, ROOT, afsluiting, bij, body_of, registratie, rol_deel, status_deel
from tests.zaken.deelzaken import own
from tests.zaken.schrijven import entries, key
from tests.zaken.zaakmaker import STATUSSEN, Zaakmaker

__all__ = ["own"]

A, B, G = "zaken.aanmaken", "zaken.bijwerken", "zaken.geforceerd-bijwerken"
S, H = "zaken.statussen.toevoegen", "zaken.heropenen"


@pytest.mark.parametrize("name", OP_EEN_ZAAK)
async def test_scopes_of_a_change(zaken: Zaakmaker, name: str) -> None:
    """(B or G) and (A or S or H), for this zaaktype and level."""
    zaak = await zaken.zaak(vertrouwelijkheidaanduiding="zaakvertrouwelijk")
    for scopes in ((B,), (G,), (A, S, H), ("zaken.lezen",), (S, "zaken.lezen")):
        client = await zaken.client(*scopes)
        answer = await client.post(bij(name, zaak), body_of(zaken, name))
        assert answer.status_code == 403, (scopes, answer.text)
    low = await zaken.client(B, S, cap="openbaar")
    assert (await low.post(bij(name, zaak), body_of(zaken, name))).status_code == 403
    # Rights come before what is wrong with the body.
    assert (await low.post(bij(name, zaak), {})).status_code == 403
    grant = {"component": "zrc", "zaaktype": zaken.types.url}
    half = await zaken.api.stack.add_client(
        zaken.api.tenant,
        f"half-{zaak['uuid'][:8]}-{name}",
        [
            {**grant, "scopes": [B], "maxVertrouwelijkheidaanduiding": "zeer_geheim"},
            {**grant, "scopes": [S], "maxVertrouwelijkheidaanduiding": "openbaar"},
        ],
    )
    assert (await half.post(bij(name, zaak), body_of(zaken, name))).status_code == 403
    assert (await half.post(bij(name, zaak), {**body_of(zaken, name), "status": {}})).status_code == 403
    assert await zaken.lees(zaak) == zaak
    for scopes in ((B, A), (G, S), (B, H)):
        zaak = await zaken.zaak()
        client = await zaken.client(*scopes)
        answer = await client.post(bij(name, zaak), body_of(zaken, name))
        assert answer.status_code == 200, (scopes, answer.text)


async def test_zaken_aanmaken_adds_the_first_status_only(zaken: Zaakmaker) -> None:
    zaak = await zaken.zaak()
    client = await zaken.client(A, B)
    assert (await client.post(bij("zaak_bijwerken", zaak), {"status": status_deel(zaken)})).status_code == 200
    assert (await client.post(bij("zaak_bijwerken", zaak), {"status": status_deel(zaken)})).status_code == 403


@pytest.mark.parametrize("name", [name for name in OP_EEN_ZAAK if name != "zaak_afsluiten"])
async def test_a_closed_zaak_is_reopened_by_who_may(zaken: Zaakmaker, name: str) -> None:
    zaak = await zaken.gesloten()
    for scopes in ((B, H), (G, S), (G, A)):
        client = await zaken.client(*scopes)
        answer = await client.post(bij(name, zaak), body_of(zaken, name))
        assert answer.status_code == 403, (scopes, answer.text)
    assert await zaken.lees(zaak) == zaak
    answer = await (await zaken.client(G, H)).post(bij(name, zaak), body_of(zaken, name))
    assert answer.status_code == 200, answer.text
    shown = answer.json()["zaak"]
    assert (shown["einddatum"], shown["archiefactiedatum"], shown["resultaat"]) == (None, None, zaak["resultaat"])


async def test_scopes_of_a_registration(zaken: Zaakmaker) -> None:
    path = f"{ROOT}/zaak_registreren"
    for scopes in ((A,), (B,), (B, S), (G, H)):
        client = await zaken.client(*scopes)
        for rollen in ([], [rol_deel(zaken)]):
            answer = await client.post(path, registratie(zaken, rollen=rollen))
            assert answer.status_code == 403, (scopes, answer.text)
    for scopes in ((A, B), (A, G)):
        answer = await (await zaken.client(*scopes)).post(path, registratie(zaken))
        assert answer.status_code == 201, (scopes, answer.text)
    high = registratie(zaken, zaak=zaken.body(vertrouwelijkheidaanduiding="geheim"))
    assert (await (await zaken.client(A, B, cap="openbaar")).post(path, high)).status_code == 403


async def test_subscribers_hear_of_each_in_this_order(zaken: Zaakmaker, gemeld: list[dict[str, Any]]) -> None:
    pand = {"objectType": "pand", "objectIdentificatie": {"identificatie": "0150100000000001"}}
    made = await zaken.api.post(f"{ROOT}/zaak_registreren", registratie(zaken, zaakobjecten=[pand]))
    zaak = made.json()["zaak"]
    rollen = {"status": status_deel(zaken, 2), "rollen": [rol_deel(zaken)]}
    assert (await zaken.api.post(bij("zaak_bijwerken", zaak), rollen)).status_code == 200
    assert (await zaken.api.post(bij("zaak_afsluiten", zaak), afsluiting(zaken))).status_code == 200

    def heard() -> list[tuple[str, str]]:
        return [(m["resource"], m["actie"]) for m in gemeld if m["hoofdObject"] == zaak["url"]]

    wanted = [
        *[("zaak", "create"), ("status", "create"), ("rol", "create"), ("zaakobject", "create")],
        *[("zaak", "partial_update"), ("status", "create"), ("rol", "destroy"), ("rol", "create")],
        *[("zaak", "partial_update"), ("status", "create"), ("resultaat", "create")],
    ]
    await until(lambda: len(heard()) >= len(wanted))
    assert heard() == wanted


@pytest.mark.parametrize("name", ["zaak_bijwerken", "zaak_afsluiten"])
async def test_nothing_is_left_when_the_last_part_is_refused(
    own: Zaakmaker, gemeld: list[dict[str, Any]], name: str
) -> None:
    zaken = own
    zaak = await zaken.zaak()
    rol = await zaken.rol(zaak["url"])
    before, trail = await zaken.lees(zaak), await entries(zaken, zaak["url"])
    if name == "zaak_bijwerken":
        body: dict[str, Any] = {"zaak": {"omschrijving": "x"}, "status": status_deel(zaken)}
        body["rollen"] = [rol_deel(zaken, "belanghebbende"), rol_deel(zaken), rol_deel(zaken)]
        wanted = [("rollen.2.roltype", "max-occurences")]
    else:
        # A deelzaak that is open is found when everything else is written already.
        await zaken.zaak(hoofdzaak=zaak["url"])
        before = await zaken.lees(zaak)
        body = afsluiting(zaken, zaak={"omschrijving": "x"})
        wanted = [("status.nonFieldErrors", "deelzaken-not-closed")]
    assert errors(await zaken.api.post(bij(name, zaak), body)) == wanted
    assert await zaken.lees(zaak) == before
    assert await entries(zaken, zaak["url"]) == trail
    assert (await zaken.api.get(rol["url"])).status_code == 200
    last = await zaken.zaak()
    await until(lambda: any(m["resourceUrl"] == last["url"] for m in gemeld))
    assert not [m for m in gemeld if m["hoofdObject"] == zaak["url"] and m["actie"] == "partial_update"]


async def test_two_closings_at_once(zaken: Zaakmaker, stack: Stack) -> None:
    """One closes, the other finds a zaak with a resultaat."""
    zaak = await zaken.zaak()
    async with transaction(stack) as other:
        await other.execute("SELECT 1 FROM zaak WHERE uuid = $1::uuid FOR UPDATE", key(zaak["url"]))
        both = [asyncio.create_task(zaken.api.post(bij("zaak_afsluiten", zaak), afsluiting(zaken))) for _ in "ab"]
        # A municipality may have one such change under way in a pool of this size; the other waits for its turn.
        await waiting(stack, 1)
    answers = sorted([await each for each in both], key=lambda answer: answer.status_code)
    assert answers[0].status_code == 200, answers[0].text
    assert errors(answers[1]) == [("resultaat.zaak", "unique")]
    assert len([line for line in await entries(zaken, zaak["url"]) if line["resource"] == "status"]) == 1


async def test_many_at_once_on_a_hoofdzaak_and_its_deelzaken(own: Zaakmaker) -> None:
    """Closings, changes and ordinary statuses lock in the same order, so that none of them waits for ever."""
    hoofd = await own.zaak()
    both = [hoofd, *[await own.zaak(hoofdzaak=hoofd["url"]) for _ in "abc"]]
    calls = []
    for _ in range(3):
        for zaak in both:
            calls += [
                own.api.post(bij("zaak_bijwerken", zaak), {"status": status_deel(own)}),
                own.api.post(bij("zaak_afsluiten", zaak), afsluiting(own)),
                own.api.post(STATUSSEN, own.status_body(zaak["url"])),
                own.api.patch(zaak["url"], {"toelichting": "x"}),
            ]
    for answer in await asyncio.gather(*calls):
        assert answer.status_code in (200, 201, 400), answer.text
    for zaak in both:
        trail = [line["resource"] for line in await entries(own, zaak["url"])]
        assert trail.count("resultaat") <= 1
        assert trail.count("status") >= 3


async def test_a_change_waits_for_a_status_of_somebody_else(zaken: Zaakmaker, stack: Stack) -> None:
    """The one that comes second sees what the first made of the zaak: it reopens, and that asks for more."""
    zaak = await zaken.zaak()
    await zaken.resultaat(zaak["url"])
    client = await zaken.client(B, S)
    async with transaction(stack) as pause:
        await pause.execute("LOCK TABLE audittrail IN SHARE MODE")
        closing = asyncio.create_task(zaken.sluit(zaak["url"]))
        await waiting(stack, 1)
        change = asyncio.create_task(client.post(bij("zaak_bijwerken", zaak), {"status": status_deel(zaken)}))
        await waiting(stack, 2)
    assert (await closing).status_code == 201
    assert (await change).status_code == 403, (await change).text
    assert (await zaken.lees(zaak))["einddatum"] is not None
