"""A document that is registered with its place in a zaak: both are there, or neither is, whatever fails in between."""

import asyncio
from base64 import b64encode
from typing import Any

import pytest

from services.documenten import registreren
from tests.answers import errors
from tests.besluiten.wereld import ZIOS, Werk
from tests.documenten.maak_document import body as document_body
from tests.relaties.breken import Break, broken, outbox, over
from tests.stack import Client, Stack
from tests.waiting import until
from zgw import write

__all__ = ["broken"]

REGISTREREN = "/documenten/api/v1/document_registreren"
DOCUMENTEN = "/documenten/api/v1/enkelvoudiginformatieobjecten"


def registratie(werk: Werk, zaak: str, **changes: Any) -> dict[str, Any]:
    """Return the body of a document of a zaak."""
    usual = {"indicatieGebruiksrecht": False, **changes}
    return {
        "enkelvoudiginformatieobject": document_body(werk.types.informatieobjecttype, **usual),
        "zaakinformatieobject": {"zaak": zaak, "titel": "Brief"},
    }


async def counted(stack: Stack) -> tuple[int, ...]:
    """Return how many documents and zaakinformatieobjecten there are, and lines about them."""
    tables: tuple[str, ...] = ("documenten.document", "documenten.audittrail", "documenten.objectinformatieobject")
    tables += ("zaken.zaakinformatieobject", "zaken.audittrail")
    async with stack.admin() as admin:
        return tuple([await admin.fetchval(f"SELECT count(*) FROM deventer_{table}") for table in tables])


async def test_document_registreren(werk: Werk, gemeld: list[dict[str, Any]]) -> None:
    zaak = await werk.zaak()
    headers = {"X-Audit-Toelichting": "ingekomen"}
    answer = await werk.api.post(REGISTREREN, registratie(werk, zaak), headers=headers)
    assert answer.status_code == 201, answer.text
    assert not {"location", "etag", "x-warning"} & set(answer.headers)
    content = answer.json()
    assert list(content) == ["enkelvoudiginformatieobject", "zaakinformatieobject"]
    document, zio = content["enkelvoudiginformatieobject"], content["zaakinformatieobject"]
    assert document["lock"] == ""
    assert (await werk.api.get(document["url"])).json().items() <= {**document, "locked": False}.items()
    assert zio == (await werk.api.get(zio["url"])).json()
    assert (zio["informatieobject"], zio["zaak"], zio["titel"]) == (document["url"], zaak, "Brief")
    assert await werk.objecten(document["url"]) == [("zaak", zaak)]
    for url, resource in ((zaak, "zaakinformatieobject"), (document["url"], "enkelvoudiginformatieobject")):
        trail = (await werk.api.get(f"{url}/audittrail")).json()
        [line] = [line for line in trail if line["resource"] == resource]
        assert (line["actie"], line["toelichting"]) == ("create", "ingekomen")
        assert line["applicatieWeergave"] == "alles-deventer"
    wanted = {(document["url"], "enkelvoudiginformatieobject"), (zio["url"], "zaakinformatieobject")}
    await until(lambda: wanted <= {(m["resourceUrl"], m["resource"]) for m in gemeld})


