"""What must be true of a zaak that is created or changed (zaken.md §7)."""

from datetime import UTC, datetime

from sqlalchemy import select

from services.zaken.remote import documenten_van, gelezen, rijen_van_zaken, uit_de_selectielijst
from services.zaken.sloten import nog_dezelfde
from services.zaken.toestand import GEFORCEERD, GESLOTEN
from services.zaken.zaak_velden import ZAAK_REF, ZAAK_TABLE
from zgw.check import Check
from zgw.database import Executor, among
from zgw.filters import uuid_in
from zgw.problems import OBJECT, Again, forbidden, invalid

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

DEELZAAK_ALS_HOOFDZAAK = ("deelzaak-als-hoofdzaak", "Een deelzaak van een deelzaak is niet toegestaan.")

SELECTIELIJST_RESULTAAT = ("url", "procesType", "nummer", "naam", "waardering")
"""Properties that tell a Resultaat of the selectielijst from its other objects."""


async def hoofdzaak_is_een_andere_zaak(check: Check) -> None:
    """zrc-013: een zaak is niet haar eigen hoofdzaak."""
    if (hoofdzaak := check.resolved("hoofdzaak")) and hoofdzaak["uuid"] == check.uuid:
        check.reject("hoofdzaak", "self-forbidden", "Een zaak kan niet haar eigen hoofdzaak zijn.")


async def hoofdzaak_is_geen_deelzaak(check: Check) -> None:
    """zrc-013: een deelzaak van een deelzaak is niet toegestaan, ook niet door een hoofdzaak tot deelzaak te maken."""
    hoofdzaak = check.resolved("hoofdzaak")
    if not hoofdzaak or hoofdzaak["uuid"] == check.uuid or not check.changed("hoofdzaak"):
        return
    nested = hoofdzaak["hoofdzaak"] is not None
    if not nested and check.stored is not None:
        nested = bool(check.stored["deelzaken"])
    if nested:
        check.reject("hoofdzaak", *DEELZAAK_ALS_HOOFDZAAK)


async def hoofdzaak_wordt_niet_tegelijk_deelzaak(db: Executor, check: Check) -> None:
    """zrc-013: two zaken that become each other's deelzaak, or that of a third, at the same moment; a hoofdzaak that
    gets another zaaktype. As effect: who is later waits for the row of the other, and sees what became of it."""
    hoofdzaak = check.row.get("hoofdzaak")
    if check.action == "destroy" or hoofdzaak is None or not check.changed("hoofdzaak"):
        return
    c = ZAAK_TABLE.c
    above = await db.row(select(c.hoofdzaak, c.zaaktype).where(c.uuid == hoofdzaak).with_for_update(read=True))
    below = await db.row(select(c.id).where(c.hoofdzaak == check.uuid).limit(1))
    if below is not None or (above is not None and above["hoofdzaak"] is not None):
        raise invalid("hoofdzaak", *DEELZAAK_ALS_HOOFDZAAK)
    if above is not None and above["zaaktype"] != check.resolved("hoofdzaak")["zaaktype"]:
        raise Again()


async def zaaktype_past_bij_hoofdzaak(check: Check) -> None:
    """zrc-013: het zaaktype is een van de deelzaaktypen van het zaaktype van de hoofdzaak, in welke versie ook."""
    hoofdzaak, zaaktype = check.resolved("hoofdzaak"), check.resolved("zaaktype")
    if not hoofdzaak or not zaaktype or hoofdzaak["uuid"] == check.uuid:
        return
    if not (check.changed("hoofdzaak") or check.changed("zaaktype")):
        return
    hoofdtype = (await gelezen(check, [hoofdzaak["zaaktype"]])).get(hoofdzaak["zaaktype"])
    paths = (hoofdtype or {}).get("deelzaaktypen") or []
    if zaaktype["url"] in paths:
        return
    same = (zaaktype["catalogus"], zaaktype["identificatie"])
    allowed = await gelezen(check, paths)
    if same not in {(item["catalogus"], item["identificatie"]) for item in allowed.values()}:
        check.reject("hoofdzaak", "invalid-deelzaaktype", "Het zaaktype is geen deelzaaktype van dat van de hoofdzaak.")


async def selectielijstklasse_is_een_resultaat(check: Check) -> None:
    """bad-url, invalid-resource: de selectielijstklasse is een resultaat van de selectielijst."""
    url = check.row["selectielijstklasse"]
    if not url or not check.changed("selectielijstklasse"):
        return
    klasse = await uit_de_selectielijst(check, url)
    if klasse is None:
        check.reject("selectielijstklasse", "bad-url")
    elif any(name not in klasse for name in SELECTIELIJST_RESULTAAT):
        check.reject("selectielijstklasse", "invalid-resource")


async def betaaldatum_past_bij_indicatie(check: Check) -> None:
    """zrc-014: zonder betaling is er geen betaaldatum; de laatste betaling ligt niet in de toekomst."""
    moment, sent = check.row["laatste_betaaldatum"], check.sent.get("laatsteBetaaldatum")
    if check.row["betalingsindicatie"] == "nvt":
        if sent:
            check.reject("laatsteBetaaldatum", "betaling-nvt", "Bij betalingsindicatie nvt hoort geen betaaldatum.")
        # A date that was stored disappears together with the indication.
        check.row["laatste_betaaldatum"] = None
    elif moment is not None and moment > datetime.now(UTC) and check.changed("laatste_betaaldatum"):
        check.reject("laatsteBetaaldatum", "future_not_allowed", "Deze datum mag niet in de toekomst liggen.")


