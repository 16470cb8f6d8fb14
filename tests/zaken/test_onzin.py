"""Nonsense in any field of what belongs to a zaak is answered with a 400, never with a 500 or a half-done write."""

from typing import Any

import pytest

from tests.zaken.identificaties import IDENTIFICATIES, PARTIJEN
from tests.zaken.zaakmaker import PUNT, Zaakmaker

ROOT = "/zaken/api/v1"
ONZIN: list[Any] = [None, 5, -(10**30), 1.5, True, "", "x", "\u0000", "é" * 2000, [], [None], {}, {"a": [{}]}, [[[]]]]

BODIES: dict[str, dict[str, Any]] = {
    f"{ROOT}/rollen": {
        "roltype": "x",
        "betrokkene": "x",
        "betrokkeneType": "natuurlijk_persoon",
        "contactpersoonRol": {"naam": "x"},
        "betrokkeneIdentificatie": PARTIJEN["natuurlijk_persoon"],
    },
    f"{ROOT}/zaakobjecten": {
        "object": "x",
        "zaakobjecttype": "x",
        "objectType": "huishouden",
        "objectTypeOverigeDefinitie": {"url": "x", "schema": ".", "objectData": "."},
        "objectIdentificatie": IDENTIFICATIES["huishouden"],
    },
    f"{ROOT}/zaakinformatieobjecten": {"informatieobject": "x", "status": "x", "vernietigingsdatum": "x"},
    f"{ROOT}/zaakcontactmomenten": {"contactmoment": "x"},
    f"{ROOT}/zaakverzoeken": {"verzoek": "x"},
    f"{ROOT}/klantcontacten": {"identificatie": "x", "datumtijd": "2026-01-01T00:00:00Z"},
    f"{ROOT}/zaaknotities": {"onderwerp": "x", "tekst": "x", "notitieType": "intern", "status": "concept"},
    "zaakeigenschappen": {"eigenschap": "x", "waarde": "x"},
    "besluiten": {"besluit": "x"},
    f"{ROOT}/zaken/_zoek": {
        "zaakgeometrie": {"within": PUNT},
        "fields": [{"status": ["url"]}],
        "uuid__in": [],
        "startdatum__gt": "x",
        "einddatum__isnull": True,
        "rol__betrokkene": "x",
        "ordering": "x",
    },
}


def spoiled(value: Any) -> list[Any]:
    """Return a value with nonsense in each of its places."""
    found = list(ONZIN)
    if isinstance(value, dict):
        found += [{**value, key: worse} for key, item in value.items() for worse in spoiled(item)]
    elif isinstance(value, list):
        found += [[worse, *value[1:]] for item in value[:1] for worse in spoiled(item)]
    return found


@pytest.mark.few
@pytest.mark.parametrize("path", BODIES)
async def test_nonsense_is_a_400(zaken: Zaakmaker, path: str) -> None:
    zaak = (await zaken.zaak())["url"]
    url = path if path.startswith("/") else f"{zaak}/{path}"
    link = "gerelateerdAan" if "notities" in path else "zaak"
    body = {link: zaak, **BODIES[path]}
    for name in body:
        for worse in spoiled(body[name])[:60]:
            answer = await zaken.api.post(url, {**body, name: worse})
            assert answer.status_code in (200, 201, 400, 404), (name, worse, answer.text)
    for worse in ("[]", "5", "{", '{"a": NaN}', "", '"\\ud800"', b"\xff"):
        answer = await zaken.api.request("POST", url, content=worse, headers={"Content-Type": "application/json"})
        assert answer.status_code == 400, (worse, answer.text)
