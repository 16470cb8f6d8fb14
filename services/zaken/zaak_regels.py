"""Rules of a zaak that is created or changed (zaken.md §7)."""

from datetime import UTC, datetime

from sqlalchemy import select

from runtime.problems import OBJECT
from runtime.statements import Executor, among
from services.zaken.geometrie import box_of
from services.zaken.gerelateerd import gerelateerde_zaken_mogen_worden_ingezien
from services.zaken.gesloten import DOCUMENT_ONZICHTBAAR, GEFORCEERD, GESLOTEN
from services.zaken.hoofdzaak import (
    hoofdzaak_is_een_andere_zaak,
    hoofdzaak_is_geen_deelzaak,
    hoofdzaak_mag_worden_ingezien,
    open_deelzaak_hoort_bij_open_hoofdzaak,
    zaaktype_past_bij_hoofdzaak,
)
from services.zaken.locks import check_unchanged
from services.zaken.references import (
    Beoordeeld,
    deels_onzichtbaar,
    documenten_van,
    gelezen,
    rijen_van_zaken,
    uit_de_selectielijst,
)
from services.zaken.zaak_velden import ZAAK_REF, ZAAK_TABLE, ZaakFields
from zgw.check import Check
from zgw.externals import at_once
from zgw.fields import describe
from zgw.filters import uuid_in
from zgw.shapes import Zaaktype

SUBTYPES = {
    "status": "statustype",
    "resultaat": "resultaattype",
    "rol": "roltype",
    "zaakeigenschap": "eigenschap",
    "zaakobject": "zaakobjecttype",
}
"""The tables below a zaak whose type belongs to one zaaktype, with the column that holds it."""

MAX_ELDERS = 50
"""Relevante andere zaken elsewhere: each of them is fetched, and a client waits for all."""

SELECTIELIJST_RESULTAAT = ("url", "procesType", "nummer", "naam", "waardering")
"""Properties that tell a Resultaat of the selectielijst from its other objects."""


async def selectielijstklasse_is_een_resultaat(check: Check[ZaakFields]) -> None:
    """bad-url, invalid-resource: de selectielijstklasse is een resultaat van de selectielijst."""
    url = check.fields.selectielijstklasse
    if not url or not check.changed(lambda zaak: zaak.selectielijstklasse):
        return
    klasse = await uit_de_selectielijst(check, url)
    if klasse is None:
        _, code = await check.call.service.references.foreign(check.call.caller, url)
        await check.reject_url("selectielijstklasse", url, code or "bad-url")
    elif any(name not in klasse for name in SELECTIELIJST_RESULTAAT):
        check.reject("selectielijstklasse", "invalid-resource")


async def betaaldatum_past_bij_indicatie(check: Check[ZaakFields]) -> None:
    """zrc-014: zonder betaling is er geen betaaldatum; de laatste betaling ligt niet in de toekomst."""
    moment, sent = check.fields.laatste_betaaldatum, check.sent.get("laatsteBetaaldatum")
    if check.fields.betalingsindicatie == "nvt":
        if sent and moment is not None:
            check.reject("laatsteBetaaldatum", "betaling-nvt", "Bij betalingsindicatie nvt hoort geen betaaldatum.")
        # A date that was stored disappears together with the indication.
        check.fields.laatste_betaaldatum = None
    elif moment is not None and moment > check.call.latest() and check.changed(lambda zaak: zaak.laatste_betaaldatum):
        check.reject("laatsteBetaaldatum", "future_not_allowed", "Deze datum mag niet in de toekomst liggen.")


async def producten_horen_bij_zaaktype(check: Check[ZaakFields]) -> None:
    """zrc-015: productenOfDiensten is een deel van die van het zaaktype."""
    zaaktype = check.resolved(check.fields.zaaktype, Zaaktype)
    changed = check.changed(lambda zaak: zaak.producten_of_diensten) or check.changed(lambda zaak: zaak.zaaktype)
    if zaaktype is None or not changed:
        return
    if not set(check.fields.producten_of_diensten) <= set(zaaktype.get("productenOfDiensten") or ()):
        check.reject("productenOfDiensten", "invalid-products-services", "Niet alle producten horen bij het zaaktype.")


