"""Who may see and do what: types, levels, publication, expand, filters, notifications (documenten.md §6 to §9)."""

import uuid
from typing import Any

from tests.answers import errors, problem
from tests.documenten.bron import Bron
from tests.documenten.maak_document import (
    EIO,
    ROOT,
    b64,
    body,
    document,
    family,
    informatieobjecttype,
    ontgrendel,
    vergrendel,
)
from tests.stack import PUBLIC, Client, Stack

OBJECT = "nonFieldErrors"
ALL = [
    "documenten.lezen",
    "documenten.aanmaken",
    "documenten.bijwerken",
    "documenten.verwijderen",
    "documenten.lock",
]


async def client(stack: Stack, iot: str, *scopes: str, cap: str = "openbaar", **extra: Any) -> Client:
    """Make a client with these scopes for one type up to a level."""
    grant = {
        "component": "drc",
        "scopes": list(scopes or ALL),
        "informatieobjecttype": iot,
        "maxVertrouwelijkheidaanduiding": cap,
    }
    return await stack.add_client("deventer", f"drc-{uuid.uuid4()}", [grant], **extra)


def results(answer: Any) -> list[dict[str, Any]]:
    """Return the objects of a list, with pages or without."""
    data = answer.json()
    return list(data["results"] if isinstance(data, dict) else data)


async def test_type_and_level_decide(stack: Stack, api: Client, iot: str, bron: Bron) -> None:
    visible = await document(api, informatieobjecttype=iot)
    hidden = await document(api, informatieobjecttype=iot, vertrouwelijkheidaanduiding="geheim")
    other = await document(api)
    reader = await client(stack, iot)
    for made, status in ((visible, 200), (hidden, 403), (other, 403)):
        parts = await family(api, made, bron)
        uuid_ = made["url"].rpartition("/")[2]
        for path in ("", "/download", "?versie=1"):
            assert (await reader.get(made["url"] + path)).status_code == status, (made["url"], path)
        found = await reader.get(f"{EIO}?identificatie={made['identificatie']}")
        assert found.json()["count"] == int(status == 200)
        found = await reader.post(f"{EIO}/_zoek", {"uuid__in": [uuid_, str(uuid.uuid4())]})
        assert found.json()["count"] == int(status == 200)
        for collection, part in parts.items():
            assert (await reader.get(part["url"])).status_code == status
            listed = await reader.get(f"{ROOT}/{collection}?informatieobject={made['url']}")
            assert len(results(listed)) == int(status == 200)
            sent = {k: v for k, v in part.items() if k != "url"}
            again = await reader.post(f"{ROOT}/{collection}", sent)
            assert again.status_code == (403 if status == 403 else 400 if collection.startswith("object") else 201)
        if status == 403:
            for method, path, data in (
                ("POST", "/lock", None),
                ("POST", "/unlock", None),
                ("PATCH", "", {"titel": "x"}),
                ("PUT", "", body(iot, lock="x")),
                ("DELETE", "", None),
            ):
                answer = await reader.request(method, made["url"] + path, json=data)
                assert problem(answer) == (403, "permission_denied"), (method, path)


