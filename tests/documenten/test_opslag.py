"""The storage: its layout, what happens when it fails, the sweep and the control (docs/adr/0003)."""

import asyncio
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import obstore
import pytest

from runtime.problems import Problem
from services.documenten.journal import FRESH, SIGN_OF_LIFE, _sweep, keep, new_key, stock_of, sweep_tenant
from services.documenten.storage import PIECE, Storage, path_of
from services.documenten.upload import Upload
from services.documenten.verification import Finding, Total, check_documents
from tests.documenten.conftest import CHUNK
from tests.documenten.delen import announce, part, put
from tests.documenten.maak_document import b64, content_of, document, ontgrendel, vergrendel
from tests.documenten.opslag import expire, journal, keys_of, objects, rows, service_of, storage
from tests.documenten.storing import Broken
from tests.stack import Client, Stack

LARGE = PIECE + 5_000_000


async def findings(stack: Stack, tenant: str = "deventer") -> list[Finding]:
    """Run the control."""
    return [finding async for finding in check_documents(service_of(stack), tenant)]


async def test_each_municipality_has_its_own_prefix(stack: Stack, api: Client, raalte: Client, iot: str) -> None:
    mine = await document(api, informatieobjecttype=iot)
    other = await document(raalte)
    assert set(await keys_of(stack, mine)) <= await objects(stack, "deventer")
    assert not set(await keys_of(stack, mine)) & await objects(stack, "raalte")
    uuid_ = other["url"].rpartition("/")[2]
    sql = "SELECT segments FROM document WHERE uuid = $1::text::uuid"
    assert (await rows(stack, sql, uuid_, tenant="raalte"))[0]["segments"]


async def test_a_bucket_or_folder_for_each_municipality(tmp_path: Path) -> None:
    made = Storage(f"{tmp_path.as_uri()}/gemeente-{{tenant}}/documenten")
    await made.write("raalte", "abcd", [b"x"])
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
    sql = "SELECT segments->0->>'sha256' AS hash FROM document WHERE uuid = $1::text::uuid"
    found = await rows(stack, sql, made["url"].rpartition("/")[2])
    assert found[0]["hash"] == hashlib.sha256(content).hexdigest()
    download = await api.get(made["inhoud"])
    assert download.headers["etag"] == f'"{found[0]["hash"]}"'


# --- The sweep -----------------------------------------------------------------------------------------------------


async def test_the_sweep_removes_what_a_crash_left(stack: Stack, api: Client, iot: str) -> None:
    service = service_of(stack)
    before = await objects(stack)
    # A process that dies after storing and before the commit leaves an object and a row of the journal.
    small, large = Upload(service, "deventer"), Upload(service, "deventer")
    await small.write(b"x" * 1000)
    for _ in range(3):
        await large.write(content_of(PIECE))
    keys = {(await upload.finish())["key"] for upload in (small, large)}
    assert await objects(stack) - before == keys
    await sweep_tenant(service, "deventer")
    # It may still be under way.
    assert await objects(stack) - before == keys
    await expire(stack)
    assert await sweep_tenant(service, "deventer") >= 2
    assert (await objects(stack), await journal(stack)) == (before, [])
    # Whoever still wants to keep it is refused.
    async with service.database.transaction("deventer") as db:
        with pytest.raises(Problem, match="503"):
            await keep(db, service, "deventer", list(keys))


async def test_the_sweep_removes_the_pieces_of_a_broken_upload(tmp_path: Path) -> None:
    made = Storage(tmp_path.as_uri())
    await made.write("raalte", "abcd", [b"x"])
    piece = tmp_path / "raalte" / "ab" / "abce#1"
    piece.write_bytes(b"half")
    await made.delete_pieces("raalte", ["abce"])
    assert [f.name for f in (tmp_path / "raalte" / "ab").iterdir()] == ["abcd"]


async def test_an_upload_shows_that_it_goes_on(stack: Stack, api: Client, settle: Callable[[], Any]) -> None:
    service = service_of(stack)
    upload = Upload(service, "deventer")
    await upload.write(content_of(PIECE))
    assert upload._key is not None
    # As if a long time went by before the next piece, and the sweep comes at last.
    upload._key.known -= SIGN_OF_LIFE
    await expire(stack)
    await upload.write(b"x")
    await sweep_tenant(service, "deventer")
    found = await rows(stack, "SELECT key FROM journal")
    assert [row["key"] for row in found] == [upload._key.name]
    await upload.discard()
    await settle()


async def test_a_key_that_was_long_in_stock_is_not_used(stack: Stack, api: Client, settle: Callable[[], Any]) -> None:
    service = service_of(stack)
    first = await new_key(service, "deventer")
    second = await new_key(service, "deventer")
    assert second.known == first.known
    for key in stock_of(service, "deventer"):
        key.known -= FRESH
    third = await new_key(service, "deventer")
    assert third.known > second.known
    await settle()


async def test_the_sweep_goes_on_with_the_other_municipalities(
    stack: Stack, api: Client, raalte: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    service, real = service_of(stack), Storage.delete
    mine, other = await document(api), await document(raalte)
    stuck = await keys_of(stack, mine)

    async def refuse(*args: Any) -> None:
        raise Problem(503, "service_unavailable", "Het slot zit erop.")

    monkeypatch.setattr(Storage, "delete", refuse)
    for client, each in ((api, mine), (raalte, other)):
        assert (await client.delete(each["url"])).status_code == 204

    async def refuse_one(self: Storage, tenant: str, keys: Any) -> None:
        if tenant == "deventer":
            await refuse()
        await real(self, tenant, keys)

    monkeypatch.setattr(Storage, "delete", refuse_one)
    for tenant in ("deventer", "raalte"):
        await _sweep(service, tenant)
    assert (await journal(stack, "deventer"), await journal(stack, "raalte")) == (stuck, [])
    # What fails again and again does not stand in the way of what comes after it.
    assert await sweep_tenant(service, "deventer") == 0
    monkeypatch.undo()
    await expire(stack)
    await _sweep(service, "deventer")
    assert await journal(stack) == []


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


@pytest.mark.few
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
            "SELECT segments->0->>'key' AS s FROM documentversie WHERE uuid = $1::text::uuid",
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

    from services.documenten import verification

    monkeypatch.setattr(verification, "PATIENCE", timedelta(seconds=-60))
    assert ("unknown", stranger) in {(f.kind, f.key) for f in await findings(stack)}
    await storage(stack).delete("deventer", [stranger])
    for each in (missing, longer):
        assert (await api.delete(each["url"])).status_code == 204
    assert (await api.get(sound["inhoud"])).status_code == 200


@pytest.mark.few
async def test_what_is_removed_while_the_control_reads_is_not_missing(
    stack: Stack, api: Client, iot: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, real = await document(api, informatieobjecttype=iot), Storage.size
    [key] = await keys_of(stack, made)

    async def late(self: Storage, tenant: str, wanted: str) -> int | None:
        if wanted == key:
            assert (await api.delete(made["url"])).status_code == 204
        return await real(self, tenant, wanted)

    monkeypatch.setattr(Storage, "size", late)
    assert key not in {f.key for f in await findings(stack)}


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
    for n, each in enumerate(made):
        assert (await api.get(each["inhoud"])).content == content_of(1000, n)
