"""What each application needs beside the standard, and the page with the tests that show it:
``python -m tests.profiel.matrix`` writes docs/applications/README.md.

A test says what it shows with ``@pytest.mark.profiel("ZAC", "ziotUrl")``.
"""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "applications" / "README.md"

ITEMS = {
    "root": "the root of an API answers 200 without a token",
    "patience": "who asks one thing after another is never refused for asking too often (429)",
    "convenience": "several writes in one: `zaak_afsluiten`, `zaak_bijwerken`, `document_registreren`, …",
    "rolPut": "PUT of a rol",
    "gerelateerdeZaken": "the member `gerelateerdeZaken` of a zaak",
    "communicatiekanaalNaam": "the member `communicatiekanaalNaam` of a zaak",
    "nnpKvk": "`kvkNummer` and `vestigingsNummer` of a niet_natuurlijk_persoon",
    "authenticatieContext": "`authenticatieContext` of a rol",
    "betrokkeneNull": "the switch `betrokkeneNull`",
    "ziotUrl": "the switch `ziotUrl`",
    "bronHoofdletters": "the switch `bronHoofdletters`",
    "objectTypeOverige": "`objectTypeOverige` with capitals and blanks",
    "zaakFilters": "filters on zaken, also in `_zoek`",
    "documentFilters": "filters and order of documents",
    "typeFilters": "`zaaktype` and `…__icontains` on lists of types",
    "snakeCase": "members in snake_case",
    "dateOnly": "a moment as a date, or without offset",
    "numbers": "numbers for texts, and blanks around them",
    "concepts": "the switches `conceptRelaties` and `strengPubliceren`",
    "kanaalPut": "PUT of a kanaal",
    "substatus": "substatussen",
    "iatMs": "`iat` of a token in milliseconds",
}

APPLICATIONS = {
    "ZAC": ("zac", "Zaakafhandelcomponent (PodiumD)"),
    "VAL": ("valtimo", "Valtimo, GZAC"),
    "NLP": ("nl-portal", "NL Portal"),
    "OF": ("open-formulieren", "Open Formulieren"),
    "OIP": ("open-inwoner", "Open Inwoner"),
    "OAB": ("open-archiefbeheer", "Open Archiefbeheer"),
    "OB": ("open-beheer", "Open Beheer"),
    "KISS": ("kiss", "KISS"),
    "NIJ": ("nijmegen", "Applications of Nijmegen"),
    "ODMS": ("open-dms", "Open DMS"),
    "NAC": ("open-object-open-klant", "Open Object, Open Klant"),
    "REST": ("others", "Office add-in, OpenZaakBrug, zaakbrug, Open Webconcept, laravel-zgw-client, OMC"),
}
"""The page and the name of each application."""

NEEDS = {
    "ZAC": (
        "convenience",
        "gerelateerdeZaken",
        "communicatiekanaalNaam",
        "nnpKvk",
        "ziotUrl",
        "bronHoofdletters",
        "objectTypeOverige",
    ),
    "VAL": (
        "rolPut",
        "gerelateerdeZaken",
        "communicatiekanaalNaam",
        "nnpKvk",
        "betrokkeneNull",
        "ziotUrl",
        "zaakFilters",
        "documentFilters",
        "numbers",
    ),
    "NLP": ("nnpKvk", "zaakFilters"),
    "OF": ("root", "objectTypeOverige", "snakeCase", "numbers"),
    "OIP": ("root", "patience"),
    "OAB": ("root", "patience", "typeFilters", "snakeCase", "dateOnly"),
    "OB": ("root", "patience", "ziotUrl", "typeFilters", "concepts"),
    "KISS": (),
    "NIJ": ("dateOnly", "iatMs"),
    "ODMS": ("convenience",),
    "NAC": ("root",),
    "REST": (),
}
"""What does not work without it."""

NICER = {
    "ZAC": ("patience", "zaakFilters"),
    "VAL": ("patience", "authenticatieContext", "dateOnly"),
    "NLP": ("substatus",),
    "OF": ("patience", "kanaalPut"),
    "OIP": ("nnpKvk",),
    "KISS": ("nnpKvk", "zaakFilters"),
    "NIJ": ("nnpKvk",),
    "ODMS": ("documentFilters",),
    "NAC": ("kanaalPut",),
    "REST": ("dateOnly",),
}
"""What is better with it."""

