"""The root of an API for people: its lists, each with its place in the reference."""

from collections.abc import Mapping
from html import escape
from typing import Any

from oas.page import Documented, asset, policy
from oas.page_parts import text_of
from runtime.negotiation import weight

PAGE = """<!doctype html>
<html lang="nl">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>{title} {version}</title>
<link rel="icon" href="data:,">
<style>{style}</style>
</head>
<body>
<header>
<h1>{title} <small>{version}</small></h1>
<div class="intro">{description}</div>
<p><a href="{root}/docs">Naslag</a>, waarin u een token maakt en verzoeken doet ·
<a href="{root}/openapi.json">OAS</a> · <a href="/docs/">Handleidingen</a></p>
</header>
<main><h2>Lijsten</h2>
<p>Programma’s krijgen hier JSON. De adressen hieronder vragen een token.</p>
<table><thead><tr><th scope="col">Adres</th><th scope="col">Naslag</th><th scope="col">Uitleg</th></tr></thead>
<tbody>{rows}</tbody></table></main>
</body>
</html>
"""

ROW = """<tr><th scope="row"><a href="{url}">{url}</a></th>
<td><a href="{root}/docs#{operation}"><code>{operation}</code></a></td><td>{about}</td></tr>"""


def root_page(api: Documented, path: str, oas: Mapping[str, Any], lists: Mapping[str, str], base: str) -> str:
    """Return the page of the lists of an API below ``path``: ``lists`` has their paths by name, as the JSON has."""
    root, rows = escape(base + path), []
    for listed in lists.values():
        found = oas["paths"][listed.removeprefix(path)]
        operation = found.get("get") or next(iter(found.values()))
        about = operation.get("description", "").partition("\n\n")[0] or operation["summary"]
        rows.append(
            ROW.format(
                url=escape(base + listed),
                root=root,
                operation=escape(operation["operationId"]),
                about=text_of(about, inline=True),
            )
        )
    style = asset("page.css")
    return PAGE.format(
        policy=policy(style=style),
        title=escape(api.title),
        version=escape(api.version),
        description=text_of(api.description),
        root=root,
        rows="".join(rows),
        style=style,
    )


def prefers_html(accept: str) -> bool:
    """Return whether a client asks for a page: it names ``text/html``, and wants it more than ``application/json``.
    ``*/*`` alone is what programs send."""
    return (weight(accept, "text/html") or 0) > (weight(accept, "application/json") or 0)
