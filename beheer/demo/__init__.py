"""The demo: three municipalities, and one case at Deventer from registration to closing.

The operator's part (municipalities, clients) is done as ``samenzaak tenant add`` and ``client add`` do it; everything
else over HTTP, as a vendor's application would.
"""

import asyncio
import base64
import logging
import os
import secrets
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import orjson

from beheer import tenants
from beheer.demo import catalogus
from beheer.demo.document import pdf
from beheer.demo.webhook import Webhook
from beheer.operators import Link, add_link, add_operator
from gateway import registry
from runtime.settings import Settings
from services.catalogi.selectielijst_laden import laad
from zgw.dates import today

GEMEENTEN = {
    "deventer": ("Gemeente Deventer", "517439943"),
    "olst-wijhe": ("Gemeente Olst-Wijhe", "823288444"),
    "raalte": ("Gemeente Raalte", "159351741"),
}
CRS = {"Accept-Crs": "EPSG:4326", "Content-Crs": "EPSG:4326"}


SHOWN = ("zaken", "documenten", "catalogi", "besluiten", "autorisaties", "notificaties")


class Stopped(Exception):
    """A step of the demo got another answer than it should."""


class Gemeente:
    """A municipality of the demo, as its own application sees it."""

    def __init__(self, url: str, name: str, secret: str) -> None:
        self.name, self.client_id, self.secret = name, f"zaaksysteem-{name}", secret
        self.http = httpx.Client(base_url=url, timeout=30, trust_env=False)

    def token(self) -> str:
        """Return a fresh token."""
        return tenants.make_token(self.client_id, self.secret, "balie", "Medewerker balie")

    def send(self, method: str, url: str, expected: int, body: Any = None) -> Any:
        """Send one request; return its JSON, or raise Stopped when the status is not the expected one."""
        headers = {"Authorization": f"Bearer {self.token()}", **CRS}
        answer = self.http.request(method, url, json=body, headers=headers)
        if answer.status_code != expected:
            raise Stopped(f"{method} {url} answered {answer.status_code} instead of {expected}: {answer.text[:2000]}")
        return orjson.loads(answer.content) if answer.content else None

    def post(self, url: str, body: Any) -> Any:
        """Create something and return it."""
        return self.send("POST", url, 201, body)

    def get(self, url: str) -> Any:
        """Read something."""
        return self.send("GET", url, 200)


