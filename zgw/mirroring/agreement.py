"""What other services have to agree to after the commit of a write, which otherwise is taken back.

A relation that lives in two services has a record at the leading side, which decides, and a mirror of it at the other.
A resource that leads declares which mirrors a write changes, and whom it tells of a change::

    def spiegel_in_documenten(check: Check) -> Agreement | None:
        \"\"\"zrc-005: the document knows its zaken.\"\"\"
        return Agreement("informatieobject", mirrors("zaakinformatieobject", check.stored or check.row))

    ZAAKINFORMATIEOBJECT = Resource(…, before_removal=[keep], mirrors=[spiegel_in_documenten])

Such a function only looks at the check. What it returns is written down in the transaction of the write
(``zgw.outbox.held``), and told after it (``zgw.mirroring.settle``), or by the relay when the process died in between
(``zgw.mirroring.mend``). See docs/adr/0004.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import MetaData, Table, Uuid

Leading = tuple[Table, Mapping[str, Any]]
"""The leading record of a mirror: its table, and what its columns say."""

UNFORCED = {"x-samenzaak-unforced": "1"}
"""Headers by which a service passes on a write of a client that may change open zaken only."""

SAME_DATES = "same_dates"
"""In the notice of a besluit: that its dates did not change, so nothing is to be derived from them."""


@dataclass(frozen=True, eq=False)
class Mirror:
    """One record at the other side: the collection that it lives in (stored path or URL elsewhere), its body, and the
    query that finds it again. References are stored paths.

    ``internal`` is the internal path that takes many mirrors at once, in an own service. ``headers`` go along until
    the write is taken back. With ``member`` it is made with the rights of the client, who sent it as that member of the
    body and sees it in the answer: ``made``. When the process died the relay makes it, with its own rights.
    """

    collection: str
    body: Mapping[str, Any]
    find: Mapping[str, str]
    leading: Leading
    internal: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    member: str = ""
    made: list[Any] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return the mirror as the outbox keeps it."""
        table, known = self.leading
        return {
            "collection": self.collection,
            "body": dict(self.body),
            "find": dict(self.find),
            "internal": self.internal,
            "member": self.member,
            "table": table.name,
            "leading": {name: str(value) for name, value in known.items()},
        }

    @staticmethod
    def from_json(metadata: MetaData, kept: Mapping[str, Any]) -> "Mirror":
        """Return the mirror that the outbox has kept."""
        table, values = metadata.tables[kept["table"]], kept["leading"]
        known = {name: UUID(text) if isinstance(table.c[name].type, Uuid) else text for name, text in values.items()}
        # Versions before this one kept no member.
        member = kept.get("member", "")
        return Mirror(kept["collection"], kept["body"], kept["find"], (table, known), kept["internal"], member=member)


@dataclass(frozen=True)
class Notice:
    """That an object changed, for a service which works something out of it and reads it when it is told. ``headers``
    go along until the write is taken back."""

    service: str
    path: str
    body: Mapping[str, str]
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Agreement:
    """The mirrors to make or remove, as the leading side then says, and the notices. ``field`` is where the client
    hears that another service did not agree: 400 ``pending-relations``."""

    field: str
    mirrors: Sequence[Mirror] = ()
    notices: Sequence[Notice] = ()


def for_outbox(agreements: Sequence[Agreement], base: str) -> dict[str, Any]:
    """Return agreements as the outbox keeps them, with the base URL of the municipality."""
    mirrors = [mirror.as_json() for each in agreements for mirror in each.mirrors]
    notices = [[notice.service, notice.path, dict(notice.body)] for each in agreements for notice in each.notices]
    return {"mirrors": mirrors, "notices": notices, "base": base}


def from_outbox(metadata: MetaData, kept: Mapping[str, Any]) -> Agreement:
    """Return what the outbox has kept as one agreement."""
    mirrors = [Mirror.from_json(metadata, each) for each in kept["mirrors"]]
    return Agreement("", mirrors, [Notice(service, path, body) for service, path, body in kept["notices"]])


def objectinformatieobject(informatieobject: str, object_path: str, object_type: str, leading: Leading) -> Mirror:
    """Return the mirror of a zaakinformatieobject or besluitinformatieobject, in the API that has the document."""
    pair = {"object": object_path, "informatieobject": informatieobject}
    root = informatieobject.rsplit("/", 2)[0]
    internal = "/_intern/objectinformatieobjecten" if root.startswith("/") else ""
    return Mirror(f"{root}/objectinformatieobjecten", {**pair, "objectType": object_type}, pair, leading, internal)
