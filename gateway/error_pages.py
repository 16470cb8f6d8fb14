"""Pages of errors: the ``type`` of a problem leads to a page that explains it (RFC 9457, common rules, "Errors")."""

import html

from zgw.problems import REASONS, TITLES, kind_of, title_of

PREFIX = "/ref/fouten/"

_KINDS = {"ValidationError": "invalid", **{kind_of(code): code for code in TITLES if code != "invalid"}}

_PAGE = """<!doctype html>
<html lang="nl">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{kind}</title>
<style>
:root {{ color-scheme: light dark; --line: #8886 }}
body {{ font: 1rem/1.6 system-ui, sans-serif; max-width: 46rem; margin: 0 auto; padding: 3rem 1.25rem }}
td {{ padding: .25rem 1rem .25rem 0; border-bottom: 1px solid var(--line); vertical-align: top }}
</style>
<main>
<h1>{kind}</h1>
<p>{title}</p>
<p><code>code</code>: <code>{code}</code></p>
{codes}
</main>
</html>
"""

_CODES = """<h2>Codes in <code>invalidParams</code></h2>
<p>Elk onjuist veld heeft een eigen code. Dit zijn de algemene; regels van de standaard hebben daarnaast
hun eigen codes.</p>
<table>
{rows}
</table>"""


def error_page(kind: str) -> str | None:
    """Return the HTML of the page about an error, or None when there is no such error."""
    if (code := _KINDS.get(kind)) is None:
        return None
    rows = (f"<tr><td><code>{name}</code><td>{html.escape(reason)}" for name, reason in REASONS.items())
    codes = _CODES.format(rows="\n".join(rows)) if code == "invalid" else ""
    return _PAGE.format(kind=kind, title=html.escape(title_of(code)), code=code, codes=codes)
