"""What can be read answers HEAD as it answers GET, without the body (RFC 9110, 9.3.2)."""

import pytest

from tests import wereld as werelden
from tests.foundation.resources import ALL, MADE, each, name_of, path_of, verbs_of
from tests.stack import Client, built
from zgw.resource import Resource

CHANGING = ("date", "x-request-id", "server-timing")
"""Headers that are never the same twice."""


@pytest.fixture(scope="module")
async def wereld(own: Client) -> werelden.Wereld:
    """Everything."""
    return await werelden.make(own)


async def same_without_body(client: Client, url: str, **headers: str) -> None:
    """Check that HEAD has the status and all headers of GET."""
    whole = await client.get(url, headers=headers)
    head = await client.request("HEAD", url, headers=headers)
    assert (head.status_code, head.content) == (whole.status_code, b""), (url, head.status_code)
    shown = [{k: v for k, v in answer.headers.items() if k not in CHANGING} for answer in (head, whole)]
    assert shown[0] == shown[1], url


@pytest.mark.few("service")
@each(among=ALL)
async def test_head_of_lists_objects_and_trails(
    wereld: werelden.Wereld, own: Client, service: str, resource: Resource
) -> None:
    name, verbs = name_of(service, resource), verbs_of(service, resource)
    urls = [path_of(wereld, service, resource)] if "list" in verbs else []
    if (service, resource) in MADE and "fetch" in verbs:
        urls.append(wereld[name])
        if resource.audited and resource.main is None:
            urls.append(wereld[name] + "/audittrail")
    for url in urls:
        await same_without_body(own, url)


async def test_head_of_actions_and_errors(wereld: werelden.Wereld, own: Client) -> None:
    document, zaak = wereld["documenten/enkelvoudiginformatieobjecten"], wereld["zaken/zaken"]
    lists = ("/documenten/api/v1/enkelvoudiginformatieobjecten", f"{zaak}/besluiten", f"{zaak}/zaakeigenschappen")
    for url in (*lists, document, f"{document}/download", f"{document}/audittrail"):
        await same_without_body(own, url)
    for wrong in ("?page=99", "?x=1", "?startdatum=x"):
        head = await own.request("HEAD", "/zaken/api/v1/zaken" + wrong)
        assert head.status_code == (await own.get("/zaken/api/v1/zaken" + wrong)).status_code >= 400
        assert head.content == b""


@pytest.mark.few
@pytest.mark.parametrize("service", built())
async def test_head_of_documentation(own: Client, service: str) -> None:
    for page in ("", "openapi.json", "openapi.yaml", "docs", "schema/openapi.yaml", "schema/"):
        await same_without_body(own, f"/{service}/api/v1/{page}")


async def test_who_may_not_read_may_not_ask_for_the_head(wereld: werelden.Wereld, own: Client) -> None:
    document = wereld["documenten/enkelvoudiginformatieobjecten"]
    for url in ("/zaken/api/v1/zaken", f"{document}/download", "/autorisaties/api/v1/applicaties"):
        assert (await own.http.head(url)).status_code == 403


async def test_a_path_that_is_only_written_to_has_no_head(own: Client) -> None:
    answer = await own.request("HEAD", "/zaken/api/v1/zaken/_zoek")
    assert answer.status_code == 405
