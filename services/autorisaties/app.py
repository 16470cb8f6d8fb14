"""The Autorisaties API 1.1.0."""

from services.autorisaties.applicatie import ACTIONS, APPLICATIE, METADATA, client_rights
from services.autorisaties.external import external_apis
from zgw.api import Api, Kanaal
from zgw.relay import relay
from zgw.versions import VERSIONS

API = Api(
    service="autorisaties",
    component="ac",
    version=VERSIONS["autorisaties"],
    title="Autorisaties API",
    description="Welke applicaties wat mogen, in welk component en voor welke typen.",
    resources=[APPLICATIE],
    actions=ACTIONS,
    internal={"GET /client": client_rights, "GET /external": external_apis},
    kanalen=[Kanaal("autorisaties", ())],
    metadata=METADATA,
    start=[relay],
)
