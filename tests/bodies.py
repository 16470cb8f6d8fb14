"""Bodies of requests, with as little as the standard wants; a change to ``...`` leaves a field out."""

from typing import Any

RSIN = "517439943"


def zaak_body(zaaktype: str, **changes: Any) -> dict[str, Any]:
    """Return the body of a zaak."""
    body = {
        "bronorganisatie": RSIN,
        "verantwoordelijkeOrganisatie": RSIN,
        "zaaktype": zaaktype,
        "startdatum": "2026-01-01",
    }
    return _changed(body, changes)


def besluit_body(besluittype: str, **changes: Any) -> dict[str, Any]:
    """Return the body of a besluit."""
    body = {
        "verantwoordelijkeOrganisatie": RSIN,
        "besluittype": besluittype,
        "datum": "2026-02-02",
        "ingangsdatum": "2026-02-03",
    }
    return _changed(body, changes)


def rol_body(zaak: str, roltype: str, **changes: Any) -> dict[str, Any]:
    """Return the body of a rol of a natural person."""
    body = {
        "zaak": zaak,
        "roltype": roltype,
        "betrokkeneType": "natuurlijk_persoon",
        "roltoelichting": "aanvrager",
        "betrokkeneIdentificatie": {"inpBsn": "111222333"},
    }
    return _changed(body, changes)


def _changed(body: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**body, **changes}.items() if value is not ...}


def relatie(url: str, aard: str = "vervolg") -> dict[str, Any]:
    """Return one of the relevanteAndereZaken of a zaak, with all that an answer shows."""
    return {"url": url, "aardRelatie": aard, "overigeRelatie": "", "toelichting": ""}
