"""The Autorisaties API 1.1.0."""

from services.autorisaties import applicatie, external, gevolgd, inzage, logboek, zonder
from zgw.api import Api, Kanaal
from zgw.reading_log.upkeep import tend
from zgw.relay import relay
from zgw.versions import VERSIONS

API = Api(
    service="autorisaties",
    component="ac",
    version=VERSIONS["autorisaties"],
    title="Autorisaties API",
    description="Welke applicaties wat mogen, in welk component en voor welke typen.",
    resources=[applicatie.APPLICATIE],
    routers=[
        applicatie.router,
        applicatie.intern,
        external.intern,
        gevolgd.intern,
        logboek.intern,
        zonder.intern,
        inzage.router,
    ],
    kanalen=[Kanaal("autorisaties", ())],
    metadata=applicatie.METADATA,
    start=[relay, tend],
)
