"""The lines that the logbook gets: what they say, and what they never say."""

import uuid
from typing import Any

from runtime.tenancy import as_tenant
from tests.bodies import besluit_body
from tests.documenten.maak_document import body as document_body
from tests.inzage.lezen import everything
from tests.logboek.conftest import OIN, STANDARD, ZAAKTYPE, Gemeente
from tests.logboek.receiver import ACTIVITY, KIND, SUBJECT
from zgw.logboek.config import Application

BSN, OTHER = "111222333", "123456782"
TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRACEPARENT = {"traceparent": f"00-{TRACE}-{SPAN}-01"}


async def test_a_write_is_a_line_with_the_person_encrypted(gemeente: Gemeente) -> None:
    zaak = await gemeente.zaak(BSN)
    gemeente.client.claims = {"user_id": "jansen", "user_representation": "A. Jansen"}
    changed = await gemeente.client.patch(zaak, {"omschrijving": "Feest"}, headers=TRACEPARENT)
    assert changed.status_code == 200, changed.text
    [line] = await gemeente.lines("zaak_partial_update")
    span = line.span
    assert (span.trace_id.hex(), span.parent_span_id.hex(), span.status.code) == (TRACE, SPAN, 0)
    assert span.span_id.hex() not in ("0" * 16, SPAN)
    assert 0 < span.start_time_unix_nano <= span.end_time_unix_nano
    assert span.start_time_unix_nano % 1_000_000 == 0
    assert line.resource["service.name"] == "Samenzaak"
    assert line.resource["service.version"]
    assert line.resource["organization.oin"] == OIN
    assert line.attributes.keys() == {ACTIVITY, SUBJECT, KIND}
    assert (line.attributes[ACTIVITY], line.attributes[KIND]) == (ZAAKTYPE, "BSN")
    assert gemeente.opened(line) == BSN
    # Nobody who reads what was sent finds the person, the user or the content.
    for body in gemeente.book.bodies:
        assert not any(word in body for word in (BSN.encode(), b"ansen", b"Feest"))


async def test_the_same_person_is_the_same_in_each_line(gemeente: Gemeente) -> None:
    first, second = await gemeente.zaak(BSN), await gemeente.zaak(BSN)
    other = await gemeente.zaak(OTHER)
    for zaak in (first, second, other):
        await gemeente.client.patch(zaak, {"omschrijving": "Feest"})
    subjects = [line.attributes[SUBJECT] for line in await gemeente.lines("zaak_partial_update")]
    assert len(subjects) == 3
    assert len(set(subjects)) == 2


async def test_each_person_has_a_line_and_nobody_has_one(gemeente: Gemeente) -> None:
    zaak = await gemeente.zaak(BSN)
    organisation = {
        **gemeente.rol(zaak, OTHER),
        "betrokkeneType": "niet_natuurlijk_persoon",
        "betrokkeneIdentificatie": {"innNnpId": OTHER},
    }
    types = (
        await gemeente.client.get(f"/catalogi/api/v1/roltypen?zaaktype={gemeente.wereld['catalogi/zaaktypen']}")
    ).json()
    [behandelaar] = [each["url"] for each in types["results"] if each["omschrijvingGeneriek"] == "behandelaar"]
    await gemeente.client.created("/zaken/api/v1/rollen", {**organisation, "roltype": behandelaar})
    lines = await gemeente.lines("rol_create")
    assert {(line.attributes[KIND], gemeente.opened(line)) for line in lines} == {("BSN", BSN), ("RSIN", OTHER)}
    assert len({line.number for line in lines}) == 2
    assert len({line.span.trace_id for line in lines}) == 1
    empty = await gemeente.zaak()
    await gemeente.client.patch(empty, {"omschrijving": "Niemand"})
    [line] = await gemeente.lines("zaak_partial_update")
    assert line.attributes == {ACTIVITY: ZAAKTYPE}


async def test_what_is_removed_is_still_about_its_person(gemeente: Gemeente) -> None:
    zaak = await gemeente.zaak(BSN)
    assert (await gemeente.client.delete(zaak)).status_code == 204
    [line] = await gemeente.lines("zaak_destroy")
    assert gemeente.opened(line) == BSN


