"""What the foundation promises, for every resource of every API: scopes, caching, headers, audit trail,
notifications."""

import pytest

from beheer.provision import api_of
from tests import wereld as werelden
from tests.stack import CRS, Client, Stack, built
from zgw.describe import describe
from zgw.expand import expandable
from zgw.resource import Resource
from zgw.routes import collection_path

ALL = [(service, resource) for service in built() for resource in api_of(service).resources]
IDS = [f"{service}/{resource.path}" for service, resource in ALL]
OUTSIDE = ("zaken/zaakcontactmomenten", "zaken/zaakverzoeken", "notificaties/abonnement")
"""These need an API or a webhook outside; the tests of their own services make them."""
MOVING = ("wijzigingsdatum",)
"""What every write of a zaaknotitie changes."""


@pytest.fixture(scope="module")
async def wereld(api: Client) -> werelden.Wereld:
    """Everything at Deventer."""
    return await werelden.make(api)


@pytest.fixture(scope="module")
async def nobody(stack: Stack) -> Client:
    """A client that has an Applicatie, but no right that any other API asks for."""
    return await stack.add_client("deventer", "niets", [{"component": "nrc", "scopes": ["iets.anders"]}])


def path_of(wereld: werelden.Wereld, service: str, resource: Resource) -> str:
    """Return the URL of the collection, below an existing parent when it is nested."""
    path = collection_path(resource)
    if resource.parent and resource.main:
        parent = wereld[f"{service}/{resource.main.resource.path}"].rsplit("/", 1)[1]
        path = path.replace(f"{{{resource.parent}_uuid:uuid}}", parent)
    return f"/{service}/api/v1{path}"


@pytest.mark.parametrize(("service", "resource"), ALL, ids=IDS)
async def test_without_a_scope_every_operation_is_forbidden(
    wereld: werelden.Wereld, nobody: Client, service: str, resource: Resource
) -> None:
    collection = path_of(wereld, service, resource)
    one = wereld.urls.get(f"{service}/{resource.path}", f"{collection}/7c9e6679-7425-40de-944b-e07fc1f90ae7")
    calls = {
        "list": ("GET", collection),
        "create": ("POST", collection),
        "fetch": ("GET", one),
        "head": ("HEAD", one),
        "replace": ("PUT", one),
        "merge": ("PATCH", one),
        "remove": ("DELETE", one),
    }
    keys = {"head": "fetch", "replace": "update", "merge": "update"}
    for verb, (method, url) in calls.items():
        if verb not in resource.verbs or keys.get(verb, verb) not in resource.scopes:
            continue
        answer = await nobody.request(method, url, json={} if method in ("POST", "PUT", "PATCH") else None)
        assert answer.status_code == 403, (verb, answer.status_code, answer.text)
        if method != "HEAD":
            assert answer.json()["code"] == "permission_denied"


@pytest.mark.parametrize(("service", "resource"), ALL, ids=IDS)
async def test_etag_head_and_304(wereld: werelden.Wereld, api: Client, service: str, resource: Resource) -> None:
    name = f"{service}/{resource.path}"
    if name in OUTSIDE or "fetch" not in resource.verbs:
        return
    answer = await api.get(wereld[name])
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["url"] == wereld[name]
    head = await api.request("HEAD", wereld[name])
    assert (head.status_code, head.content) == (200, b"")
    if not resource.etag:
        return
    tag = answer.headers["etag"]
    assert tag.startswith('"')
    assert tag.endswith('"')
    assert head.headers["etag"] == tag
    assert head.headers["content-length"] == str(len(answer.content))
    for value in (tag, "*", f'"other", {tag}'):
        same = await api.get(wereld[name], headers={"If-None-Match": value})
        assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
    assert (await api.get(wereld[name], headers={"If-None-Match": '"other"'})).status_code == 200
    usual = {"Authorization": f"Bearer {api.token()}", **CRS}
    lines = [*usual.items(), ("If-None-Match", '"other"'), ("If-None-Match", tag)]
    assert (await api.http.get(wereld[name], headers=lines)).status_code == 304


