"""Lists without pages are sent while they are read, and hold the same as those that are sent at once."""

from typing import Any

import pytest

from runtime.tenancy import schema_of
from tests.maak import Maak
from tests.selectielijst import Selectielijst
from tests.stack import Stack
from tests.zaken.zaakmaker import Zaakmaker

ZIOS = "/zaken/api/v1/zaakinformatieobjecten"
NUMBER = 23


@pytest.fixture
async def gevuld(stack: Stack, lijst: Selectielijst) -> tuple[Zaakmaker, list[str]]:
    """A zaak and a secret one, in turn with a document, loaded past the API; the uuids of the relations."""
    api = await stack.add_own()
    own = Zaakmaker(api, await Maak(api, lijst).zaaktype())
    zaken = [(await own.zaak(vertrouwelijkheidaanduiding=level))["uuid"] for level in ("openbaar", "geheim")]
    async with stack.admin() as admin:
        rows = await admin.fetch(
            f'INSERT INTO "{schema_of(api.tenant, "zaken")}".zaakinformatieobject'
            " (informatieobject, titel, beschrijving, zaak)"
            " SELECT '/documenten/api/v1/enkelvoudiginformatieobjecten/' || gen_random_uuid(), n, '',"
            " ($1::uuid[])[n % 2 + 1] FROM generate_series(1, $2) n RETURNING uuid",
            zaken,
            NUMBER,
        )
    return own, [str(row["uuid"]) for row in rows]


def uuids(items: list[dict[str, Any]]) -> list[str]:
    """Return the uuids of objects."""
    return [item["uuid"] for item in items]


@pytest.mark.parametrize("at_once", [1, 4, NUMBER, 1000])
async def test_a_list_without_pages_is_whole(
    gevuld: tuple[Zaakmaker, list[str]], monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    own, made = gevuld
    monkeypatch.setattr("zgw.lists.AT_ONCE", at_once)
    everything = (await own.api.get(ZIOS)).json()
    assert uuids(everything) == made[::-1]
    assert set(everything[0]) == set((await own.api.get(everything[0]["url"])).json())
    reader = await own.client("zaken.lezen", cap="openbaar")
    answer = await reader.get(ZIOS)
    assert answer.headers["content-type"] == "application/json"
    assert uuids(answer.json()) == [uuid for n, uuid in enumerate(made, 1) if n % 2 == 0][::-1]
    expanded = (await reader.get(ZIOS, params={"expand": "zaak"})).json()
    assert [item["_expand"]["zaak"]["url"] for item in expanded] == [item["zaak"] for item in expanded]
    assert uuids(expanded) == uuids(answer.json())
    nobody = await own.client("zaken.lezen", zaaktype="http://samenzaak.test/catalogi/api/v1/zaaktypen/geen")
    assert (await nobody.get(ZIOS)).json() == []
