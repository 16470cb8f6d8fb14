"""Zaakeigenschap: rule zrc-018, the path and the body, and the specification of the value (zaken.md §7.2)."""

import uuid
from typing import Any

import pytest

from services.zaken.zaakeigenschap import fits
from tests.answers import errors
from tests.maak import Maak
from tests.zaken.zaakmaker import Zaakmaker, archiveer


def body(zaken: Zaakmaker, zaak: str, /, **changes: Any) -> dict[str, Any]:
    """Return the body of a zaakeigenschap; a change to ``...`` leaves the field out."""
    made = {"zaak": zaak, "eigenschap": zaken.types.eigenschappen["kleur"], "waarde": "rood", **changes}
    return {name: value for name, value in made.items() if value is not ...}


async def test_life_of_a_zaakeigenschap(zaken: Zaakmaker) -> None:
    api, zaak = zaken.api, (await zaken.zaak())["url"]
    made = await api.post(f"{zaak}/zaakeigenschappen", body(zaken, zaak))
    assert made.status_code == 201
    assert "x-warning" not in made.headers
    item = made.json()
    assert made.headers["location"] == item["url"]
    assert item["url"].startswith(f"{zaak}/zaakeigenschappen/")
    assert (item["naam"], item["waarde"], item["zaak"]) == ("kleur", "rood", zaak)
    assert (await zaken.lees({"url": zaak}))["eigenschappen"] == [item["url"]]
    read = await api.get(item["url"])
    assert read.json() == item
    assert (await api.get(item["url"], headers={"If-None-Match": read.headers["etag"]})).status_code == 304
    assert (await api.get(f"{zaak}/zaakeigenschappen")).json() == [item]
    changed = await api.patch(item["url"], {"waarde": "geel"})
    assert changed.json() == {**item, "waarde": "geel"}
    assert (await api.put(item["url"], item)).json() == item
    assert (await api.delete(item["url"])).status_code == 204
    assert (await api.get(f"{zaak}/zaakeigenschappen")).json() == []
    trail = (await api.get(f"{zaak}/audittrail")).json()
    entries = [(entry["actie"], entry["resourceWeergave"]) for entry in trail if entry["resource"] == "zaakeigenschap"]
    assert [actie for actie, _ in entries] == ["create", "partial_update", "update", "destroy"]
    assert entries[0][1].endswith(") - kleur")


async def test_a_zaakeigenschap_belongs_to_the_zaak_of_the_path(zaken: Zaakmaker) -> None:
    secret = await zaken.zaak(vertrouwelijkheidaanduiding="geheim")
    own = await zaken.zaak(vertrouwelijkheidaanduiding="openbaar")
    writer = await zaken.client("zaken.lezen", "zaken.bijwerken", cap="openbaar")
    # The right is checked on the path; the zaak of the body must not be another one.
    answer = await writer.post(f"{own['url']}/zaakeigenschappen", body(zaken, secret["url"]))
    assert errors(answer) == [("zaak", "inconsistent-relation")]
    assert (await zaken.api.get(f"{secret['url']}/zaakeigenschappen")).json() == []
    for zaak in ("https://elders.example/1", f"http://samenzaak.test/zaken/api/v1/zaken/{uuid.uuid4()}"):
        answer = await writer.post(f"{own['url']}/zaakeigenschappen", body(zaken, zaak))
        assert errors(answer) == [("zaak", "inconsistent-relation")]
    answer = await writer.post(f"{own['url']}/zaakeigenschappen", body(zaken, own["url"], zaak=...))
    assert errors(answer) == [("zaak", "required")]
    made = await writer.created(f"{own['url']}/zaakeigenschappen", body(zaken, own["url"]))
    hidden = await zaken.api.created(f"{secret['url']}/zaakeigenschappen", body(zaken, secret["url"]))
    # Neither does another path lead to it.
    swapped = f"{own['url']}/zaakeigenschappen/{hidden['uuid']}"
    for answer in (
        await writer.get(swapped),
        await writer.patch(swapped, {"waarde": "x"}),
        await writer.delete(swapped),
    ):
        assert answer.status_code == 404
    for url in (hidden["url"], f"{secret['url']}/zaakeigenschappen"):
        assert (await writer.get(url)).status_code == 403
    answer = await writer.patch(made["url"], {"zaak": secret["url"]})
    assert errors(answer) == [("zaak", "wijzigen-niet-toegelaten")]
    other = {"eigenschap": zaken.types.eigenschappen["einddatum"]}
    assert errors(await writer.patch(made["url"], other)) == [("eigenschap", "wijzigen-niet-toegelaten")]
    gone = f"http://samenzaak.test/zaken/api/v1/zaken/{uuid.uuid4()}/zaakeigenschappen"
    assert (await writer.get(gone)).status_code == 404
    assert (await writer.post(gone, body(zaken, own["url"]))).status_code == 404


async def test_zrc_018_eigenschap_of_another_zaaktype(zaken: Zaakmaker, maak: Maak) -> None:
    zaak = (await zaken.zaak())["url"]
    other = await maak.eigenschap((await maak.concept())["url"])

    async def refused(eigenschap: str) -> list[tuple[str, str]]:
        return errors(await zaken.api.post(f"{zaak}/zaakeigenschappen", body(zaken, zaak, eigenschap=eigenschap)))

    assert await refused(other["url"]) == [("nonFieldErrors", "zaaktype-mismatch")]
    assert await refused(zaken.types.url) == [("eigenschap", "invalid-resource")]
    unknown = f"http://samenzaak.test/catalogi/api/v1/eigenschappen/{uuid.uuid4()}"
    assert await refused(unknown) == [("eigenschap", "bad-url")]


