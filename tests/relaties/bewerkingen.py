"""The eight writes that have a mirror: how to prepare and do them, and how to see whether they were done."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from tests.besluiten.wereld import BIOS, ZIOS, Werk
from tests.stack import PUBLIC


@dataclass
class Subject:
    """What one round works on: URLs by name, and what both sides must agree on afterwards."""

    urls: dict[str, str] = field(default_factory=dict)
    documents: list[str] = field(default_factory=list)
    zaken: list[str] = field(default_factory=list)
    besluiten: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Operation:
    """A write with a mirror: who leads, who is told, how to prepare and do it, and whether its effect can be seen."""

    name: str
    leading: str
    other: str
    prepare: Callable[[Werk], Awaitable[Subject]]
    request: Callable[[Subject], tuple[str, str, Any]]
    done: Callable[[Werk, Subject], Awaitable[bool]]


def path(url: str) -> str:
    """Return the stored path of a URL."""
    return url.removeprefix(PUBLIC)


async def _besluit(werk: Werk, **changes: Any) -> str:
    url: str = (await werk.besluit(**changes))["url"]
    return url


async def _nothing(werk: Werk) -> Subject:
    zaken, besluit, document = [await werk.zaak(), await werk.zaak()], await _besluit(werk), await werk.document()
    return Subject({"besluit": besluit}, [document], zaken, [besluit])


async def _with_zio(werk: Werk) -> Subject:
    subject = await _nothing(werk)
    subject.urls["zio"] = (await werk.zio(subject.zaken[0], subject.documents[0]))["url"]
    return subject


async def _with_deelzaak(werk: Werk) -> Subject:
    subject = await _with_zio(werk)
    subject.zaken.append(await werk.zaak(hoofdzaak=subject.zaken[0]))
    subject.documents.append(await werk.document())
    await werk.zio(subject.zaken[2], subject.documents[1])
    return subject


async def _with_bio(werk: Werk) -> Subject:
    subject = await _nothing(werk)
    subject.urls["bio"] = (await werk.bio(subject.urls["besluit"], subject.documents[0]))["url"]
    return subject


async def _in_zaak(werk: Werk) -> Subject:
    subject = await _with_bio(werk)
    answer = await werk.api.patch(subject.urls["besluit"], {"zaak": subject.zaken[0]})
    assert answer.status_code == 200, answer.text
    return subject


async def listed(werk: Werk, collection: str, **query: str) -> list[Any]:
    answer = await werk.api.get(collection, params=query)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    items: list[Any] = found["results"] if isinstance(found, dict) else found
    return items


async def _gone(werk: Werk, url: str) -> bool:
    return (await werk.api.get(url)).status_code == 404


async def _has(werk: Werk, collection: str, document: str) -> bool:
    return bool(await listed(werk, collection, informatieobject=document))


async def _zaak_of(werk: Werk, subject: Subject) -> str:
    zaak: str = (await werk.api.get(subject.urls["besluit"])).json().get("zaak", "")
    return zaak


async def _moved(werk: Werk, subject: Subject) -> bool:
    return await _zaak_of(werk, subject) == subject.zaken[1]


OPERATIONS = (
    Operation(
        "zaakinformatieobject create",
        "zaken",
        "documenten",
        _nothing,
        lambda s: ("POST", ZIOS, {"zaak": s.zaken[0], "informatieobject": s.documents[0]}),
        lambda werk, s: _has(werk, ZIOS, s.documents[0]),
    ),
    Operation(
        "zaakinformatieobject delete",
        "zaken",
        "documenten",
        _with_zio,
        lambda s: ("DELETE", path(s.urls["zio"]), None),
        lambda werk, s: _gone(werk, s.urls["zio"]),
    ),
    Operation(
        "besluitinformatieobject create",
        "besluiten",
        "documenten",
        _nothing,
        lambda s: ("POST", BIOS, {"besluit": s.urls["besluit"], "informatieobject": s.documents[0]}),
        lambda werk, s: _has(werk, BIOS, s.documents[0]),
    ),
    Operation(
        "besluitinformatieobject delete",
        "besluiten",
        "documenten",
        _with_bio,
        lambda s: ("DELETE", path(s.urls["bio"]), None),
        lambda werk, s: _gone(werk, s.urls["bio"]),
    ),
    Operation(
        "besluit link",
        "besluiten",
        "zaken",
        _nothing,
        lambda s: ("PATCH", path(s.urls["besluit"]), {"zaak": s.zaken[1]}),
        _moved,
    ),
    Operation(
        "besluit move",
        "besluiten",
        "zaken",
        _in_zaak,
        lambda s: ("PATCH", path(s.urls["besluit"]), {"zaak": s.zaken[1]}),
        _moved,
    ),
    Operation(
        "besluit delete",
        "besluiten",
        "zaken",
        _in_zaak,
        lambda s: ("DELETE", path(s.urls["besluit"]), None),
        lambda werk, s: _gone(werk, s.urls["besluit"]),
    ),
    Operation(
        "zaak delete",
        "zaken",
        "documenten",
        _with_deelzaak,
        lambda s: ("DELETE", path(s.zaken[0]), None),
        lambda werk, s: _gone(werk, s.zaken[0]),
    ),
)
