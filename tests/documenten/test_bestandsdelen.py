"""Large files in bestandsdelen (documenten.md §5.1 to §5.4); a part is 1 MiB in these tests."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from services.documenten.bestandsdeel import PARTS
from tests.answers import errors, problem
from tests.documenten.conftest import CHUNK
from tests.documenten.delen import CONTENT, SIZE, announce, part, put
from tests.documenten.maak_document import EIO, ROOT, b64, body, content_of, document, ontgrendel, vergrendel
from tests.documenten.opslag import journal, keys_of, objects, send_and_leave
from tests.stack import Client, Stack

OBJECT = "nonFieldErrors"


async def test_upload_in_any_order(stack: Stack, api: Client, iot: str) -> None:
    made = await announce(api, iot)
    lock = made["lock"]
    assert (made["locked"], made["inhoud"], len(lock)) == (True, None, 32)
    parts = made["bestandsdelen"]
    assert [(p["volgnummer"], p["omvang"], p["voltooid"], p["lock"]) for p in parts] == [
        (1, CHUNK, False, lock),
        (2, CHUNK, False, lock),
        (3, 300_001, False, lock),
    ]
    assert (await api.get(made["url"] + "/download")).status_code == 204
    for number in (3, 1, 2):
        answer = await put(api, parts[number - 1], part(number))
        assert answer.status_code == 200, answer.text
        assert answer.json() == {**parts[number - 1], "voltooid": True, "inhoud": ""}
    shown = (await api.get(made["url"])).json()
    assert [p["voltooid"] for p in shown["bestandsdelen"]] == [True] * 3
    await ontgrendel(api, made, lock)
    done = (await api.get(made["url"])).json()
    assert (done["locked"], done["bestandsdelen"], done["versie"]) == (False, [], 1)
    assert done["inhoud"] == made["url"] + "/download?versie=1"
    download = await api.get(done["inhoud"])
    assert download.content == CONTENT
    # Over the borders of parts.
    for start, end in ((CHUNK - 5, CHUNK + 5), (CHUNK, 2 * CHUNK), (2 * CHUNK - 1, SIZE)):
        ranged = await api.get(done["inhoud"], headers={"range": f"bytes={start}-{end - 1}"})
        assert ranged.content == CONTENT[start:end]
    assert await journal(stack) == []
    keys = set(await keys_of(stack, made))
    assert len(keys) == 3
    assert (await put(api, parts[0], part(1), lock)).status_code == 404
    assert (await api.delete(made["url"])).status_code == 204
    assert not keys & await objects(stack)


async def test_an_upload_in_more_parts_than_there_can_be_is_refused(api: Client, iot: str) -> None:
    for size in (PARTS * CHUNK + 1, 2**63 - 1):
        wrong = body(iot, inhoud=None, bestandsomvang=size)
        assert errors(await api.post(EIO, wrong)) == [("bestandsomvang", "max_value")]
    made = await announce(api, iot, bestandsomvang=PARTS * CHUNK - 1)
    assert [p["volgnummer"] for p in made["bestandsdelen"]] == list(range(1, PARTS + 1))
    assert [p["omvang"] for p in made["bestandsdelen"]] == [CHUNK] * (PARTS - 1) + [CHUNK - 1]
    lock = made["lock"]
    assert errors(await api.patch(made["url"], {"lock": lock, "inhoud": None, "bestandsomvang": 2**63 - 1})) == [
        ("bestandsomvang", "max_value")
    ]


async def test_parts_of_gigabytes(stack: Stack, api: Client, iot: str, monkeypatch: pytest.MonkeyPatch) -> None:
    service, large = stack.standalone.services["documenten"], 4 * 1024**3
    monkeypatch.setattr(service, "settings", service.settings.model_copy(update={"chunk_size": large}))
    made = await announce(api, iot, bestandsomvang=2 * large + 5)
    assert [p["omvang"] for p in made["bestandsdelen"]] == [large, large, 5]


async def test_parts_in_parallel(api: Client, iot: str) -> None:
    made = await announce(api, iot)
    answers = await asyncio.gather(*(put(api, p, part(p["volgnummer"])) for p in made["bestandsdelen"]))
    assert [answer.status_code for answer in answers] == [200] * 3
    await ontgrendel(api, made, made["lock"])
    assert (await api.get(made["url"] + "/download")).content == CONTENT


async def test_a_part_can_be_sent_again(stack: Stack, api: Client, iot: str) -> None:
    made = await announce(api, iot, bestandsomvang=1000)
    deel = made["bestandsdelen"][0]
    before = await objects(stack)
    for number in range(3):
        assert (await put(api, deel, content_of(1000, number))).status_code == 200
    assert len(await objects(stack) - before) == 1
    await ontgrendel(api, made, made["lock"])
    assert (await api.get(made["url"] + "/download")).content == content_of(1000, 2)
    assert await journal(stack) == []


async def test_drc_x4_wrong_parts(stack: Stack, api: Client, iot: str) -> None:
    made = await announce(api, iot)
    deel = made["bestandsdelen"][2]
    before = await objects(stack)
    right = part(3)
    for wrong in (right[:-1], right + b"x", b"", right * 20):
        assert errors(await put(api, deel, wrong)) == [(OBJECT, "file-size")]
    assert errors(await put(api, deel, right, "fout")) == [(OBJECT, "incorrect-lock-id")]
    assert errors(await put(api, deel, right, "")) == [("lock", "blank")]
    files = {"inhoud": ("x", right)}
    assert errors(await api.request("PUT", deel["url"], files=files)) == [("lock", "required")]
    bare = {"lock": (None, deel["lock"])}
    assert errors(await api.request("PUT", deel["url"], files=bare)) == [("inhoud", "required")]
    assert errors(await api.request("PUT", deel["url"], files={"x": (None, "y")})) == [
        ("lock", "required"),
        ("inhoud", "required"),
    ]
    for kind in ("application/json", "text/plain", "multipart/mixed; boundary=x"):
        assert problem(await api.put(deel["url"], content=b"{}", headers={"content-type": kind}))[0] == 415
    for kind, data in (
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=x", b"geen formulier"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; name=inhoud\r\n\r\nhalf"),
        ("multipart/form-data; boundary=x", b""),
    ):
        assert problem(await api.put(deel["url"], content=data, headers={"content-type": kind})) == (400, "parse_error")
    assert (await objects(stack), await journal(stack)) == (before, [])
    assert (await api.get(made["url"])).json()["bestandsdelen"][2]["voltooid"] is False
    assert (await put(api, deel, right)).status_code == 200


async def test_a_form_as_dotnet_writes_it(api: Client, iot: str) -> None:
    """The boundary in quotes, the names without, the lock with a type of its own, and the length not told."""
    made = await announce(api, iot, bestandsomvang=20)
    head = b"--grens\r\nContent-Disposition: form-data; name="
    inhoud = head + b"inhoud; filename=a.bin; filename*=utf-8''a.bin\r\n\r\n" + part(1)[:20] + b"\r\n"
    lock = head + b"lock\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + made["lock"].encode() + b"\r\n"

    async def form() -> AsyncIterator[bytes]:
        for piece in (inhoud, lock, b"--grens--\r\n"):
            yield piece

    headers = {"Content-Type": 'multipart/form-data; boundary="grens"'}
    answer = await api.request("PUT", made["bestandsdelen"][0]["url"], content=form(), headers=headers)
    assert answer.status_code == 200, answer.text
    zipped = {"Content-Type": "multipart/form-data; boundary=grens", "Content-Encoding": "gzip"}
    answer = await api.request("PUT", made["bestandsdelen"][0]["url"], content=b"x", headers=zipped)
    assert problem(answer) == (415, "unsupported_media_type")


async def test_a_form_may_be_urlencoded(api: Client, iot: str) -> None:
    made = await announce(api, iot, bestandsomvang=300)
    deel = made["bestandsdelen"][0]
    form = urlencode({"inhoud": content_of(300), "lock": deel["lock"]})
    kind = {"content-type": "application/x-www-form-urlencoded"}
    assert (await api.put(deel["url"], content=form, headers=kind)).status_code == 200
    await ontgrendel(api, made, made["lock"])
    assert (await api.get(made["url"] + "/download")).content == content_of(300)


async def test_an_interrupted_part_leaves_nothing_and_can_be_sent_again(stack: Stack, api: Client, iot: str) -> None:
    made = await announce(api, iot)
    deel = made["bestandsdelen"][0]
    before = await objects(stack)
    form = httpx.Request("PUT", deel["url"], data={"lock": deel["lock"]}, files={"inhoud": ("x", part(1))})
    raw = form.read()
    headers = {"content-type": form.headers["content-type"]}
    path = deel["url"].partition(".test")[2]
    assert await send_and_leave(api, "PUT", path, headers, raw[: len(raw) // 2]) in (0, 400)
    assert (await objects(stack), await journal(stack)) == (before, [])
    assert (await put(api, deel, part(1))).status_code == 200


async def test_drc_x4_unlock_before_the_upload_is_complete(api: Client, iot: str) -> None:
    made = await announce(api, iot)
    unlock = {"lock": made["lock"]}
    assert errors(await api.post(made["url"] + "/unlock", unlock)) == [(OBJECT, "file-size")]
    await put(api, made["bestandsdelen"][1], part(2))
    # A client that may force and says which lock it has does not give up its upload (D8).
    assert errors(await api.post(made["url"] + "/unlock", unlock)) == [(OBJECT, "incomplete-upload")]
    assert (await api.get(made["url"])).json()["locked"] is True
    for number in (1, 3):
        await put(api, made["bestandsdelen"][number - 1], part(number))
    await ontgrendel(api, made, made["lock"])
    assert errors(await api.post(made["url"] + "/unlock", unlock)) == [(OBJECT, "incorrect-lock-id")]
    assert (await api.get(made["url"] + "/download")).content == CONTENT


async def test_forced_unlock_gives_the_upload_up(stack: Stack, api: Client, iot: str) -> None:
    made = await announce(api, iot)
    before = await objects(stack)
    await put(api, made["bestandsdelen"][0], part(1))
    assert (await api.post(made["url"] + "/unlock")).status_code == 204
    shown = (await api.get(made["url"])).json()
    assert (shown["locked"], shown["bestandsdelen"], shown["bestandsomvang"]) == (False, [], None)
    assert (await objects(stack), await journal(stack)) == (before, [])
    assert (await api.get(made["url"] + "/download")).status_code == 204
    assert (await put(api, made["bestandsdelen"][0], part(1))).status_code == 404


async def test_two_who_unlock_at_once(api: Client, iot: str) -> None:
    made = await announce(api, iot)
    for deel in made["bestandsdelen"]:
        await put(api, deel, part(deel["volgnummer"]))
    unlock = {"lock": made["lock"]}
    answers = await asyncio.gather(*(api.post(made["url"] + "/unlock", unlock) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [204, 400, 400, 400]
    assert (await api.get(made["url"] + "/download")).content == CONTENT


async def test_d6_metadata_may_change_while_parts_are_pending(api: Client, iot: str) -> None:
    made = await announce(api, iot)
    await put(api, made["bestandsdelen"][0], part(1))
    for same in ({"titel": "Nieuw"}, {"bestandsomvang": SIZE}):
        answer = await api.patch(made["url"], {"lock": made["lock"], **same})
        assert [p["voltooid"] for p in answer.json()["bestandsdelen"]] == [True, False, False]
        assert {p["lock"] for p in answer.json()["bestandsdelen"]} == {made["lock"]}
    for number in (2, 3):
        await put(api, made["bestandsdelen"][number - 1], part(number))
    await ontgrendel(api, made, made["lock"])
    done = (await api.get(made["url"])).json()
    assert (done["versie"], done["titel"]) == (3, "Nieuw")
    assert (await api.get(done["inhoud"])).content == CONTENT
    # The upload belongs to the latest version; the versions before it never had content.
    assert (await api.get(made["url"] + "/download?versie=1")).status_code == 204


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_d6_content_replaces_the_pending_upload(stack: Stack, api: Client, iot: str, method: str) -> None:
    made = await announce(api, iot)
    before = await objects(stack)
    await put(api, made["bestandsdelen"][0], part(1))
    again = {"lock": made["lock"], "bestandsomvang": 2000, "inhoud": None}
    sent = {**body(iot), **again} if method == "PUT" else again
    changed = (await api.request(method, made["url"], json=sent)).json()
    assert [p["omvang"] for p in changed["bestandsdelen"]] == [2000]
    assert changed["bestandsdelen"][0]["lock"] == made["lock"]
    assert (await objects(stack), await journal(stack)) == (before, [])
    assert (await put(api, made["bestandsdelen"][0], part(1), made["lock"])).status_code == 404
    whole = {"lock": made["lock"], "inhoud": b64(b"toch klein")}
    changed = (await api.patch(made["url"], whole)).json()
    assert (changed["bestandsdelen"], changed["bestandsomvang"]) == ([], 10)
    await ontgrendel(api, made, made["lock"])
    assert (await api.get(made["url"] + "/download")).content == b"toch klein"


async def test_a_new_version_in_parts_keeps_the_old_content(api: Client, iot: str) -> None:
    made = await document(api, informatieobjecttype=iot)
    lock = await vergrendel(api, made)
    changed = (await api.patch(made["url"], {"lock": lock, "inhoud": None, "bestandsomvang": CHUNK + 1})).json()
    assert len(changed["bestandsdelen"]) == 2
    for deel in changed["bestandsdelen"]:
        await put(api, deel, part(deel["volgnummer"], content_of(CHUNK + 1)))
    await ontgrendel(api, made, lock)
    assert (await api.get(made["url"] + "/download")).content == content_of(CHUNK + 1)
    assert (await api.get(made["inhoud"])).content == b"Geachte mevrouw,"


async def test_drc_008_a_pending_document_is_not_removed(api: Client, iot: str) -> None:
    made = await announce(api, iot)
    assert errors(await api.delete(made["url"])) == [(OBJECT, "destroy-locked")]


async def test_d10_the_lock_is_only_for_those_who_may_write(stack: Stack, api: Client, iot: str) -> None:
    made = await announce(api, iot)
    name = made["url"][-12:]

    def grant(*scopes: str) -> list[dict[str, Any]]:
        cap = {"maxVertrouwelijkheidaanduiding": "openbaar", "informatieobjecttype": iot}
        return [{"component": "drc", "scopes": list(scopes), **cap}]

    reader = await stack.add_client("deventer", f"lezer-{name}", grant("documenten.lezen"))
    writer = await stack.add_client("deventer", f"schrijver-{name}", grant("documenten.lezen", "documenten.bijwerken"))
    for client, lock in ((reader, ""), (writer, made["lock"]), (api, made["lock"])):
        shown = (await client.get(made["url"])).json()
        assert {p["lock"] for p in shown["bestandsdelen"]} == {lock}
        uuid = made["url"].rpartition("/")[2]
        found = (await client.post(f"{EIO}/_zoek", {"uuid__in": [uuid]})).json()["results"]
        assert found == [shown]
    assert (await put(reader, made["bestandsdelen"][0], part(1))).status_code == 403
    assert (await put(writer, made["bestandsdelen"][0], part(1))).status_code == 200
    assert (await put(api, {"url": f"{ROOT}/bestandsdelen/{uuid}", "lock": "x"}, b"x")).status_code == 404
    # The lock is a secret, so it is not in the audit trail.
    trail = await api.get(made["url"] + "/audittrail")
    assert made["lock"] not in trail.text
