"""zrc-029: what ``fields`` in ``_zoek`` chooses inside groups, lists of groups and parties."""

from typing import Any

import pytest

from tests.zaken.zaakmaker import Zaakmaker

ZOEK = "/zaken/api/v1/zaken/_zoek"


@pytest.fixture(scope="module")
async def zaak(zaken: Zaakmaker) -> dict[str, Any]:
    """A zaak with two rollen of different kinds."""
    made = await zaken.zaak(kenmerken=[{"kenmerk": "1", "bron": "a"}, {"kenmerk": "2", "bron": "b"}])
    adres = {"aoaIdentificatie": "1", "wplWoonplaatsNaam": "Deventer", "gorOpenbareRuimteNaam": "Brink"}
    persoon = {"inpBsn": "111222333", "verblijfsadres": {**adres, "aoaHuisnummer": 1}}
    await zaken.rol(made["url"], betrokkeneIdentificatie=persoon)
    adviseur = {"roltype": zaken.types.roltypen["adviseur"], "betrokkeneType": "medewerker"}
    await zaken.rol(made["url"], **adviseur, betrokkeneIdentificatie={"identificatie": "jan"})
    await zaken.rol(made["url"], **adviseur, betrokkeneIdentificatie={}, betrokkene="https://personen.example/1")
    return await zaken.lees(made)


async def test_members_of_groups(zaken: Zaakmaker, zaak: dict[str, Any]) -> None:
    """zrc-029: a group is chosen from as a relation is, without ``_expand``."""
    fields = [
        {"kenmerken": ["BRON"]},
        {"rollen": [{"betrokkeneIdentificatie": ["inpBsn", {"verblijfsadres": ["aoaHuisnummer"]}]}]},
    ]
    answer = await zaken.api.post(ZOEK, {"uuid__in": [zaak["uuid"]], "fields": fields})
    assert answer.status_code == 200, answer.text
    (found,) = answer.json()["results"]
    assert found == {
        "kenmerken": [{"bron": "a"}, {"bron": "b"}],
        "_expand": {
            "rollen": [
                {"betrokkeneIdentificatie": {"inpBsn": "111222333", "verblijfsadres": {"aoaHuisnummer": 1}}},
                # Another kind of party, and one that is known by its URL only.
                {"betrokkeneIdentificatie": {}},
                {},
            ]
        },
    }


@pytest.mark.parametrize(
    "fields",
    [
        [{"kenmerken": ["onzin"]}],
        [{"opschorting": ["onzin"]}],
        [{"rollen": [{"betrokkeneIdentificatie": ["onzin"]}]}],
        [{"rollen": [{"betrokkeneIdentificatie": [{"verblijfsadres": ["onzin"]}]}]}],
        [{"zaakobjecten": [{"objectIdentificatie": [{"identificatie": ["onzin"]}]}]}],
    ],
)
async def test_members_that_no_kind_has(zaken: Zaakmaker, zaak: dict[str, Any], fields: list[Any]) -> None:
    """zrc-027, zrc-029: 404, as for an unknown relation."""
    answer = await zaken.api.post(ZOEK, {"uuid__in": [zaak["uuid"]], "fields": fields})
    assert (answer.status_code, answer.json()["code"]) == (404, "invalid-expand-field")
