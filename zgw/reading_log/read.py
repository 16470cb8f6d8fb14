"""A read: who saw which objects, by one request. Gathered while it is answered, and handed to the sinks after that."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any, NamedTuple, Protocol

from runtime.identity import Caller
from runtime.trace import Trace
from zgw.types import LEVELS


class Action(StrEnum):
    """What was done. ``expand`` is none: what it shows is among the objects of the request that asked for it."""

    RETRIEVE = "retrieve"
    LIST = "list"
    SEARCH = "search"
    DOWNLOAD = "download"
    AUDITTRAIL = "audittrail"
    READ_LOG = "inzage"
    """The reading log itself was read."""
    CHOICE = "keuze"
    """What is recorded was changed."""
    LOST = "verlies"
    """Reads could not be recorded."""


class Choice(StrEnum):
    """What a municipality records."""

    NOTHING = "uit"
    OBJECTS = "objecten"
    """What was asked for by its address: single objects, downloads and audit trails."""
    EVERYTHING = "alles"


SINGLE = frozenset((Action.RETRIEVE, Action.DOWNLOAD, Action.AUDITTRAIL))
ALWAYS = frozenset((Action.READ_LOG, Action.CHOICE, Action.LOST))


def is_recorded(choice: str, action: Action) -> bool:
    """Return whether an action is recorded where this is the choice (``""``: the usual one):
    ``is_recorded("objecten", Action.LIST)`` is false."""
    if action in ALWAYS:
        return True
    return choice != Choice.NOTHING and (action in SINGLE or choice == Choice.EVERYTHING)


class Kind(IntEnum):
    """The kinds of objects whose reading is recorded. Their numbers are stored."""

    ZAAK = 1
    ROL = 2
    DOCUMENT = 3
    BESLUIT = 4


NAMES = {Kind.ZAAK: "zaak", Kind.ROL: "rol", Kind.DOCUMENT: "enkelvoudiginformatieobject", Kind.BESLUIT: "besluit"}
PATHS = {
    Kind.ZAAK: "/zaken/api/v1/zaken/",
    Kind.ROL: "/zaken/api/v1/rollen/",
    Kind.DOCUMENT: "/documenten/api/v1/enkelvoudiginformatieobjecten/",
    Kind.BESLUIT: "/besluiten/api/v1/besluiten/",
}
"""The stored path of each kind up to its uuid."""
KIND_AT: Mapping[str, Kind] = {path: kind for kind, path in PATHS.items()}
KIND_OF = {path.split("/")[4]: kind for kind, path in PATHS.items()}
"""The kind of the objects of a collection, by its name."""
_LEVEL = {level: number for number, level in enumerate(LEVELS, 1)}
UUID = 36
"""Characters of a uuid."""


class Object(NamedTuple):
    """An object that was shown. ``main`` is the uuid of its main object, ``""`` where that is itself; ``level`` its
    vertrouwelijkheidaanduiding, or ``""``."""

    uuid: str
    kind: Kind
    level: str
    main: str


class Seen:
    """What an answer shows, while it is made: each object once, those that were asked for before those of expand."""

    __slots__ = ("action", "asked", "base", "expanded", "later", "types")

    def __init__(self, action: Action, base: str) -> None:
        self.action = action
        self.base = len(base)
        self.later = False
        """Whether more is shown after the answer has begun: who sends it hands it over."""
        self.asked: dict[str, tuple[int, str]] = {}
        """By uuid: sixteen times the kind, with the level, and the main object."""
        self.expanded: dict[str, tuple[int, str]] = {}
        self.types: dict[str, None] = {}
        """The stored paths of the zaaktypen among it."""

    def add(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Add rendered objects, and what is expanded in them."""
        expanded: list[Mapping[str, Any]] = []
        for item in items:
            self._one(item, self.asked)
            if (inside := item.get("_expand")) is not None:
                expanded.append(inside)
        done = set[int]()
        # One object may be written out in many places. Each is looked at once.
        while expanded:
            for value in expanded.pop().values():
                for item in value if isinstance(value, list) else (value,):
                    if item and id(item) not in done:
                        done.add(id(item))
                        self._one(item, self.expanded)
                        if (inside := item.get("_expand")) is not None:
                            expanded.append(inside)

    def __len__(self) -> int:
        return len(self.asked) + len(self.expanded)

    def all(self) -> dict[str, tuple[int, str]]:
        """Return everything, what was asked for first."""
        return {**self.asked, **{uuid: each for uuid, each in self.expanded.items() if uuid not in self.asked}}

    def _one(self, item: Mapping[str, Any], known: dict[str, tuple[int, str]]) -> None:
        url = item.get("url")
        if url is None or (kind := KIND_AT.get(url[self.base : -UUID])) is None:
            return
        uuid = url[-UUID:]
        if uuid in known:
            return
        main = item["zaak"][-UUID:] if kind is Kind.ROL else ""
        level = item.get("vertrouwelijkheidaanduiding")
        known[uuid] = (16 * kind + (_LEVEL.get(level, 0) if level else 0), main)
        if kind is Kind.ZAAK:
            zaaktype = item["zaaktype"]
            self.types[zaaktype[self.base :] if zaaktype[self.base : self.base + 1] == "/" else zaaktype] = None

    def add_one(self, kind: Kind, uuid: str, level: str) -> None:
        """Add an object of which only something is shown: its content, or its audit trail."""
        self.asked[uuid] = (16 * kind + _LEVEL.get(level, 0), "")


@dataclass(frozen=True, slots=True)
class Read:
    """One request that showed something. ``moment`` is when it was answered, in seconds since 1970.

    ``given`` are the filters of a list or search as they were sent, which may have the number of a person: a sink keeps
    nothing of it but its hash. ``types`` are the zaaktypen of the zaken among ``objects``, the first ``direct`` of
    which were asked for; the others were shown by expand. ``activity`` is the processing activity, as the request or
    its application says.
    """

    moment: float
    caller: Caller
    service: str
    operation: str
    """The operationId."""
    action: Action
    trace: Trace
    began: float
    """When the request came, in seconds since 1970."""
    reason: str
    activity: str
    given: Mapping[str, Any]
    known: Mapping[str, tuple[int, str]]
    direct: int
    types: tuple[str, ...]

    @property
    def trace_id(self) -> str:
        """The trace that it was a part of."""
        return self.trace.trace

    @property
    def objects(self) -> Iterator[Object]:
        """The objects that were shown, in order."""
        return (object_of(uuid, code, main) for uuid, (code, main) in self.known.items())


def object_of(uuid: str, kept: int, main: str) -> Object:
    """Return an object from what is kept of it: ``object_of(uuid, 49, "")`` is a document that is openbaar."""
    level = kept % 16
    return Object(uuid, Kind(kept // 16), LEVELS[level - 1] if level else "", main)


class Sink(Protocol):
    """Where reads go. It is called on the path of a request, and waits for nothing."""

    def wants(self, caller: Caller, action: Action) -> bool:
        """Return whether it takes an action of a caller, before anything is gathered of it."""

    def take(self, read: Read) -> None:
        """Take a read that it wants."""


class Sinks:
    """The sinks of one service."""

    def __init__(self, *sinks: Sink) -> None:
        self.all = list(sinks)

    def want(self, caller: Caller, action: Action) -> bool:
        """Return whether any of them takes this."""
        return any(sink.wants(caller, action) for sink in self.all)

    def take(self, read: Read) -> None:
        """Hand a read to each that wants it."""
        for sink in self.all:
            if sink.wants(read.caller, read.action):
                sink.take(read)
