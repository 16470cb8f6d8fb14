"""The requests of Valtimo (GZAC), and what its models need of the answers."""

from typing import Any

import pytest

from tests.profiel.conftest import Install
from tests.profiel.replay import Application, Sent, or_null, url

# Its client of the Zaken API sends both with every request.
CRS = {"Accept_Crs": "EPSG:4326", "Content_Crs": "EPSG:4326"}
KVK, VESTIGING, RSIN = "69599084", "000038509520", "517439943"

NIEUWE_ZAAK = {
    "bronorganisatie": "{rsin}",
    "omschrijving": "  Aanvraag lantaarnpaal  ",
    "zaaktype": "{zaaktype}",
    "verantwoordelijkeOrganisatie": "{rsin}",
    "startdatum": "2026-06-01",
    "communicatiekanaalNaam": "Portaal",
    "betalingsindicatie": "betaald",
    "laatsteBetaaldatum": "2026-05-31T10:00:00",
    "relevanteAndereZaken": [],
    "hoofdzaak": "",
    "verlenging": None,
    "processobject": None,
    "kenmerken": [{"kenmerk": 20260601, "bron": "Portaal"}],
}


@pytest.fixture(scope="module")
async def valtimo(install: Install) -> Application:
    """The application, with two zaken."""
    application = await install("valtimo", Accept="application/json", **CRS)
    await application.play(
        Sent(
            "POST /zaken/api/v1/zaken",
            NIEUWE_ZAAK,
            201,
            keep={"zaak": "url", "uuid": "uuid", "nummer": "identificatie"},
        ),
        Sent("POST /zaken/api/v1/zaken", NIEUWE_ZAAK, 201, keep={"andere": "url"}),
    )
    return application


# --- Zaken ---


@pytest.mark.profiel("VAL", "communicatiekanaalNaam")
@pytest.mark.profiel("VAL", "numbers")
async def test_a_zaak_as_its_model_reads_it(valtimo: Application) -> None:
    await valtimo.play(
        Sent(
            "GET {zaak}",
            reads={
                "omschrijving": "Aanvraag lantaarnpaal",
                "communicatiekanaalNaam": "Portaal",
                "betalingsindicatie": "betaald",
                "laatsteBetaaldatum": "2026-05-31T08:00:00Z",
                "kenmerken": [{"kenmerk": "20260601", "bron": "Portaal"}],
                "opschorting": {"indicatie": False, "eerdereOpschorting": False, "reden": ""},
                "verlenging": None,
                "processobject": dict,
                "hoofdzaak": None,
                "laatstGeopend": None,
                "laatstGemuteerd": str,
                "gerelateerdeZaken": list,
                "status": None,
                "archiefnominatie": None,
            },
        )
    )


@pytest.mark.profiel("VAL", "gerelateerdeZaken")
async def test_zaken_are_linked(valtimo: Application) -> None:
    related = [{"url": "{andere}", "aardRelatie": "overig"}]
    overig = {"url": "{andere}", "aardRelatie": "overig", "overigeRelatie": "melding", "toelichting": ""}
    await valtimo.play(
        Sent("PATCH {zaak}", {"gerelateerdeZaken": related}, reads={"gerelateerdeZaken": [{"url": "{andere}"}]}),
        Sent("GET {andere}", reads={"gerelateerdeZaken": [{"url": "{zaak}"}]}),
        Sent("PATCH {zaak}", {"relevanteAndereZaken": [overig]}, reads={"relevanteAndereZaken": [overig]}),
        Sent("PATCH {zaak}", {"gerelateerdeZaken": []}, reads={"gerelateerdeZaken": []}),
        Sent("GET {andere}", reads={"gerelateerdeZaken": []}),
    )


@pytest.mark.profiel("VAL", "dateOnly")
async def test_a_zaak_is_opened_and_suspended_in_its_local_time(valtimo: Application) -> None:
    """Its moments are LocalDateTime: no offset, nine decimals."""
    suspended = {"opschorting": {"indicatie": True, "reden": ""}, "verlenging": {"reden": "", "duur": "P10D"}}
    await valtimo.play(
        Sent(
            "PATCH {zaak}",
            {"laatstGeopend": "2026-06-02T09:30:00.123456789"},
            reads={"laatstGeopend": "2026-06-02T07:30:00.123456Z"},
        ),
        Sent("PATCH {zaak}", suspended, reads={"opschorting.eerdereOpschorting": True, "verlenging.duur": "P10D"}),
        Sent(
            "PATCH {zaak}",
            {"opschorting": None, "verlenging": None},
            reads={"opschorting.indicatie": False, "opschorting.eerdereOpschorting": True, "verlenging": None},
        ),
        Sent(
            "POST /zaken/api/v1/statussen",
            {"zaak": "{zaak}", "statustype": "{statustype1}", "datumStatusGezet": "2026-06-02T10:15:30.123456789"},
            201,
            {"datumStatusGezet": "2026-06-02T08:15:30.123456Z", "gezetdoor": or_null(str), "statustoelichting": ""},
        ),
    )


