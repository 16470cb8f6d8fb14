"""What one service keeps of its requests for others: the reading log, and the logbook (Logboek Dataverwerkingen)."""

from runtime.internal import Internal
from runtime.pool import Database
from runtime.settings import Settings
from runtime.signals import Signals
from zgw.api import Api
from zgw.logboek.config import Logboeken
from zgw.logboek.reads import Reads
from zgw.logboek.records import Gathered
from zgw.reading_log.hidden import PURPOSE, Hasher
from zgw.reading_log.log import ReadingLog
from zgw.reading_log.read import Sinks
from zgw.reading_log.table import has_reading_log


class Logs:
    """Both, as far as a service has them. ``sinks`` is where its reads go."""

    def __init__(self, api: Api, database: Database, settings: Settings, internal: Internal, signals: Signals) -> None:
        self.sinks = Sinks()
        self.reading_log: ReadingLog | None = None
        if has_reading_log(api.metadata):
            self.reading_log = ReadingLog(api.service, database, Hasher(lambda: settings.derive(PURPOSE)))
            self.sinks.all.append(self.reading_log)
        self.logboeken = Logboeken(internal, signals)
        self.gathered = Gathered(database, settings.logboek_lines)
        self.reads = Reads(api.service, self.logboeken, self.gathered)
        if api.logboek is not None:
            self.sinks.all.append(self.reads)

    def forget(self, tenant: str) -> None:
        """Forget everything of a municipality that was erased; of all of them when ``tenant`` is ``""``."""
        self.logboeken.forget(tenant)
        self.gathered.forget(tenant)
        if self.reading_log is not None:
            self.reading_log.forget(tenant)

    async def stop(self) -> None:
        """Write what is left, while the database and the other services can be used."""
        await self.reads.stop()
        await self.gathered.stop()
        if self.reading_log is not None:
            await self.reading_log.stop()
