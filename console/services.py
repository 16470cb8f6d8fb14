"""The services, as a person uses them: with the rights of the role, and with the name in the audit trail.

Whatever changes data of a municipality goes through here, so that the rules, the trail and the notifications of the
services hold as for any client.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx

from console.people import Person
from runtime.identity import Caller
from runtime.internal import Internal
from runtime.problems import Problem

CLIENT_ID = "samenzaak-console"
CRS = {"accept-crs": "EPSG:4326", "content-crs": "EPSG:4326"}


class Refused(Exception):
    """A service did not do what was asked. ``problem`` is its answer: ``title``, ``detail``, ``invalidParams``."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(f"{status} {problem.get('code')}")
        self.status = status
        self.problem = problem


class Services:
    """The services of one municipality for one person."""

    def __init__(
        self, internal: Internal, person: Person, bases: tuple[str, ...], time_zone: str, request_id: str
    ) -> None:
        self._internal = internal
        self._bases = bases
        self._caller = Caller(
            person.tenant,
            CLIENT_ID,
            bases,
            user_id=person.user_id,
            user_representation=person.display_name,
            request_id=request_id,
            canonical=bases[0],
            time_zone=time_zone,
            role=person.role,
        )

    async def get(self, path: str, **query: Any) -> Any:
        """Return what a service has at a path or URL: ``await services.get("/zaken/api/v1/zaken", identificatie="1")``.

        A parameter that is None or empty is left out. Raises Refused, and Problem 503 when the service is away.
        """
        kept = {name: value for name, value in query.items() if value not in (None, "")}
        return await self.send("GET", f"{path}?{urlencode(kept)}" if kept else path)

    async def send(self, method: str, path: str, body: Any = None, reason: str = "") -> Any:
        """Send one request and return the JSON of the answer; ``reason`` goes into the audit trail.

        Raises Refused, and Problem 503 when the service is away.
        """
        whole = self.path_of(path)
        headers = {**CRS, **({"x-audit-toelichting": reason.encode().decode("latin-1")} if reason else {})}
        try:
            answer = await self._internal.send(self._caller, whole.split("/", 2)[1], method, whole, body, headers)
        except httpx.HTTPError as e:
            raise Problem(503, "service_unavailable", "Een onderdeel antwoordt nu niet.") from e
        content = answer.json() if answer.content else None
        if answer.is_error:
            raise Refused(answer.status_code, content if isinstance(content, dict) else {})
        return content

    async def find(self, path: str) -> Any:
        """Return what is at a path; None when there is nothing that this person may see."""
        try:
            return await self.get(path)
        except Refused as refused:
            if refused.status in (403, 404):
                return None
            raise

    def path_of(self, url: str) -> str:
        """Return the path of a URL of this installation. Raises Problem 404 for one of another."""
        if url.startswith("/"):
            return url
        if not url.startswith(tuple(f"{base}/" for base in self._bases)):
            raise Problem(404, "not_found", "Dit staat niet in deze installatie.")
        parts = urlsplit(url)
        return f"{parts.path}?{parts.query}" if parts.query else parts.path
