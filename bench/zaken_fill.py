"""Fills the registers of three municipalities inside the database, for :mod:`bench.zaken_million`."""

import asyncio
import re
import time
from pathlib import Path
from typing import Any

import asyncpg

from beheer import tenants
from beheer.demo import GEMEENTEN, Gemeente, catalogus
from runtime.settings import Settings
from runtime.tenancy import schema_of
from services.catalogi.selectielijst_laden import laad
from services.zaken.zaak_velden import COUNTS

ZAAKTYPEN = 200
BEPERKT = 150
SECRET = "geheim" * 8

VUL = """
SET session_replication_role = replica;
SET maintenance_work_mem = '512MB'; SET work_mem = '256MB';
CREATE TEMP TABLE soort AS SELECT row_number() OVER (ORDER BY u) - 1 AS n, '/catalogi/api/v1/zaaktypen/' || u AS pad
    FROM unnest($zaaktypen$::uuid[]) u;
INSERT INTO zaak (identificatie, bronorganisatie, omschrijving, toelichting, zaaktype, registratiedatum,
    verantwoordelijke_organisatie, startdatum, communicatiekanaal, producten_of_diensten, vertrouwelijkheidaanduiding,
    betalingsindicatie, zaakgeometrie, zaakgeometrie_box, selectielijstklasse, relevante_andere_zaken, kenmerken,
    archiefstatus, opdrachtgevende_organisatie, processobjectaard, einddatum_gepland, uiterlijke_einddatum_afdoening,
    publicatiedatum, einddatum, archiefnominatie, archiefactiedatum)
SELECT 'OUD-' || lpad(i::text, 9, '0'), $rsin$, 'Aanvraag ' || (ARRAY['parkeervergunning', 'omgevingsvergunning',
    'bijstand', 'kapvergunning', 'leerlingenvervoer', 'uittreksel', 'subsidie', 'ontheffing', 'evenement', 'woonruimte',
    'verhuizing', 'rijbewijs'])[1 + i % 12] || ' ' || substr(md5((i % 5000)::text), 1, 7)
    || 'straat ' || i % 200, '', s.pad, d, $rsin$, d, '', '[]',
    CASE WHEN i % 20 < 14 THEN 'openbaar' WHEN i % 20 < 19 THEN 'zaakvertrouwelijk' ELSE 'geheim' END, '',
    jsonb_build_object('type', 'Point', 'coordinates', jsonb_build_array(x, y)), box(point(x, y), point(x, y)),
    '', '[]',
    CASE WHEN i % 5 = 0 THEN jsonb_build_array(jsonb_build_object('bron', 'oud', 'kenmerk', i::text)) ELSE '[]' END,
    CASE WHEN i < 0.2 * $aantal$ THEN 'gearchiveerd' ELSE 'nog_te_archiveren' END, '', '',
    d + 56, d + 84, CASE WHEN i % 3 = 0 THEN d + 10 END, CASE WHEN dicht THEN d + 60 END,
    CASE WHEN dicht THEN CASE WHEN i % 10 = 0 THEN 'blijvend_bewaren' ELSE 'vernietigen' END END,
    CASE WHEN dicht THEN d + 60 + 1826 END
FROM (SELECT i, date '2016-01-01' + (i::bigint * 3650 / $aantal$)::int AS d, 6 + random() * 0.3 AS x,
    52.1 + random() * 0.3 AS y, (hashint4(i) & 2147483647) % $soorten$ AS n,
    i < 0.8 * $aantal$ OR (i < 0.95 * $aantal$ AND i % 4 > 0) AS dicht
    FROM generate_series(1, $aantal$) i) g JOIN soort s USING (n) ORDER BY i;
INSERT INTO status (statustype, datum_status_gezet, statustoelichting, zaak)
    SELECT $statustype$, startdatum, '', uuid FROM zaak ORDER BY id;
INSERT INTO status (statustype, datum_status_gezet, statustoelichting, zaak)
    SELECT replace(zaaktype, 'zaaktypen', 'statustypen'), startdatum - 1, '', uuid FROM zaak ORDER BY id;
INSERT INTO rol (zaak, betrokkene, betrokkene_type, afwijkende_naam_betrokkene, roltype, roltoelichting,
    indicatie_machtiging, authenticatie_context, betrokkene_identificatie, omschrijving, omschrijving_generiek)
    SELECT uuid, '', CASE WHEN r = 2 THEN 'medewerker' WHEN id % 10 = 0 THEN 'niet_natuurlijk_persoon'
            ELSE 'natuurlijk_persoon' END, '', $roltype$, '',
        CASE WHEN r = 1 AND id % 100 = 0 THEN 'gemachtigde' ELSE '' END,
        CASE WHEN r = 1 AND id % 100 = 0 THEN jsonb_build_object('source', 'eherkenning', 'levelOfAssurance',
            'urn:etoegang:core:assurance-class:loa' || (ARRAY['2', '2plus', '3', '4'])[1 + (id / 100 % 4)::int]) END,
        CASE WHEN r = 1 AND id % 10 = 0 THEN jsonb_build_object('kvkNummer', lpad((id % 500000)::text, 8, '1'),
                'vestigingsNummer', lpad(id::text, 12, '0')) WHEN r = 1
                THEN jsonb_build_object('inpBsn', lpad((id % 500000)::text, 9, '9'))
            ELSE jsonb_build_object('identificatie', 'mw-' || id % 1000) END,
        CASE r WHEN 1 THEN 'Aanvrager' ELSE 'Behandelaar' END, CASE r WHEN 1 THEN 'initiator' ELSE 'behandelaar' END
    FROM zaak, generate_series(1, 2) r ORDER BY id, r;
INSERT INTO zaakeigenschap (zaak, eigenschap, waarde, naam)
    SELECT uuid, $eigenschap$, 'x', 'kleur' FROM zaak ORDER BY id;
INSERT INTO resultaat (resultaattype, toelichting, zaak)
    SELECT $resultaattype$, '', uuid FROM zaak WHERE einddatum IS NOT NULL ORDER BY id;
INSERT INTO zaak_typen (zaak_id, statustype, resultaattype)
    SELECT z.id, $statustype$, r.resultaattype FROM zaak z LEFT JOIN resultaat r ON r.zaak = z.uuid ORDER BY z.id;
INSERT INTO zaak_bron (bron, zaak_id) SELECT 'oud', id FROM zaak WHERE id % 5 = 0 ORDER BY id;
INSERT INTO zaakinformatieobject (informatieobject, titel, beschrijving, zaak, registratiedatum)
    SELECT '/documenten/api/v1/enkelvoudiginformatieobjecten/' || gen_random_uuid(), 'Aanvraag', '', uuid, startdatum
    FROM zaak ORDER BY id;
INSERT INTO zaakobject (zaak, object, zaakobjecttype, object_type, object_type_overige, relatieomschrijving,
    object_identificatie)
    SELECT uuid, '', '', 'pand', '', '', jsonb_build_object('identificatie', id::text)
    FROM zaak WHERE id % 3 = 0 ORDER BY id;
INSERT INTO klantcontact (zaak, identificatie, datumtijd, kanaal, onderwerp, toelichting)
    SELECT uuid, 'KC' || id, startdatum, '', '', '' FROM zaak WHERE id % 5 = 0 ORDER BY id;
INSERT INTO zaaknotitie (onderwerp, tekst, aangemaakt_door, notitie_type, status, gerelateerd_aan)
    SELECT 'Gebeld', 'Belt terug', '', 'intern', 'concept', uuid FROM zaak WHERE id % 10 = 0 ORDER BY id;
DROP TABLE soort;
"""