async def relevante_zaken_bestaan(check: Check[ZaakFields]) -> None:
    """zrc-011: elke relevante andere zaak kan worden opgehaald en is een object; van elders zijn
    het er niet te veel."""
    items = check.fields.relevante_andere_zaken
    if not items or not check.changed(lambda zaak: zaak.relevante_andere_zaken):
        return
    local = {item.url: uuid_in(item.url, ZAAK_REF) for item in items}
    column = ZAAK_TABLE.c.uuid
    statement = select(column).where(among(column, [found for found in local.values() if found]))
    known = {row["uuid"] for row in await check.call.db.rows(check.call.tenant, statement)}
    elders = [url for url, found in local.items() if not found and not url.startswith("/")]
    if len(elders) > MAX_ELDERS:
        reason = f"Noem ten hoogste {MAX_ELDERS} zaken van andere registraties."
        check.reject("relevanteAndereZaken", "max_length", reason)
        return
    codes = {url: "" if found in known else "bad-url" for url, found in local.items()}

    async def ask(url: str) -> None:
        _, codes[url] = await check.call.service.references.foreign(check.call.caller, url)

    await at_once(ask, set(elders))
    for index, item in enumerate(items):
        if codes[item.url]:
            await check.reject_url(f"relevanteAndereZaken.{index}.url", item.url, codes[item.url])


async def overige_relatie_is_genoemd(check: Check[ZaakFields]) -> None:
    """overigerelatie-required: een relatie die geen van de bekende is, heeft een naam."""
    for index, item in enumerate(check.fields.relevante_andere_zaken):
        if item.aard_relatie == "overig" and not item.overige_relatie:
            name = f"relevanteAndereZaken.{index}.overigeRelatie"
            check.reject(name, "overigerelatie-required", "Een overige relatie heeft een naam.")


async def zaak_is_niet_later_geopend(check: Check[ZaakFields]) -> None:
    """date-in-future: de zaak is al geopend."""
    moment = check.fields.laatst_geopend
    if moment is not None and moment > check.call.latest() and check.changed(lambda zaak: zaak.laatst_geopend):
        check.reject("laatstGeopend", "date-in-future", "Deze datum mag niet in de toekomst liggen.")


async def archiefstatus_is_onderbouwd(check: Check[ZaakFields]) -> None:
    """zrc-022: gearchiveerd is een zaak pas als nominatie, datum en alle documenten dat zijn."""
    if check.fields.archiefstatus == "nog_te_archiveren":
        return
    if not check.fields.archiefnominatie:
        check.reject("archiefnominatie", "archiefnominatie-not-set", "De archiefnominatie is niet ingevuld.")
    if not check.fields.archiefactiedatum:
        check.reject("archiefactiedatum", "archiefactiedatum-not-set", "De archiefactiedatum is niet ingevuld.")
    if check.stored is None or not check.changed(lambda zaak: zaak.archiefstatus):
        return
    wrong = [item for item in await documenten_van(check, check.uuid) if item.get("status") != "gearchiveerd"]
    if wrong:
        hidden = await deels_onzichtbaar(check, [str(item["url"]) for item in wrong if "url" in item])
        reason = "Niet alle documenten zijn gearchiveerd" + (DOCUMENT_ONZICHTBAAR if hidden else ".")
        check.reject("archiefstatus", "documents-not-archived", reason)


async def inhoud_past_bij_nieuw_zaaktype(check: Check[ZaakFields]) -> None:
    """zrc-001, Z1: wie het zaaktype wijzigt, houdt alleen statussen, rollen en dergelijke van dat zaaktype over."""
    if check.stored is None or not check.changed(lambda zaak: zaak.zaaktype):
        return
    rows = {name: await rijen_van_zaken(check, name, [check.uuid]) for name in SUBTYPES}
    typen = check.facts(Beoordeeld).subtypen = {
        name: {row[column] for row in rows[name]} for name, column in SUBTYPES.items()
    }
    wanted = set().union(*typen.values()) - {""}
    found = await gelezen(check, wanted)
    if any(found.get(path, {}).get("zaaktype") != check.fields.zaaktype for path in wanted):
        check.reject(
            OBJECT, "zaaktype-mismatch", "Er zijn gegevens bij de zaak die niet bij het nieuwe zaaktype horen."
        )


