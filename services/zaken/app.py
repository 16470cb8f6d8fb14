"""The Zaken API 1.7.0: one file a resource, and what several of them share.

- The zaak itself is in ``zaak`` (filters, declaration), ``zaak_velden`` (fields, table) and ``zaak_regels`` (rules).
- ``gesloten``: what an archived or closed zaak allows. ``afsluiten``: closing and reopening it.
- ``locks``: the order in which writes lock zaken (docs/adr/0010). ``gerelateerd``: zaken that show each other.
- Archiving: ``dossier`` gathers, ``archivering`` works out the dates (pure functions), ``afleiding`` stores them.
- ``numbers``, ``verwijderen``, ``zoeken`` with ``zoekvelden`` and ``geometrie``: of the zaak.
- ``betrokkene``, ``objectidentificatie``, ``rol_filters``: the kinds of parties and objects, and how they are found.
- ``zaakobject_definitie`` judges an object in a process of its own, ``definitie_sandbox``.
- ``zaakrelatie``: what ``zaakverzoek`` and ``zaakcontactmoment`` are both.
- ``references``: what other services know; ``mirroring``: the mirrors that they have of what belongs to a zaak.
"""

from services.zaken import bewerkingen, inzage, numbers, personen, zaakinformatieobject, zoeken
from services.zaken.klantcontact import KLANTCONTACT
from services.zaken.resultaat import RESULTAAT
from services.zaken.rol import ROL
from services.zaken.status import STATUS
from services.zaken.substatus import SUBSTATUS
from services.zaken.zaak import COUNTS, METADATA, ZAAK
from services.zaken.zaakbesluit import ZAAKBESLUIT, intern
from services.zaken.zaakcontactmoment import ZAAKCONTACTMOMENT
from services.zaken.zaakeigenschap import ZAAKEIGENSCHAP
from services.zaken.zaakinformatieobject import ZAAKINFORMATIEOBJECT, ZAAKINFORMATIEOBJECT_TABLE
from services.zaken.zaaknotitie import ZAAKNOTITIE
from services.zaken.zaakobject import ZAAKOBJECT
from services.zaken.zaakverzoek import ZAAKVERZOEK
from zgw.api import Api, Kanaal
from zgw.logboek.delivery import deliver
from zgw.mirroring.leading import leads
from zgw.reading_log import questions
from zgw.reading_log.upkeep import tend
from zgw.relay import relay
from zgw.resource import Resource
from zgw.usage import ZAKEN_KEPT, kept, measuring
from zgw.versions import VERSIONS

RESOURCES: list[Resource] = [
    ZAAK,
    STATUS,
    SUBSTATUS,
    RESULTAAT,
    ROL,
    ZAAKOBJECT,
    ZAAKINFORMATIEOBJECT,
    ZAAKEIGENSCHAP,
    ZAAKBESLUIT,
    ZAAKCONTACTMOMENT,
    ZAAKVERZOEK,
    KLANTCONTACT,
    ZAAKNOTITIE,
]

intern.add_api_route("/leading", leads(ZAAKINFORMATIEOBJECT_TABLE, "zaak", "/zaken/api/v1/zaken/"), methods=["POST"])

API = Api(
    service="zaken",
    component="zrc",
    version=VERSIONS["zaken"],
    title="Zaken API",
    description="Zaken, en wat er bij een zaak hoort: statussen, resultaat, rollen, objecten, documenten en besluiten.",
    resources=RESOURCES,
    routers=[
        zoeken.router,
        numbers.router,
        numbers.oude_router,
        bewerkingen.router,
        zaakinformatieobject.router,
        intern,
        inzage.intern,
        questions.intern,
        personen.intern,
    ],
    logboek=personen.LOGBOEK,
    kanalen=[Kanaal("zaken", ("bronorganisatie", "zaaktype", "vertrouwelijkheidaanduiding", "zaaktype.catalogus"))],
    metadata=METADATA,
    start=[relay, deliver, COUNTS.fold_steadily, measuring({ZAKEN_KEPT: kept("zaak")}), tend],
)