TABLES = (
    *("zaak", "status", "rol", "zaakeigenschap", "resultaat", "zaakinformatieobject", "zaakobject", "klantcontact"),
    *("zaaknotitie", "zaak_typen", "zaak_bron", "counts", "counts_delta"),
)


async def load(dsn: str, tenant: str, rsin: str, aantal: int, zaaktypen: list[str], made: dict[str, str]) -> None:
    """Fill the register of a municipality inside the database."""
    admin = await asyncpg.connect(dsn)
    await admin.execute(f'SET search_path TO "{schema_of(tenant, "zaken")}"')
    values = {
        "zaaktypen": "'{" + ",".join(zaaktypen) + "}'",
        "rsin": f"'{rsin}'",
        "aantal": str(aantal),
        "soorten": str(ZAAKTYPEN),
        **{name: f"'{path}'" for name, path in made.items()},
    }
    # Made at once at the end they take a fraction of the time.
    later = "SELECT indexname AS name, indexdef AS made FROM pg_indexes WHERE schemaname = $1 AND indexdef ~ 'trigrams'"
    indexes = await admin.fetch(later, schema_of(tenant, "zaken"))
    for index in indexes:
        await admin.execute(f'DROP INDEX "{index["name"]}"')
    await admin.execute(re.sub(r"\$(\w+)\$", lambda found: values[found[1]], VUL))
    for index in indexes:
        await admin.execute(index["made"])
    # The triggers were off, so everything is counted now.
    for statement in COUNTS.recount():
        await admin.execute(statement)
    await admin.execute("RESET session_replication_role; RESET maintenance_work_mem; RESET work_mem")
    for name in TABLES:
        await admin.execute(f"VACUUM ANALYZE {name}")
    await admin.execute("CHECKPOINT")
    await admin.close()


