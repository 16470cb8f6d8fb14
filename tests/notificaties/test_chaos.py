"""The chaos test of bench/, for a short while: real processes, killed while they work."""

from pathlib import Path

import pytest

from bench.chaos_notificaties import run


@pytest.mark.long
async def test_nothing_is_lost_or_invented_while_everything_is_killed(tmp_path: Path) -> None:
    text, passed, outcome = await run(tmp_path / "chaos", writes=120, seconds=6, limit=60, seed=7, interval=2)
    assert passed, text
    assert outcome.writes >= 120, text
    assert sum(outcome.kills.values()) >= 2, text
