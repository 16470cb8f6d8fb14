"""Values that only a newer release knows, as a process of the release before it meets them during a rollout
(docs/operators.md, "Expand and contract")."""

from tests.answers import errors
from tests.stack import Stack
from tests.waiting import transaction
from tests.zaken.schrijven import key
from tests.zaken.zaakmaker import ZAKEN, Zaakmaker


async def test_a_zaak_with_a_value_of_a_newer_release(zaken: Zaakmaker, stack: Stack) -> None:
    """It is read, found, changed in other members and closed; only who sends the value itself is refused."""
    other = (await zaken.zaak())["url"]
    related = [{"url": other, "aardRelatie": "vervolg"}]
    zaak = await zaken.zaak(relevanteAndereZaken=related, betalingsindicatie="geheel", omschrijving="later")
    async with transaction(stack) as newer:
        await newer.execute(
            "UPDATE zaak SET betalingsindicatie = 'later', relevante_andere_zaken ="
            " replace(relevante_andere_zaken::text, 'vervolg', 'later')::jsonb WHERE uuid = $1::uuid",
            key(zaak["url"]),
        )
    read = await zaken.lees(zaak)
    assert (read["betalingsindicatie"], read["betalingsindicatieWeergave"]) == ("later", "")
    assert read["relevanteAndereZaken"][0]["aardRelatie"] == "later"
    [listed] = (await zaken.api.get(f"{ZAKEN}?identificatie={zaak['identificatie']}")).json()["results"]
    assert listed == read
    answer = await zaken.api.patch(zaak["url"], {"toelichting": "x"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["betalingsindicatie"] == "later"
    refused = [("betalingsindicatie", "invalid_choice"), ("relevanteAndereZaken.0.aardRelatie", "invalid_choice")]
    assert sorted(errors(await zaken.api.put(zaak["url"], read))) == refused
    await zaken.resultaat(zaak["url"])
    assert (await zaken.sluit(zaak["url"])).status_code == 201
    after = await zaken.lees(zaak)
    assert after["einddatum"]
    assert after["relevanteAndereZaken"] == read["relevanteAndereZaken"]
