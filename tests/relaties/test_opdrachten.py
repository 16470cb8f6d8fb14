"""``samenzaak check relations`` and ``samenzaak external``, as an operator uses them."""

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest

from tests.besluiten.wereld import Werk, deelbaar
from tests.maak import Maak
from tests.opdracht import Samenzaak
from tests.selectielijst import Selectielijst
from tests.stack import PUBLIC, Stack

TENANT = "opdrachten"
Command = Callable[..., Awaitable[tuple[int, str]]]


@pytest.fixture(scope="module")
async def own(stack: Stack, lijst: Selectielijst) -> Werk:
    """A municipality of which every inconsistency is ours, with a host name of its own."""
    await stack.add_tenant(TENANT, ("opdrachten.test",))
    client = await stack.add_client(TENANT, f"alles-{TENANT}", host="http://opdrachten.test")
    return await deelbaar(client, Maak(client, lijst))


@pytest.fixture
def here(samenzaak: Samenzaak, stack: Stack) -> Command:
    """Run one command on the database of the stack; return its exit status and what it printed."""
    assert stack.settings.secret_key is not None
    settings: dict[str, Any] = {
        "home": stack.settings.home,
        "database_url": stack.dsn,
        "secret_key": stack.settings.secret_key.get_secret_value(),
        "public_url": PUBLIC,
    }

    async def run(*arguments: str) -> tuple[int, str]:
        found = await asyncio.to_thread(partial(samenzaak, *arguments, **settings))
        return found.returncode, found.stdout

    return run


async def test_check_relations_tells_by_its_status_whether_anything_is_left(
    own: Werk, stack: Stack, here: Command
) -> None:
    zaak, document = await own.zaak(), await own.document()
    await own.zio(zaak, document)
    assert await here("check", "relations", TENANT) == (0, "0 found, 0 repaired, 0 left\n")
    async with stack.admin() as admin:
        await admin.execute(f"DELETE FROM {TENANT}_documenten.objectinformatieobject")
    status, printed = await here("check", "relations", TENANT, "--grace", "0", "--json")
    [fact] = json.loads(printed)
    assert status == 1
    assert (fact["relation"], fact["kind"], fact["repaired"]) == ("zaakinformatieobject", "mirror missing", None)
    status, printed = await here("check", "relations", TENANT, "--grace", "0", "--repair", "--elsewhere")
    assert (status, printed.splitlines()[-1]) == (0, "1 found, 1 repaired, 0 left")
    assert await own.objecten(document) == [("zaak", zaak)]
    assert (await here("check", "relations", "nergens"))[0] != 0


async def test_external_is_configured_without_showing_its_secret(own: Werk, here: Command) -> None:
    name, secret = f"dms-{uuid.uuid4().hex[:8]}", "geheim-dat-niemand-ziet"
    root = "https://198.51.100.7/documenten/api/v1"
    given = ("--root", root, "--client-id", "deventer", "--secret", secret)
    printed = [await here("external", "add", TENANT, name, *given)]
    printed.append(await here("external", "list", TENANT))
    assert printed == [(0, f"{name}: {root} as deventer\n")] * 2
    header = ("--root", root, "--header", f"Authorization: Token {secret}")
    assert await here("external", "add", TENANT, name, *header) == (
        0,
        f"{name}: {root} with a header Authorization\n",
    )
    facts = json.loads((await here("external", "list", TENANT, "--json"))[1])
    assert facts == [{"name": name, "root": root, "clientId": "", "header": "Authorization", "expand": False}]
    assert (await here("external", "add", TENANT, "fout", "--root", "ftp://x", *given[2:]))[0] != 0
    assert await here("external", "remove", TENANT, name) == (0, f"{TENANT} {name}: removed\n")
    assert (await here("external", "remove", TENANT, name))[0] != 0
