"""What an application reads of its own requests at /beheer/api/v1/verzoeken, and what nobody else reads."""

import asyncio
import re
import time
from typing import Any

import asyncpg
import pytest

from gateway import registry as registries
from gateway.config import secret_box
from gateway.request_store import Wanted
from tests.gateway.conftest import World
from tests.gateway.fakes import OTHER_SECRET, SECRET, ask, make_token
from tests.gateway.fakes import Service as FakeService
from tests.gateway.own_requests import DEVENTER, OWN, RAALTE, ZAKEN, gateway_with, read


async def test_a_client_reads_its_own_requests(world: World) -> None:
    trace = [("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"), ("x-request-id", "mine-1")]
    await ask(world.gateway, f"{ZAKEN}?page=2&inpBsn=111222333", token=make_token(), headers=trace)
    refused = await ask(world.gateway, "/zaken/api/v1/nothing", token=make_token())
    newest, oldest = await read(world)
    assert {name: oldest[name] for name in ("methode", "pad", "query", "status", "requestId", "traceId")} == {
        "methode": "GET",
        "pad": ZAKEN,
        "query": "page=2&inpBsn=***",
        "status": 200,
        "requestId": "mine-1",
        "traceId": "4bf92f3577b34da6a3ce929d0e0e4736",
    }
    assert (oldest["code"], oldest["instance"], oldest["weigering"], oldest["geverifieerd"]) == (None, None, None, True)
    assert 0 < oldest["duurMs"] < 60_000
    assert (newest["status"], newest["code"], newest["instance"]) == (404, "not_found", refused.json["instance"])
    assert newest["requestId"] == refused.headers["x-request-id"]
    assert (newest["weigering"]["laag"], newest["weigering"]["controle"]) == ("dienst", "adres")
    # Reading is not itself among them.
    assert len(await read(world)) == 2


async def test_requests_are_found_by_what_an_error_says(world: World) -> None:
    for path in ("/zaken/api/v1/zaken", "/zaken/api/v1/nothing", "/documenten/api/v1/upload"):
        answer = await ask(world.gateway, path, "POST", make_token(), body=[b"{}"])
    gone = await ask(world.gateway, "/documenten/api/v1/nothing", token=make_token())
    one = await read(world, f"instance={gone.json['instance']}")
    assert [each["pad"] for each in one] == ["/documenten/api/v1/nothing"]
    assert one == await read(world, f"requestId={gone.headers['x-request-id']}")
    assert [each["pad"] for each in await read(world, "pad=/documenten/")] == [
        "/documenten/api/v1/nothing",
        "/documenten/api/v1/upload",
    ]
    assert len(await read(world, "methode=post")) == 3
    assert len(await read(world, "status=200&methode=POST")) == 2
    assert len(await read(world, "statusVan=400")) == len(await read(world, "code=not_found")) == 2
    moment = one[0]["tijdstip"]
    assert len(await read(world, f"tot={moment}")) == 4
    assert len(await read(world, f"tot={one[0]['tijdstip'].replace('Z', '%2B01:00')}")) == 0
    assert [each["pad"] for each in await read(world, f"vanaf={moment}")] == ["/documenten/api/v1/nothing"]
    assert await read(world, "instance=urn:uuid:x") == []
    # As from a program that escapes no plus sign.
    assert await read(world, f"tot={moment.replace('Z', '+01:00')}") == []
    assert answer.status == 200


async def test_what_may_be_a_bsn_is_found_as_it_is_kept(world: World) -> None:
    moments = [("x-request-id", "run-1700000000123")]
    await ask(world.gateway, "/zaken/api/v1/zaken/111222333", token=make_token(), headers=moments)
    [found] = await read(world, "requestId=run-1700000000123")
    assert found["requestId"] == "run-#########"
    assert len(await read(world, "pad=/zaken/api/v1/zaken/111222333")) == 1


async def test_pages_do_not_shift_while_requests_come_in(world: World) -> None:
    for number in range(5):
        await ask(world.gateway, ZAKEN, token=make_token(), headers=[("x-request-id", f"r{number}")])
    first = (await ask(world.gateway, f"{OWN}?pageSize=2", token=make_token())).json
    assert (first["count"], first["previous"]) == (5, None)
    seen = [each["requestId"] for each in first["results"]]
    url = first["next"]
    while url:
        await ask(world.gateway, ZAKEN, token=make_token())
        assert url.startswith("https://zgw.example.nl/beheer/api/v1/verzoeken?")
        page = (await ask(world.gateway, url.removeprefix("https://zgw.example.nl"), token=make_token())).json
        seen += [each["requestId"] for each in page["results"]]
        url = page["next"]
    assert seen == ["r4", "r3", "r2", "r1", "r0"]
    assert (await ask(world.gateway, f"{OWN}?page=9", token=make_token())).code == (404, "not_found")


