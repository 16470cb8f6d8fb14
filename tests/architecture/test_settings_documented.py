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


def test_every_setting_that_a_guide_names_exists() -> None:
    """One that the code no longer reads, or never did, would be set in vain."""
    known = {*declared(), CONFIG_VARIABLE}
    found = 0
    for page in sorted(PAGE.parent.rglob("*.md")):
        if page.parent.name != "adr" and page.name not in ("recipes.md", "CONTRIBUTING.md"):
            named = set(re.findall(rf"`({PREFIX}[A-Z_]+)(?:=[^`]*)?`", page.read_text(encoding="utf-8")))
            assert named - known == set(), page.name
            found += len(named)
    assert found > 100


def test_every_setting_has_a_description() -> None:
    assert not [name for name, (_, description) in declared().items() if not description]
