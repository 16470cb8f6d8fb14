"""What the foundation promises, for every resource of every API: scopes, caching, headers, audit trail,
notifications."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from beheer.provision import api_of
from tests import wereld as werelden
from tests.foundation.resources import ALL, MADE, each, name_of, path_of, verbs_of
from tests.notificaties.webhooks import Webhook, listening
from tests.stack import CRS, Client, Stack
from zgw.expand import expandable
from zgw.fields import describe
from zgw.resource import Resource

MIRRORS = ("zaken/besluiten", "documenten/objectinformatieobjecten")
"""Written by the component that leads the relation, with its own credentials."""
NEVER_WRITTEN_BY_CLIENTS = ("documenten/objectinformatieobjecten",)
"""Without an entry in a trail of their own API: the entry is that of the leading side."""
MOVING = ("wijzigingsdatum",)
"""What every write of a zaaknotitie changes."""


@pytest.fixture(scope="module")
async def subscriber(own: Client) -> AsyncIterator[Webhook]:
    """A webhook that gets every message of the municipality."""
    async with listening() as webhook:
        kanalen = (await own.get("/notificaties/api/v1/kanaal")).json()
        every = [{"naam": kanaal["naam"], "filters": {}} for kanaal in kanalen]
        body = {"callbackUrl": webhook.url, "auth": webhook.auth, "kanalen": every}
        abonnement = await own.created("/notificaties/api/v1/abonnement", body)
        yield webhook
        assert (await own.delete(abonnement["url"])).status_code == 204


@pytest.fixture(scope="module")
async def wereld(own: Client, subscriber: Webhook) -> werelden.Wereld:
    """Everything, made while somebody listens."""
    return await werelden.make(own)


@pytest.fixture(scope="module")
async def nobody(stack: Stack, own: Client) -> Client:
    """A client that has an Applicatie, but no right that any other API asks for."""
    return await stack.add_client(own.tenant, "niets", [{"component": "nrc", "scopes": ["iets.anders"]}])


@each(among=ALL)
async def test_without_a_scope_every_operation_is_forbidden(
    wereld: werelden.Wereld, nobody: Client, service: str, resource: Resource
) -> None:
    collection = path_of(wereld, service, resource)
    one = wereld.urls.get(name_of(service, resource), f"{collection}/7c9e6679-7425-40de-944b-e07fc1f90ae7")
    calls = {
        "list": ("GET", collection),
        "create": ("POST", collection),
        "fetch": ("GET", one),
        "head": ("HEAD", one),
        "replace": ("PUT", one),
        "merge": ("PATCH", one),
        "remove": ("DELETE", one),
    }
    for verb in verbs_of(service, resource):
        method, url = calls[verb]
        answer = await nobody.request(method, url, json={} if method in ("POST", "PUT", "PATCH") else None)
        assert answer.status_code == 403, (verb, answer.status_code, answer.text)
        if method != "HEAD":
            assert answer.json()["code"] == "permission_denied"


@each("fetch")
async def test_fetch_and_head(wereld: werelden.Wereld, own: Client, service: str, resource: Resource) -> None:
    name = name_of(service, resource)
    answer = await own.get(wereld[name])
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["url"] == wereld[name]
    head = await own.request("HEAD", wereld[name])
    assert (head.status_code, head.content) == (200, b"")


@pytest.mark.few("service")
@each("fetch", among=[(service, resource) for service, resource in MADE if resource.etag])
async def test_etag_and_304(wereld: werelden.Wereld, own: Client, service: str, resource: Resource) -> None:
    name = name_of(service, resource)
    answer = await own.get(wereld[name])
    head = await own.request("HEAD", wereld[name])
    tag = answer.headers["etag"]
    assert tag.startswith('"')
    assert tag.endswith('"')
    assert head.headers["etag"] == tag
    assert head.headers["content-length"] == str(len(answer.content))
    for value in (tag, "*", f'"other", {tag}'):
        same = await own.get(wereld[name], headers={"If-None-Match": value})
        assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
    assert (await own.get(wereld[name], headers={"If-None-Match": '"other"'})).status_code == 200
    usual = {"Authorization": f"Bearer {own.token()}", **CRS}
    lines = [*usual.items(), ("If-None-Match", '"other"'), ("If-None-Match", tag)]
    assert (await own.http.get(wereld[name], headers=lines)).status_code == 304


@pytest.mark.few("service")
@each("list")
async def test_a_list_has_the_object_as_it_is_on_its_own(
    wereld: werelden.Wereld, own: Client, service: str, resource: Resource
) -> None:
    alone = (await own.get(wereld[name_of(service, resource)])).json()
    url: str | None = path_of(wereld, service, resource)
    if service == "catalogi" and any(declared.name == "status" for declared in resource.filters):
        # Without asking for them, concepts are not listed.
        url = f"{url}?status=alles"
    found = []
    while url:
        page = (await own.get(url)).json()
        if isinstance(page, list):
            assert not resource.paginated
            found += page
            break
        assert set(page) == {"count", "next", "previous", "results"}
        found += page["results"]
        url = page["next"]
    mine = [item for item in found if item["url"] == alone["url"]]
    assert mine == [alone]


@pytest.mark.few("service")
@each("replace", among=[(s, r) for s, r in MADE if "replace" in r.verbs])
async def test_what_was_read_can_be_written_back(
    wereld: werelden.Wereld, own: Client, service: str, resource: Resource
) -> None:
    """Clients change one field of the whole object that they got, what it expands included; what only responses have is
    ignored, whatever it is (common.md §1)."""
    url = wereld[name_of(service, resource)]
    before = (await own.get(url)).json()
    paths = ",".join(expandable(resource))
    expanded = (await own.get(f"{url}?expand={paths}")).json() if paths else before
    assert expanded.get("_expand", {}).keys() == expandable(resource).keys()
    ours = before.keys() - {p.name for p in describe(resource.fields)}
    sendings = [("PUT", expanded), ("PATCH", expanded), ("PUT", {**before, **dict.fromkeys(ours)})]
    for method, sent in sendings if "merge" in resource.verbs else sendings[::2]:
        answer = await own.request(method, url, json=sent)
        assert answer.status_code == 200, answer.text
        after = (await own.get(url)).json()
        assert answer.json() == after
        assert {k: v for k, v in after.items() if k not in MOVING} == {
            k: v for k, v in before.items() if k not in MOVING
        }


@pytest.mark.few("service")
@each(among=ALL)
async def test_an_unauthorised_method_is_405_before_403(
    wereld: werelden.Wereld, own: Client, stack: Stack, service: str, resource: Resource
) -> None:
    client = Client(stack, own.tenant, "bestaat-niet", "x" * 32)
    answer = await client.request("PATCH", path_of(wereld, service, resource), json={})
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    answer = await client.get(path_of(wereld, service, resource))
    expected = (
        (403, "invalid-jwt-signature") if "GET" in answer.headers.get("allow", "GET") else (405, "method_not_allowed")
    )
    assert (answer.status_code, answer.json()["code"]) == expected


def owner_of(wereld: werelden.Wereld, service: str, resource: Resource) -> str:
    """Return the URL of the main object that an object of the resource belongs to: itself, when it is one."""
    return wereld[name_of(service, resource.main.resource if resource.main else resource)]


AUDITED = [(s, r) for s, r in MADE if r.audited and name_of(s, r) not in NEVER_WRITTEN_BY_CLIENTS]


@each(among=AUDITED)
async def test_a_write_is_in_the_audit_trail_of_its_main_object(
    wereld: werelden.Wereld, own: Client, service: str, resource: Resource
) -> None:
    name, owner = name_of(service, resource), owner_of(wereld, service, resource)
    trail = (await own.get(f"{owner}/audittrail")).json()
    entries = [entry for entry in trail if entry["resourceUrl"] == wereld[name]]
    assert entries, (name, trail)
    entry = entries[0]
    assert entry["actie"] == "create"
    assert entry["bron"] == api_of(service).component
    assert entry["resource"] == resource.name
    assert entry["hoofdObject"] == owner
    assert entry["gebruikersId"] == "jdv"
    assert entry["gebruikersWeergave"] == "J. de Vries"
    assert entry["applicatieWeergave"] == ("samenzaak-besluiten" if name in MIRRORS else own.client_id)
    assert entry["wijzigingen"]["oud"] is None
    assert entry["wijzigingen"]["nieuw"]["url"] == wereld[name]
    assert (await own.get(f"{owner}/audittrail/{entry['uuid']}")).json() == entry


ANNOUNCED = [(service, resource) for service, resource in MADE if resource.kanaal and "create" in resource.notify]


async def message_about(subscriber: Webhook, url: str, actie: str) -> dict[str, Any]:
    """Wait for the message that something was done with an object, and return it."""

    def found() -> list[dict[str, Any]]:
        return [m for m in subscriber.received if (m["resourceUrl"], m["actie"]) == (url, actie)]

    await subscriber.until(lambda: bool(found()))
    return found()[0]


@each(among=ANNOUNCED)
async def test_a_new_object_is_announced(
    wereld: werelden.Wereld, own: Client, subscriber: Webhook, service: str, resource: Resource
) -> None:
    message = await message_about(subscriber, wereld[name_of(service, resource)], "create")
    owner = owner_of(wereld, service, resource)
    assert message["kanaal"] == resource.kanaal
    assert message["resource"] == resource.name
    assert message["hoofdObject"] == owner
    declared = next(k for k in api_of(service).kanalen if k.naam == resource.kanaal)
    main = (await own.get(owner)).json()
    assert set(message["kenmerken"]) == set(declared.kenmerken)
    for kenmerk in (kenmerk for kenmerk in declared.kenmerken if kenmerk in main):
        assert message["kenmerken"][kenmerk] == main[kenmerk]


@each("merge", among=[(s, r) for s, r in ANNOUNCED if "partial_update" in r.notify and "merge" in r.verbs])
async def test_a_change_is_announced(
    wereld: werelden.Wereld, own: Client, subscriber: Webhook, service: str, resource: Resource
) -> None:
    url = wereld[name_of(service, resource)]
    assert (await own.patch(url, {})).status_code == 200
    assert (await message_about(subscriber, url, "partial_update"))["hoofdObject"] == owner_of(
        wereld, service, resource
    )