async def test_from_any_page_the_next_and_the_previous_follow(world: World) -> None:
    for number in range(6):
        await ask(world.gateway, ZAKEN, token=make_token(), headers=[("x-request-id", f"r{number}")])
    second = (await ask(world.gateway, f"{OWN}?pageSize=2&page=2", token=make_token())).json
    seen = [
        [each["requestId"] for each in await read(world, second[where].partition("?")[2])]
        for where in ("previous", "next")
    ]
    assert seen == [["r5", "r4"], ["r1", "r0"]]


@pytest.mark.parametrize(
    ("query", "name", "code"),
    [
        ("client=other", "nonFieldErrors", "unknown-parameters"),
        ("status=x", "status", "invalid"),
        ("status=600", "status", "max_value"),
        ("vanaf=2026-01-01T00:00:00", "vanaf", "invalid"),
        ("pageSize=1000", "pageSize", "max_value"),
        ("instance=" + "x" * 101, "instance", "max_length"),
        ("status=200&status=400", "status", "invalid"),
        *((f"{name}=a%00b", name, "invalid") for name in ("instance", "requestId", "code", "methode", "pad")),
        ("vanaf=0001-01-01T00:00:00%2B14:00", "vanaf", "invalid"),
        ("tot=9999-12-31T23:59:59-14:00", "tot", "invalid"),
        ("vanaf=1700000000", "vanaf", "invalid"),
    ],
)
async def test_a_wrong_filter_is_named(world: World, query: str, name: str, code: str) -> None:
    answer = await ask(world.gateway, f"{OWN}?{query}", token=make_token())
    assert answer.code == (400, "invalid")
    [param] = answer.json["invalidParams"]
    assert (param["name"], param["code"]) == (name, code)


# --- Why a request was refused ---------------------------------------------------------------------------------------


TOKENS: list[tuple[str, dict[str, Any], str]] = [
    ("too old", {"iat": -100_000}, "jwt-expired"),
    ("expired", {"exp": 1_000_000_000}, "jwt-expiredsignatureerror"),
    ("from the future", {"iat": 10_000}, "jwt-immaturesignatureerror"),
    ("without iat", {"iat": ...}, "jwt-missing-iat-claim"),
    ("wrong signature", {"secret": OTHER_SECRET}, "invalid-jwt-signature"),
    ("other algorithm", {"algorithm": "none"}, "jwt-invalidalgorithmerror"),
]


@pytest.mark.parametrize(("claims", "code"), [each[1:] for each in TOKENS], ids=[each[0] for each in TOKENS])
async def test_a_refused_token_is_told_to_the_client_that_it_names(
    world: World, claims: dict[str, Any], code: str
) -> None:
    if isinstance(seconds := claims.get("iat"), int):
        claims = {**claims, "iat": time.time() + seconds}
    refused = await ask(world.gateway, ZAKEN, token=make_token(**claims))
    assert refused.code == (403, code)
    [entry] = await read(world)
    assert (entry["status"], entry["code"], entry["instance"]) == (403, code, refused.json["instance"])
    assert (entry["geverifieerd"], entry["weigering"]["controle"]) == (False, "token")
    assert entry["weigering"]["detail"] == refused.json["detail"]
    assert entry["weigering"]["uitleg"].startswith("https://zgw.example.nl/ref/fouten/")


async def test_limits_are_told(world: World) -> None:
    await ask(world.gateway, ZAKEN, "POST", make_token(), headers=[("content-length", "5000")])
    await ask(world.gateway, ZAKEN, "POST", make_token(), body=[b"x" * 600, b"x" * 600])
    await ask(world.gateway, f"{ZAKEN}?{'x' * 9000}", token=make_token())
    async with gateway_with(world, client_rate=0.5, client_queue=0) as slow:
        assert [(await ask(slow, ZAKEN, token=make_token())).status for _ in range(2)] == [200, 429]
    told = [
        (e["status"], e["weigering"]["laag"], e["weigering"]["controle"]) for e in await read(world, "statusVan=400")
    ]
    assert told == [
        (429, "gateway", "tempo"),
        (414, "gateway", "omvang"),
        (413, "gateway", "omvang"),
        (413, "gateway", "omvang"),
    ]


async def test_failures_of_ours_are_told_without_details(world: World) -> None:
    await ask(world.gateway, "/zaken/api/v1/boom", token=make_token())
    [entry] = await read(world)
    assert (entry["status"], entry["weigering"]["controle"]) == (500, "dienst")
    assert "secret" not in str(entry)


# --- Who reads it ----------------------------------------------------------------------------------------------------


