"""The calendar month, for what is counted by month: in the time zone of the installation."""

import time
from datetime import date, datetime
from zoneinfo import ZoneInfo


class Months:
    """Tells the month of now. It is worked out once a month, because every request asks."""

    def __init__(self, time_zone: str) -> None:
        self._zone = ZoneInfo(time_zone)
        self._month = date.min
        self._ends = 0.0

    def today(self) -> date:
        """Return the date that it is now."""
        return datetime.fromtimestamp(time.time(), self._zone).date()

    def current(self) -> date:
        """Return the first day of the month that it is now."""
        moment = time.time()
        if not moment < self._ends:
            self._month = first_of(datetime.fromtimestamp(moment, self._zone).date())
            following = next_month(self._month)
            self._ends = datetime(following.year, following.month, 1, tzinfo=self._zone).timestamp()
        return self._month


def first_of(day: date) -> date:
    """Return the first day of the month of ``day``."""
    return day.replace(day=1)


def next_month(month: date) -> date:
    """Return the first day of the month after this one: ``next_month(date(2026, 12, 1)) == date(2027, 1, 1)``."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)
