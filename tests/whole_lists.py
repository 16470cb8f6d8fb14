"""No test reads a whole list of a municipality that it has together with other tests.

What is there differs with the tests that the process ran before, and those differ with the machine: how many cores it
has, and how fast they are. A test that passes here may so fail elsewhere. It asks for what it made: with a filter, as
a client with rights on types of its own, or in a municipality of its own (``own``, ``Stack.add_own``).
"""

from functools import cache
from typing import Any

import httpx

from beheer.provision import api_of
from runtime.tenancy import SERVICES

NO_FILTERS = {"page", "pageSize", "expand", "ordering"}
"""Parameters that leave a list whole, as ``status`` does in the Catalogi API."""
TYPES = {"zaaktype", "informatieobjecttype", "besluittype"}


@cache
def lists() -> dict[str, str]:
    """Return the component of each list that is not below an object: ``/zaken/api/v1/rollen``."""
    apis = [api_of(name) for name in SERVICES]
    return {f"{api.root}/{each.path}": api.component for api in apis for each in api.resources if not each.parent}


def is_whole(method: str, url: httpx.URL, autorisaties: list[dict[str, Any]] | None) -> bool:
    """Return whether a client with these rights (None: all) asks for all that a municipality has in a list."""
    filters = {*url.params} - NO_FILTERS - ({"status"} if url.path.startswith("/catalogi/") else set())
    if method != "GET" or url.path not in lists() or filters:
        return False
    if url.path.endswith("/abonnement"):
        # A client sees those of others only when it has all rights.
        return autorisaties is None
    of_these = [each for each in autorisaties or () if each["component"] == lists()[url.path]]
    # Who reads a catalogue with the rights of another component sees all of it.
    return not of_these or not all(TYPES & each.keys() for each in of_these)


def refuse(method: str, url: httpx.URL, autorisaties: list[dict[str, Any]] | None) -> None:
    """Fail a test that reads a whole list of a municipality that others write to as well."""
    assert not is_whole(method, url, autorisaties), f"{url.path} has what other tests left: see tests/whole_lists.py"
