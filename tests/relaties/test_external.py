"""External references: only configured APIs are fetched, with their credentials, and nothing else is connected to."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import jwt
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from runtime import outgoing
from runtime.identity import system_caller
from runtime.outgoing import may_connect
from services.autorisaties.external import add_external, list_externals, remove_external
from tests.answers import error_set, errors
from tests.maak import Maak
from tests.selectielijst import Selectielijst
from tests.servers import listening, serving
from tests.stack import PUBLIC, Client, Stack
from zgw.request import Service

SECRET = "een-geheim-dat-lang-genoeg-is-voor-hs256"
ROOT = "/catalogi/api/v1"


class Elsewhere:
    """Somebody else's Catalogi API: wants a ZGW token, and notes what it was asked."""

    def __init__(self) -> None:
        self.base = ""
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.redirect = ""
        self.app = Starlette(routes=[Route("/{path:path}", self.answer, methods=["GET", "POST"])])

    async def answer(self, request: Request) -> Response:
        """Answer one request."""
        path = request.url.path
        self.asked.append((path, dict(request.headers)))
        if path.startswith(f"{ROOT}/redirect"):
            return RedirectResponse(self.redirect, 302)
        if path == f"{ROOT}/groot":
            return Response(b'{"a": "' + b"x" * (outgoing.MAX_SIZE + 1) + b'"}', media_type="application/json")
        if path == f"{ROOT}/traag":
            # As long as anybody waits for it.
            while not await request.is_disconnected():
                await asyncio.sleep(0.05)
        if path == f"{ROOT}/diep":
            return Response(b'{"diep": ' + b"[" * 1000 + b'"x"' + b"]" * 1000 + b"}", media_type="application/json")
        if path == f"{ROOT}/geen-json":
            return Response(b"<html>", media_type="text/html")
        if request.headers.get("x-api-key") != "sleutel":
            try:
                token = request.headers.get("authorization", "").removeprefix("Bearer ")
                claims = jwt.decode(token, SECRET, ["HS256"], options={"verify_iat": True})
            except jwt.PyJWTError:
                return JSONResponse({}, 403)
            assert claims["client_id"] == claims["iss"] == "deventer"
            assert abs(claims["iat"] - time.time()) < 60
        return JSONResponse({"url": f"{self.base}{path}", "concept": False})


@asynccontextmanager
async def elsewhere(stack: Stack, **credentials: str) -> AsyncIterator[Elsewhere]:
    """Run an external API that Deventer has configured."""
    other, name = Elsewhere(), f"elders-{uuid.uuid4().hex[:8]}"
    async with serving(other.app) as other.base, stack.admin() as admin:
        given: dict[str, Any] = credentials or {"client_id": "deventer", "secret": SECRET}
        await add_external(admin, stack.settings, "deventer", name, other.base + ROOT, **given)
        await heard(stack)
        try:
            yield other
        finally:
            await remove_external(admin, "deventer", name)
            await heard(stack)


async def heard(stack: Stack) -> None:
    """Wait until this process knows of the change, as the barrier of a write through the API does."""
    await stack.standalone.signals.barrier()


def besluiten(stack: Stack) -> Service:
    """Return the Besluiten service."""
    return stack.standalone.services["besluiten"]


async def fetch(stack: Stack, url: str, tenant: str = "deventer") -> dict[str, Any] | None:
    """Fetch a URL as the Besluiten API does for a municipality."""
    return await besluiten(stack).externals.fetch(system_caller(tenant, "besluiten", (PUBLIC,)), url)


def bad_url(answer: httpx.Response, field: str) -> bool:
    """Return whether the answer is the 400 ``bad-url`` on a field."""
    return answer.status_code == 400 and (field, "bad-url") in errors(answer)


async def test_an_api_may_ask_for_no_credentials(stack: Stack) -> None:
    sent: list[dict[str, str]] = []

    async def answer(request: Request) -> JSONResponse:
        sent.append(dict(request.headers))
        return JSONResponse({"url": str(request.url)})

    app = Starlette(routes=[Route(ROOT + "/besluittypen/{uuid}", answer)])
    async with serving(app) as base, stack.admin() as admin:
        made = await add_external(admin, stack.settings, "deventer", "open", base + ROOT)
        await heard(stack)
        try:
            url = f"{base}{ROOT}/besluittypen/{uuid.uuid4()}"
            assert await fetch(stack, url) == {"url": url}
            assert made in await list_externals(admin, "deventer")
        finally:
            await remove_external(admin, "deventer", "open")
            await heard(stack)
    assert sent[0]["accept"] == "application/json"
    assert "authorization" not in sent[0]