@pytest.mark.parametrize(("service", "resource"), ALL, ids=IDS)
async def test_a_list_has_the_object_as_it_is_on_its_own(
    wereld: werelden.Wereld, api: Client, service: str, resource: Resource
) -> None:
    name = f"{service}/{resource.path}"
    if name in OUTSIDE or "list" not in resource.verbs or "list" not in resource.scopes:
        return
    alone = (await api.get(wereld[name])).json()
    url: str | None = path_of(wereld, service, resource)
    if service == "catalogi" and any(declared.name == "status" for declared in resource.filters):
        # Without asking for them, concepts are not listed.
        url = f"{url}?status=alles"
    found = []
    while url:
        page = (await api.get(url)).json()
        if isinstance(page, list):
            assert not resource.paginated
            found += page
            break
        assert set(page) == {"count", "next", "previous", "results"}
        found += page["results"]
        url = page["next"]
    mine = [item for item in found if item["url"] == alone["url"]]
    assert mine == [alone]


@pytest.mark.parametrize(
    ("service", "resource"),
    [(s, r) for s, r in ALL if "replace" in r.verbs and f"{s}/{r.path}" not in OUTSIDE],
    ids=lambda x: getattr(x, "path", x),
)
async def test_what_was_read_can_be_written_back(
    wereld: werelden.Wereld, api: Client, service: str, resource: Resource
) -> None:
    """Clients change one field of the whole object that they got, what it expands included; what only responses have is
    ignored, whatever it is (common.md §1)."""
    url = wereld[f"{service}/{resource.path}"]
    before = (await api.get(url)).json()
    paths = ",".join(expandable(resource))
    expanded = (await api.get(f"{url}?expand={paths}")).json() if paths else before
    assert expanded.get("_expand", {}).keys() == expandable(resource).keys()
    ours = before.keys() - {p.name for p in describe(resource.fields)}
    for method, sent in (("PUT", expanded), ("PATCH", expanded), ("PUT", {**before, **dict.fromkeys(ours)})):
        answer = await api.request(method, url, json=sent)
        assert answer.status_code == 200, answer.text
        after = (await api.get(url)).json()
        assert answer.json() == after
        assert {k: v for k, v in after.items() if k not in MOVING} == {
            k: v for k, v in before.items() if k not in MOVING
        }


@pytest.mark.parametrize(("service", "resource"), ALL, ids=IDS)
async def test_an_unauthorised_method_is_405_before_403(
    wereld: werelden.Wereld, stack: Stack, service: str, resource: Resource
) -> None:
    client = Client(stack, "deventer", "bestaat-niet", "x" * 32)
    answer = await client.request("PATCH", path_of(wereld, service, resource), json={})
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    answer = await client.get(path_of(wereld, service, resource))
    expected = (
        (403, "invalid-jwt-signature") if "GET" in answer.headers.get("allow", "GET") else (405, "method_not_allowed")
    )
    assert (answer.status_code, answer.json()["code"]) == expected


@pytest.mark.parametrize(
    ("service", "resource"),
    [(s, r) for s, r in ALL if r.audited and f"{s}/{r.path}" not in OUTSIDE],
    ids=lambda x: getattr(x, "path", x),
)
async def test_a_write_is_in_the_audit_trail_of_its_main_object(
    wereld: werelden.Wereld, api: Client, service: str, resource: Resource
) -> None:
    main = resource.main.resource if resource.main else resource
    name = f"{service}/{resource.path}"
    owner = wereld[f"{service}/{main.path}"]
    trails = [(await api.get(f"{owner}/audittrail")).json()]
    if service == "besluiten" or resource.main is None or name in ("documenten/objectinformatieobjecten",):
        assert isinstance(trails[0], list)
    entries = [entry for entry in trails[0] if entry["resourceUrl"] == wereld[name]]
    if name == "documenten/objectinformatieobjecten":
        return
    assert entries, (name, trails)
    entry = entries[0]
    assert entry["actie"] == "create"
    assert entry["bron"] == api_of(service).component
    assert entry["resource"] == resource.name
    assert entry["hoofdObject"] == owner
    assert entry["gebruikersId"] == "jdv"
    assert entry["gebruikersWeergave"] == "J. de Vries"
    # A mirror is written by the component that leads the relation, with its own credentials.
    assert entry["applicatieWeergave"] == ("samenzaak-besluiten" if name == "zaken/besluiten" else "alles-deventer")
    assert entry["wijzigingen"]["oud"] is None
    assert entry["wijzigingen"]["nieuw"]["url"] == wereld[name]
    assert (await api.get(f"{owner}/audittrail/{entry['uuid']}")).json() == entry
