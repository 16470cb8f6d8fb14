"""Faults of the storage: away, broken, full; nothing half is visible and a retry succeeds (docs/adr/0003)."""

import os
import subprocess
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from services.documenten.opslag import PIECE, Storage
from tests.documenten.antwoord import code, errors
from tests.documenten.maak_document import EIO, b64, body, content_of, document, ontgrendel, vergrendel
from tests.documenten.opslag import journal, keys_of, objects, service_of, storage
from tests.documenten.storing import Broken
from tests.documenten.test_bestandsdelen import CONTENT, announce, part, put
from tests.stack import Client, Stack

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
        assert code(answer) == (503, "service_unavailable")
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
        assert code(await api.post(EIO, sent)) == (status, wanted)
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
    assert code(await api.get(made["inhoud"])) == (503, "service_unavailable")
    assert (await api.delete(made["url"])).status_code == 204


def _mount(folder: Path) -> str:
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)], capture_output=True, text=True, check=False
    )
    return done.stderr if done.returncode else ""


async def test_disk_full(stack: Stack, api: Client, iot: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "klein"
    if os.getuid() != 0:
        pytest.skip("only root can mount a small disk")
    if problem := _mount(folder):
        pytest.skip(f"a small disk cannot be mounted here: {problem}")
    try:
        monkeypatch.setitem(service_of(stack).state, "storage", Storage(folder.as_uri()))
        number = str(uuid.uuid4())
        large = body(iot, inhoud=b64(content_of(30 * 1024**2)), identificatie=number)
        assert code(await api.post(EIO, large)) == (507, "insufficient_storage")
        assert (await api.get(f"{EIO}?identificatie={number}")).json()["count"] == 0
        assert [f for f in folder.rglob("*") if f.is_file()] == []
        # Full with other things: then a small document does not fit either.
        filler = folder / "vol"
        filler.write_bytes(b"\0" * (24 * 1024**2 - 8192))
        small = body(iot, inhoud=b64(content_of(200_000)), identificatie=number)
        assert code(await api.post(EIO, small)) == (507, "insufficient_storage")
        pending = await announce(api, iot)
        assert code(await put(api, pending["bestandsdelen"][0], part(1))) == (507, "insufficient_storage")
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
