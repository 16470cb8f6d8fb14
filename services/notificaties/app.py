"""The Notificaties API 1.0.1."""

from services.notificaties import abonnement, bericht, kanaal, worker
from zgw.api import Api
from zgw.versions import VERSIONS

API = Api(
    service="notificaties",
    component="nrc",
    version=VERSIONS["notificaties"],
    title="Notificaties API",
    description="Wie wil weten wat er verandert: kanalen, abonnementen en notificaties.",
    resources=[abonnement.ABONNEMENT, kanaal.KANAAL],
    routers=[abonnement.router, kanaal.router, bericht.router, bericht.intern],
    metadata=kanaal.METADATA,
    start=[worker.deliver],
    forget=[worker.forget, kanaal.forget],
)