@pytest.mark.profiel("VAL", "numbers")
async def test_values_of_a_form_are_numbers(valtimo: Application) -> None:
    body = {"zaak": "{zaak}", "eigenschap": "{eigenschap}", "waarde": 12}
    await valtimo.play(
        Sent("POST {zaak}/zaakeigenschappen", body, 201, {"waarde": "12", "naam": str, "uuid": str}, {"waarde": "url"}),
        Sent("PATCH {waarde}", {"waarde": 1.5}, 200, {"waarde": "1.5"}),
        Sent("DELETE {waarde}", status=204),
    )


# --- Rollen ---

LONG = "x" * 255
PARTIES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    # Per betrokkeneType a party as it is written, and what its model reads of it beside that.
    "natuurlijk_persoon": ({"inpBsn": 111222333}, {"inpBsn": "111222333", "geslachtsnaam": "", "verblijfsadres": None}),
    "niet_natuurlijk_persoon": (
        {"kvkNummer": KVK, "vestigingsNummer": VESTIGING},
        {
            "innNnpId": "",
            "annIdentificatie": "",
            "kvkNummer": KVK,
            "vestigingsNummer": VESTIGING,
            "statutaireNaam": "",
            "verblijfsadres": None,
            "subVerblijfBuitenland": None,
        },
    ),
    "vestiging": (
        {"vestigingsNummer": VESTIGING, "kvkNummer": KVK},
        {"vestigingsNummer": VESTIGING, "kvkNummer": KVK, "handelsnaam": list, "verblijfsadres": None},
    ),
    "organisatorische_eenheid": (
        {"identificatie": "x" * 255},
        {"identificatie": "x" * 255, "naam": "", "isGehuisvestIn": ""},
    ),
    "medewerker": ({"identificatie": "jdv"}, {"identificatie": "jdv", "achternaam": "", "voorletters": ""}),
}


def rol(kind: str, **changes: Any) -> dict[str, Any]:
    """Return a rol as it sends it."""
    return {
        "zaak": "{zaak}",
        "roltype": "{belanghebbende}",
        "betrokkeneType": kind,
        "roltoelichting": "",
        "indicatieMachtiging": "",
        "contactpersoonRol": None,
        "beginGeldigheid": "2026-06-01",
        "eindeGeldigheid": None,
        **changes,
    }


@pytest.mark.parametrize("kind", PARTIES)
@pytest.mark.profiel("VAL", "nnpKvk")
async def test_each_party_as_its_model_reads_it(valtimo: Application, kind: str) -> None:
    party, read = PARTIES[kind]
    wanted = {f"betrokkeneIdentificatie.{name}": value for name, value in read.items()}
    common = {"beginGeldigheid": "2026-06-01", "eindeGeldigheid": None, "contactpersoonRol.naam": "", "betrokkene": ""}
    await valtimo.play(
        Sent(
            "POST /zaken/api/v1/rollen", rol(kind, betrokkeneIdentificatie=party), 201, wanted | common, {"rol": "url"}
        ),
        Sent("GET {rol}", reads=wanted | common),
    )


@pytest.mark.profiel("VAL", "betrokkeneNull")
async def test_a_party_of_which_only_the_url_is_known(valtimo: Application) -> None:
    """One rol that its reader cannot read hides all rollen of the zaak."""
    read = {"betrokkeneIdentificatie": None, "betrokkene": "https://klanten.invalid/1"}
    for kind in PARTIES:
        body = rol(kind, betrokkene="https://klanten.invalid/1")
        await valtimo.play(
            Sent("POST /zaken/api/v1/rollen", body, 201, read),
            Sent("POST /zaken/api/v1/rollen", {**body, "betrokkeneIdentificatie": None}, 201, read, {"rol": "url"}),
            Sent("GET {rol}", reads=read),
        )
    found = await valtimo.play(
        Sent("GET /zaken/api/v1/rollen?zaak={zaak}&page=1", reads={"results.*.betrokkeneIdentificatie": or_null(dict)})
    )
    for each in found["results"]:
        party = each["betrokkeneIdentificatie"]
        assert party is None or any(party.values()), each


@pytest.mark.parametrize("party", [{}, {"statutaireNaam": ""}, {"kleur": "rood"}])
async def test_no_party_is_empty(valtimo: Application, party: dict[str, str]) -> None:
    body = rol("niet_natuurlijk_persoon", betrokkeneIdentificatie=party)
    refused = (("nonFieldErrors", "invalid-betrokkene"),)
    await valtimo.play(Sent("POST /zaken/api/v1/rollen", body, 400, errors=refused))


