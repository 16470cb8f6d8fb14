"""Real objects in the place of made-up ones, so that requests get past the first check."""

import random
from collections import defaultdict
from collections.abc import Callable
from typing import Any

COLLECTIONS = {
    "catalogi": ("catalogussen", "zaaktypen", "informatieobjecttypen", "besluittypen", "statustypen", "resultaattypen",
        "roltypen", "eigenschappen", "zaakobjecttypen", "zaaktype-informatieobjecttypen"),
    "zaken": ("zaken", "statussen", "resultaten", "rollen", "zaakobjecten", "zaakinformatieobjecten", "klantcontacten",
        "zaakcontactmomenten", "zaakverzoeken", "zaaknotities"),
    "documenten": ("enkelvoudiginformatieobjecten", "gebruiksrechten", "objectinformatieobjecten", "verzendingen"),
    "besluiten": ("besluiten", "besluitinformatieobjecten"),
    "autorisaties": ("applicaties",),
    "notificaties": ("kanaal", "abonnement"),
}  # fmt: skip

FIELDS = {
    "catalogus": "catalogussen", "zaaktype": "zaaktypen", "informatieobjecttype": "informatieobjecttypen",
    "besluittype": "besluittypen", "statustype": "statustypen", "resultaattype": "resultaattypen",
    "roltype": "roltypen", "eigenschap": "eigenschappen", "zaak": "zaken", "hoofdzaak": "zaken",
    "gerelateerdeZaak": "zaken", "status": "statussen", "informatieobject": "enkelvoudiginformatieobjecten",
    "besluit": "besluiten", "object": "zaken", "zaakobject": "zaakobjecten", "zaakobjecttype": "zaakobjecttypen",
}  # fmt: skip
"""Which fields and query parameters hold the URL of an object of which collection."""

FIXED: dict[str, str] = {
    # Never a real host: what is fuzzed must not call anyone.
    "callbackUrl": "http://127.0.0.1:9/haak",
    "bronorganisatie": "517439943",
    "verantwoordelijkeOrganisatie": "517439943",
    "rsin": "517439943",
    "verantwoordelijke": "517439943",
}


class Pools:
    """URLs of existing objects, by collection."""

    def __init__(self, seed: int) -> None:
        self.urls: dict[str, list[str]] = defaultdict(list)
        self.random = random.Random(seed)

    def fill(self, get: Callable[[str], Any], spare: Callable[[dict[str, Any]], bool]) -> None:
        """Read what there is; objects that ``spare`` names are not touched."""
        for service, collections in COLLECTIONS.items():
            for collection in collections:
                found = get(f"/{service}/api/v1/{collection}")
                objects = found["results"] if isinstance(found, dict) else found
                self.urls[collection] = [o["url"] for o in objects if not spare(o)]

    def url(self, collection: str) -> str | None:
        """Return the URL of one of the objects."""
        found = self.urls.get(collection)
        return self.random.choice(found) if found else None

    def add(self, answer: Any) -> None:
        """Remember an object that a request made."""
        if isinstance(answer, dict) and isinstance(url := answer.get("url"), str):
            collection = url.rpartition("/")[0].rpartition("/")[2]
            if collection in self.urls and len(self.urls[collection]) < 50:
                self.urls[collection].append(url)

    def path(self, template: str, given: dict[str, Any]) -> None:
        """Put real identifications in the place of most made-up ones of a path."""
        segments = template.split("/")
        for index, segment in enumerate(segments):
            name = segment.strip("{}")
            real = self.url(segments[index - 1]) if segment.startswith("{") else None
            if real is not None and name in given and self.random.random() < 0.8:
                given[name] = real.rpartition("/")[2]

    def values(self, given: Any) -> Any:
        """Put real URLs in the place of most made-up ones, at any depth."""
        if isinstance(given, list):
            return [self.values(item) for item in given]
        if not isinstance(given, dict):
            return given
        changed = {}
        for name, value in given.items():
            changed[name] = self.values(value)
            plain = name.partition("__")[0]
            if name == "callbackUrl" or (isinstance(value, str) and plain in FIXED and self.random.random() < 0.8):
                changed[name] = FIXED[plain]
            elif isinstance(value, str) and plain in FIELDS and self.random.random() < 0.8:
                changed[name] = self.url(FIELDS[plain]) or value
        return changed
