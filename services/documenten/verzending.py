"""Verzending: how a document was received or sent, by whom or to whom (documenten.md §2.4)."""

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from runtime.problems import OBJECT
from services.documenten.document import AANMAKEN, DOCUMENT, LEZEN, SCHRIJVEN, VERWIJDEREN
from services.documenten.document_velden import DOCUMENT_REF, OrNone
from services.documenten.journal import METADATA
from services.documenten.verwijzing import document_filter
from zgw.check import Check
from zgw.columns import make_table
from zgw.fields import Fields
from zgw.filters import equal
from zgw.resource import Main, Resource
from zgw.types import Also, Date, Length, Ref, Shown, Url, Whole

AardRelatie = Literal["afzender", "geadresseerde"]
Telefoon = Annotated[str, Length(15)]
_POSTCODE = re.compile(r"([1-9][0-9]{3}) ([A-Z]{2})", re.ASCII)


def zonder_spatie(value: Any) -> Any:
    """Return a postcode as the standard has it: ``1234AB`` for ``1234 AB``, as it stands on envelopes."""
    found = _POSTCODE.fullmatch(value.strip()) if isinstance(value, str) else None
    return found[1] + found[2] if found else value


Postcode = BeforeValidator(zonder_spatie)


class BinnenlandsCorrespondentieadresFields(Fields):
    """An address in the Netherlands."""

    huisletter: Annotated[str, Length(1)] = ""
    huisnummer: Annotated[int, Whole(1, 99999)]
    huisnummer_toevoeging: Annotated[str, Length(4)] = ""
    naam_openbare_ruimte: Annotated[str, Length(80, 1)]
    postcode: Annotated[str, Length(6), Postcode] = ""
    woonplaatsnaam: Annotated[str, Length(80, 1)]


class BuitenlandsCorrespondentieadresFields(Fields):
    """An address abroad, whose lines are called otherwise in other implementations and in the Zaken API."""

    adres_buitenland_1: Annotated[str, Length(35, 1), Also("adresBuitenland_1"), Also("subAdresBuitenland_1")]
    adres_buitenland_2: Annotated[str, Length(35), Also("adresBuitenland_2"), Also("subAdresBuitenland_2")] = ""
    adres_buitenland_3: Annotated[str, Length(35), Also("adresBuitenland_3"), Also("subAdresBuitenland_3")] = ""
    land_postadres: Annotated[str, Ref(follow=False, max_length=200), Shown(200, 1)]


class CorrespondentiePostadresFields(Fields):
    """A post box or a freepost number."""

    post_bus_of_antwoordnummer: Annotated[int, Whole(1, 9999)]
    postadres_postcode: Annotated[str, Length(6, 1), Postcode]
    postadres_type: Literal["antwoordnummer", "postbusnummer"]
    woonplaatsnaam: Annotated[str, Length(80, 1)]


class VerzendingFields(Fields):
    """The fields that clients write."""

    betrokkene: Annotated[str, Ref(follow=False, max_length=200), Shown(200, 1)]
    informatieobject: Annotated[str, DOCUMENT_REF, Shown()]
    aard_relatie: AardRelatie
    toelichting: Annotated[str, Length(200)] = ""
    ontvangstdatum: Date | None = None
    verzenddatum: Date | None = None
    contact_persoon: Annotated[str, Ref(follow=False, max_length=1000), Shown(1000, 1)]
    contactpersoonnaam: Annotated[str, Length(40)] = ""
    binnenlands_correspondentieadres: Annotated[BinnenlandsCorrespondentieadresFields | None, OrNone] = None
    buitenlands_correspondentieadres: Annotated[BuitenlandsCorrespondentieadresFields | None, OrNone] = None
    correspondentie_postadres: Annotated[CorrespondentiePostadresFields | None, OrNone] = None
    faxnummer: Telefoon | None = None
    emailadres: Annotated[str, Length(100)] | None = None
    mijn_overheid: bool = False
    telefoonnummer: Telefoon | None = None


class VerzendingShown(Fields):
    """The fields that only responses have."""

    url: Url


VERZENDING_TABLE = make_table(METADATA, "verzending", VerzendingFields)
T = VERZENDING_TABLE.c


async def precies_een_adres(check: Check[VerzendingFields]) -> None:
    """drc-x5: een verzending gaat langs precies een weg: een van de adressen, nummers, of MijnOverheid."""
    v = check.fields
    adressen = (v.binnenlands_correspondentieadres, v.buitenlands_correspondentieadres, v.correspondentie_postadres)
    wegen = (*adressen, v.faxnummer, v.emailadres, v.telefoonnummer, v.mijn_overheid)
    if sum(bool(weg) for weg in wegen) != 1:
        check.reject(OBJECT, "invalid-address", "Geef precies een adres, nummer of MijnOverheid op.")


async def datums_passen_bij_aard_relatie(check: Check[VerzendingFields]) -> None:
    """drc-x6: wat een afzender stuurde is ontvangen, wat naar een geadresseerde gaat niet (alleen als dit aanstaat)."""
    if not check.call.service.settings.check_verzending_dates:
        return
    received, sent = check.fields.ontvangstdatum, check.fields.verzenddatum
    if check.fields.aard_relatie == "afzender":
        if not received:
            check.reject("ontvangstdatum", "required")
        if sent:
            check.reject("verzenddatum", "must-be-empty", "Een ontvangen document heeft geen verzenddatum.")
    elif received:
        check.reject("ontvangstdatum", "must-be-empty", "Een verzonden document heeft geen ontvangstdatum.")


async def ander_document_mag_ook(check: Check[VerzendingFields]) -> None:
    """drc-x8, drc-x10: een verzending gaat alleen over naar een document dat bestaat en dat de client mag wijzigen."""
    if check.stored is None or not check.changed(lambda verzending: verzending.informatieobject):
        return
    found, code = await check.find(check.fields.informatieobject, DOCUMENT_REF)
    rights = await check.call.rights(SCHRIJVEN)
    if found is not None and rights.published_only and found["is_gereed_voor_publicatie"] is not True:
        found, code = None, "does_not_exist"
    if found is None:
        check.reject("informatieobject", code)
    elif not rights.allows(found["informatieobjecttype"], found["vertrouwelijkheidaanduiding"]):
        raise await check.call.denied(DOCUMENT, SCHRIJVEN, found)
    else:
        check.main = found


VERZENDING = Resource(
    name="verzending",
    path="verzendingen",
    fields=VerzendingFields,
    shown=VerzendingShown,
    table=VERZENDING_TABLE,
    scopes={"list": LEZEN, "fetch": LEZEN, "create": AANMAKEN, "update": SCHRIJVEN, "remove": VERWIJDEREN},
    filters=[
        equal("aardRelatie", T.aard_relatie, AardRelatie),
        document_filter(T.informatieobject),
        equal("betrokkene", T.betrokkene, Annotated[str, Ref(follow=False, max_length=10_000)]),
    ],
    main=Main("informatieobject", DOCUMENT),
    kanaal="documenten",
    audited=True,
    weergave=lambda row: str(row["aard_relatie"]),
    rules=[precies_een_adres, datums_passen_bij_aard_relatie, ander_document_mag_ook],
)