class Demo:
    """``run`` plays the demo against a running server when there is no municipality yet, and tells where everything
    is."""

    def __init__(self, settings: Settings, dsn: str) -> None:
        self.settings, self.dsn = settings, dsn
        self.url = f"http://localhost:{settings.port}"
        self._step = 0

    def run(self) -> None:
        """Play the demo, unless there is data already."""
        if asyncio.run(self._has_data()):
            self._line(f"Samenzaak is running on {self.url}, with the data of before. Ctrl-C stops it.")
            return
        # The demo prints one line a step; the log of the same requests would only hide them.
        names = ("access", "service", "gateway", "notificaties")
        loud = [logging.getLogger(f"samenzaak.{name}") for name in names]
        levels = [logger.level for logger in loud]
        for logger in loud:
            logger.setLevel(logging.WARNING)
        try:
            self._play()
        finally:
            for logger, level in zip(loud, levels, strict=True):
                logger.setLevel(level)

    def _play(self) -> None:
        gemeenten = asyncio.run(self._make_gemeenten())
        zaaktypen = {name: self._make_catalogus(gemeente) for name, gemeente in gemeenten.items()}
        zaak = self._play_case(gemeenten["deventer"], zaaktypen["deventer"])
        self._show_isolation(gemeenten["raalte"], zaak)
        links = asyncio.run(self._make_links())
        self._show_access(gemeenten, zaak, links)

    # --- Output ---

    def _line(self, text: str) -> None:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()

    def _tell(self, what: str, url: str = "") -> None:
        self._step += 1
        self._line(f"[{self._step:2}] {what:<72} {url}".rstrip())

    # --- The operator ---

    async def _has_data(self) -> bool:
        admin = await asyncpg.connect(self.dsn)
        try:
            return bool(await registry.list_tenants(admin))
        finally:
            await admin.close()

    async def _make_gemeenten(self) -> dict[str, Gemeente]:

        made = {}
        admin = await asyncpg.connect(self.dsn)
        try:
            for name, (naam, rsin) in GEMEENTEN.items():
                await tenants.add_tenant(admin, self.settings, name, naam, rsin)
                secret = secrets.token_urlsafe(32)
                gemeente = Gemeente(self.url, name, secret)
                await tenants.add_client(
                    admin, self.settings, name, gemeente.client_id, secret, f"Zaaksysteem {naam}", all_rights=True
                )
                await laad(admin, [name], str(Path(__file__).with_name("selectielijst.json")))
                made[name] = gemeente
                self._tell(f"municipality {naam} (RSIN {rsin}), client {gemeente.client_id}")
        finally:
            await admin.close()
        return made

    async def _make_links(self) -> list[Link]:
        admin = await asyncpg.connect(self.dsn)
        try:
            return [
                await add_operator(admin, self.settings, "operator", "Operator"),
                await add_link(admin, self.settings, "deventer", "beheerder", "beheerder", "Beheerder Deventer"),
            ]
        finally:
            await admin.close()

    # --- The vendor's application ---

    def _make_catalogus(self, gemeente: Gemeente) -> str:
        naam, rsin = GEMEENTEN[gemeente.name]
        root = "/catalogi/api/v1"
        made = gemeente.post(f"{root}/catalogussen", catalogus.catalogus(naam, rsin))["url"]
        for omschrijving in catalogus.INFORMATIEOBJECTTYPEN:
            body = catalogus.informatieobjecttype(made, omschrijving)
            gemeente.send("POST", gemeente.post(f"{root}/informatieobjecttypen", body)["url"] + "/publish", 200)
        besluittype = gemeente.post(f"{root}/besluittypen", catalogus.besluittype(made))["url"]
        gemeente.send("POST", f"{besluittype}/publish", 200)
        zaaktype: str = gemeente.post(f"{root}/zaaktypen", catalogus.zaaktype(made, naam))["url"]
        parts = catalogus.onderdelen(zaaktype)
        for path, body in parts:
            gemeente.post(f"{root}/{path}", body)
        gemeente.send("POST", f"{zaaktype}/publish", 200)
        self._tell(f"{gemeente.name}: zaaktype Evenementenvergunning with {len(parts)} parts, published", zaaktype)
        return zaaktype

    def _play_case(self, deventer: Gemeente, zaaktype: str) -> str:
        types = self._types(deventer, zaaktype)
        auth = f"Bearer {secrets.token_urlsafe(16)}"
        with Webhook(auth) as hook:
            kanalen = [{"naam": "zaken", "filters": {"zaaktype": zaaktype}}, {"naam": "documenten"}]
            body = {"callbackUrl": hook.url, "auth": auth, "kanalen": kanalen}
            abonnement = deventer.post("/notificaties/api/v1/abonnement", body)["url"]
            self._tell(f"deventer: abonnement of a webhook at {hook.url}", abonnement)
            zaak = self._register(deventer, zaaktype, types)
            self._handle(deventer, zaak, types)
            self._close(deventer, zaak, types)
            received = hook.wait_for("zaken", 9)
            counted: dict[str, int] = {}
            for message in (m for m in hook.received if m["kanaal"] != "test"):
                name = f"{message['resource']} {message['actie']}"
                counted[name] = counted.get(name, 0) + 1
            self._tell("webhook received: " + ", ".join(f"{n}x {name}" for name, n in counted.items()))
            if len(received) < 9:
                raise Stopped(f"only {len(received)} notifications of the case arrived")
            deventer.send("DELETE", abonnement, 204)
        return zaak

    def _types(self, gemeente: Gemeente, zaaktype: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for path, name in (
            ("statustypen", "omschrijving"),
            ("resultaattypen", "omschrijving"),
            ("roltypen", "omschrijving"),
            ("eigenschappen", "naam"),
        ):
            page = gemeente.get(f"/catalogi/api/v1/{path}?zaaktype={zaaktype}")
            found[path] = {item[name]: item["url"] for item in page["results"]}
        page = gemeente.get("/catalogi/api/v1/informatieobjecttypen")
        found["informatieobjecttypen"] = {item["omschrijving"]: item["url"] for item in page["results"]}
        return found

    def _register(self, deventer: Gemeente, zaaktype: str, types: dict[str, Any]) -> str:
        rsin = GEMEENTEN["deventer"][1]
        body = {
            "bronorganisatie": rsin,
            "verantwoordelijkeOrganisatie": rsin,
            "zaaktype": zaaktype,
            "omschrijving": "Buurtfeest op de Brink",
            "startdatum": today().isoformat(),
            "zaakgeometrie": {"type": "Point", "coordinates": [6.1611, 52.2510]},
        }
        zaak = deventer.post("/zaken/api/v1/zaken", body)
        self._tell(f"deventer: zaak {zaak['identificatie']} registered", zaak["url"])
        rol = {
            "zaak": zaak["url"],
            "betrokkeneType": "natuurlijk_persoon",
            "roltype": types["roltypen"]["Aanvrager"],
            "roltoelichting": "vraagt de vergunning aan",
            "betrokkeneIdentificatie": {"inpBsn": "111222333", "geslachtsnaam": "Jansen", "voornamen": "Anna"},
        }
        made = deventer.post("/zaken/api/v1/rollen", rol)
        self._tell("deventer: rol Aanvrager, by BSN", made["url"])
        eigenschap = {
            "zaak": zaak["url"],
            "eigenschap": types["eigenschappen"]["naam_evenement"],
            "waarde": "Buurtfeest",
        }
        made = deventer.post(f"{zaak['url']}/zaakeigenschappen", eigenschap)
        self._tell("deventer: eigenschap naam_evenement", made["url"])
        self._set_status(deventer, zaak["url"], types, "Ontvangen", 180)
        url: str = zaak["url"]
        return url

    def _handle(self, deventer: Gemeente, zaak: str, types: dict[str, Any]) -> None:
        content = pdf(
            "Aanvraag evenementenvergunning", ["Buurtfeest op de Brink", "Aanvrager: A. Jansen", "200 bezoekers"]
        )
        body = {
            "bronorganisatie": GEMEENTEN["deventer"][1],
            "creatiedatum": today().isoformat(),
            "titel": "Aanvraag",
            "auteur": "A. Jansen",
            "taal": "nld",
            "formaat": "application/pdf",
            "bestandsnaam": "aanvraag.pdf",
            "inhoud": base64.b64encode(content).decode(),
            "bestandsomvang": len(content),
            "indicatieGebruiksrecht": False,
            "informatieobjecttype": types["informatieobjecttypen"]["Aanvraag"],
        }
        document = deventer.post("/documenten/api/v1/enkelvoudiginformatieobjecten", body)
        self._tell(f"deventer: document aanvraag.pdf uploaded, {len(content)} bytes", document["url"])
        headers = {"Authorization": f"Bearer {deventer.token()}"}
        if deventer.http.get(document["inhoud"], headers=headers).content != content:
            raise Stopped("the downloaded document is not the uploaded one")
        link = {"zaak": zaak, "informatieobject": document["url"], "titel": "Aanvraag"}
        made = deventer.post("/zaken/api/v1/zaakinformatieobjecten", link)
        self._tell("deventer: document downloaded (equal) and linked to the zaak", made["url"])
        self._set_status(deventer, zaak, types, "In behandeling", 120)
        self._set_status(deventer, zaak, types, "Besluit genomen", 60)

    def _close(self, deventer: Gemeente, zaak: str, types: dict[str, Any]) -> None:
        resultaat = {"zaak": zaak, "resultaattype": types["resultaattypen"]["Verleend"]}
        made = deventer.post("/zaken/api/v1/resultaten", resultaat)
        self._tell("deventer: resultaat Verleend", made["url"])
        self._set_status(deventer, zaak, types, "Afgehandeld", 0)
        closed = deventer.get(zaak)
        if not (closed["einddatum"] and closed["archiefactiedatum"]):
            raise Stopped(f"the zaak is not closed: {closed}")
        destiny = f"{closed['archiefnominatie']} on {closed['archiefactiedatum']}"
        self._tell(f"deventer: zaak closed on {closed['einddatum']}: {destiny}", zaak)

    def _set_status(self, deventer: Gemeente, zaak: str, types: dict[str, Any], name: str, seconds_ago: int) -> None:
        moment = datetime.now(UTC) - timedelta(seconds=seconds_ago)
        body = {"zaak": zaak, "statustype": types["statustypen"][name], "datumStatusGezet": moment.isoformat()}
        made = deventer.post("/zaken/api/v1/statussen", body)
        self._tell(f"deventer: status {name}", made["url"])

    def _show_isolation(self, raalte: Gemeente, zaak: str) -> None:
        count = raalte.get("/zaken/api/v1/zaken")["count"]
        raalte.send("GET", zaak, 404)
        if count:
            raise Stopped(f"raalte sees {count} zaken")
        self._tell("raalte: its application sees 0 zaken, and 404 for the zaak of deventer", zaak)

    def _show_access(self, gemeenten: dict[str, Gemeente], zaak: str, links: list[Link]) -> None:
        lines = ["", f"Samenzaak is running on {self.url}. Ctrl-C stops it; the data stay in {self.settings.home}.", ""]
        for name, gemeente in gemeenten.items():
            lines += [
                f"{name}: client_id {gemeente.client_id}, secret {gemeente.secret}, token",
                f"  {gemeente.token()}",
            ]
        deventer = gemeenten["deventer"]
        command = os.path.relpath(Path(sys.executable).with_name("samenzaak"))
        lines += [
            f"A token lasts an hour; a new one: {command} token deventer {deventer.client_id}",
            "",
            f"Console: {self.url}/beheer, with these links, which work once:",
            *(f"  {link.name}: {link.url}" for link in links),
            f"Guides, with search: {self.url}/docs",
            "Base URLs, each with documentation below /docs:",
            *(f"  {self.url}/{name}/api/v1" for name in SHOWN),
        ]
        auth = '-H "Authorization: Bearer $TOKEN"'
        lines += [
            "",
            "Try it:",
            f"TOKEN={deventer.token()}",
            f'curl -s {auth} -H "Accept-Crs: EPSG:4326" "{zaak}?expand=zaaktype,status.statustype,rollen"',
            f'curl -s {auth} "{self.url}/documenten/api/v1/enkelvoudiginformatieobjecten"',
            f'curl -s {auth} "{self.url}/catalogi/api/v1/zaaktypen"',
            "",
        ]
        self._line("\n".join(lines))