async def test_the_scope_of_each_operation(stack: Stack, api: Client, iot: str, bron: Bron) -> None:
    made = await document(api, informatieobjecttype=iot)
    parts = await family(api, made, bron)
    bron.relations.clear()
    tries: list[tuple[str, str, str, Any]] = [
        ("GET", EIO, "documenten.lezen", None),
        ("POST", f"{EIO}/_zoek", "documenten.lezen", {"identificatie": "x"}),
        ("GET", made["url"], "documenten.lezen", None),
        ("HEAD", made["url"], "documenten.lezen", None),
        ("GET", made["inhoud"], "documenten.lezen", None),
        ("POST", EIO, "documenten.aanmaken", body(iot)),
        ("PUT", made["url"], "documenten.bijwerken", body(iot, lock="x")),
        ("PATCH", made["url"], "documenten.bijwerken", {}),
        ("PATCH", made["url"], "documenten.geforceerd-bijwerken", {}),
        ("POST", made["url"] + "/lock", "documenten.lock", None),
        ("POST", made["url"] + "/unlock", "documenten.geforceerd-unlock", None),
        ("GET", made["url"] + "/audittrail", "audittrails.lezen", None),
        ("PUT", f"{ROOT}/bestandsdelen/{uuid.uuid4()}", "documenten.bijwerken", None),
        *((method, part["url"], scope, None) for part in parts.values() for method, scope in (
            ("GET", "documenten.lezen"), ("HEAD", "documenten.lezen"), ("DELETE", "documenten.verwijderen"),
        )),
        *(("GET", f"{ROOT}/{name}", "documenten.lezen", None) for name in parts),
        *(("POST", f"{ROOT}/{name}", "documenten.aanmaken", {}) for name in parts),
        ("DELETE", made["url"], "documenten.verwijderen", None),
    ]  # fmt: skip
    everything = {scope for _, _, scope, _ in tries}
    clients: dict[str, tuple[Client, Client]] = {}
    for method, url, scope, data in tries:
        allowed = {"documenten.bijwerken", "documenten.geforceerd-bijwerken"} if "bijwerken" in scope else {scope}
        allowed |= {"documenten.lock"} if "unlock" in scope else set()
        if scope not in clients:
            others = sorted(everything - allowed)
            clients[scope] = (await client(stack, iot, *others), await client(stack, iot, scope))
        without, with_ = clients[scope]
        kind = {"content-type": "multipart/form-data; boundary=x"} if "bestandsdelen" in url else {}
        assert (await without.request(method, url, json=data, headers=kind)).status_code == 403, (method, url)
        assert (await with_.request(method, url, json=data, headers=kind)).status_code != 403, (method, url)


async def test_creating_outside_the_rights(stack: Stack, iot: str) -> None:
    writer = await client(stack, iot, "documenten.aanmaken", "documenten.bijwerken", "documenten.lock")
    assert (await writer.post(EIO, body(iot))).status_code == 201
    assert (await writer.post(EIO, body(iot, vertrouwelijkheidaanduiding="geheim"))).status_code == 403
    assert errors(await writer.post(EIO, body("https://elders.example.nl/1"))) == [("informatieobjecttype", "bad-url")]
    made = (await writer.post(EIO, body(iot))).json()
    lock = await vergrendel(writer, made)
    moved = {"lock": lock, "vertrouwelijkheidaanduiding": "geheim"}
    assert (await writer.patch(made["url"], moved)).status_code == 403


async def test_drc_007_the_level_of_the_type_counts_at_creation(stack: Stack, api: Client) -> None:
    secret = await informatieobjecttype(api, vertrouwelijkheidaanduiding="geheim")
    writer = await client(stack, secret, "documenten.aanmaken")
    assert (await writer.post(EIO, body(secret))).status_code == 403


async def test_d8_forced_unlock_needs_its_scope(stack: Stack, api: Client, iot: str) -> None:
    made = await document(api, informatieobjecttype=iot)
    lock = await vergrendel(api, made)
    plain = await client(stack, iot, "documenten.lock")
    forcing = await client(stack, iot, "documenten.geforceerd-unlock")
    for sent in (None, {}, {"lock": ""}, {"lock": "fout"}):
        assert errors(await plain.post(made["url"] + "/unlock", sent)) == [(OBJECT, "incorrect-lock-id")]
    assert errors(await forcing.post(made["url"] + "/unlock", {"lock": "fout"})) == [(OBJECT, "incorrect-lock-id")]
    assert errors(await forcing.post(made["url"] + "/unlock", {"lock": 5})) == [("lock", "invalid")]
    assert errors(await forcing.post(made["url"] + "/unlock", {"lock": "x" * 101})) == [("lock", "max_length")]
    assert (await forcing.post(made["url"] + "/unlock")).status_code == 204
    assert (await api.get(made["url"])).json()["locked"] is False
    lock = await vergrendel(api, made)
    await ontgrendel(plain, made, lock)


