"""Makes catalogue types for tests, through the API: ``zaaktype = await maak.zaaktype()``."""

import itertools
import uuid
from dataclasses import dataclass, field
from typing import Any

from tests.selectielijst import Selectielijst
from tests.stack import Client

ROOT = "/catalogi/api/v1"
_numbers = itertools.count(1)

PROCEDURES: dict[str, dict[str, Any]] = {
    "afgehandeld": {},
    "ander_datumkenmerk": {"datumkenmerk": "geboortedatum", "objecttype": "natuurlijk_persoon", "registratie": "BRP"},
    "eigenschap": {"datumkenmerk": "einddatum"},
    "gerelateerde_zaak": {},
    "hoofdzaak": {},
    "ingangsdatum_besluit": {},
    "termijn": {"procestermijn": "P5Y"},
    "vervaldatum_besluit": {},
    "zaakobject": {"datumkenmerk": "einddatum", "objecttype": "pand"},
}
"""Per afleidingswijze the other members that a valid brondatumArchiefprocedure has."""


def procedure(afleidingswijze: str, **changes: Any) -> dict[str, Any]:
    """Return a valid brondatumArchiefprocedure."""
    return {"afleidingswijze": afleidingswijze, **PROCEDURES[afleidingswijze], **changes}


@dataclass
class Types:
    """A zaaktype with everything that belongs to it, as the API answered it."""

    url: str
    zaaktype: dict[str, Any]
    catalogus: str
    statustypen: list[str] = field(default_factory=list)
    resultaattypen: list[str] = field(default_factory=list)
    roltypen: dict[str, str] = field(default_factory=dict)
    """By omschrijvingGeneriek."""
    eigenschappen: dict[str, str] = field(default_factory=dict)
    """By naam."""
    informatieobjecttype: str = ""
    ziot: str = ""
    besluittype: str = ""
    zaakobjecttype: str = ""

    @property
    def eindstatus(self) -> str:
        """The statustype with the highest volgnummer."""
        return self.statustypen[-1]


