"""Bodies and paths of the operations that write several objects of a zaak at once."""

from typing import Any

from tests.bodies import rol_body
from tests.zaken.zaakmaker import Zaakmaker

ROOT = "/zaken/api/v1"


def status_deel(zaken: Zaakmaker, nummer: int = 1, **changes: Any) -> dict[str, Any]:
    """Return the part of a status; statustype 3 is the eindstatus."""
    body = zaken.status_body("", nummer, **changes)
    del body["zaak"]
    return body


def rol_deel(zaken: Zaakmaker, generiek: str = "initiator", **changes: Any) -> dict[str, Any]:
    """Return the part of a rol."""
    return rol_body(**{"zaak": ..., "roltype": zaken.types.roltypen[generiek], **changes})


def afsluiting(zaken: Zaakmaker, **changes: Any) -> dict[str, Any]:
    """Return the body that closes a zaak."""
    resultaat = {"resultaattype": zaken.types.resultaattypen[0]}
    return {"zaak": {}, "resultaat": resultaat, "status": status_deel(zaken, 3), **changes}


def body_of(zaken: Zaakmaker, name: str) -> dict[str, Any]:
    """Return a body that an operation on a zaak takes."""
    zaak = {
        "zaak_opschorten": {"opschorting": {"indicatie": True, "reden": ""}},
        "zaak_verlengen": {"verlenging": {"reden": "ziek", "duur": "P10D"}},
        "zaak_bijwerken": {},
    }
    return afsluiting(zaken) if name == "zaak_afsluiten" else {"zaak": zaak[name], "status": status_deel(zaken)}


def registratie(zaken: Zaakmaker, **changes: Any) -> dict[str, Any]:
    """Return the body of a zaak with a rol and a status."""
    return {"zaak": zaken.body(), "rollen": [rol_deel(zaken)], "status": status_deel(zaken), **changes}


def bij(name: str, zaak: dict[str, Any]) -> str:
    """Return the path of an operation on a zaak."""
    return f"{ROOT}/{name}/{zaak['uuid']}"


OP_EEN_ZAAK = ("zaak_afsluiten", "zaak_bijwerken", "zaak_opschorten", "zaak_verlengen")
