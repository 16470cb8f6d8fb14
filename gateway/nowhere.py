"""What is wrong with an address at which there is nothing: the mistakes that a first request has."""

from collections.abc import Collection


def advice(path: str, apis: Collection[str]) -> str:
    """Return the detail of a 404 for a path that no API has: ``advice("/zaken/api/v2/zaken", ["zaken"])`` says where
    that API is. Nothing of the path is repeated."""
    first = path.split("/")[1].lower() if "/" in path else ""
    if "//" in path:
        return "Op dit adres is niets: er staan twee schuine strepen na elkaar."
    if first in apis and not path.startswith(f"/{first}/api/v1/"):
        return f"Op dit adres is niets: deze API staat onder /{first}/api/v1."
    if path.endswith("/"):
        return "Op dit adres is niets: adressen hebben geen schuine streep aan het eind."
    if "/api/" in path:
        return f"Op dit adres is niets. De API's staan onder /…/api/v1, met op … {', '.join(sorted(apis))}."
    return "Deze pagina bestaat niet."