async def test_documents_and_besluiten_are_about_the_persons_of_their_zaak(gemeente: Gemeente) -> None:
    zaak = await gemeente.zaak(BSN)
    api, wereld = gemeente.client, gemeente.wereld
    document = await api.created(
        "/documenten/api/v1/enkelvoudiginformatieobjecten", document_body(wereld["catalogi/informatieobjecttypen"])
    )
    await api.created("/zaken/api/v1/zaakinformatieobjecten", {"zaak": zaak, "informatieobject": document["url"]})
    [made] = await gemeente.lines("enkelvoudiginformatieobject_create")
    assert made.attributes == {ACTIVITY: STANDARD}
    # The mirror in Documenten is our own doing, and no action of its own.
    assert not await gemeente.lines("objectinformatieobject_create")
    assert (await api.get(f"{document['url']}/download")).status_code == 200
    [line] = await gemeente.lines("enkelvoudiginformatieobject_download")
    assert (gemeente.opened(line), line.attributes[ACTIVITY]) == (BSN, ZAAKTYPE)
    besluit = await api.created("/besluiten/api/v1/besluiten", besluit_body(wereld["catalogi/besluittypen"], zaak=zaak))
    [line] = await gemeente.lines("besluit_create")
    assert gemeente.opened(line) == BSN
    assert (await api.delete(besluit["url"])).status_code == 204
    [line] = await gemeente.lines("besluit_delete")
    assert gemeente.opened(line) == BSN


async def test_several_writes_at_once_are_one_action(gemeente: Gemeente) -> None:
    api, wereld = gemeente.client, gemeente.wereld
    zaak = wereld.bodies["zaken/zaken"][1]
    rol = {name: value for name, value in gemeente.rol("", BSN).items() if name != "zaak"}
    status = {"statustype": wereld["catalogi/statustypen"], "datumStatusGezet": "2026-02-01T12:00:00Z"}
    answer = await api.post("/zaken/api/v1/zaak_registreren", {"zaak": zaak, "rollen": [rol], "status": status})
    assert answer.status_code == 201, answer.text
    [line] = await gemeente.lines("zaak_registreren")
    assert gemeente.opened(line) == BSN


async def test_what_fails_is_a_line_without_a_person(gemeente: Gemeente) -> None:
    zaak = await gemeente.zaak(BSN)
    assert (await gemeente.client.patch(zaak, {"zaaktype": "x"})).status_code == 400
    assert (await gemeente.client.get(f"/zaken/api/v1/zaken/{uuid.uuid4()}")).status_code == 404
    [refused] = await gemeente.lines("zaak_partial_update")
    # The input was refused, and the system did what it should.
    assert refused.span.status.code == 0
    assert "exception.type" not in refused.attributes
    assert gemeente.opened(refused) == BSN
    [absent] = await gemeente.lines("zaak_retrieve")
    assert SUBJECT not in absent.attributes


async def test_a_fault_of_ours_is_an_error(gemeente: Gemeente, monkeypatch: Any) -> None:
    zaak = await gemeente.zaak(BSN)

    async def fails(*_: Any) -> None:
        raise RuntimeError(f"secret {BSN}")

    with monkeypatch.context() as patched:
        patched.setattr("zgw.write.told", fails)
        assert (await gemeente.client.patch(zaak, {"omschrijving": "Feest"})).status_code == 500
    [line] = await gemeente.lines("zaak_partial_update")
    assert line.span.status.code == 2
    assert line.attributes["exception.message"] == "HTTP 500"
    assert BSN.encode() not in gemeente.book.bodies[-1]


async def test_the_activity_is_that_of_the_request_the_application_or_the_zaaktype(gemeente: Gemeente) -> None:
    zaak = await gemeente.zaak(BSN)
    own = "https://register.example.nl/v1/eigen"
    for sent, found in ((own, own), ("no uri", ZAAKTYPE), ("", ZAAKTYPE)):
        await gemeente.client.patch(zaak, {"omschrijving": "Feest"}, headers={"X-Verwerkingsactiviteit": sent})
        [line] = await gemeente.lines("zaak_partial_update")
        assert line.attributes[ACTIVITY] == found
        gemeente.book.lines.clear()
    await gemeente.log(applicaties={gemeente.client.client_id: Application("https://register.example.nl/app")})
    await gemeente.client.patch(zaak, {"omschrijving": "Feest"})
    [line] = await gemeente.lines("zaak_partial_update")
    assert line.attributes[ACTIVITY] == "https://register.example.nl/app"


