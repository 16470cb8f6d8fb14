"""Makes documents for tests, through the API."""

import base64
import random
from typing import Any, cast

from tests.documenten.bron import Bron
from tests.maak import Maak
from tests.stack import Client

ROOT = "/documenten/api/v1"
EIO = f"{ROOT}/enkelvoudiginformatieobjecten"


def content_of(size: int, seed: int = 1) -> bytes:
    """Return ``size`` bytes that do not repeat, the same ones for the same seed."""
    return random.Random(seed).randbytes(size)


def b64(data: bytes) -> str:
    """Return base64 as clients send it."""
    return base64.b64encode(data).decode()


async def informatieobjecttype(api: Client, **changes: Any) -> str:
    """Make a published informatieobjecttype (``concept=True``: an unpublished one) and return its URL."""
    # A type of document needs nothing of the selection list.
    made = await Maak(api, cast(Any, None)).informatieobjecttype(**changes)
    return str(made["url"])


def body(type_url: str, **changes: Any) -> dict[str, Any]:
    """Return the body of a small document; a change to ``...`` leaves the field out."""
    data = {
        "bronorganisatie": "517439943",
        "creatiedatum": "2026-03-02",
        "titel": "Besluit op aanvraag",
        "auteur": "J. de Vries",
        "taal": "nld",
        "formaat": "text/plain",
        "bestandsnaam": "besluit.txt",
        "inhoud": b64(b"Geachte mevrouw,"),
        "informatieobjecttype": type_url,
        **changes,
    }
    return {name: value for name, value in data.items() if value is not ...}


async def document(api: Client, maak: Maak | None = None, **changes: Any) -> dict[str, Any]:
    """Make a document and return it; without ``informatieobjecttype`` in ``changes`` it gets a type of its own.

    ``maak`` is the factory of catalogue types of ``tests/maak.py``.
    """
    kind = changes.pop("informatieobjecttype", "")
    if not kind:
        kind = (await maak.informatieobjecttype())["url"] if maak else await informatieobjecttype(api)
    return await api.created(EIO, body(kind, **changes))


async def vergrendel(api: Client, document: dict[str, Any]) -> str:
    """Lock a document and return the lock."""
    answer = await api.post(document["url"] + "/lock")
    assert answer.status_code == 200, answer.text
    return str(answer.json()["lock"])


async def ontgrendel(api: Client, document: dict[str, Any], lock: str) -> None:
    """Unlock a document."""
    answer = await api.post(document["url"] + "/unlock", {"lock": lock})
    assert answer.status_code == 204, answer.text


async def family(api: Client, made: dict[str, Any], bron: Bron) -> dict[str, dict[str, Any]]:
    """Make everything that can belong to a document."""
    zaak = bron.zaak()
    bron.relations.add((zaak, made["url"]))
    own = {"informatieobject": made["url"]}
    right = {**own, "startdatum": "2026-01-01T00:00:00Z", "omschrijvingVoorwaarden": "Vrij"}
    link = {**own, "object": zaak, "objectType": "zaak"}
    sent = {**own, "betrokkene": "https://x.nl/1", "aardRelatie": "afzender", "contactPersoon": "https://x.nl/2"}
    return {
        "gebruiksrechten": await api.created(f"{ROOT}/gebruiksrechten", right),
        "objectinformatieobjecten": await api.created(f"{ROOT}/objectinformatieobjecten", link),
        "verzendingen": await api.created(f"{ROOT}/verzendingen", {**sent, "mijnOverheid": True}),
    }
