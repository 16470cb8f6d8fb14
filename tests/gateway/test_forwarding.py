"""What reaches a service, what never does, and what the gateway answers itself."""

import asyncio
import json
import logging
from collections import Counter
from dataclasses import replace

import pytest

from gateway import pages
from gateway import registry as registries
from gateway.addresses import own_bases
from gateway.app import create_gateway
from gateway.asgi import Message, Receive, Scope, Send
from gateway.config import secret_box
from runtime import recent
from runtime.settings import Settings
from runtime.tenancy import SERVICES
from runtime.version import VERSION
from tests.gateway.conftest import World
from tests.gateway.fakes import SECRET, ask, make_token, reply
from zgw.versions import VERSIONS

ZAKEN = "/zaken/api/v1/zaken"


async def test_a_request_is_forwarded_with_its_caller(world: World) -> None:
    answer = await ask(
        world.gateway, f"{ZAKEN}?page=2", "POST", make_token(user_id="jan"), headers=[("accept-crs", "EPSG:4326")],
        body=[b"ab", b"c"],
    )  # fmt: skip
    assert answer.status == 200
    assert answer.json == {"tenant": "deventer", "received": 3}
    assert answer.headers["x-eigen"] == "ja"
    found = world.zaken.caller
    assert (found.tenant, found.client_id, found.user_id, found.component) == ("deventer", "app", "jan", "")
    assert found.request_id == answer.headers["x-request-id"] == world.zaken.headers["x-request-id"]
    assert world.zaken.scopes[-1]["query_string"] == b"page=2"
    assert world.zaken.headers["accept-crs"] == "EPSG:4326"


@pytest.mark.parametrize("service", SERVICES)
async def test_each_service_gets_its_own_requests(world: World, service: str) -> None:
    assert (await ask(world.gateway, f"/{service}/api/v1/zaken", token=make_token())).status == 200
    assert [name for name, fake in world.services.items() if fake.scopes] == [service]


async def test_internal_headers_of_a_client_never_arrive(world: World) -> None:
    forged = [
        ("x-samenzaak-caller", "forged"), ("X-Samenzaak-Caller", "forged"), ("x-samenzaak-denied", "forged"),
        ("x-samenzaak-base", "http://evil"), ("x-samenzaak-anything", "x"), ("x-forwarded-host", "evil"),
        ("x-forwarded-proto", "https"), ("forwarded", "host=evil"),
    ]  # fmt: skip
    await ask(world.gateway, ZAKEN, token=make_token(), headers=forged)
    names = [name.decode().lower() for name, _ in world.zaken.scopes[-1]["headers"]]
    assert sorted(names) == ["host", "x-request-id", "x-samenzaak-caller"]
    assert world.zaken.caller.base == "https://zgw.example.nl"
    await ask(world.gateway, "/zaken/api/v1/openapi.json", token=make_token(), headers=forged)
    names = [name.decode().lower() for name, _ in world.zaken.scopes[-1]["headers"]]
    assert sorted(names) == ["host", "x-request-id", "x-samenzaak-base"]


@pytest.mark.parametrize(
    ("given", "kept"),
    [("abc-1.2_3", True), ("x" * 64, True), ("x" * 65, False), ("a b", False), ("a\nb", False), ("", False)],
)
async def test_a_request_id_is_kept_when_it_is_harmless(world: World, given: str, kept: bool) -> None:
    answer = await ask(world.gateway, ZAKEN, token=make_token(), headers=[("x-request-id", given)])
    assert (answer.headers["x-request-id"] == given) is kept
    assert world.zaken.caller.request_id == answer.headers["x-request-id"]


@pytest.mark.parametrize(
    "path",
    [
        "/_intern/health", "/zaken/_intern/health", "/zaken/api/v1/../../_intern/health", "/zaken/api/v1/..",
        "/zaken/api/v1/./zaken", "/zaken/api/v1/.../zaken", "/zaken/api/v1//zaken", "//zaken/api/v1/zaken",
        "/zaken/api/v1/%2e%2e/_intern", "/zaken/api/v1/zaken%2f..%2f..", "/zaken/api/v1/zaken%5c..",
        "/zaken/api/v1/zaken\\..\\_intern", "/zaken/api/v1/zaken/", "/zaken/api/v1zaken", "/zaken/api/v2/zaken",
        "/Zaken/api/v1/zaken", "/zaken", "/onbekend/api/v1/x", "/zaken/api/v1/zaken\n", "/zaken/api/v1/zaken%00",
        "/zaken/api/v1/docs/../../../_intern", "/zaken/api/v1/docs/%2e%2e/%2e%2e", "/zaken/api/v1/docs//x",
        "http://x/zaken/api/v1/zaken", "/zaken/api/v1/zaken;x", "*", "/health", "/health/live/",
    ],
)  # fmt: skip
async def test_no_trick_with_a_path_reaches_a_service(world: World, path: str) -> None:
    answer = await ask(world.gateway, path, token=make_token())
    assert answer.code == (404, "not_found")
    assert not any(fake.scopes for fake in world.services.values())


