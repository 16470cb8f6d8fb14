"""Statements that are compiled once for their shape."""

import uuid

import pytest
from sqlalchemy import bindparam, column, insert, select, table
from sqlalchemy.dialects.postgresql.asyncpg import PGCompiler_asyncpg as Compiler

from runtime.statements import Prepared, compile_statement

ZAAK = table("zaak", column("uuid"), column("bronorganisatie"), column("zaaktype"))


def of(zaaktype: str, *more: str) -> Prepared:
    """Return how a zaak of some zaaktypen is read by its uuid."""
    statement = select(ZAAK.c.bronorganisatie).where(ZAAK.c.uuid == bindparam("uuid"), ZAAK.c.zaaktype == zaaktype)
    return Prepared(statement.where(*(ZAAK.c.zaaktype != other for other in more)))


def test_each_statement_of_a_shape_keeps_its_own_values() -> None:
    key = uuid.uuid4()
    sql = "SELECT zaak.bronorganisatie \nFROM zaak \nWHERE zaak.uuid = $1 AND zaak.zaaktype = $2::VARCHAR"
    one, two = of("een"), of("twee")
    assert two(uuid=key) == (sql, [key, "twee"])
    assert one(uuid=key) == (sql, [key, "een"])
    assert of("drie", "vier")(uuid=key) == (f"{sql} AND zaak.zaaktype != $3::VARCHAR", [key, "drie", "vier"])


def test_a_shape_is_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    of("een", "twee", "drie")
    monkeypatch.setattr(Compiler, "visit_select", lambda *_, **__: pytest.fail("it is compiled again"))
    assert of("vier", "vijf", "zes")(uuid="sleutel").values == ["sleutel", "vier", "vijf", "zes"]


def test_what_is_written_has_the_columns_that_it_names() -> None:
    adding = Prepared(insert(ZAAK).values(uuid=bindparam("v_uuid"), zaaktype="een"))
    assert adding(uuid="sleutel") == ("INSERT INTO zaak (uuid, zaaktype) VALUES ($1, $2)", ["sleutel", "een"])


def test_a_statement_that_is_not_prepared_has_its_values_too() -> None:
    sql = "SELECT zaak.uuid \nFROM zaak \nWHERE zaak.zaaktype = $1::VARCHAR"
    for value in ("een", "twee"):
        assert compile_statement(select(ZAAK.c.uuid).where(ZAAK.c.zaaktype == value)) == (sql, [value])
