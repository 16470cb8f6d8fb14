"""Files of SQL in which each statement has a name: ``-- name: fold``."""

import re
from pathlib import Path


class SqlFile:
    """The statements of the ``.sql`` beside a module: ``sql = SqlFile(__file__)``, ``sql("fold")``."""

    def __init__(self, module: str) -> None:
        parts = (part.partition("\n") for part in Path(module).with_suffix(".sql").read_text().split("-- name: ")[1:])
        self._found = {name: re.sub(r"^--.*\n", "", body, flags=re.MULTILINE).strip() for name, _, body in parts}

    def __call__(self, name: str, **values: object) -> str:
        """Return a statement without comments, with the names in braces filled in. Raises KeyError for an unknown
        name."""
        return re.sub(r"\{(\w+)\}", lambda found: str(values[found[1]]), self._found[name])
