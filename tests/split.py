"""Which tests run against separate processes: those that speak HTTP to the whole, and reach into nothing."""

import pytest

from tests.stack import SPLIT

REACHING = {
    "monkeypatch": "it replaces something inside a service",
    "caplog": "it reads what a service logs",
    "list_away": "it makes a service forget that the selection list did not answer",
}
"""Fixtures that reach into the process of the test, which is none of those of Samenzaak then."""

ONE_PROCESS = {
    "tests/aanval/test_uitwissen.py::test_the_background_work_forgets": "it looks into background work",
    "tests/profiel/test_catalogi.py::test_other_services_have_the_name": "it asks as another service",
    "tests/relaties/test_storing.py": "it has separate processes of its own, in either mode",
}
"""Other tests that need one process, by the beginning of their name; with the reason."""


def choose(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In the mode of separate processes, leave out the tests without a stack and skip those that need one in
    process."""
    if not SPLIT:
        return
    kept = [item for item in items if "stack" in getattr(item, "fixturenames", ())]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
    items[:] = kept
    for item in items:
        fixtures: list[str] = item.fixturenames  # type: ignore[attr-defined]
        reasons = [reason for name, reason in ONE_PROCESS.items() if item.nodeid.startswith(name)]
        reasons += [reason for name, reason in REACHING.items() if name in fixtures]
        if reasons:
            item.add_marker(pytest.mark.skip(reason=f"needs one process: {reasons[0]}"))
