"""A case of a zaaktype from a real catalogue, from registration to closing."""

import base64
from typing import Any

from tests.catalogi.uitwisselen import send, small
from tests.selectielijst import Selectielijst
from tests.stack import Client

RSIN = "820151130"


async def types(api: Client, path: str, zaaktype: str) -> list[dict[str, Any]]:
    """Return the types of one kind that belong to a zaaktype."""
    answer = await api.get(f"/catalogi/api/v1/{path}?zaaktype={zaaktype}")
    found: list[dict[str, Any]] = answer.json()["results"]
    return found


async def test_a_case_of_a_real_zaaktype_is_registered_handled_and_closed(api: Client, lijst: Selectielijst) -> None:
    imported = await send(api, small(lijst, "ECHTE", 1))
    assert imported.status_code == 200, imported.text
    catalogus = imported.json()["catalogus"]
    (zaaktype,) = (await api.get(f"/catalogi/api/v1/zaaktypen?catalogus={catalogus}")).json()["results"]
    url = zaaktype["url"]
    zaak = await api.created(
        "/zaken/api/v1/zaken",
        {
            "bronorganisatie": RSIN,
            "verantwoordelijkeOrganisatie": RSIN,
            "zaaktype": url,
            "startdatum": "2026-02-01",
            "omschrijving": "Dorpsfeest",
        },
    )
    initiator = {
        "zaak": zaak["url"],
        "roltype": (await types(api, "roltypen", url))[0]["url"],
        "betrokkeneType": "natuurlijk_persoon",
        "roltoelichting": "organisator",
        "betrokkeneIdentificatie": {"inpBsn": "111222333"},
    }
    await api.created("/zaken/api/v1/rollen", initiator)
    for eigenschap in await types(api, "eigenschappen", url):
        body = {"zaak": zaak["url"], "eigenschap": eigenschap["url"], "waarde": "20260201"}
        await api.created(f"{zaak['url']}/zaakeigenschappen", body)
    document = {
        "bronorganisatie": RSIN,
        "creatiedatum": "2026-02-01",
        "titel": "Aanvraag",
        "auteur": "organisator",
        "taal": "nld",
        "inhoud": base64.b64encode(b"aanvraag").decode(),
        "indicatieGebruiksrecht": False,
        "informatieobjecttype": zaaktype["informatieobjecttypen"][0],
    }
    made = await api.created("/documenten/api/v1/enkelvoudiginformatieobjecten", document)
    link = {"zaak": zaak["url"], "informatieobject": made["url"]}
    await api.created("/zaken/api/v1/zaakinformatieobjecten", link)
    resultaattype = next(
        r
        for r in await types(api, "resultaattypen", url)
        if r["brondatumArchiefprocedure"]["afleidingswijze"] == "afgehandeld" and r["archiefactietermijn"]
    )
    await api.created("/zaken/api/v1/resultaten", {"zaak": zaak["url"], "resultaattype": resultaattype["url"]})
    statustypen = sorted(await types(api, "statustypen", url), key=lambda s: s["volgnummer"])
    assert len(statustypen) > 2
    for number, statustype in enumerate(statustypen, 1):
        moment = f"2026-03-{number:02}T12:00:00Z"
        body = {"zaak": zaak["url"], "statustype": statustype["url"], "datumStatusGezet": moment}
        await api.created("/zaken/api/v1/statussen", body)
    closed = (await api.get(zaak["url"])).json()
    assert closed["einddatum"] == f"2026-03-{len(statustypen):02}"
    assert closed["archiefnominatie"] == resultaattype["archiefnominatie"]
    assert closed["archiefactiedatum"] > closed["einddatum"]
    assert closed["resultaat"]
    assert len(closed["eigenschappen"]) == len(await types(api, "eigenschappen", url))
