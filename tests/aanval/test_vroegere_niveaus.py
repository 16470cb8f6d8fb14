"""What was written at a higher level, or under another type, is not read through what the object became since."""

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.besluiten.wereld import deelbaar
from tests.bodies import zaak_body
from tests.documenten.maak_document import EIO, b64, document, informatieobjecttype, ontgrendel, vergrendel
from tests.documenten.maak_document import ROOT as DOCUMENTEN
from tests.maak import Maak
from tests.stack import Client, Stack

ZAKEN = "/zaken/api/v1"
GEHEIM, OPENBAAR = "Naam van de melder: T. Tester", "Naam van de melder: [weggelakt]"


async def drc(stack: Stack, *types: str, cap: str = "openbaar", **extra: Any) -> Client:
    """Return a client that reads documents of these types, and their trails, up to a level."""
    scopes = ["documenten.lezen", "audittrails.lezen"]
    level = {"maxVertrouwelijkheidaanduiding": cap}
    grants = [{"component": "drc", "scopes": scopes, "informatieobjecttype": iot, **level} for iot in types]
    return await stack.add_client("deventer", f"lezer-{uuid.uuid4()}", grants, **extra)


async def new_version(api: Client, made: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Write a new version of a document."""
    lock = await vergrendel(api, made)
    answer = await api.patch(made["url"], {"lock": lock, **changes})
    assert answer.status_code == 200, answer.text
    await ontgrendel(api, made, lock)
    found: dict[str, Any] = answer.json()
    return found


@pytest.fixture
async def iot(api: Client) -> str:
    """A document type."""
    return await informatieobjecttype(api)


@pytest.fixture
async def redacted(api: Client, iot: str) -> dict[str, Any]:
    """A document that was geheim, got gebruiksrechten then, and was redacted for publication."""
    content = GEHEIM.encode()
    made = await document(
        api,
        informatieobjecttype=iot,
        vertrouwelijkheidaanduiding="geheim",
        titel=GEHEIM,
        inhoud=b64(content),
        bestandsomvang=len(content),
    )
    right = {"informatieobject": made["url"], "startdatum": "2026-01-01T00:00:00Z", "omschrijvingVoorwaarden": GEHEIM}
    gebruiksrecht = await api.created(f"{DOCUMENTEN}/gebruiksrechten", right)
    assert (await api.delete(gebruiksrecht["url"])).status_code == 204
    content = OPENBAAR.encode()
    public = {"vertrouwelijkheidaanduiding": "openbaar", "titel": OPENBAAR}
    return await new_version(api, made, **public, inhoud=b64(content), bestandsomvang=len(content))


async def test_an_earlier_version_keeps_its_level(
    stack: Stack, api: Client, iot: str, redacted: dict[str, Any]
) -> None:
    url, reader = redacted["url"], await drc(stack, iot)
    moment = (await api.get(f"{url}?versie=1")).json()["beginRegistratie"]
    assert (await reader.get(url)).json()["titel"] == OPENBAAR
    assert (await reader.get(f"{url}?versie=2")).json()["titel"] == OPENBAAR
    assert (await reader.get(redacted["inhoud"])).text == OPENBAAR
    secret = [
        f"{path}?{query}"
        for path in (url, f"{url}/download")
        for query in ("versie=1", f"registratieOp={moment}", f"versie=1&registratieOp={moment}")
    ]
    secret.append(f"{url}?versie=1&expand=informatieobjecttype")
    for asked in secret:
        for method in ("GET", "HEAD"):
            answer = await reader.request(method, asked)
            # A HEAD of what has none is refused in another way.
            assert answer.status_code in ((403,) if method == "GET" else (403, 405)), (method, asked)
            assert GEHEIM not in answer.text
        assert GEHEIM in (await api.get(asked)).text
    ranged = await reader.get(f"{url}/download?versie=1", headers={"Range": "bytes=0-3"})
    assert ranged.status_code == 403
    cleared = await drc(stack, iot, cap="geheim")
    assert (await cleared.get(f"{url}?versie=1")).json()["titel"] == GEHEIM
    assert (await reader.get(f"{url}?versie=9")).status_code == 404


async def test_searches_and_relations_show_the_latest_version(stack: Stack, iot: str, redacted: dict[str, Any]) -> None:
    reader = await drc(stack, iot)
    found = await reader.post(f"{EIO}/_zoek", {"uuid__in": [redacted["url"][-36:]]})
    assert [item["titel"] for item in found.json()["results"]] == [OPENBAAR]
    for name in ("gebruiksrechten", "objectinformatieobjecten", "verzendingen"):
        listed = await reader.get(f"{DOCUMENTEN}/{name}?informatieobject={redacted['url']}?versie=1")
        assert GEHEIM not in listed.text


async def test_the_trail_of_a_document(stack: Stack, api: Client, iot: str, redacted: dict[str, Any]) -> None:
    """The values of before, the change itself (which tells the old ones), and what belonged to it then."""
    reader, trail = await drc(stack, iot), f"{redacted['url']}/audittrail"
    await new_version(api, redacted, titel="Daarna")
    everything = (await api.get(trail)).json()
    kinds = [(entry["resource"], entry["actie"]) for entry in everything]
    eio = "enkelvoudiginformatieobject"
    own = [(eio, "create"), *[("gebruiksrechten", "create"), ("gebruiksrechten", "destroy")]]
    assert [kind for kind in kinds if kind != (eio, "partial_update")] == own
    seen = await reader.get(trail)
    assert GEHEIM not in seen.text
    assert seen.json() == everything[-1:]
    for entry in everything:
        answer = await reader.get(f"{trail}/{entry['uuid']}")
        assert answer.status_code == (200 if entry == everything[-1] else 403)
        assert GEHEIM not in answer.text
        assert (await api.get(f"{trail}/{entry['uuid']}")).json() == entry
    assert (await (await drc(stack, iot, cap="geheim")).get(trail)).json() == everything
    assert (await reader.get(f"{trail}/{uuid.uuid4()}")).status_code == 404


async def test_an_earlier_type_keeps_its_readers(stack: Stack, api: Client, iot: str) -> None:
    made = await document(api, informatieobjecttype=iot, titel="Onder het eerste type")
    other = await informatieobjecttype(api)
    await new_version(api, made, informatieobjecttype=other, titel="Onder het tweede type")
    both, second, first = await drc(stack, iot, other), await drc(stack, other), await drc(stack, iot)
    assert (await both.get(f"{made['url']}?versie=1")).status_code == 200
    assert len((await both.get(f"{made['url']}/audittrail")).json()) == 2
    assert (await second.get(made["url"])).status_code == 200
    assert (await second.get(f"{made['url']}?versie=1")).status_code == 403
    assert (await second.get(f"{made['url']}/audittrail")).json() == []
    for number in (1, 2, 9):
        # Neither does it say which versions there are.
        assert (await first.get(f"{made['url']}?versie={number}")).status_code == 403
    assert (await first.get(f"{made['url']}/audittrail")).status_code == 403


@pytest.mark.parametrize("everything", [True, False])
async def test_what_was_not_ready_is_not_in_the_trail_of_who_sees_publications(
    stack: Stack, api: Client, iot: str, everything: bool
) -> None:
    """alleenIsGereedVoorPublicatie, also with all other rights."""
    made = await document(api, informatieobjecttype=iot, isGereedVoorPublicatie=False, titel="Kladversie")
    right = {"informatieobject": made["url"], "startdatum": "2026-01-01T00:00:00Z", "omschrijvingVoorwaarden": "Klad"}
    await api.created(f"{DOCUMENTEN}/gebruiksrechten", right)
    await new_version(api, made, isGereedVoorPublicatie=True, titel="Klaar")
    last = await new_version(api, made, titel="Klaar, met een punt")
    limited: dict[str, Any] = {"alleenIsGereedVoorPublicatie": True}
    if everything:
        reader = await stack.add_client("deventer", f"lezer-{uuid.uuid4()}", None, **limited)
    else:
        reader = await drc(stack, iot, **limited)
    seen = await reader.get(f"{last['url']}/audittrail")
    assert [entry["wijzigingen"]["nieuw"]["titel"] for entry in seen.json()] == ["Klaar, met een punt"]
    for entry in (await api.get(f"{last['url']}/audittrail")).json():
        answer = await reader.get(f"{last['url']}/audittrail/{entry['uuid']}")
        assert answer.status_code == (200 if entry in seen.json() else 403)


async def test_the_trail_of_a_zaak(stack: Stack, api: Client, maak: Maak) -> None:
    """From zeer_geheim to openbaar, and under another zaaktype before."""
    types = [(await maak.zaaktype()).url for _ in range(2)]
    zaak = await api.created(
        f"{ZAKEN}/zaken",
        {**zaak_body(types[0]), "vertrouwelijkheidaanduiding": "zeer_geheim", "omschrijving": GEHEIM[:80]},
    )
    contact = {"zaak": zaak["url"], "datumtijd": "2026-01-01T00:00:00Z", "onderwerp": "geheim contact"}
    await api.created(f"{ZAKEN}/klantcontacten", contact)
    public = {"vertrouwelijkheidaanduiding": "openbaar", "omschrijving": "Openbaar"}
    assert (await api.patch(zaak["url"], public)).status_code == 200
    await api.created(f"{ZAKEN}/klantcontacten", {**contact, "onderwerp": "openbaar contact"})
    assert (await api.patch(zaak["url"], {"zaaktype": types[1]})).status_code == 200
    await api.created(f"{ZAKEN}/klantcontacten", {**contact, "onderwerp": "later contact"})
    assert (await api.patch(zaak["url"], {"omschrijving": "Later"})).status_code == 200
    everything = (await api.get(f"{zaak['url']}/audittrail")).json()
    assert len(everything) == 7

    async def reader(cap: str, *kinds: str) -> Client:
        level = {"maxVertrouwelijkheidaanduiding": cap, "scopes": ["zaken.lezen", "audittrails.lezen"]}
        grants = [{"component": "zrc", "zaaktype": kind, **level} for kind in kinds]
        return await stack.add_client("deventer", f"zrc-{uuid.uuid4()}", grants)

    trail = f"{zaak['url']}/audittrail"
    for client, expected in (
        (await reader("openbaar", *types), everything[3:]),
        (await reader("openbaar", types[1]), everything[5:]),
        (await reader("zeer_geheim", *types), everything),
    ):
        assert (await client.get(trail)).json() == expected
        for entry in everything:
            answer = await client.get(f"{trail}/{entry['uuid']}")
            assert answer.status_code == (200 if entry in expected else 403)
    assert (await (await reader("zeer_geheim", types[0])).get(trail)).status_code == 403


async def test_the_trail_of_a_besluit(stack: Stack, api: Client, maak: Maak) -> None:
    """A besluit has no level; who reads its type sees all of it."""
    werk = await deelbaar(api, maak)
    besluit = await werk.besluit(toelichting="Eerst")
    assert (await api.patch(besluit["url"], {"toelichting": "Daarna"})).status_code == 200
    grant = {
        "component": "brc",
        "besluittype": werk.types.besluittype,
        "scopes": ["besluiten.lezen", "audittrails.lezen"],
    }
    reader = await stack.add_client("deventer", f"brc-{uuid.uuid4()}", [grant])
    trail = f"{besluit['url']}/audittrail"
    assert (await reader.get(trail)).json() == (await api.get(trail)).json()
    assert datetime.now(UTC).isoformat() > (await reader.get(trail)).json()[0]["aanmaakdatum"]
