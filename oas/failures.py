"""The errors of a document: of each operation its codes, with what they mean, and of each status an example."""

from typing import Any

from oas.errors import PREFIX, catalogue, example
from zgw.problems import MEDIA_TYPE

CODES = "x-samenzaak-foutcodes"
"""The keyword of an operation with the codes in ``invalidParams`` that it can give."""

SHOWN = {400: "required", 403: "permission_denied"}
"""The code that a status shows first."""


def explain(whole: dict[str, Any], base: str) -> None:
    """Write the codes of each operation into its description, and examples into the errors; in place."""
    for item in whole["paths"].values():
        for method, operation in item.items():
            # Reads have few, and the same ones: those are told by the keyword alone.
            if method not in ("get", "head") and (codes := operation.get(CODES)):
                listed = ", ".join(f"`{code}`" for code in codes)
                text = f"Foutcodes van velden: {listed}. Uitleg van elke code: {base}{PREFIX}"
                operation["description"] = "\n\n".join(filter(None, [operation.get("description", ""), text]))
    for name, answer in whole["components"]["responses"].items():
        status = int(name.removeprefix("Fout"))
        entries = [e for e in catalogue().values() if (e.status or 400) == status and e.code != "invalid"]
        entries = [e for e in entries if status != 400 or e.code in (SHOWN[400], "parse_error")]
        entries = sorted(entries, key=lambda entry: entry.code != SHOWN.get(status))
        content = answer["content"][MEDIA_TYPE]
        content["examples"] = {entry.code: {"summary": entry.title, "value": example(entry, base)} for entry in entries}
        answer["description"] += f" De codes staan uitgelegd op {base}{PREFIX}"
