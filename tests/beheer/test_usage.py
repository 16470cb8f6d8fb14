"""What each municipality used, by month: exact after an orderly stop, in one process and in several."""

import csv
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from beheer import postgres
from beheer.usage import Use, as_csv, as_table, usage
from runtime.months import Months, next_month
from runtime.settings import Settings
from runtime.tenancy import as_tenant
from runtime.usage import Usage
from services.documenten.app import KEPT
from services.documenten.document_velden import STORED
from tests.documenten.maak_document import body as document_body
from tests.documenten.maak_document import informatieobjecttype
from tests.notificaties.webhooks import listening
from tests.opdracht import Samenzaak
from tests.stack import Client, Stack, common_folder, running, worker
from tests.waiting import until
from tests.wereld import make
from zgw.usage import measure

LONG_AGO, LATER = date(2020, 1, 1), date(2100, 1, 1)


@asynccontextmanager
async def counted(client: Client) -> AsyncIterator[dict[str, int]]:
    """Count the requests of a client, and those that were carried out and write."""
    seen = {"requests": 0, "writes": 0, "zaken": 0, "documents": 0}
    real = client.request

    async def request(method: str, url: str, **how: Any) -> Any:
        answer = await real(method, url, **how)
        seen["requests"] += 1
        done = method != "GET" and answer.status_code < 300 and not url.endswith("_zoek")
        seen["writes"] += done
        seen["zaken"] += done and url.endswith("/zaken")
        seen["documents"] += done and url.endswith("/enkelvoudiginformatieobjecten")
        return answer

    client.request = request  # type: ignore[method-assign]
    yield seen


@pytest.mark.parametrize("split", [False, True], ids=["one process", "apart"])
async def test_the_numbers_are_exact_after_an_orderly_stop(tmp_path_factory: Any, split: bool) -> None:
    folder = common_folder(tmp_path_factory)
    allowed: dict[str, Any] = {"callback_allow_http": True, "callback_allow_private": True}
    name = f"usage_{int(split)}_{worker()}"
    async with running(folder, name, split=split, **allowed) as stack, listening() as webhook:
        for tenant in ("almelo", "borne"):
            await stack.add_tenant(tenant)
        client = await stack.add_client("almelo", "zac")
        other = await stack.add_client("borne", "zac")
        other.claims = client.claims = {"user_id": "ann"}
        async with counted(client) as sent, counted(other) as elsewhere:
            made = await make(client)
            subscribed = {
                "callbackUrl": webhook.url,
                "auth": webhook.auth,
                "kanalen": [{"naam": "zaken", "filters": {}}],
            }
            await client.created("/notificaties/api/v1/abonnement", subscribed)
            for number in range(5):
                client.claims = {"user_id": f"user {number % 3}"}
                await client.created("/zaken/api/v1/zaken", made.bodies["zaken/zaken"][1])
            refused = await client.post("/zaken/api/v1/zaken", {})
            assert refused.status_code == 400
            content = document_body(made["catalogi/informatieobjecttypen"], inhoud="aGVsbG8=")
            await client.created("/documenten/api/v1/enkelvoudiginformatieobjecten", content)
            await client.post("/zaken/api/v1/zaken/_zoek", {"uuid__in": []})
            for _ in range(3):
                await other.get("/zaken/api/v1/zaken")
            stranger = Client(stack, "almelo", "zac", "not-the-secret-of-this-client-at-all")
            assert (await stranger.get("/zaken/api/v1/zaken")).status_code == 403
        await until(lambda: len(webhook.received) >= 5)
        await stack.stop()
        admin = await asyncpg.connect(stack.dsn)
        uses = await usage(admin, ["almelo", "borne"], LONG_AGO, LATER)
        hashes = await admin.fetchval("SELECT string_agg(hash::text, ' ') FROM gateway.usage_user")
        async with as_tenant(admin, "almelo", "documenten") as db:
            stored = await db.connection.fetchval(STORED)
        await admin.close()
    almelo, borne = (use for use in sorted(uses, key=lambda use: use.tenant))
    assert (almelo.requests, almelo.writes) == (sent["requests"], sent["writes"])
    assert (almelo.zaken, almelo.documents) == (sent["zaken"], sent["documents"]) == (6, 4)
    # The two documents of the world, and this one; the fourth has no content yet.
    assert almelo.bytes == stored == 2 * 16 + 5
    assert almelo.deliveries == len(webhook.received) == 5
    # Ann, and three others.
    assert almelo.users == 4
    assert "ann" not in hashes
    assert (borne.requests, borne.writes, borne.users) == (elsewhere["requests"], 0, 1)
    assert (borne.zaken, borne.documents, borne.bytes, borne.deliveries) == (0, 0, 0, 0)


