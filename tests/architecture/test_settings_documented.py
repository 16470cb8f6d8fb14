"""docs/settings.md describes exactly the settings that exist, with their defaults."""

import re
from pathlib import Path

from runtime.settings import CONFIG_VARIABLE, PREFIX, Settings

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"
ROW = re.compile(r"^\| `(?P<name>[A-Z_]+)` \| (?P<default>.*?) \| (?P<description>.*) \|$", re.MULTILINE)


def shown(default: object) -> str:
    if default is None or default == {}:
        return ""
    if isinstance(default, tuple):
        return f"`{','.join(str(number) for number in default)}`"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def rows(page: str) -> dict[str, tuple[str, str]]:
    return {row["name"]: (row["default"].strip(), row["description"]) for row in ROW.finditer(page)}


def declared() -> dict[str, tuple[str, str]]:
    return {
        f"{PREFIX}{name.upper()}": (shown(field.default), field.description or "")
        for name, field in Settings.model_fields.items()
    }


def test_the_table_equals_the_code() -> None:
    documented = rows(PAGE.read_text())
    documented.pop(CONFIG_VARIABLE)
    assert documented == declared()


def test_every_setting_has_a_description() -> None:
    assert not [name for name, (_, description) in declared().items() if not description]
