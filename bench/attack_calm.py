"""The calm clients of ``bench.attack``: they ask one thing after another, with pauses, and note how long it took."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable

import aiohttp

from bench.attack_data import World

PAUSE = 0.02
PACE = 0.03
"""Seconds between the requests of a calm client when nothing is wrong."""
PATIENCE = 30.0
"""Seconds after which a client gives up."""
WHO = {"types": ("alles", "raalte"), "zaak": ("alles", "raalte"), "neighbour": ("buur", "deventer")}
"""Which client of which municipality asks for what is in ``World.calm`` under this name."""
AS_BEFORE = 0.1
"""Seconds within which a server that recovered answers."""


class Calm:
    """The clients; ``refused`` counts what they got instead of an answer."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.refused: Counter[str] = Counter()
        self._latencies: dict[str, list[float]] = {name: [] for name in WHO}

    def latencies(self, name: str) -> list[float]:
        """Return how long each request took, in milliseconds."""
        return self._latencies[name]

    @staticmethod
    def percentile(values: list[float], part: float) -> float:
        """Return a percentile; 0 of nothing."""
        ordered = sorted(values)
        return ordered[min(int(len(ordered) * part), len(ordered) - 1)] if ordered else 0.0

    async def ask(self, seconds: float, going: Callable[[], bool]) -> None:
        """Ask for so long, or until ``going`` says that there is nobody to ask any more."""
        end = time.perf_counter() + seconds
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE)) as session:

            async def client(name: str) -> None:
                while time.perf_counter() < end and going():
                    began = time.perf_counter()
                    outcome = await self._get(session, name)
                    if outcome != "200":
                        self.refused[f"{outcome} ({name})"] += 1
                    self._note(name, time.perf_counter() - began)
                    await asyncio.sleep(PAUSE)

            await asyncio.gather(*(client(name) for name in WHO))

    def _note(self, name: str, seconds: float) -> None:
        # Requests that were due while this one waited would have waited too, each a little shorter.
        while seconds > 0:
            self._latencies[name].append(seconds * 1000)
            seconds -= PACE

    async def _get(self, session: aiohttp.ClientSession, name: str) -> str:
        headers = {"Authorization": f"Bearer {self.world.token(*WHO[name])}", "Accept-Crs": "EPSG:4326"}
        try:
            async with session.get(self.world.calm[name], headers=headers) as answer:
                await answer.read()
                return str(answer.status)
        except TimeoutError:
            return "no answer"
        except (aiohttp.ClientError, OSError):
            return "cut off"

    async def until_as_before(self, most: float) -> float:
        """Return after how many seconds everybody gets an answer at once five times in a row; at most ``most``."""
        began, good = time.perf_counter(), 0
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE)) as session:
            while good < 5 and time.perf_counter() - began < most:
                sent = time.perf_counter()
                outcomes = [await self._get(session, name) for name in WHO]
                fast = time.perf_counter() - sent < AS_BEFORE * len(WHO)
                good = good + 1 if fast and set(outcomes) == {"200"} else 0
                await asyncio.sleep(PAUSE)
        return time.perf_counter() - began
