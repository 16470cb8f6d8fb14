"""Builds the site of the guides: ``python -m guides.build [FOLDER]``, when it is not what the sources say already.

Sphinx reads what ``guides/pages.py`` makes of docs/, and writes pages and the index of the search. Each file that is
worth it gets a compressed one beside it. Nothing is fetched, and a link that leads nowhere stops the build.
"""

import fcntl
import gzip
import hashlib
import shutil
import sys
import tempfile
from pathlib import Path

from guides.pages import OUTSIDE, ROOT, stage

SITE = ROOT / "gateway" / "site"
"""Where the gateway serves the site from."""

_STAMP = ".built"
_UNUSED = ("objects.inv", ".buildinfo", "_sources", "_static/*.png", "_static/basic.css", "_static/pygments.css")
_COMPRESSED = (".html", ".js", ".css", ".svg")


def built(folder: Path = SITE) -> Path:
    """Return the folder of the site, after building it there unless it is what the sources say."""
    wanted = digest()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f".{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = folder / _STAMP
        if not stamp.exists() or stamp.read_text() != wanted:
            _replace(folder, wanted)
    return folder


def digest() -> str:
    """Return what tells whether a source of the site has changed."""
    files = [*(ROOT / "docs").rglob("*.md"), *(ROOT / name for name in OUTSIDE), ROOT / "runtime" / "version.py"]
    files += [path for path in (ROOT / "guides").rglob("*") if path.suffix in (".py", ".html", ".css", ".js", ".toml")]
    found = hashlib.sha256()
    for path in sorted(files):
        content = path.read_bytes()
        found.update(f"{path.relative_to(ROOT)} {len(content)}\n".encode() + content)
    return found.hexdigest()


def _replace(folder: Path, wanted: str) -> None:
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as work:
        made = Path(work) / "site"
        _generate(Path(work), made)
        for pattern in _UNUSED:
            for path in made.glob(pattern):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        for path in [path for path in made.rglob("*") if path.suffix in _COMPRESSED]:
            path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes(), mtime=0))
        (made / _STAMP).write_text(wanted)
        shutil.rmtree(folder, ignore_errors=True)
        made.rename(folder)


def _generate(work: Path, made: Path) -> None:
    # Only here, because whoever has a site that is up to date need not wait for the generator.
    from guides.sphinx_site import generate

    (work / "pages").mkdir()
    stage(work / "pages")
    generate(work / "pages", made, work / "doctrees")


if __name__ == "__main__":
    try:
        built(Path(sys.argv[1]) if len(sys.argv) > 1 else SITE)
    except KeyboardInterrupt:
        # Silent, as what `make run` starts after this.
        sys.exit(130)
