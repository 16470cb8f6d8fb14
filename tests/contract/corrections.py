"""Where the OAS contradicts the text of the standard, all implementations, or itself, and what holds instead.

Each row is a decision of the rulebook. `point` is its open point there (C common, Z zaken, O catalogi, D documenten,
B besluiten, A autorisaties, N notificaties), or the section when the point has no number; `limits` is the section of
docs/vendors.md. `correct.py` says what the
columns can hold, and how the contract test keeps them exact.
"""

from __future__ import annotations

from collections.abc import Iterable

from .correct import Correction


def joined(names: Iterable[str], before: str = "") -> str:
    """A pattern for each of these names."""
    return "|".join(before + name for name in names)


# --- Rows that several APIs have -------------------------------------------------------------------------------------

HEAD = "HEAD gives away whether an object exists, so it needs the scope of GET."
FILTERS = "Filters are validated like body input, where the OAS only says that they are strings."
HOST_NAMES = "A URL is as long as other URLs: long host names do not fit in 200 characters."
PATCH = "What a PATCH leaves out keeps its value."
BOUNDED = "The work of a request has a bound; no real list is that long."


def at_most(maximum: int, operation: str, *paths: str, fact: str = "request.maxItems") -> Correction:
    """A list that the OAS leaves without an end, in a request."""
    return Correction("limits", BOUNDED, operation, fact, "|".join(paths), None, maximum)


def writes(name: str) -> str:
    """The three operations that write an object."""
    return f"{name}_create|{name}_update|{name}_partial_update"


STATES = [
    Correction(
        "common §11", "What is created has no old state, what is deleted no new one.",
        "audittrail_*", "response.nullable", "*wijzigingen.oud|*wijzigingen.nieuw", None, True,
    ),
]  # fmt: skip

# --- Zaken -----------------------------------------------------------------------------------------------------------

DATES = [
    *(
        f"{name}{end}"
        for name in ("archiefactiedatum", "registratiedatum", "einddatum", "einddatumGepland",
                     "uiterlijkeEinddatumAfdoening")
        for end in ("", "__gt", "__lt")
    ),
    *(f"startdatum{end}" for end in ("", "__gt", "__gte", "__lt", "__lte")),
]  # fmt: skip
LENGTHS = {
    9: ["bronorganisatie", "bronorganisatie__in[]", "*inpBsn", "*innNnpId"],
    10: ["*inpA_nummer"],
    17: ["*anpIdentificatie", "*annIdentificatie"],
    24: ["*vestigingsNummer", "*organisatorischeEenheid__identificatie"],
    40: ["identificatie"],
    254: ["*medewerker__identificatie"],
}
ARCHIEFNOMINATIES = ["blijvend_bewaren", "vernietigen"]
ARCHIEFSTATUSSEN = ["gearchiveerd", "gearchiveerd_procestermijn_onbekend", "nog_te_archiveren", "overgedragen"]
GEOMETRIES = [
    "GeometryCollection", "LineString", "MultiLineString", "MultiPoint", "MultiPolygon", "Point", "Polygon",
]  # fmt: skip