async def test_nobody_reads_requests_of_another(world: World) -> None:
    both = make_token("both", SECRET)
    await ask(world.gateway, ZAKEN, token=make_token(), headers=[("x-request-id", "of-app")])
    await ask(world.gateway, ZAKEN, token=both, host=DEVENTER, headers=[("x-request-id", "of-both")])
    other: dict[str, Any] = {"token": make_token("both", OTHER_SECRET), "host": RAALTE}
    assert [each["requestId"] for each in await read(world)] == ["of-app"]
    assert [each["requestId"] for each in await read(world, token=both, host=DEVENTER)] == ["of-both"]
    # The same client_id at another municipality is another client.
    for query in ("", "requestId=of-both", "requestId=of-app"):
        assert await read(world, query, **other) == []
        assert await read(world, query, token=make_token("raalte-app", OTHER_SECRET)) == []


@pytest.mark.parametrize("token", [None, "x", make_token(secret=OTHER_SECRET), make_token("nobody")])
async def test_it_takes_a_valid_token(world: World, token: str | None) -> None:
    assert (await ask(world.gateway, OWN, token=token)).status == 403
    assert (await ask(world.gateway, "/beheer/api/v1/x", token=token)).status == 403


async def test_other_paths_and_methods(world: World) -> None:
    assert (await ask(world.gateway, "/beheer/api/v1/x", token=make_token())).code == (404, "not_found")
    assert (await ask(world.gateway, OWN, "POST", make_token(), body=[b"{}"])).code == (405, "method_not_allowed")
    assert (await ask(world.gateway, f"{OWN}/..%2fzaken", token=make_token())).status == 404
    assert (await ask(world.gateway, "/beheer", token=make_token())).status == 404


async def test_a_stranger_writes_in_no_log_but_that_of_a_client_that_exists(world: World) -> None:
    for token in (None, "x", make_token("nobody"), make_token(client_id=7), make_token("both", "z" * 40)):
        await ask(world.gateway, ZAKEN, token=token)
    # A name of two municipalities is of none; with the host name of one it is of that one.
    await world.gateway.requests.flush()
    assert await world.db.fetchval("SELECT count(*) FROM gateway.request") == 0
    await ask(world.gateway, ZAKEN, token=make_token("both", "z" * 40), host=RAALTE)
    await ask(world.gateway, ZAKEN, token=make_token("app", SECRET), host=RAALTE)
    await world.gateway.requests.flush()
    rows = await world.db.fetch("SELECT tenant, client_id FROM gateway.request")
    assert [tuple(row) for row in rows] == [("raalte", "both")]


async def test_the_database_shows_one_client_alone(world: World) -> None:
    await ask(world.gateway, ZAKEN, token=make_token())
    await world.gateway.requests.flush()
    gateway = await asyncpg.connect(world.dsn)
    try:
        assert await gateway.fetchval("SELECT count(*) FROM gateway.request") == 0
        await gateway.execute("SET samenzaak.tenant = 'raalte'; SET samenzaak.client_id = 'app'")
        assert await gateway.fetchval("SELECT count(*) FROM gateway.request") == 0
        await gateway.execute("SET samenzaak.tenant = 'deventer'")
        assert await gateway.fetchval("SELECT count(*) FROM gateway.request") == 1
        for statement in (
            "DELETE FROM gateway.request",
            "UPDATE gateway.request SET path = ''",
            "TRUNCATE gateway.request",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await gateway.execute(statement)
    finally:
        await gateway.close()
    anybody = await world.db.fetch(
        "SELECT proname FROM pg_proc WHERE pronamespace = 'gateway'::regnamespace AND prosecdef"
        " AND (proacl IS NULL OR EXISTS (SELECT FROM aclexplode(proacl) WHERE grantee = 0))"
    )
    assert anybody == []


async def test_who_gets_a_client_id_does_not_read_what_was_asked_before(world: World) -> None:
    await ask(world.gateway, ZAKEN, token=make_token())
    assert len(await read(world)) == 1
    await registries.remove_client(world.db, "deventer", "app")
    await registries.add_client(world.db, secret_box(world.settings), "deventer", "app", SECRET)
    await world.heard()
    assert await read(world) == []


async def test_what_is_noted_of_a_client_that_went_is_not_kept(world: World) -> None:
    await ask(world.gateway, ZAKEN, token=make_token())
    await registries.remove_tenant(world.db, "deventer")
    await world.gateway.requests.flush()
    assert await world.db.fetchval("SELECT count(*) FROM gateway.request") == 0


async def test_who_is_removed_while_it_waits_reads_nothing_of_who_gets_its_name(world: World) -> None:
    async with gateway_with(world, client_rate=2) as slow:
        for _ in range(4):
            await ask(slow, ZAKEN, token=make_token())
        waiting = asyncio.create_task(ask(slow, OWN, token=make_token()))
        async with asyncio.timeout(60):
            while not slow.flow._waiting:
                await asyncio.sleep(0.005)
        await registries.remove_client(world.db, "deventer", "app")
        await registries.add_client(world.db, secret_box(world.settings), "deventer", "app", OTHER_SECRET)
        await world.heard()
        assert (await waiting).status == 403


async def test_what_cannot_be_text_is_kept(world: World) -> None:
    odd = FakeService("zaken", world.zaken.keys)

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"content-type", b"application/problem+json")]
        await send({"type": "http.response.start", "status": 400, "headers": headers})
        body = (
            b'{"code": "invalid", "detail": "a\\u0000b 111222333", "invalidParams": [{"name": "x\\u0000", "code": 7}]}'
        )
        await send({"type": "http.response.body", "body": body})

    odd.answer = answer  # type: ignore[method-assign]
    world.services["zaken"] = odd
    await ask(world.gateway, f"{ZAKEN}?a=%00&%FF=%00&&=", token=make_token(), headers=[("x-request-id", "111222333")])
    [entry] = await read(world)
    assert entry["weigering"]["detail"] == "ab #########"
    assert entry["weigering"]["invalidParams"] == [{"name": "x", "code": "7", "reason": "7"}]
    assert entry["requestId"] == "#########"
    assert entry["query"] == "a=***&***&***"