async def test_a_value_that_does_not_fit_is_kept_with_a_warning(zaken: Zaakmaker) -> None:
    zaak = (await zaken.zaak())["url"]
    made = await zaken.api.post(f"{zaak}/zaakeigenschappen", body(zaken, zaak, waarde="x" * 21))
    assert made.status_code == 201
    assert made.headers["x-warning"]
    assert made.json()["waarde"] == "x" * 21
    url = made.json()["url"]
    assert "x-warning" not in (await zaken.api.patch(url, {"waarde": "x"})).headers
    assert "x-warning" in (await zaken.api.patch(url, {"waarde": "x" * 21})).headers
    assert "x-warning" in (await zaken.api.put(url, body(zaken, zaak, waarde="x" * 21))).headers


@pytest.mark.parametrize(
    ("formaat", "lengte", "waarde", "expected"),
    [
        ("tekst", "3", "abc", True),
        ("tekst", "3", "abcd", False),
        ("getal", "3", "123", True),
        ("getal", "3", "1234", False),
        ("getal", "3", "-12", False),
        ("getal", "3,2", "123,45", True),
        ("getal", "3,2", "123,456", False),
        ("getal", "3,2", "123.45", False),
        ("getal", "3,2", "12x", False),
        ("getal", "veel", "12x", True),
        ("datum", "8", "20260131", True),
        ("datum", "8", "20261331", False),
        ("datum", "8", "2026-01-31", False),
        ("datum_tijd", "14", "20260131235959", True),
        ("datum_tijd", "14", "20260131245959", False),
        ("datum_tijd", "14", "20260131", False),
        ("anders", "1", "abc", True),
    ],
)
def test_matching_of_values(formaat: str, lengte: str, waarde: str, expected: bool) -> None:
    assert fits(waarde, {"formaat": formaat, "lengte": lengte, "waardenverzameling": []}) is expected


def test_a_set_of_values_comes_first() -> None:
    specification = {"formaat": "tekst", "lengte": "4", "waardenverzameling": ["rood", "turquoise"]}
    assert [fits(waarde, specification) for waarde in ("rood", "blauw", "turquoise")] == [True, False, False]
    assert fits("1" * 2000, {"formaat": "getal", "lengte": "99999999999"}) is False


@pytest.mark.parametrize("lengte", ["²", "³,²", "9" * 5_000, "1,²", 5, True])
@pytest.mark.parametrize("formaat", ["tekst", "getal"])
def test_a_specification_of_a_type_elsewhere_may_be_anything(formaat: str, lengte: Any) -> None:
    assert fits("1", {"formaat": formaat, "lengte": lengte}) is True


@pytest.mark.parametrize("allowed", [5, True, "rood"])
def test_a_set_of_values_that_is_none_allows_all(allowed: Any) -> None:
    assert fits("1", {"formaat": "tekst", "lengte": "4", "waardenverzameling": allowed}) is True


async def test_zrc_007_eigenschappen_of_a_closed_zaak(zaken: Zaakmaker) -> None:
    zaak = (await zaken.gesloten())["url"]
    writer, forced = await zaken.client("zaken.bijwerken"), await zaken.client("zaken.geforceerd-bijwerken")
    path = f"{zaak}/zaakeigenschappen"
    assert (await writer.post(path, body(zaken, zaak))).status_code == 403
    made = await forced.created(path, body(zaken, zaak))
    assert (await writer.patch(made["url"], {"waarde": "x"})).status_code == 403
    assert (await writer.delete(made["url"])).status_code == 403
    assert (await forced.patch(made["url"], {"waarde": "x"})).status_code == 200
    await archiveer(zaken, zaak)
    expected = [("nonFieldErrors", "zaak-archiefstatus-invalid")]
    assert errors(await forced.post(path, body(zaken, zaak))) == expected
    assert errors(await forced.patch(made["url"], {"waarde": "y"})) == expected
    assert (await forced.delete(made["url"])).status_code == 204


async def test_zrc_021_a_date_that_comes_after_closing(maak: Maak, zaken: Zaakmaker) -> None:
    types = await maak.zaaktype("eigenschap")
    other = Zaakmaker(zaken.api, types)
    zaak = await other.gesloten()
    assert zaak["archiefactiedatum"] is None
    eigenschap = await other.eigenschap(zaak["url"], "einddatum", "20300615")
    derived = (await other.lees(zaak))["archiefactiedatum"]
    assert derived > "2030-06-15"
    await other.api.patch(eigenschap["url"], {"waarde": "20310615"})
    assert (await other.lees(zaak))["archiefactiedatum"] == f"{int(derived[:4]) + 1}{derived[4:]}"
    refused = await other.api.patch(eigenschap["url"], {"waarde": "ooit"})
    assert errors(refused) == [("nonFieldErrors", "archiefactiedatum-error")]
    assert (await other.api.delete(eigenschap["url"])).status_code == 204
    assert (await other.lees(zaak))["archiefactiedatum"] is None