async def test_one_municipality_does_not_see_the_other(raalte: Client, api: Client, iot: str) -> None:
    made = await document(api, informatieobjecttype=iot)
    path = made["url"].removeprefix(PUBLIC)
    for method, url in (("GET", path), ("GET", path + "/download"), ("POST", path + "/lock"), ("DELETE", path)):
        assert (await raalte.request(method, url)).status_code == 404
    own = await document(raalte, inhoud=b64(b"Raalte"))
    assert own["url"].startswith("http://raalte.test/")
    assert own["inhoud"].startswith("http://raalte.test/")
    assert (await raalte.get(own["inhoud"])).content == b"Raalte"
    for each, seen in ((own, True), (made, False)):
        found = (await raalte.get(EIO, params={"identificatie": each["identificatie"]})).json()["results"]
        assert (each["url"][-36:] in [item["url"][-36:] for item in found]) is seen


# --- Publication (§9) ------------------------------------------------------------------------------------------------


async def test_publication_limits_what_is_read(stack: Stack, api: Client, iot: str, bron: Bron) -> None:
    public = await client(stack, iot, *ALL, "audittrails.lezen", alleenIsGereedVoorPublicatie=True)
    everything = await stack.add_client("deventer", f"p-{uuid.uuid4()}", alleenIsGereedVoorPublicatie=True)
    mark = str(uuid.uuid4())
    for ready in (True, False, None):
        made = await document(api, informatieobjecttype=iot, isGereedVoorPublicatie=ready, trefwoorden=[mark])
        parts = await family(api, made, bron)
        status = 200 if ready else 404
        for reader in (public, everything):
            for path in ("", "/download", "/audittrail", "?versie=1"):
                assert (await reader.get(made["url"] + path)).status_code == status, (ready, path)
            for name, part in parts.items():
                assert (await reader.get(part["url"])).status_code == status, (ready, name)
                listed = await reader.get(f"{ROOT}/{name}?informatieobject={made['url']}")
                assert len(results(listed)) == int(status == 200)
            found = await reader.post(f"{EIO}/_zoek", {"uuid__in": [made["url"].rpartition("/")[2]]})
            assert found.json()["count"] == int(status == 200)
        if not ready:
            for method, path, data in (
                ("POST", "/lock", None),
                ("POST", "/unlock", None),
                ("PATCH", "", {"titel": "x"}),
                ("DELETE", "", None),
            ):
                assert (await public.request(method, made["url"] + path, json=data)).status_code == 404, method
    assert (await public.get(f"{EIO}?trefwoorden={mark}")).json()["count"] == 1
    made = (await public.post(EIO, body(iot, isGereedVoorPublicatie=False))).json()
    assert (await public.get(made["url"])).status_code == 404


async def test_publication_shows_the_latest_version_that_is_ready(stack: Stack, api: Client, iot: str) -> None:
    public = await client(stack, iot, alleenIsGereedVoorPublicatie=True)
    made = await document(api, informatieobjecttype=iot, isGereedVoorPublicatie=False, inhoud=b64(b"een"))
    lock = await vergrendel(api, made)
    for titel, ready in (("twee", True), ("drie", False)):
        sent = {"lock": lock, "titel": titel, "isGereedVoorPublicatie": ready, "inhoud": b64(titel.encode())}
        assert (await api.patch(made["url"], sent)).status_code == 200
    shown = (await public.get(made["url"])).json()
    assert (shown["versie"], shown["titel"]) == (2, "twee")
    assert (await public.get(made["url"] + "/download")).content == b"twee"
    for version, status in ((1, 404), (2, 200), (3, 404)):
        assert (await public.get(f"{made['url']}?versie={version}")).status_code == status
    # Lists go by the latest version.
    assert (await public.get(f"{EIO}?identificatie={made['identificatie']}")).json()["count"] == 0
    other = await document(api, isGereedVoorPublicatie=True)
    assert (await public.get(other["url"])).status_code == 403


