"""Why a request was refused, in words for whoever builds the application: from what the log of requests keeps of it."""

from typing import Any

from oas.errors import PREFIX, entry_named
from zgw.problems import REASONS, VALIDATION, kind_of

CHECKS = {
    "token": "Het token: de handtekening, de client_id, de tijden.",
    "rechten": "De rechten van de applicatie: scopes, typen, vertrouwelijkheid, en wat een afgesloten zaak toelaat.",
    "tempo": "Het aantal verzoeken tegelijk, of per seconde.",
    "omvang": "De grootte van het verzoek of van zijn URL, of hoe langzaam het werd gezonden.",
    "adres": "Het adres of de methode: er is daar niets, of niet zo.",
    "vorm": "De headers en het formaat van het verzoek.",
    "inhoud": "De inhoud: velden, filters en de regels van de standaard.",
    "toestand": "De toestand van het object: het is intussen gewijzigd, of nog in gebruik.",
    "dienst": "Een fout of een storing bij ons: niet aan de applicatie.",
}
"""The checks that refuse, with what they look at."""

_BY_STATUS = {
    400: "inhoud",
    401: "token",
    403: "rechten",
    404: "adres",
    405: "adres",
    406: "vorm",
    408: "omvang",
    409: "toestand",
    410: "adres",
    412: "vorm",
    413: "omvang",
    414: "omvang",
    415: "vorm",
    423: "toestand",
    429: "tempo",
    508: "inhoud",
}
_OF_A_TOKEN = ("jwt-", "invalid-jwt-", "invalid-client-", "missing-client-", "expired-secret")


def check_of(status: int, code: str) -> str:
    """Return the name of the check that refused: ``check_of(403, "jwt-expired") == "token"``."""
    if status == 403 and code.startswith(_OF_A_TOKEN):
        return "token"
    return _BY_STATUS.get(status, "dienst")


def reason_of(code: str) -> str:
    """Return what a code of a field says of any value, in one sentence."""
    if code in REASONS:
        return REASONS[code]
    entry = entry_named(code)
    return entry.meaning.partition(". ")[0].rstrip(".") + "." if entry else code


def refusal(status: int, kept: dict[str, Any], base: str) -> dict[str, Any]:
    """Return the refusal of a request as its client reads it; ``kept`` is what ``gateway.request_log`` keeps of it."""
    code = kept.get("code", "")
    params = kept.get("params") or []
    return {
        "laag": "gateway" if kept.get("byGateway") else "dienst",
        "controle": check_of(status, code),
        "titel": kept.get("title", ""),
        "detail": kept.get("detail", ""),
        "invalidParams": [{"name": name, "code": code, "reason": reason_of(code)} for name, code in params],
        "uitleg": f"{base}{PREFIX}{VALIDATION if params else kind_of(code)}/" if code else "",
    }
