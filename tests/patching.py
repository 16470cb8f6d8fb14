"""Changes of a library for one module alone."""

from types import ModuleType, SimpleNamespace
from typing import Any

import pytest


def sees(monkeypatch: pytest.MonkeyPatch, module: ModuleType, library: str, **changes: Any) -> None:
    """Let a module see other functions in a library that it imported: ``sees(patch, flow, "time", monotonic=now)``.

    Everything else in the process goes on with the real ones. A server of another test, on the same event loop, would
    never come back from a ``sleep`` that does not wait.
    """
    monkeypatch.setattr(module, library, SimpleNamespace(**{**vars(getattr(module, library)), **changes}))
