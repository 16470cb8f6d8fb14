"""The texts of headers."""


def text_of(header: str) -> str:
    """Return the text of a header, which clients write in UTF-8 or in Latin-1, as HTTP gives it: ``text_of("cafÃ©")``
    and ``text_of("café")`` are both ``"café"``."""
    raw = header.encode("latin-1").replace(b"\0", b"")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")
