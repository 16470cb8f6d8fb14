"""The rules that a document must meet, and what a write of it changes beside its own row (documenten.md §3 to §5)."""

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from sqlalchemy import column, delete, exists, insert, select, table

from runtime.problems import OBJECT
from runtime.statements import Executor
from services.documenten.bestandsdeel import PART, PARTS, new_parts
from services.documenten.document_velden import NUMBERS, VERSIE_TABLE, EnkelvoudigInformatieObjectFields
from services.documenten.inhoud import Body
from services.documenten.journal import keep, keys_of, release
from zgw.check import Check
from zgw.shapes import Informatieobjecttype
from zgw.usage import BYTES, DOCUMENTS

Plan = Literal["keep", "none", "empty", "store", "large"]


@dataclass
class Inhoud:
    """The change of the content of a document, which is apart from the other fields."""

    body: Body = field(default_factory=lambda: Body({}))
    plan: Plan = "keep"
    weg: list[str] = field(default_factory=list)
    """The objects in the storage that are no longer needed."""


def new_lock() -> str:
    """Return a lock that cannot be guessed."""
    return secrets.token_hex(16)


# --- Rules ------------------------------------------------------------------------------------------------------------


async def status_past_bij_ontvangst(check: Check[EnkelvoudigInformatieObjectFields]) -> None:
    """drc-005: een ontvangen document is niet in bewerking of ter vaststelling."""
    if check.fields.ontvangstdatum and check.fields.status in ("in_bewerking", "ter_vaststelling"):
        check.reject("status", "invalid_for_received", "Deze status past niet bij een ontvangen document.")


async def gebruiksrechten_kloppen_met_indicatie(check: Check[EnkelvoudigInformatieObjectFields]) -> None:
    """drc-006: indicatieGebruiksrecht is waar als er gebruiksrechten zijn, en anders niet."""
    wanted = check.fields.indicatie_gebruiksrecht
    if check.stored is None:
        if wanted:
            check.reject("indicatieGebruiksrecht", "missing-gebruiksrechten", "Er zijn nog geen gebruiksrechten.")
        return
    if not check.was_sent(lambda document: document.indicatie_gebruiksrecht):
        return
    rechten = table("gebruiksrechten", column("informatieobject"))
    statement = select(exists(select(rechten.c.informatieobject).where(rechten.c.informatieobject == check.uuid)))
    async with check.call.db.acquire(check.call.tenant) as db:
        present = await db.value(statement)
    if wanted and not present:
        check.reject("indicatieGebruiksrecht", "missing-gebruiksrechten", "Er zijn geen gebruiksrechten.")
    if not wanted and present:
        check.reject("indicatieGebruiksrecht", "existing-gebruiksrechten", "Er zijn nog gebruiksrechten.")


async def vertrouwelijkheid_van_het_type(check: Check[EnkelvoudigInformatieObjectFields]) -> None:
    """drc-007: zonder vertrouwelijkheidaanduiding geldt die van het type; daarna blijft ze zoals ze is."""
    if check.fields.vertrouwelijkheidaanduiding:
        return
    if check.stored is not None:
        check.fields.vertrouwelijkheidaanduiding = check.stored["vertrouwelijkheidaanduiding"]
    else:
        kind = check.resolved(check.fields.informatieobjecttype, Informatieobjecttype)
        check.fields.vertrouwelijkheidaanduiding = kind["vertrouwelijkheidaanduiding"] if kind else "openbaar"


async def identificatie_is_ingevuld(check: Check[EnkelvoudigInformatieObjectFields]) -> None:
    """Generate the identificatie that the client left out; an update without one keeps what there is."""
    if check.fields.identificatie:
        return
    if check.stored is not None:
        check.fields.identificatie = check.stored["identificatie"]
        return
    year = check.fields.creatiedatum.year
    check.fields.identificatie = await NUMBERS.next(check.call, year, check.fields.bronorganisatie)


async def versie_volgt_op_de_vorige(check: Check) -> None:
    """Number the version and stamp it, strictly later than the one before it."""
    moment = datetime.now(UTC)
    if check.stored is not None:
        moment = max(moment, check.stored["begin_registratie"] + timedelta(microseconds=1))
    check.columns["versie"] = check.stored["versie"] + 1 if check.stored else 1
    check.columns["begin_registratie"] = moment