ZAKEN = [
    Correction("Z19", HEAD, "*_headers", "scopes", "", None, ["zaken.lezen"]),
    Correction(
        "C3", "A request without a body has no content of which the CRS could be told.",
        "zaak_list|zaak_retrieve|zaak_headers|zaak_destroy", "parameter.required", "header:content-crs", True, None,
    ),
    Correction(
        "C3", "DELETE neither sends nor receives a geometry.",
        "zaak_destroy", "parameter.required", "header:accept-crs", True, None,
    ),
    Correction("Z7", HOST_NAMES, "status_create", "request.maxLength", "gezetdoor", 200, 1000),
    Correction("Z7", HOST_NAMES, "status_*", "response.maxLength", "gezetdoor|results[].gezetdoor", 200, 1000),
    Correction(
        "Z8", "One number is answered as an object, more numbers as an array.",
        "zaaknummer_reserveren", "response.type", "", "array", "array|object",
    ),
    Correction(
        "Z9", "Existing clients leave roltoelichting out.",
        "rol_create", "request.required", "roltoelichting", True, None,
    ),
    *(
        Correction(
            "Z10", "Persons as zaakobject are identified under the same name as every other object.",
            "zaakobject_*", f"{side}.path", "betrokkeneIdentificatie|results[].betrokkeneIdentificatie",
            "betrokkeneIdentificatie", "objectIdentificatie",
        )
        for side in ("request", "response")
    ),
    Correction(
        "Z17", "A zaak is referred to by its URL.",
        "zaaknotitie_list", "parameter.type", "query:gerelateerdAan", "integer", "string",
    ),
    Correction(
        "Z17", "A zaak is referred to by its URL.",
        "zaaknotitie_list", "parameter.format", "query:gerelateerdAan", None, "uri",
    ),
    *(
        Correction(
            "zaken §3.1", "A geometry is a bare geometry, never a Feature or a FeatureCollection.",
            "zaak_*", f"{side}.enum", "*zaakgeometrie.type|*zaakgeometrie.within.type",
            sorted(["Feature", "FeatureCollection", *GEOMETRIES]), GEOMETRIES,
        )
        for side in ("request", "response")
    ),
    Correction("common §7", FILTERS, "zaak_list", "parameter.format", joined(DATES, "query:"), None, "date"),
    Correction("common §7", FILTERS, "zaak__zoek", "request.format", joined(DATES), None, "date"),
    Correction("common §7", FILTERS, "zaak__zoek", "request.format", "zaaktype|rol__betrokkene", None, "uri"),
    *(
        Correction("common §7", FILTERS, operation, what, before + name, None, values)
        for operation, what, before in (("zaak_list", "parameter.enum", "query:"), ("zaak__zoek", "request.enum", ""))
        for name, values in (
            ("archiefnominatie__in[]", ARCHIEFNOMINATIES), ("archiefstatus__in[]", ARCHIEFSTATUSSEN),
        )
    ),
    *(
        Correction("common §7", FILTERS, operation, what, joined(names, before), None, length)
        for length, names in LENGTHS.items()
        for operation, what, before in (
            ("zaak_list|rol_list", "parameter.maxLength", "query:"), ("zaak__zoek", "request.maxLength", ""),
        )
    ),
    Correction("common §7", FILTERS, "rol_list", "parameter.maxLength", "query:omschrijving", None, 100),
    Correction(
        "common §7", FILTERS, "zaaknotitie_list", "parameter.maxLength",
        joined(["aangemaaktDoor", "aangemaaktDoor__icontains", "onderwerp", "onderwerp__icontains"], "query:"),
        None, 255,
    ),
    at_most(500, writes("zaak"), "productenOfDiensten", "kenmerken"),
    at_most(1000, writes("zaak"), "relevanteAndereZaken"),
    at_most(1000, "zaak_list", "query:*__in", fact="parameter.maxItems"),
    at_most(1000, "zaak__zoek", "*__in"),
    at_most(100, "zaak__zoek", "fields"),
    at_most(100, "rol_create", "betrokkeneIdentificatie.handelsnaam"),
    *STATES,
]  # fmt: skip

# --- Catalogi --------------------------------------------------------------------------------------------------------

CATALOGI_LEZEN = ["catalogi.lezen", "documenten.lezen", "zaken.lezen"]