@pytest.mark.parametrize("size", [10, 200_000])
async def test_content_of_any_size(werk: Werk, size: int) -> None:
    """It is taken out of the body while that comes in, from inside its member."""
    content = bytes(range(256)) * (size // 256 + 1)
    body = registratie(werk, await werk.zaak(), inhoud=b64encode(content).decode(), bestandsomvang=len(content))
    # The name elsewhere is not the content.
    body["zaakinformatieobject"]["beschrijving"] = 'inhoud": "'
    answer = await werk.api.post(REGISTREREN, {"inhoud": "abc", **body})
    assert answer.status_code == 201, answer.text
    document = answer.json()["enkelvoudiginformatieobject"]
    assert (await werk.api.get(f"{document['url']}/download")).content == content
    large = registratie(werk, await werk.zaak(), inhoud=..., bestandsomvang=10)
    document = (await werk.api.post(REGISTREREN, large)).json()["enkelvoudiginformatieobject"]
    assert document["lock"] == document["bestandsdelen"][0]["lock"] != ""


async def test_everything_that_is_wrong_is_told_at_once(werk: Werk, stack: Stack) -> None:
    before = await counted(stack)
    assert errors(await werk.api.post(REGISTREREN, {})) == [
        ("enkelvoudiginformatieobject", "required"),
        ("zaakinformatieobject", "required"),
    ]
    odd: dict[str, Any] = {"enkelvoudiginformatieobject": [], "zaakinformatieobject": None}
    assert errors(await werk.api.post(REGISTREREN, odd)) == [
        ("enkelvoudiginformatieobject.nonFieldErrors", "invalid"),
        ("zaakinformatieobject", "null"),
    ]
    body = registratie(werk, await werk.zaak(), titel=..., taal="nederlands", inhoud="a===")
    body["zaakinformatieobject"] |= {"titel": "x" * 201}
    assert set(errors(await werk.api.post(REGISTREREN, body))) == {
        ("enkelvoudiginformatieobject.titel", "required"),
        ("enkelvoudiginformatieobject.taal", "max_length"),
        ("enkelvoudiginformatieobject.inhoud", "incorrect-base64-padding"),
        ("zaakinformatieobject.titel", "max_length"),
    }
    for zaak, code in ((..., "required"), (None, "null"), (f"{(await werk.zaak())[:-12]}000000000000", "object-")):
        body = registratie(werk, "")
        body["zaakinformatieobject"]["zaak"] = zaak
        if zaak is ...:
            del body["zaakinformatieobject"]["zaak"]
        [(name, found)] = errors(await werk.api.post(REGISTREREN, body))
        assert (name, found.startswith(code)) == ("zaakinformatieobject.zaak", True)
    other = await werk.maak.zaaktype()
    wrong = registratie(werk, await werk.zaak(), informatieobjecttype=other.informatieobjecttype)
    code = "missing-zaaktype-informatieobjecttype-relation"
    assert errors(await werk.api.post(REGISTREREN, wrong)) == [("zaakinformatieobject.nonFieldErrors", code)]
    after = await counted(stack)
    assert (after[0], *after[2:4]) == (before[0], *before[2:4])


async def client(werk: Werk, name: str, *scopes: str, documenten: str = "documenten.aanmaken") -> Client:
    """Return a client with these scopes for the zaaktype, and one for the informatieobjecttype."""
    level = {"maxVertrouwelijkheidaanduiding": "zeer_geheim"}
    grants = [
        {"component": "drc", "scopes": [documenten], "informatieobjecttype": werk.types.informatieobjecttype, **level}
    ]
    if scopes:
        grants.append({"component": "zrc", "scopes": list(scopes), "zaaktype": werk.types.url, **level})
    return await werk.api.stack.add_client("deventer", f"{name}-{werk.types.url[-12:]}", grants)


async def test_scopes(werk: Werk, stack: Stack) -> None:
    zaak = await werk.zaak()
    before = await counted(stack)
    for number, scopes in enumerate([(), ("zaken.lezen",), ("zaken.statussen.toevoegen",)]):
        answer = await (await client(werk, f"zonder-{number}", *scopes)).post(REGISTREREN, registratie(werk, zaak))
        assert answer.status_code == 403, answer.text
    lezer = await client(werk, "lezer", "zaken.bijwerken", documenten="documenten.lezen")
    assert (await lezer.post(REGISTREREN, registratie(werk, zaak))).status_code == 403
    assert await counted(stack) == before
    for scope in ("zaken.aanmaken", "zaken.bijwerken", "zaken.geforceerd-bijwerken"):
        answer = await (await client(werk, scope, scope)).post(REGISTREREN, registratie(werk, zaak))
        assert answer.status_code == 201, answer.text
    await werk.sluit(zaak)
    for scope, status in (("zaken.bijwerken", 403), ("zaken.geforceerd-bijwerken", 201)):
        answer = await (await client(werk, f"dicht-{scope}", scope)).post(REGISTREREN, registratie(werk, zaak))
        assert answer.status_code == status, answer.text


async def test_a_zaak_that_is_closed_in_between_takes_the_document_back(
    werk: Werk, stack: Stack, monkeypatch: pytest.MonkeyPatch, gemeld: list[dict[str, Any]]
) -> None:
    """The Zaken API agreed before, and refuses in the end."""
    zaak = await werk.zaak()
    real = write.settle

    async def settle(check: Any) -> None:
        await werk.sluit(zaak)
        await real(check)

    monkeypatch.setattr(registreren, "settle", settle)
    limited = await client(werk, "tussendoor", "zaken.bijwerken")
    before = await counted(stack)
    answer = await limited.post(REGISTREREN, registratie(werk, zaak))
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
    assert (await counted(stack))[:4] == before[:4]
    assert await outbox(stack, "documenten") == []
    assert await announced_but_not_there(werk, gemeld) == []


async def announced_but_not_there(werk: Werk, gemeld: list[dict[str, Any]]) -> list[str]:
    """Return which documents were announced as new that do not exist."""
    made = [m["resourceUrl"] for m in gemeld if (m["kanaal"], m["actie"]) == ("documenten", "create")]
    return [url for url in made if (await werk.api.get(url)).status_code != 200]


@pytest.mark.parametrize("after", [False, True], ids=["not carried out", "carried out"])
async def test_no_answer_of_the_zaken_api(werk: Werk, stack: Stack, broken: Break, after: bool) -> None:
    """When it was carried out the relation is there, and the document stays with it."""
    zaak = await werk.zaak()
    before = await counted(stack)
    with broken("documenten", "zaken", ("POST",), after):
        answer = await werk.api.post(REGISTREREN, registratie(werk, zaak))
    zios = (await werk.api.get(ZIOS, params={"zaak": zaak})).json()
    if after:
        assert answer.status_code == 201, answer.text
        assert zios == [answer.json()["zaakinformatieobject"]]
    else:
        assert errors(answer) == [("enkelvoudiginformatieobject.nonFieldErrors", "pending-relations")]
        assert zios == []
        assert (await counted(stack))[:4] == before[:4]


@pytest.mark.parametrize("gone", [False, True], ids=["zaak", "no zaak"])
async def test_a_registration_that_was_broken_off(
    werk: Werk, stack: Stack, monkeypatch: pytest.MonkeyPatch, gemeld: list[dict[str, Any]], gone: bool
) -> None:
    """As when the process dies after the commit: the relay makes the relation, or removes the document without it."""
    zaak = await werk.zaak()

    async def died(_: Any) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(registreren, "settle", died)
        answer = await werk.api.post(REGISTREREN, registratie(werk, zaak, titel=f"Kwijt {zaak[-12:]}"))
    assert answer.status_code == 500
    if gone:
        assert (await werk.api.delete(zaak)).status_code == 204
    await over(stack, "documenten")
    found = (await werk.api.get(DOCUMENTEN, params={"titel": f"Kwijt {zaak[-12:]}"})).json()["results"]
    assert len(found) == (0 if gone else 1)
    if not gone:
        assert await werk.objecten(found[0]["url"]) == [("zaak", zaak)]
    heard = [m["resourceUrl"] for m in gemeld if (m["kanaal"], m["actie"]) == ("documenten", "create")]
    assert {document["url"] for document in found} <= set(heard)
    assert await announced_but_not_there(werk, gemeld) == []


async def test_two_at_once_with_one_number(werk: Werk, stack: Stack) -> None:
    reserved = await werk.api.post(
        "/documenten/api/v1/documentnummer_reserveren",
        {"bronorganisatie": document_body("")["bronorganisatie"], "aantal": "2"},
    )
    assert reserved.status_code == 201, reserved.text
    numbers = [each["identificatie"] for each in reserved.json()]
    assert len(set(numbers)) == 2
    body = registratie(werk, await werk.zaak(), identificatie=numbers[0])
    answers = await asyncio.gather(*(werk.api.post(REGISTREREN, body) for _ in "ab"))
    assert sorted(answer.status_code for answer in answers) == [201, 400]
    [refused] = [answer for answer in answers if answer.status_code == 400]
    wanted = [("enkelvoudiginformatieobject.identificatie", "identificatie-niet-uniek")]
    assert errors(refused) == wanted
    assert errors(
        await werk.api.post(
            "/documenten/api/v1/documentnummer_reserveren",
            {"bronorganisatie": document_body("")["bronorganisatie"], "aantal": 0},
        )
    ) == [("aantal", "min_value")]


async def test_documentnummer_reserveren(werk: Werk) -> None:
    path = "/documenten/api/v1/documentnummer_reserveren"
    body = {"bronorganisatie": document_body("")["bronorganisatie"]}
    one = await werk.api.post(path, body)
    assert (one.status_code, list(one.json())) == (201, ["identificatie"])
    # Nobody else gets it: not by a reservation, and not by a document without a number.
    others = (await werk.api.post(path, {**body, "aantal": 3})).json()
    made = await werk.document()
    numbers = [one.json(), *others, (await werk.api.get(made)).json()]
    assert len({each["identificatie"] for each in numbers}) == 5
    for wrong, code in (({}, "required"), ({"bronorganisatie": "1"}, "min_length")):
        found = errors(await werk.api.post(path, wrong))
        assert ("bronorganisatie", code) in found
    assert errors(await werk.api.post(path, {**body, "aantal": 10_001})) == [("aantal", "max_value")]
    lezer = await client(werk, "nummers", documenten="documenten.lezen")
    assert (await lezer.post(path, body)).status_code == 403