async def het_beoordeelde_is_alles(db: Executor, check: Check) -> None:
    """zrc-001, zrc-022: nothing came to the zaak since these rules looked. As effect: who writes below the zaak after
    this waits, and then sees what it has become."""
    beoordeeld = check.facts(Beoordeeld)
    if beoordeeld.documenten is not None:
        await check_unchanged(db, check, "zaakinformatieobject", "informatieobject", beoordeeld.documenten)
    for name, typen in beoordeeld.subtypen.items():
        await check_unchanged(db, check, name, SUBTYPES[name], typen)


async def vertrouwelijkheid_volgt_zaaktype(check: Check[ZaakFields]) -> None:
    """zrc-009: wie geen vertrouwelijkheidaanduiding opgeeft, krijgt die van het zaaktype."""
    if check.fields.vertrouwelijkheidaanduiding:
        return
    if (zaaktype := check.resolved(check.fields.zaaktype, Zaaktype)) is not None:
        check.fields.vertrouwelijkheidaanduiding = zaaktype["vertrouwelijkheidaanduiding"]
    elif check.stored is not None:
        check.fields.vertrouwelijkheidaanduiding = check.stored["vertrouwelijkheidaanduiding"]


async def omvat_zaakgeometrie(check: Check[ZaakFields]) -> None:
    """Keep the bounding box equal to the geometry. Belongs in ``derive`` of the zaak."""
    check.columns["zaakgeometrie_box"] = box_of(check.fields.zaakgeometrie)


async def eigen_archiefwaarden_blijven(check: Check) -> None:
    """zrc-021: een waarde die een client zelf invult, wordt later niet opnieuw afgeleid."""
    derived: list[str] = list(check.stored["afgeleid"]) if check.stored else []
    kept = [name for name in derived if not check.differs(name)]
    if kept != derived:
        check.columns["afgeleid"] = kept


async def eerdere_opschorting_blijft_bekend(check: Check[ZaakFields]) -> None:
    """Remember that the handling was suspended once, also when it goes on."""
    now = check.fields.opschorting
    before = check.stored["opschorting"] if check.stored is not None else None
    ever = bool((now and now.indicatie) or (before and before["eerdereOpschorting"]))
    found = {"indicatie": now.indicatie, "reden": now.reden} if now else {"indicatie": False, "reden": ""}
    check.columns["opschorting"] = {**found, "eerdereOpschorting": ever} if ever or found["reden"] else None


async def openen_is_geen_melding(check: Check[ZaakFields]) -> None:
    """Announce nothing when somebody only looked at the zaak: subscribers would hear of each visit to a portal."""
    check.silent = check.sent.keys() == {"laatstGeopend"}


async def wijziging_van_de_zaak_telt(check: Check[ZaakFields]) -> None:
    """Remember when a stored member of the zaak last changed; not that somebody only looked at it."""
    stored = (p.attribute for p in describe(ZaakFields) if not p.write_only)
    if check.creating or (not check.silent and any(check.differs(attribute) for attribute in stored)):
        check.columns["laatst_gemuteerd"] = datetime.now(UTC)


async def gesloten_zaak(check: Check) -> None:
    """zrc-007: een afgesloten zaak wijzigen vraagt zaken.geforceerd-bijwerken; verwijderen mag zonder."""
    zaak = check.stored
    if zaak is None or check.action == "destroy" or zaak["einddatum"] is None:
        return
    if not await check.call.holds(GEFORCEERD, zaak["zaaktype"], zaak["vertrouwelijkheidaanduiding"]):
        raise await check.call.denied(check.resource, GEFORCEERD, zaak, GESLOTEN)


async def registratiedatum_is_vandaag(check: Check[ZaakFields]) -> None:
    """zaken.md §3.1: a zaak is registered today, which is another day in another time zone."""
    if check.creating and "registratiedatum" not in check.sent:
        check.fields.registratiedatum = check.call.today()


REGELS = [
    hoofdzaak_mag_worden_ingezien,
    hoofdzaak_is_een_andere_zaak,
    hoofdzaak_is_geen_deelzaak,
    open_deelzaak_hoort_bij_open_hoofdzaak,
    zaaktype_past_bij_hoofdzaak,
    selectielijstklasse_is_een_resultaat,
    betaaldatum_past_bij_indicatie,
    producten_horen_bij_zaaktype,
    relevante_zaken_bestaan,
    overige_relatie_is_genoemd,
    gerelateerde_zaken_mogen_worden_ingezien,
    zaak_is_niet_later_geopend,
    archiefstatus_is_onderbouwd,
    inhoud_past_bij_nieuw_zaaktype,
]
