"""Takes reads for the logbook, as another takes them for the reading log (``zgw.reading_log``)."""

import asyncio

from runtime.identity import Caller
from runtime.problems import Problem
from zgw.logboek.config import Logboeken
from zgw.logboek.facts import facts_of
from zgw.logboek.records import Gathered
from zgw.reading_log.read import SINGLE, Action, Kind, Read

OWN = {"documenten": Kind.DOCUMENT, "besluiten": Kind.BESLUIT}
"""The kind of the main objects of a service, of which it knows the zaken."""
TAKEN = SINGLE | {Action.LIST, Action.SEARCH}


class Reads:
    """The sink of one service: everything that was shown, where a municipality logs."""

    def __init__(self, service: str, logboeken: Logboeken, gathered: Gathered) -> None:
        self._own = OWN.get(service)
        self._logboeken = logboeken
        self._gathered = gathered
        self._asking = set[asyncio.Task[None]]()

    def wants(self, caller: Caller, action: Action) -> bool:
        """Return whether a read is to be logged; also when that is not known yet."""
        return action in TAKEN and self._logboeken.may_log(caller.tenant)

    def take(self, read: Read) -> None:
        """Note a read, as soon as it is known that its municipality logs."""
        if self._logboeken.known(read.caller.tenant) is not None:
            self._note(read)
        else:
            task = asyncio.get_running_loop().create_task(self._ask(read))
            self._asking.add(task)
            task.add_done_callback(self._asking.discard)

    async def stop(self) -> None:
        """Wait for what is not known yet."""
        await asyncio.gather(*self._asking, return_exceptions=True)

    async def _ask(self, read: Read) -> None:
        try:
            if await self._logboeken.of(read.caller) is None:
                return
        except Problem:
            # Nobody can tell. Lines are found to be for nobody when they are brought, so this one is kept.
            pass
        self._note(read)

    def _note(self, read: Read) -> None:
        facts = facts_of(read.caller, read.trace, read.operation, read.began, 200, read.activity)
        zaken = {found.uuid for found in read.objects if found.kind is Kind.ZAAK}
        zaken |= {found.main for found in read.objects if found.kind is Kind.ROL}
        mains = {found.uuid for found in read.objects if found.kind is self._own}
        self._gathered.add(read.caller.tenant, {**facts, "zaken": sorted(zaken), "mains": sorted(mains)})
