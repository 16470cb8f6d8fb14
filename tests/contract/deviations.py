"""Where we deviate from the normative OAS on purpose, one row for each decision of the rulebook.

Where the OAS itself is wrong, `corrections.py` corrects it instead; that is so for all of catalogi.

`point` is the open point of the rulebook that decides it (C common, Z zaken, O catalogi, D documenten, B besluiten,
A autorisaties, N notificaties), or the section when the point has no number. A row that no longer accepts any
difference makes the contract test fail, so that the table never promises more than we do.

The rounded maximum of `bestandsomvang` needs no row: the comparison is in floating point, where it is no difference.
"""

from __future__ import annotations

from .compare import Deviation

ZAKEN = [
    Deviation(
        "zaken", "zaak_list|zaak_retrieve|zaak_headers", "parameter.*", "header:content-crs", "C3",
        "A request without a body has no content of which the CRS could be given.",
    ),
    Deviation(
        "zaken", "zaak_destroy", "parameter.*", "header:content-crs|header:accept-crs", "C3",
        "DELETE neither sends nor receives a geometry; the implementations do not ask for the headers.",
    ),
    Deviation(
        "zaken", "*_headers", "scopes", "", "Z19",
        "HEAD gives away whether an object exists, so it needs the scope of GET.", None, ["zaken.lezen"],
    ),
    Deviation(
        "zaken", "status_*", "*.maxLength", "*gezetdoor", "Z7",
        "The URL of a rol is as long as other URLs.", 200, 1000,
    ),
    Deviation(
        "zaken", "zaaknummer_reserveren", "response.type", "", "Z8",
        "One number is answered as an object, more numbers as an array.", "array", "array|object",
    ),
    Deviation(
        "zaken", "rol_create", "request.required", "roltoelichting", "Z9",
        "Existing clients leave roltoelichting out.", True, None,
    ),
    Deviation(
        "zaken", "zaakobject_*", "request.missing|response.missing", "*betrokkeneIdentificatie", "Z10",
        "Persons as zaakobject are identified under objectIdentificatie, like every other object.",
    ),
    Deviation(
        "zaken", "zaakobject_*", "*.type|*.maxLength",
        "*objectIdentificatie.identificatie|*objectIdentificatie.isGehuisvestIn|*objectIdentificatie.handelsnaam",
        "Z10", "The persons under objectIdentificatie share these names with other objects.",
    ),
    Deviation(
        "zaken", "zaaknotitie_list", "parameter.type", "query:gerelateerdAan", "Z17",
        "A zaak is referred to by its URL.", "integer", "string",
    ),
    Deviation(
        "zaken", "zaaknotitie_list", "parameter.format", "query:gerelateerdAan", "Z17",
        "A zaak is referred to by its URL.", None, "uri",
    ),
    Deviation(
        "zaken", "zaak_*|zaak__zoek|rol_*|zaakobject_*", "response.missing",
        "*_expand.communicatiekanaal|*_expand.productenOfDiensten|*_expand.selectielijstklasse|*_expand.betrokkene|"
        "*_expand.object", "common §13",
        "What other registers tell is not expanded: nobody here knows whether the client may read it.",
    ),
    Deviation(
        "zaken", "zaak_*", "*.enum", "*zaakgeometrie*.type", "zaken §3.1",
        "A geometry is a bare geometry, never a Feature or a FeatureCollection.",
    ),
    Deviation(
        "zaken", "zaak__zoek", "request.format|request.enum|request.*Length", "*", "common §7",
        "Criteria are validated like body input, where the OAS only says that they are strings.", None,
    ),
    Deviation(
        "zaken", "*_list", "parameter.format|parameter.enum|parameter.*Length", "query:*", "common §7",
        "Filters are validated like body input, where the OAS only says that they are strings.", None,
    ),
    Deviation(
        "zaken", "audittrail_*", "response.nullable", "*wijzigingen.oud|*wijzigingen.nieuw", "common §11",
        "What is created has no old state, what is deleted no new one.", None, True,
    ),
]  # fmt: skip

CATALOGI: list[Deviation] = []

