"""The data for ``bench.attack``: two municipalities with data, and clients with different rights.

Everything is made as large as the limits of the moment allow, so that the same attacks run against any version.
"""

import base64
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from beheer import tenants
from beheer.demo import CRS, Gemeente, catalogus
from runtime.settings import Settings
from services.catalogi.selectielijst_laden import laad

RSINS = {"deventer": "517439943", "raalte": "159351741"}
SECRET = "geheim" * 8
CLIENTS = {
    "alles": "all rights",
    "buur": "all rights, and never attacks",
    "lezer": "only documenten.lezen",
    "breed": "an Applicatie with thousands of autorisaties",
}
"""The clients of the attacked municipality, each with what it may do."""
LETTER = "\N{PILE OF POO}"
"""Four bytes in UTF-8, and one character for every limit of a length."""
ZAKEN = "/zaken/api/v1"
CATALOGI = "/catalogi/api/v1"
DOCUMENTEN = "/documenten/api/v1"


@dataclass
class World:
    """Where things are. ``url`` is the server's; the other addresses are whole URLs in the attacked municipality,
    those of ``calm`` in the other one."""

    url: str
    zaaktype: str = ""
    catalogus: str = ""
    soort: str = ""
    zaak: str = ""
    large_zaken: list[str] = field(default_factory=list)
    """As large as a zaak may be; the first has rollen and a trail."""
    eigen_zaken: list[str] = field(default_factory=list)
    documents: list[str] = field(default_factory=list)
    """With some megabytes of content each."""
    calm: dict[str, str] = field(default_factory=dict)
    kenmerken: int = 0
    autorisaties: int = 0

    def token(self, client: str, tenant: str = "deventer") -> str:
        """Return a fresh token of a client."""
        return tenants.make_token(f"{client}-{tenant}", SECRET)


class _Gemeente(Gemeente):
    """A municipality as its client with this name sees it."""

    def __init__(self, url: str, name: str, client: str) -> None:
        super().__init__(url, name, SECRET)
        self.client_id = f"{client}-{name}"
        self.http.timeout = 120

    def largest(self, url: str, sizes: Sequence[int], body: Any) -> tuple[int, Any]:
        """Make something of the first size that is accepted; ``body`` gets the size. Returns (size, answer)."""
        for size in sizes:
            answer = self.try_to("POST", url, body(size))
            if answer.status_code == 201:
                return size, answer.json()
        return 0, {}

    def try_to(self, method: str, url: str, body: Any) -> httpx.Response:
        """Send something that may be refused."""
        return self.http.request(method, url, json=body, headers={"Authorization": f"Bearer {self.token()}", **CRS})


async def make_municipalities(dsn: str, settings: Settings) -> None:
    """Make the municipalities and their clients, as the operator does."""
    admin = await asyncpg.connect(dsn)
    try:
        for name, rsin in RSINS.items():
            await tenants.add_tenant(admin, settings, name, name.title(), rsin, (f"{name}.test",))
            await laad(admin, [name], str(Path(catalogus.__file__).with_name("selectielijst.json")))
            for client in CLIENTS:
                everything = client in ("alles", "buur")
                await tenants.add_client(
                    admin, settings, name, f"{client}-{name}", SECRET,
                    all_rights=everything, credentials_only=not everything,
                )  # fmt: skip
    finally:
        await admin.close()


def make_data(url: str, callback: str) -> World:
    """Make the data over HTTP; ``callback`` is a webhook that hears of every zaak, if it is accepted."""
    world = World(url)
    deventer, raalte = _Gemeente(url, "deventer", "alles"), _Gemeente(url, "raalte", "alles")
    world.catalogus, world.zaaktype, types = _make_types(deventer)
    _, elsewhere, _ = _make_types(raalte)
    zaak = raalte.post(f"{ZAKEN}/zaken", _zaak(elsewhere, "raalte"))["url"]
    world.calm = {"types": f"{url}{CATALOGI}/zaaktypen?pageSize=1", "zaak": zaak}
    world.soort = types["informatieobjecttypen"][0]
    world.eigen_zaken = [deventer.post(f"{ZAKEN}/zaken", _zaak(world.zaaktype, "deventer"))["url"] for _ in range(60)]
    world.zaak = world.eigen_zaken[0]
    world.calm["neighbour"] = world.zaak
    deventer.largest(
        "/notificaties/api/v1/abonnement", (1,),
        lambda _: {"callbackUrl": callback, "auth": "Bearer proef", "kanalen": [{"naam": "zaken", "filters": {}}]},
    )  # fmt: skip
    _make_large_zaken(world, deventer, types)
    _make_documents(world, deventer)
    _make_rights(world, deventer)
    return world


