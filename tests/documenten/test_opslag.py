"""The storage: its layout, what happens when it fails, the sweep and the control (docs/adr/0003)."""

import asyncio
import os
import subprocess
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import obstore
import pytest
from obstore.exceptions import GenericError
from obstore.store import LocalStore

from services.documenten.controle import Finding, Total, check_documents
from services.documenten.logboek import Upload, keep, sweep_tenant
from services.documenten.opslag import PIECE, Storage, path_of
from tests.documenten.antwoord import code, errors
from tests.documenten.conftest import CHUNK
from tests.documenten.maak_document import EIO, b64, body, content_of, document, ontgrendel, vergrendel
from tests.documenten.opslag import journal, keys_of, objects, rows, service_of, storage
from tests.documenten.test_bestandsdelen import CONTENT, announce, part, put
from tests.stack import Client, Stack
from zgw.problems import Problem

LARGE = PIECE + 5_000_000


async def findings(stack: Stack, tenant: str = "deventer") -> list[Finding]:
    """Run the control."""
    return [finding async for finding in check_documents(service_of(stack), tenant)]


@pytest.fixture
def settle(stack: Stack) -> Callable[[], Any]:
    """Return a function that waits until what the tests broke is repaired by the sweep."""

    async def done() -> None:
        await rows(stack, "UPDATE opslaglogboek SET vanaf = now()")
        await sweep_tenant(service_of(stack), "deventer")
        assert await journal(stack) == []

    return done


async def test_each_municipality_has_its_own_prefix(stack: Stack, api: Client, raalte: Client, iot: str) -> None:
    mine = await document(api, informatieobjecttype=iot)
    other = await document(raalte)
    assert set(await keys_of(stack, mine)) <= await objects(stack, "deventer")
    assert not set(await keys_of(stack, mine)) & await objects(stack, "raalte")
    uuid_ = other["url"].rpartition("/")[2]
    sql = "SELECT segmenten FROM document WHERE uuid = $1::text::uuid"
    assert (await rows(stack, sql, uuid_, tenant="raalte"))[0]["segmenten"]


async def test_a_bucket_or_folder_for_each_municipality(tmp_path: Path) -> None:
    made = Storage(f"{tmp_path.as_uri()}/gemeente-{{tenant}}/documenten")
    await made.write("raalte", "abcd", b"x")
    assert (tmp_path / "gemeente-raalte" / "documenten" / "ab" / "abcd").read_bytes() == b"x"


async def test_versions_share_content_and_removal_takes_everything(stack: Stack, api: Client, iot: str) -> None:
    before = await objects(stack)
    made = await document(api, informatieobjecttype=iot)
    lock = await vergrendel(api, made)
    await api.patch(made["url"], {"lock": lock, "titel": "Zelfde inhoud"})
    assert len(await objects(stack) - before) == 1
    await api.patch(made["url"], {"lock": lock, "inhoud": b64(b"andere inhoud")})
    assert len(await objects(stack) - before) == 2
    await ontgrendel(api, made, lock)
    assert (await api.delete(made["url"])).status_code == 204
    assert (await objects(stack), await journal(stack)) == (before, [])


async def test_the_hash_is_kept_with_the_version(stack: Stack, api: Client, iot: str) -> None:
    import hashlib

    content = content_of(LARGE, 3)
    made = await document(api, informatieobjecttype=iot, inhoud=b64(content))
    sql = "SELECT segmenten->0->>'sha256' AS hash FROM document WHERE uuid = $1::text::uuid"
    found = await rows(stack, sql, made["url"].rpartition("/")[2])
    assert found[0]["hash"] == hashlib.sha256(content).hexdigest()
    download = await api.get(made["inhoud"])
    assert download.headers["etag"] == f'"{found[0]["hash"]}"'


# --- Failures ------------------------------------------------------------------------------------------------------


