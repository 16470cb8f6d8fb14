"""Makes documents for tests, through the API."""

import base64
import itertools
import time
from typing import Any

from tests.stack import Client

EIO = "/documenten/api/v1/enkelvoudiginformatieobjecten"
_numbers = itertools.count(time.time_ns() % 10**9)


def content_of(size: int, seed: bytes = b"samenzaak") -> bytes:
    """Return ``size`` bytes that do not repeat."""
    import random

    return random.Random(seed + str(size).encode()).randbytes(size)


def b64(data: bytes) -> str:
    """Return base64 as clients send it."""
    return base64.b64encode(data).decode()


async def informatieobjecttype(api: Client, **changes: Any) -> str:
    """Make a catalogus with one published informatieobjecttype and return its URL."""
    number = next(_numbers)
    catalogus = await api.created(
        "/catalogi/api/v1/catalogussen",
        {
            "domein": "".join(chr(65 + number // 26**place % 26) for place in range(5)),
            "rsin": "000000000",
            "contactpersoonBeheerNaam": "Beheer",
            "naam": f"Catalogus {number}",
        },
    )
    publish = changes.pop("publish", True)
    made = await api.created(
        "/catalogi/api/v1/informatieobjecttypen",
        {
            "catalogus": catalogus["url"],
            "omschrijving": f"Brief {number}",
            "vertrouwelijkheidaanduiding": "openbaar",
            "beginGeldigheid": "2020-01-01",
            "informatieobjectcategorie": "brief",
            **changes,
        },
    )
    if publish:
        answer = await api.post(made["url"] + "/publish")
        assert answer.status_code == 200, answer.text
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


async def document(api: Client, maak: Any = None, **changes: Any) -> dict[str, Any]:
    """Make a document and return it; without ``informatieobjecttype`` in ``changes`` it gets a type of its own.

    ``maak`` is the factory of catalogue types of ``tests/maak.py``, or None.
    """
    if "informatieobjecttype" not in changes:
        if maak is not None and hasattr(maak, "informatieobjecttype"):
            made = await maak.informatieobjecttype()
            changes["informatieobjecttype"] = made["url"] if isinstance(made, dict) else made
        else:
            changes["informatieobjecttype"] = await informatieobjecttype(api)
    return await api.created(EIO, body(changes.pop("informatieobjecttype"), **changes))
