"""The accounts that the commands make and remove."""

import uuid

import pytest

from beheer.operators import add_link, add_operator, remove_operator
from tests.console.browsing import comes_in
from tests.stack import Stack


async def test_an_operator_is_made_let_in_again_and_removed(stack: Stack) -> None:
    name = f"op-{uuid.uuid4().hex[:12]}"
    visitor = await comes_in(stack, user_id=name)
    async with stack.admin() as admin:
        again = await add_operator(admin, stack.settings, name)
    assert again.url.startswith("http://samenzaak.test/beheer/login/link?nummer=")
    assert (await visitor.get("/overzicht")).status_code == 303, "who chooses anew has to come in anew"
    async with stack.admin() as admin:
        await remove_operator(admin, name)
        with pytest.raises(LookupError, match=f"there is no operator {name}"):
            await remove_operator(admin, name)
        assert not await admin.fetchval("SELECT count(*) FROM console.link WHERE user_id = $1", name)


@pytest.mark.parametrize("name", ["Met Spaties", "x", "", "a'b", "é" * 5, "a" * 101])
async def test_a_name_that_is_none(stack: Stack, name: str) -> None:
    async with stack.admin() as admin:
        with pytest.raises(ValueError, match="an account has 2 to 100 lower-case letters"):
            await add_operator(admin, stack.settings, name)


@pytest.mark.parametrize(
    ("tenant", "role"), [("deventer", "burgemeester"), ("deventer", "operator"), ("", "beheerder")]
)
async def test_a_role_that_is_not_to_be_had(stack: Stack, tenant: str, role: str) -> None:
    async with stack.admin() as admin:
        with pytest.raises(ValueError, match="is no role"):
            await add_link(admin, stack.settings, tenant, role, "jansen", "Jansen")