async def test_a_configured_api_is_fetched_with_a_zgw_token(stack: Stack) -> None:
    async with elsewhere(stack) as other:
        url = f"{other.base}{ROOT}/besluittypen/{uuid.uuid4()}"
        assert await fetch(stack, url) == {"url": url, "concept": False}
        # Another municipality has not configured it.
        assert await fetch(stack, url, "raalte") is None
        assert len(other.asked) == 1


async def test_a_configured_api_is_fetched_with_a_header(stack: Stack) -> None:
    async with elsewhere(stack, header="X-Api-Key: sleutel") as other:
        url = f"{other.base}{ROOT}/objects/{uuid.uuid4()}"
        assert await fetch(stack, url) == {"url": url, "concept": False}
        assert "authorization" not in other.asked[0][1]


async def test_a_removed_api_is_refused_at_once(stack: Stack) -> None:
    async with elsewhere(stack) as other:
        url = f"{other.base}{ROOT}/besluittypen/{uuid.uuid4()}"
        assert await fetch(stack, url)
        async with stack.admin() as admin:
            api = next(a for a in await list_externals(admin, "deventer") if a.root.startswith(other.base))
            await remove_external(admin, "deventer", api.name)
            await heard(stack)
            assert await fetch(stack, url) is None
            secret = "een-ander-geheim" * 3
            await add_external(
                admin, stack.settings, "deventer", api.name, api.root, client_id="deventer", secret=secret
            )
            await heard(stack)
        # Refused by the other side: the credentials are wrong.
        assert await fetch(stack, url) is None
        assert len(other.asked) == 2


async def test_secrets_are_encrypted_in_the_database(stack: Stack) -> None:
    async with elsewhere(stack), stack.admin() as admin:
        rows = await admin.fetch("SELECT * FROM deventer_autorisaties.external")
        assert rows
        assert not any(SECRET in str(value) for row in rows for value in row.values())
        assert SECRET not in repr(await list_externals(admin, "deventer"))


