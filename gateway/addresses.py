"""From a request line and a host name to a service, a municipality and its base URLs."""

import re
from dataclasses import dataclass

from gateway.snapshot import Snapshot, Tenant
from zgw.tenancy import SERVICES

# What is not allowed cannot be a trick: no percent sign (so no encoded slash or dot), no backslash, no empty segment
# (so no double or trailing slash), and no segment of only dots. Nothing in the six APIs needs more than this.
_SEGMENT = r"/(?!\.+(?:/|$))[A-Za-z0-9._~-]+"
_FORWARDED = re.compile(rf"/({'|'.join(SERVICES)})/api/v1((?:{_SEGMENT})*)", re.ASCII)
_ROOT = re.compile(rf"/({'|'.join(SERVICES)})/api/v1(?:/|$)".encode())
_PUBLIC = re.compile(r"/openapi\.json|/openapi\.yaml|/schema/openapi\.yaml|/docs(?:/.*)?", re.ASCII)
_HOST = re.compile(r"([a-z0-9.-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?")

_DEFAULT_PORTS = {"http": "80", "https": "443"}

BASES_MAX = 1000
"""Most combinations of municipality and Host header that are remembered; a client can make up any number of them."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a path goes. ``public`` is documentation, which needs no token."""

    service: str
    path: str
    public: bool


def find_service(raw_path: bytes) -> str:
    """Return the service below whose root a path is, even when it leads nowhere; else an empty string.

    ``find_service(b"/zaken/api/v1/zaken/") == "zaken"``
    """
    found = _ROOT.match(raw_path)
    return found[1].decode() if found else ""


def find_target(raw_path: bytes) -> Target | None:
    """Return the service that a path as sent by the client belongs to, or None when nothing is there.

    ``find_target(b"/zaken/api/v1/zaken").service == "zaken"``
    """
    try:
        path = raw_path.decode("ascii")
    except UnicodeDecodeError:
        return None
    found = _FORWARDED.fullmatch(path)
    if found is None:
        return None
    return Target(found[1], path, _PUBLIC.fullmatch(found[2]) is not None)


def split_host(header: str) -> tuple[str, str]:
    """Return the host name and the port (or ``""``) of a Host header, both empty when it is malformed."""
    found = _HOST.fullmatch(header.lower())
    return (found[1].rstrip("."), found[2] or "") if found else ("", "")


def bases_for(snapshot: Snapshot, tenant: Tenant, scheme: str, host: str, public_url: str) -> tuple[str, ...]:
    """Return the base URLs of a municipality; the first is the one that the client used.

    That is the host name it called, when that belongs to the municipality, and otherwise the public URL.
    """
    key = (tenant.name, scheme, host)
    if (bases := snapshot.bases.get(key)) is not None:
        return bases
    name, port = split_host(host)
    urls = [public_url]
    if name in tenant.hosts:
        suffix = f":{port}" if port and port != _DEFAULT_PORTS.get(scheme) else ""
        urls.insert(0, f"{scheme}://{name}{suffix}")
    urls += [f"{form}://{other}" for other in tenant.hosts for form in ("https", "http")]
    bases = tuple(dict.fromkeys(urls))
    if len(snapshot.bases) < BASES_MAX:
        snapshot.bases[key] = bases
    return bases