async def test_the_span_of_another_organisation_is_named_as_theirs(gemeente: Gemeente) -> None:
    zaak = await gemeente.zaak(BSN)
    site = "https://leverancier.example.nl"
    await gemeente.log(applicaties={gemeente.client.client_id: Application(site=site)})
    await gemeente.client.patch(zaak, {"omschrijving": "Feest"}, headers=TRACEPARENT)
    [line] = await gemeente.lines("zaak_partial_update")
    assert (line.span.trace_id.hex(), line.span.parent_span_id) == (TRACE, b"")
    assert line.attributes["dpl.core.foreign_operation.span_id"] == SPAN
    assert line.attributes["dpl.core.foreign_operation.processor"] == site
    # Without a trace of theirs there is nothing to refer to.
    gemeente.book.lines.clear()
    await gemeente.client.patch(zaak, {"omschrijving": "Feest"})
    [line] = await gemeente.lines("zaak_partial_update")
    assert not [name for name in line.attributes if "foreign" in name]
    assert line.span.parent_span_id == b""


async def test_without_a_logbook_nothing_is_kept(gemeente: Gemeente) -> None:
    other = f"stil-{uuid.uuid4().hex[:8]}"
    await gemeente.stack.add_tenant(other)
    client = await gemeente.stack.add_client(other, f"zac-{other}")
    assert (await client.get("/zaken/api/v1/zaken")).status_code == 200
    assert (await client.get(f"/zaken/api/v1/zaken/{uuid.uuid4()}")).status_code == 404
    service = gemeente.stack.standalone.services["zaken"]
    await service.logs.gathered.flush()
    async with service.database.acquire(other) as db:
        assert await db.connection.fetchval("SELECT count(*) FROM verwerking") == 0


async def test_every_way_of_reading_is_about_its_persons(gemeente: Gemeente) -> None:
    zaak, api = await gemeente.zaak(BSN), gemeente.client
    [rol] = (await api.get("/zaken/api/v1/rollen", params={"zaak": zaak})).json()["results"]
    status = await api.created(
        "/zaken/api/v1/statussen",
        {
            "zaak": zaak,
            "statustype": gemeente.wereld["catalogi/statustypen"],
            "datumStatusGezet": "2026-02-01T12:00:00Z",
        },
    )
    found = await api.post("/zaken/api/v1/zaken/_zoek", {"uuid__in": [zaak[-36:]]})
    assert found.json()["count"] == 1
    for path in (zaak, f"{zaak}?expand=rollen", f"{zaak}/audittrail", rol["url"], status["url"]):
        answer = await api.get(path)
        assert answer.status_code == 200, answer.text
    await api.get("/zaken/api/v1/statussen", params={"zaak": zaak})
    await gemeente.all_logged()
    reads = (
        "rol_list",
        "zaak__zoek",
        "zaak_retrieve",
        "audittrail_list",
        "rol_retrieve",
        "status_retrieve",
        "status_list",
    )
    lines = {name: gemeente.book.named(name) for name in reads}
    assert [len(lines[name]) for name in reads] == [1, 1, 2, 1, 1, 1, 1]
    assert {gemeente.opened(line) for some in lines.values() for line in some} == {BSN}
    assert {line.attributes[ACTIVITY] for some in lines.values() for line in some} == {ZAAKTYPE}


async def test_a_list_has_a_line_for_each_person(gemeente: Gemeente) -> None:
    zaken = [await gemeente.zaak(BSN), await gemeente.zaak(OTHER), await gemeente.zaak(BSN)]
    await gemeente.client.post("/zaken/api/v1/zaken/_zoek", {"uuid__in": [zaak[-36:] for zaak in zaken]})
    lines = await gemeente.lines("zaak__zoek")
    assert sorted(gemeente.opened(line) for line in lines) == [BSN, OTHER]


async def test_the_trace_is_that_of_the_reading_log(gemeente: Gemeente) -> None:
    zaak = await gemeente.zaak(BSN)
    await gemeente.client.get(zaak)
    [line] = await gemeente.lines("zaak_retrieve")
    service = gemeente.stack.standalone.services["zaken"]
    assert service.logs.reading_log is not None
    await service.logs.reading_log.flush()
    async with gemeente.stack.admin() as admin, as_tenant(admin, gemeente.tenant, "zaken") as db:
        traces = {row["trace_id"].hex for row in await everything(db)}
    assert line.number[0] in traces
