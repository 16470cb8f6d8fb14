"""The Documenten API 1.7.1: one file a resource, and what several of them share.

- The document is in ``document`` (filters, declaration), ``document_velden`` (fields, tables) and ``document_regels``
  (rules); its operations in ``lezen``, ``schrijven``, ``slot`` (locks) and ``download``.
- Its content comes in through ``inhoud`` (base64 in JSON) or ``bestandsdeel_uploaden`` (a form), and is an ``upload``
  until it is kept. ``opslag`` is the object store, ``logboek`` the journal of what must go, ``controle`` reads back.
- ``mirroring`` takes the relations of zaken and besluiten with documents from those services, many at once.
- ``verwijzing``: the filter that all resources beside the document have.
"""

from services.documenten import bestandsdeel_uploaden, download, reading, slot, writing
from services.documenten.document import (
    AANMAKEN,
    BIJWERKEN,
    DOCUMENT,
    FILTERS,
    LEZEN,
    SCHRIJVEN,
    VERWIJDEREN,
    ZOEK_FILTERS,
)
from services.documenten.document_velden import COUNTS, EnkelvoudigInformatieObjectFields
from services.documenten.gebruiksrecht import GEBRUIKSRECHTEN
from services.documenten.journal import METADATA, forget, sweep
from services.documenten.mirroring import add_mirrors, remove_mirrors
from services.documenten.objectinformatieobject import OBJECTINFORMATIEOBJECT
from services.documenten.verzending import VERZENDING
from zgw.api import Action, Api, Kanaal
from zgw.relay import relay
from zgw.versions import VERSIONS

EIO = "/enkelvoudiginformatieobjecten"
ONE = EIO + "/{uuid:uuid}"

ACTIONS = [
    Action(
        "enkelvoudiginformatieobject_list", "GET", EIO, reading.list_documenten, LEZEN, response=DOCUMENT, shape="page",
        filters=FILTERS, parameters=("expand", "page"),
    ),
    Action(
        "enkelvoudiginformatieobject__zoek", "POST", EIO + "/_zoek", reading.zoek, LEZEN, response=DOCUMENT,
        shape="page", body=reading.ZoekFields, filters=ZOEK_FILTERS, parameters=("page",),
    ),
    Action(
        "enkelvoudiginformatieobject_create", "POST", EIO, writing.create, AANMAKEN,
        body=EnkelvoudigInformatieObjectFields, response=writing.EnkelvoudigInformatieObjectCreateLock, status=201,
        parameters=("audit",),
    ),
    Action(
        "enkelvoudiginformatieobject_retrieve", "GET", ONE, reading.fetch, LEZEN, response=DOCUMENT,
        parameters=("expand", "versie", "registratieOp", "If-None-Match"),
    ),
    Action("enkelvoudiginformatieobject_headers", "HEAD", ONE, reading.fetch, LEZEN, parameters=("If-None-Match",)),
    Action(
        "enkelvoudiginformatieobject_update", "PUT", ONE, writing.replace, BIJWERKEN,
        body=writing.EnkelvoudigInformatieObjectWithLockFields,
        response=writing.EnkelvoudigInformatieObjectShown, parameters=("audit",),
    ),
    Action(
        "enkelvoudiginformatieobject_partial_update", "PATCH", ONE, writing.merge, BIJWERKEN,
        body=writing.EnkelvoudigInformatieObjectWithLockFields,
        response=writing.EnkelvoudigInformatieObjectShown, parameters=("audit",),
    ),
    Action(
        "enkelvoudiginformatieobject_destroy", "DELETE", ONE, writing.remove, VERWIJDEREN, status=204,
        parameters=("audit",),
    ),
    Action(
        "enkelvoudiginformatieobject_download", "GET", ONE + "/download", download.download, LEZEN, shape="binary",
        parameters=("versie", "registratieOp"),
    ),
    Action(
        "enkelvoudiginformatieobject_lock", "POST", ONE + "/lock", slot.lock, slot.LOCK,
        response=slot.LockEnkelvoudigInformatieObject,
    ),
    Action(
        "enkelvoudiginformatieobject_unlock", "POST", ONE + "/unlock", slot.unlock, slot.UNLOCK,
        body=slot.UnlockEnkelvoudigInformatieObjectFields, status=204,
    ),
    Action(
        "bestandsdeel_update", "PUT", "/bestandsdelen/{uuid:uuid}", bestandsdeel_uploaden.upload_part, SCHRIJVEN,
        body=bestandsdeel_uploaden.BestandsDeelRequestFields, response=bestandsdeel_uploaden.BestandsDeelResponse,
        content_type=f"{bestandsdeel_uploaden.MULTIPART}, {bestandsdeel_uploaden.URLENCODED}",
        parameters=("X-NLX-Logrecord-ID",),
    ),
]  # fmt: skip

API = Api(
    service="documenten",
    component="drc",
    version=VERSIONS["documenten"],
    title="Documenten API",
    description="Documenten met hun versies, inhoud, gebruiksrechten en verzendingen.",
    resources=[DOCUMENT, GEBRUIKSRECHTEN, OBJECTINFORMATIEOBJECT, VERZENDING],
    actions=ACTIONS,
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
    internal={"POST /objectinformatieobjecten": add_mirrors, "DELETE /objectinformatieobjecten": remove_mirrors},
    metadata=METADATA,
    start=[relay, sweep, COUNTS.fold_steadily],
    forget=[forget],
)
