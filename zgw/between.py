"""The requests that our services may make to each other with their own credentials: those they need, no others.

A service has all rights within what it may ask here, because it looks at the rights of the client first. Without this
list the keys of one service would open all the others to whoever breaks into it.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

from runtime.tenancy import SERVICES

LEADING = ("zaken", "besluiten")
"""Those that have relations of which documenten keeps the other side."""
FILES = (*LEADING, "documenten")
"""Those whose objects refer to objects of others."""
OBJECTS = "/_intern/objects/"
"""Where a service reads with the rights of a client, for ``expand`` and for what a client refers to."""
ONE = "[0-9a-f-]{36}"
JUDGED, REGISTERED = "/_intern/zaakinformatieobject", "/zaken/api/v1/zaakinformatieobjecten"
"""What documenten writes at zaken with the rights of a client: first only to hear what is wrong with it."""


@dataclass(frozen=True)
class Permission:
    """Requests of any of ``callers`` to any of ``callees``, with one of ``methods`` and a path that matches."""

    callers: Collection[str]
    callees: Collection[str]
    methods: Collection[str]
    path: re.Pattern[str]


def _may(callers: Collection[str], callees: Collection[str], methods: str, path: str) -> Permission:
    return Permission(callers, callees, methods.split(), re.compile(path))


PERMISSIONS = (
    _may(SERVICES, ("autorisaties",), "GET", "/_intern/(client|external)"),
    _may(SERVICES, ("catalogi",), "POST", f"(/_intern/selectielijst|{OBJECTS}[a-z_-]+)"),
    _may(("zaken",), ("catalogi",), "GET", "/_intern/zaaktypen"),
    # Whose data an action was about, and of which zaaktype (docs/adr/0020-the-logboek-dataverwerkingen.md).
    _may(FILES, ("autorisaties",), "GET", "/_intern/logboek"),
    _may(FILES, ("catalogi",), "POST", "/_intern/versies"),
    _may(FILES, ("zaken",), "POST", "/_intern/betrokkenen"),
    # Rights that follow a type, and who loses sight of a new version (docs/adr/0017-rights-that-follow-types.md).
    _may(("autorisaties",), ("catalogi",), "POST", "/_intern/versies"),
    _may(("catalogi",), ("autorisaties",), "POST", "/_intern/(zonder|gevolgd)"),
    _may(FILES, SERVICES, "POST", f"{OBJECTS}[a-z_-]+"),
    _may(SERVICES, ("notificaties",), "POST", "/_intern/notificaties"),
    _may(("notificaties",), SERVICES, "GET", "/_intern/kanalen"),
    # Who saw what, asked of the log of each service (docs/adr/0019-the-reading-log.md).
    _may(("autorisaties",), FILES, "POST", "/_intern/reading_log"),
    _may(("autorisaties",), ("zaken",), "POST", "/_intern/personen"),
    _may(("catalogi",), FILES, "GET", "/_intern/uses"),
    # Relations of which each service keeps one side (docs/adr/0004-relations-across-services.md).
    _may(LEADING, ("documenten",), "POST DELETE", "/_intern/objectinformatieobjecten"),
    _may(LEADING, ("documenten",), "GET POST", "/documenten/api/v1/objectinformatieobjecten"),
    _may(LEADING, ("documenten",), "DELETE", f"/documenten/api/v1/objectinformatieobjecten/{ONE}"),
    _may(("documenten",), LEADING, "POST", "/_intern/leading"),
    _may(("documenten",), ("zaken",), "GET", "/zaken/api/v1/zaakinformatieobjecten"),
    _may(("documenten",), ("besluiten",), "GET", "/besluiten/api/v1/besluitinformatieobjecten"),
    # A document that is registered with its zaak: made for the client, or by itself when the process died.
    _may(("documenten",), ("zaken",), "POST", JUDGED),
    _may(("documenten",), ("zaken",), "POST", REGISTERED),
    _may(("documenten",), ("zaken",), "DELETE", f"{REGISTERED}/{ONE}"),
    _may(("besluiten",), ("zaken",), "POST", "/_intern/besluit"),
    _may(("besluiten",), ("zaken",), "GET POST", f"/zaken/api/v1/zaken/{ONE}/besluiten"),
    _may(("besluiten",), ("zaken",), "DELETE", f"/zaken/api/v1/zaken/{ONE}/besluiten/{ONE}"),
)


def may_ask(caller: str, callee: str, method: str, path: str, *, for_client: bool = False) -> bool:
    """Return whether one service may ask this of another: ``may_ask("catalogi", "zaken", "GET", "/_intern/uses")``.

    ``for_client``: with the rights of a client that it vouches for, with which it reads, and registers a document in a
    zaak. Of itself it may ask all.
    """
    if for_client and not path.startswith(OBJECTS) and path not in (JUDGED, REGISTERED):
        return False
    if caller == callee:
        return True
    return any(
        caller in each.callers and callee in each.callees and method in each.methods and each.path.fullmatch(path)
        for each in PERMISSIONS
    )
