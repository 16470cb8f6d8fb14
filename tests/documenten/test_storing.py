"""Faults of the storage: away, broken, full; nothing half is visible and a retry succeeds (docs/adr/0003)."""

import asyncio
import os
import subprocess
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

import asyncpg
import obstore
import pytest

from services.documenten import writing
from services.documenten.download import WINDOW
from services.documenten.storage import PIECE, Storage
from tests.answers import errors, problem
from tests.documenten.conftest import GIVEN
from tests.documenten.delen import CONTENT, announce, part, put
from tests.documenten.maak_document import EIO, b64, body, content_of, document, ontgrendel, vergrendel
from tests.documenten.opslag import journal, keys_of, objects, read_slowly, rows, service_of, storage
from tests.documenten.storing import Away, AwayFolder, AwayServer, Broken
from tests.stack import Client, Stack
from zgw import write

LARGE = PIECE + 5_000_000


async def test_storage_away(stack: Stack, api: Client, iot: str, broken: Broken, settle: Callable[[], Any]) -> None:
    made = await document(api, informatieobjecttype=iot)
    pending = await announce(api, iot)
    other = await document(api, informatieobjecttype=iot)
    lock = await vergrendel(api, other)
    before = await objects(stack)
    number = str(uuid.uuid4())
    sent = body(iot, identificatie=number)
    broken.fail("put_async", "get_range_async", "delete_async")
    for answer in (
        await api.post(EIO, sent),
        await api.patch(other["url"], {"lock": lock, "inhoud": b64(b"nieuw")}),
        await put(api, pending["bestandsdelen"][0], part(1)),
        await api.get(made["inhoud"]),
    ):
        assert problem(answer) == (503, "service_unavailable")
        assert answer.headers["retry-after"] == "10"
    # Nothing is half visible, and what does not need the storage works.
    assert (await api.get(f"{EIO}?identificatie={number}")).json()["count"] == 0
    assert (await api.get(other["url"])).json()["versie"] == 1
    assert (await api.get(pending["url"])).json()["bestandsdelen"][0]["voltooid"] is False
    assert (await api.delete(made["url"])).status_code == 204
    broken.repair()
    assert (await api.post(EIO, sent)).status_code == 201
    assert (await api.patch(other["url"], {"lock": lock, "inhoud": b64(b"nieuw")})).json()["versie"] == 2
    assert (await put(api, pending["bestandsdelen"][0], part(1))).status_code == 200
    await settle()
    # The content of what was removed meanwhile is gone, and nothing else is.
    assert len(before - await objects(stack)) == 1
    assert len(await objects(stack) - before) == 3


@pytest.mark.few
async def test_storage_breaks_during_a_large_upload(
    stack: Stack, api: Client, iot: str, broken: Broken, settle: Callable[[], Any]
) -> None:
    before = await objects(stack)
    sent = body(iot, inhoud=b64(content_of(2 * PIECE + 5)), identificatie=str(uuid.uuid4()))
    for text, status, wanted in (
        ("error sending request", 503, "service_unavailable"),
        ("Unable to write: No space left on device (os error 28)", 507, "insufficient_storage"),
    ):
        broken.fail_writer(text)
        assert problem(await api.post(EIO, sent)) == (status, wanted)
        broken.repair()
    assert (await objects(stack), await journal(stack)) == (before, [])
    made = await api.created(EIO, sent)
    assert (await api.get(made["inhoud"])).content == content_of(2 * PIECE + 5)
    await settle()


async def test_a_failing_transaction_removes_the_content(stack: Stack, api: Client, iot: str) -> None:
    made = await document(api, informatieobjecttype=iot)
    before = await objects(stack)
    # The database refuses this one only after the content was stored.
    answer = await api.post(EIO, body(iot, identificatie=made["identificatie"], inhoud=b64(content_of(LARGE))))
    assert errors(answer) == [("identificatie", "identificatie-niet-uniek")]
    assert (await objects(stack), await journal(stack)) == (before, [])