async def more_types(dsn: str, tenant: str) -> list[str]:
    """Copy the zaaktype of a municipality until there are enough; return their uuids."""
    admin = await asyncpg.connect(dsn)
    await admin.execute(f'SET search_path TO "{schema_of(tenant, "catalogi")}"')
    await admin.execute(
        "INSERT INTO zaaktype SELECT (jsonb_populate_record(z, jsonb_build_object('id', z.id + g, 'uuid',"
        " gen_random_uuid(), 'identificatie', 'KOPIE-' || g))).* FROM zaaktype z, generate_series(1, $1) g",
        ZAAKTYPEN - 1,
    )
    await admin.execute("SELECT setval(pg_get_serial_sequence('zaaktype', 'id'), (SELECT max(id) FROM zaaktype))")
    found = [str(row["uuid"]) for row in await admin.fetch("SELECT uuid FROM zaaktype ORDER BY uuid")]
    await admin.close()
    return found


def types(gemeente: Gemeente) -> dict[str, str]:
    """Make one zaaktype with everything that belongs to it; return stored paths."""
    naam, rsin = GEMEENTEN[gemeente.name]
    root = "/catalogi/api/v1"
    cat = gemeente.post(f"{root}/catalogussen", catalogus.catalogus(naam, rsin))["url"]
    zaaktype = gemeente.post(f"{root}/zaaktypen", {**catalogus.zaaktype(cat, naam), "besluittypen": []})["url"]
    made: dict[str, str] = {}
    for path, body in catalogus.onderdelen(zaaktype):
        if path != "zaaktype-informatieobjecttypen":
            made.setdefault(path, gemeente.post(f"{root}/{path}", body)["url"])
    gemeente.send("POST", f"{zaaktype}/publish", 200)
    names = {"statustype": "statustypen", "roltype": "roltypen", "eigenschap": "eigenschappen"}
    names["resultaattype"] = "resultaattypen"
    found = {name: made[path] for name, path in names.items()}
    return {"zaaktype": zaaktype} | {name: url[url.index("/catalogi/") :] for name, url in found.items()}


def restricted(gemeente: Gemeente, root: str, zaaktypen: list[str]) -> None:
    """Give the second client 150 zaaktypen, with two different caps."""
    grants = [
        {
            "component": "zrc",
            "scopes": ["zaken.lezen"],
            "zaaktype": f"{root}/catalogi/api/v1/zaaktypen/{uuid}",
            "maxVertrouwelijkheidaanduiding": "zeer_geheim" if index % 2 else "zaakvertrouwelijk",
        }
        for index, uuid in enumerate(zaaktypen[:BEPERKT])
    ]
    grants.append({"component": "ztc", "scopes": ["catalogi.lezen"]})
    body = {"clientIds": [f"beperkt-{gemeente.name}"], "label": "Beperkt", "autorisaties": grants}
    gemeente.post("/autorisaties/api/v1/applicaties", body)


async def fill(dsn: str, settings: Settings, root: str, aantal: int) -> dict[str, Any]:
    """Make the municipalities, their types and clients, and fill the registers; return what the measuring needs."""
    admin = await asyncpg.connect(dsn)
    made: dict[str, Any] = {}
    for number, (name, (naam, rsin)) in enumerate(GEMEENTEN.items()):
        await tenants.add_tenant(admin, settings, name, naam, rsin)
        gemeente = Gemeente(root, name, SECRET)
        await tenants.add_client(admin, settings, name, gemeente.client_id, SECRET, all_rights=True)
        await tenants.add_client(admin, settings, name, f"beperkt-{name}", SECRET, credentials_only=True)
        await laad(admin, [name], str(Path(catalogus.__file__).with_name("selectielijst.json")))
        own = await asyncio.to_thread(types, gemeente)
        zaaktype = own.pop("zaaktype")
        found = await more_types(dsn, name)
        start = time.perf_counter()
        size = aantal if number == 0 else max(aantal // 10, 1000)
        await load(dsn, name, rsin, size, found, own)
        print(f"{name}: {size} zaken in {time.perf_counter() - start:.0f} s", flush=True)
        await asyncio.to_thread(restricted, gemeente, root, found)
        types_ = {"types": found, "zaaktype": zaaktype, "statustype": own["statustype"]}
        types_["resultaattype"] = own["resultaattype"]
        made = made or {"name": name, "aantal": aantal, **types_}
        made["small"] = name
    await admin.close()
    return made
