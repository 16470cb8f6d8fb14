"""Closing over HTTP: each afleidingswijze, deelzaken, reopening, and later dates (zrc-007, zrc-008, zrc-021)."""

import uuid
from typing import Any

import pytest

from tests.answers import errors
from tests.maak import Maak, procedure
from tests.zaken.archiveren import DAG, bron, maker, sluit, termijn
from tests.zaken.elders import elders
from tests.zaken.zaakmaker import Zaakmaker

OBJECT = "nonFieldErrors"


async def test_zrc_021_afgehandeld(zaken: Zaakmaker) -> None:
    zaak = await sluit(zaken, await zaken.zaak())
    assert (zaak["einddatum"], bron(zaak, await termijn(zaken))) == (DAG, DAG)
    resultaattype = (await zaken.api.get(zaken.types.resultaattypen[0])).json()
    assert zaak["archiefnominatie"] == resultaattype["archiefnominatie"]


async def test_zrc_021_values_of_the_client_are_kept(zaken: Zaakmaker) -> None:
    zaak = await sluit(zaken, await zaken.zaak(archiefnominatie="blijvend_bewaren", archiefactiedatum="2099-12-31"))
    assert (zaak["archiefnominatie"], zaak["archiefactiedatum"]) == ("blijvend_bewaren", "2099-12-31")


async def test_zrc_021_zrc_026a_start_of_retention_of_the_client_counts(zaken: Zaakmaker) -> None:
    zaak = await sluit(zaken, await zaken.zaak(startdatumBewaartermijn="2028-02-01"))
    assert bron(zaak, await termijn(zaken)) == "2028-02-01"
    assert zaak["startdatumBewaartermijn"] == "2028-02-01"


async def test_zrc_021_termijn(zaken: Zaakmaker, maak: Maak) -> None:
    own = await maker(zaken, maak, "termijn")
    zaak = await sluit(own, await own.zaak())
    assert bron(zaak, await termijn(own)) == "2031-03-15"


async def test_zrc_021_eigenschap_also_when_it_comes_later(zaken: Zaakmaker, maak: Maak) -> None:
    own = await maker(zaken, maak, "eigenschap")
    jaren = await termijn(own)
    zaak = await own.zaak()
    await own.eigenschap(zaak["url"], "einddatum", "20290601")
    assert bron(await sluit(own, zaak), jaren) == "2029-06-01"
    late = await sluit(own, await own.zaak())
    assert late["archiefactiedatum"] is None
    query = {"archiefactiedatum__isnull": "true", "einddatum__isnull": "false", "identificatie": late["identificatie"]}
    assert (await own.api.get("/zaken/api/v1/zaken", params=query)).json()["count"] == 1
    added = await own.eigenschap(late["url"], "einddatum", "2030-07-01")
    assert bron(await own.lees(late), jaren) == "2030-07-01"
    assert (await own.api.patch(added["url"], {"waarde": "20310701"})).status_code == 200
    assert bron(await own.lees(late), jaren) == "2031-07-01"
    assert errors(await own.api.patch(added["url"], {"waarde": "ooit"})) == [(OBJECT, "archiefactiedatum-error")]
    assert bron(await own.lees(late), jaren) == "2031-07-01"
    # A date that somebody fills in by hand is not derived again.
    assert (await own.api.patch(late["url"], {"archiefactiedatum": "2050-01-01"})).status_code == 200
    assert (await own.api.patch(added["url"], {"waarde": "20320701"})).status_code == 200
    assert (await own.lees(late))["archiefactiedatum"] == "2050-01-01"


async def test_zrc_021_value_that_is_no_date_cannot_close(zaken: Zaakmaker, maak: Maak) -> None:
    own = await maker(zaken, maak, "eigenschap")
    zaak = await own.zaak()
    await own.eigenschap(zaak["url"], "einddatum", "volgend jaar")
    await own.resultaat(zaak["url"])
    assert errors(await own.sluit(zaak["url"])) == [(OBJECT, "archiefactiedatum-error")]
    assert (await own.lees(zaak))["einddatum"] is None


async def test_zrc_021_ander_datumkenmerk_is_filled_in_by_hand(zaken: Zaakmaker, maak: Maak) -> None:
    own = await maker(zaken, maak, "ander_datumkenmerk")
    zaak = await sluit(own, await own.zaak())
    assert (zaak["archiefactiedatum"], zaak["startdatumBewaartermijn"]) == (None, None)
    assert zaak["archiefnominatie"] is not None
    # Either the start of the retention or its end.
    changed = await own.api.patch(zaak["url"], {"startdatumBewaartermijn": "2030-01-01"})
    assert bron(changed.json(), await termijn(own)) == "2030-01-01"
    changed = await own.api.patch(zaak["url"], {"archiefactiedatum": "2040-01-01"})
    assert changed.json()["archiefactiedatum"] == "2040-01-01"
    both = {"startdatumBewaartermijn": "2031-01-01", "archiefactiedatum": "2041-01-01"}
    assert (await own.api.patch(zaak["url"], both)).json().items() >= both.items()


