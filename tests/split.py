"""Which tests run against separate processes: those that speak HTTP to the whole, and reach into nothing."""

import pytest

from tests.stack import SPLIT

IN_PROCESS = {
    "tests/relaties/test_storing.py": "it has separate processes of its own, in either mode",
}
"""Tests, by the beginning of their name, that need an object inside a service or the gateway; with the reason."""


def choose(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In the mode of separate processes, leave out the tests without a stack and skip those that need one in
    process."""
    if not SPLIT:
        return
    kept = [item for item in items if "stack" in getattr(item, "fixturenames", ())]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
    items[:] = kept
    for item in items:
        reasons = [reason for name, reason in IN_PROCESS.items() if item.nodeid.startswith(name)]
        if "monkeypatch" in item.fixturenames:  # type: ignore[attr-defined]
            reasons.append("it replaces something inside a service")
        if reasons:
            item.add_marker(pytest.mark.skip(reason=f"needs one process: {reasons[0]}"))