@pytest.mark.profiel("VAL", "rolPut")
async def test_a_rol_is_replaced(valtimo: Application) -> None:
    first = rol("medewerker", roltype="{behandelaar}", betrokkeneIdentificatie={"identificatie": "jdv"})
    then = {
        **first,
        "roltoelichting": "invaller",
        "betrokkeneIdentificatie": {"identificatie": "pk", "achternaam": "K"},
    }
    await valtimo.play(
        Sent("POST /zaken/api/v1/rollen", first, 201, keep={"rol": "url"}),
        Sent(
            "PUT {rol}",
            then,
            200,
            {"url": "{rol}", "betrokkeneIdentificatie.identificatie": "pk", "roltoelichting": "invaller"},
        ),
        Sent("GET {rol}", reads={"betrokkeneIdentificatie.achternaam": "K"}),
        Sent("GET {zaak}", reads={"rollen": list}),
    )


LOGIN = {
    "source": "eherkenning",
    "levelOfAssurance": "urn:etoegang:core:assurance-class:loa3",
    "actingSubject": "4B75A0EA107B3D36",
}


@pytest.mark.profiel("VAL", "authenticatieContext")
async def test_how_a_party_logged_in(valtimo: Application) -> None:
    party = {"kvkNummer": "40506070"}
    body = rol("niet_natuurlijk_persoon", betrokkeneIdentificatie=party, authenticatieContext=LOGIN)
    find = "GET /zaken/api/v1/zaken?rol__betrokkeneIdentificatie__nietNatuurlijkPersoon__kvkNummer=40506070"
    level = "urn:etoegang:core:assurance-class:"
    await valtimo.play(
        Sent(
            "POST /zaken/api/v1/rollen",
            {**body, "zaak": "{andere}"},
            201,
            {"authenticatieContext.source": "eherkenning"},
        ),
        Sent(f"{find}&rol__machtiging=eigen&rol__machtiging__loa={level}loa4", reads={"results.0.url": "{andere}"}),
        Sent(f"{find}&rol__machtiging=gemachtigde", reads={"count": 0}),
        Sent(f"{find}&rol__machtiging__loa={level}loa2", reads={"count": 0}),
    )


# --- Lists of zaken ---

ROL = "rol__betrokkeneIdentificatie"
FILTERS = [
    "identificatie__icontains={nummer}",
    "omschrijving=LANTAARN",
    "zaaktype__omschrijving=behandelen&omschrijving=lantaarn",
    f"{ROL}__nietNatuurlijkPersoon__kvkNummer={KVK}",
    f"{ROL}__nietNatuurlijkPersoon__vestigingsNummer={VESTIGING}&{ROL}__nietNatuurlijkPersoon__kvkNummer={KVK}",
    f"{ROL}__vestiging__kvkNummer={KVK}",
    f"{ROL}__natuurlijkPersoon__inpBsn=111222333&zaaktype={{zaaktype}}",
    f"rol__machtiging=eigen&{ROL}__nietNatuurlijkPersoon__kvkNummer={KVK}",
]


@pytest.mark.parametrize("query", FILTERS)
@pytest.mark.profiel("VAL", "zaakFilters")
async def test_zaken_are_found(valtimo: Application, query: str) -> None:
    """It always sends an order, which may be empty."""
    for kind in ("niet_natuurlijk_persoon", "vestiging", "natuurlijk_persoon"):
        party = PARTIES[kind][0]
        await valtimo.play(Sent("POST /zaken/api/v1/rollen", rol(kind, betrokkeneIdentificatie=party), 201))
    for ordering in ("", "-startdatum,identificatie"):
        found = await valtimo.play(
            Sent(f"GET /zaken/api/v1/zaken?{query}&ordering={ordering}&page=1&pageSize=20", reads={"count": int})
        )
        assert valtimo.names["zaak"] in [each["url"] for each in found["results"]]
    other = query.replace(KVK, "00000000").replace("LANTAARN", "fontein").replace("lantaarn", "fontein")
    other = other.replace("{nummer}", "GEEN-NUMMER").replace("111222333", "999995212")
    await valtimo.play(Sent(f"GET /zaken/api/v1/zaken?{other}&ordering=&page=1", reads={"count": 0}))


# --- Documents ---