async def test_a_content_that_is_lost_is_an_error_and_not_an_empty_file(stack: Stack, api: Client, iot: str) -> None:
    made = await document(api, informatieobjecttype=iot)
    await storage(stack).delete("deventer", await keys_of(stack, made))
    assert problem(await api.get(made["inhoud"])) == (503, "service_unavailable")
    assert (await api.delete(made["url"])).status_code == 204


def _mount(folder: Path) -> str:
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)], capture_output=True, text=True, check=False
    )
    return done.stderr if done.returncode else ""


@pytest.mark.few
async def test_disk_full(stack: Stack, api: Client, iot: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "klein"
    if os.getuid() != 0:
        pytest.skip("only root can mount a small disk")
    if refused := _mount(folder):
        pytest.skip(f"a small disk cannot be mounted here: {refused}")
    try:
        monkeypatch.setitem(service_of(stack).state, "storage", Storage(folder.as_uri()))
        number = str(uuid.uuid4())
        large = body(iot, inhoud=b64(content_of(30 * 1024**2)), identificatie=number)
        assert problem(await api.post(EIO, large)) == (507, "insufficient_storage")
        assert (await api.get(f"{EIO}?identificatie={number}")).json()["count"] == 0
        assert [f for f in folder.rglob("*") if f.is_file()] == []
        # Full with other things: then a small document does not fit either.
        filler = folder / "vol"
        filler.write_bytes(b"\0" * (24 * 1024**2 - 8192))
        small = body(iot, inhoud=b64(content_of(200_000)), identificatie=number)
        assert problem(await api.post(EIO, small)) == (507, "insufficient_storage")
        pending = await announce(api, iot)
        assert problem(await put(api, pending["bestandsdelen"][0], part(1))) == (507, "insufficient_storage")
        filler.unlink()
        made = await api.created(EIO, small)
        assert (await api.get(made["inhoud"])).content == content_of(200_000)
        for deel in pending["bestandsdelen"]:
            assert (await put(api, deel, part(deel["volgnummer"]))).status_code == 200
        await ontgrendel(api, pending, pending["lock"])
        assert (await api.get(pending["url"] + "/download")).content == CONTENT
        await api.delete(made["url"])
        await api.delete(pending["url"])
        assert (await journal(stack), [f for f in folder.rglob("*") if f.is_file()]) == ([], [])
    finally:
        subprocess.run(["umount", str(folder)], check=True)


# --- Removal while something else goes on -----------------------------------------------------------------------------


async def test_removal_does_not_wait_for_slow_storage(
    stack: Stack, api: Client, iot: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await document(api, informatieobjecttype=iot)
    keys, go_on, real = await keys_of(stack, made), asyncio.Event(), obstore.delete_async

    async def slow(*args: Any) -> Any:
        await go_on.wait()
        return await real(*args)

    monkeypatch.setattr(obstore, "delete_async", slow)
    async with asyncio.timeout(30):
        assert (await api.delete(made["url"])).status_code == 204
    assert await journal(stack) == keys
    go_on.set()
    await asyncio.gather(*service_of(stack).state["removals"])
    assert (await journal(stack), set(keys) & await objects(stack)) == ([], set())


async def test_a_document_that_is_removed_before_its_content_is_read_is_not_found(
    stack: Stack, api: Client, iot: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, real = await document(api, informatieobjecttype=iot), Storage.read

    async def late(self: Storage, *args: Any) -> bytes:
        assert (await api.delete(made["url"])).status_code == 204
        return await real(self, *args)

    monkeypatch.setattr(Storage, "read", late)
    assert problem(await api.get(made["inhoud"])) == (404, "not_found")


async def test_a_download_that_fails_on_its_way_is_broken_off(
    stack: Stack, api: Client, iot: str, caplog: pytest.LogCaptureFixture
) -> None:
    made = await document(api, informatieobjecttype=iot, inhoud=b64(content_of(3 * WINDOW)))

    async def remove(received: int) -> None:
        if received == WINDOW:
            assert (await api.delete(made["url"])).status_code == 204

    status, data, whole = await read_slowly(api, made["inhoud"], remove)
    # What was read ahead still arrives; the end of the answer does not, so that the client knows.
    assert (status, whole) == (200, False)
    assert data == content_of(3 * WINDOW)[: len(data)]
    assert len(data) < 3 * WINDOW
    assert "Traceback" not in caplog.text


# --- A commit of which the answer gets lost ---------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1000, LARGE])
async def test_content_that_was_kept_after_all_is_not_removed(
    stack: Stack, api: Client, iot: str, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    number, real = str(uuid.uuid4()), write.store

    async def lost(*args: Any) -> Any:
        await real(*args)
        raise asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")

    monkeypatch.setattr(writing, "store", lost)
    sent = body(iot, identificatie=number, inhoud=b64(content_of(size)))
    assert (await api.post(EIO, sent)).status_code >= 500
    monkeypatch.undo()
    [found] = (await api.get(f"{EIO}?identificatie={number}")).json()["results"]
    assert (await api.get(found["inhoud"])).content == content_of(size)


async def test_a_backup_that_is_put_back_takes_the_journal_along(stack: Stack, api: Client, iot: str) -> None:
    await document(api, informatieobjecttype=iot)
    # The keys that the process has in stock are unknown to the journal of the backup.
    await rows(stack, "DELETE FROM journal")
    made = await document(api, informatieobjecttype=iot)
    assert (await api.get(made["inhoud"])).content == b"Geachte mevrouw,"


# --- Storage that is really away --------------------------------------------------------------------------------------


@pytest.fixture
def away(stack: Stack, request: pytest.FixtureRequest) -> Away:
    """Takes the storage of this stack away and brings it back."""
    if storage(stack).url == GIVEN:
        pytest.skip("the storage that was given cannot be taken away")
    if storage(stack).url.startswith("s3:"):
        return AwayServer(request.getfixturevalue("s3_server"))
    return AwayFolder(Path(url2pathname(urlsplit(storage(stack).url).path)))


async def test_storage_that_is_really_away(
    stack: Stack, api: Client, iot: str, away: Away, settle: Callable[[], Any]
) -> None:
    kept = await document(api, informatieobjecttype=iot)
    gone = await document(api, informatieobjecttype=iot)
    pending = await announce(api, iot)
    number = str(uuid.uuid4())
    small = body(iot, identificatie=number)
    large = body(iot, identificatie=number, inhoud=b64(content_of(LARGE)))
    before = await objects(stack)
    with away:
        for sent in (small, large):
            assert problem(await api.post(EIO, sent)) == (503, "service_unavailable")
        assert problem(await put(api, pending["bestandsdelen"][0], part(1))) == (503, "service_unavailable")
        assert problem(await api.get(kept["inhoud"])) == (503, "service_unavailable")
        assert (await api.delete(gone["url"])).status_code == 204
        assert (await api.get(f"{EIO}?identificatie={number}")).json()["count"] == 0
        assert (await api.get(pending["url"])).json()["bestandsdelen"][0]["voltooid"] is False
        await asyncio.gather(*service_of(stack).state.get("removals", ()))
    assert (await api.get(kept["inhoud"])).content == b"Geachte mevrouw,"
    made = await api.created(EIO, large)
    assert (await api.get(made["inhoud"])).content == content_of(LARGE)
    for deel in pending["bestandsdelen"]:
        assert (await put(api, deel, part(deel["volgnummer"]))).status_code == 200
    await ontgrendel(api, pending, pending["lock"])
    assert (await api.get(pending["url"] + "/download")).content == CONTENT
    await settle()
    now = {*await keys_of(stack, made), *await keys_of(stack, pending)}
    assert await objects(stack) - before == now
    assert len(before - await objects(stack)) == 1
