"""Advisory locks have their names in runtime/locks.py, and are taken with what is there."""

import re
from pathlib import Path

from runtime.locks import WHOLE_DATABASE, Lock, lock, sql

ROOT = Path(__file__).parents[2]
FOLDERS = ("runtime", "zgw", "oas", "gateway", "console", "services", "beheer")
BY_HAND = re.compile(r"pg_(?:try_)?advisory\w*|hashtext\w*")
KNOWN = {
    # Lets go of the locks that somebody else may have taken.
    "runtime/pool.py": {"pg_advisory_unlock_all"},
}


def test_no_advisory_lock_is_taken_by_hand() -> None:
    found = {}
    for folder in FOLDERS:
        for path in [*(ROOT / folder).rglob("*.py"), *(ROOT / folder).rglob("*.sql")]:
            name = path.relative_to(ROOT).as_posix()
            if names := set(BY_HAND.findall(path.read_text())) - KNOWN.get(name, set()):
                found[name] = names
    assert list(found) == ["runtime/locks.py"], found


def test_every_lock_is_used() -> None:
    files = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py") if path.name != "locks.py"]
    text = "".join(path.read_text() for path in files)
    assert [one.name for one in Lock if f"Lock.{one.name}" not in text] == []


def test_a_lock_is_of_its_schema_unless_it_is_of_the_whole_database() -> None:
    assert {one for one in Lock if "current_schema()" not in sql(lock(one))} == WHOLE_DATABASE


def test_names_and_keys_make_different_locks() -> None:
    made = [sql(lock(one, key)) for one in Lock for key in ("", "a", "it's 100% :a")]
    assert len(set(made)) == len(made)
    assert "it''s 100% :a" in made[2]
