"""CORS per municipality, the security headers of every answer, and security.txt."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway import registry as registries
from gateway.app import Gateway
from tests.gateway.conftest import World
from tests.gateway.fakes import OTHER_SECRET, ask, make_token

ORIGIN = "https://mijn.deventer.nl"
ZAKEN = "/zaken/api/v1/zaken"
PREFLIGHT = {
    "origin": ORIGIN,
    "access-control-request-method": "POST",
    "access-control-request-headers": "authorization",
}


@pytest.fixture
async def opened(world: World) -> World:
    """Deventer lets pages of mijn.deventer.nl in."""
    assert await registries.set_origins(world.db, "deventer", ["HTTPS://mijn.deventer.nl/"]) == [ORIGIN]
    await world.heard()
    return world


@pytest.mark.parametrize("host", ["zgw.example.nl", "deventer.example.nl"])
async def test_the_gateway_answers_the_preflight_itself(opened: World, host: str) -> None:
    answer = await ask(opened.gateway, ZAKEN, "OPTIONS", host=host, headers=list(PREFLIGHT.items()))
    assert answer.status == 204
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert "PATCH" in answer.headers["access-control-allow-methods"]
    for name in ("Authorization", "Content-Type", "Accept-Crs", "Content-Crs"):
        assert name in answer.headers["access-control-allow-headers"]
    assert answer.headers["vary"] == "Origin"
    assert "access-control-allow-credentials" not in answer.headers
    assert not opened.zaken.scopes


@pytest.mark.parametrize(
    ("host", "origin"),
    [("raalte.example.nl", ORIGIN), ("zgw.example.nl", "https://evil.example"), ("zgw.example.nl", "null")],
)
async def test_other_origins_get_no_leave(opened: World, host: str, origin: str) -> None:
    answer = await ask(
        opened.gateway, ZAKEN, "OPTIONS", host=host, headers=list({**PREFLIGHT, "origin": origin}.items())
    )
    assert answer.status == 204
    assert not [name for name in answer.headers if name.startswith("access-control-")]


async def test_the_page_can_read_the_answer_and_its_headers(opened: World) -> None:
    answer = await ask(opened.gateway, ZAKEN, token=make_token(), headers=[("origin", ORIGIN)])
    assert answer.status == 200
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    for name in ("Location", "ETag", "API-version", "Content-Crs"):
        assert name in answer.headers["access-control-expose-headers"]


async def test_the_page_can_read_a_refusal(opened: World) -> None:
    answer = await ask(opened.gateway, ZAKEN, headers=[("origin", ORIGIN)])
    assert answer.status == 403
    assert answer.headers["access-control-allow-origin"] == ORIGIN


async def test_the_answer_of_another_municipality_cannot_be_read(opened: World) -> None:
    token = make_token("raalte-app", OTHER_SECRET)
    answer = await ask(opened.gateway, ZAKEN, token=token, headers=[("origin", ORIGIN)])
    assert answer.status == 200
    assert "access-control-allow-origin" not in answer.headers


async def test_origins_can_be_taken_back(opened: World) -> None:
    await registries.set_origins(opened.db, "deventer", [])
    await opened.heard()
    answer = await ask(opened.gateway, ZAKEN, token=make_token(), headers=[("origin", ORIGIN)])
    assert "access-control-allow-origin" not in answer.headers


async def test_what_is_not_an_origin_is_refused(world: World) -> None:
    for wrong in ("*", "mijn.deventer.nl", "https://a.nl/path", "null", "https://a b", "ftp://a.nl"):
        with pytest.raises(ValueError, match="origin"):
            await registries.set_origins(world.db, "deventer", [wrong])
    with pytest.raises(LookupError):
        await registries.set_origins(world.db, "nergens", [])


@pytest.mark.parametrize("path", [ZAKEN, "/", "/health/live", "/zaken/api/v1/nothing", "/nowhere"])
async def test_every_answer_has_the_security_headers(world: World, path: str) -> None:
    answer = await ask(world.gateway, path, token=make_token())
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] == "no-referrer"
    # The front page is the same for everybody; a browser asks whether it is still so.
    assert answer.headers["cache-control"] == ("no-cache" if path == "/" else "no-store")
    assert "strict-transport-security" not in answer.headers
    assert len([name for name, _ in answer.raw_headers if name == b"x-content-type-options"]) == 1


async def test_hsts_only_over_tls(world: World) -> None:
    gateway = Gateway(replace(world.gateway.config, trust_proxies=True), world.registry, world.services)
    answer = await ask(gateway, ZAKEN, token=make_token(), headers=[("x-forwarded-proto", "https")])
    assert answer.headers["strict-transport-security"] == "max-age=31536000"


async def test_security_txt_comes_from_a_setting(world: World) -> None:
    path = "/.well-known/security.txt"
    assert (await ask(world.gateway, path)).status == 404
    config = replace(world.gateway.config, security_contact="mailto:ciso@example.nl")
    answer = await ask(Gateway(config, world.registry, world.services), path)
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/plain")
    lines = dict(line.split(": ", 1) for line in answer.body.decode().splitlines())
    assert lines["Contact"] == "mailto:ciso@example.nl"
    assert lines["Canonical"] == "https://zgw.example.nl/.well-known/security.txt"
    expires = datetime.fromisoformat(lines["Expires"])
    assert timedelta(days=30) < expires - datetime.now(UTC) < timedelta(days=365)
