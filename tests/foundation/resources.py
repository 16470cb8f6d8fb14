"""Every resource of every API, and what clients can do with each: for tests of everything."""

import pytest

from beheer.provision import api_of
from tests.stack import built
from tests.wereld import Wereld
from zgw.app import METHODS, SCOPES, collection_path
from zgw.resource import Resource

OUTSIDE = ("zaken/zaakcontactmomenten", "zaken/zaakverzoeken", "notificaties/abonnement")
"""These need an API or a webhook outside; the tests of their own services make them."""
ONE = "/{uuid:uuid}"


def name_of(service: str, resource: Resource) -> str:
    """Return the name of a collection: ``zaken/rollen``."""
    return f"{service}/{resource.path}"


def verbs_of(service: str, resource: Resource) -> set[str]:
    """Return what clients can do with a resource, by the general functions or by endpoints of its own."""
    found = {verb for verb in resource.verbs if SCOPES[verb] in resource.scopes}
    own = {(action.method, action.path) for action in api_of(service).actions}
    collection = collection_path(resource)
    return found | {
        verb for verb, (method, single) in METHODS.items() if (method, collection + (ONE if single else "")) in own
    }


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
