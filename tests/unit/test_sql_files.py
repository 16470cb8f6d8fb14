"""Files of SQL in which each statement has a name."""

from pathlib import Path

import pytest

from runtime.sql_files import SqlFile


def test_statements_have_names_and_lose_their_comments(tmp_path: Path) -> None:
    content = "-- About the file.\n\n-- name: one\n-- Why.\nSELECT {what}\n\n-- name: two\nSELECT\n    2\n"
    (tmp_path / "module.sql").write_text(content)
    sql = SqlFile(str(tmp_path / "module.py"))
    assert sql("one", what=1) == "SELECT 1"
    assert sql("two") == "SELECT\n    2"
    with pytest.raises(KeyError):
        sql("three")
    with pytest.raises(KeyError):
        sql("one")
