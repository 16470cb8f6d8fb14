"""Every resource of every API, and what clients can do with each: for tests of everything."""

import pytest

from beheer.provision import api_of
from tests.stack import built
from tests.wereld import Wereld
from zgw.resource import Resource
from zgw.routing import method_of
from zgw.verbs import VERBS, collection_path
from zgw.verbs import verbs_of as general

OUTSIDE = ("zaken/zaakcontactmomenten", "zaken/zaakverzoeken", "notificaties/abonnement")
"""These need an API or a webhook outside; the tests of their own services make them."""


def name_of(service: str, resource: Resource) -> str:
    """Return the name of a collection: ``zaken/rollen``."""
    return f"{service}/{resource.path}"


def verbs_of(service: str, resource: Resource) -> set[str]:
    """Return what clients can do with a resource, by the general functions or by endpoints of its own."""
    own = {(method_of(route), route.path) for route in api_of(service).operations}
    collection = api_of(service).root + collection_path(resource)
    return {*general(resource), *(name for name, verb in VERBS.items() if (verb.method, collection + verb.path) in own)}


ALL = [(service, resource) for service in built() for resource in api_of(service).resources]
MADE = [(service, resource) for service, resource in ALL if name_of(service, resource) not in OUTSIDE]


def each(*verbs: str, among: list[tuple[str, Resource]] = MADE) -> pytest.MarkDecorator:
    """Parametrise a test with every resource that has all of these verbs."""
    chosen = [(service, resource) for service, resource in among if {*verbs} <= verbs_of(service, resource)]
    return pytest.mark.parametrize(
        ("service", "resource"), chosen, ids=[name_of(service, resource) for service, resource in chosen]
    )


def path_of(wereld: Wereld, service: str, resource: Resource) -> str:
    """Return the URL of the collection, below an existing parent when it is nested."""
    path = collection_path(resource)
    if resource.parent and resource.main:
        parent = wereld[f"{service}/{resource.main.resource.path}"].rsplit("/", 1)[1]
        path = path.replace(f"{{{resource.parent}_uuid:uuid}}", parent)
    return f"/{service}/api/v1{path}"
