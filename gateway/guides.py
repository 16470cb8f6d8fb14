"""The guides at /docs: files that were built from docs/ beforehand, with what a browser may keep of them.

Only what the folder holds when it is first read can be asked for, by its whole name, so no path leads out of it. The
scripts and styles are all of our own, so the policy allows nothing else: no inline script, no style, no other host.
"""

import mimetypes
import zlib
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from runtime.static import Static, send, tag

SITE = Path(__file__).parent / "site"
"""What ``python -m guides.build`` writes."""

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none';"
    " form-action 'self'; frame-ancestors 'none'"
)
MISSING = """<!doctype html>
<html lang="nl">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Deze pagina bestaat niet · Samenzaak</title>
<style>
:root { color-scheme: light dark; --link: light-dark(#0b57a4, #8ab9f0) }
body { background: light-dark(#fff, #121212) }
body { font: 1rem/1.6 system-ui, sans-serif; max-width: 46rem; margin: 0 auto; padding: 3rem 1.25rem }
a { color: var(--link) }
</style>
<main>
<h1>Deze pagina bestaat niet</h1>
<p><a href="/docs/nl/">Alle handleidingen</a>, met zoeken.</p>
<p lang="en">There is no such page. <a href="/docs/">All guides</a>, with search.</p>
</main>
</html>
"""
"""What a person gets for a page that is not there."""

_YEAR = "public, max-age=31536000, immutable"
_COMPRESSED = ".gz"


@dataclass(frozen=True, slots=True)
class _File:
    """A file of the site; ``checksum`` is the one that pages have in its address."""

    content: bytes
    page: Static
    media_type: str
    checksum: str


class Guides:
    """The site of one folder, which is read at the first request for a page of it."""

    def __init__(self, folder: Path = SITE) -> None:
        self._folder = folder
        self._files: dict[str, _File] = {}

    def answer(self, path: str, request: Request) -> Response | None:
        """Return the file at a path below /docs, as the client sent it, or None when there is none."""
        files = self._read()
        if (file := files.get(f"{path}index.html" if path.endswith("/") or not path else path)) is None:
            # Relative, so that it holds for any host, and only to what is there.
            return RedirectResponse(f"/docs/{path}/", 308) if f"{path}/index.html" in files else None
        headers = {
            "Cache-Control": _YEAR if request.query_params.get("v") == file.checksum else "no-cache",
            "Content-Security-Policy": _POLICY,
            "Referrer-Policy": "no-referrer",
        }
        return send(request, file.page, lambda: file.content, file.media_type, headers)

    def _read(self) -> dict[str, _File]:
        # A site that is built later is found then.
        if not self._files and self._folder.is_dir():
            paths = [path for path in self._folder.rglob("*") if path.is_file() and not path.name.startswith(".")]
            names = {path.relative_to(self._folder).as_posix(): path for path in paths}
            self._files = {
                name: _file(name, path.read_bytes(), names.get(name + _COMPRESSED))
                for name, path in names.items()
                if not name.endswith(_COMPRESSED)
            }
        return self._files


def _file(name: str, content: bytes, packed: Path | None) -> _File:
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    # As the generator computes it for the addresses of scripts and styles.
    checksum = zlib.crc32(content.replace(b"\r", b""))
    return _File(content, Static(tag(content), packed.read_bytes() if packed else None), media_type, f"{checksum:08x}")