async def producten_horen_bij_zaaktype(check: Check) -> None:
    """zrc-015: productenOfDiensten is een deel van die van het zaaktype."""
    zaaktype = check.resolved("zaaktype")
    if zaaktype is None or not (check.changed("producten_of_diensten") or check.changed("zaaktype")):
        return
    if not set(check.row["producten_of_diensten"]) <= set(zaaktype.get("productenOfDiensten") or ()):
        check.reject("productenOfDiensten", "invalid-products-services", "Niet alle producten horen bij het zaaktype.")


async def relevante_zaken_bestaan(check: Check) -> None:
    """zrc-011: elke relevante andere zaak kan worden opgehaald; van elders ten hoogste ``MAX_ELDERS``."""
    items = check.row["relevante_andere_zaken"]
    if not items or not check.changed("relevante_andere_zaken"):
        return
    local = {item["url"]: uuid_in(item["url"], ZAAK_REF) for item in items}
    column = ZAAK_TABLE.c.uuid
    statement = select(column).where(among(column, [found for found in local.values() if found]))
    known = {row["uuid"] for row in await check.call.db.rows(check.call.tenant, statement)}
    elders = [url for url, found in local.items() if not found and not url.startswith("/")]
    if len(elders) > MAX_ELDERS:
        reason = f"Noem ten hoogste {MAX_ELDERS} zaken van andere registraties."
        check.reject("relevanteAndereZaken", "max_length", reason)
        return
    foreign = await gelezen(check, elders)
    for index, item in enumerate(items):
        if local[item["url"]] not in known and item["url"] not in foreign:
            check.reject(f"relevanteAndereZaken.{index}.url", "bad-url")


async def archiefstatus_is_onderbouwd(check: Check) -> None:
    """zrc-022: gearchiveerd is een zaak pas als nominatie, datum en alle documenten dat zijn."""
    if check.row["archiefstatus"] == "nog_te_archiveren":
        return
    if not check.row["archiefnominatie"]:
        check.reject("archiefnominatie", "archiefnominatie-not-set", "De archiefnominatie is niet ingevuld.")
    if not check.row["archiefactiedatum"]:
        check.reject("archiefactiedatum", "archiefactiedatum-not-set", "De archiefactiedatum is niet ingevuld.")
    if check.stored is None or not check.changed("archiefstatus"):
        return
    if any(document.get("status") != "gearchiveerd" for document in await documenten_van(check, check.uuid)):
        check.reject("archiefstatus", "documents-not-archived", "Niet alle documenten zijn gearchiveerd.")


async def inhoud_past_bij_nieuw_zaaktype(check: Check) -> None:
    """zrc-001, Z1: wie het zaaktype wijzigt, houdt alleen statussen, rollen en dergelijke van dat zaaktype over."""
    if check.stored is None or not check.changed("zaaktype"):
        return
    rows = {name: await rijen_van_zaken(check, name, [check.uuid]) for name in SUBTYPES}
    typen = check.notes["subtypen"] = {name: {row[column] for row in rows[name]} for name, column in SUBTYPES.items()}
    wanted = set().union(*typen.values()) - {""}
    found = await gelezen(check, wanted)
    if any(found.get(path, {}).get("zaaktype") != check.row["zaaktype"] for path in wanted):
        check.reject(
            OBJECT, "zaaktype-mismatch", "Er zijn gegevens bij de zaak die niet bij het nieuwe zaaktype horen."
        )


async def het_beoordeelde_is_alles(db: Executor, check: Check) -> None:
    """zrc-001, zrc-022: nothing came to the zaak since these rules looked. As effect: who writes below the zaak after
    this waits, and then sees what it has become."""
    if "documenten" in check.notes:
        await nog_dezelfde(db, check, "zaakinformatieobject", "informatieobject", check.notes["documenten"])
    for name, typen in check.notes.get("subtypen", {}).items():
        await nog_dezelfde(db, check, name, SUBTYPES[name], typen)


async def vertrouwelijkheid_volgt_zaaktype(check: Check) -> None:
    """zrc-009: wie geen vertrouwelijkheidaanduiding opgeeft, krijgt die van het zaaktype."""
    if not check.row["vertrouwelijkheidaanduiding"]:
        stored = check.stored["vertrouwelijkheidaanduiding"] if check.stored else ""
        zaaktype = check.resolved("zaaktype") or {}
        check.row["vertrouwelijkheidaanduiding"] = zaaktype.get("vertrouwelijkheidaanduiding") or stored


async def eigen_archiefwaarden_blijven(check: Check) -> None:
    """zrc-021: een waarde die een client zelf invult, wordt later niet opnieuw afgeleid."""
    derived: list[str] = list(check.stored["afgeleid"]) if check.stored else []
    kept = [name for name in derived if not check.changed(name)]
    if kept != derived:
        check.row["afgeleid"] = kept


async def gesloten_zaak(check: Check) -> None:
    """zrc-007: een afgesloten zaak wijzigen vraagt zaken.geforceerd-bijwerken; verwijderen mag zonder."""
    zaak = check.stored
    if zaak is None or check.action == "destroy" or zaak["einddatum"] is None:
        return
    if not await check.call.holds(GEFORCEERD, zaak["zaaktype"], zaak["vertrouwelijkheidaanduiding"]):
        raise forbidden(GESLOTEN)


REGELS = [
    hoofdzaak_is_een_andere_zaak,
    hoofdzaak_is_geen_deelzaak,
    zaaktype_past_bij_hoofdzaak,
    selectielijstklasse_is_een_resultaat,
    betaaldatum_past_bij_indicatie,
    producten_horen_bij_zaaktype,
    relevante_zaken_bestaan,
    archiefstatus_is_onderbouwd,
    inhoud_past_bij_nieuw_zaaktype,
]