# --- Filters, _zoek, expand ----------------------------------------------------------------------------------------


async def test_filters(api: Client, iot: str) -> None:
    mark = uuid.uuid4().hex
    one = await document(api, informatieobjecttype=iot, identificatie=mark, trefwoorden=[mark, "brug"])
    two = await document(
        api, informatieobjecttype=iot, identificatie=mark, bronorganisatie="000000000", trefwoorden=[mark]
    )
    for query, found in (
        (f"identificatie={mark}", [two, one]),
        (f"identificatie={mark}&bronorganisatie=000000000", [two]),
        (f"identificatie={mark.upper()}", []),
        (f"trefwoorden={mark}", [two, one]),
        (f"trefwoorden={mark},brug", [one]),
        (f"trefwoorden=brug,{mark},weg", []),
        (f"trefwoorden={mark}&page=1", [two, one]),
        ("objectinformatieobjecten_object=https://elders.example.nl/1", []),
    ):
        answer = await api.get(f"{EIO}?{query}")
        assert [item["url"] for item in answer.json()["results"]] == [item["url"] for item in found], query
    assert problem(await api.get(f"{EIO}?trefwoorden={mark}&page=2"))[0] == 404
    wrong = await api.get(f"{EIO}?objectinformatieobjecten_objectType=x&objectinformatieobjecten_object=y")
    assert set(errors(wrong)) == {
        ("objectinformatieobjecten_object", "invalid"),
        ("objectinformatieobjecten_objectType", "invalid_choice"),
    }
    assert errors(await api.get(f"{EIO}?taal=x")) == [(OBJECT, "unknown-parameters")]
    assert errors(await api.get(f"{EIO}?bronorganisatie=123456789")) == [("bronorganisatie", "invalid")]
    assert errors(await api.post(f"{EIO}/_zoek", {"bronorganisatie": "1"})) == [("bronorganisatie", "min_length")]


async def test_zoek(api: Client, iot: str) -> None:
    mark = uuid.uuid4().hex
    made = [
        await document(api, informatieobjecttype=iot, identificatie=mark, bronorganisatie=rsin)
        for rsin in ("517439943", "000000000")
    ]
    uuids = [each["url"].rpartition("/")[2] for each in made]

    async def found(**criteria: Any) -> list[str]:
        answer = await api.post(f"{EIO}/_zoek", criteria)
        assert answer.status_code == 200, answer.text
        return [item["url"] for item in answer.json()["results"]]

    assert await found(uuid__in=uuids) == [made[1]["url"], made[0]["url"]]
    assert await found(uuid__in=[uuids[0], str(uuid.uuid4())]) == [made[0]["url"]]
    assert await found(uuid__in=uuids, bronorganisatie="000000000") == [made[1]["url"]]
    assert len(await found(identificatie=mark)) == 2
    expanded = await api.post(f"{EIO}/_zoek", {"uuid__in": uuids, "expand": "informatieobjecttype"})
    assert [item["_expand"]["informatieobjecttype"]["url"] for item in expanded.json()["results"]] == [iot, iot]
    for empty in ({}, {"expand": "informatieobjecttype"}, {"onbekend": 1}):
        assert errors(await api.post(f"{EIO}/_zoek", empty)) == [(OBJECT, "empty_search_body")]
    assert errors(await api.post(f"{EIO}/_zoek", {"uuid__in": ["x"]})) == [("uuid__in", "invalid")]
    assert errors(await api.post(f"{EIO}/_zoek", {"uuid__in": 5})) == [("uuid__in", "not_a_list")]
    assert errors(await api.post(f"{EIO}/_zoek", {"identificatie": mark, "expand": 5})) == [("expand", "invalid")]
    assert (await api.post(f"{EIO}/_zoek?page=2", {"identificatie": mark})).status_code == 404
    assert errors(await api.post(f"{EIO}/_zoek?identificatie=x", {})) == [(OBJECT, "unknown-parameters")]


