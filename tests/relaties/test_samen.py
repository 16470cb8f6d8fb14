"""Several writes at once of which other services have to agree to some: when one of those does not, nothing is left."""

from typing import Any

import httpx
import pytest

from tests.answers import errors, problem
from tests.besluiten.wereld import Werk
from tests.bodies import rol_body, zaak_body
from tests.relaties.breken import MIRRORS, Break, broken, outbox, over
from tests.stack import Stack
from tests.waiting import until
from tests.zaken.zaakmaker import moment
from zgw import together

__all__ = ["broken"]

REGISTREREN = "/zaken/api/v1/zaak_registreren"
ZIOS = "/zaken/api/v1/zaakinformatieobjecten"
VERWERKEN = "/besluiten/api/v1/besluit_verwerken"


def registratie(werk: Werk, *documenten: str, **changes: Any) -> dict[str, Any]:
    """Return the body of a zaak with a rol, a status and documents."""
    rol = rol_body("", werk.types.roltypen["initiator"])
    del rol["zaak"]
    status = {"statustype": werk.types.statustypen[0], "datumStatusGezet": moment()}
    return {
        "zaak": zaak_body(werk.types.url, **changes),
        "rollen": [rol],
        "zaakinformatieobjecten": [{"informatieobject": document} for document in documenten],
        "status": status,
    }


async def counted(stack: Stack, service: str, *tables: str) -> list[int]:
    """Return how many rows these tables of a service have."""
    async with stack.admin() as admin:
        return [await admin.fetchval(f"SELECT count(*) FROM deventer_{service}.{table}") for table in tables]


async def test_zaak_registreren_with_documents(werk: Werk, gemeld: list[dict[str, Any]]) -> None:
    documents = [await werk.document(), await werk.document()]
    answer = await werk.api.post(REGISTREREN, registratie(werk, *documents))
    assert answer.status_code == 201, answer.text
    zaak = answer.json()["zaak"]
    zios = answer.json()["zaakinformatieobjecten"]
    assert [zio["informatieobject"] for zio in zios] == documents
    assert zaak["zaakinformatieobjecten"] == [zio["url"] for zio in zios]
    for document in documents:
        assert await werk.objecten(document) == [("zaak", zaak["url"])]
    wanted = ["zaak", "status", "rol", "zaakinformatieobject", "zaakinformatieobject"]

    def heard() -> list[str]:
        return [m["resource"] for m in gemeld if m["hoofdObject"] == zaak["url"]]

    await until(lambda: len(heard()) >= len(wanted))
    assert heard() == wanted


@pytest.mark.parametrize("after", [False, True], ids=["not carried out", "carried out"])
async def test_zaak_registreren_is_taken_back(
    werk: Werk, stack: Stack, broken: Break, gemeld: list[dict[str, Any]], after: bool
) -> None:
    """The number that was reserved for it can be used again."""
    reserved = await werk.api.post(
        "/zaken/api/v1/zaaknummer_reserveren", {"bronorganisatie": zaak_body("")["bronorganisatie"]}
    )
    body = registratie(werk, await werk.document(), identificatie=reserved.json()["zaaknummer"])
    tables = ("zaak", "rol", "status", "zaakinformatieobject", "audittrail")
    before = await counted(stack, "zaken", *tables)
    with broken("zaken", "documenten", ("POST",), after):
        answer = await werk.api.post(REGISTREREN, body)
    assert errors(answer) == [("zaakinformatieobjecten.0.informatieobject", "pending-relations")]
    assert await counted(stack, "zaken", *tables) == before
    assert not [row for row in await outbox(stack, "zaken") if row["message"] != "{}"]
    document = body["zaakinformatieobjecten"][0]["informatieobject"]
    assert await werk.objecten(document) == []
    answer = await werk.api.post(REGISTREREN, body)
    assert answer.status_code == 201, answer.text
    url = answer.json()["zaak"]["url"]
    await until(lambda: len([m for m in gemeld if m["hoofdObject"] == url]) == 4)
    assert not [m for m in gemeld if m["resource"] == "zaak" and m["resourceUrl"] != url]


