"""The ZIP: one ``<Resource>.json`` for each kind of type, a JSON array, and nothing else.

What comes in is not trusted: names with folders, encrypted or doubled members, and content that unpacks to more than
the limits are refused before anything of it is used. What the software of a desktop adds is passed over, as is the one
folder in which everything lies when a folder was compressed.
"""

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from zgw.body import with_nul
from zgw.problems import not_json

Rows = list[dict[str, Any]]

FILES = (
    "Catalogus",
    "InformatieObjectType",
    "BesluitType",
    "ZaakType",
    "StatusType",
    "ZaakTypeInformatieObjectType",
    "ResultaatType",
    "RolType",
    "Eigenschap",
    "ZaakObjectType",
)
"""The kinds of type in the order in which they are imported. Open Zaak writes no ZaakObjectType of a whole catalogue
and ignores one that it finds."""

CLUTTER = ("__macosx", ".ds_store", "thumbs.db", "desktop.ini")
"""Names, in small letters, of what macOS and Windows put beside files; so are names that begin with ``._``."""

MAX_MEMBERS = 50
MAX_SIZE = 200 * 1024 * 1024
"""Bytes of all members together after unpacking; a catalogue of 500 zaaktypen has some 20 MB."""


@dataclass(frozen=True)
class Probleem:
    """Something that keeps a file from being imported: the file, the row (from 1, or 0 for the file as a whole), the
    field."""

    bestand: str
    rij: int
    veld: str
    code: str
    reden: str = ""

    @property
    def plaats(self) -> str:
        """Where the problem is, as one text: ``ZaakType.json:3.omschrijving``."""
        row = f":{self.rij}" if self.rij else ""
        return f"{self.bestand}{row}" + (f".{self.veld}" if self.veld else "")


class Onleesbaar(Exception):
    """Nothing of the file can be used."""

    def __init__(self, problemen: list[Probleem]) -> None:
        super().__init__("; ".join(f"{p.plaats}: {p.reden}" for p in problemen))
        self.problemen = problemen


@dataclass
class Bundel:
    """The rows of each kind, as they are in the file, and the members that mean nothing here."""

    rows: dict[str, Rows] = field(default_factory=dict)
    onbekend: list[str] = field(default_factory=list)

    def of(self, kind: str) -> Rows:
        """Return the rows of a kind, none when it has no file."""
        return self.rows.get(kind, [])


def lees(content: bytes) -> Bundel:
    """Return the content of a ZIP; raise :class:`Onleesbaar` with all that is wrong with it."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        raise Onleesbaar([Probleem("", 0, "", "invalid", "Dit is geen leesbaar ZIP-bestand.")]) from None
    members = _members(archive.infolist())
    problems = _about_members(members)
    if problems:
        raise Onleesbaar(problems)
    found, left = Bundel(), MAX_SIZE
    for name, info in members:
        kind = name.removesuffix(".json")
        if kind not in FILES or kind == name:
            found.onbekend.append(name)
            continue
        try:
            with archive.open(info) as member:
                # The size that a member claims to have is not believed.
                raw = member.read(left + 1)
        except (
            zipfile.BadZipFile,
            NotImplementedError,
            EOFError,
            OSError,
            ValueError,
            RuntimeError,
            _zlib_error(),
        ):
            problems.append(Probleem(name, 0, "", "invalid", "Het bestand is beschadigd."))
            continue
        left -= len(raw)
        if left < 0:
            raise Onleesbaar([Probleem(name, 0, "", "max_length", f"Uitgepakt meer dan {MAX_SIZE} bytes.")])
        problems += _read_rows(found, kind, name, raw)
    if not found.rows and not problems:
        problems.append(Probleem("", 0, "", "required", f"De ZIP bevat geen van de bestanden {', '.join(FILES)}."))
    if problems:
        raise Onleesbaar(problems)
    return found


def _zlib_error() -> type[Exception]:
    import zlib

    return zlib.error


def _members(infos: Sequence[zipfile.ZipInfo]) -> list[tuple[str, zipfile.ZipInfo]]:
    """Return what somebody put into the ZIP, each with its name in the one folder where everything lies."""
    kept = [info for info in infos if not _is_clutter(info.filename)]
    folder = kept[0].filename.partition("/")[0] + "/" if kept else ""
    if folder in ("/", "./", "../") or not all(info.filename.startswith(folder) for info in kept):
        folder = ""
    named = [(info.filename.removeprefix(folder), info) for info in kept]
    return [(name, info) for name, info in named if name or not folder]


def _is_clutter(name: str) -> bool:
    parts = name.lower().split("/")
    return parts[0] in CLUTTER or parts[-1] in CLUTTER or parts[-1].startswith("._")


def _about_members(members: Sequence[tuple[str, zipfile.ZipInfo]]) -> list[Probleem]:
    """Return what is wrong with the members before any is opened."""
    problems = []
    if len(members) > MAX_MEMBERS:
        return [Probleem("", 0, "", "max_length", f"De ZIP heeft meer dan {MAX_MEMBERS} bestanden.")]
    names: set[str] = set()
    for name, info in members:
        if "/" in name or "\\" in name or ":" in name or name in (".", "..", "") or info.is_dir():
            problems.append(Probleem(name[:100], 0, "", "invalid", "Mappen en paden zijn niet toegestaan."))
        elif info.flag_bits & 0x1:
            problems.append(Probleem(name[:100], 0, "", "invalid", "Versleutelde bestanden zijn niet toegestaan."))
        elif name in names:
            problems.append(Probleem(name[:100], 0, "", "invalid", "Het bestand komt tweemaal voor."))
        names.add(name)
    if sum(info.file_size for _, info in members) > MAX_SIZE:
        problems.append(Probleem("", 0, "", "max_length", f"Uitgepakt meer dan {MAX_SIZE} bytes."))
    return problems


def _read_rows(found: Bundel, kind: str, name: str, raw: bytes) -> list[Probleem]:
    try:
        rows = orjson.loads(raw.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as e:
        return [Probleem(name, 0, "", "parse_error", not_json(raw, e))]
    if not isinstance(rows, list):
        return [Probleem(name, 0, "", "not_a_list", "Een lijst van objecten wordt verwacht.")]
    problems, suspect = [], b"\\u0000" in raw
    for number, row in enumerate(rows, 1):
        if not isinstance(row, dict):
            problems.append(Probleem(name, number, "", "not_a_dict", "Een object wordt verwacht."))
        elif suspect and (where := with_nul(row, "")):
            problems.append(Probleem(name, number, where, "invalid", "NUL-tekens zijn niet toegestaan."))
    found.rows[kind] = rows
    return problems


def schrijf(rows: Mapping[str, Rows]) -> bytes:
    """Return the ZIP with these rows; a kind without rows gets no file."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for kind in FILES:
            if rows.get(kind):
                # A fixed date makes the same catalogue give the same bytes.
                info = zipfile.ZipInfo(f"{kind}.json", (2020, 1, 1, 0, 0, 0))
                info.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(info, orjson.dumps(rows[kind]))
    return stream.getvalue()