async def test_drc_011_drc_012_expand(api: Client, iot: str, bron: Bron) -> None:
    made = await document(api, informatieobjecttype=iot)
    parts = await family(api, made, bron)
    plain = await api.get(made["url"])
    shown = await api.get(f"{made['url']}?expand=informatieobjecttype.catalogus")
    kind = shown.json()["_expand"]["informatieobjecttype"]
    assert (kind["url"], kind["_expand"]["catalogus"]["url"]) == (iot, kind["catalogus"])
    assert shown.headers["etag"] != plain.headers["etag"]
    old = await api.get(f"{made['url']}?versie=1&expand=informatieobjecttype")
    assert old.json()["_expand"]["informatieobjecttype"]["url"] == iot
    listed = await api.get(f"{EIO}?identificatie={made['identificatie']}&expand=informatieobjecttype")
    assert listed.json()["results"][0]["_expand"]["informatieobjecttype"]["url"] == iot
    for name, part in parts.items():
        for url in (part["url"], f"{ROOT}/{name}?informatieobject={made['url']}"):
            answer = await api.get(url, params={**_query(url), "expand": "informatieobject.informatieobjecttype"})
            data = answer.json()
            item = data if "url" in data else results(answer)[0]
            inner = item["_expand"]["informatieobject"]
            assert (inner["url"], inner["_expand"]["informatieobjecttype"]["url"]) == (made["url"], iot), name


def _query(url: str) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in url.partition("?")[2].split("&") if pair)


async def test_drc_013_unknown_expand_path(api: Client, iot: str, bron: Bron) -> None:
    made = await document(api, informatieobjecttype=iot)
    parts = await family(api, made, bron)
    for url, path in (
        (made["url"], "onbekend"),
        (made["url"], "link"),
        (made["url"], "bestandsdelen"),
        (made["url"], "informatieobjecttype.onbekend"),
        (parts["objectinformatieobjecten"]["url"], "object"),
        (parts["verzendingen"]["url"], "betrokkene"),
        (parts["verzendingen"]["url"], "contactPersoon"),
        (EIO, "onbekend"),
    ):
        assert problem(await api.get(f"{url}?expand={path}")) == (404, "invalid-expand-field"), path


async def test_drc_014_expand_shows_only_what_may_be_read(stack: Stack, api: Client, iot: str, bron: Bron) -> None:
    made = await document(api, informatieobjecttype=iot, isGereedVoorPublicatie=True)
    reader = await client(stack, iot, "documenten.lezen")
    with_type = await reader.get(f"{made['url']}?expand=informatieobjecttype")
    assert with_type.status_code == 200
    public = await client(stack, iot, "documenten.lezen", alleenIsGereedVoorPublicatie=True)
    parts = await family(api, made, bron)
    link = parts["objectinformatieobjecten"]["url"]
    shown = await public.get(f"{link}?expand=informatieobject")
    assert shown.json()["_expand"]["informatieobject"]["url"] == made["url"]
    # Other services ask for documents with the rights of the client.
    for client_, there in ((reader, True), (public, False)):
        hidden = await document(api, informatieobjecttype=iot)
        references = stack.standalone.services["zaken"].references
        from runtime.identity import Caller

        caller = Caller("deventer", client_.client_id, (PUBLIC,))
        uuids = [hidden["url"].rpartition("/")[2]]
        found = await references.batch(caller, "documenten", "enkelvoudiginformatieobjecten", uuids)
        assert bool(found) == there
