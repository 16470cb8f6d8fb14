"""How the answers to a client with every switch differ from those to one without: exactly as the table says, over every
resource of a municipality in which each of them has something to show."""

import asyncio
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from beheer.provision import api_of
from tests import wereld as werelden
from tests.maak import ROOT, Maak
from tests.profiel.conftest import ON
from tests.selectielijst import Selectielijst
from tests.stack import Client, Stack, built
from zgw.expand import expandable
from zgw.resource import Resource
from zgw.verbs import collection_path

ZAAKTYPEN, BESLUITTYPEN, DOCUMENTTYPEN = "catalogi/zaaktypen", "catalogi/besluittypen", "catalogi/informatieobjecttypen"
ZIOTS = "catalogi/zaaktype-informatieobjecttypen"
DIFFERENCES = {
    # ziotUrl
    (ZIOTS, "informatieobjecttype"),
    (ZIOTS, "not there"),
    (ZIOTS, "count"),
    # bronHoofdletters
    ("audittrail", "bron"),
    # betrokkeneNull
    ("zaken/rollen", "betrokkeneIdentificatie"),
    # conceptRelaties
    *((ZAAKTYPEN, name) for name in ("besluittypen", "deelzaaktypen", "gerelateerdeZaaktypen")),
    (ZAAKTYPEN, "informatieobjecttypen"),
    *((BESLUITTYPEN, name) for name in ("informatieobjecttypen", "zaaktypen", "resultaattypen")),
    *((DOCUMENTTYPEN, name) for name in ("besluittypen", "zaaktypen")),
    *(("catalogi/resultaattypen", name) for name in ("besluittypen", "informatieobjecttypen")),
}
"""Per collection the members that differ: whatever is read, alone, in a list, or expanded in something else. Another
``count`` may mean another page."""


@dataclass
class Both:
    """Two clients of one municipality, and the URLs of one object or more of each collection."""

    standard: Client
    openzaak: Client
    urls: dict[str, list[str]]

    async def get(self, url: str, **params: Any) -> tuple[httpx.Response, httpx.Response]:
        """Return the answers to both, each after the other was answered from the same connections."""
        return await self.standard.get(url, params=params), await self.openzaak.get(url, params=params)


@pytest.fixture(scope="module")
async def both(own: Client, stack: Stack, lijst: Selectielijst) -> Both:
    """Everything, and what the switches are about: concepts that refer to each other, a relation without a type, and a
    rol with only a URL."""
    openzaak = await stack.add_client(own.tenant, f"openzaak-{own.tenant}", profiel=dict.fromkeys(ON, True))
    maak = Maak(own, lijst)
    wereld = await werelden.make(own)
    urls = {name: [url] for name, url in wereld.urls.items()}

    def add(name: str, made: dict[str, Any]) -> str:
        urls[name].append(made["url"])
        found: str = made["url"]
        return found

    document = await maak.informatieobjecttype(concept=True)
    add(DOCUMENTTYPEN, document)
    besluit = await maak.besluittype(concept=True, informatieobjecttypen=[document["omschrijving"]])
    add(BESLUITTYPEN, besluit)
    deel = await maak.concept()
    related = {"zaaktype": deel["identificatie"], "aardRelatie": "vervolg", "toelichting": ""}
    lists: dict[str, Any] = {"besluittypen": [besluit["omschrijving"]], "deelzaaktypen": [deel["identificatie"]]}
    concept = add(ZAAKTYPEN, await maak.concept(**lists, gerelateerdeZaaktypen=[related]))
    names: dict[str, Any] = {
        "besluittypen": [besluit["omschrijving"]],
        "informatieobjecttypen": [document["omschrijving"]],
    }
    add("catalogi/resultaattypen", await maak.resultaattype(concept, **names))
    for name in (document["omschrijving"], "Nog te maken"):
        add(ZIOTS, await maak.ziot(concept, name))
    roltypen = (await own.get(f"{ROOT}/roltypen", params={"zaaktype": wereld[ZAAKTYPEN]})).json()["results"]
    rol = {
        "zaak": wereld["zaken/zaken"],
        "roltype": next(each["url"] for each in roltypen if each["omschrijvingGeneriek"] != "initiator"),
        "betrokkeneType": "medewerker",
        "roltoelichting": "url",
        "betrokkene": "https://elders.invalid/medewerkers/1",
    }
    add("zaken/rollen", await own.created("/zaken/api/v1/rollen", rol))
    return Both(own, openzaak, urls)


def collection_of(url: str) -> str:
    """Return ``zaken/rollen`` for the URL of a rol."""
    parts = url.split("/")
    return f"{parts[3]}/{parts[-2]}"


