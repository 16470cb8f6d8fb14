"""Connections that are those of one municipality in one service (runtime/tenancy.py)."""

import asyncpg
import pytest
from sqlalchemy import func, select

from runtime.tenancy import as_tenant
from tests.stack import Stack

WHO = select(func.current_user())


async def test_an_administrator_acts_as_one_municipality_for_a_while(stack: Stack) -> None:
    async with stack.admin() as admin, admin.transaction():
        before = await admin.fetchval("SELECT current_user || current_setting('search_path')")
        async with as_tenant(admin, "deventer", "zaken") as db:
            assert await db.value(WHO) == "deventer_zaken"
            assert await db.value(select(func.current_schema())) == "deventer_zaken"
        # The transaction goes on, and is that of the administrator again.
        assert await admin.fetchval("SELECT current_user || current_setting('search_path')") == before


async def test_what_it_may_not_see_is_refused(stack: Stack) -> None:
    async with stack.admin() as admin:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with as_tenant(admin, "deventer", "zaken") as db:
                await db.connection.execute("SELECT FROM deventer_besluiten.besluit")
        assert await admin.fetchval("SELECT current_user") != "deventer_zaken"


async def test_an_unknown_municipality(stack: Stack) -> None:
    async with stack.admin() as admin:
        with pytest.raises(LookupError, match="no municipality nergens"):
            async with as_tenant(admin, "nergens", "zaken"):
                raise AssertionError