async def test_answers_that_cannot_be_used(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    externals = besluiten(stack).externals
    monkeypatch.setattr(externals._outside, "_settings", stack.settings.model_copy(update={"outgoing_timeout": 0.5}))
    async with elsewhere(stack) as other:
        for path in ("groot", "traag", "geen-json"):
            assert await fetch(stack, f"{other.base}{ROOT}/{path}") is None


async def test_an_answer_of_any_depth(stack: Stack) -> None:
    """Somebody else decides how deep it is; that must not become a 500."""
    async with elsewhere(stack) as other:
        found = await besluiten(stack).references.object(
            system_caller("deventer", "besluiten"), f"{other.base}{ROOT}/diep"
        )
        assert found is not None
        assert list(found) == ["diep"]


async def test_redirects_are_followed_within_the_root_only(stack: Stack) -> None:
    async with listening() as listener, elsewhere(stack) as other:
        target = f"{other.base}{ROOT}/besluittypen/{uuid.uuid4()}"
        other.redirect = target
        found = await fetch(stack, f"{other.base}{ROOT}/redirect")
        assert found is not None
        assert found["url"] == target
        for outside in (
            f"http://127.0.0.1:{listener.port}{ROOT}/x",
            f"http://localhost:{listener.port}{ROOT}/x",
            f"//127.0.0.1:{listener.port}{ROOT}/x",
            f"{other.base}/geheim",
            "/geheim",
            f"{ROOT}/../../geheim",
            f"{ROOT}/%2e%2e/geheim",
            f"{other.base}{ROOT}/redirect-again",
            "",
        ):
            other.redirect = outside
            assert await fetch(stack, f"{other.base}{ROOT}/redirect") is None
        assert listener.connections == 0
        assert not [path for path, _ in other.asked if "geheim" in path]


HOSTILE = [
    "http://127.0.0.1:{port}/catalogi/api/v1/x",
    "http://localhost:{port}/catalogi/api/v1/x",
    "http://LOCALHOST.:{port}/catalogi/api/v1/x",
    "http://ip6-localhost:{port}/catalogi/api/v1/x",
    "http://[::1]:{port}/catalogi/api/v1/x",
    "http://[::ffff:127.0.0.1]:{port}/catalogi/api/v1/x",
    "http://[::ffff:7f00:1]:{port}/catalogi/api/v1/x",
    "http://[0:0:0:0:0:0:0:1]:{port}/catalogi/api/v1/x",
    "http://[64:ff9b::7f00:1]:{port}/catalogi/api/v1/x",
    "http://[::1%25lo]:{port}/catalogi/api/v1/x",
    "http://2130706433:{port}/catalogi/api/v1/x",
    "http://0x7f000001:{port}/catalogi/api/v1/x",
    "http://0177.0.0.1:{port}/catalogi/api/v1/x",
    "http://127.1:{port}/catalogi/api/v1/x",
    "http://0.0.0.0:{port}/catalogi/api/v1/x",
    "http://0:{port}/catalogi/api/v1/x",
    "http://①②⑦.⓪.⓪.①:{port}/catalogi/api/v1/x",
    "http://{allowed}@127.0.0.1:{port}/catalogi/api/v1/x",
    "http://{allowed}%2f@127.0.0.1:{port}/catalogi/api/v1/x",
    "http://127.0.0.1:{port}\\@{allowed}/catalogi/api/v1/x",
    "http://127.0.0.1:{port}#@{allowed}/catalogi/api/v1/x",
    "http://127.0.0.1:{port}?@{allowed}/catalogi/api/v1/x",
    "http://{allowed}.127.0.0.1.nip.io:{port}/catalogi/api/v1/x",
    "http://{allowed}/catalogi/api/v1/../../geheim",
    "http://{allowed}/catalogi/api/v1/%2e%2e/%2E%2e/geheim",
    "http://{allowed}/catalogi/api/v1evil/geheim",
    "http://{allowed}/catalogi/api/v1/..%2fgeheim",
    "http://{allowed}/catalogi/api/v1\\..\\geheim",
    "https://{allowed}/catalogi/api/v1/geheim",
    "http://herbind.example.nl:{port}/catalogi/api/v1/besluittypen/x",
    "http://169.254.169.254/latest/meta-data/",
    "http://[fd00:ec2::254]/latest/meta-data/",
    "gopher://127.0.0.1:{port}/x",
]


@pytest.fixture(scope="module")
async def fort(stack: Stack) -> AsyncIterator[tuple[Any, Elsewhere]]:
    """A listener that nobody may reach, and an API that is configured; and a name that was rebound to loopback."""
    async with listening() as listener, elsewhere(stack) as other, stack.admin() as admin:
        root = f"http://herbind.example.nl:{listener.port}{ROOT}"
        # The name does not resolve when it is added, so only public addresses are allowed later.
        await add_external(admin, stack.settings, "deventer", "herbind", root, client_id="x", secret=SECRET)
        await heard(stack)
        yield listener, other
        await remove_external(admin, "deventer", "herbind")


@pytest.mark.parametrize("hostile", HOSTILE)
async def test_hostile_urls_cause_no_connection(
    stack: Stack, api: Client, fort: tuple[Any, Elsewhere], hostile: str
) -> None:
    listener, other = fort

    async def rebound(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    url = hostile.format(port=listener.port, allowed=other.base.removeprefix("http://"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outgoing, "addresses", rebound)
        assert await fetch(stack, url) is None
    # Through the API the field type may refuse it earlier; nothing but a 400 comes of it.
    body = {"verantwoordelijkeOrganisatie": "517439943", "datum": "2024-01-01", "ingangsdatum": "2024-01-01"}
    answer = await api.post("/besluiten/api/v1/besluiten", {**body, "besluittype": url})
    assert error_set(answer) in ({("besluittype", "bad-url")}, {("besluittype", "invalid")})
    assert listener.connections == 0
    assert other.asked == []


@pytest.mark.parametrize(
    ("address", "public", "private"),
    [
        ("93.184.216.34", True, True),
        ("10.1.2.3", False, True),
        ("127.0.0.1", False, True),
        ("::1", False, True),
        ("fc00::5", False, True),
        ("169.254.169.254", False, False),
        ("::ffff:169.254.169.254", False, False),
        ("64:ff9b::a9fe:a9fe", False, False),
        ("2002:a9fe:a9fe::1", False, False),
        ("64:ff9b:1::7f00:1", False, False),
        ("2001:0:7f00:1::1", False, True),
        ("::127.0.0.1", False, False),
        ("100.64.0.1", False, True),
        ("fe80::1%eth0", False, False),
        ("fd00:ec2::254", False, False),
        ("100.100.100.200", False, False),
        ("168.63.129.16", False, False),
        ("0.0.0.0", False, False),
        ("::", False, False),
        ("224.0.0.1", False, False),
        ("255.255.255.255", False, False),
    ],
)
def test_which_addresses_may_be_connected_to(address: str, public: bool, private: bool) -> None:
    assert may_connect(address, private=False) is public
    assert may_connect(address, private=True) is private


@pytest.mark.parametrize(
    ("root", "given"),
    [
        ("ftp://x.example.nl", {"client_id": "a", "secret": "b"}),
        ("http://user:pass@x.example.nl/api", {"client_id": "a", "secret": "b"}),
        ("http://x.example.nl/api?x=1", {"client_id": "a", "secret": "b"}),
        ("http://x.example.nl/../api", {"client_id": "a", "secret": "b"}),
        ("http://169.254.169.254/latest", {"client_id": "a", "secret": "b"}),
        ("http://x.example.nl/api", {"client_id": "a"}),
        ("http://x.example.nl/api", {"secret": "b"}),
        ("http://x.example.nl/api", {"header": "X: y", "secret": "b"}),
        ("http://x.example.nl/api", {"client_id": "a", "secret": "b", "header": "X: y"}),
        ("http://x.example.nl/api", {"header": "geen-waarde"}),
        ("http://x.example.nl/api", {"header": "X: y\r\nHost: z"}),
    ],
)
async def test_what_an_operator_may_not_configure(stack: Stack, root: str, given: dict[str, Any]) -> None:
    async with stack.admin() as admin:
        with pytest.raises(ValueError, match=r".+"):
            await add_external(admin, stack.settings, "deventer", "fout", root, **given)
        assert "fout" not in [api.name for api in await list_externals(admin, "deventer")]


async def test_unknown_municipality_and_name(stack: Stack) -> None:
    async with stack.admin() as admin:
        with pytest.raises(LookupError):
            await list_externals(admin, "nergens")
        with pytest.raises(LookupError):
            await add_external(admin, stack.settings, "nergens", "x", "http://127.0.0.1:1", header="X: y")
        with pytest.raises(LookupError):
            await remove_external(admin, "deventer", "bestaat-niet")


async def test_brc_001_a_besluittype_of_another_samenzaak(
    stack: Stack, api: Client, raalte: Client, lijst: Selectielijst
) -> None:
    """Raalte's own Catalogi API, behind a real gateway on a port, is an external API of Deventer."""
    maak = Maak(raalte, lijst)
    published, concept = await maak.besluittype(), await maak.besluittype(concept=True)
    name = f"raalte-{uuid.uuid4().hex[:8]}"
    body = {"verantwoordelijkeOrganisatie": "517439943", "datum": "2024-01-01", "ingangsdatum": "2024-01-01"}
    async with serving(stack.gateway) as base, stack.admin() as admin:

        def at(url: str) -> str:
            return base + url.removeprefix("http://raalte.test")

        answer = await api.post("/besluiten/api/v1/besluiten", {**body, "besluittype": at(published["url"])})
        assert bad_url(answer, "besluittype")
        client_id, secret = raalte.client_id, raalte.secret
        await add_external(admin, stack.settings, "deventer", name, base + ROOT, client_id=client_id, secret=secret)
        await heard(stack)
        try:
            made = await api.created("/besluiten/api/v1/besluiten", {**body, "besluittype": at(published["url"])})
            assert made["besluittype"] == at(published["url"])
            for url, code in {
                at(concept["url"]): "not-published",
                at(await maak.een_catalogus()): "invalid-resource",
                f"{base}{ROOT}/besluittypen/{uuid.uuid4()}": "bad-url",
                f"{base}/zaken/api/v1/zaken/{uuid.uuid4()}": "bad-url",
            }.items():
                answer = await api.post("/besluiten/api/v1/besluiten", {**body, "besluittype": url})
                assert errors(answer) == [("besluittype", code)]
        finally:
            await remove_external(admin, "deventer", name)
            await heard(stack)