def compared(one: Any, other: Any, collection: str, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield what differs: the collection of the innermost object, and the member of it."""
    if isinstance(one, dict) and isinstance(other, dict):
        if isinstance(url := one.get("url"), str) and url == other.get("url") and url.count("/") > 5:
            collection, path = collection_of(url), ""
        for name in one.keys() | other.keys():
            below = path if path or name == "_expand" else name
            yield from compared(one.get(name, "absent"), other.get(name, "absent"), collection, below)
    elif isinstance(one, list) and isinstance(other, list) and all(isinstance(each, dict) for each in one + other):
        mine, theirs = ({str(each.get("url", place)): each for place, each in enumerate(all_)} for all_ in (one, other))
        for key in mine.keys() | theirs.keys():
            if key in mine and key in theirs:
                yield from compared(mine[key], theirs[key], collection, path)
            else:
                yield collection, "not there" if path in ("", "results") else path
    elif one != other:
        yield collection, path


def differences(answers: tuple[httpx.Response, httpx.Response], collection: str) -> set[tuple[str, str]]:
    """Return what differs between two answers."""
    one, other = answers
    if (one.status_code, other.status_code) == (200, 404):
        return {(collection, "not there")}
    assert one.status_code == other.status_code, (one.text, other.text)
    if one.status_code != 200:
        return set()
    found = set(compared(one.json(), other.json(), collection))
    assert bool(found) == (one.content != other.content)
    assert not found or one.headers.get("etag", "a") != other.headers.get("etag", "b")
    return found


def expansions(service: str, resource: Resource) -> list[str]:
    """Return ``expand`` parameters that together show everything one and two levels below a resource."""
    names = expandable(resource)
    wanted = [",".join(names)] if names else []
    known = {(name, each.path): each for name in built() for each in api_of(name).resources}
    for name, ref in names.items():
        below = known.get((ref.service, ref.path))
        inner = [f"{name}.{each}" for each in expandable(below)] if below is not None else []
        wanted += [",".join(inner)] if inner else []
    return wanted


async def test_the_differences_are_those_of_the_table(both: Both) -> None:
    found: set[tuple[str, str]] = set()
    read = 0
    for service in built():
        for resource in api_of(service).resources:
            name = f"{service}/{resource.path}"
            for url in both.urls.get(name, []):
                for expand in ["", *expansions(service, resource)]:
                    answers = await both.get(url, **({"expand": expand} if expand else {}))
                    read += answers[0].status_code == 200
                    found |= differences(answers, name)
                if resource.audited and resource.main is None:
                    trail = await both.get(f"{url}/audittrail")
                    assert trail[0].json(), trail[0].text
                    found |= differences(trail, "audittrail")
            if "list" in resource.scopes and not resource.parent:
                params = {"status": "alles"} if any(each.name == "status" for each in resource.filters) else {}
                found |= differences(await both.get(f"/{service}/api/v1{collection_path(resource)}", **params), name)
    assert found - {(ZIOTS, "next")} == DIFFERENCES
    assert read > 100


async def test_writing_back_what_was_read_changes_nothing(both: Both) -> None:
    """Whatever form an object was read in, it is the same afterwards, for both."""
    written = 0
    for service in built():
        for resource in api_of(service).resources:
            if (
                "update" not in resource.scopes
                or "replace" not in resource.verbs
                or service in ("documenten", "notificaties")
            ):
                continue
            for url in both.urls.get(f"{service}/{resource.path}", []):
                for client in (both.openzaak, both.standard):
                    before = [each.json() for each in await both.get(url)]
                    mine = before[client is both.openzaak]
                    if "url" not in mine:
                        continue
                    answer = await client.put(url, mine)
                    assert answer.status_code == 200, answer.text
                    assert lasting(answer.json()) == lasting(mine)
                    after = [each.json() for each in await both.get(url)]
                    assert [lasting(each) for each in after] == [lasting(each) for each in before]
                    written += 1
    assert written > 20


NOT_LASTING = ("laatstGemuteerd", "wijzigingsdatum", "instance")


def lasting(found: dict[str, Any]) -> dict[str, Any]:
    """Return an object, or a refusal, without what each change, or each answer, has anew."""
    return {name: value for name, value in found.items() if name not in NOT_LASTING}


@pytest.mark.long
async def test_forms_do_not_mix_under_load(both: Both) -> None:
    """Both read the same objects at once, over and over, with the copies of each other."""
    wanted = {"expand": "zaak.rollen"}
    asked = [
        *((url, {}) for name in (ZIOTS, "zaken/rollen", ZAAKTYPEN, BESLUITTYPEN) for url in both.urls[name]),
        *((url, wanted) for url in both.urls["besluiten/besluiten"]),
        (f"{both.urls['zaken/zaken'][0]}/audittrail", {}),
        (f"{ROOT}/zaaktype-informatieobjecttypen", {"status": "alles"}),
    ]
    expected = {}
    for place, (url, params) in enumerate(asked):
        for client, answer in zip((both.standard, both.openzaak), await both.get(url, **params), strict=True):
            expected[client.client_id, place] = answer
    choose = random.Random(2)
    wrong: list[str] = []
    todo = iter(range(600))

    async def worker() -> None:
        for _ in todo:
            client = choose.choice((both.standard, both.openzaak))
            other = both.openzaak if client is both.standard else both.standard
            place = choose.randrange(len(asked))
            url, params = asked[place]
            mine, theirs = expected[client.client_id, place], expected[other.client_id, place]
            headers = {"If-None-Match": theirs.headers["etag"]} if "etag" in theirs.headers else {}
            answer = await client.get(url, params=params, headers=headers)
            fresh = answer.status_code == 304 and mine.headers.get("etag") == theirs.headers["etag"]
            gone = answer.status_code == mine.status_code == 404
            if not (fresh or gone) and (answer.status_code, answer.content) != (mine.status_code, mine.content):
                wrong.append(f"{client.client_id} {url}: {answer.status_code} {answer.text}")

    await asyncio.gather(*(worker() for _ in range(16)))
    assert wrong == []
