"""A guide tells its reader nothing that only the makers know: no places in the code, no names of rules of our own, no
machines, issues or work in progress."""

import re
from pathlib import Path

import pytest

from guides.pages import ROOT, sources

FOR_MAKERS = {"architecture", "glossary", "recipes", "contributing", "changelog", "conformance", "design-rules"}
"""Pages about how Samenzaak is made and tested, and the log of its changes."""
MEASURED = {"growth", "settings", "applications", "adr"}
"""Pages, and folders of them, that say with which test or measurement they were found."""
READERS = [
    source for source, name in sources().items() if not {Path(name).stem, Path(name).parts[0]} & (FOR_MAKERS | MEASURED)
]
CODE_PLACES = re.compile(
    r"(?<!/)\b(?:services|zgw|runtime|oas|gateway|beheer|tests|bench|guides|console)/[\w./-]*\w"
    r"|\bpython -m \w+\.\w+|\b[a-z_]+\.py\b"
)
"""Files and modules of the program, and commands that need its source."""
CONSTANTS = re.compile(r"(?<![\w_])(?!SAMENZAAK_)[A-Z]{2,}(?:_[A-Z]+)+(?!\w)")
"""Names as constants of Python have them; variables of the environment of a sample are in ``VARIABLES``."""
VARIABLES = {
    "CLIENT_ID",
    "SSL_CERT_FILE",
    "CALLBACK_AUTHORIZATION",
    "FORMULIEREN_SECRET",
    "LOGBOEK_HEADER",
    "ON_ERROR_STOP",
    "CATALOG_NOT_EMPTY",
}
OWN_RULES = re.compile(r"\b(?:zrc|ztc|drc|brc|ac|nrc)-x\d+|\bnrc-\d+|§|\((?:[A-Z]\d{1,2})\)|\b[CDNOZB]\d{1,2}:")
"""Numbers of rules that the standard does not have, and places in notes about it."""
ELSEWHERE = re.compile(
    r"(?<![\w/:.-])/(?:root|work|home|Users|mnt|workspace)/|(?:^|\s)#\d+\b|\bissue \d|\b(?:TODO|FIXME|XXX)\b"
    r"|\b(?:pypi|npmjs|proxy\.golang|artifactory|nexus)\.[a-z]+/"
)
"""Folders of a machine, numbers of issues, work in progress, registries."""
BLOCK = re.compile(r"^ *```(?!sh|yaml|$).*?^ *```$", re.MULTILINE | re.DOTALL)
"""Programs, in which names are those of their language."""


def internals(text: str) -> list[str]:
    """Return what a page says that its reader cannot use."""
    prose = BLOCK.sub("", text)
    found = [*CODE_PLACES.findall(prose), *OWN_RULES.findall(prose)]
    return found + [name for name in CONSTANTS.findall(prose) if name not in VARIABLES]


@pytest.mark.parametrize("source", READERS)
def test_a_guide_has_nothing_that_only_makers_know(source: str) -> None:
    assert internals((ROOT / source).read_text()) == []


@pytest.mark.parametrize("source", sources())
def test_no_page_names_a_machine_or_an_issue(source: str) -> None:
    assert ELSEWHERE.findall((ROOT / source).read_text()) == []


@pytest.mark.parametrize(
    "text",
    ["see `zgw/write.py`", "(`python -m bench.catalogi`)", "`MAX_ITEMS`", "Z1: the type may change", "as nrc-3 has it"],
)
def test_what_is_internal_is_seen(text: str) -> None:
    assert internals(text)


@pytest.mark.parametrize("text", ["in /root/x", "see #12", "issue 4", "TODO: more"])
def test_what_is_from_elsewhere_is_seen(text: str) -> None:
    assert ELSEWHERE.search(text)


def test_what_a_reader_needs_is_no_internal() -> None:
    assert internals("`SAMENZAAK_HOME`, `k8s/rollout k8s/overlays/yours`, zrc-001, `CLIENT_ID`, HS256") == []
