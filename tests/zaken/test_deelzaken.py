"""Deelzaken: what a client may do to them by way of their hoofdzaak, and the other way around (zaken.md §8, §10)."""

import asyncio
import uuid
from typing import Any

import httpx
import pytest

from tests.answers import errors
from tests.documenten.maak_document import document
from tests.maak import Maak
from tests.relaties.breken import Break
from tests.relaties.breken import broken as broken
from tests.stack import Client, Stack
from tests.waiting import transaction, until, waiting
from tests.zaken.archiveren import maker
from tests.zaken.deelzaken import gewoon as gewoon
from tests.zaken.deelzaken import own as own
from tests.zaken.schrijven import GEWOON
from tests.zaken.zaakmaker import STATUSSEN, ZAKEN, Zaakmaker

OBJECT = "nonFieldErrors"
ONZICHTBAAR = "u niet mag inzien"


@pytest.fixture(scope="module")
async def openbaar(own: Zaakmaker) -> Client:
    """A client with all scopes for zaken that everybody may know of."""
    return await own.client(*GEWOON, "zaken.geforceerd-bijwerken", "zaken.heropenen", cap="openbaar")


async def gezin(own: Zaakmaker, **changes: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Make a hoofdzaak, and a deelzaak with these fields."""
    hoofdzaak = await own.zaak()
    return hoofdzaak, await own.zaak(hoofdzaak=hoofdzaak["url"], **changes)


def reason(answer: httpx.Response) -> str:
    """Return the reason of the one error of a 400."""
    (param,) = answer.json()["invalidParams"]
    return str(param["reason"])


# --- Removal --------------------------------------------------------------------------------------------------------


async def test_zrc_023_a_hoofdzaak_goes_only_with_deelzaken_that_the_client_may_remove(
    own: Zaakmaker, openbaar: Client
) -> None:
    """A deelzaak of a higher level keeps its hoofdzaak: 403, and all of it is still there."""
    hoofdzaak, geheim = await gezin(own, vertrouwelijkheidaanduiding="geheim")
    plain = await own.zaak(hoofdzaak=hoofdzaak["url"])
    refused = await openbaar.delete(hoofdzaak["url"])
    assert (refused.status_code, refused.json()["code"]) == (403, "permission_denied")
    assert set((await own.lees(hoofdzaak))["deelzaken"]) == {geheim["url"], plain["url"]}
    assert (await own.api.delete(geheim["url"])).status_code == 204
    assert (await openbaar.delete(hoofdzaak["url"])).status_code == 204
    assert (await own.api.get(plain["url"])).status_code == 404


async def test_zrc_023_the_type_of_a_deelzaak_counts_and_comes_before_its_besluiten(
    zaken: Zaakmaker, maak: Maak
) -> None:
    """A client without rights to the zaaktype of a deelzaak hears 403, also where a besluit stands in the way."""
    kind = await maker(zaken, maak, "afgehandeld")
    top = await maker(zaken, maak, "afgehandeld", deelzaaktypen=[kind.types.zaaktype["identificatie"]])
    client = await top.client(*GEWOON)
    hoofdzaak = await top.zaak()
    deelzaak = await kind.zaak(hoofdzaak=hoofdzaak["url"])
    body = {
        "verantwoordelijkeOrganisatie": "517439943",
        "besluittype": kind.types.besluittype,
        "zaak": deelzaak["url"],
        "datum": "2026-01-01",
        "ingangsdatum": "2026-01-01",
    }
    besluit = await kind.api.created("/besluiten/api/v1/besluiten", body)
    assert (await client.delete(hoofdzaak["url"])).status_code == 403
    assert errors(await top.api.delete(hoofdzaak["url"])) == [(OBJECT, "related-besluiten")]
    assert (await kind.api.delete(besluit["url"])).status_code == 204
    assert (await client.delete(hoofdzaak["url"])).status_code == 403
    assert (await kind.lees(deelzaak))["hoofdzaak"] == hoofdzaak["url"]


async def test_zrc_023_a_deelzaak_that_gets_a_higher_level_meanwhile(
    own: Zaakmaker, openbaar: Client, stack: Stack
) -> None:
    """The rights are those to what the deelzaak has become when all of it is locked."""
    hoofdzaak, deelzaak = await gezin(own)
    async with transaction(stack) as raising:
        await raising.execute(
            "UPDATE zaak SET vertrouwelijkheidaanduiding = 'geheim' WHERE uuid = $1::uuid", deelzaak["uuid"]
        )
        removing = asyncio.create_task(openbaar.delete(hoofdzaak["url"]))
        await waiting(stack)
    assert (await removing).status_code == 403
    assert (await own.lees(hoofdzaak))["deelzaken"] == [deelzaak["url"]]


async def test_zrc_023_every_deelzaak_that_goes_is_announced(own: Zaakmaker, gemeld: list[dict[str, Any]]) -> None:
    """Each removed zaak gives one message ``destroy`` with its own kenmerken, as any other removal."""
    hoofdzaak, geheim = await gezin(own, vertrouwelijkheidaanduiding="geheim")
    plain = await own.zaak(hoofdzaak=hoofdzaak["url"])
    assert (await own.api.delete(hoofdzaak["url"])).status_code == 204
    assert await destroyed(gemeld, hoofdzaak, geheim, plain) == {
        hoofdzaak["url"]: "openbaar",
        geheim["url"]: "geheim",
        plain["url"]: "openbaar",
    }
    for message in gemeld:
        if message["actie"] == "destroy" and message["hoofdObject"] == geheim["url"]:
            assert message["resourceUrl"] == geheim["url"]
            assert message["kenmerken"]["zaaktype"] == own.types.url
            assert message["kenmerken"]["zaaktype.catalogus"] == own.types.catalogus


async def destroyed(gemeld: list[dict[str, Any]], *zaken: dict[str, Any]) -> dict[str, str]:
    """Return the level in each message about the removal of these zaken, by URL, once all of them have one."""
    urls = {zaak["url"] for zaak in zaken}

    def found() -> list[dict[str, Any]]:
        return [m for m in gemeld if m["resource"] == "zaak" and m["actie"] == "destroy" and m["hoofdObject"] in urls]

    await until(lambda: {m["hoofdObject"] for m in found()} == urls)
    assert len(found()) == len(urls)
    return {m["hoofdObject"]: m["kenmerken"]["vertrouwelijkheidaanduiding"] for m in found()}


async def test_zrc_023_a_removal_that_is_taken_back_announces_nothing(
    own: Zaakmaker, broken: Break, gemeld: list[dict[str, Any]]
) -> None:
    """Documenten cannot forget a document of the deelzaak: everything comes back, and nobody hears of it."""
    hoofdzaak, deelzaak = await gezin(own)
    made = await document(own.api, informatieobjecttype=own.types.informatieobjecttype)
    link = {"zaak": deelzaak["url"], "informatieobject": made["url"]}
    await own.api.created("/zaken/api/v1/zaakinformatieobjecten", link)
    with broken("zaken", "documenten"):
        assert errors(await own.api.delete(hoofdzaak["url"])) == [(OBJECT, "pending-relations")]
    assert (await own.lees(deelzaak))["hoofdzaak"] == hoofdzaak["url"]
    # The message of the second attempt comes after those of the first one would have.
    assert (await own.api.delete(hoofdzaak["url"])).status_code == 204
    assert set(await destroyed(gemeld, hoofdzaak, deelzaak)) == {hoofdzaak["url"], deelzaak["url"]}


# --- An open deelzaak below a closed hoofdzaak ----------------------------------------------------------------------


@pytest.mark.parametrize("state", ["closed", "archived", "archived but open"])
async def test_zrc_007_an_open_deelzaak_is_not_put_below_a_closed_hoofdzaak(
    own: Zaakmaker, gewoon: Client, state: str
) -> None:
    """POST, PATCH and PUT: 400 ``hoofdzaak-closed``; with zaken.geforceerd-bijwerken they go on. A closed zaak may."""
    hoofdzaak = await own.zaak() if state == "archived but open" else await own.gesloten()
    if state != "closed":
        archived = {
            "archiefstatus": "gearchiveerd",
            "archiefnominatie": "vernietigen",
            "archiefactiedatum": "2040-01-01",
        }
        assert (await own.api.patch(hoofdzaak["url"], archived)).status_code == 200
    loose, below = await own.zaak(), {"hoofdzaak": hoofdzaak["url"]}
    for answer in (
        await gewoon.post(ZAKEN, own.body(**below)),
        await gewoon.patch(loose["url"], below),
        await gewoon.put(loose["url"], own.body(**below)),
    ):
        assert errors(answer) == [(OBJECT, "hoofdzaak-closed")]
    assert (await own.lees(hoofdzaak))["deelzaken"] == []
    closed = await own.gesloten()
    assert (await own.api.patch(closed["url"], below)).status_code == 200
    forced = await own.client(*GEWOON, "zaken.geforceerd-bijwerken")
    made = await forced.post(ZAKEN, own.body(**below))
    assert made.status_code == 201, made.text
    assert (await forced.patch(loose["url"], below)).status_code == 200
    # What is below it already is changed like any other zaak, also in whole.
    again = {**made.json(), "omschrijving": "anders"}
    assert (await gewoon.put(made.json()["url"], again)).status_code == 200
    assert (await gewoon.patch(loose["url"], {"omschrijving": "anders"})).status_code == 200


async def test_zrc_008_a_deelzaak_is_not_reopened_below_an_archived_hoofdzaak(own: Zaakmaker) -> None:
    """The hoofdzaak is archived while it is open: it counts as closed."""
    hoofdzaak = await own.zaak()
    deelzaak = await own.gesloten(hoofdzaak=hoofdzaak["url"])
    archived = {"archiefstatus": "gearchiveerd", "archiefnominatie": "vernietigen", "archiefactiedatum": "2040-01-01"}
    assert (await own.api.patch(hoofdzaak["url"], archived)).status_code == 200
    refused = await own.api.post(STATUSSEN, own.status_body(deelzaak["url"], 1))
    assert errors(refused) == [(OBJECT, "hoofdzaak-closed")]


@pytest.mark.few
@pytest.mark.parametrize("way", ["POST", "PATCH", "PUT"])
async def test_zrc_007_a_deelzaak_comes_while_its_hoofdzaak_closes(own: Zaakmaker, gewoon: Client, way: str) -> None:
    """In many rounds exactly one of the two succeeds, and no open deelzaak is below a closed hoofdzaak."""
    for number in range(20):
        hoofdzaak = await own.zaak()
        await own.resultaat(hoofdzaak["url"])
        loose = None if way == "POST" else await own.zaak()
        body = own.body(hoofdzaak=hoofdzaak["url"]) if way != "PATCH" else {"hoofdzaak": hoofdzaak["url"]}

        async def add(
            url: str = loose["url"] if loose else ZAKEN, body: dict[str, Any] = body, wait: float = (number % 5) * 0.002
        ) -> httpx.Response:
            await asyncio.sleep(wait)
            return await gewoon.request(way, url, json=body)

        closing, adding = await asyncio.gather(own.sluit(hoofdzaak["url"]), add())
        shown = await own.lees(hoofdzaak)
        if closing.status_code == 201:
            assert errors(adding) == [(OBJECT, "hoofdzaak-closed")]
            assert (shown["einddatum"] is not None, shown["deelzaken"]) == (True, [])
        else:
            assert errors(closing) == [(OBJECT, "deelzaken-not-closed")]
            assert adding.status_code in (200, 201), adding.text
            assert (shown["einddatum"], len(shown["deelzaken"])) == (None, 1)


async def test_zrc_007_a_closing_that_a_new_deelzaak_has_to_wait_for(
    own: Zaakmaker, gewoon: Client, stack: Stack
) -> None:
    """The deelzaak looked at an open hoofdzaak, which is closed when it is written."""
    loose = await own.zaak()
    for way, url in (("POST", ZAKEN), ("PATCH", loose["url"])):
        hoofdzaak = await own.zaak()
        async with transaction(stack) as closing:
            await closing.execute("UPDATE zaak SET einddatum = '2026-03-01' WHERE uuid = $1::uuid", hoofdzaak["uuid"])
            body = own.body(hoofdzaak=hoofdzaak["url"]) if way == "POST" else {"hoofdzaak": hoofdzaak["url"]}
            adding = asyncio.create_task(gewoon.request(way, url, json=body))
            await waiting(stack)
        assert errors(await adding) == [(OBJECT, "hoofdzaak-closed")]
        assert (await own.lees(hoofdzaak))["deelzaken"] == []


# --- What a client may not see --------------------------------------------------------------------------------------


async def test_zrc_006_a_zaak_is_not_hung_below_one_that_the_client_may_not_read(
    own: Zaakmaker, openbaar: Client
) -> None:
    """A stranger would keep a secret zaak from being closed: 403 for POST, PATCH and PUT, as for zaaknotities."""
    secret = await own.zaak(vertrouwelijkheidaanduiding="zeer_geheim")
    below, loose = {"hoofdzaak": secret["url"]}, await own.zaak()
    note = {"gerelateerdAan": secret["url"], "onderwerp": "x", "tekst": "y"}
    for answer in (
        await openbaar.post("/zaken/api/v1/zaaknotities", note),
        await openbaar.post(ZAKEN, own.body(**below)),
        await openbaar.patch(loose["url"], below),
        await openbaar.put(loose["url"], own.body(**below)),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
    await own.resultaat(secret["url"])
    assert (await own.sluit(secret["url"])).status_code == 201
    # That it is closed is told to nobody who may not read it.
    maker_ = await own.client("zaken.aanmaken", cap="openbaar")
    assert (await maker_.post(ZAKEN, own.body(**below))).status_code == 403


async def test_zrc_006_a_deelzaak_of_a_hidden_hoofdzaak_is_written_as_before(own: Zaakmaker, openbaar: Client) -> None:
    """Who has a deelzaak of a secret zaak sends it back in whole: nothing is named anew."""
    secret = await own.zaak(vertrouwelijkheidaanduiding="zeer_geheim")
    deelzaak = await own.zaak(hoofdzaak=secret["url"])
    assert (await openbaar.put(deelzaak["url"], {**deelzaak, "toelichting": "anders"})).status_code == 200
    assert (await openbaar.patch(deelzaak["url"], {"hoofdzaak": secret["url"]})).status_code == 200


async def test_zrc_007_what_keeps_a_zaak_open_may_be_hidden(own: Zaakmaker, openbaar: Client) -> None:
    """``deelzaken-not-closed`` of a deelzaak that the client may not see says so, and of another one does not."""
    hoofdzaak, geheim = await gezin(own, vertrouwelijkheidaanduiding="geheim")
    await own.resultaat(hoofdzaak["url"])
    body = own.status_body(hoofdzaak["url"], 3)
    refused = await openbaar.post(STATUSSEN, body)
    assert errors(refused) == [(OBJECT, "deelzaken-not-closed")]
    assert ONZICHTBAAR in reason(refused)
    assert geheim["identificatie"] not in refused.text
    assert ONZICHTBAAR not in reason(await own.api.post(STATUSSEN, body))
    # A closed one without resultaat.
    await own.resultaat(geheim["url"])
    assert (await own.sluit(geheim["url"])).status_code == 201
    assert (await own.api.delete((await own.lees(geheim))["resultaat"])).status_code == 204
    refused = await openbaar.post(STATUSSEN, body)
    assert errors(refused) == [(OBJECT, "deelzaak-resultaat-does-not-exist")]
    assert ONZICHTBAAR in reason(refused)


async def test_zrc_008_a_hidden_hoofdzaak_keeps_its_deelzaak_closed(own: Zaakmaker, openbaar: Client) -> None:
    """``hoofdzaak-closed`` says that the client may not see the hoofdzaak."""
    secret = await own.zaak(vertrouwelijkheidaanduiding="zeer_geheim")
    deelzaak = await own.gesloten(hoofdzaak=secret["url"])
    await own.resultaat(secret["url"])
    assert (await own.sluit(secret["url"])).status_code == 201
    refused = await openbaar.post(STATUSSEN, own.status_body(deelzaak["url"], 1))
    assert errors(refused) == [(OBJECT, "hoofdzaak-closed")]
    assert "mag die niet inzien" in reason(refused)
    shown = await own.api.post(STATUSSEN, own.status_body(deelzaak["url"], 1))
    assert "inzien" not in reason(shown)


@pytest.mark.parametrize(
    ("changes", "code"),
    [({}, "indicatiegebruiksrecht-unset"), ({"locked": True}, "informatieobject-locked")],
)
async def test_zrc_007_a_hidden_document_keeps_a_zaak_open(
    own: Zaakmaker, openbaar: Client, changes: dict[str, Any], code: str
) -> None:
    """A refusal because of a document that the client may not see says so."""
    zaak = await own.zaak()
    await own.resultaat(zaak["url"])
    made = await document(own.api, informatieobjecttype=own.types.informatieobjecttype, indicatieGebruiksrecht=None)
    link = {"zaak": zaak["url"], "informatieobject": made["url"]}
    await own.api.created("/zaken/api/v1/zaakinformatieobjecten", link)
    if changes:
        assert (await own.api.post(f"{made['url']}/lock")).status_code == 200
    body = own.status_body(zaak["url"], 3)
    refused = await openbaar.post(STATUSSEN, body)
    assert errors(refused) == [(OBJECT, code)]
    assert ONZICHTBAAR in reason(refused)
    assert ONZICHTBAAR not in reason(await own.api.post(STATUSSEN, body))


async def test_zrc_022_a_hidden_document_keeps_a_zaak_out_of_the_archive(own: Zaakmaker, openbaar: Client) -> None:
    """``documents-not-archived`` of a document that the client may not see says so."""
    zaak = await own.zaak(archiefnominatie="vernietigen", archiefactiedatum="2040-01-01")
    made = await document(own.api, informatieobjecttype=own.types.informatieobjecttype)
    link = {"zaak": zaak["url"], "informatieobject": made["url"]}
    await own.api.created("/zaken/api/v1/zaakinformatieobjecten", link)
    archived = {"archiefstatus": "gearchiveerd"}
    refused = await openbaar.patch(zaak["url"], archived)
    assert errors(refused) == [("archiefstatus", "documents-not-archived")]
    assert ONZICHTBAAR in reason(refused)
    assert ONZICHTBAAR not in reason(await own.api.patch(zaak["url"], archived))


async def test_zrc_023_a_hidden_besluit_keeps_its_zaak(own: Zaakmaker, openbaar: Client) -> None:
    """``related-besluiten`` of a besluit that the client may not see says so."""
    zaak = await own.zaak()
    body = {
        "verantwoordelijkeOrganisatie": "517439943",
        "besluittype": own.types.besluittype,
        "zaak": zaak["url"],
        "datum": "2026-01-01",
        "ingangsdatum": "2026-01-01",
    }
    await own.api.created("/besluiten/api/v1/besluiten", body)
    refused = await openbaar.delete(zaak["url"])
    assert errors(refused) == [(OBJECT, "related-besluiten")]
    assert ONZICHTBAAR in reason(refused)
    assert ONZICHTBAAR not in reason(await own.api.delete(zaak["url"]))


async def test_zrc_021_who_closes_a_hoofdzaak_need_not_see_its_deelzaken(zaken: Zaakmaker, maak: Maak) -> None:
    """What closing and reopening derive for a closed deelzaak follows from the hoofdzaak, not from who closes it."""
    kind = await maker(zaken, maak, "hoofdzaak")
    top = await maker(zaken, maak, "afgehandeld", deelzaaktypen=[kind.types.zaaktype["identificatie"]])
    client = await top.client(*GEWOON, "zaken.heropenen")
    hoofdzaak = await top.zaak()
    deelzaak = await kind.gesloten(hoofdzaak=hoofdzaak["url"])
    await top.resultaat(hoofdzaak["url"])
    assert (await client.post(STATUSSEN, top.status_body(hoofdzaak["url"], 3))).status_code == 201
    assert (await client.get(deelzaak["url"])).status_code == 403
    assert (await kind.lees(deelzaak))["archiefactiedatum"] is not None
    assert (await client.post(STATUSSEN, top.status_body(hoofdzaak["url"], 1))).status_code == 201
    assert (await kind.lees(deelzaak))["archiefactiedatum"] is None


async def test_relevante_andere_zaken_may_be_hidden(own: Zaakmaker, openbaar: Client) -> None:
    """zrc-011: to name another zaak as relevant changes and blocks nothing there, so it only has to exist."""
    secret = await own.zaak(vertrouwelijkheidaanduiding="zeer_geheim")
    links = [{"url": secret["url"], "aardRelatie": "onderwerp"}]
    made = await openbaar.post(ZAKEN, own.body(relevanteAndereZaken=links, identificatie=uuid.uuid4().hex))
    assert made.status_code == 201, made.text
    await own.resultaat(secret["url"])
    assert (await own.sluit(secret["url"])).status_code == 201
    assert (await own.api.delete(secret["url"])).status_code == 204
