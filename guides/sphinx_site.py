"""Runs Sphinx, with the theme beside this file, over the pages that are staged."""

import re
import sys
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

from guides.navigation import SEARCH, counterpart, language, navigation, order
from guides.pages import LANGUAGES
from runtime.version import VERSION

_SAMPLES = re.compile(
    r'<div class="samples docutils container">\n(?:<div class="highlight-.*?</div>\n</div>\n)+</div>', re.DOTALL
)

_TEXTS = {
    "en": {
        "home": "Samenzaak, front page",
        "guides": "Guides",
        "skip": "To the content",
        "menu": "All guides",
        "search": "Search",
        "found": "Search the guides",
        "scripts": "The search runs in the browser and needs its scripts.",
        "contents": "On this page",
        "previous": "Previous",
        "next": "Next",
        "other": "Nederlands",
        "table": "Table",
        "samples": "The same in several languages",
    },
    "nl": {
        "home": "Samenzaak, voorpagina",
        "guides": "Handleidingen",
        "skip": "Naar de inhoud",
        "menu": "Alle handleidingen",
        "search": "Zoeken",
        "found": "Zoeken in de handleidingen",
        "scripts": "Het zoeken gebeurt in de browser, en heeft scripts nodig.",
        "contents": "Op deze pagina",
        "previous": "Vorige",
        "next": "Volgende",
        "other": "English",
        "table": "Tabel",
        "samples": "Hetzelfde in verschillende talen",
    },
}


def generate(pages: Path, out: Path, doctrees: Path) -> None:
    """Write the site; SystemExit with the messages of Sphinx when a page has a mistake, such as a link to nowhere."""
    settings = {
        "project": "Samenzaak",
        "release": VERSION,
        "extensions": ["myst_parser"],
        "myst_enable_extensions": ["colon_fence"],
        "myst_heading_anchors": 6,
        "html_theme": "theme",
        "html_theme_path": [str(Path(__file__).parent)],
        "html_title": "Samenzaak",
        "html_additional_pages": {SEARCH["nl"]: "search.html"},
        "html_copy_source": False,
        "html_use_index": False,
        "html_domain_indices": False,
        "html_permalinks": False,
        "highlight_language": "text",
        # The navigation is that of navigation.py. What a page shows of a language that is no such language stays text.
        "suppress_warnings": ["toc.not_included", "misc.highlighting_failure", "myst.header"],
    }
    with patch_docutils(), docutils_namespace():
        app = Sphinx(
            pages, None, out, doctrees, "dirhtml", settings, status=None, warning=sys.stderr, warningiserror=True
        )
        app.add_js_file("guide.js", loading_method="defer")
        app.connect("html-page-context", _add_context)
        app.build(force_all=True)
    if app.statuscode:
        sys.exit(app.statuscode)


def _add_context(app: Sphinx, page: str, _template: str, context: dict[str, Any], _tree: object) -> None:
    """Tell the templates where a page stands."""
    names = [name for name in app.env.found_docs if name in app.env.titles]
    titles = {name: app.env.titles[name].astext() for name in names}
    there = [name for name in order(names, page) if name in titles]
    turn = there.index(page) if page in there else None
    around = (None, None) if turn is None else (there[turn - 1] if turn else None, [*there, None][turn + 1])
    lang = language(page)
    other = counterpart(page)
    context.update(
        lang=lang,
        text=_TEXTS[lang],
        sections=list(navigation(names, page)),
        titles=titles,
        language=language,
        before=around[0],
        after=around[1],
        other=other if other in titles or page in SEARCH.values() else None,
        search=SEARCH[lang],
        page=page,
        contents=context.get("toc", "") if context.get("display_toc") else "",
        guide_script=_named("guide.js", context["script_files"]),
        guide_style=_named("guide.css", context["css_files"]),
        body=_accessible(context.get("body", ""), _TEXTS[lang]),
    )


def _named(name: str, assets: list[Any]) -> Any:
    return next(asset for asset in assets if str(asset.filename).endswith(name))


def _accessible(body: str, texts: dict[str, str]) -> str:
    """Return a page whose wide blocks can be scrolled with the keyboard and whose samples say what they are in."""
    body = body.replace("<pre>", '<pre tabindex="0">')
    body = body.replace("<table", f'<div class="table" role="group" aria-label="{texts["table"]}" tabindex="0"><table')
    body = body.replace("</table>", "</table></div>")
    return _SAMPLES.sub(lambda group: _labelled(group, texts), body)


def _labelled(group: re.Match[str], texts: dict[str, str]) -> str:
    found = group[0].replace('class="samples docutils container"', f'class="samples" data-label="{texts["samples"]}"')
    for name, label in LANGUAGES.items():
        found = found.replace(
            f'<div class="highlight-{name} notranslate">',
            f'<div data-language="{label}"><p class="language">{label}</p>',
        )
    return found