class Maak:
    """Makes types as one client. ``selectielijst`` is the server that the client's municipality uses."""

    def __init__(self, api: Client, selectielijst: Selectielijst) -> None:
        self.api = api
        self.selectielijst = selectielijst
        self._catalogus = ""

    async def een_catalogus(self) -> str:
        """Return the URL of a catalogue that all types of this factory are in, unless told otherwise."""
        if not self._catalogus:
            self._catalogus = (await self.catalogus())["url"]
        return self._catalogus

    async def catalogus(self, **changes: Any) -> dict[str, Any]:
        """Make an empty catalogue with a domein of its own."""
        number = uuid.uuid4().int
        domein = "".join(chr(65 + (number // 26**place) % 26) for place in range(5))
        body = {
            "domein": domein,
            "rsin": "000000000",
            "contactpersoonBeheerNaam": "Applicatiebeheer",
            "naam": f"Proef {domein}",
        }
        return await self.api.created(f"{ROOT}/catalogussen", {**body, **changes})

    async def concept(self, **changes: Any) -> dict[str, Any]:
        """Make a zaaktype without anything that belongs to it, as a concept."""
        return await self.api.created(f"{ROOT}/zaaktypen", await self.zaaktype_body(**changes))

    async def zaaktype_body(self, **changes: Any) -> dict[str, Any]:
        """Return the body of a valid zaaktype."""
        klasse = self.klasse(changes.pop("procestermijn", "nihil"))
        number = next(_numbers)
        body = {
            "identificatie": f"ZT-{number}-{uuid.uuid4().hex[:8]}",
            "omschrijving": f"Vergunning behandelen {number}",
            "vertrouwelijkheidaanduiding": "openbaar",
            "doel": "Een besluit op de aanvraag",
            "aanleiding": "Een aanvraag",
            "indicatieInternOfExtern": "extern",
            "handelingInitiator": "aanvragen",
            "onderwerp": "Vergunning",
            "handelingBehandelaar": "behandelen",
            "doorlooptijd": "P30D",
            "opschortingEnAanhoudingMogelijk": True,
            "verlengingMogelijk": True,
            "verlengingstermijn": "P30D",
            "publicatieIndicatie": False,
            "productenOfDiensten": ["https://upl.example.nl/vergunning"],
            "referentieproces": {"naam": "Vergunningverlening"},
            "verantwoordelijke": "100000000",
            "selectielijstProcestype": klasse["procesType"],
            "catalogus": changes.get("catalogus") or await self.een_catalogus(),
            "besluittypen": [],
            "deelzaaktypen": [],
            "gerelateerdeZaaktypen": [],
            "beginGeldigheid": "2020-01-01",
        }
        return {**body, **changes}

    def klasse(self, procestermijn: str = "nihil", archiefnominatie: str | None = None) -> dict[str, Any]:
        """Return a resultaat of the selection list, always the same one for the same arguments."""
        found = self.selectielijst.resultaten(procestermijn)
        return next(r for r in found if archiefnominatie in (None, r["waardering"]) and r["bewaartermijn"])

    async def statustype(self, zaaktype: str, **changes: Any) -> dict[str, Any]:
        """Make a statustype."""
        number = changes.get("volgnummer", next(_numbers) % 9999 + 1)
        body = {"zaaktype": zaaktype, "omschrijving": f"Status {number}", "volgnummer": number, **changes}
        return await self.api.created(f"{ROOT}/statustypen", body)

    def resultaattype_body(self, zaaktype: str, afleidingswijze: str = "afgehandeld", **changes: Any) -> dict[str, Any]:
        """Return the body of a valid resultaattype; its zaaktype needs the procestermijn that allows
        ``afleidingswijze``."""
        klasse = self.klasse(changes.pop("procestermijn_klasse", procestermijn_for(afleidingswijze)))
        return {
            "zaaktype": zaaktype,
            "omschrijving": f"Resultaat {next(_numbers)}",
            "resultaattypeomschrijving": self.selectielijst.omschrijvingen()[0]["url"],
            "selectielijstklasse": klasse["url"],
            "brondatumArchiefprocedure": procedure(afleidingswijze),
            **changes,
        }

    async def resultaattype(
        self, zaaktype: str, afleidingswijze: str = "afgehandeld", **changes: Any
    ) -> dict[str, Any]:
        """Make a resultaattype."""
        return await self.api.created(
            f"{ROOT}/resultaattypen", self.resultaattype_body(zaaktype, afleidingswijze, **changes)
        )

    async def roltype(self, zaaktype: str, generiek: str = "initiator", **changes: Any) -> dict[str, Any]:
        """Make a roltype."""
        body = {"zaaktype": zaaktype, "omschrijving": f"{generiek} {next(_numbers)}", "omschrijvingGeneriek": generiek}
        return await self.api.created(f"{ROOT}/roltypen", {**body, **changes})

    async def eigenschap(self, zaaktype: str, naam: str = "", **changes: Any) -> dict[str, Any]:
        """Make an eigenschap that holds text of at most 20 characters."""
        body: dict[str, Any] = {
            "zaaktype": zaaktype,
            "naam": naam or f"eigenschap {next(_numbers)}"[:20],
            "definitie": "Een gegeven",
            "specificatie": {
                "groep": "",
                "formaat": "tekst",
                "lengte": "20",
                "kardinaliteit": "1",
                "waardenverzameling": [],
            },
        }
        return await self.api.created(f"{ROOT}/eigenschappen", {**body, **changes})

    async def zaakobjecttype(self, zaaktype: str, **changes: Any) -> dict[str, Any]:
        """Make a zaakobjecttype."""
        body = {
            "zaaktype": zaaktype,
            "anderObjecttype": False,
            "objecttype": "https://objecttypen.example.nl/api/v1/objecttypen/pand",
            "relatieOmschrijving": "Pand waar de vergunning voor is",
        }
        return await self.api.created(f"{ROOT}/zaakobjecttypen", {**body, **changes})

    async def informatieobjecttype(self, concept: bool = False, **changes: Any) -> dict[str, Any]:
        """Make an informatieobjecttype, published unless ``concept``."""
        body = {
            "catalogus": changes.get("catalogus") or await self.een_catalogus(),
            "omschrijving": f"Document {next(_numbers)} {uuid.uuid4().hex[:8]}",
            "vertrouwelijkheidaanduiding": "openbaar",
            "informatieobjectcategorie": "brief",
            "beginGeldigheid": "2020-01-01",
        }
        made = await self.api.created(f"{ROOT}/informatieobjecttypen", {**body, **changes})
        return made if concept else await self.publiceer(made["url"])

    async def besluittype(self, concept: bool = False, **changes: Any) -> dict[str, Any]:
        """Make a besluittype, published unless ``concept``."""
        body: dict[str, Any] = {
            "catalogus": changes.get("catalogus") or await self.een_catalogus(),
            "omschrijving": f"Besluit {next(_numbers)} {uuid.uuid4().hex[:8]}",
            "publicatieIndicatie": False,
            "informatieobjecttypen": [],
            "beginGeldigheid": "2020-01-01",
        }
        made = await self.api.created(f"{ROOT}/besluittypen", {**body, **changes})
        return made if concept else await self.publiceer(made["url"])

    async def ziot(self, zaaktype: str, informatieobjecttype: str, **changes: Any) -> dict[str, Any]:
        """Say that documents of a type (omschrijving or URL) belong to cases of a zaaktype."""
        body = {
            "zaaktype": zaaktype,
            "informatieobjecttype": informatieobjecttype,
            "volgnummer": next(_numbers) % 999 + 1,
            "richting": "inkomend",
        }
        return await self.api.created(f"{ROOT}/zaaktype-informatieobjecttypen", {**body, **changes})

    async def publiceer(self, url: str) -> dict[str, Any]:
        """Publish a type and return it."""
        answer = await self.api.post(f"{url}/publish")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def zaaktype(
        self,
        afleidingswijze: str = "afgehandeld",
        *,
        concept: bool = False,
        **changes: Any,
    ) -> Types:
        """Make a zaaktype with everything that belongs to it, published unless ``concept``.

        It has statustypen 1, 2, 3 (the last one is the eindstatus), two resultaattypen of the
        given ``afleidingswijze``, a roltype for nearly every generic description, two eigenschappen, a zaakobjecttype,
        a published informatieobjecttype and a published besluittype that documents may belong to. ``changes`` are
        fields of the zaaktype.
        """
        catalogus = changes.pop("catalogus", "") or await self.een_catalogus()
        termijn = procestermijn_for(afleidingswijze)
        document = await self.informatieobjecttype(catalogus=catalogus)
        besluit = await self.besluittype(catalogus=catalogus, informatieobjecttypen=[document["omschrijving"]])
        body = {"besluittypen": [besluit["omschrijving"]], "catalogus": catalogus, "procestermijn": termijn, **changes}
        zaaktype = await self.concept(**body)
        url = zaaktype["url"]
        made = Types(url, zaaktype, catalogus, informatieobjecttype=document["url"], besluittype=besluit["url"])
        for number, naam in enumerate(("Ontvangen", "In behandeling", "Afgehandeld"), 1):
            made.statustypen.append((await self.statustype(url, omschrijving=naam, volgnummer=number))["url"])
        for naam in ("Verleend", "Geweigerd"):
            made.resultaattypen.append((await self.resultaattype(url, afleidingswijze, omschrijving=naam))["url"])
        for generiek in (
            "initiator",
            "behandelaar",
            "belanghebbende",
            "beslisser",
            "adviseur",
            "klantcontacter",
            "zaakcoordinator",
        ):
            made.roltypen[generiek] = (await self.roltype(url, generiek))["url"]
        for naam in ("kleur", "einddatum"):
            made.eigenschappen[naam] = (await self.eigenschap(url, naam))["url"]
        made.zaakobjecttype = (await self.zaakobjecttype(url))["url"]
        made.ziot = (await self.ziot(url, document["omschrijving"], volgnummer=1))["url"]
        made.zaaktype = (await self.api.get(url)).json() if concept else await self.publiceer(url)
        return made


def procestermijn_for(afleidingswijze: str) -> str:
    """Return a procestermijn of the selection list that allows this afleidingswijze (ztc-003)."""
    only = {"afgehandeld": "nihil", "termijn": "ingeschatte_bestaansduur_procesobject"}
    return only.get(afleidingswijze, "vast_te_leggen_datum")
