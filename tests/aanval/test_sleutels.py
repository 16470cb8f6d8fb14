"""Somebody has broken into one service, and has its keys: what the others take from it.

The tests make tokens with the keys that `samenzaak keys` gives a pod, and bring them to the port of another service.
"""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from beheer.keys import keys_of
from runtime.identity import CALLER_HEADER, GATEWAY, OPERATOR, Caller, purpose, sign, sign_denial, system_caller
from runtime.identity import DENIED_HEADER as DENIED
from runtime.problems import Problem
from runtime.tenancy import SERVICES
from tests.stack import CRS, PUBLIC, Client, Stack
from zgw.between import PERMISSIONS, may_ask

DOCUMENTEN = "/documenten/api/v1/enkelvoudiginformatieobjecten"
APPLICATIES = "/autorisaties/api/v1/applicaties"


class Pod:
    """The pod of one service, in the hands of somebody else."""

    def __init__(self, stack: Stack, name: str) -> None:
        self.stack, self.name = stack, name
        self.keys = {each: bytes.fromhex(key.get_secret_value()) for each, key in keys_of(stack.settings, name).items()}

    def tokens(self, caller: Caller, signer: str) -> list[str]:
        """Return tokens of ``signer`` for this caller, made with each of the keys that the pod has."""
        return [sign(caller, signer, key) for key in self.keys.values()]

    async def ask(self, service: str, method: str, path: str, token: str, **given: Any) -> httpx.Response:
        """Return what a service answers to a request with this token at its own port."""
        async with at(self.stack, service) as http:
            return await http.request(method, path, headers={CALLER_HEADER: token, **CRS}, **given)


@asynccontextmanager
async def at(stack: Stack, service: str) -> AsyncIterator[httpx.AsyncClient]:
    """The port of a service, past the gateway."""
    if stack.split is not None:
        async with httpx.AsyncClient(base_url=stack.split.settings.service_urls[service], trust_env=False) as http:
            yield http
        return
    transport = httpx.ASGITransport(stack.standalone.apps[service])
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as http:
        yield http


@pytest.fixture
def zaken(stack: Stack) -> Pod:
    return Pod(stack, "zaken")


def refused(answer: httpx.Response) -> bool:
    """Return whether a service took the caller for a stranger."""
    if answer.status_code != 403:
        return False
    return (answer.status_code, answer.json()["code"]) == (403, "permission_denied")


async def test_zaken_is_taken_for_itself(stack: Stack, zaken: Pod) -> None:
    """The tests below would pass with keys that are good for nothing."""
    me = system_caller("deventer", "zaken", (PUBLIC,))
    token = sign(me, "zaken", zaken.keys[purpose("zaken", "documenten")])
    path = "/_intern/objects/enkelvoudiginformatieobjecten"
    answer = await zaken.ask("documenten", "POST", path, token, json={"uuids": [str(uuid.uuid4())]})
    assert (answer.status_code, answer.json()) == (200, [])


@pytest.mark.parametrize("signer", [GATEWAY, "besluiten", "worker", OPERATOR, "nobody", "zaken"])
async def test_no_token_of_zaken_passes_for_somebody_else_at_documenten(zaken: Pod, api: Client, signer: str) -> None:
    """As the gateway, for a client with all rights; as besluiten; and as zaken that says it is another."""
    components = [name for name in ("", "besluiten", OPERATOR, GATEWAY, "zaken") if name != signer or name != "zaken"]
    for component in components:
        caller = Caller("deventer", api.client_id, (PUBLIC,), component=component)
        for token in zaken.tokens(caller, signer):
            assert refused(await zaken.ask("documenten", "GET", DOCUMENTEN, token)), component
            path = "/_intern/objects/enkelvoudiginformatieobjecten"
            answer = await zaken.ask("documenten", "POST", path, token, json={"uuids": []})
            # Vouching for a client, with which it only reads, is what `expand` is.
            assert refused(answer) or (signer == "zaken" and component == "")


async def test_zaken_does_not_write_or_read_as_a_client_in_the_api_of_another(zaken: Pod, api: Client) -> None:
    caller = Caller("deventer", api.client_id, (PUBLIC,))
    for service, path in (("documenten", DOCUMENTEN), ("autorisaties", APPLICATIES), ("zaken", "/zaken/api/v1/zaken")):
        token = sign(caller, "zaken", zaken.keys[purpose("zaken", service)])
        for method in ("GET", "POST"):
            assert refused(await zaken.ask(service, method, path, token, json={})), (service, method)


async def test_zaken_gives_nobody_rights_and_reads_no_content(zaken: Pod, api: Client, stack: Stack) -> None:
    me = system_caller("deventer", "zaken", (PUBLIC,))
    body = {"clientIds": ["indringer"], "label": "indringer", "heeftAlleAutorisaties": True}
    asked = [
        ("autorisaties", "POST", APPLICATIES),
        ("autorisaties", "GET", APPLICATIES),
        ("documenten", "GET", f"{DOCUMENTEN}/{uuid.uuid4()}/download"),
        ("documenten", "DELETE", f"{DOCUMENTEN}/{uuid.uuid4()}"),
        ("catalogi", "POST", "/catalogi/api/v1/catalogussen"),
        ("notificaties", "GET", "/notificaties/api/v1/abonnement"),
        ("besluiten", "GET", "/besluiten/api/v1/besluiten"),
    ]
    for service, method, path in asked:
        token = sign(me, "zaken", zaken.keys[purpose("zaken", service)])
        assert refused(await zaken.ask(service, method, path, token, json=body)), path
    assert (await api.get(f"{APPLICATIES}/consumer?clientId=indringer")).status_code == 404


