"""Which addresses the webhook of a subscriber may have (notificaties.md §4).

A URL is read by ``yarl``, as the client that later calls it does: what is judged is what is called.
"""

import ipaddress
import re
from collections.abc import Iterable

from yarl import URL

from runtime.outgoing import may_connect
from runtime.settings import Settings

_NUMBER = re.compile(r"(?:^|\.)(?:\d+|0[xX][0-9a-fA-F]*)$")
"""The end of a name that resolvers take for an address: ``2130706433``, ``127.1``, ``0x7f.1``."""
EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 -- compared with, not listened on


def parsed(url: str) -> URL | None:
    """Return a URL as the client reads it, or None when it cannot be called."""
    try:
        found = URL(url)
        # The port is read when it is asked for.
        return found if found.raw_host and found.port else None
    except ValueError:
        return None


def host_of(url: URL) -> str:
    """Return the host of a URL in one spelling: ``LOCALHOST.`` and ``[::ffff:7f00:1]`` are both ``localhost``."""
    host = (url.raw_host or "").lower().rstrip(".")
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return "localhost" if host.endswith(".localhost") else host
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return "localhost" if address.is_loopback else str(address)


def origin_of(url: str) -> tuple[str, str, int | None]:
    """Return scheme, host and port of a callback: who gets another one of them is another subscriber."""
    found = parsed(url)
    return ("", url, None) if found is None else (found.scheme, (found.raw_host or "").rstrip("."), found.port)


def refusal(url: str, settings: Settings, bases: Iterable[str] = (), hosts: Iterable[str] = ()) -> str:
    """Return why messages may not be sent to ``url``, or an empty string.

    ``bases`` and ``hosts`` are the base URLs and host names of municipalities, as far as they are known. Names are
    judged once more when they are resolved, and what reaches this installation after all is refused by its gateway.
    """
    found = parsed(url)
    if found is None:
        return "Dit is geen adres dat kan worden aangeroepen."
    if found.scheme != "https" and not settings.http_callbacks_allowed:
        return "De callback moet met https:// beginnen."
    if is_own(found, settings, bases, hosts):
        return "Dit is een adres van deze installatie."
    host = (found.raw_host or "").rstrip(".")
    try:
        return "" if may_connect(host, settings.private_callbacks_allowed) else "Dit adres is niet toegestaan."
    except ValueError:
        # A name and no address. What only looks like an address is read in different ways.
        return "Dit adres is niet toegestaan." if ":" in host or _NUMBER.search(host) else ""


def is_own(url: URL, settings: Settings, bases: Iterable[str], hosts: Iterable[str]) -> bool:
    """Return whether a URL leads to this installation: to the host of one of its base URLs or services, whatever the
    port; on this machine, where much else may listen, only to the same port."""
    host = host_of(url)
    if host != "localhost" and host in hosts:
        return True
    known = [parsed(base) for base in (settings.public_base_url, *settings.service_urls.values(), *bases)]
    listener = "localhost" if settings.host in EVERYWHERE else settings.host
    known.append(URL.build(scheme="http", host=listener, port=settings.port))
    return any(
        base is not None and host_of(base) == host and (host != "localhost" or base.port == url.port) for base in known
    )