async def test_zrc_021_zaakobject(zaken: Zaakmaker, maak: Maak) -> None:
    own = await maker(zaken, maak, "zaakobject")
    zaak = await own.zaak()
    body = {"zaak": zaak["url"], "objectType": "pand", "objectIdentificatie": {"identificatie": "0150100000000001"}}
    await own.api.created("/zaken/api/v1/zaakobjecten", body)
    assert (await sluit(own, zaak))["archiefactiedatum"] is None


async def test_zrc_021_zaakobject_by_what_is_registered_here_or_there(zaken: Zaakmaker, maak: Maak) -> None:
    types = await maak.zaaktype("zaakobject", concept=True)
    how = procedure("zaakobject", objecttype="overige", datumkenmerk="vergunning/einddatum")
    kind = await maak.resultaattype(types.url, "zaakobject", brondatumArchiefprocedure=how)
    types.resultaattypen.insert(0, kind["url"])
    await maak.publiceer(types.url)
    own = Zaakmaker(zaken.api, types)
    jaren, api = await termijn(own), own.api

    async def object_(zaak: dict[str, Any], einddatum: Any = ..., **changes: Any) -> dict[str, Any]:
        body = {"zaak": zaak["url"], "objectType": "overige", "objectTypeOverige": "kraam"}
        if einddatum is not ...:
            body["objectIdentificatie"] = {"overigeData": {"vergunning": {"einddatum": einddatum}}}
        return await api.created("/zaken/api/v1/zaakobjecten", {**body, **changes})

    async with elders(api.stack, expand=True) as register:
        there = register.add("kramen/1", {"vergunning": {"einddatum": "2032-01-01"}})
        zaak = await own.zaak()
        first = await object_(zaak, "2030-01-01")
        await object_(zaak, object=there)
        last = await object_(zaak, "20310101")
        assert bron(await sluit(own, zaak), jaren) == "2032-01-01"
        # Later changes count as well, as far as they can be understood.
        later = {"objectIdentificatie": {"overigeData": {"vergunning": {"einddatum": "2033-01-01T00:00:00Z"}}}}
        assert (await api.patch(last["url"], later)).status_code == 200
        assert bron(await own.lees(zaak), jaren) == "2033-01-01"
        wrong = {"objectIdentificatie": {"overigeData": {"vergunning": {"einddatum": ["ooit"]}}}}
        assert errors(await api.patch(last["url"], wrong)) == [(OBJECT, "archiefactiedatum-error")]
        assert (await api.delete(last["url"])).status_code == 204
        assert bron(await own.lees(zaak), jaren) == "2032-01-01"
    # What cannot be read any more could be later than the rest: better no date than one that is too early.
    assert (await api.delete(first["url"])).status_code == 204
    assert (await own.lees(zaak))["archiefactiedatum"] is None
    other = await own.zaak()
    await object_(other, "ooit")
    await own.resultaat(other["url"])
    assert errors(await own.sluit(other["url"])) == [(OBJECT, "archiefactiedatum-error")]


async def test_zrc_021_gerelateerde_zaak(zaken: Zaakmaker, maak: Maak) -> None:
    own = await maker(zaken, maak, "gerelateerde_zaak")
    assert (await sluit(own, await own.zaak()))["archiefactiedatum"] is None
    one, two, open_ = await zaken.zaak(), await zaken.zaak(), await zaken.zaak()
    for zaak, day in ((one, "2026-01-10"), (two, "2026-02-20")):
        await zaken.resultaat(zaak["url"])
        assert (await zaken.sluit(zaak["url"], datumStatusGezet=f"{day}T12:00:00Z")).status_code == 201
    links = [{"url": zaak["url"], "aardRelatie": "onderwerp"} for zaak in (one, two, open_)]
    zaak = await sluit(own, await own.zaak(relevanteAndereZaken=links))
    jaren = await termijn(own)
    assert bron(zaak, jaren) == "2026-02-20"
    # A zaak that is closed or reopened later counts as well.
    await zaken.resultaat(open_["url"])
    assert (await zaken.sluit(open_["url"], datumStatusGezet="2026-03-01T12:00:00Z")).status_code == 201
    assert bron(await own.lees(zaak), jaren) == "2026-03-01"
    await zaken.status(open_["url"], 1)
    assert bron(await own.lees(zaak), jaren) == "2026-02-20"
    fewer = await own.api.patch(zaak["url"], {"relevanteAndereZaken": links[:1]})
    assert bron(fewer.json(), jaren) == "2026-01-10"


