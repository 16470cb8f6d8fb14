"""The metrics of separate processes."""

import httpx

from beheer.runner import PARTS
from tests.stack import Stack


async def metrics_of(stack: Stack, part: str) -> dict[str, float]:
    """Return the metrics of one part, by name with labels."""
    port = stack.settings.metrics_port + 2 * PARTS.index(part)
    async with httpx.AsyncClient() as http:
        answers = []
        for number in (port, port + 1):
            try:
                answers.append(await http.get(f"http://127.0.0.1:{number}/metrics"))
            except httpx.HTTPError:
                continue
    assert [answer.status_code for answer in answers] == [200]
    pairs = (line.rsplit(" ", 1) for line in answers[0].text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, value in pairs}
