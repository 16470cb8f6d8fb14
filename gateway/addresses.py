"""From a request line and a host name to a service, a municipality and its base URLs."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from gateway.snapshot import Snapshot, Tenant
from runtime.tenancy import SERVICES

# An allow list leaves no room for tricks: no percent sign (so no encoded slash or dot), no backslash, no empty segment
# (so no double or trailing slash), and no segment of only dots. Nothing in the six APIs needs more than this.
_SEGMENT = r"/(?!\.+(?:/|$))[A-Za-z0-9._~-]+"
# Two paths may have a slash at the end, as clients of other implementations ask for them.
_FORWARDED = re.compile(rf"/({'|'.join(SERVICES)})/api/v1(?:(/schema)?/|((?:{_SEGMENT})*))", re.ASCII)
_ROOT = re.compile(rf"/({'|'.join(SERVICES)})/api/v1(?:/|$)".encode())
_PUBLIC = re.compile(
    r"|/openapi\.(?:json|yaml)|/postman\.json|/bruno\.zip|/schema(?:/openapi\.(?:json|yaml))?|/docs(?:/.*)?", re.ASCII
)
_HOST = re.compile(r"([a-z0-9.-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?")


@dataclass(frozen=True, slots=True)
class Target:
    """Where a path goes. ``public`` is the root or documentation, which need no token."""

    service: str
    path: str
    public: bool

    @property
    def is_root(self) -> bool:
        """Whether it is the root of an API, which tells its lists."""
        return self.path == f"/{self.service}/api/v1"


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
    below = found[2] or found[3] or ""
    return Target(found[1], f"/{found[1]}/api/v1{below}", _PUBLIC.fullmatch(below) is not None)


def split_host(header: str) -> tuple[str, str]:
    """Return the host name and the port (or ``""``) of a Host header, both empty when it is malformed."""
    found = _HOST.fullmatch(header.lower())
    return (found[1].rstrip("."), found[2] or "") if found else ("", "")


def base_asked(snapshot: Snapshot, host: str, public_url: str) -> str:
    """Return the base URL that was asked, of the municipality with this host name; of none, the public URL."""
    here = snapshot.by_host.get(split_host(host)[0])
    return bases_for(snapshot, here, host, public_url)[0] if here else public_url


def is_served(snapshot: Snapshot, host: str, public_url: str) -> bool:
    """Return whether a Host header has a name of a municipality, that of the public URL, or one that can be of no
    municipality: an address, or a name without a dot such as ``localhost``."""
    name = split_host(host)[0]
    if name in snapshot.by_host or name == urlsplit(public_url).hostname:
        return True
    return name != "" and ("." not in name or name.rpartition(".")[2].isdigit())


def base_of(host: str, public_url: str) -> str:
    """Return the base URL of a host name of a municipality: with the scheme and the port of the public URL."""
    public = urlsplit(public_url)
    port = f":{public.port}" if public.port is not None else ""
    return f"{public.scheme}://{host}{port}"


def own_bases(hosts: Sequence[str], public_url: str) -> tuple[str, ...]:
    """Return the base URLs of a municipality with these host names. The first is the canonical one: that of its first
    host name, and of a municipality without any the public URL."""
    urls = [*(base_of(host, public_url) for host in hosts), public_url]
    # URLs that were made before the public URL was another one, or by hand, are ours as well.
    urls += [f"{form}://{host}" for host in hosts for form in ("https", "http")]
    return tuple(dict.fromkeys(urls))


def bases_for(snapshot: Snapshot, tenant: Tenant, host: str, public_url: str) -> tuple[str, ...]:
    """Return the base URLs of a municipality; the first is the one that a client is answered with.

    That is the host name it called, when that belongs to the municipality, and otherwise the public URL; never the
    port that it called, which anybody can make up.
    """
    name = split_host(host)[0]
    key = (tenant.name, name if name in tenant.hosts else "")
    if (bases := snapshot.bases.get(key)) is None:
        first = base_of(name, public_url) if key[1] else public_url
        bases = snapshot.bases[key] = tuple(dict.fromkeys((first, *own_bases(tenant.hosts, public_url))))
    return bases