async def test_what_there_is_is_measured_once_a_day(stack: Stack) -> None:
    await stack.add_tenant("measured")
    api = await stack.add_client("measured", f"measured-{worker()}")
    service = stack.standalone.services["documenten"]
    document = document_body(await informatieobjecttype(api), inhoud="aGVsbG8=")

    async def measured() -> dict[str, int]:
        await measure(service, "measured", KEPT)
        async with service.database.acquire("measured") as db:
            rows = await db.connection.fetch("SELECT name, number FROM usage WHERE name LIKE '%_kept'")
        return {row["name"]: row["number"] for row in rows}

    await api.created("/documenten/api/v1/enkelvoudiginformatieobjecten", document)
    assert await measured() == {"documents_kept": 1, "bytes_kept": 5}
    await api.created("/documenten/api/v1/enkelvoudiginformatieobjecten", document)
    assert await measured() == {"documents_kept": 1, "bytes_kept": 5}
    async with service.database.acquire("measured") as db:
        await db.connection.execute("UPDATE usage SET changed = changed - interval '1 day'")
    assert await measured() == {"documents_kept": 2, "bytes_kept": 10}


async def test_what_cannot_be_written_is_written_later(stack: Stack) -> None:
    service = stack.standalone.services["zaken"]
    found = Usage(service.database, "Europe/Amsterdam")
    await stack.add_tenant("later")
    found.add("later", "zaken", 2)
    found.add("nobody", "zaken")
    with patch.object(service.database, "acquire", side_effect=asyncpg.CannotConnectNowError("away")):
        await found.flush()
    found.add("later", "zaken")
    await found.stop()
    async with stack.admin() as admin:
        [use] = await usage(admin, ["later"], LONG_AGO, LATER)
    assert use.zaken == 3


async def test_a_municipality_that_was_erased_takes_nothing_along(stack: Stack) -> None:
    await stack.add_tenant("erased")
    found = Usage(stack.standalone.services["zaken"].database, "Europe/Amsterdam")
    found.add("erased", "zaken")
    found.forget("erased")
    await found.stop()
    async with stack.admin() as admin:
        assert await usage(admin, ["erased"], LONG_AGO, LATER) == []


def test_it_is_printed_as_a_table_and_as_csv() -> None:
    uses = [Use("2026-01", "deventer", requests=1200, bytes_kept=5), Use("2026-01", "olst-wijhe")]
    [names, deventer, olst] = csv.reader(io.StringIO(as_csv(uses)))
    assert names[:3] == ["month", "tenant", "requests"]
    assert dict(zip(names, deventer, strict=True))["requests"] == "1200"
    assert dict(zip(names, olst, strict=True))["bytes_kept"] == ""
    first, *lines = as_table(uses).splitlines()
    assert first.split() == names
    assert [line.split()[:3] for line in lines] == [["2026-01", "deventer", "1200"], ["2026-01", "olst-wijhe", "0"]]


def test_the_command_tells_the_months_that_are_asked_for(samenzaak: Samenzaak, tmp_path: Path) -> None:
    with postgres.resolve_dsn(Settings(home=tmp_path)):
        samenzaak("tenant", "add", "raalte", "--naam", "Raalte", "--rsin", "000000000", home=tmp_path)
        for wrong, told in (("2026", "is not a month"), ("2026-13", "is not a month"), ("2100-01", "is after")):
            answer = samenzaak("usage", "--from", wrong, home=tmp_path)
            assert (answer.returncode, told in answer.stderr) == (1, True), answer.stderr
        assert samenzaak("usage", "raalte", "--json", "--from", "2020-01", home=tmp_path).stdout == "[]\n"
        assert samenzaak("usage", "--csv", home=tmp_path).stdout.splitlines() == as_csv([]).splitlines()


@pytest.mark.parametrize(
    ("moment", "month"),
    [
        ("2026-12-31T23:59:59+01:00", date(2026, 12, 1)),
        ("2026-12-31T23:00:00+00:00", date(2027, 1, 1)),
        ("2026-03-29T01:00:00+00:00", date(2026, 3, 1)),
    ],
)
def test_a_month_is_that_of_the_time_zone(monkeypatch: pytest.MonkeyPatch, moment: str, month: date) -> None:
    now = datetime.fromisoformat(moment).timestamp()
    monkeypatch.setattr("runtime.months.time.time", lambda: now)
    found = Months("Europe/Amsterdam")
    assert found.current() == month
    following = datetime(next_month(month).year, next_month(month).month, 1, tzinfo=ZoneInfo("Europe/Amsterdam"))
    now = following.timestamp() - 0.001
    assert found.current() == month
    now += 0.001
    assert found.current() == next_month(month)
