"""Import of many zaaktypen, and CPU of the lists of the Catalogi API: ``python -m bench.catalogi [zaaktypen]``.

The zaaktypen are copies of a real catalogue. CPU is that of this process (gateway, services, test client) and that of
PostgreSQL's processes, per request; the first line of requests is a bare one, to subtract the client.
"""

import asyncio
import logging
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

import psutil

from services.catalogi.uitwisseling.bestand import FILES, schrijf
from tests.catalogi.test_uitwisseling import real, send
from tests.selectielijst import Selectielijst, selectielijst
from tests.stack import Client, Stack, running

ROOT = "/catalogi/api/v1"
REPEATS = 40


def copies(lijst: Selectielijst, zaaktypen: int) -> dict[str, list[dict[str, Any]]]:
    """Return the real catalogue with its zaaktypen repeated under other names and uuids."""
    rows = real(lijst)
    found = {file: list(rows[file]) for file in rows}
    for number in range(1, -(-zaaktypen // len(rows["ZaakType"]))):

        def other(url: str, number: int = number) -> str:
            return url[:-36] + str(uuid.UUID(int=uuid.UUID(url[-36:]).int ^ (number << 64)))

        for file in ("ZaakType", *FILES[4:9]):
            for row in rows[file]:
                row = {**row, "url": other(row["url"])}
                if file == "ZaakType":
                    row["identificatie"] = f"{row['identificatie'][:44]} {number}"
                else:
                    row["zaaktype"] = other(row["zaaktype"])
                found[file].append(row)
    return found


async def postgres_cpu(stack: Stack) -> float:
    """Return the CPU seconds of the backends of this cluster."""
    async with stack.admin() as admin:
        backend = psutil.Process(await admin.fetchval("SELECT pg_backend_pid()"))
        parent = backend.parent()
        spent = 0.0
        for child in parent.children() if parent else ():
            if child.pid != backend.pid:
                spent += sum(child.cpu_times()[:2])
        return spent


async def measure(stack: Stack, api: Client, path: str) -> None:
    """Print the CPU of one request."""
    answer = await api.get(path)
    assert answer.status_code == 200, answer.text
    for _ in range(5):
        await api.get(path)
    postgres, python = await postgres_cpu(stack), time.process_time()
    for _ in range(REPEATS):
        await api.get(path)
    python = (time.process_time() - python) / REPEATS * 1000
    postgres = (await postgres_cpu(stack) - postgres) / REPEATS * 1000
    print(f"{path:45} {len(answer.content):8} bytes  python {python:6.2f} ms  postgresql {postgres:6.2f} ms")


async def main(zaaktypen: int) -> None:
    """Run everything once."""
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as folder, selectielijst() as lijst:
        Path(folder).chmod(0o755)
        async with running(Path(folder), "bench", selectielijst_url=lijst.root) as stack:
            await stack.add_tenant("deventer")
            api = await stack.add_client("deventer", "bench")
            rows = copies(lijst, zaaktypen)
            content = schrijf(rows)
            start, cpu = time.perf_counter(), time.process_time()
            answer = await send(api, content)
            assert answer.status_code == 200, answer.text[:1000]
            seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
            total = sum(map(len, rows.values()))
            print(
                f"import of {len(rows['ZaakType'])} zaaktypen, {total} rows: {seconds:.1f} s, {cpu:.1f} s CPU in Python"
            )
            await measure(stack, api, f"{ROOT}/zaaktypen?identificatie=bestaat-niet")
            await measure(stack, api, f"{ROOT}/zaaktypen?pageSize=100")
            await measure(stack, api, f"{ROOT}/zaaktypen?pageSize=100&datumGeldigheid=2026-01-01")
            await measure(stack, api, f"{ROOT}/statustypen?pageSize=100")
            await measure(stack, api, (await api.get(f"{ROOT}/zaaktypen?pageSize=1")).json()["results"][0]["url"])


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 500))