async def test_a_token_for_one_service_is_no_token_for_another(zaken: Pod) -> None:
    """What zaken sends to besluiten cannot be sent on to documenten, whatever name is put before it."""
    me = system_caller("deventer", "zaken", (PUBLIC,))
    sent = sign(me, "zaken", zaken.keys[purpose("zaken", "besluiten")]).partition(" ")[2]
    path = "/_intern/objects/enkelvoudiginformatieobjecten"
    for name in ("zaken", "besluiten", GATEWAY):
        assert refused(await zaken.ask("documenten", "POST", path, f"{name} {sent}", json={"uuids": []})), name


async def test_what_comes_from_the_gateway_is_of_no_use_elsewhere(stack: Stack, zaken: Pod, api: Client) -> None:
    """Zaken receives tokens of clients all day, and can read the key that they are verified with."""
    received = sign(Caller("deventer", api.client_id, (PUBLIC,)), GATEWAY, zaken.keys[purpose(GATEWAY, "zaken")])
    assert (await zaken.ask("zaken", "GET", "/zaken/api/v1/zaken?pageSize=1", received)).status_code == 200
    for service in SERVICES:
        if service != "zaken":
            resource = stack.standalone.services[service].api.resources[0].path
            assert refused(await zaken.ask(service, "GET", f"/{service}/api/v1/{resource}", received)), service


async def test_the_gateway_does_not_speak_for_a_service(stack: Stack) -> None:
    pod = Pod(stack, GATEWAY)
    for component in (*SERVICES, OPERATOR, GATEWAY):
        caller = Caller("deventer", "x", (PUBLIC,), component=component)
        for token in pod.tokens(caller, GATEWAY):
            assert refused(await pod.ask("documenten", "GET", DOCUMENTEN, token)), component


async def test_zaken_does_not_refuse_in_the_name_of_the_gateway(stack: Stack, zaken: Pod) -> None:
    told = Problem(403, "verzonnen", "verzonnen")
    async with at(stack, "documenten") as http:
        for key in zaken.keys.values():
            assert refused(await http.get(DOCUMENTEN, headers={DENIED: sign_denial(told, key), **CRS}))
        right = sign_denial(told, stack.settings.derive(purpose(GATEWAY, "documenten")))
        assert (await http.get(DOCUMENTEN, headers={DENIED: right, **CRS})).json()["code"] == "verzonnen"


async def test_a_service_vouches_for_a_client_only_where_it_reads(stack: Stack, zaken: Pod) -> None:
    """It gets what the client may see, and not what it may see itself."""
    stranger = Caller("deventer", "zonder-rechten", (PUBLIC,))
    token = sign(stranger, "zaken", zaken.keys[purpose("zaken", "documenten")])
    path = "/_intern/objects/enkelvoudiginformatieobjecten"
    answer = await zaken.ask("documenten", "POST", path, token, json={"uuids": [str(uuid.uuid4())]})
    assert answer.status_code == 403
    # Nor is it one of ours where only our own services come.
    for method, intern in (("POST", "/_intern/objectinformatieobjecten"), ("GET", "/_intern/uses?van=x")):
        assert refused(await zaken.ask("documenten", method, intern, token, json={"mirrors": []})), intern


def test_what_services_may_ask_is_no_more_than_internal_routes_and_relations() -> None:
    """Nobody may write in the API of another but the relations that it leads, and a document in its zaak."""
    public = {(m, p.path.pattern) for p in PERMISSIONS if "_intern" not in p.path.pattern for m in p.methods}
    assert {pattern.split("/")[-1].partition("[")[0] for method, pattern in public if method == "POST"} == {
        "objectinformatieobjecten", "besluiten", "zaakinformatieobjecten",
    }  # fmt: skip
    # A document is registered with its zaak by documenten alone, which leads neither side.
    assert [each for each in SERVICES if may_ask(each, "zaken", "POST", "/zaken/api/v1/zaakinformatieobjecten")] == [
        "documenten", "zaken",
    ]  # fmt: skip
    assert not may_ask("catalogi", "zaken", "POST", "/_intern/objects/zaken")
    assert not may_ask("notificaties", "documenten", "POST", "/_intern/objects/enkelvoudiginformatieobjecten")
    assert not may_ask("autorisaties", "zaken", "POST", "/_intern/objects/zaken")
    assert may_ask("zaken", "zaken", "DELETE", f"/zaken/api/v1/zaakinformatieobjecten/{uuid.uuid4()}")
    assert not may_ask("zaken", "zaken", "GET", "/zaken/api/v1/zaken", for_client=True)
