"""Samenzaak in separate processes, whatever the mode of the other tests is."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.stack import Client, Stack, running


@pytest.fixture(scope="package")
async def apart(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """Eight processes, with the municipalities deventer and raalte."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    base = tmp_path_factory.getbasetemp()
    folder: Path = base.parent if worker != "main" else base
    async with running(folder, f"apart_{worker}", split=True, log_format="json") as stack:
        await stack.add_tenant("deventer")
        await stack.add_tenant("raalte")
        yield stack


@pytest.fixture(scope="package")
async def vendor(apart: Stack) -> Client:
    """A client of Deventer with all rights."""
    return await apart.add_client("deventer", "vendor")
