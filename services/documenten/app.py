"""The Documenten API 1.7.1: one file a resource, and what several of them share.

- The document is in ``document`` (filters, declaration), ``document_velden`` (fields, tables) and ``document_regels``
  (rules); its operations in ``reading``, ``writing``, ``slot`` (locks) and ``download``.
- Its content comes in through ``inhoud`` (base64 in JSON) or ``bestandsdeel_uploaden`` (a form), and is an ``upload``
  until it is kept. ``storage`` is the object store, ``journal`` says what must go, ``verification`` reads back.
- ``mirroring`` takes the relations of zaken and besluiten with documents from those services, many at once.
- ``verwijzing``: the filter that all resources beside the document have.
"""

from services.documenten import (
    bestandsdeel_uploaden,
    download,
    mirroring,
    reading,
    registreren,
    reserveren,
    slot,
    writing,
)
from services.documenten.document import DOCUMENT
from services.documenten.document_velden import COUNTS, STORED
from services.documenten.gebruiksrecht import GEBRUIKSRECHTEN
from services.documenten.journal import METADATA, forget, sweep
from services.documenten.logboek import LOGBOEK
from services.documenten.objectinformatieobject import OBJECTINFORMATIEOBJECT
from services.documenten.verzending import VERZENDING
from zgw.api import Api, Kanaal
from zgw.logboek.delivery import deliver
from zgw.reading_log import questions
from zgw.reading_log.upkeep import tend
from zgw.relay import relay
from zgw.usage import BYTES_KEPT, DOCUMENTS_KEPT, kept, measuring
from zgw.versions import VERSIONS

KEPT = {DOCUMENTS_KEPT: kept("document"), BYTES_KEPT: STORED}

API = Api(
    service="documenten",
    component="drc",
    version=VERSIONS["documenten"],
    title="Documenten API",
    description="Documenten met hun versies, inhoud, gebruiksrechten en verzendingen.",
    resources=[DOCUMENT, GEBRUIKSRECHTEN, OBJECTINFORMATIEOBJECT, VERZENDING],
    routers=[
        reading.router,
        writing.router,
        download.router,
        slot.router,
        bestandsdeel_uploaden.router,
        reserveren.router,
        registreren.router,
        mirroring.intern,
        questions.intern,
    ],
    kanalen=[
        Kanaal(
            "documenten",
            (
                "bronorganisatie",
                "informatieobjecttype",
                "vertrouwelijkheidaanduiding",
                "informatieobjecttype.catalogus",
            ),
        )
    ],
    metadata=METADATA,
    logboek=LOGBOEK,
    start=[
        relay,
        deliver,
        sweep,
        COUNTS.fold_steadily,
        measuring(KEPT),
        tend,
    ],
    forget=[forget],
)
