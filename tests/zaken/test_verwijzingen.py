"""References to what is in the Zaken API itself, as clients may get them wrong or write them differently."""

import uuid

from tests.answers import errors
from tests.bodies import relatie
from tests.documenten.maak_document import document
from tests.stack import PUBLIC
from tests.zaken.zaakmaker import ZAKEN, Zaakmaker

ROOT = f"{PUBLIC}/zaken/api/v1"


async def test_a_wrong_reference_where_there_was_none_is_refused(zaken: Zaakmaker) -> None:
    """zrc-013, common.md §10: the zaak had no hoofdzaak, and a wrong one is not the same as none."""
    zaak = await zaken.zaak()
    file = await document(zaken.api, informatieobjecttype=zaken.types.informatieobjecttype)
    relation = {"zaak": zaak["url"], "informatieobject": file["url"]}
    zio = await zaken.api.created("/zaken/api/v1/zaakinformatieobjecten", relation)
    for url, code in {
        "https://elders.example.nl/zaken/1": "no_match",
        zaken.types.url: "no_match",
        f"{ROOT}/rollen/{uuid.uuid4()}": "incorrect_match",
        f"{ROOT}/zaken/geen-uuid": "does_not_exist",
        f"{ROOT}/zaken/{uuid.uuid4()}": "does_not_exist",
    }.items():
        for answer in (
            await zaken.api.patch(zaak["url"], {"hoofdzaak": url}),
            await zaken.api.put(zaak["url"], zaken.body(hoofdzaak=url)),
            await zaken.api.post(ZAKEN, zaken.body(hoofdzaak=url)),
        ):
            assert errors(answer) == [("hoofdzaak", code)]
        status = url.replace("/zaken/geen", "/statussen/geen")
        if f"{ROOT}/zaken/" not in status:
            assert errors(await zaken.api.put(zio["url"], {**relation, "status": status})) == [("status", code)]
    now = await zaken.lees(zaak)
    assert now == {**zaak, "zaakinformatieobjecten": [zio["url"]], "laatstGemuteerd": now["laatstGemuteerd"]}


async def test_a_uuid_in_capitals_is_the_same(zaken: Zaakmaker) -> None:
    def capitals(url: str) -> str:
        start, _, key = url.rpartition("/")
        return f"{start}/{key.upper()}"

    hoofdzaak = await zaken.zaak()
    zaak = await zaken.zaak(zaaktype=capitals(zaken.types.url), relevanteAndereZaken=[])
    assert zaak["zaaktype"] == zaken.types.url
    andere = [{"url": capitals(hoofdzaak["url"]), "aardRelatie": "vervolg"}]
    changed = await zaken.api.patch(zaak["url"], {"relevanteAndereZaken": andere, "zaaktype": zaak["zaaktype"]})
    assert changed.json()["relevanteAndereZaken"] == [relatie(hoofdzaak["url"])]
    same = await zaken.api.put(capitals(zaak["url"]), {**changed.json(), "zaaktype": capitals(zaken.types.url)})
    assert same.json() == changed.json()
    status = await zaken.status(capitals(zaak["url"]), statustype=capitals(zaken.types.statustypen[0]))
    assert (status["zaak"], status["statustype"]) == (zaak["url"], zaken.types.statustypen[0])
    found = await zaken.api.get(
        "/zaken/api/v1/statussen",
        params={"zaak": capitals(zaak["url"]), "statustype": capitals(status["statustype"])},
    )
    assert [item["url"] for item in found.json()["results"]] == [status["url"]]