async def test_the_oas_is_public_and_has_examples(world: World) -> None:
    answer = await ask(world.gateway, "/beheer/api/v1/openapi.json", headers=[("origin", "https://any.example")])
    assert answer.status == 200
    assert (await ask(world.gateway, "/beheer/api/v1/openapi.json", "HEAD")).status == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    operation = answer.json["paths"]["/verzoeken"]["get"]
    assert answer.json["servers"] == [{"url": "https://zgw.example.nl/beheer/api/v1"}]
    [example, _] = operation["responses"]["200"]["content"]["application/json"]["example"]["results"]
    await ask(world.gateway, "/zaken/api/v1/nothing", token=make_token())
    [entry] = await read(world)
    assert (entry.keys(), entry["weigering"].keys()) == (example.keys(), example["weigering"].keys())
    assert set(answer.json["components"]["schemas"]["Verzoek"]["properties"]) == entry.keys()
    assert {"400", "403", "404", "429", "503"} <= operation["responses"].keys()
    assert Wanted().values() == (None,) * 9


async def test_the_reference_is_there_for_anybody(world: World) -> None:
    """Under the base of the host that was called, whatever a client says of it."""
    said = [("x-samenzaak-base", "https://kwaad.example")]
    for path in ("docs", "openapi.json", "openapi.yaml", "postman.json"):
        answer = await ask(world.gateway, f"/beheer/api/v1/{path}", host="deventer.example.nl", headers=said)
        assert answer.status == 200
        assert b"https://deventer.example.nl" in answer.body
        assert b"kwaad.example" not in answer.body
        assert b".invalid" not in answer.body
        assert b"verzoek_list" in answer.body
    assert (await ask(world.gateway, "/beheer/api/v1/bruno.zip")).headers["content-type"] == "application/zip"
    moved = await ask(world.gateway, "/beheer/api/v1/docs/")
    assert (moved.status, moved.headers["location"]) == (308, "/beheer/api/v1/docs")
    page = (await ask(world.gateway, "/beheer/api/v1/docs")).body
    assert b"Successful Response" not in page
    # Its errors are told at its operations.
    assert b'fouten"' not in page
    front = (await ask(world.gateway, "/")).body
    assert b'href="/beheer/api/v1/docs"' in front


async def test_the_oas_describes_all_of_it(world: World) -> None:
    """Every parameter and property has a description, every answer an example; no answer is there that never comes."""
    whole = (await ask(world.gateway, "/beheer/api/v1/openapi.json")).json
    operation = whole["paths"]["/verzoeken"]["get"]
    named = [each["name"] for each in operation["parameters"] if not each.get("description")]
    for name, schema in whole["components"]["schemas"].items():
        named += [] if schema.get("description") else [name]
        named += [f"{name}.{each}" for each, inner in schema["properties"].items() if not inner.get("description")]
    assert named == []
    assert list(operation["responses"]) == ["200", "400", "403", "404", "429", "503"]
    for status, answer in operation["responses"].items():
        [content] = answer["content"].values()
        assert status == "200" or str(content["example"]["status"]) == status
        [used] = re.findall(r"#/components/schemas/(\w+)", content["schema"]["$ref"])
        assert used in whole["components"]["schemas"]
    assert whole["info"]["contact"]["url"] == "https://zgw.example.nl/docs/vendors/"
