"""Municipalities in the database: one schema and one role per (municipality, service).

``olst-wijhe`` has the schemas ``olst_wijhe_zaken``, ``olst_wijhe_documenten``, …; the role of the same name may use
that
schema and nothing else. A service logs in as ``samenzaak_zaken``, which may become each of its roles and by itself
has no rights at all.
"""

import re
from urllib.parse import quote, urlsplit, urlunsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

SERVICES = ("autorisaties", "besluiten", "catalogi", "documenten", "notificaties", "zaken")

ERASED = "samenzaak_erased"
"""The channel that tells every process of a municipality that was erased. The payload is its name."""

_NAME = re.compile(r"[a-z](?:-?[a-z0-9]){1,39}")


_RESERVED = frozenset((*SERVICES, "gateway", "worker", "public", "postgres", "information-schema", "pg", "samenzaak"))


def check_name(tenant: str) -> str:
    """Return ``tenant`` if a municipality may be called so; raise ValueError for a name that is not spelled as one, and
    for one that would be taken for a schema or role of PostgreSQL or of Samenzaak itself."""
    _check_spelling(tenant)
    service = next((service for service in SERVICES if tenant.endswith(f"-{service}")), "")
    if service:
        raise ValueError(
            f"{tenant!r}: the name of a municipality does not end in -{service}, which is how schemas of {service} end"
        )
    if tenant in _RESERVED or tenant.startswith(("pg-", "samenzaak-")):
        raise ValueError(f"{tenant!r}: this name is reserved for PostgreSQL and Samenzaak itself; choose another one")
    return tenant


def _check_spelling(tenant: str) -> None:
    if not _NAME.fullmatch(tenant):
        raise ValueError(
            f"{tenant!r}: the name of a municipality begins with a letter and has 2 to 40 lower-case letters, digits"
            " and single hyphens"
        )


def check_time_zone(name: str) -> str:
    """Return ``name`` if it is the name of a time zone, such as ``Europe/Amsterdam``; raise ValueError otherwise."""
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{name!r} is not a time zone, such as Europe/Amsterdam") from None


def schema_of(tenant: str, service: str) -> str:
    """Return the schema and role name: ``schema_of("olst-wijhe", "zaken") == "olst_wijhe_zaken"``.

    Names have no underscore, so two municipalities never share a schema. Raises ValueError for what is no name.
    """
    # A municipality from before may have a name that is reserved now; it is served, and can be removed.
    _check_spelling(tenant)
    return f"{tenant.replace('-', '_')}_{service}"


def tenant_of(schema: str, service: str) -> str:
    """Return the name of the municipality whose schema this is; the inverse of :func:`schema_of`."""
    return schema.removesuffix(f"_{service}").replace("_", "-")


def login_role(service: str) -> str:
    """Return the role that a service logs in as."""
    return f"samenzaak_{service}"


def service_dsn(dsn: str, service: str, password: str) -> str:
    """Return ``dsn`` with the login role of ``service`` in the place of its user."""
    parts = urlsplit(dsn)
    host = parts.netloc.rpartition("@")[2]
    user = f"{quote(login_role(service))}:{quote(password, safe='')}"
    return urlunsplit(parts._replace(netloc=f"{user}@{host}"))
