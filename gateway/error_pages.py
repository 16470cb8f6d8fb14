"""Pages of errors: the ``type`` of a problem leads to a page that explains it (RFC 9457, common rules, "Errors"),
and so does each code in ``invalidParams``."""

import html
import re
from collections.abc import Iterable

import orjson

from oas.errors import PREFIX, Entry, catalogue, example

BASE = "https://zaken.uw-gemeente.example"
"""Stands for the address of the installation in examples."""

GROUPS = {
    "antwoorden": "Codes van een antwoord",
    "velden": "Codes van velden, bij elke API",
    "zaken": "Zaken",
    "documenten": "Documenten",
    "besluiten": "Besluiten",
    "catalogi": "Catalogi",
    "overig": "Autorisaties en notificaties",
}
"""The headings of the list, by the file that a code is in."""

_PAGE = """<!doctype html>
<html lang="nl">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} - fouten - Samenzaak</title>
<style>
:root {{ color-scheme: light dark; --line: #8886; --link: #0b57a4; --code: #8881 }}
@media (prefers-color-scheme: dark) {{ :root {{ --link: #8ab9f0 }} }}
body {{ background: light-dark(#fff, #121212) }}
body {{ font: 1rem/1.6 system-ui, sans-serif; max-width: 46rem; margin: 0 auto; padding: 3rem 1.25rem }}
h1 {{ font-size: 1.75rem; line-height: 1.2; margin: 1rem 0 .5rem; overflow-wrap: anywhere }}
h2 {{ font-size: 1.2rem; margin: 2rem 0 .5rem }}
a {{ color: var(--link) }}
code, pre {{ font-family: ui-monospace, monospace; font-size: .9em; overflow-wrap: anywhere }}
pre {{ background: var(--code); padding: 1rem; white-space: pre-wrap }}
dl {{ margin: 1rem 0 }}
dt {{ border-top: 1px solid var(--line); padding-top: .5rem }}
dd {{ margin: 0 0 .5rem }}
</style>
<nav><a href="/">Samenzaak</a> · <a href="{prefix}">Alle fouten</a> · <a href="/docs/vendors/">Handleiding</a></nav>
<main>
<h1>{title}</h1>
{content}
</main>
</html>
"""


def page_of(entry: Entry) -> str:
    """Return the HTML of the page about an error."""
    parts = [f"<p>{_inline(text)}</p>" for text in dict.fromkeys((entry.title, entry.meaning)) if text]
    parts += [f"<h2>Wat te doen</h2>\n<p>{_inline(entry.advice)}</p>"]
    if rules := entry.numbered:
        parts.append(f"<h2>Regel van de standaard</h2>\n<p>{html.escape(', '.join(rules))}</p>")
    parts.append(f"<h2>Waar de code staat</h2>\n<p>{_place(entry)}</p>")
    written = orjson.dumps(example(entry, BASE), option=orjson.OPT_INDENT_2).decode()
    parts.append(f"<h2>Voorbeeld</h2>\n<pre>{html.escape(written)}</pre>")
    if entry.code == "invalid":
        fields = [each for each in catalogue().values() if each.field and each.code != "invalid"]
        parts.append(f"<h2>Codes in <code>invalidParams</code></h2>\n{_listed(fields)}")
    title = entry.code if entry.field and entry.code != "invalid" else entry.kind
    return _PAGE.format(title=html.escape(title), prefix=PREFIX, content="\n".join(filter(None, parts)))


def list_page() -> str:
    """Return the HTML of the page with all errors."""
    parts = ["<p>Beslis in programma's op <code>status</code> en <code>code</code>; teksten kunnen veranderen.</p>"]
    for group, heading in GROUPS.items():
        entries = [entry for entry in catalogue().values() if entry.group == group]
        parts.append(f"<h2>{heading}</h2>\n{_listed(entries)}")
    return _PAGE.format(title="Fouten", prefix=PREFIX, content="\n".join(parts))


def _place(entry: Entry) -> str:
    answer = f"In <code>code</code> van een antwoord met status {entry.status}: <code>{html.escape(entry.code)}</code>."
    field = f"In <code>code</code> van een veld in <code>invalidParams</code>: <code>{html.escape(entry.code)}</code>."
    return "<br>".join((text for text, given in ((answer, entry.status), (field, entry.field)) if given))


def _listed(entries: Iterable[Entry]) -> str:
    rows = (
        f'<dt><a href="{PREFIX}{html.escape(entry.code)}/"><code>{html.escape(entry.code)}</code></a></dt>'
        f"<dd>{_inline(entry.title or entry.meaning)}</dd>"
        for entry in entries
    )
    return "<dl>\n" + "\n".join(rows) + "\n</dl>"


def _inline(text: str) -> str:
    """Return a text as HTML: what stands between backticks is code."""
    return re.sub("`([^`]+)`", r"<code>\1</code>", html.escape(text))