async def test_intern_below_the_root_is_just_an_unknown_path(world: World) -> None:
    assert (await ask(world.gateway, "/zaken/api/v1/_intern/health", token=make_token())).code == (404, "not_found")


async def test_documentation_needs_no_token(world: World) -> None:
    for path in ("openapi.json", "docs", "docs/style.css"):
        answer = await ask(world.gateway, f"/zaken/api/v1/{path}", host="raalte.example.nl:8080")
        assert (answer.status, answer.body) == (200, b"https://raalte.example.nl")
    assert (await ask(world.gateway, "/zaken/api/v1/docs", host="elsewhere")).body == b"https://zgw.example.nl"


@pytest.mark.parametrize("token", [None, "nonsense", make_token("nobody")])
async def test_a_wrong_path_or_method_comes_before_the_token(world: World, token: str | None) -> None:
    assert (await ask(world.gateway, ZAKEN, "DELETE", token)).code == (405, "method_not_allowed")
    assert (await ask(world.gateway, "/zaken/api/v1/niets", "GET", token)).code == (404, "not_found")
    refused = await ask(world.gateway, ZAKEN, "POST", token, body=[b"x" * 100], headers=[("content-length", "100")])
    assert refused.status == 403
    assert world.zaken.received == 0
    assert "content-length" not in world.zaken.headers


async def test_a_service_that_forgets_to_refuse_gives_nothing_away(world: World) -> None:
    answer = await ask(world.gateway, "/zaken/api/v1/careless")
    assert answer.code == (403, "permission_denied")
    assert b"everything" not in answer.body


async def test_the_body_is_limited(world: World) -> None:
    def post(*body: bytes, service: str = "zaken", **headers: str) -> object:
        target = f"/{service}/api/v1/zaken"
        return ask(world.gateway, target, "POST", make_token(), headers=[*headers.items()], body=body)

    announced = await ask(world.gateway, ZAKEN, "POST", make_token(), headers=[("content-length", "1001")])
    assert announced.code == (413, "request_too_large")
    assert not world.zaken.scopes
    for chunks, status in (
        ([b"x" * 500, b"y" * 500], 200),
        ([b"x" * 500, b"y" * 500, b"z"], 413),
        ([b"x" * 1001], 413),
    ):
        assert (await ask(world.gateway, ZAKEN, "POST", make_token(), body=chunks)).status == status
    large = await ask(world.gateway, "/documenten/api/v1/zaken", "POST", make_token(), body=[b"x" * 5000])
    assert large.json["received"] == 5000
    odd = await ask(world.gateway, ZAKEN, "POST", make_token(), headers=[("content-length", "-1")])
    assert odd.code == (400, "invalid")


async def test_a_long_query_string_is_414(world: World) -> None:
    assert (await ask(world.gateway, f"{ZAKEN}?x={'y' * 10_000}", token=make_token())).code == (414, "uri_too_long")
    assert (await ask(world.gateway, f"/{'y' * 10_000}")).code == (414, "uri_too_long")
    assert (await ask(world.gateway, f"{ZAKEN}?x={'y' * 8000}", token=make_token())).status == 200


async def test_a_refusal_by_the_gateway_is_logged_by_its_instance(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "samenzaak.gateway")
    answer = await ask(world.gateway, "/zaken/api/v1/zaken", "POST", make_token(), body=[b"x" * 2000])
    assert answer.code == (413, "request_too_large")
    assert answer.headers["api-version"] == VERSIONS["zaken"]
    assert answer.json["instance"] in caplog.text


async def test_an_unexpected_error_is_logged_and_hidden(world: World, caplog: pytest.LogCaptureFixture) -> None:
    answer = await ask(world.gateway, "/zaken/api/v1/boom", token=make_token())
    assert answer.code == (500, "error")
    assert b"secret detail" not in answer.body
    assert answer.json["instance"] in caplog.text


