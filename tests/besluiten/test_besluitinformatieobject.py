"""BesluitInformatieObjecten: brc-003, brc-004, brc-005, brc-008."""

import asyncio
import uuid

from tests.answers import errors
from tests.besluiten.wereld import BIOS, OIOS, Werk


async def test_life_of_a_besluitinformatieobject(werk: Werk) -> None:
    """brc-004: that the document records the besluit is implied; there is no field for it."""
    besluit, document = (await werk.besluit())["url"], await werk.document()
    made = await werk.api.post(BIOS, {"besluit": besluit, "informatieobject": document})
    assert made.status_code == 201, made.text
    bio = made.json()
    assert bio == {"url": bio["url"], "informatieobject": document, "besluit": besluit}
    assert made.headers["location"] == bio["url"]
    read = await werk.api.get(bio["url"])
    assert read.json() == bio
    assert (await werk.api.request("HEAD", bio["url"])).headers["etag"] == read.headers["etag"]
    assert (await werk.api.get(BIOS, params={"besluit": besluit})).json() == [bio]
    assert (await werk.api.get(BIOS, params={"informatieobject": document})).json() == [bio]
    unknown = f"http://samenzaak.test/besluiten/api/v1/besluiten/{uuid.uuid4()}"
    assert (await werk.api.get(BIOS, params={"besluit": unknown})).json() == []
    # B4: it cannot be changed.
    for method in ("PUT", "PATCH"):
        assert (await werk.api.request(method, bio["url"], json=bio)).status_code == 405
    expanded = (await werk.api.get(f"{bio['url']}?expand=besluit.besluittype,informatieobject")).json()["_expand"]
    assert expanded["informatieobject"]["url"] == document
    assert expanded["besluit"]["_expand"]["besluittype"]["url"] == werk.types.besluittype
    assert (await werk.api.delete(bio["url"])).status_code == 204
    assert (await werk.api.get(bio["url"])).status_code == 404


async def test_brc_003_the_document_exists_and_is_a_document(werk: Werk) -> None:
    besluit = (await werk.besluit())["url"]
    for document, code in {
        f"http://samenzaak.test/documenten/api/v1/enkelvoudiginformatieobjecten/{uuid.uuid4()}": "bad-url",
        "https://elders.example.nl/documenten/api/v1/enkelvoudiginformatieobjecten/1": "bad-url",
        await werk.zaak(): "invalid-resource",
        "geen-url": "invalid",
    }.items():
        answer = await werk.api.post(BIOS, {"besluit": besluit, "informatieobject": document})
        assert errors(answer) == [("informatieobject", code)]


async def test_the_besluit_exists(werk: Werk) -> None:
    document = await werk.document()
    bio = await werk.bio((await werk.besluit())["url"], document)
    for besluit, code in {
        f"http://samenzaak.test/besluiten/api/v1/besluiten/{uuid.uuid4()}": "object-does-not-exist",
        bio["url"]: "incorrect_match",
        await werk.zaak(): "no_match",
        "": "blank",
        None: "null",
    }.items():
        answer = await werk.api.post(BIOS, {"besluit": besluit, "informatieobject": document})
        assert errors(answer) == [("besluit", code)]
    assert errors(await werk.api.post(BIOS, {"informatieobject": document})) == [("besluit", "required")]


async def test_brc_005_the_document_knows_its_besluiten(werk: Werk) -> None:
    besluit, document = (await werk.besluit())["url"], await werk.document()
    bio = await werk.bio(besluit, document)
    assert await werk.objecten(document) == [("besluit", besluit)]
    # A client cannot pull the mirror away, nor make it a second time.
    [mirror] = (await werk.api.get(OIOS, params={"object": besluit})).json()
    assert errors(await werk.api.delete(mirror["url"])) == [("nonFieldErrors", "remote-relation-exists")]
    again = {"informatieobject": document, "object": besluit, "objectType": "besluit"}
    assert errors(await werk.api.post(OIOS, again)) == [("nonFieldErrors", "unique")]
    assert (await werk.api.delete(bio["url"])).status_code == 204
    assert await werk.objecten(document) == []


async def test_a_document_records_a_besluit_once(werk: Werk) -> None:
    besluit, document = (await werk.besluit())["url"], await werk.document()
    body = {"besluit": besluit, "informatieobject": document}
    answers = await asyncio.gather(*(werk.api.post(BIOS, body) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 400, 400, 400]
    assert errors(await werk.api.post(BIOS, body)) == [("nonFieldErrors", "unique")]
    assert await werk.objecten(document) == [("besluit", besluit)]


async def test_brc_008_the_document_is_of_a_type_of_the_besluittype(werk: Werk) -> None:
    besluit, other = (await werk.besluit())["url"], await werk.maak.informatieobjecttype()
    document = await werk.document(informatieobjecttype=other["url"])
    answer = await werk.api.post(BIOS, {"besluit": besluit, "informatieobject": document})
    assert errors(answer) == [("nonFieldErrors", "missing-besluittype-informatieobjecttype-relation")]
    assert await werk.objecten(document) == []


async def test_brc_008_another_version_of_the_type_will_do(werk: Werk) -> None:
    types = await werk.maak.zaaktype()
    old = (await werk.api.get(types.informatieobjecttype)).json()
    own = Werk(werk.api, werk.maak, types)
    earlier = await own.document()
    ended = await werk.api.patch(types.informatieobjecttype, {"eindeGeldigheid": "2024-01-01"})
    assert ended.status_code == 200, ended.text
    body = {"omschrijving": old["omschrijving"], "catalogus": old["catalogus"], "beginGeldigheid": "2024-01-02"}
    new = await werk.maak.informatieobjecttype(**body)
    besluit = (await own.besluit())["url"]
    await own.bio(besluit, earlier)
    await own.bio(besluit, await own.document(informatieobjecttype=new["url"]))
