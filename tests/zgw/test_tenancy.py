"""Names of municipalities: those of PostgreSQL and of Samenzaak itself are refused."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from beheer import configuration, tenants
from beheer.document import Mistakes
from gateway import registry
from runtime.tenancy import SERVICES, check_name, login_role, schema_of
from tests.stack import Stack

RESERVED = [
    *SERVICES,
    *(f"deventer-{service}" for service in SERVICES),
    "gateway",
    "samenzaak",
    "samenzaak-gateway",
    "samenzaak-x",
    "public",
    "postgres",
    "information-schema",
    "pg",
    "pg-catalog",
    "pg-temp-1",
    "worker",
]
WRONG = [
    "pg_catalog",
    "information_schema",
    "x_zaken",
    "samenzaak_gateway",
    "Deventer",
    "a",
    "-a",
    "a--b",
    "a" * 41,
    "é",
]
GOOD = ["deventer", "olst-wijhe", "pgt", "publicum", "zakenstad", "samenzaakdam", "gatewayen", "x-zaken-y", "bb-2"]


@pytest.mark.parametrize("name", RESERVED)
def test_a_reserved_name_is_refused_with_its_reason(name: str) -> None:
    with pytest.raises(ValueError, match=f"'{name}': .*(reserved|does not end in)"):
        check_name(name)


@pytest.mark.parametrize("name", WRONG)
def test_what_is_not_spelled_as_a_name_is_refused(name: str) -> None:
    for refuse in (check_name, lambda name: schema_of(name, "zaken")):
        with pytest.raises(ValueError, match="begins with a letter"):
            refuse(name)


def test_the_schemas_of_those_that_are_accepted_are_their_own() -> None:
    schemas = [schema_of(check_name(name), service) for name in GOOD for service in SERVICES]
    assert len(set(schemas)) == len(schemas)
    assert not {login_role(service) for service in (*SERVICES, "gateway")} & set(schemas)
    assert not any(schema.startswith("pg_") for schema in schemas)
    # The operator's pattern for the schemas of one municipality finds no other one's service.
    assert schema_of("deventer", "zaken") not in {schema_of(name, s) for name in RESERVED for s in SERVICES}


@pytest.mark.parametrize("name", RESERVED)
async def test_nothing_is_made_under_a_reserved_name(stack: Stack, name: str, tmp_path: Path) -> None:
    async with stack.admin() as admin:
        before = await admin.fetch("SELECT nspname FROM pg_namespace ORDER BY 1")
        with pytest.raises(ValueError, match=name):
            await tenants.add_tenant(admin, stack.settings, name, "Gemeente", "517439943")
        assert await admin.fetch("SELECT nspname FROM pg_namespace ORDER BY 1") == before
        assert name not in [tenant.name for tenant in await registry.list_tenants(admin)]
    file = tmp_path / "samenzaak.yaml"
    file.write_text(f'municipalities:\n  {name}: {{naam: Gemeente, rsin: "517439943"}}\n')
    with pytest.raises(Mistakes, match=f"samenzaak.yaml:2: municipalities.{name}: '{name}': "):
        configuration.read(file)


def test_the_command_refuses_it_in_one_line(samenzaak: Callable[..., Any], tmp_path: Path) -> None:
    add = ("tenant", "add", "samenzaak", "--naam", "Gemeente", "--rsin", "517439943")
    done: subprocess.CompletedProcess[str] = samenzaak(*add, home=tmp_path)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "samenzaak: 'samenzaak': this name is reserved for PostgreSQL and Samenzaak itself; choose another one"
    ]