async def test_nothing_is_announced_before_all_agreed(
    werk: Werk, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    internal = stack.standalone.services["zaken"].internal
    send = internal.send
    seen: list[bool] = []

    async def looking(caller: Any, to: str, method: str, path: str, body: Any = None, headers: Any = None) -> Any:
        if to == "documenten" and method == "POST" and path == MIRRORS:
            seen.extend(row["held_until"] is not None for row in await outbox(stack, "zaken"))
        return await send(caller, to, method, path, body, headers or {})

    monkeypatch.setattr(internal, "send", looking)
    await werk.api.created(REGISTREREN, registratie(werk, await werk.document()))
    assert seen == [True] * 4


async def test_a_registration_that_was_broken_off_is_finished_by_the_relay(
    werk: Werk, stack: Stack, gemeld: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the process dies between the commit and the calls: the zaak stays, with all that belongs to it."""
    document = await werk.document()

    async def died(*_: Any) -> None:
        pass

    with monkeypatch.context() as patch:
        patch.setattr(together, "reach_agreement", died)
        assert (await werk.api.post(REGISTREREN, registratie(werk, document))).status_code == 201
    assert await werk.objecten(document) == []
    await over(stack)
    [(kind, zaak)] = await werk.objecten(document)
    assert kind == "zaak"
    heard = [m["resource"] for m in gemeld if m["hoofdObject"] == zaak]
    assert sorted(heard) == ["rol", "status", "zaak", "zaakinformatieobject"]


async def test_besluit_verwerken(werk: Werk, stack: Stack, broken: Break, gemeld: list[dict[str, Any]]) -> None:
    zaak, documents = await werk.zaak(), [await werk.document(), await werk.document()]
    body = {
        "besluit": werk.body(zaak=zaak, toelichting="ja"),
        "besluitinformatieobjecten": [{"informatieobject": each, "besluit": "onzin"} for each in documents],
    }
    before = await counted(stack, "besluiten", "besluit", "besluitinformatieobject", "audittrail")
    for other, name in (
        ("zaken", "besluit.zaak"),
        ("documenten", "besluitinformatieobjecten.0.informatieobject"),
    ):
        with broken("besluiten", other, ("POST",)):
            assert errors(await werk.api.post(VERWERKEN, body)) == [(name, "pending-relations")]
        assert await counted(stack, "besluiten", "besluit", "besluitinformatieobject", "audittrail") == before
        assert await werk.zaakbesluiten(zaak) == []
    answer = await werk.api.post(VERWERKEN, body)
    assert answer.status_code == 201, answer.text
    assert not {"location", "etag"} & set(answer.headers)
    content = answer.json()
    assert list(content) == ["besluit", "besluitinformatieobjecten"]
    besluit = content["besluit"]["url"]
    assert content["besluit"] == (await werk.api.get(besluit)).json()
    assert [each["informatieobject"] for each in content["besluitinformatieobjecten"]] == documents
    assert await werk.zaakbesluiten(zaak) == [besluit]
    for document in documents:
        assert await werk.objecten(document) == [("besluit", besluit)]
    trail = (await werk.api.get(f"{besluit}/audittrail")).json()
    assert [(line["resource"], line["actie"]) for line in trail] == [
        ("besluit", "create"),
        *[("besluitinformatieobject", "create")] * 2,
    ]

    def heard() -> list[str]:
        return [m["resource"] for m in gemeld if m["hoofdObject"] == besluit]

    await until(lambda: len(heard()) == 3)
    assert heard() == ["besluit", "besluitinformatieobject", "besluitinformatieobject"]


async def test_besluit_verwerken_refuses(werk: Werk) -> None:
    document = await werk.document()
    assert errors(await werk.api.post(VERWERKEN, {})) == [
        ("besluit", "required"),
        ("besluitinformatieobjecten", "required"),
    ]
    body = {"besluit": werk.body(datum="x"), "besluitinformatieobjecten": [{}, {"informatieobject": f"{document}x"}]}
    assert set(errors(await werk.api.post(VERWERKEN, body))) == {
        ("besluit.datum", "invalid"),
        ("besluitinformatieobjecten.0.informatieobject", "required"),
        ("besluitinformatieobjecten.1.informatieobject", "bad-url"),
    }
    twice = {"besluit": werk.body(), "besluitinformatieobjecten": [{"informatieobject": document}] * 2}
    assert errors(await werk.api.post(VERWERKEN, twice)) == [("besluitinformatieobjecten.1.nonFieldErrors", "unique")]
    empty = await werk.api.post(VERWERKEN, {"besluit": werk.body(), "besluitinformatieobjecten": []})
    assert empty.json()["besluitinformatieobjecten"] == []
    grant = {"component": "brc", "besluittype": werk.types.besluittype}
    name = f"besluit-{werk.types.url[-12:]}"
    lezer = await werk.api.stack.add_client("deventer", name, [{**grant, "scopes": ["besluiten.lezen"]}])
    assert (await lezer.post(VERWERKEN, twice)).status_code == 403
    maker = await werk.api.stack.add_client("deventer", f"{name}-m", [{**grant, "scopes": ["besluiten.aanmaken"]}])
    assert (await maker.post(VERWERKEN, {"besluit": werk.body(), "besluitinformatieobjecten": []})).status_code == 201


async def test_a_service_that_does_not_answer_is_no_wrong_url(
    werk: Werk, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client repeats a 503; a 400 tells it that the document does not exist."""
    document = await werk.document()
    internal = stack.standalone.services["zaken"].internal
    send = internal.send

    async def silent(caller: Any, to: str, method: str, path: str, *more: Any) -> Any:
        if to == "documenten":
            raise httpx.ReadTimeout("no answer")
        return await send(caller, to, method, path, *more)

    zaak = await werk.zaak()
    with monkeypatch.context() as patch:
        patch.setattr(internal, "send", silent)
        for path, body in (
            (REGISTREREN, registratie(werk, document)),
            (ZIOS, {"zaak": zaak, "informatieobject": document}),
        ):
            answer = await werk.api.post(path, body)
            assert problem(answer) == (503, "service_unavailable"), path
            assert int(answer.headers["Retry-After"]) > 0
    assert (await werk.api.get(ZIOS, params={"zaak": zaak})).json() == []
