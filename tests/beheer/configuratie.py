"""Files for `samenzaak apply`."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from beheer import configuration
from beheer.document import Mistakes


def written(folder: Path, content: Any) -> Path:
    """Write a file, from its text or what it says, and return where it is."""
    file = folder / "samenzaak.yaml"
    file.write_text(content if isinstance(content, str) else yaml.safe_dump(content, sort_keys=False))
    return file


def mistakes(folder: Path, content: Any) -> list[str]:
    """Return the mistakes in a file, without the name of the file."""
    file = written(folder, content)
    with pytest.raises(Mistakes) as refused:
        configuration.read(file)
    return [line.removeprefix(f"{file}:") for line in str(refused.value).splitlines()]


def municipality(name: str, **parts: Any) -> dict[str, Any]:
    """Return what a file says of one municipality."""
    return {"municipalities": {name: {"naam": "Gemeente Toe", "rsin": "517439943", **parts}}}
