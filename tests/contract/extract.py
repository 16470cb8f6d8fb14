"""Writes the extracts of the normative OAS files: `python -m tests.contract.extract`.

The extracts are committed, so that the contract test runs in every clone; the normative files themselves are not.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import yaml

from .contract import Contract, dump, load, read

NORMATIVE_FILES = {
    "zaken": "zaken-1.7.0.bundled.yaml",
    # Version 1.4.0 is 1.3.3 with one operation more, so serving it serves both.
    "catalogi": "catalogi-1.4.0.yaml",
    "documenten": "documenten-1.7.1.yaml",
    "besluiten": "besluiten-1.1.0.bundled.yaml",
    "autorisaties": "autorisaties-1.1.0.yaml",
    "notificaties": "notificaties-1.0.1.yaml",
}
EXTRACTS = Path(__file__).parent / "normative"
REPOSITORY = Path(__file__).resolve().parents[2]


def normative_folder() -> Path | None:
    """The folder with the normative files: SAMENZAAK_STANDARD, or the one next to the repository, if there is one."""
    given = os.environ.get("SAMENZAAK_STANDARD")
    folder = Path(given) if given else REPOSITORY.parent / "shared" / "standard"
    return folder if (folder / "openapi").is_dir() else None


def normative_document(folder: Path, file: str) -> dict[str, Any]:
    """One of the normative OAS files."""
    text = (folder / "openapi" / file).read_text(encoding="utf-8")
    document: dict[str, Any] = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return document


def extract(folder: Path, service: str) -> str:
    """The extract of the normative file of a service, as it is committed."""
    return dump(read(normative_document(folder, NORMATIVE_FILES[service])))


def normative(service: str) -> Contract:
    """The normative contract of a service, from the committed extract."""
    return load(extract_file(service).read_text(encoding="utf-8"))


def extract_file(service: str) -> Path:
    """Where the extract of a service is kept."""
    return EXTRACTS / f"{service}.json"


def main() -> None:
    """Writes all extracts anew."""
    folder = normative_folder()
    if folder is None:
        raise SystemExit("No normative files: set SAMENZAAK_STANDARD to the folder that has them in openapi/.")
    EXTRACTS.mkdir(exist_ok=True)
    for service in NORMATIVE_FILES:
        extract_file(service).write_text(extract(folder, service), encoding="utf-8")
        sys.stdout.write(f"{extract_file(service).name}: {len(normative(service).operations)} operations\n")


if __name__ == "__main__":
    main()
