"""Real catalogues, with their real gaps, go through the API: each object is refused for exactly what it lacks.

What an object lacks is worked out here from the table of the standard, not by our code; then the gap is filled, and
the object must be accepted or be refused by a rule that looks further.
"""

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.answers import error_set
from tests.catalogi.subtypen import ALLOWED, FILLED, TABLE
from tests.maak import ROOT, Maak
from tests.selectielijst import Selectielijst

HERE = Path(__file__).parents[1] / "data" / "catalogi"
ALL = os.environ.get("SAMENZAAK_TEST_CATALOGI", "")
FILES = ["gemma-referentiezaaktypen", "dimpact-zac", "inavigator-gemeente", "vrzl-evenementen"]

# Required fields: after the colon those that are texts and may not be empty, each with its longest length (0: none).
REQUIRED = {
    "informatieobjecttypen": "catalogus vertrouwelijkheidaanduiding beginGeldigheid : omschrijving=80",
    "besluittypen": "catalogus publicatieIndicatie informatieobjecttypen beginGeldigheid :",
    "zaaktypen": "catalogus vertrouwelijkheidaanduiding indicatieInternOfExtern doorlooptijd "
    "opschortingEnAanhoudingMogelijk "
    "verlengingMogelijk publicatieIndicatie productenOfDiensten referentieproces besluittypen gerelateerdeZaaktypen "
    "beginGeldigheid : omschrijving=80 doel=0 aanleiding=0 handelingInitiator=20 onderwerp=80 handelingBehandelaar=20 "
    "verantwoordelijke=50",
    "statustypen": "zaaktype volgnummer : omschrijving=80",
    "zaaktype-informatieobjecttypen": "zaaktype volgnummer richting : informatieobjecttype=80",
    "resultaattypen": "zaaktype : omschrijving=30 resultaattypeomschrijving=1000 selectielijstklasse=1000",
    "roltypen": "zaaktype omschrijvingGeneriek : omschrijving=100",
    "eigenschappen": "zaaktype specificatie : naam=20 definitie=255",
    "zaakobjecttypen": "zaaktype anderObjecttype : objecttype=200 relatieOmschrijving=80",
}
OPTIONAL_LENGTHS = {
    "omschrijvingGeneriek": 80,
    "statustekst": 1000,
    "toelichting": 1000,
    "besluitcategorie": 40,
    "identificatie": 50,
}
MEMBERS = {
    "specificatie": "formaat lengte=14 kardinaliteit=3",
    "brondatumArchiefprocedure": "afleidingswijze",
    "omschrijvingGeneriek": "informatieobjecttypeOmschrijvingGeneriek=80 "
    "definitieInformatieobjecttypeOmschrijvingGeneriek=255 "
    "herkomstInformatieobjecttypeOmschrijvingGeneriek=12 hierarchieInformatieobjecttypeOmschrijvingGeneriek=80",
}
NOT_NULL = {"selectielijstProcestype", "archiefnominatie", "omschrijvingGeneriek", "informatieobjectcategorie"}
FILL: dict[str, Any] = {
    "vertrouwelijkheidaanduiding": "openbaar", "indicatieInternOfExtern": "extern", "doorlooptijd": "P56D",
    "beginGeldigheid": "2020-01-01", "richting": "inkomend", "productenOfDiensten": [], "besluittypen": [],
    "gerelateerdeZaaktypen": [], "selectielijstProcestype": "", "archiefnominatie": "",
}  # fmt: skip


def gaps(kind: str, body: dict[str, Any]) -> set[tuple[str, str]]:
    """Return the (name, code) pairs for what is missing, empty or too long in an object."""
    values, _, texts = REQUIRED[kind].partition(":")
    found = {(name, code) for name in values.split() if (code := _gap(body, name))}
    for part in texts.split():
        name, _, limit = part.partition("=")
        if code := _gap(body, name, int(limit), text=True):
            found.add((name, code))
    for name, longest in OPTIONAL_LENGTHS.items():
        value = body.get(name)
        if (
            isinstance(value, str)
            and len(value) > longest
            and (name, kind)
            not in {("toelichting", "zaaktypen"), ("toelichting", "resultaattypen"), ("toelichting", "besluittypen")}
        ):
            found.add((name, "max_length"))
    found |= {
        (name, "null") for name in NOT_NULL if name in body and body[name] is None and kind != "informatieobjecttypen"
    }
    if kind == "zaaktypen":
        if body.get("indicatieInternOfExtern") not in ("intern", "extern", None):
            found.add(("indicatieInternOfExtern", "invalid_choice"))
        related = enumerate(body.get("gerelateerdeZaaktypen") or [])
        found |= {(f"gerelateerdeZaaktypen.{index}", "not_a_dict") for index, item in related if isinstance(item, str)}
    for group, members in MEMBERS.items():
        # A group without any value counts as absent.
        value = body.get(group)
        if isinstance(value, dict) and any(value.values()):
            for part in members.split():
                name, _, limit = part.partition("=")
                code = _gap(body[group], name, int(limit or 0), text=bool(limit))
                # A text in a group may be empty; what ztc-015 judges may not.
                if code and (code != "blank" or group == "specificatie"):
                    found.add((f"{group}.{name}", code))
    if kind == "zaakobjecttypen" and body["objecttype"] and not body["objecttype"].startswith("http"):
        found.add(("objecttype", "invalid"))
    for index, item in enumerate(body.get("checklistitemStatustype") or []):
        for name, longest in (("itemnaam", 30), ("vraagstelling", 255)):
            if (code := _gap(item, name, longest, text=True)) and code != "blank":
                found.add((f"checklistitemStatustype.{index}.{name}", code))
    if specificatie := body.get("specificatie"):
        kardinaliteit, groep = specificatie["kardinaliteit"], specificatie["groep"]
        if 0 < len(kardinaliteit) <= 3 and not (kardinaliteit == "N" or kardinaliteit.isdigit()):
            found.add(("specificatie.kardinaliteit", "invalid"))
        if len(groep) > 32 or not all(c.isascii() and (c.isalnum() or c in "_ ") for c in groep):
            found.add(("specificatie.groep", "max_length" if len(groep) > 32 else "invalid"))
    return found


