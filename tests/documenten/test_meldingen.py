"""The audit trail and the notifications of documents (documenten.md §8)."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from tests.documenten.bron import Bron
from tests.documenten.maak_document import b64, body, document, family, ontgrendel, vergrendel
from tests.documenten.wissel import Wissel
from tests.stack import Client, Stack
from tests.waiting import until


async def test_audit_trail(api: Client, iot: str) -> None:
    made = await document(api, informatieobjecttype=iot)
    lock = await vergrendel(api, made)
    why = {"X-Audit-Toelichting": "Correctie"}
    await api.patch(made["url"], {"lock": lock, "titel": "Nieuw", "inhoud": b64(b"geheim")}, headers=why)
    await api.put(made["url"], body(iot, lock=lock))
    await ontgrendel(api, made, lock)
    answer = await api.get(made["url"] + "/audittrail")
    trail = answer.json()
    assert [(e["resource"], e["actie"], e["resultaat"]) for e in trail] == [
        ("enkelvoudiginformatieobject", "create", 201),
        ("enkelvoudiginformatieobject", "partial_update", 200),
        ("enkelvoudiginformatieobject", "update", 200),
    ]
    entry = trail[1]
    assert (entry["bron"], entry["toelichting"], entry["hoofdObject"]) == ("drc", "Correctie", made["url"])
    assert entry["resourceWeergave"] == f"517439943 - {made['identificatie']}"
    old, new = entry["wijzigingen"]["oud"], entry["wijzigingen"]["nieuw"]
    assert (old["titel"], new["titel"], new["versie"]) == ("Besluit op aanvraag", "Nieuw", 2)
    # Neither content nor locks.
    assert b64(b"geheim") not in answer.text
    assert lock not in answer.text
    assert (await api.get(f"{made['url']}/audittrail/{entry['uuid']}")).json() == entry


class Nrc:
    """Stands in for Notificaties and keeps what it gets."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Accept everything."""
        data = orjson.loads((await receive()).get("body") or b"{}")
        self.messages += [each["message"] for each in data["berichten"]]
        await send({"type": "http.response.start", "status": 201, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    async def of(self, url: str, count: int) -> list[dict[str, Any]]:
        """Return the notifications about one document, once there are ``count``."""
        await until(lambda: len(self._of(url)) >= count, f"less than {count} messages about {url}")
        return self._of(url)

    def _of(self, url: str) -> list[dict[str, Any]]:
        return [m for m in self.messages if m["hoofdObject"] == url]


@pytest.fixture
def nrc(stack: Stack, wissel: Wissel) -> Iterator[Nrc]:
    """Stands in for the Notificaties API."""
    fake = Nrc()
    with wissel.standing_in(stack, fake, "notificaties"):
        yield fake


async def test_notifications(api: Client, iot: str, bron: Bron, nrc: Nrc) -> None:
    made = await document(api, informatieobjecttype=iot)
    lock = await vergrendel(api, made)
    await api.patch(made["url"], {"lock": lock, "titel": "Nieuw"})
    await api.put(made["url"], body(iot, lock=lock))
    await ontgrendel(api, made, lock)
    parts = await family(api, made, bron)
    bron.relations.clear()
    for name in ("gebruiksrechten", "verzendingen"):
        assert (await api.patch(parts[name]["url"], {})).status_code == 200
    for part in parts.values():
        assert (await api.delete(part["url"])).status_code == 204
    assert (await api.delete(made["url"])).status_code == 204
    found = await nrc.of(made["url"], 10)
    assert sorted((m["resource"], m["actie"]) for m in found) == sorted(
        [
            *(("enkelvoudiginformatieobject", a) for a in ("create", "partial_update", "update", "destroy")),
            *((name, a) for name in ("gebruiksrechten", "verzending") for a in ("create", "partial_update", "destroy")),
        ]
    )
    assert {m["kanaal"] for m in found} == {"documenten"}
    wanted = {
        "bronorganisatie": "517439943",
        "informatieobjecttype": iot,
        "informatieobjecttype.catalogus": (await api.get(iot)).json()["catalogus"],
        "vertrouwelijkheidaanduiding": "openbaar",
    }
    assert all(m["kenmerken"] == wanted for m in found)