CATALOGI = [
    Correction("O6", "A deleted type is not answered.", "*_destroy", "statuses", "", [200], [204]),
    Correction("O6", "A deleted type is not answered.", "*_destroy", "response", "", "object", None),
    Correction(
        "O6", "A created type is answered with 201 and Location, like every other resource.",
        "informatieobjecttype_create", "statuses", "", [200], [201],
    ),
    Correction(
        "catalogi §1.2", "The OAS leaves this body open; it is that of POST.",
        "informatieobjecttype_update", "request", "", "object", "informatieobjecttype_create",
    ),
    *(
        Correction(
            "catalogi §1.2", "The OAS leaves this body open; it is that of POST, and nothing is required.",
            f"{kind}_partial_update", "request", "", "object", f"{kind}_create",
        )
        for kind in ("zaaktype", "informatieobjecttype", "besluittype")
    ),
    *(
        Correction(
            "catalogi §1.2", "The OAS leaves this body open; it is the whole object.",
            operation, "response", "", "object", f"{operation.partition('_')[0]}_retrieve",
        )
        for operation in (
            "zaaktype_partial_update", "informatieobjecttype_update", "informatieobjecttype_partial_update",
            "besluittype_partial_update",
        )
    ),
    Correction(
        "catalogi §2.4", "Related types are written by name, in PATCH as in POST and PUT.",
        "resultaattype_partial_update", "request.format", "besluittypen[]|informatieobjecttypen[]", "uri", None,
    ),
    Correction(
        "catalogi §2.4", "Related types are written by name, in PATCH as in POST and PUT.",
        "resultaattype_partial_update", "request.nullable", "besluittypen[]|informatieobjecttypen[]", True, None,
    ),
    Correction(
        "O11", "The identificatie is generated when it is left out.",
        "zaaktype_create|zaaktype_update", "request.required", "identificatie", True, None,
    ),
    Correction(
        "catalogi §2.2", "Version 1.3.3 made deelzaaktypen optional in POST only; PUT follows.",
        "zaaktype_update", "request.required", "deelzaaktypen", True, None,
    ),
    Correction(
        "catalogi §2.9", "A reverse relation is worked out, so it is only read.",
        "informatieobjecttype_create|informatieobjecttype_update|informatieobjecttype_partial_update",
        "request.readOnly", "zaaktypeIdentificaties", None, True,
    ),
    Correction(
        "O15", "The compliance suites create types without a category.",
        "informatieobjecttype_create|informatieobjecttype_update", "request.required", "informatieobjectcategorie",
        True, None,
    ),
    Correction(
        "catalogi §2.7", "The catalogus is that of the zaaktype, so it can be left out.",
        "zaakobjecttype_create|zaakobjecttype_update", "request.required", "catalogus", True, None,
    ),
    Correction(
        "common §3", "A group is cleared with null.",
        "zaaktype_create|zaaktype_update|zaaktype_partial_update", "request.nullable",
        "broncatalogus|bronzaaktype", None, True,
    ),
    Correction(
        "common §3", "A group is cleared with null.",
        "informatieobjecttype_create|informatieobjecttype_update|informatieobjecttype_partial_update",
        "request.nullable", "omschrijvingGeneriek", None, True,
    ),
    Correction(
        "O12", "Who may read zaken or documenten may read all of their types, not only zaaktypen.",
        "*_list|*_retrieve", "scopes", "", ["catalogi.lezen"], CATALOGI_LEZEN,
    ),
    Correction(
        "catalogi §1.1", "HEAD gives away whether an object exists, so it needs the scope of GET.",
        "*_headers", "scopes", "", None, CATALOGI_LEZEN,
    ),
    at_most(500, writes("besluittype"), "informatieobjecttypen"),
    at_most(2000, writes("eigenschap"), "specificatie.waardenverzameling"),
    at_most(500, writes("informatieobjecttype"), "trefwoord"),
    at_most(500, writes("resultaattype"), "besluittypen", "informatieobjecttypen"),
    at_most(500, writes("statustype"), "checklistitemStatustype", "eigenschappen"),
    at_most(
        500, writes("zaaktype"), "trefwoorden", "verantwoordingsrelatie", "productenOfDiensten", "besluittypen",
        "deelzaaktypen", "gerelateerdeZaaktypen",
    ),
    at_most(1000, "zaaktype_list", "query:trefwoorden", fact="parameter.maxItems"),
]  # fmt: skip

# --- Documenten ------------------------------------------------------------------------------------------------------

DATES_AND_TIMES = [f"{name}{end}" for name in ("startdatum", "einddatum") for end in ("__lt", "__lte", "__gt", "__gte")]

