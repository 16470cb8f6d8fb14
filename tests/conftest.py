"""Fixtures for everything that speaks HTTP to the whole of Samenzaak."""

import asyncio
import ctypes
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvloop
from xdist.scheduler import LoadScopeScheduling

from runtime.internal import Internal
from tests import base_folder, fewer
from tests.clients import api, maak, own, raalte
from tests.opdracht import Samenzaak
from tests.selectielijst import Selectielijst, selectielijst
from tests.split import choose
from tests.stack import SPLIT, Stack, common_folder, running, worker

__all__ = ["api", "maak", "own", "raalte"]

OWN_STACK = ("afbreken", "documenten", "gateway", "notificaties", "operatie")
"""Folders that have a stack of their own, which takes seconds to start."""

FIRST = (
    *OWN_STACK,
    "beheer/test_cli",
    "zaken/test_zaakobject_definitie",
    "zaken/test_deelzaken",
    "zaken/test_counts",
    "aanval/test_uitwissen",
    "beheer",
    "aanval",
    "foundation",
    "isolation",
    "relaties",
    "zaken",
    "catalogi",
)
"""Folders and files that take longest: they come first, so that the test processes end at about the same time."""


class Together(LoadScopeScheduling):  # type: ignore[misc]
    """Gives a test process whole files, and all files of a folder that has a stack of its own.

    A stack of separate processes takes long to start: of files that are named, one test process gets all that share it.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        folder = file.split("/")[1]
        if folder in OWN_STACK:
            return folder
        return "shared" if SPLIT and self.config.args_source is pytest.Config.ArgsSource.ARGS else file


M_MMAP_THRESHOLD = -3
"""The name in malloc.h of the size from which a block is a mapping of its own, given back when it is freed."""


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Give this run a base folder of its own, unless ``--basetemp`` names one, as xdist does for its processes."""
    # Without this a test process keeps several hundred MiB of the documents that it sent, served and stored: glibc
    # raises the size with each large block that is freed, up to 32 MiB.
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, 1024**2)
    if config.option.basetemp is None:
        config.option.basetemp = base_folder.make(Path(tempfile.gettempdir())) / "base"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Use one test process more than there are cores, because each waits now and then: for processes, for a time."""
    return len(os.sched_getaffinity(0)) + 1


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run the tests on the event loop that the processes of Samenzaak have."""
    return {"uvloop": uvloop.new_event_loop}


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Together:
    """Keep tests together that share a stack or build on each other."""
    return Together(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Choose what is in ``make test`` and what runs against separate processes, and begin with what takes longest."""
    fewer.choose(items)
    choose(config, items)

    def turn(item: pytest.Item) -> int:
        name = item.nodeid.removeprefix("tests/")
        return next((number for number, first in enumerate(FIRST) if name.startswith(first)), len(FIRST))

    if os.environ.get("SAMENZAAK_TEST_ORDER") != "given":
        items.sort(key=turn)


@pytest.fixture
def gemeld(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the relays bring to the Notificaties API from here on, on its way."""
    heard: list[dict[str, Any]] = []
    real = Internal.send

    async def send(
        self: Internal, caller: Any, service: str, method: str, path: str, body: Any = None, *more: Any, **named: Any
    ) -> httpx.Response:
        if path == "/_intern/notificaties":
            heard.extend(item["message"] for item in body["berichten"])
        return await real(self, caller, service, method, path, body, *more, **named)

    monkeypatch.setattr(Internal, "send", send)
    return heard


@pytest.fixture(scope="session")
def samenzaak(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Samenzaak]:
    """The command ``samenzaak``."""
    found = Samenzaak(tmp_path_factory.mktemp("samenzaak"))
    yield found
    found.end()


@pytest.fixture(scope="session")
def lijst() -> Iterator[Selectielijst]:
    """The Selectielijst API that the stack uses."""
    with selectielijst() as running_list:
        yield running_list


@pytest.fixture(scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory, lijst: Selectielijst) -> AsyncIterator[Stack]:
    """Samenzaak with the municipalities deventer and raalte."""
    # Subscribers of tests are on this machine.
    callbacks: dict[str, Any] = {"callback_allow_http": True, "callback_allow_private": True}
    folder = common_folder(tmp_path_factory)
    given = {"selectielijst_url": lijst.root, "contact_email": "zgw@samenzaak.test", **callbacks}
    async with running(folder, worker(), **given) as stack:
        await stack.add_tenant("deventer", common=True)
        await stack.add_tenant("raalte", ("raalte.test",), common=True)
        yield stack
