"""What a gateway does beside the requests: it keeps when secrets were used, and warns of those that end."""

import asyncio
import logging
import time

from gateway.known import Registry

log = logging.getLogger("samenzaak.gateway")

SAVE_SECONDS = 60.0
"""How late it is known when a secret was used last."""

WARN_SECONDS = 86400.0
"""How often the log warns of secrets that are short, have expired, or will within a month; and at the start."""


async def keep_books(registry: Registry) -> None:
    """Do both until it is cancelled."""
    warned = -WARN_SECONDS
    while True:
        try:
            if time.monotonic() - warned >= WARN_SECONDS:
                warned = time.monotonic()
                for warning in await registry.warnings():
                    log.warning("%s", warning)
            await asyncio.sleep(SAVE_SECONDS)
            await registry.save_uses()
        except Exception:
            # Nobody would know any more which secret is still used.
            log.exception("the books of the gateway")
            await asyncio.sleep(SAVE_SECONDS)


class Books:
    """Keeps the books of one gateway, from :meth:`start` to :meth:`stop`."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, in the event loop that serves the requests."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(keep_books(self._registry))

    async def stop(self) -> None:
        """Save what was not saved yet, and end."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None
            await self._registry.save_uses()
