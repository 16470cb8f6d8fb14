"""One object of every resource of every API, made over HTTP: what isolation and other tests of everything start
from."""

import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from beheer.demo import catalogus
from services.catalogi.selectielijst_laden import laad
from tests.bodies import RSIN, besluit_body, rol_body, zaak_body
from tests.documenten.maak_document import body as document_body
from tests.stack import Client

SELECTIELIJST = Path(catalogus.__file__).with_name("selectielijst.json")


@dataclass
class Wereld:
    """The URL of one object per collection (``zaken/rollen``), and the body that it was made with."""

    urls: dict[str, str] = field(default_factory=dict)
    bodies: dict[str, tuple[str, Any]] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        return self.urls[name]


async def make(client: Client) -> Wereld:
    """Make everything at the municipality of ``client``."""
    wereld = Wereld()

    async def add(name: str, body: dict[str, Any], path: str = "") -> str:
        service, collection = name.split("/")
        url = path or f"/{service}/api/v1/{collection}"
        made = await client.created(url, body)
        wereld.urls.setdefault(name, made["url"])
        wereld.bodies.setdefault(name, (url, body))
        found: str = made["url"]
        return found

    async def publish(url: str) -> None:
        answer = await client.post(f"{url}/publish")
        assert answer.status_code == 200, answer.text

    await _load_selectielijst(client)
    await _catalogi(add, publish)
    await _documenten(client, add, wereld)
    await _zaken(add, wereld)
    await _besluiten(client, add, wereld)
    await add(
        "autorisaties/applicaties", {"clientIds": [f"w-{uuid.uuid4()}"], "label": "W", "heeftAlleAutorisaties": True}
    )
    await add("notificaties/kanaal", {"naam": f"k-{uuid.uuid4().hex[:20]}", "filters": ["a"]})
    return wereld


async def _load_selectielijst(client: Client) -> None:
    async with client.stack.admin() as admin:
        await laad(admin, [client.tenant], str(SELECTIELIJST))


async def _catalogi(add: Any, publish: Any) -> None:
    domein = "".join(chr(65 + n % 26) for n in uuid.uuid4().bytes[:5])
    cat = await add("catalogi/catalogussen", {**catalogus.catalogus("Gemeente", RSIN), "domein": domein})
    for omschrijving in catalogus.INFORMATIEOBJECTTYPEN:
        await publish(await add("catalogi/informatieobjecttypen", catalogus.informatieobjecttype(cat, omschrijving)))
    await publish(await add("catalogi/besluittypen", catalogus.besluittype(cat)))
    zaaktype = await add("catalogi/zaaktypen", catalogus.zaaktype(cat, "Gemeente"))
    for path, body in catalogus.onderdelen(zaaktype):
        await add(f"catalogi/{path}", body)
    objecttype = {
        "zaaktype": zaaktype,
        "catalogus": cat,
        "anderObjecttype": False,
        "objecttype": "https://objecttypes.example/pand",
        "relatieOmschrijving": "Locatie",
    }
    await add("catalogi/zaakobjecttypen", objecttype)
    await publish(zaaktype)


async def _documenten(client: Client, add: Any, wereld: Wereld) -> None:
    document = await add(
        "documenten/enkelvoudiginformatieobjecten", document_body(wereld["catalogi/informatieobjecttypen"])
    )
    rechten = {"informatieobject": document, "startdatum": "2026-01-01T00:00:00Z", "omschrijvingVoorwaarden": "geen"}
    await add("documenten/gebruiksrechten", rechten)
    verzending = {
        "informatieobject": document,
        "betrokkene": "https://personen.example/1",
        "aardRelatie": "geadresseerde",
        "contactPersoon": "https://personen.example/2",
        "emailadres": "a@example.org",
    }
    await add("documenten/verzendingen", verzending)
    large = document_body(wereld["catalogi/informatieobjecttypen"], inhoud=..., bestandsomvang=10)
    made = await client.created("/documenten/api/v1/enkelvoudiginformatieobjecten", large)
    wereld.urls["documenten/bestandsdelen"] = made["bestandsdelen"][0]["url"]


async def _zaken(add: Any, wereld: Wereld) -> None:
    zaak = await add("zaken/zaken", zaak_body(wereld["catalogi/zaaktypen"], omschrijving="Buurtfeest"))
    persoon = {"inpBsn": "111222333", "geslachtsnaam": "Jansen"}
    await add("zaken/rollen", rol_body(zaak, wereld["catalogi/roltypen"], betrokkeneIdentificatie=persoon))
    pand = {"zaak": zaak, "objectType": "pand", "objectIdentificatie": {"identificatie": "0150100000000001"}}
    await add("zaken/zaakobjecten", pand)
    status = {
        "zaak": zaak,
        "statustype": wereld["catalogi/statustypen"],
        "datumStatusGezet": "2026-02-01T12:00:00Z",
    }
    await add("zaken/statussen", status)
    await add("zaken/substatussen", {"zaak": zaak, "omschrijving": "Wacht op advies"})
    await add("zaken/resultaten", {"zaak": zaak, "resultaattype": wereld["catalogi/resultaattypen"]})
    eigenschap = {"zaak": zaak, "eigenschap": wereld["catalogi/eigenschappen"], "waarde": "Feest"}
    await add("zaken/zaakeigenschappen", eigenschap, f"{zaak}/zaakeigenschappen")
    contact = {"zaak": zaak, "datumtijd": "2026-02-01T12:00:00Z", "kanaal": "balie"}
    await add("zaken/klantcontacten", contact)
    notitie = {"gerelateerdAan": zaak, "onderwerp": "Let op", "tekst": "Bel de aanvrager"}
    await add("zaken/zaaknotities", notitie)
    document = wereld["documenten/enkelvoudiginformatieobjecten"]
    await add("zaken/zaakinformatieobjecten", {"zaak": zaak, "informatieobject": document})


async def _besluiten(client: Client, add: Any, wereld: Wereld) -> None:
    zaak = wereld["zaken/zaken"]
    besluit = await add("besluiten/besluiten", besluit_body(wereld["catalogi/besluittypen"], zaak=zaak))
    types = await client.get("/catalogi/api/v1/informatieobjecttypen?omschrijving=Beschikking")
    mine = [t["url"] for t in types.json()["results"] if t["catalogus"] == wereld["catalogi/catalogussen"]]
    beschikking = await client.created("/documenten/api/v1/enkelvoudiginformatieobjecten", document_body(mine[0]))
    await add("besluiten/besluitinformatieobjecten", {"besluit": besluit, "informatieobject": beschikking["url"]})
    mirrors: httpx.Response = await client.get(f"{zaak}/besluiten")
    wereld.urls["zaken/besluiten"] = mirrors.json()[0]["url"]
    links = await client.get(f"/documenten/api/v1/objectinformatieobjecten?object={zaak}")
    wereld.urls["documenten/objectinformatieobjecten"] = links.json()[0]["url"]
