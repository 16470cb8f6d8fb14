"""The Besluiten API 1.1.0."""

from services.besluiten import verwerken
from services.besluiten.besluit import BESLUIT, METADATA
from services.besluiten.besluitinformatieobject import BESLUITINFORMATIEOBJECT, BIO_TABLE
from services.besluiten.logboek import LOGBOEK
from zgw.api import Api, Kanaal
from zgw.internal import internal_router
from zgw.logboek.delivery import deliver
from zgw.mirroring.leading import leads
from zgw.reading_log import questions
from zgw.reading_log.upkeep import tend
from zgw.relay import relay
from zgw.versions import VERSIONS

intern = internal_router()
intern.add_api_route("/leading", leads(BIO_TABLE, "besluit", "/besluiten/api/v1/besluiten/"), methods=["POST"])

API = Api(
    service="besluiten",
    component="brc",
    version=VERSIONS["besluiten"],
    title="Besluiten API",
    description="Besluiten, de documenten die ze vastleggen en de zaken waaruit ze voortkomen.",
    resources=[BESLUIT, BESLUITINFORMATIEOBJECT],
    kanalen=[Kanaal("besluiten", ("verantwoordelijkeOrganisatie", "besluittype", "besluittype.catalogus"))],
    routers=[verwerken.router, intern, questions.intern],
    metadata=METADATA,
    start=[relay, deliver, tend],
    logboek=LOGBOEK,
)