DOCUMENT = {
    "bronorganisatie": "{rsin}",
    "creatiedatum": "2026-06-01",
    "titel": "Situatieschets lantaarnpaal",
    "auteur": "A. de Graaf",
    "taal": "nld",
    "formaat": "image/png",
    "bestandsnaam": "schets.png",
    "bestandsomvang": 3,
    "inhoud": "AAEC",
    "beschrijving": "Waar de paal staat",
    "informatieobjecttype": "{informatieobjecttype}",
    "indicatieGebruiksrecht": "",
    "trefwoorden": ["paal", "straat"],
    "status": "definitief",
    "vertrouwelijkheidaanduiding": "beperkt_openbaar",
}
WITH_ZAAK = "objectinformatieobjecten__object={zaak}&objectinformatieobjecten__objectType=zaak"
DOCUMENT_FILTERS = [
    ("titel=SCHETS", "titel=foto"),
    ("auteur=graaf", "auteur=vries"),
    ("beschrijving=paal", "beschrijving=lamp"),
    ("creatiedatum__gte=2026-06-01&creatiedatum__lte=2026-06-01", "creatiedatum__gte=2026-06-02"),
    (
        "informatieobjecttype={informatieobjecttype}",
        "informatieobjecttype=https://elders.invalid/informatieobjecttypen/1",
    ),
    ("vertrouwelijkheidaanduiding=beperkt_openbaar", "vertrouwelijkheidaanduiding=openbaar"),
    ("locked=false", "locked=true"),
    ("trefwoorden=straat,paal", "trefwoorden=paal,plein"),
    ("trefwoorden__overlap=plein,paal", "trefwoorden__overlap=plein"),
]
ORDERS = ("auteur", "bestandsomvang", "formaat", "creatiedatum", "status", "titel", "vertrouwelijkheidaanduiding")


@pytest.fixture(scope="module")
async def documents(valtimo: Application) -> Application:
    """The application, with a document in the zaak."""
    link = {"informatieobject": "{document}", "zaak": "{zaak}"}
    await valtimo.play(
        Sent("POST /documenten/api/v1/enkelvoudiginformatieobjecten", DOCUMENT, 201, keep={"document": "url"}),
        Sent("POST /zaken/api/v1/zaakinformatieobjecten", link, 201, {"registratiedatum": str, "titel": ""}),
    )
    return valtimo


@pytest.mark.parametrize(("query", "other"), DOCUMENT_FILTERS)
@pytest.mark.profiel("VAL", "documentFilters")
async def test_documents_of_a_zaak_are_found(documents: Application, query: str, other: str) -> None:
    path = f"GET /documenten/api/v1/enkelvoudiginformatieobjecten?{WITH_ZAAK}&page=1&pageSize=10&ordering=-creatiedatum"
    await documents.play(
        Sent(f"{path}&{query}", reads={"count": 1, "results.0.url": "{document}", "next": None}),
        Sent(f"{path}&{other}", reads={"count": 0, "results": []}),
    )


@pytest.mark.profiel("VAL", "documentFilters")
async def test_documents_in_each_order(documents: Application) -> None:
    path = f"GET /documenten/api/v1/enkelvoudiginformatieobjecten?{WITH_ZAAK}&page=1&pageSize=10"
    for order in ORDERS:
        for ordering in (order, f"-{order}", f"{order},-titel"):
            await documents.play(Sent(f"{path}&ordering={ordering}", reads={"count": 1}))
    await documents.play(Sent(f"{path}&ordering=taal", status=400, errors=(("ordering", "invalid_choice"),)))


async def test_a_document_as_its_model_reads_it(documents: Application) -> None:
    read = {
        "versie": 1,
        "beginRegistratie": str,
        "bestandsomvang": 3,
        "inhoud": url,
        "indicatieGebruiksrecht": None,
        "ondertekening": or_null(dict),
        "integriteit": or_null(dict),
        "ontvangstdatum": None,
        "verzenddatum": None,
        "locked": False,
        "bestandsdelen": [],
        "trefwoorden": ["paal", "straat"],
    }
    await documents.play(
        Sent("GET {document}", reads=read),
        Sent("GET {document}/download", headers={"Accept": "application/octet-stream"}),
        Sent("GET /zaken/api/v1/zaakinformatieobjecten?zaak={zaak}", reads={"*.informatieobject": "{document}"}),
    )


@pytest.mark.profiel("VAL", "ziotUrl")
async def test_document_types_of_a_zaaktype_are_urls(valtimo: Application) -> None:
    """It compares host and path of each with those of the Catalogi API."""
    await valtimo.play(
        Sent(
            "GET /catalogi/api/v1/zaaktype-informatieobjecttypen?zaaktype={zaaktype}&page=1",
            reads={"results.*.informatieobjecttype": lambda x: x.startswith("http://samenzaak.test/catalogi/api/v1/")},
        ),
        Sent("GET {zaaktype}", reads={"informatieobjecttypen.*": url, "besluittypen.*": url, "statustypen.*": url}),
    )
