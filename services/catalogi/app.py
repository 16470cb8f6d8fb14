"""The Catalogi API 1.4.0, which serves clients of 1.3."""

from services.catalogi import op_omschrijving, selectielijst, versies
from services.catalogi.besluittype import BESLUITTYPE
from services.catalogi.catalogus import CATALOGUS
from services.catalogi.eigenschap import EIGENSCHAP
from services.catalogi.geldigheid import METADATA
from services.catalogi.informatieobjecttype import INFORMATIEOBJECTTYPE
from services.catalogi.resultaattype import RESULTAATTYPE
from services.catalogi.roltype import ROLTYPE
from services.catalogi.statustype import STATUSTYPE
from services.catalogi.uitwisseling import http
from services.catalogi.versie import publishing
from services.catalogi.zaakobjecttype import ZAAKOBJECTTYPE
from services.catalogi.zaaktype import ZAAKTYPE
from services.catalogi.zaaktype_informatieobjecttype import ZAAKTYPE_INFORMATIEOBJECTTYPE
from zgw.api import Api, Kanaal
from zgw.relay import relay
from zgw.versions import VERSIONS

API = Api(
    service="catalogi",
    component="ztc",
    version=VERSIONS["catalogi"],
    title="Catalogi API",
    description="Welke soorten zaken, documenten en besluiten er zijn, en hoe ermee gewerkt wordt.",
    resources=[
        CATALOGUS,
        ZAAKTYPE,
        STATUSTYPE,
        RESULTAATTYPE,
        EIGENSCHAP,
        ROLTYPE,
        ZAAKOBJECTTYPE,
        ZAAKTYPE_INFORMATIEOBJECTTYPE,
        INFORMATIEOBJECTTYPE,
        BESLUITTYPE,
    ],
    routers=[
        *(publishing(resource) for resource in (ZAAKTYPE, INFORMATIEOBJECTTYPE, BESLUITTYPE)),
        http.router,
        selectielijst.intern,
        op_omschrijving.intern,
        versies.intern,
    ],
    kanalen=[
        Kanaal("zaaktypen", ("catalogus",)),
        Kanaal("informatieobjecttypen", ("catalogus",)),
        Kanaal("besluittypen", ("catalogus",)),
    ],
    metadata=METADATA,
    start=[relay],
)