@pytest.mark.parametrize(
    ("host", "scheme", "base"),
    [
        ("deventer.example.nl", "https", "https://deventer.example.nl"),
        ("Zaken.Deventer.NL:8443", "https", "https://zaken.deventer.nl"),
        ("deventer.example.nl:80", "http", "https://deventer.example.nl"),
        ("deventer.example.nl:443", "https", "https://deventer.example.nl"),
        ("localhost:8000", "http", "https://zgw.example.nl"),
        ("deventer.example.nl@evil", "http", "https://zgw.example.nl"),
        ("deventer.example.nl:80/evil", "http", "https://zgw.example.nl"),
        ("[::1]:80", "http", "https://zgw.example.nl"),
    ],
)
async def test_urls_are_rendered_for_the_host_that_was_called(world: World, host: str, scheme: str, base: str) -> None:
    for _ in range(2):
        assert (await ask(world.gateway, ZAKEN, token=make_token(), host=host, scheme=scheme)).status == 200
        bases = world.zaken.caller.bases
        assert bases[0] == base
        assert {"https://zgw.example.nl", "https://zaken.deventer.nl", "http://deventer.example.nl"} <= set(bases)
        assert len(bases) == len(set(bases))
        assert not any("raalte" in other for other in bases)
        assert world.zaken.caller.canonical_base == "https://deventer.example.nl"


async def test_what_a_client_says_of_its_way_makes_no_url_and_no_cache(world: World) -> None:
    bases, token = set(), make_token()
    for port in range(1, 60):
        for scheme in ("http", "https"):
            headers = [("x-forwarded-proto", scheme), ("x-forwarded-host", "evil"), ("forwarded", "host=evil")]
            host = f"deventer.example.nl:{port}"
            await ask(world.gateway, ZAKEN, token=token, host=host, headers=headers, scheme=scheme)
            bases.add(world.zaken.caller.bases)
    assert len(bases) == 1
    snapshot = await world.registry.current()
    assert len(snapshot.bases) == 1
    assert len(snapshot.verified) == 1


@pytest.mark.parametrize(("trusted", "shown"), [(False, "http"), (True, "https")])
async def test_the_scheme_of_a_proxy_counts_only_when_proxies_are_trusted(
    world: World, trusted: bool, shown: str
) -> None:
    world.gateway.config = replace(world.gateway.config, trust_proxies=trusted)
    headers = [("x-forwarded-proto", "https"), ("x-forwarded-for", "198.51.100.1")]
    await ask(world.gateway, ZAKEN, token=make_token(), headers=headers)
    assert world.zaken.scopes[-1]["scheme"] == shown
    assert not [name for name in world.zaken.headers if "forwarded" in name]


@pytest.mark.parametrize(
    ("hosts", "public", "canonical"),
    [
        ((), "http://localhost:8000", "http://localhost:8000"),
        (("a.nl", "b.nl"), "https://zgw.nl", "https://a.nl"),
        (("a.localhost",), "http://localhost:9000", "http://a.localhost:9000"),
    ],
)
def test_the_canonical_base_url(hosts: tuple[str, ...], public: str, canonical: str) -> None:
    bases = own_bases(hosts, public)
    assert bases[0] == canonical
    assert {public, *(f"{scheme}://{host}" for host in hosts for scheme in ("http", "https"))} <= set(bases)