def _gap(body: dict[str, Any], name: str, limit: int = 0, text: bool = False) -> str:
    if name not in body:
        return "required"
    if body[name] is None:
        return "null"
    if body[name] == "" and text:
        return "blank"
    return "max_length" if text and limit and len(body[name]) > limit else ""


class Lader:
    """Sends one catalogue, remembering what names became."""

    def __init__(self, maak: Maak, lijst: Selectielijst, catalogus: str) -> None:
        self.maak, self.lijst, self.catalogus = maak, lijst, catalogus
        self.zaaktypen: dict[str, dict[str, Any]] = {}
        self.statustypen: dict[tuple[str, str], str] = {}
        self.codes: Counter[str] = Counter()

    async def send(self, kind: str, source: dict[str, Any]) -> dict[str, Any] | None:
        """POST an object as it is; when it has gaps, check the refusal and POST it again without them."""
        body = {name: value for name, value in source.items() if not name.startswith("_")}
        if lacking := gaps(kind, body):
            found = error_set(await self.maak.api.post(f"{ROOT}/{kind}", body))
            assert found == lacking, (kind, body)
            self.codes.update(code for _, code in found)
            body = self.filled(body, lacking)
        expected = self.rules(kind, body)
        answer = await self.maak.api.post(f"{ROOT}/{kind}", body)
        if answer.status_code == 201:
            assert not expected, (expected, body)
            made: dict[str, Any] = answer.json()
            return made
        found = error_set(answer)
        assert found == expected, (kind, body, answer.text)
        self.codes.update(code for _, code in found)
        return None

    def filled(self, body: dict[str, Any], lacking: set[tuple[str, str]]) -> dict[str, Any]:
        """Return the object without its gaps."""
        body = json.loads(json.dumps(body))
        for name, code in lacking:
            group, _, member = name.rpartition(".")
            if group == "gerelateerdeZaaktypen":
                body[group][int(member)] = {"zaaktype": body[group][int(member)], "aardRelatie": "vervolg"}
                continue
            if group.startswith("checklistitemStatustype."):
                item = body["checklistitemStatustype"][int(group.rpartition(".")[2])]
                item[member] = (item.get(member) or "onbekend")[:30]
                continue
            holder = body[group] if group else body
            if group == "omschrijvingGeneriek":
                body[group] = None
            elif holder is None:
                continue
            elif group == "specificatie" and member in ("kardinaliteit", "groep"):
                holder[member] = "N" if member == "kardinaliteit" else ""
            elif code == "max_length":
                limit = OPTIONAL_LENGTHS.get(member) if not group else None
                limits = REQUIRED_LENGTHS | {"specificatie.lengte": 14}
                holder[member] = holder[member][: limits.get(name, limit or 20)].strip()
            elif member == "objecttype":
                holder[member] = "https://objecttypen.example.nl/" + body["relatieOmschrijving"][:10].replace(" ", "-")
            elif member in FILL:
                holder[member] = FILL[member]
            elif member == "resultaattypeomschrijving":
                holder[member] = self.lijst.omschrijvingen()[0]["url"]
            elif member == "selectielijstklasse":
                holder[member] = self.klasse_of(body["zaaktype"])
            else:
                holder[member] = "5" if member == "lengte" else "onbekend" if member != "omschrijvingGeneriek" else ""
        return body

    def klasse_of(self, zaaktype: str) -> str:
        procestype = next(z["selectielijstProcestype"] for z in self.zaaktypen.values() if z["url"] == zaaktype)
        found = [r for r in self.lijst.objects["/resultaten"]["results"] if r["procesType"] == procestype]
        return str((found or [self.maak.klasse()])[0]["url"])

    def rules(self, kind: str, body: dict[str, Any]) -> set[tuple[str, str]]:
        """Return what rules say of an object without gaps."""
        if kind == "zaaktypen" and body["verlengingMogelijk"] and not body.get("verlengingstermijn"):
            return {("nonFieldErrors", "verlenging-mismatch")}
        if kind == "eigenschappen":
            formaat, lengte = body["specificatie"]["formaat"], body["specificatie"]["lengte"]
            fits = {"datum": lengte == "8", "datum_tijd": lengte == "14", "getal": lengte.replace(",", "", 1).isdigit()}
            return (
                set()
                if fits.get(formaat, lengte.isdigit() and int(lengte) <= 255)
                else {("specificatie.nonFieldErrors", "invalid")}
            )
        return self.archive_rules(body) if kind == "resultaattypen" else set()

    def archive_rules(self, body: dict[str, Any]) -> set[tuple[str, str]]:
        """Return what ztc-002 to ztc-008 say of a resultaattype."""
        found = set()
        klasse = self.lijst.objects[body["selectielijstklasse"].removeprefix(self.lijst.root)]
        zaaktype = next(z for z in self.zaaktypen.values() if z["url"] == body["zaaktype"])
        if klasse["procesType"] != zaaktype["selectielijstProcestype"]:
            found.add(("nonFieldErrors", "procestype-mismatch"))
        procedure = body.get("brondatumArchiefprocedure")
        if procedure and any(procedure.values()):
            if procedure["afleidingswijze"] not in ALLOWED[klasse["procestermijn"]]:
                found.add(("nonFieldErrors", "invalid-afleidingswijze-for-procestermijn"))
            for member, demand in zip(FILLED, TABLE[procedure["afleidingswijze"]], strict=True):
                empty = procedure.get(member) in (None, "", False)
                if demand == "M" and empty:
                    found.add((f"brondatumArchiefprocedure.{member}", "required"))
                if demand == "E" and not empty:
                    found.add((f"brondatumArchiefprocedure.{member}", "must-be-empty"))
        return found