HEAD = """\
# Applications

What applications that were written for Open Zaak need here, what to set for each, and what shows it. Most of them were
read, not run: the tests send the requests that their sources have, with their headers and bodies, and look at what
they read in the answers; each page tells from where. `zgw-consumers`, `notifications-api-common` and
`gemma-zds-client`, which many of them are built on, run for real.

This page is written by `make docs`; a test fails when it is out of date, or when nothing shows what an application
needs.

## Before you begin

- The commands run where the server finds its data: with the same `SAMENZAAK_HOME`, or the same database and secret
  key.
- `deventer`, its `naam` and `rsin` stand for your municipality, and `VERGU` for the `domein` of its catalogue. The
  rights are for all types of that catalogue, with the versions that come later
  ([rights that follow a type](../vendors.md#rights-that-follow-a-type)); to give fewer, name a type in its place, as
  `zaaktype: {domein: VERGU, identificatie: ZT-EVENEMENT}`. What a `bundel` is, is told
  [for operators](../operators.md#municipalities-and-clients-in-a-file). While there is no such catalogue `apply` says
  `no catalogus VERGU yet, left out`, and the application gets 403 (`permission_denied`): apply again when it is there.
- What `secretEnv` names is a variable that is set before `apply`; without it `apply` says so and changes nothing.
  Make a secret once, and keep it: another value, next time, gives the client another secret.

  ```
  openssl rand -base64 36 > nl-portal.secret
  export NL_PORTAL_SECRET="$(cat nl-portal.secret)"
  ```

  `OBJECTEN_AUTHORIZATION` is the whole header that the Objecten API asks for: `Token 0123…`. `samenzaak client add`
  makes a secret itself, and prints it once.
- An application that is notified has a webhook, which is called twice before its abonnement is accepted: 401 or 403
  without the agreed `Authorization`, 2xx with it. It begins with `https://`, and is not on a private address: inside
  the network of a municipality the operator allows that (`SAMENZAAK_CALLBACK_ALLOW_HTTP`,
  `SAMENZAAK_CALLBACK_ALLOW_PRIVATE`: [callbacks](../operators.md#callbacks)).

| application | page | tests |
|---|---|---|
"""


def shown() -> dict[tuple[str, str], list[tuple[Path, str]]]:
    """Return the tests that show each need of an application: their file and their name."""
    found: dict[tuple[str, str], list[tuple[Path, str]]] = defaultdict(list)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        text = path.read_text(encoding="utf-8")
        if "mark.profiel(" in text:
            for function in ast.walk(ast.parse(text)):
                if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                    for need in _marked(function):
                        found[need].append((path, function.name))
    return found


def _marked(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[tuple[str, str]]:
    """Yield what the marks of a test name."""
    for mark in function.decorator_list:
        if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.profiel":
            application, item = (ast.literal_eval(argument) for argument in mark.args)
            yield application, item


def page() -> str:
    """Return the page."""
    tests = shown()
    lines = [HEAD.rstrip()]
    for short, (name, title) in APPLICATIONS.items():
        files = sorted({path for (application, _), all_ in tests.items() if application == short for path, _ in all_})
        links = ", ".join(f"[{path.stem}](../../{path.relative_to(ROOT)})" for path in files)
        lines.append(f"| {title} | [{name}]({name}.md) | {links} |")
    lines += ["", "## Who needs what", "", "● does not work without it, ○ is better with it.", ""]
    lines += ["| | what | " + " | ".join(APPLICATIONS) + " |", "|---|---|" + "---|" * len(APPLICATIONS)]
    for item, meaning in ITEMS.items():
        cells = ["●" if item in NEEDS[short] else "○" if item in NICER.get(short, ()) else "" for short in APPLICATIONS]
        lines.append(f"| `{item}` | {meaning} | {' | '.join(cells)} |")
    lines += ["", ", ".join(f"{short}: {title}" for short, (_, title) in APPLICATIONS.items()) + ".", ""]
    lines += ["## Which test shows it", "", "| application | what | tests |", "|---|---|---|"]
    for short in APPLICATIONS:
        for item in ITEMS:
            if all_ := tests.get((short, item)):
                links = ", ".join(f"[{name}](../../{path.relative_to(ROOT)})" for path, name in all_)
                lines.append(f"| {short} | `{item}` | {links} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page())