async def document_is_vergrendeld(check: Check) -> None:
    """drc-009, drc-010: een document wordt alleen gewijzigd door wie het vergrendeld heeft."""
    if check.stored is None:
        return
    lock = check.sent.get("lock", "").strip()
    if not check.stored["lock"]:
        check.reject(OBJECT, "unlocked", "Het document is niet vergrendeld.")
    elif not lock:
        check.reject(OBJECT, "missing-lock-id", "De lock ontbreekt.")
    elif lock != check.stored["lock"]:
        check.reject(OBJECT, "incorrect-lock-id", "De lock klopt niet.")


async def omvang_klopt_met_inhoud(check: Check[EnkelvoudigInformatieObjectFields]) -> None:
    """drc-x4: bestandsomvang is de omvang van de inhoud; zonder inhoud kondigt ze een upload in bestandsdelen aan."""
    body, stored = check.facts(Inhoud).body, check.stored
    sent = check.was_sent(lambda document: document.bestandsomvang)
    size = check.fields.bestandsomvang if sent else None
    plan: Plan = "none" if size is None else "large" if size else "empty"
    if body.size is not None:
        plan = "store"
        if size is not None and size != body.size:
            check.reject(OBJECT, "file-size", "De bestandsomvang is niet die van de inhoud.")
        size = body.size
    elif check.action == "partial_update" and stored is not None and not body.given:
        if not sent or size == stored["bestandsomvang"]:
            plan, size = "keep", stored["bestandsomvang"]
        elif stored["segments"] is not None:
            check.reject(OBJECT, "file-size", "De bestandsomvang is niet die van de inhoud.")
    chunk = check.call.service.settings.chunk_size
    if plan == "large" and size is not None and size > PARTS * chunk:
        check.reject("bestandsomvang", "max_value", f"Meer dan {PARTS} bestandsdelen van {chunk} bytes kan niet.")
    check.facts(Inhoud).plan = plan
    check.fields.bestandsomvang = size
    if plan != "keep":
        check.columns["segments"] = [] if plan == "empty" else None


async def inhoud_is_opgeslagen(check: Check) -> None:
    """Bring the content to the storage when nothing is wrong with the document; the transaction then keeps it."""
    if check.errors:
        return
    inhoud = check.facts(Inhoud)
    if inhoud.plan == "store":
        body = inhoud.body
        check.columns["segments"] = [await body.store()] if body.size else []
    if check.stored is None:
        check.columns["lock"] = new_lock() if inhoud.plan == "large" else ""


# --- Effects ----------------------------------------------------------------------------------------------------------


async def houd_inhoud_bij(db: Executor, check: Check[EnkelvoudigInformatieObjectFields]) -> None:
    """Keep the previous version, the new content, and the parts that are still to come."""
    inhoud = check.facts(Inhoud)
    plan = inhoud.plan
    if check.stored is not None:
        if check.action == "destroy":
            return
        previous = {c.name: check.stored[c.name] for c in VERSIE_TABLE.c if c.name != "id"}
        await db.execute(insert(VERSIE_TABLE).values(**previous))
    if plan == "store":
        await keep(db, check.call.service, check.call.tenant, keys_of(check.row["segments"]))
    if plan != "keep" and check.stored is not None and check.stored["lock"]:
        rows = await db.rows(delete(PART).where(PART.c.document == check.uuid).returning(PART.c.key))
        inhoud.weg = [row["key"] for row in rows if row["key"]]
        await release(db, inhoud.weg)
    if plan == "large":
        await new_parts(db, check.uuid, check.row["bestandsomvang"], check.call.service.settings.chunk_size)


async def laat_inhoud_gaan(db: Executor, check: Check) -> None:
    """Hand over to the journal what a new document has in the storage, when it is taken back."""
    await release(db, keys_of(check.row["segments"]))


def gebruik(check: Check[EnkelvoudigInformatieObjectFields]) -> dict[str, int]:
    """Return what a write adds to the use by the municipality; parts are counted as they come."""
    body = check.facts(Inhoud).body if check.facts(Inhoud).plan == "store" else None
    return {DOCUMENTS: int(check.creating), BYTES: body.size or 0 if body else 0}
