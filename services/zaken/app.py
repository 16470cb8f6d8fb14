"""The Zaken API 1.7.0."""

from services.zaken.zaak import METADATA, ZAAK
from zgw.outbox import relay
from zgw.resource import Action, Api, Kanaal, Resource

RESOURCES: list[Resource] = [
    ZAAK,
]

ACTIONS: list[Action] = []

API = Api(
    service="zaken",
    component="zrc",
    version="1.7.0",
    title="Zaken API",
    description="Zaken, en wat er bij een zaak hoort: statussen, resultaat, rollen, objecten, documenten en besluiten.",
    resources=RESOURCES,
    actions=ACTIONS,
    kanalen=[Kanaal("zaken", ("bronorganisatie", "zaaktype", "vertrouwelijkheidaanduiding"))],
    metadata=METADATA,
    start=[relay],
)