async def test_front_page_and_health(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    page = await ask(world.gateway, "/")
    assert page.status == 200
    assert page.headers["x-content-type-options"] == "nosniff"
    assert all(f"/{name}/api/v1/openapi.json" in page.body.decode() for name in SERVICES)
    assert f"Samenzaak {VERSION}" in page.body.decode()
    assert (await ask(world.gateway, "/", "HEAD")).body == b""
    assert (await ask(world.gateway, "/", "POST")).code == (405, "method_not_allowed")
    assert (await ask(world.gateway, "/health/live")).json == {"status": "ok"}
    assert (await ask(world.gateway, "/health/ready")).json == {"status": "ok"}
    world.zaken.healthy = False
    # What was found less than a second ago is told again.
    assert (await ask(world.gateway, "/health/ready")).json == {"status": "ok"}
    monkeypatch.setattr(recent, "SECONDS", 0)
    await asyncio.sleep(1)
    ready = await ask(world.gateway, "/health/ready")
    assert (ready.status, ready.json) == (503, {"status": "unavailable", "missing": ["zaken"]})


async def test_health_is_checked_once_however_many_ask(world: World) -> None:
    asked: Counter[str] = Counter()
    answer = asyncio.Event()

    async def counted(scope: Scope, receive: Receive, send: Send) -> None:
        asked[scope["path"]] += 1
        await answer.wait()
        await reply(send, 200)

    world.services.update(dict.fromkeys(SERVICES, counted))  # type: ignore[arg-type]
    asking = [asyncio.create_task(ask(world.gateway, "/health/ready")) for _ in range(50)]
    await asyncio.sleep(0.05)
    # Who leaves takes nothing from the others.
    asking.pop(0).cancel()
    answer.set()
    assert {each.json["status"] for each in await asyncio.gather(*asking)} == {"ok"}
    assert (await ask(world.gateway, "/health/ready")).status == 200
    assert asked == {"/_intern/health": len(SERVICES)}


async def test_a_service_that_does_not_answer_is_asked_no_second_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, answer = 0, asyncio.Event()

    async def silent(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal asked
        asked += 1
        await answer.wait()
        await reply(send, 200)

    world.services["zaken"] = silent  # type: ignore[assignment]
    monkeypatch.setattr(recent, "SECONDS", 0)
    monkeypatch.setattr(pages, "READY_SECONDS", 0.05)
    for _ in range(3):
        assert "zaken" in (await ask(world.gateway, "/health/ready")).json["missing"]
    assert asked == 1
    answer.set()
    await asyncio.sleep(0.05)
    assert (await ask(world.gateway, "/health/ready")).status == 200


async def test_without_a_database_it_says_so(world: World, settings: Settings) -> None:
    await world.signals.stop()
    await world.registry.stop()
    world.registry._dsn = "postgresql://samenzaak_gateway@127.0.0.1:1/postgres"
    assert (await ask(world.gateway, ZAKEN, token=make_token())).code == (503, "service_unavailable")
    assert (await ask(world.gateway, "/health/ready")).json["missing"] == ["database"]
    assert (await ask(world.gateway, "/health/live")).status == 200
    assert (await ask(world.gateway, "/zaken/api/v1/docs")).body == b"https://zgw.example.nl"


async def test_the_access_log_has_no_query_string(world: World, caplog: pytest.LogCaptureFixture) -> None:
    from dataclasses import replace

    caplog.set_level(logging.INFO, "samenzaak.access")
    target = f"{ZAKEN}?rol__betrokkeneIdentificatie__natuurlijkPersoon__inpBsn=999993653"
    answer = await ask(world.gateway, target, token=make_token())
    await ask(world.gateway, "/x y\nforged 200")
    world.gateway.config = replace(world.gateway.config, log_format="json")
    await ask(world.gateway, target, token=make_token())
    text, odd, line = (record.getMessage() for record in caplog.records if record.name == "samenzaak.access")
    assert f" {answer.headers['x-request-id']} deventer app GET {ZAKEN} 200 " in text
    assert "999993653" not in caplog.text
    assert "\n" not in odd
    assert odd.count(" ") == text.count(" ")
    found = json.loads(line)
    assert (found["tenant"], found["client_id"], found["path"], found["status"]) == ("deventer", "app", ZAKEN, 200)


async def test_a_response_passes_through_unchanged(world: World, settings: Settings) -> None:
    async def odd(scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"ETag", b'"x"'), (b"set-cookie", b"a"), (b"set-cookie", b"b"), (b"x-request-id", b"theirs")]
        await send({"type": "http.response.start", "status": 299, "headers": headers})
        await send({"type": "http.response.body", "body": b"\0\1", "more_body": True})
        await send({"type": "http.response.body", "body": b"\2"})

    gateway = create_gateway(settings, world.registry, {**world.services, "zaken": odd})
    answer = await ask(gateway, ZAKEN, token=make_token())
    assert (answer.status, answer.body) == (299, b"\0\1\2")
    assert answer.raw_headers[:3] == [(b"ETag", b'"x"'), (b"set-cookie", b"a"), (b"set-cookie", b"b")]
    assert answer.headers["x-request-id"] != "theirs"


async def test_a_response_that_breaks_off_is_not_ended(world: World, settings: Settings) -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        await reply_half(send)
        raise RuntimeError("halfway")

    gateway = create_gateway(settings, world.registry, {**world.services, "zaken": broken})
    answer = await ask(gateway, ZAKEN, token=make_token())
    assert (answer.status, answer.body, answer.complete) == (200, b"half", False)


async def reply_half(send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"half", "more_body": True})


async def test_a_gateway_needs_all_services(world: World, settings: Settings) -> None:
    with pytest.raises(ValueError, match="needs the services"):
        create_gateway(settings, world.registry, {"zaken": world.zaken})


async def test_lifespan_and_websocket(world: World) -> None:
    sent: list[str] = []
    events = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]

    async def receive() -> Message:
        return events.pop(0)

    async def send(message: Message) -> None:
        sent.append(message["type"])

    await world.gateway({"type": "lifespan"}, receive, send)
    await world.gateway({"type": "websocket"}, receive, send)
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete", "websocket.close"]


async def test_a_new_municipality_counts_at_once(world: World) -> None:
    token = make_token("new")
    assert (await ask(world.gateway, ZAKEN, token=token, host="olst.example.nl")).code[1] == "invalid-jwt-signature"
    await registries.add_tenant(world.db, "olst-wijhe", "Olst-Wijhe", "111222333", ["olst.example.nl"])
    await registries.add_client(world.db, secret_box(world.settings), "olst-wijhe", "new", SECRET)
    await world.heard()
    assert (await ask(world.gateway, ZAKEN, token=token, host="olst.example.nl")).json["tenant"] == "olst-wijhe"


async def test_reply_is_a_whole_response(world: World) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await reply(send, 204, b"")

    assert (await ask(app, "/")).complete
