"""A municipality that logs, with a zaaktype."""

import base64
import os
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from services.autorisaties.logboek import Wanted, set_logboek
from tests.bodies import rol_body, zaak_body
from tests.logboek.receiver import Line, Logbook, listening
from tests.stack import Client, Stack
from tests.waiting import until
from tests.wereld import Wereld, make
from zgw.logboek.config import Logboek

OIN = "00000001003214345000"
ZAAKTYPE, STANDARD = "https://register.example.nl/v2/zaak", "https://register.example.nl/v2/overig"
KEY = base64.b64encode(os.urandom(64)).decode()


@dataclass
class Gemeente:
    """A municipality with its logbook."""

    stack: Stack
    client: Client
    wereld: Wereld
    book: Logbook
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def tenant(self) -> str:
        """Its name."""
        return self.client.tenant

    async def log(self, **changes: Any) -> None:
        """Set the logbook."""
        usual = {"key": KEY, "oin": OIN, "activiteit": STANDARD}
        wanted = Wanted(self.book.url, **{**usual, **self.settings, **changes})
        async with self.stack.admin() as admin:
            await set_logboek(admin, self.stack.settings, self.tenant, wanted)

    async def zaak(self, *bsns: str) -> str:
        """Make a zaak with these persons, and forget the lines about that."""
        made = await self.client.created("/zaken/api/v1/zaken", zaak_body(self.wereld["catalogi/zaaktypen"]))
        for index, bsn in enumerate(bsns):
            # The roltype of the world allows one initiator.
            assert index == 0, "one person"
            await self.client.created("/zaken/api/v1/rollen", self.rol(made["url"], bsn))
        await self.all_logged()
        self.book.lines.clear()
        return str(made["url"])

    def rol(self, zaak: str, bsn: str) -> dict[str, Any]:
        """Return the body of a rol of a person."""
        return rol_body(zaak, self.wereld["catalogi/roltypen"], betrokkeneIdentificatie={"inpBsn": bsn})

    async def waiting(self) -> int:
        """Return how many actions wait."""
        found = 0
        for name in ("zaken", "documenten", "besluiten"):
            service = self.stack.standalone.services[name]
            await service.logs.gathered.flush()
            async with service.database.acquire(self.tenant) as db:
                found += await db.connection.fetchval("SELECT count(*) FROM verwerking")
        return found

    async def all_logged(self) -> None:
        """Wait until nothing waits."""

        async def ready() -> bool:
            return not await self.waiting()

        await until(ready, "actions are left")

    async def lines(self, name: str) -> list[Line]:
        """Return the lines of an operation once everything is logged."""
        await self.all_logged()
        return self.book.named(name)

    def opened(self, line: Line) -> str:
        """Return the number of the person of a line."""
        attributes = line.attributes
        book = Logboek("", "", "", False, base64.b64decode(KEY), "", "")
        return book.decrypted(attributes["dpl.core.data_subject_id_type"], attributes["dpl.core.data_subject_id"])


@pytest.fixture(scope="session")
async def logging_world(stack: Stack) -> tuple[Client, Wereld]:
    """A municipality of these tests, with one of everything."""
    tenant = f"logt-{uuid.uuid4().hex[:8]}"
    await stack.add_tenant(tenant)
    client = await stack.add_client(tenant, f"zac-{tenant}")
    return client, await make(client)


@pytest.fixture
async def gemeente(stack: Stack, logging_world: tuple[Client, Wereld]) -> AsyncIterator[Gemeente]:
    """That municipality with a logbook of this test."""
    client, wereld = logging_world
    zaaktype = (await client.get(wereld["catalogi/zaaktypen"])).json()["identificatie"]
    async with listening() as book:
        found = Gemeente(stack, client, wereld, book, {"zaaktypen": {zaaktype: ZAAKTYPE}})
        await found.log()
        yield found
        for name in ("zaken", "documenten", "besluiten"):
            service = stack.standalone.services[name]
            await service.logs.gathered.flush()
            async with stack.admin() as admin:
                schema = f"{client.tenant.replace('-', '_')}_{name}"
                await admin.execute(f'DELETE FROM "{schema}".verwerking; DELETE FROM "{schema}".verwerking_gemist')
