"""The rules of the standard that no OAS can express, in our own words: what must be true, and how a breach is answered.

Every one of them is named by a test (``test_conformance``). A code stands behind the property that it is reported on;
without a property it is reported on the object as a whole (``nonFieldErrors``).
"""

RULES = {
    "zrc-001": "zaaktype: can be fetched, is a zaaktype, is published (`bad-url`, `invalid-resource`, `not-published`)",
    "zrc-002": "identificatie: unique within the bronorganisatie (`identificatie-niet-uniek`), generated when left "
    "out, never changed (`wijzigen-niet-toegelaten`)",
    "zrc-003": "zaakinformatieobject.informatieobject: can be fetched and is a document (`bad-url`, "
    "`invalid-resource`)",
    "zrc-004": "zaakinformatieobject: the relation is always hoort_bij, registered now; zaak and document stay "
    "(`wijzigen-niet-toegelaten`), and occur once together (`unique`)",
    "zrc-005": "zaakinformatieobject: Documenten knows of it, or it does not exist (`pending-relations`)",
    "zrc-006": "a client sees and changes only zaken of its zaaktypen, up to its confidentiality (403; lists leave "
    "them out)",
    "zrc-007": "the eindstatus closes a zaak that is finished; a closed zaak changes only with geforceerd-bijwerken "
    "(403)",
    "zrc-008": "another status reopens a closed zaak, with the scope heropenen (403), and clears its archiving",
    "zrc-009": "vertrouwelijkheidaanduiding: that of the client, else that of the zaaktype (`invalid_choice`)",
    "zrc-010": "communicatiekanaal: can be fetched and is one (`bad-url`, `invalid-resource`)",
    "zrc-011": "relevanteAndereZaken: each can be fetched (`bad-url`)",
    "zrc-012": "groups are absent or complete, also in PATCH (`required` on `group.member`)",
    "zrc-013": "hoofdzaak: another zaak (`self-forbidden`), no deelzaak itself (`deelzaak-als-hoofdzaak`), of a "
    "zaaktype that has this deelzaaktype (`invalid-deelzaaktype`)",
    "zrc-014": "laatsteBetaaldatum: only where something is to be paid (`betaling-nvt`), not in the future "
    "(`future_not_allowed`)",
    "zrc-015": "productenOfDiensten: some of those of the zaaktype (`invalid-products-services`)",
    "zrc-016": "status: its statustype belongs to the zaaktype (`zaaktype-mismatch`)",
    "zrc-017": "zaakinformatieobject: its informatieobjecttype belongs to the zaaktype "
    "(`missing-zaaktype-informatieobjecttype-relation`)",
    "zrc-018": "zaakeigenschap: its eigenschap belongs to the zaaktype (`zaaktype-mismatch`)",
    "zrc-019": "rol: its roltype belongs to the zaaktype (`zaaktype-mismatch`)",
    "zrc-020": "resultaat: its resultaattype belongs to the zaaktype (`zaaktype-mismatch`)",
    "zrc-021": "closing derives archiefnominatie and archiefactiedatum from the resultaattype",
    "zrc-022": "archiefstatus: archived only with nominatie, date and archived documents (`documents-not-archived`, "
    "`archiefnominatie-not-set`, `archiefactiedatum-not-set`)",
    "zrc-023": "deleting a zaak removes everything that belongs to it (`related-besluiten` while besluiten refer to "
    "it)",
    "zrc-024": "zaakverzoek: the API of the verzoek knows of it, or it does not exist (`bad-url`, `pending-relations`)",
    "zrc-025": "zaakcontactmoment: the API of the contactmoment knows of it, or it does not exist; expand crosses to "
    "other APIs",
    "zrc-026": "startdatumBewaartermijn begins the retention; expand goes to any depth",
    "zrc-027": "expand: only properties that the resource has (404)",
    "zrc-028": "expand: only what can be obtained (404)",
    "zrc-029": "_zoek: fields chooses properties",
    "ztc-001": "selectielijstProcestype: can be fetched and is one (`bad-url`, `invalid-resource`)",
    "ztc-002": "resultaattype: resultaattypeomschrijving and selectielijstklasse can be fetched and fit the "
    "procestype (`bad-url`, `invalid-resource`, `procestype-mismatch`), and fill in what is left out",
    "ztc-003": "afleidingswijze: fits the procestermijn of the selectielijst "
    "(`invalid-afleidingswijze-for-procestermijn`)",
    "ztc-004": "brondatumArchiefprocedure.datumkenmerk: as the afleidingswijze wants (`required`, `must-be-empty`)",
    "ztc-005": "brondatumArchiefprocedure.einddatumBekend: as the afleidingswijze wants (`must-be-empty`)",
    "ztc-006": "brondatumArchiefprocedure.objecttype: as the afleidingswijze wants (`required`, `must-be-empty`)",
    "ztc-007": "brondatumArchiefprocedure.registratie: as the afleidingswijze wants (`required`, `must-be-empty`)",
    "ztc-008": "brondatumArchiefprocedure.procestermijn: as the afleidingswijze wants (`required`, `must-be-empty`)",
    "ztc-009": "a published type changes only its eindeGeldigheid, or by force (`non-concept-object`)",
    "ztc-010": "what belongs to a published zaaktype changes only by force (`non-concept-zaaktype`, "
    "`non-concept-relation`)",
    "ztc-014": "who may read zaken or documenten may read catalogi",
    "ztc-015": "specificatie.lengte of a date is 8, of a moment 14 (`invalid`)",
    "ztc-016": "published versions of a type do not overlap (`overlap`)",
    "ztc-017": "a catalogus is deleted only when it is empty (409 `CATALOG_NOT_EMPTY`)",
    "drc-001": "informatieobjecttype: can be fetched, is one, is published (`bad-url`, `invalid-resource`, "
    "`not-published`)",
    "drc-002": "objectinformatieobject.object: can be fetched and is of its objectType (`bad-url`, `invalid-resource`)",
    "drc-003": "objectinformatieobject: object and document occur once together (`unique`)",
    "drc-004": "objectinformatieobject: only what the leading side has, as long as it has it "
    "(`inconsistent-relation`, `remote-relation-exists`)",
    "drc-005": "status: a received document is not being written (`invalid_for_received`)",
    "drc-006": "indicatieGebruiksrecht: follows the gebruiksrechten (`missing-gebruiksrechten`, "
    "`existing-gebruiksrechten`)",
    "drc-007": "vertrouwelijkheidaanduiding: that of the client, else that of the informatieobjecttype",
    "drc-008": "a document is deleted only when nothing refers to it (`pending-relations`)",
    "drc-009": "a document changes only under its lock (`unlocked`, `missing-lock-id`, `incorrect-lock-id`)",
    "drc-010": "a document under its lock changes in any status",
    "drc-011": "expand crosses to Catalogi",
    "drc-012": "expand goes to any depth",
    "drc-013": "expand: only properties that the resource has (404)",
    "drc-014": "expand: only what can be obtained (404)",
    "brc-001": "besluittype: can be fetched, is one, is published (`bad-url`, `invalid-resource`, `not-published`), "
    "stays (`wijzigen-niet-toegelaten`)",
    "brc-002": "identificatie: unique within the verantwoordelijkeOrganisatie (`identificatie-niet-uniek`), "
    "generated when left out, never changed (`wijzigen-niet-toegelaten`)",
    "brc-003": "besluitinformatieobject.informatieobject: can be fetched and is a document (`bad-url`, "
    "`invalid-resource`)",
    "brc-004": "besluitinformatieobject: the relation is always legt_vast",
    "brc-005": "besluitinformatieobject: Documenten knows of it, or it does not exist (`pending-relations`)",
    "brc-006": "zaak: Zaken knows of the besluit, or it does not exist (`pending-relations`)",
    "brc-007": "besluittype: one of the zaaktype of the zaak (`zaaktype-mismatch`)",
    "brc-008": "besluitinformatieobject: its informatieobjecttype belongs to the besluittype "
    "(`missing-besluittype-informatieobjecttype-relation`)",
    "brc-009": "deleting a besluit removes everything that belongs to it",
    "ac-001": "clientIds: each belongs to one applicatie (`clientId-exists`)",
    "ac-002": "autorisaties: all, or some, and not both (`ambiguous-authorizations-specified`, "
    "`missing-authorizations`)",
    "ac-003": "autorisaties: each has the type, and where it counts the confidentiality, that its scopes ask for "
    "(`required`)",
    "nrc-1": "a message: its kanaal exists (`message_kanaal`)",
    "nrc-2": "a message: its kenmerken are those of the kanaal, or some of them (`kenmerken_inconsistent`)",
    "nrc-3": "an abonnement: its kanalen exist (`kanaal_naam`)",
    "nrc-4": "an abonnement: its filters are kenmerken of the kanaal (`inconsistent-abonnement-filters`)",
    "nrc-5": "an abonnement: its callback accepts a message with the credentials (`invalid-callback-url`)",
    "nrc-6": "an abonnement: its callback refuses one without (`no-auth-on-callback-url`)",
    "nrc-7": "a kanaal: its naam is unique (`unique`)",
    "nrc-8": "a message: its aanmaakdatum is not in the future (`future_not_allowed`)",
    "nrc-9": "every publisher registers its kanaal",
    "nrc-10": "a message is delivered with the Authorization of the abonnement",
    "nrc-11": "messages tell nothing personal",
    "nrc-12": "a message is delivered to every abonnement that it fits",
    "nrc-13": "delivery is tried again until it succeeds; in order per object",
}