def _make_types(gemeente: Gemeente) -> tuple[str, str, dict[str, list[str]]]:
    cat = gemeente.post(f"{CATALOGI}/catalogussen", catalogus.catalogus(gemeente.name, RSINS[gemeente.name]))["url"]
    made: dict[str, list[str]] = {"informatieobjecttypen": []}
    for omschrijving in catalogus.INFORMATIEOBJECTTYPEN:
        body = catalogus.informatieobjecttype(cat, omschrijving)
        made["informatieobjecttypen"].append(gemeente.post(f"{CATALOGI}/informatieobjecttypen", body)["url"])
        gemeente.send("POST", made["informatieobjecttypen"][-1] + "/publish", 200)
    body = {**catalogus.zaaktype(cat, gemeente.name), "besluittypen": []}
    zaaktype = gemeente.post(f"{CATALOGI}/zaaktypen", body)["url"]
    for path, part in catalogus.onderdelen(zaaktype):
        made.setdefault(path, []).append(gemeente.post(f"{CATALOGI}/{path}", part)["url"])
    gemeente.send("POST", f"{zaaktype}/publish", 200)
    return cat, zaaktype, made


def _zaak(zaaktype: str, tenant: str, **changes: Any) -> dict[str, Any]:
    rsin = RSINS[tenant]
    known = {"bronorganisatie": rsin, "verantwoordelijkeOrganisatie": rsin, "zaaktype": zaaktype}
    return {**known, "omschrijving": "Buurtfeest", "startdatum": "2026-02-01", **changes}


def _make_large_zaken(world: World, gemeente: _Gemeente, types: dict[str, list[str]]) -> None:
    def body(size: int) -> dict[str, Any]:
        kenmerken = [{"kenmerk": f"{n:06}" + LETTER * 34, "bron": LETTER * 40} for n in range(size)]
        return _zaak(world.zaaktype, "deventer", kenmerken=kenmerken)

    sizes = [28_000, 14_000, 6_000, 3_000, 1_000, 500, 200, 100, 50, 20, 10]
    world.kenmerken, made = gemeente.largest(f"{ZAKEN}/zaken", sizes, body)
    world.large_zaken = [made["url"]]
    for n in range(30):
        rol = {
            "zaak": made["url"],
            "roltype": types["roltypen"][1],
            "betrokkeneType": "natuurlijk_persoon",
            "roltoelichting": f"rol {n}",
            "betrokkeneIdentificatie": {"inpBsn": "111222333"},
        }
        gemeente.post(f"{ZAKEN}/rollen", rol)
    for n in range(8):
        gemeente.try_to("PATCH", made["url"], {"omschrijving": f"{n}"})
    world.large_zaken += [gemeente.post(f"{ZAKEN}/zaken", body(world.kenmerken))["url"] for _ in range(4)]


def _make_documents(world: World, gemeente: _Gemeente) -> None:
    """Make documents of 8 MiB: more than the buffers of a connection."""
    content = base64.b64encode(os.urandom(8 * 1024 * 1024)).decode()
    for n in range(3):
        body = {
            "bronorganisatie": RSINS["deventer"],
            "creatiedatum": "2026-03-02",
            "titel": f"Tekening {n}",
            "auteur": "J. de Vries",
            "taal": "nld",
            "vertrouwelijkheidaanduiding": "openbaar",
            "informatieobjecttype": world.soort,
            "inhoud": content,
        }
        made = gemeente.post(f"{DOCUMENTEN}/enkelvoudiginformatieobjecten", body)
        world.documents.append(made["url"])


def _make_rights(world: World, gemeente: _Gemeente) -> None:
    level = "zeer_geheim"
    reading = {
        "component": "drc",
        "scopes": ["documenten.lezen"],
        "informatieobjecttype": world.soort,
        "maxVertrouwelijkheidaanduiding": level,
    }
    applicatie = {"clientIds": ["lezer-deventer"], "label": "lezer", "autorisaties": [reading]}
    gemeente.post("/autorisaties/api/v1/applicaties", applicatie)

    def broad(size: int) -> dict[str, Any]:
        return {"clientIds": ["breed-deventer"], "label": "breed", "autorisaties": autorisaties(world, size)}

    sizes = (8_000, 4_000, 2_000, 1_000, 500, 100, 10)
    world.autorisaties, _ = gemeente.largest("/autorisaties/api/v1/applicaties", sizes, broad)


def autorisaties(world: World, size: int) -> list[dict[str, Any]]:
    """Return so many different autorisaties; the first is for the zaaktype that exists."""
    root = world.zaaktype.rpartition("/")[0]
    types = [world.zaaktype, *(f"{root}/{n:08x}-0000-4000-8000-000000000000" for n in range(1, size))]
    rights = {"component": "zrc", "scopes": ["zaken.lezen"], "maxVertrouwelijkheidaanduiding": "zeer_geheim"}
    return [{**rights, "zaaktype": zaaktype} for zaaktype in types]
