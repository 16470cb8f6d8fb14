"""Removes what may be a BSN from everything that is written down about requests: logs, traces and metrics."""

import re

MASK = "#########"

# Digits of other scripts are looked for in the few texts that are not ASCII.
_LONG = re.compile(r"[0-9]{8}")
_GROUPED = re.compile(r"[ .-][0-9]{2,3}[ .-][0-9]{3}")

_ENCODED = re.compile(r"(?:%(?:25)*|\\u00)(3\d|20|2[DEde])")
"""A digit, space, hyphen or full stop as it is in URLs, also encoded more than once, and in JSON."""

_MAY_BE = re.compile(
    # Kept: a UUID, and what is hexadecimal and as long as one, such as a request id or the key of an object.
    r"(?<![0-9A-Za-z])(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32,64})(?![0-9A-Za-z])"
    # Eight digits or more, whatever letters touch them, and nine in the groups in which people write them.
    r"|(\d{8,}|(?<!\d)(?<!\d[ .-])(?:\d{3}([ .-])\d{3}\2\d{3}|\d{4}([ .-])\d{2}\3\d{3})(?!\d|[ .-]\d))"
)


def masked(text: str) -> str:
    """Return a text with ``#########`` in the place of every number that may be a BSN."""
    if text.isascii() and not (_LONG.search(text) or "%" in text or "\\u00" in text or _GROUPED.search(text)):
        # So are nearly all texts.
        return text
    plain = _ENCODED.sub(lambda found: chr(int(found[1], 16)), text)
    hidden = _MAY_BE.sub(lambda found: MASK if found[1] else found[0], plain)
    # Text without one stays as it was sent.
    return text if hidden == plain else hidden
