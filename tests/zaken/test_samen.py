"""Changes of one zaak at the same moment, other than closing it: the rules hold for what is there at the commit."""

import asyncio
from itertools import pairwise

from tests.answers import errors
from tests.besluiten.wereld import deelbaar
from tests.maak import Maak
from tests.stack import Stack
from tests.waiting import transaction, waiting
from tests.zaken.schrijven import entries, geen_rol, key, rol
from tests.zaken.zaakmaker import ZAKEN, Zaakmaker


async def test_zrc_001_a_zaak_gets_another_zaaktype_while_a_rol_is_added(
    zaken: Zaakmaker, maak: Maak, stack: Stack
) -> None:
    """Whoever is first: no rol of the old zaaktype is left below the new one."""
    other = await maak.zaaktype()
    for first in ("rol", "zaak"):
        zaak = (await zaken.zaak())["url"]
        method, url, body = await rol(zaken, zaak)
        async with transaction(stack) as pause:
            await pause.execute("LOCK TABLE audittrail IN SHARE MODE")
            requests = {
                "rol": lambda: zaken.api.request(method, url, json=body),  # noqa: B023
                "zaak": lambda: zaken.api.patch(zaak, {"zaaktype": other.url}),  # noqa: B023
            }
            one = asyncio.create_task(requests.pop(first)())
            await waiting(stack, 1)
            two = asyncio.create_task(requests.popitem()[1]())
            await waiting(stack, 2)
        assert (await one).status_code in (200, 201)
        assert errors(await two) == [("nonFieldErrors", "zaaktype-mismatch")]


async def test_who_waits_in_a_circle_starts_again(zaken: Zaakmaker, stack: Stack) -> None:
    """PostgreSQL breaks the circle at the expense of the request, of which the client notices nothing."""
    zaak = (await zaken.zaak())["url"]
    method, url, body = await rol(zaken, zaak)
    async with transaction(stack) as other:
        await other.execute("SET LOCAL deadlock_timeout TO '30s'")
        await other.execute("LOCK TABLE audittrail IN SHARE MODE")
        answer = asyncio.create_task(zaken.api.request(method, url, json=body))
        await waiting(stack)
        # It waits for the rol, which waits for the table.
        await other.execute("UPDATE zaak SET toelichting = 'anders' WHERE uuid = $1::uuid", key(zaak))
    assert (await answer).status_code == 201
    assert [entry["resource"] for entry in await entries(zaken, zaak)] == ["zaak", "rol"]


async def test_many_change_one_zaak_and_nobody_loses(zaken: Zaakmaker) -> None:
    """Each of them is answered, and starts from what the one before left."""
    zaak = (await zaken.zaak())["url"]
    changes = [{"kenmerken": [{"kenmerk": str(n), "bron": "b"}]} for n in range(15)] + [{"toelichting": "eens"}]
    answers = await asyncio.gather(*(zaken.api.patch(zaak, change) for change in changes))
    assert [answer.status_code for answer in answers] == [200] * 16
    trail = (await entries(zaken, zaak))[1:]
    assert len(trail) == 16
    for before, after in pairwise(trail):
        assert after["wijzigingen"]["oud"] == before["wijzigingen"]["nieuw"]
    assert trail[-1]["wijzigingen"]["nieuw"]["toelichting"] == "eens"


async def test_zrc_013_a_hoofdzaak_gets_another_zaaktype_while_it_gets_a_deelzaak(
    zaken: Zaakmaker, maak: Maak, stack: Stack
) -> None:
    """The deelzaaktypen are those of the zaaktype that the hoofdzaak has at the commit."""
    own = Zaakmaker(zaken.api, (await deelbaar(zaken.api, maak)).types)
    hoofdzaak = (await own.zaak())["url"]
    other = zaken.types.url.removeprefix("http://samenzaak.test")
    async with transaction(stack) as change:
        await change.execute("UPDATE zaak SET zaaktype = $2 WHERE uuid = $1::uuid", key(hoofdzaak), other)
        answer = asyncio.create_task(zaken.api.post(ZAKEN, own.body(hoofdzaak=hoofdzaak)))
        await waiting(stack)
    assert errors(await answer) == [("hoofdzaak", "invalid-deelzaaktype")]


async def test_a_rol_is_removed_once(zaken: Zaakmaker) -> None:
    """Of two removals at the same moment one finds nothing; the trail and the notifications tell of one."""
    zaak = (await zaken.zaak())["url"]
    _, url, _ = await geen_rol(zaken, zaak)
    answers = await asyncio.gather(*(zaken.api.delete(url) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [204, 404, 404, 404]
    assert [entry["actie"] for entry in await entries(zaken, zaak)].count("destroy") == 1