class Broken:
    """Makes calls of the storage fail, as obstore does when the other side is away or full."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch = monkeypatch

    def fail(self, *names: str, text: str = "error sending request: connection refused") -> None:
        """Let these functions of obstore fail from now on."""

        async def refuse(*args: Any, **kwargs: Any) -> Any:
            raise GenericError(text)

        for name in names:
            self.monkeypatch.setattr(obstore, name, refuse)

    def fail_writer(self, text: str) -> None:
        """Let large uploads fail at their second piece."""
        real = obstore.open_writer_async

        class Writer:
            def __init__(self, *args: Any, **kwargs: Any) -> None:
                self.inner, self.count = real(*args, **kwargs), 0

            async def write(self, data: Any) -> None:
                self.count += 1
                if self.count == 2:
                    raise GenericError(text)
                await self.inner.write(data)

            async def close(self) -> None:
                await self.inner.close()

        self.monkeypatch.setattr(obstore, "open_writer_async", Writer)

    def repair(self) -> None:
        """Let everything work again."""
        self.monkeypatch.undo()


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Broken:
    """Breaks the storage."""
    return Broken(monkeypatch)


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


# --- The sweep -----------------------------------------------------------------------------------------------------


async def test_the_sweep_removes_what_a_crash_left(stack: Stack, api: Client, iot: str) -> None:
    service = service_of(stack)
    before = await objects(stack)
    # A process that dies after storing and before the commit leaves an object and a row of the journal.
    small, large = Upload(service, "deventer"), Upload(service, "deventer")
    await small.write(b"x" * 1000)
    await small.finish()
    for _ in range(3):
        await large.write(content_of(PIECE))
    await large.finish()
    assert await objects(stack) - before == {small.key, large.key}
    await sweep_tenant(service, "deventer")
    # It may still be under way.
    assert await objects(stack) - before == {small.key, large.key}
    await rows(stack, "UPDATE opslaglogboek SET vanaf = now()")
    assert await sweep_tenant(service, "deventer") == 2
    assert (await objects(stack), await journal(stack)) == (before, [])
    # Whoever still wants to keep it is refused.
    async with service.database.transaction("deventer") as db:
        with pytest.raises(Problem, match="503"):
            await keep(db, [small.key])


async def test_the_sweep_removes_the_pieces_of_a_broken_upload(tmp_path: Path) -> None:
    made = Storage(tmp_path.as_uri())
    await made.write("raalte", "abcd", b"x")
    piece = tmp_path / "raalte" / "ab" / "abce#1"
    piece.write_bytes(b"half")
    await made.delete_pieces("raalte", ["abce"])
    assert [f.name for f in (tmp_path / "raalte" / "ab").iterdir()] == ["abcd"]


async def test_the_sweep_waits_for_storage_that_is_away(
    stack: Stack, api: Client, iot: str, broken: Broken, settle: Callable[[], Any]
) -> None:
    made = await document(api, informatieobjecttype=iot)
    keys = await keys_of(stack, made)
    broken.fail("delete_async")
    assert (await api.delete(made["url"])).status_code == 204
    with pytest.raises(Problem, match="503"):
        await sweep_tenant(service_of(stack), "deventer")
    assert await journal(stack) == keys
    broken.repair()
    await settle()
    assert not set(keys) & await objects(stack)


# --- The control -----------------------------------------------------------------------------------------------------


async def _overwrite(stack: Stack, key: str, data: bytes) -> None:
    await obstore.put_async(storage(stack)._store("deventer"), path_of(key), data)


async def test_the_control_finds_what_is_missing_or_differs(
    stack: Stack, api: Client, iot: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = await document(api, informatieobjecttype=iot, inhoud=b64(content_of(LARGE)))
    pending = await announce(api, iot)
    await put(api, pending["bestandsdelen"][0], part(1))
    earlier = set(await findings(stack))
    missing, changed, longer = [await document(api, informatieobjecttype=iot) for _ in range(3)]
    lock = await vergrendel(api, changed)
    await api.patch(changed["url"], {"lock": lock, "inhoud": b64(b"nieuwe versie")})
    old_key = (
        await rows(
            stack,
            "SELECT segmenten->0->>'sleutel' AS s FROM documentversie WHERE uuid = $1::text::uuid",
            changed["url"].rpartition("/")[2],
        )
    )[0]["s"]
    [gone], [long] = await keys_of(stack, missing), await keys_of(stack, longer)
    await storage(stack).delete("deventer", [gone])
    await _overwrite(stack, old_key, b"Geachte meneer!!")
    await _overwrite(stack, long, b"Geachte mevrouw, meneer")
    stranger = uuid.uuid4().hex
    await _overwrite(stack, stranger, b"van niemand")
    total = Total()
    found = {f async for f in check_documents(service_of(stack), "deventer", total)} - earlier
    assert {(f.kind, f.key) for f in found} == {("missing", gone), ("sha256", old_key), ("size", long)}
    assert {f.document for f in found} == {d["url"].rpartition("/")[2] for d in (missing, changed, longer)}
    assert total.objects >= 5
    assert total.size >= LARGE + CHUNK
    # What nobody knows of is reported when it is too old to belong to an upload.
    from datetime import timedelta

    from services.documenten import controle

    monkeypatch.setattr(controle, "UPLOAD_TIME", timedelta(seconds=-60))
    assert ("unknown", stranger) in {(f.kind, f.key) for f in await findings(stack)}
    await storage(stack).delete("deventer", [stranger])
    for each in (missing, longer):
        assert (await api.delete(each["url"])).status_code == 204
    assert (await api.get(sound["inhoud"])).status_code == 200


async def test_the_control_says_what_it_could_not_read(stack: Stack, api: Client, iot: str, broken: Broken) -> None:
    made = await document(api, informatieobjecttype=iot)
    keys = set(await keys_of(stack, made))
    broken.fail("get_range_async")
    found = await findings(stack)
    assert {(f.kind, f.key) for f in found if f.key in keys} == {("unreadable", next(iter(keys)))}


async def test_many_contents_at_once_are_all_kept(stack: Stack, api: Client, iot: str) -> None:
    made = await asyncio.gather(
        *(document(api, informatieobjecttype=iot, inhoud=b64(content_of(1000, n))) for n in range(20))
    )
    assert await journal(stack) == []
    assert isinstance(storage(stack)._store("deventer"), LocalStore) or storage(stack).url.startswith("s3:")
    for n, each in enumerate(made):
        assert (await api.get(each["inhoud"])).content == content_of(1000, n)
