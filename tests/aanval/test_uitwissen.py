"""A municipality that was erased is gone, and one that gets its name has nothing of it."""

import asyncio
import base64
import time
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import unquote, urlsplit

import asyncpg
import orjson
import pytest

from beheer import status, tenants
from beheer.erase import Erasure, erase_tenant, list_erasures
from runtime.locks import Lock, sql, try_session_lock
from runtime.problems import UnknownTenant
from runtime.tenancy import schema_of
from services.documenten.storage import Storage
from tests import wereld as werelden
from tests.aanval.luisteraars import ABONNEMENT, body, notifying
from tests.answers import errors
from tests.bodies import zaak_body
from tests.documenten.maak_document import body as document_body
from tests.documenten.maak_document import informatieobjecttype
from tests.notificaties.webhooks import Webhook, listening
from tests.stack import Client, Stack
from tests.waiting import until

ZAKEN = "/zaken/api/v1/zaken"
DOCUMENTEN = "/documenten/api/v1/enkelvoudiginformatieobjecten"


@pytest.fixture(scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """Samenzaak with callbacks on this machine."""
    async with notifying(tmp_path_factory, "aanval_uitwissen", delivery_waits=(0.2,) * 40) as stack:
        yield stack


@pytest.fixture
async def webhook() -> AsyncIterator[Webhook]:
    """A subscriber."""
    async with listening() as found:
        yield found


async def erase(stack: Stack, name: str, **how: Any) -> Erasure:
    """Erase a municipality, as ``samenzaak tenant remove`` does it."""
    async with stack.admin() as admin:
        with stack._roles_alone():
            return await erase_tenant(admin, how.pop("settings", stack.settings), stack.dsn, name, **how)


def folder(stack: Stack, name: str) -> Path:
    """Return where the content of a municipality's documents is."""
    return Path(unquote(urlsplit(stack.settings.document_storage_url).path)) / name


def contents(stack: Stack, name: str) -> list[Path]:
    """Return the files with the content of a municipality's documents."""
    return [path for path in folder(stack, name).rglob("*") if path.is_file()]


async def again(stack: Stack, name: str, secret: str) -> Client:
    """Give the name to another municipality, with a client of the same client_id and all rights."""
    await stack.add_tenant(name)
    async with stack.admin() as admin:
        await tenants.add_client(admin, stack.settings, name, f"app-{name}", secret, all_rights=True)
    await stack.standalone.signals.barrier()
    return Client(stack, name, f"app-{name}", secret)


async def test_nothing_of_the_former_life_is_accepted_or_shown(stack: Stack, webhook: Webhook) -> None:
    name = f"weg-{time.time_ns()}"
    await stack.add_tenant(name)
    former = await stack.add_client(name, f"app-{name}")
    reader = await stack.add_client(name, f"lezer-{name}", [{"component": "ztc", "scopes": ["catalogi.lezen"]}])
    webhook.answer = lambda message: 500
    await former.created(ABONNEMENT, body(webhook))
    old = await werelden.make(former)
    assert (await reader.get(old["catalogi/zaaktypen"])).status_code == 200
    first = (await former.get(old["zaken/zaken"])).json()
    await webhook.until(lambda: len(webhook.attempts) > 1)
    assert len(contents(stack, name)) >= 2
    done = await erase(stack, name)
    assert (done.documents, done.removed) == (2, 2)
    assert not folder(stack, name).exists()
    for url in old.urls.values():
        answer = await former.get(url)
        assert answer.status_code in (403, 405), url
        assert answer.status_code == 405 or answer.json()["code"] == "invalid-jwt-signature"

    tried = len(webhook.attempts)
    client = await again(stack, name, "een-ander-geheim-dan-in-het-vorige-leven")
    assert (await former.get(ZAKEN)).json()["code"] == "invalid-jwt-signature"
    for collection, url in old.urls.items():
        answer = await client.get(url)
        assert answer.status_code in (404, 405), (collection, answer.text)
        listed = await client.get(url.rpartition("/")[0])
        if listed.status_code == 200 and "kanaal" not in url and "applicaties" not in url:
            found = listed.json()
            assert (found if isinstance(found, list) else found["results"]) == [], collection
    download = await client.get(f"{old['documenten/enkelvoudiginformatieobjecten']}/download")
    assert download.status_code == 404
    # Rights of a client of the same name, which were remembered, and types, which were too.
    async with stack.admin() as admin:
        await tenants.add_client(admin, stack.settings, name, reader.client_id, reader.secret, credentials_only=True)
    await stack.standalone.signals.barrier()
    assert (await reader.get("/catalogi/api/v1/zaaktypen")).json()["code"] == "permission_denied"
    refused = await client.post(ZAKEN, zaak_body(old["catalogi/zaaktypen"]))
    assert errors(refused) == [("zaaktype", "bad-url")]

    webhook.answer = lambda message: 204
    await client.created(ABONNEMENT, body(webhook))
    new = await werelden.make(client)
    assert (await client.get(new["zaken/zaken"])).json()["identificatie"] == first["identificatie"]
    assert (await client.get(ZAKEN)).json()["count"] == 1
    await webhook.got(3)
    assert {message["hoofdObject"] for message in webhook.received} == {new["zaken/zaken"]}
    assert {message["hoofdObject"] for message in webhook.attempts[tried:]} == {new["zaken/zaken"]}
    assert (await client.get(f"{new['documenten/enkelvoudiginformatieobjecten']}/download")).status_code == 200
    await erase(stack, name)


async def with_documents(stack: Stack, name: str, count: int) -> tuple[Client, str]:
    """Make a municipality with this many documents; return a client of it and the URL of their type."""
    await stack.add_tenant(name)
    client = await stack.add_client(name, f"app-{name}")
    type_ = await informatieobjecttype(client)
    for _ in range(count):
        await client.created(DOCUMENTEN, document_body(type_))
    return client, type_


async def test_an_interrupted_erasure_says_what_is_left_and_is_continued(stack: Stack) -> None:
    name = f"half-{time.time_ns()}"
    client, _ = await with_documents(stack, name, 5)
    real = Storage._delete_paths

    async def fails_halfway(self: Storage, store: Any, paths: list[str]) -> None:
        await real(self, store, paths[:2])
        raise OSError("the storage is away")

    with mock.patch.object(Storage, "_delete_paths", fails_halfway), pytest.raises(ValueError, match=name) as told:
        await erase(stack, name)
    assert "3 objects are left" in str(told.value)
    assert f"samenzaak tenant remove {name} --erase {name}" in str(told.value)
    assert (await client.get(ZAKEN)).status_code == 403
    async with stack.admin() as admin:
        assert name in [erasure.tenant for erasure in await list_erasures(admin)]
        facts = await status.facts(admin, stack.settings)
        assert name in status.as_text(facts)
        # Nobody gets the name, and so the documents, before it is finished.
        with pytest.raises(ValueError, match=f"the erasure of {name} is not finished"):
            await tenants.add_tenant(admin, stack.settings, name, "Ander", "517439943")
    assert len(contents(stack, name)) == 3
    removed: list[int] = []
    await erase(stack, name, progress=removed.append)
    assert removed
    assert not folder(stack, name).exists()
    async with stack.admin() as admin:
        assert name not in [erasure.tenant for erasure in await list_erasures(admin)]
        with pytest.raises(LookupError, match=f"there is no municipality {name}"):
            await erase_tenant(admin, stack.settings, stack.dsn, name)
    await stack.add_tenant(name)


@pytest.mark.parametrize("step", ["_tell", "_drop", "_erase_content"])
async def test_it_is_continued_after_a_crash_at_any_step(stack: Stack, step: str) -> None:
    name = f"crash-{time.time_ns()}"
    client, _ = await with_documents(stack, name, 2)
    with mock.patch(f"beheer.erase.{step}", side_effect=KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
        await erase(stack, name)
    assert (await client.get(ZAKEN)).status_code == 403
    done = await erase(stack, name)
    assert (done.documents, done.removed) == (2, 2)
    assert not folder(stack, name).exists()
    async with stack.admin() as admin:
        like = name.replace("-", "_") + "%"
        assert await admin.fetchval("SELECT count(*) FROM pg_namespace WHERE nspname LIKE $1", like) == 0
        assert await admin.fetchval("SELECT count(*) FROM pg_roles WHERE rolname LIKE $1", like) == 0


async def test_the_storage_of_somebody_else_is_not_taken_for_an_empty_one(stack: Stack, tmp_path: Path) -> None:
    name = f"elders-{time.time_ns()}"
    await with_documents(stack, name, 2)
    other = stack.settings.model_copy(update={"storage_url": tmp_path.as_uri()})
    with pytest.raises(ValueError, match="SAMENZAAK_STORAGE_URL"):
        await erase(stack, name, settings=other)
    assert len(contents(stack, name)) == 2
    done = await erase(stack, name, content=False)
    assert (done.documents, done.removed, len(contents(stack, name))) == (2, 0, 2)


async def test_the_background_work_forgets_the_municipality(stack: Stack) -> None:
    name = f"werk-{time.time_ns()}"
    works = [work for service in stack.standalone.services.values() for work in service.background]

    def remembered() -> set[str]:
        return {
            work.name
            for work in works
            for value in vars(work).values()
            if isinstance(value, set | dict) and name in value
        }

    async def known() -> bool:
        return {"outbox of documenten", "sweep of documents", "deliveries"} <= remembered()

    async def forgotten() -> bool:
        return not remembered()

    await with_documents(stack, name, 1)
    for work in works:
        work.look_everywhere()
    await until(known, "background work of a municipality")
    await erase(stack, name)
    await until(forgotten, "background work of a municipality that is gone")


async def test_two_commands_do_not_erase_at_the_same_time(stack: Stack) -> None:
    name = f"twee-{time.time_ns()}"
    await stack.add_tenant(name)
    async with stack.admin() as other:
        assert await other.fetchval(sql(try_session_lock(Lock.ERASURE, name)))
        with pytest.raises(ValueError, match="another command"):
            await erase(stack, name)
    await erase(stack, name)


async def test_work_that_locks_in_another_order_delays_an_erasure(stack: Stack) -> None:
    name = f"slot-{time.time_ns()}"
    await stack.add_tenant(name)
    async with stack.admin() as worker, stack.admin() as admin:
        # The first to look for a deadlock is the one that ends.
        await worker.execute("SET deadlock_timeout = '10 min'")
        await admin.execute("SET deadlock_timeout = '2 s'")
        with stack._roles_alone():
            async with worker.transaction():
                await worker.execute(f'LOCK TABLE "{schema_of(name, "zaken")}".zaak IN ROW EXCLUSIVE MODE')
                erasing = asyncio.create_task(erase_tenant(admin, stack.settings, stack.dsn, name))
                await until(lambda: waits_for_a_lock(worker, admin))
                # Its schema comes before that of zaken.
                await worker.execute(f'LOCK TABLE "{schema_of(name, "documenten")}".document IN ROW EXCLUSIVE MODE')
            assert (await erasing).tenant == name
        assert not await admin.fetchval("SELECT to_regnamespace($1)", schema_of(name, "zaken"))


def waits_for_a_lock(looking: asyncpg.Connection, other: asyncpg.Connection) -> Awaitable[Any]:
    """Return whether a connection waits for a lock, as another one sees it."""
    waits = "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = $1"
    return looking.fetchval(waits, other.get_server_pid())


async def test_an_upload_under_way_ends_in_neither_life(stack: Stack) -> None:
    name = f"upload-{time.time_ns()}"
    client, type_ = await with_documents(stack, name, 1)
    content = base64.b64encode(bytes(24 * 1024**2))
    whole = orjson.dumps({**document_body(type_), "inhoud": ""}).replace(b'"inhoud":""', b'"inhoud":"' + content + b'"')
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def pieces() -> AsyncIterator[bytes]:
        half = len(whole) // 2
        for start in range(0, half, 65_536):
            yield whole[start : min(start + 65_536, half)]
        begun.set()
        await go_on.wait()
        yield whole[half:]

    headers = {"Content-Type": "application/json"}
    upload = asyncio.create_task(client.request("POST", DOCUMENTEN, content=pieces(), headers=headers))
    await begun.wait()
    await erase(stack, name)
    new = await again(stack, name, "een-ander-geheim-dan-in-het-vorige-leven")
    go_on.set()
    assert (await upload).status_code in (400, 403)
    assert (await new.get(DOCUMENTEN)).json()["count"] == 0
    assert contents(stack, name) == []


async def test_a_connection_of_the_former_life_is_not_used_again(stack: Stack) -> None:
    name = f"pool-{time.time_ns()}"
    await stack.add_tenant(name)
    database = stack.standalone.services["zaken"].database
    async with database.acquire(name) as db:
        connection = db.connection
        await erase(stack, name)
        await stack.add_tenant(name)
    assert connection.is_closed()
    async with database.acquire(name) as db:
        assert db.connection is not connection
        assert await db.connection.fetchval("SELECT count(*) FROM zaak") == 0
        idle = db.connection
    await erase(stack, name)
    assert idle.is_closed()
    with pytest.raises(UnknownTenant):
        async with database.acquire(name):
            pass
