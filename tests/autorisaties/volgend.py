"""Applicaties with autorisaties that follow types, as tests send them."""

import uuid
from collections.abc import Mapping
from typing import Any

URL = "/autorisaties/api/v1/applicaties"
SCOPES = ["zaken.lezen", "zaken.aanmaken"]


def zrc(**more: Any) -> dict[str, Any]:
    """Return an autorisatie for zaken."""
    return {"component": "zrc", "scopes": SCOPES, "maxVertrouwelijkheidaanduiding": "openbaar", **more}


def body(*autorisaties: Mapping[str, Any]) -> dict[str, Any]:
    """Return an Applicatie with these autorisaties."""
    return {"clientIds": [f"app-{uuid.uuid4()}"], "label": "Balie", "autorisaties": list(autorisaties)}


def types(applicatie: Mapping[str, Any]) -> list[str]:
    """Return the zaaktypen that an Applicatie shows."""
    return [one.get("zaaktype", "") for one in applicatie["autorisaties"]]