DOCUMENTEN = [
    Correction("documenten §1", HEAD, "*_headers", "scopes", "", None, ["documenten.lezen"]),
    *(
        Correction("D1", "Verzendingen are never open to everyone.", operations, "scopes", "", None, [scope])
        for operations, scope in {
            "verzending_list|verzending_retrieve": "documenten.lezen",
            "verzending_create": "documenten.aanmaken",
            "verzending_update|verzending_partial_update": "documenten.bijwerken",
            "verzending_destroy": "documenten.verwijderen",
        }.items()
    ),
    Correction(
        "D3", "Any one criterion is enough.",
        "enkelvoudiginformatieobject__zoek", "request.required", "uuid__in", True, None,
    ),
    Correction(
        "common §2", "The key of a document is a UUID here as well.",
        "audittrail_*", "parameter.format", "path:enkelvoudiginformatieobject_uuid", None, "uuid",
    ),
    Correction(
        "common §7", FILTERS,
        "gebruiksrechten_list", "parameter.format", joined(DATES_AND_TIMES, "query:"), None, "date-time",
    ),
    Correction(
        "common §7", FILTERS, "enkelvoudiginformatieobject_retrieve|enkelvoudiginformatieobject_download",
        "parameter.format", "query:registratieOp", None, "date-time",
    ),
    at_most(500, writes("enkelvoudiginformatieobject"), "trefwoorden"),
    at_most(1000, "enkelvoudiginformatieobject_list", "query:trefwoorden", fact="parameter.maxItems"),
    at_most(1000, "enkelvoudiginformatieobject__zoek", "uuid__in"),
    *STATES,
]  # fmt: skip

# --- Besluiten -------------------------------------------------------------------------------------------------------

VERVALREDENEN = ["ingetrokken_belanghebbende", "ingetrokken_overheid", "tijdelijk"]

BESLUITEN = [
    *(
        Correction(
            "B5", "A besluit without vervalreden has the empty string.",
            "besluit_*", f"{side}.enum", "vervalreden|results[].vervalreden", VERVALREDENEN, ["", *VERVALREDENEN],
        )
        for side in ("request", "response")
    ),
    Correction("B6", PATCH, "besluit_partial_update", "request.required", "*", True, None),
    *(
        Correction("B11", HOST_NAMES, "besluit_*", f"{side}.maxLength", "*besluittype|*zaak", 200, 1000)
        for side in ("request", "response")
    ),
    *STATES,
]  # fmt: skip

# --- Autorisaties ----------------------------------------------------------------------------------------------------

AUTORISATIES = [
    Correction(
        "A1", "A client belongs to one applicatie, and all software relies on a single object.",
        "applicatie_consumer", "response", "", "array", "applicatie_read",
    ),
    Correction("A6", PATCH, "applicatie_partial_update", "request.required", "clientIds|label", True, None),
    at_most(250, writes("applicatie"), "clientIds"),
    at_most(5000, writes("applicatie"), "autorisaties"),
    at_most(100, writes("applicatie"), "autorisaties[].scopes"),
]  # fmt: skip

# --- Notificaties ----------------------------------------------------------------------------------------------------

NOTIFICATIES = [
    Correction(
        "N1", "The reference implementation and the main production implementation answer 201.",
        "notificaties_create", "statuses", "", [200], [201],
    ),
    Correction(
        "N2", "The credentials of a subscriber are never given back.",
        "abonnement_*", "response.writeOnly", "auth|[].auth", None, True,
    ),
    Correction("N5", PATCH, "abonnement_partial_update", "request.required", "callbackUrl|auth|kanalen", True, None),
    Correction(
        "notificaties §2.3", "A kenmerk may be blank.",
        "notificaties_create", "request.minLength", "kenmerken.{}", 1, None,
    ),
    at_most(100, writes("abonnement"), "kanalen"),
    at_most(100, writes("abonnement"), "kanalen[].filters", fact="request.maxProperties"),
    at_most(100, "kanaal_create", "filters"),
    at_most(100, "notificaties_create", "kenmerken", fact="request.maxProperties"),
]  # fmt: skip

CORRECTIONS = {
    "zaken": ZAKEN,
    "catalogi": CATALOGI,
    "documenten": DOCUMENTEN,
    "besluiten": BESLUITEN,
    "autorisaties": AUTORISATIES,
    "notificaties": NOTIFICATIES,
}