@pytest.mark.parametrize(
    ("afleidingswijze", "expected"), [("ingangsdatum_besluit", "2026-05-01"), ("vervaldatum_besluit", "2027-05-01")]
)
async def test_zrc_021_besluit(zaken: Zaakmaker, maak: Maak, afleidingswijze: str, expected: str) -> None:
    own = await maker(zaken, maak, afleidingswijze)
    assert (await sluit(own, await own.zaak()))["archiefactiedatum"] is None
    zaak = await own.zaak()
    for dates in ({"ingangsdatum": "2026-04-01"}, {"ingangsdatum": "2026-05-01", "vervaldatum": "2027-05-01"}):
        body = {
            "verantwoordelijkeOrganisatie": "517439943",
            "besluittype": own.types.besluittype,
            "zaak": zaak["url"],
            "datum": "2026-01-01",
            **dates,
        }
        await own.api.created("/besluiten/api/v1/besluiten", body)
    assert bron(await sluit(own, zaak), await termijn(own)) == expected


# --- Deelzaken ------------------------------------------------------------------------------------------------------


async def gezin(zaken: Zaakmaker, maak: Maak) -> tuple[Zaakmaker, Zaakmaker, dict[str, Any], dict[str, Any]]:
    """Make a hoofdzaak, and a deelzaak whose retention starts when the hoofdzaak is closed."""
    kind = await maker(zaken, maak, "hoofdzaak")
    top = await maker(zaken, maak, "afgehandeld", deelzaaktypen=[kind.types.zaaktype["identificatie"]])
    hoofdzaak = await top.zaak()
    return top, kind, hoofdzaak, await kind.zaak(hoofdzaak=hoofdzaak["url"])


async def test_zrc_007_deelzaken_are_closed_first(zaken: Zaakmaker, maak: Maak) -> None:
    top, kind, hoofdzaak, deelzaak = await gezin(zaken, maak)
    await top.resultaat(hoofdzaak["url"])
    assert errors(await top.sluit(hoofdzaak["url"])) == [(OBJECT, "deelzaken-not-closed")]
    await kind.status(deelzaak["url"], 1)
    assert errors(await top.sluit(hoofdzaak["url"])) == [(OBJECT, "deelzaken-not-closed")]
    await sluit(kind, deelzaak)
    resultaat = (await kind.lees(deelzaak))["resultaat"]
    assert (await kind.api.delete(resultaat)).status_code == 204
    assert errors(await top.sluit(hoofdzaak["url"])) == [(OBJECT, "deelzaak-resultaat-does-not-exist")]
    await kind.resultaat(deelzaak["url"])
    assert (await top.sluit(hoofdzaak["url"])).status_code == 201


async def test_zrc_021_hoofdzaak_gives_its_deelzaken_their_date(zaken: Zaakmaker, maak: Maak) -> None:
    top, kind, hoofdzaak, deelzaak = await gezin(zaken, maak)
    jaren = await termijn(kind)
    closed = await sluit(kind, deelzaak)
    assert (closed["einddatum"], closed["archiefactiedatum"]) == (DAG, None)
    await top.resultaat(hoofdzaak["url"])
    assert (await top.sluit(hoofdzaak["url"], datumStatusGezet="2026-06-01T12:00:00Z")).status_code == 201
    assert bron(await kind.lees(deelzaak), jaren) == "2026-06-01"
    # zrc-008: reopening the deelzaak needs an open hoofdzaak; reopening that one empties both.
    refused = await kind.api.post("/zaken/api/v1/statussen", kind.status_body(deelzaak["url"], 1))
    assert errors(refused) == [(OBJECT, "hoofdzaak-closed")]
    await top.status(hoofdzaak["url"], 1)
    for zaak in (await top.lees(hoofdzaak), await kind.lees(deelzaak)):
        assert (zaak["archiefactiedatum"], zaak["archiefnominatie"], zaak["startdatumBewaartermijn"]) == (
            None,
            None,
            None,
        )
    assert (await kind.lees(deelzaak))["einddatum"] == DAG


async def test_zrc_008_deelzaak_keeps_what_it_owes_to_its_hoofdzaak(zaken: Zaakmaker, maak: Maak) -> None:
    _, kind, _, deelzaak = await gezin(zaken, maak)
    closed = await sluit(kind, deelzaak)
    await kind.status(deelzaak["url"], 1)
    opened = await kind.lees(deelzaak)
    assert opened["einddatum"] is None
    assert opened["archiefnominatie"] == closed["archiefnominatie"] is not None


async def test_zrc_021_a_deelzaak_type_without_hoofdzaak_closes_without_date(zaken: Zaakmaker, maak: Maak) -> None:
    own = await maker(zaken, maak, "hoofdzaak")
    assert (await sluit(own, await own.zaak()))["archiefactiedatum"] is None


async def test_zrc_021_another_resultaat_on_a_closed_zaak_counts(zaken: Zaakmaker, maak: Maak) -> None:
    zaak = await sluit(zaken, await zaken.zaak(identificatie=f"R-{uuid.uuid4().hex[:12]}"))
    assert zaak["archiefactiedatum"] is not None
    assert (await zaken.api.delete(zaak["resultaat"])).status_code == 204
    assert (await zaken.lees(zaak))["archiefactiedatum"] is None
    await zaken.resultaat(zaak["url"], resultaattype=zaken.types.resultaattypen[1])
    assert (await zaken.lees(zaak))["archiefactiedatum"] == zaak["archiefactiedatum"]
