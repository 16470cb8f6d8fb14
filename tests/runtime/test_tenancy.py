"""Connections that work in the schema of one municipality and service (runtime/tenancy.py)."""

import asyncpg
import pytest
from sqlalchemy import func, select

from runtime.tenancy import as_tenant
from tests.stack import Stack


async def test_an_administrator_works_in_one_schema_for_a_while(stack: Stack) -> None:
    async with stack.admin() as admin, admin.transaction():
        before = await admin.fetchval("SELECT current_setting('search_path')")
        async with as_tenant(admin, "deventer", "zaken") as db:
            assert await db.value(select(func.current_schema())) == "deventer_zaken"
        # The transaction goes on, and is that of the administrator again.
        assert await admin.fetchval("SELECT current_setting('search_path')") == before


async def test_no_other_schema_is_in_sight(stack: Stack) -> None:
    async with stack.admin() as admin:
        with pytest.raises(asyncpg.UndefinedTableError):
            async with as_tenant(admin, "deventer", "zaken") as db:
                await db.connection.execute("SELECT FROM besluit")
        assert await admin.fetchval("SELECT current_schema()") != "deventer_zaken"


async def test_an_unknown_municipality(stack: Stack) -> None:
    async with stack.admin() as admin:
        with pytest.raises(LookupError, match="no municipality nergens"):
            async with as_tenant(admin, "nergens", "zaken"):
                raise AssertionError
