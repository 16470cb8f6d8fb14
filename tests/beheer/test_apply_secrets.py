"""What is wrong with the secrets of a client in a file for `samenzaak apply`."""

from pathlib import Path
from typing import Any

import pytest

from tests.beheer.configuratie import mistakes, municipality


def test_mistakes_in_secrets_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOE_SECRET", "s" * 40)
    one = {"name": "a", "secretEnv": "TOE_SECRET"}
    wrong: dict[str, Any] = {
        "at most 2": {"secrets": [one, {**one, "name": "b"}, {**one, "name": "c"}]},
        "a name of its own": {"secrets": [one, one]},
        "not both": {"secrets": [one], "secretEnv": "TOE_SECRET"},
        "a secret is needed": {"secrets": [{"name": "a"}]},
        "should match pattern": {"secrets": [{**one, "name": "a b"}]},
        "is empty or not set": {"secrets": [{"name": "a", "secretEnv": "TOE_NERGENS"}]},
        "are the same": {"secrets": [one, {**one, "name": "b"}]},
    }
    for why, client in wrong.items():
        assert why in "\n".join(mistakes(tmp_path, municipality("toe", clients={"app": client})))
