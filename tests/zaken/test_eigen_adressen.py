"""URLs below our own root that are no object of ours: they lead nowhere, and to nobody else."""

import uuid

import pytest

from tests.answers import errors
from tests.servers import listening
from tests.zaken.zaakmaker import Zaakmaker

NOWHERE = [
    "/x",
    "/zaken/api/v1/zaken/",
    "/zaken/api/v1/zaken/geen-uuid",
    "/zaken/api/v1/onzin/{uuid}",
    "/documenten/api/v1/../{uuid}",
    "/documenten/api/v1/bestandsdelen/{uuid}",
    "/documenten/api/v1/enkelvoudiginformatieobjecten/geen-uuid",
    "/onzin/api/v1/dingen/{uuid}",
    "/127.0.0.1:{port}?x/api/v1/dingen/{uuid}",
    "/127.0.0.1:{port}%23/api/v1/dingen/{uuid}",
    "/x@127.0.0.1:{port}?x/api/v1/dingen/{uuid}",
]


@pytest.mark.parametrize("path", NOWHERE)
async def test_an_own_address_that_is_no_object(zaken: Zaakmaker, path: str) -> None:
    """Its first segment names a service, to which requests go with an internal token: only to one of ours."""
    zaak = (await zaken.zaak())["url"]
    async with listening() as listener:
        url = "http://samenzaak.test" + path.format(uuid=uuid.uuid4(), port=listener.port)
        rol = await zaken.rol(
            zaak, roltype=zaken.types.roltypen["behandelaar"], betrokkene=url, betrokkeneIdentificatie=...
        )
        shown = await zaken.api.get(f"{rol['url']}?expand=betrokkene")
        assert (shown.status_code, shown.json().get("_expand")) == (200, {"betrokkene": {}})
        made = await zaken.api.post("/zaken/api/v1/zaakobjecten", {"zaak": zaak, "objectType": "pand", "object": url})
        assert errors(made) == [("object", "bad-url")]
        assert listener.connections == 0
