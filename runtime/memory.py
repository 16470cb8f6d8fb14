"""Memory for large answers: what is held for clients that read slowly, or not at all, has a bound in each process.

An answer takes its bytes before it is written out, and gives them back when the client has it.
"""

import asyncio
from collections import Counter, deque

from runtime.problems import Problem


class NoRoom(Problem):
    """Large answers hold all memory that they may have; one of them has to be read first."""

    def __init__(self) -> None:
        detail = "Er wachten te veel grote antwoorden tot ze worden gelezen."
        super().__init__(503, "service_unavailable", detail, headers={"Retry-After": "1"})


class AnswerMemory:
    """The bytes that large answers hold in one process: ``total`` of them together, two thirds of that for one tenant,
    and half for one client."""

    def __init__(self, total: int) -> None:
        self.total = total
        self._held = 0
        self._by_tenant: Counter[str] = Counter()
        self._by_client: Counter[tuple[str, str]] = Counter()
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def held(self) -> int:
        """The bytes that are held now."""
        return self._held

    def take(self, tenant: str, client: str, size: int) -> None:
        """Hold ``size`` bytes for a client; raise NoRoom when it, its tenant or the process has no room for them."""
        if (
            self._held + size > self.total
            or self._by_tenant[tenant] + size > self.total * 2 // 3
            or self._by_client[tenant, client] + size > self.total // 2
        ):
            self._forget(tenant, client)
            raise NoRoom()
        self._held += size
        self._by_tenant[tenant] += size
        self._by_client[tenant, client] += size

    def give_back(self, tenant: str, client: str, size: int) -> None:
        """Hold ``size`` bytes of a client no longer."""
        self._held -= size
        self._by_tenant[tenant] -= size
        self._by_client[tenant, client] -= size
        self._forget(tenant, client)
        while self._waiting:
            first = self._waiting.popleft()
            if not first.done():
                first.set_result(None)
                break

    def _forget(self, tenant: str, client: str) -> None:
        if not self._by_tenant[tenant]:
            del self._by_tenant[tenant]
        if not self._by_client[tenant, client]:
            del self._by_client[tenant, client]

    async def freed(self, seconds: float) -> bool:
        """Wait until somebody gives bytes back, one waiter for each; return False when that takes longer."""
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(seconds):
                await turn
        except TimeoutError:
            return False
        finally:
            if turn in self._waiting:
                self._waiting.remove(turn)
        return True