REQUIRED_LENGTHS = {
    name: int(limit)
    for texts in REQUIRED.values()
    for part in texts.partition(":")[2].split()
    for name, _, limit in [part.partition("=")]
    if name != "omschrijving"
} | {"omschrijving": 30}


def content_of(name: str, lijst: Selectielijst) -> dict[str, Any]:
    """Return a catalogue with the selection list on this machine; skip when it may not be shipped and is not here."""
    path = (Path(ALL) if ALL else HERE) / f"{name}.json"
    if not path.is_file():
        pytest.skip(f"{name}.json is read from SAMENZAAK_TEST_CATALOGI only")
    text = path.read_text().replace("https://selectielijst.openzaak.nl/api/v1", lijst.root)
    found: dict[str, Any] = json.loads(text.replace('"P0D"', "null"))
    return found


@pytest.mark.few
@pytest.mark.parametrize("name", FILES)
async def test_a_real_catalogue_with_its_gaps(maak: Maak, lijst: Selectielijst, name: str) -> None:
    content = content_of(name, lijst)
    # The whole of a catalogue takes minutes; without being asked for it, the zaaktypen that are most complete will do.
    wanted = sorted(content["zaaktypen"], key=lambda z: len(z.get("_ontbreekt", [])))[: None if ALL else 6]
    names = {z["identificatie"] for z in wanted}
    catalogus = (await maak.catalogus())["url"]
    lader = Lader(maak, lijst, catalogus)
    for kind in ("informatieobjecttypen", "besluittypen"):
        for source in content.get(kind, [])[: None if ALL else 15]:
            if made := await lader.send(kind, {**source, "catalogus": catalogus}):
                await maak.publiceer(made["url"])
    for source in wanted:
        made = await lader.send("zaaktypen", {**source, "catalogus": catalogus})
        if made is None:
            made = await lader.send("zaaktypen", {**source, "catalogus": catalogus, "verlengingMogelijk": False})
        assert made is not None
        lader.zaaktypen[source["identificatie"]] = made
    keys = {"zaaktypeInformatieobjecttypen": "zaaktype-informatieobjecttypen"}
    for key in (
        "statustypen",
        "zaaktypeInformatieobjecttypen",
        "resultaattypen",
        "roltypen",
        "eigenschappen",
        "zaakobjecttypen",
    ):
        for source in content.get(key, []):
            if source["zaaktype"] not in names:
                continue
            body = {**source, "zaaktype": lader.zaaktypen[source["zaaktype"]]["url"]}
            if key != "statustypen" and source.get("statustype"):
                body["statustype"] = lader.statustypen[source["zaaktype"], source["statustype"]]
            made = await lader.send(keys.get(key, key), body)
            if key == "statustypen" and made:
                lader.statustypen[source["zaaktype"], source["omschrijving"]] = made["url"]
    for made in lader.zaaktypen.values():
        published = await maak.publiceer(made["url"])
        assert published["concept"] is False
    if name in ("gemma-referentiezaaktypen", "inavigator-gemeente"):
        assert lader.codes["null"]
        assert lader.codes["required"]
    else:
        assert not lader.codes["null"]
