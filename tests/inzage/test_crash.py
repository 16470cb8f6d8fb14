"""What is lost when a process is killed: the reads that it had not written yet, and no others."""

import asyncio
import logging
import os
import signal
import time
from collections import Counter
from pathlib import Path

import httpx
import pytest

from runtime.tenancy import as_tenant
from tests import wereld as werelden
from tests.inzage.lezen import everything
from tests.stack import common_folder, running, worker

log = logging.getLogger("tests.inzage")


@pytest.mark.long
async def test_a_kill_takes_what_was_not_written_yet(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder: Path = common_folder(tmp_path_factory)
    async with running(folder, f"kill_{worker()}", split=True) as stack:
        await stack.add_tenant("gedood")
        client = await stack.add_client("gedood", "lezer")
        zaak = (await werelden.make(client))["zaken/zaken"]
        answered: dict[str, float] = {}
        killed = 0.0
        split = stack.split
        assert split is not None

        async def read(number: int) -> None:
            for turn in range(200):
                name = f"kill-{number}-{turn}"
                try:
                    answer = await client.get(zaak, headers={"X-Request-ID": name})
                except httpx.HTTPError:
                    return
                if answer.status_code == 200:
                    answered[name] = time.monotonic()
                if killed:
                    return

        readers = [asyncio.create_task(read(number)) for number in range(6)]
        while len(answered) < 300:
            await asyncio.sleep(0.01)
        os.kill(split.children["zaken"].process.pid, signal.SIGKILL)
        killed = time.monotonic()
        await asyncio.gather(*readers)
        async with stack.admin() as admin, as_tenant(admin, "gedood", "zaken") as db:
            rows = await everything(db)
    found = Counter(row["request_id"] for row in rows if row["request_id"].startswith("kill-"))
    assert set(found.values()) == {1}
    lost = sorted((moment, name) for name, moment in answered.items() if name not in found and moment <= killed)
    # They were the last: batches are written in order, so that nothing before the first of them is missing.
    kept = [moment for name, moment in answered.items() if name in found]
    assert kept
    seconds = killed - lost[0][0] if lost else 0.0
    log.warning("lost %d of %d reads, answered in the last %.2f s before the kill", len(lost), len(answered), seconds)
    assert all(moment >= sorted(kept)[len(kept) // 2] for moment, _ in lost)
