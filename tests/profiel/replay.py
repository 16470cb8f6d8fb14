"""What an application sends, request by request, and what it reads in the answers: tables that ``Application.play``
carries out over HTTP.

``{name}`` in a path, a query or a body stands for what was kept of an earlier answer, or what the application knows of
the municipality. A text that is nothing but ``"{name}"`` becomes the value itself, so that whole objects are sent back.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.stack import Client

NAME = re.compile(r"\{(\w+)\}")
Names = dict[str, Any]


class Absent:
    """What a reader expects where a member has to be left out."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT = Absent()


def url(value: Any) -> bool:
    """Return whether a value is a URL."""
    return isinstance(value, str) and value.startswith("http")


def or_null(kind: type) -> Callable[[Any], bool]:
    """Return a test for a value of this type, or null."""
    return lambda value: value is None or isinstance(value, kind)


@dataclass(frozen=True)
class Sent:
    """One request and what holds of its answer.

    ``reads`` tells for a place in the answer (``results.0.url``, ``*`` for every item of a list that is not empty) what
    its reader needs: a type, a predicate, ``ABSENT``, or the value itself. ``keep`` gives places a name.
    """

    request: str
    """Method and path: ``POST /zaken/api/v1/zaken``."""
    body: Any = None
    status: int = 200
    reads: Mapping[str, Any] = field(default_factory=dict)
    keep: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    errors: tuple[tuple[str, str], ...] = ()
    """Name and code of what a refusal tells."""


def filled(value: Any, names: Names) -> Any:
    """Return a value with what the names in it stand for; raises KeyError for a name that nothing was kept under."""
    if isinstance(value, str):
        if whole := NAME.fullmatch(value):
            return names[whole[1]]
        return NAME.sub(lambda found: str(names[found[1]]), value)
    if isinstance(value, Mapping):
        return {filled(key, names): filled(each, names) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [filled(each, names) for each in value]
    return value


def places(content: Any, path: str) -> Iterator[Any]:
    """Yield what stands at a place of an answer, ``ABSENT`` where there is nothing."""
    first, _, rest = path.partition(".")
    if not path:
        yield content
    elif first == "*":
        assert content, f"nothing to read at {path}"
        for each in content:
            yield from places(each, rest)
    elif isinstance(content, list):
        yield from places(content[int(first)], rest) if int(first) < len(content) else iter([ABSENT])
    elif isinstance(content, dict) and first in content:
        yield from places(content[first], rest)
    else:
        yield ABSENT


def fits(found: Any, wanted: Any) -> bool:
    """Return whether a reader can use what it found."""
    if isinstance(wanted, type):
        return type(found) is wanted
    if callable(wanted):
        return bool(wanted(found))
    return bool(type(found) is type(wanted) and found == wanted)


class Application:
    """An application at one municipality, with the headers that it sends itself and no others."""

    def __init__(self, client: Client, names: Names, **headers: str) -> None:
        self.client, self.names, self.headers = client, names, headers

    async def send(self, sent: Sent) -> httpx.Response:
        """Send one request."""
        method, _, path = sent.request.partition(" ")
        headers = {"Authorization": f"Bearer {self.client.token()}", **self.headers, **sent.headers}
        body = filled(sent.body, self.names)
        content = {"content": body} if isinstance(body, str | bytes) else {} if body is None else {"json": body}
        kind = {} if body is None else {"Content-Type": "application/json"}
        address = filled(path, self.names)
        return await self.client.http.request(method, address, headers={**kind, **headers}, **content)

    async def play(self, *rows: Sent) -> Any:
        """Carry out a table; return the content of the last answer."""
        content: Any = None
        for sent in rows:
            answer = await self.send(sent)
            said = f"{filled(sent.request, self.names)}: {answer.status_code} {answer.text}"
            assert answer.status_code == sent.status, said
            content = answer.json() if "json" in answer.headers.get("content-type", "") else answer.content
            if sent.errors:
                assert [(each["name"], each["code"]) for each in content["invalidParams"]] == [*sent.errors], said
            for place, wanted in sent.reads.items():
                expected = filled(wanted, self.names)
                for found in places(content, place):
                    assert fits(found, expected), f"{place} is {found!r}, not {expected!r}. {said}"
            for name, place in sent.keep.items():
                [self.names[name]] = places(content, place)
        return content
