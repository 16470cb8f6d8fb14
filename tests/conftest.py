"""Fixtures for everything that speaks HTTP to the whole of Samenzaak."""

import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from tests import base_folder
from tests.maak import Maak
from tests.selectielijst import Selectielijst, selectielijst
from tests.split import choose
from tests.stack import Client, Stack, running

OWN_STACK = ("documenten", "notificaties", "gateway")
"""Folders that have a stack of their own, which takes seconds to start."""


class Together(LoadScopeScheduling):  # type: ignore[misc]
    """Gives a test process whole files, and of some folders all files."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        folder = file.split("/")[1]
        return folder if folder in OWN_STACK else file


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Give this run a base folder of its own, unless ``--basetemp`` names one, as xdist does for its processes."""
    if config.option.basetemp is None:
        config.option.basetemp = base_folder.make(Path(tempfile.gettempdir())) / "base"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Together:
    """Keep tests together that share a stack or build on each other."""
    return Together(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Choose what runs against separate processes."""
    choose(config, items)


@pytest.fixture(scope="session")
def lijst() -> Iterator[Selectielijst]:
    """The Selectielijst API that the stack uses."""
    with selectielijst() as running_list:
        yield running_list


@pytest.fixture(scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory, lijst: Selectielijst) -> AsyncIterator[Stack]:
    """Samenzaak with the municipalities deventer and raalte."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    base = tmp_path_factory.getbasetemp()
    folder: Path = base.parent if worker != "main" else base
    async with running(folder, worker, selectielijst_url=lijst.root) as stack:
        await stack.add_tenant("deventer")
        await stack.add_tenant("raalte", ("raalte.test",))
        yield stack


@pytest.fixture(scope="session")
async def api(stack: Stack) -> Client:
    """A client of Deventer with all rights."""
    return await stack.add_client("deventer", "alles-deventer")


@pytest.fixture(scope="session")
async def raalte(stack: Stack) -> Client:
    """A client of Raalte with all rights, on Raalte's own host name."""
    return await stack.add_client("raalte", "alles-raalte", host="http://raalte.test")


@pytest.fixture(scope="session")
def maak(api: Client, lijst: Selectielijst) -> Maak:
    """Makes catalogue types in Deventer."""
    return Maak(api, lijst)