DOCUMENTEN = [
    Deviation(
        "documenten", "*_headers", "scopes", "", "documenten §1",
        "HEAD gives away whether an object exists, so it needs the scope of GET.", None, ["documenten.lezen"],
    ),
    Deviation(
        "documenten", "verzending_list|verzending_retrieve", "scopes", "", "D1",
        "Verzendingen are never open to everyone.", None, ["documenten.lezen"],
    ),
    Deviation(
        "documenten", "verzending_create", "scopes", "", "D1",
        "Verzendingen are never open to everyone.", None, ["documenten.aanmaken"],
    ),
    Deviation(
        "documenten", "verzending_update|verzending_partial_update", "scopes", "", "D1",
        "Verzendingen are never open to everyone.", None, ["documenten.bijwerken"],
    ),
    Deviation(
        "documenten", "verzending_destroy", "scopes", "", "D1",
        "Verzendingen are never open to everyone.", None, ["documenten.verwijderen"],
    ),
    Deviation(
        "documenten", "enkelvoudiginformatieobject__zoek", "request.required", "uuid__in", "D3",
        "Any one criterion is enough.", True, None,
    ),
    Deviation(
        "documenten", "audittrail_*", "parameter.format", "path:enkelvoudiginformatieobject_uuid", "common §2",
        "The key of a document is a UUID here as well.", None, "uuid",
    ),
    Deviation(
        "documenten", "gebruiksrechten_list|*_retrieve|*_download", "parameter.format", "query:*", "common §7",
        "Filters are validated like body input, where the OAS only says that they are strings.", None, "date-time",
    ),
    Deviation(
        "documenten", "audittrail_*", "response.nullable", "*wijzigingen.oud|*wijzigingen.nieuw", "common §11",
        "What is created has no old state, what is deleted no new one.", None, True,
    ),
]  # fmt: skip

BESLUITEN = [
    Deviation(
        "besluiten", "besluit_*", "*.enum", "*vervalreden", "B5",
        "A besluit without vervalreden has the empty string.",
        ours=["", "ingetrokken_belanghebbende", "ingetrokken_overheid", "tijdelijk"],
    ),
    Deviation(
        "besluiten", "besluit_partial_update", "request.required", "*", "B6",
        "A PATCH that had to send everything would be a PUT.", True, None,
    ),
    Deviation(
        "besluiten", "besluit_*", "*.maxLength", "*besluittype|*zaak", "B11",
        "Long host names do not fit in 200 characters.", 200, 1000,
    ),
    Deviation(
        "besluiten", "audittrail_*", "response.nullable", "*wijzigingen.oud|*wijzigingen.nieuw", "common §11",
        "What is created has no old state, what is deleted no new one.", None, True,
    ),
]  # fmt: skip

AUTORISATIES = [
    Deviation(
        "autorisaties", "applicatie_consumer", "response.type", "", "A1",
        "A client belongs to one applicatie, and all software relies on a single object.", "array", "object",
    ),
    Deviation(
        "autorisaties", "applicatie_consumer", "response.missing", "[]", "A1",
        "A client belongs to one applicatie, and all software relies on a single object.",
    ),
    Deviation(
        "autorisaties", "applicatie_partial_update", "request.required", "clientIds|label", "A6",
        "A PATCH that had to send everything would be a PUT.", True, None,
    ),
]  # fmt: skip

NOTIFICATIES = [
    Deviation(
        "notificaties", "notificaties_create", "statuses", "", "N1",
        "The reference implementation and the main production implementation answer 201.", [200], [201],
    ),
    Deviation(
        "notificaties", "abonnement_*", "response.missing", "auth|[].auth", "N2",
        "The credentials of a subscriber are never given back.",
    ),
    Deviation(
        "notificaties", "abonnement_partial_update", "request.required", "callbackUrl|auth|kanalen", "N5",
        "What a PATCH leaves out keeps its value.", True, None,
    ),
    Deviation(
        "notificaties", "notificaties_create", "request.minLength", "kenmerken.{}", "notificaties §2.3",
        "A kenmerk may be blank.", 1, None,
    ),
]  # fmt: skip

DEVIATIONS = {
    "zaken": ZAKEN,
    "catalogi": CATALOGI,
    "documenten": DOCUMENTEN,
    "besluiten": BESLUITEN,
    "autorisaties": AUTORISATIES,
    "notificaties": NOTIFICATIES,
}
