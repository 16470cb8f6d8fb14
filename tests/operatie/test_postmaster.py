"""The embedded PostgreSQL dies while a server uses it."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from tests.opdracht import Samenzaak
from tests.operatie.outage import Outage


async def until_recovered(outage: Outage) -> None:
    """Wait until everything is answered again, for at most a minute."""
    for _ in range(1_200):
        if outage.recovered():
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"{outage.answers.away - set(outage.answers.again)}: {outage.log.read_text()[-5000:]}")


@pytest.mark.long
@pytest.mark.parametrize(("command", "kills"), [("serve", 1), ("serve", 2), ("serve-split", 2)])
async def test_a_killed_postgresql_is_started_again_and_nothing_answered_is_lost(
    tmp_path: Path, samenzaak: Samenzaak, command: str, kills: int
) -> None:
    outage = await asyncio.to_thread(Outage, tmp_path, command, samenzaak)
    outage.start()
    try:
        await outage.prepare()
        loading = asyncio.create_task(outage.load())
        for _ in range(kills):
            before = len(outage.answers.made)
            while len(outage.answers.made) < before + 10:
                await asyncio.sleep(0.01)
            outage.kill()
            await until_recovered(outage)
        outage.stopping = True
        await loading
        assert outage.answers.wrong == []
        assert outage.answers.statuses[503] > 0
        assert await outage.lost() == []
    finally:
        assert await asyncio.to_thread(outage.end) == 0


@pytest.mark.long
async def test_a_server_ends_when_its_postgresql_cannot_be_started_again(tmp_path: Path, samenzaak: Samenzaak) -> None:
    outage = await asyncio.to_thread(Outage, tmp_path, "serve", samenzaak)
    outage.start()
    await outage.prepare()
    postmaster = outage.postmaster
    (outage.home / "postgres" / "PG_VERSION").write_text("1\n")
    os.kill(postmaster, signal.SIGKILL)
    assert await asyncio.to_thread(outage.process.wait, 120) == 1
    assert "cannot be started again" in outage.log.read_text()
