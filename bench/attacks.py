"""The attacks of ``bench.attack``, each small enough for one client to send, and each declared once.

An attack names its client (``""``: nobody, without a token), and makes an endless row of requests out of the
:class:`~bench.attack_data.World`. Add one here, and it is measured with the others.
"""

import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from bench.attack_data import CATALOGI, DOCUMENTEN, RSINS, ZAKEN, World, autorisaties

JSON = {"Content-Type": "application/json"}
UNKNOWN = "00000000-0000-4000-8000-{:012x}"
TEXT = "x" * 1_900_000
BUSY = "last(range(1000000000))"
"""A program in jq that is busy for minutes."""
EIO = f"{DOCUMENTEN}/enkelvoudiginformatieobjecten"
LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Request:
    """One request of an attacker."""

    method: str
    path: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Attack:
    """``manner``: ``read`` the answers, leave them ``unread``, ``drip`` a body that never comes, ``pour`` the
    same body without end, or ``rest``.

    ``connections`` 0 is as many as the command says. With ``no_refusal`` nothing of it may be answered with a 429.
    """

    name: str
    client: str
    requests: Callable[[World], Iterator[Request]]
    manner: str = "read"
    connections: int = 0
    no_refusal: bool = False


def send(method: str, path: str, body: Any = None, **headers: str) -> Iterator[Request]:
    """Return the same request for ever; ``body`` is bytes, or what is sent as JSON."""
    content = body if isinstance(body, bytes) else b"" if body is None else orjson.dumps(body)
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return itertools.repeat(Request(method, path, content, {**(JSON if content else {}), **names}))


def zaak(w: World, **changes: Any) -> Iterator[Request]:
    """Return the POST of a zaak."""
    rsin = RSINS["deventer"]
    known = {"bronorganisatie": rsin, "verantwoordelijkeOrganisatie": rsin, "zaaktype": w.zaaktype}
    return send("POST", f"{ZAKEN}/zaken", {**known, "startdatum": "2026-02-01", **changes})


def zoek(body: Any) -> Iterator[Request]:
    """Return a search."""
    return send("POST", f"{ZAKEN}/zaken/_zoek", body)


def document(w: World, **changes: Any) -> Iterator[Request]:
    """Return the POST of a document."""
    known = {
        "bronorganisatie": RSINS["deventer"],
        "creatiedatum": "2026-03-02",
        "titel": "x",
        "auteur": "x",
        "taal": "nld",
        "informatieobjecttype": w.soort,
        "inhoud": "eA==",
    }
    return send("POST", EIO, {**known, **changes})


def unknown(w: World, resource: str, count: int) -> list[str]:
    """Return URLs below an own root where nothing is."""
    return [f"{w.url}/{resource}/{UNKNOWN.format(n)}" for n in range(count)]


def ports(path: str, **headers: str) -> Iterator[Request]:
    """Return requests to the host of the municipality, with another port each time."""
    for port in itertools.cycle(range(1025, 65_000)):
        yield Request("GET", path, headers={"Host": f"deventer.test:{port}", **headers})


def chunks(path: str) -> Iterator[Request]:
    """Return a POST whose body has a chunk for each byte."""
    return send("POST", path, b"1\r\nx\r\n" * 10_000, Transfer_Encoding="chunked")


def strangers() -> Iterator[Request]:
    """Return requests with tokens of clients that nobody knows."""
    import jwt

    for n in itertools.count():
        token = jwt.encode({"client_id": f"vreemd-{n}-" + "x" * 2000, "iat": 1}, "x" * 32, "HS256")
        yield Request("GET", f"{CATALOGI}/zaaktypen", headers={"Authorization": f"Bearer {token}"})


def spiral(corners: int) -> list[list[float]]:
    """Return a ring that goes inwards and back outwards beside itself."""
    half = corners // 2
    way = [(0.02 * (1 - n / half), n * math.tau / 40) for n in range(half)]
    back = [(radius * 0.999, turn) for radius, turn in reversed(way)]
    points = [[5.5 + radius * math.cos(turn), 52.5 + radius * math.sin(turn)] for radius, turn in way + back]
    return [*points, points[0]]


def ring(count: int) -> list[list[float]]:
    """Return a ring of so many points."""
    points = [[5 + n % 1000 / 1000, 52 + n // 1000 / 1000] for n in range(count)]
    return [*points, points[0]]


def judged(w: World) -> Iterator[Request]:
    """Return zaakobjecten whose definition is a long program over an own object."""
    definition = {"url": w.zaak, "schema": BUSY, "objectData": "."}
    body = {"zaak": w.zaak, "object": w.zaak, "objectType": "overige", "objectTypeOverige": "zaak"}
    return send("POST", f"{ZAKEN}/zaakobjecten", {**body, "objectTypeOverigeDefinitie": definition})


def deep(levels: int) -> Any:
    """Return GeoJSON of collections in collections."""
    found: dict[str, Any] = {"type": "Point", "coordinates": [5, 52]}
    for _ in range(levels):
        found = {"type": "GeometryCollection", "geometries": [found]}
    return found


def zaaktype(w: World, **changes: Any) -> Iterator[Request]:
    """Return the POST of a zaaktype that says too much."""
    return send("POST", f"{CATALOGI}/zaaktypen", {"catalogus": w.catalogus, **changes})


def abonnement(kanalen: int) -> Iterator[Request]:
    """Return an abonnement with so many kanalen."""
    rows = [{"naam": "zaken", "filters": {"bronorganisatie": f"{n}"}} for n in range(kanalen)]
    body = {"callbackUrl": "https://nergens.invalid/", "auth": "Bearer proef", "kanalen": rows}
    return send("POST", "/notificaties/api/v1/abonnement", body)


def reading(w: World) -> Iterator[Request]:
    """Return one object after another, as an import reads them."""
    return (Request("GET", url) for url in itertools.cycle(w.eigen_zaken))


def downloads(w: World) -> Iterator[Request]:
    """Return downloads of documents of some megabytes."""
    return (Request("GET", f"{url}/download") for url in itertools.cycle(w.documents))


def patching(w: World) -> Iterator[Request]:
    """Return changes of a few bytes of one large zaak."""
    for n in itertools.count():
        yield Request("PATCH", w.large_zaken[0], b'{"omschrijving": "%d"}' % n, JSON)


def numbers(w: World) -> Iterator[Request]:
    """Return a document with half a million numbers beside its content."""
    return document(w, trefwoorden=[1] * 500_000)


ATTACKS = (
    # Without an attack, for comparison.
    Attack("nothing", "", lambda w: send("GET", "/"), "rest"),
    # Lists in a body.
    Attack("99,000 kenmerken that are text", "alles", lambda w: zaak(w, kenmerken=["x"] * 99_000)),
    Attack("33,000 relevanteAndereZaken, unknown", "alles", lambda w: zaak(w, relevanteAndereZaken=[
        {"url": url, "aardRelatie": "vervolg"} for url in unknown(w, "zaken/api/v1/zaken", 33_000)])),
    Attack("99,000 productenOfDiensten", "alles", lambda w: zaak(w, productenOfDiensten=["x"] * 99_000)),
    Attack("99,000 unknown members", "alles", lambda w: zaak(w, **{f"lid{n}": n for n in range(99_000)})),
    Attack("_zoek zaaktype__in, 60,000 URLs", "alles",
           lambda w: zoek({"zaaktype__in": unknown(w, "catalogi/api/v1/zaaktypen", 60_000)})),
    Attack("_zoek uuid__in, 99,000", "alles", lambda w: zoek({"uuid__in": [UNKNOWN.format(n) for n in range(99_000)]})),
    Attack("_zoek fields, 99,000", "alles", lambda w: zoek({"fields": ["url"] * 99_000})),
    Attack("_zoek within 39,000 points", "alles",
           lambda w: zoek({"zaakgeometrie": {"within": {"type": "Polygon", "coordinates": [ring(39_000)]}}})),
    Attack("_zoek within a spiral of 19,000 corners", "alles",
           lambda w: zoek({"zaakgeometrie": {"within": {"type": "Polygon", "coordinates": [spiral(19_000)]}}})),
    Attack("zaakgeometrie of 39,000 points", "alles",
           lambda w: zaak(w, zaakgeometrie={"type": "Polygon", "coordinates": [ring(39_000)]})),
    Attack("zaakgeometrie 90 deep", "alles", lambda w: zaak(w, zaakgeometrie=deep(40))),
    Attack("Applicatie with 16,000 autorisaties", "alles", lambda w: send("POST", "/autorisaties/api/v1/applicaties",
           {"clientIds": ["veel"], "label": "x", "autorisaties": autorisaties(w, 16_000)})),
    Attack("abonnement with 16,000 kanalen", "alles", lambda w: abonnement(16_000)),
    Attack("zaaktype with 99,000 trefwoorden", "alles", lambda w: zaaktype(w, trefwoorden=["x"] * 99_000)),
    Attack("zaaktype with 99,000 besluittypen", "alles",
           lambda w: zaaktype(w, besluittypen=[f"besluit {n}" for n in range(99_000)])),
    # Values and bytes.
    Attack("document with 500,000 numbers", "alles", numbers),
    Attack("document of 8 MB as text", "alles", lambda w: document(w, inhoud="QUFB" * 2_000_000)),
    Attack("content that is no base64", "alles", lambda w: document(w, inhoud="*" * 8_000_000)),
    Attack("text of 1.9 MB", "alles", lambda w: zaak(w, toelichting=TEXT, omschrijving=TEXT[:1000])),
    Attack("blanks of 1.9 MB", "alles", lambda w: zaak(w, toelichting=" " * 950_000 + "x" + " " * 950_000)),
    Attack("a date of 1.9 MB", "alles", lambda w: zaak(w, startdatum="1" * 1_900_000)),
    Attack("a duration of 1.9 MB", "alles",
           lambda w: zaak(w, verlenging={"reden": "x", "duur": "P" + "1" * 1_900_000})),
    Attack("a URL of 1.9 MB", "alles", lambda w: zaak(w, hoofdzaak=w.url + "/" + "a/" * 900_000)),
    Attack("1.9 MB of brackets", "alles", lambda w: send("POST", f"{ZAKEN}/zaken", b"[" * 1_900_000)),
    Attack("1.9 MB of digits", "alles", lambda w: send("POST", f"{ZAKEN}/zaken", b'{"a": ' + b"9" * 1_900_000 + b"}")),
    # A large zaak.
    Attack("PATCH of a large zaak", "alles", patching),
    Attack("trail of a large zaak", "alles", lambda w: send("GET", w.large_zaken[0] + "/audittrail")),
    Attack("GET of a large zaak", "alles", lambda w: send("GET", w.large_zaken[0])),
    Attack("list with large zaken", "alles", lambda w: send("GET", f"{ZAKEN}/zaken?pageSize=500")),
    Attack("expand rollen.zaak", "alles", lambda w: send("GET", w.large_zaken[0] + "?expand=rollen.zaak")),
    Attack("expand rollen.zaak.rollen.zaak", "alles",
           lambda w: send("GET", w.large_zaken[0] + "?expand=rollen.zaak.rollen.zaak")),
    Attack("list, expand rollen.zaak", "alles",
           lambda w: send("GET", f"{ZAKEN}/rollen?pageSize=500&expand=zaak.rollen.zaak")),
    # Query strings and headers.
    Attack("7 KB of expand", "alles", lambda w: send("GET", f"{w.zaak}?expand=" + ",".join(
        f"rollen.zaak.{a}{b}" for a in LETTERS for b in LETTERS[:18]))),
    Attack("7 KB of unknown parameters", "alles",
           lambda w: send("GET", f"{ZAKEN}/zaken?" + "&".join(f"p{n}=" for n in range(1100)))),
    Attack("7 KB of one filter", "alles", lambda w: send("GET", f"{ZAKEN}/zaken?uuid__in=" + ",".join(
        UNKNOWN.format(n) for n in range(190)))),
    Attack("page 90,000", "alles", lambda w: send("GET", f"{ZAKEN}/zaken?page=90000&pageSize=500")),
    Attack("60 KB of If-None-Match", "alles",
           lambda w: send("GET", w.zaak, If_None_Match=", ".join(f'"{n:05}"' for n in range(6500)))),
    Attack("60 KB of Range", "lezer",
           lambda w: send("GET", w.documents[0] + "/download", Range="bytes=" + ",".join(
               f"{n * 2}-{n * 2}" for n in range(5000)))),
    Attack("50 KB of Accept", "alles",
           lambda w: send("GET", w.zaak, Accept=",".join(f"a/{n};q=0.{n % 10}" for n in range(4500)))),
    # Without a token.
    Attack("openapi.yaml, a new port each time", "", lambda w: ports(f"{ZAKEN}/openapi.yaml")),
    Attack("openapi.json, a new port each time", "", lambda w: ports(f"{DOCUMENTEN}/openapi.json")),
    Attack("sixty connections on /health/ready", "", lambda w: send("GET", "/health/ready"), connections=60),
    Attack("tokens of strangers", "", lambda w: strangers()),
    Attack("200 bodies that never come", "",
           lambda w: send("POST", f"{ZAKEN}/zaken", Content_Type="application/json"), "drip", 200),
    Attack("chunks of one byte, no token", "", lambda w: chunks(f"{ZAKEN}/zaken"), "pour"),
    Attack("chunks of one byte to nowhere", "", lambda w: chunks("/nergens"), "pour"),
    Attack("chunks of one byte, 60 connections", "", lambda w: chunks("/nergens"), "pour", 60),
    Attack("chunks of one byte of a document", "alles", lambda w: chunks(EIO), "pour"),
    Attack("requests without a pause, no token", "",
           lambda w: send("", "", b"GET /zaken/api/v1/zaken HTTP/1.1\r\nHost: x\r\n\r\n" * 2000), "pour"),
    # Connections, places and caches.
    Attack("72 unread references", "", lambda w: send("GET", f"{ZAKEN}/docs"), "unread", 72, no_refusal=True),
    Attack("72 unread downloads", "lezer", downloads, "unread", 72),
    Attack("72 unread lists", "alles", lambda w: send("GET", f"{ZAKEN}/zaken?pageSize=500"), "unread", 72),
    Attack("20 unread lists of rollen with their zaak", "alles",
           lambda w: send("GET", f"{ZAKEN}/rollen?expand=zaak&pageSize=500"), "unread", 20),
    Attack("100 bodies that never come, with a token", "alles",
           lambda w: send("POST", EIO, Content_Type="application/json"), "drip", 100),
    Attack("24 long programs in jq", "alles", judged, connections=24),
    Attack("broad rights, a new port each time", "breed", lambda w: ports(f"{ZAKEN}/zaken?pageSize=1")),
    Attack("one object after another", "alles", reading, connections=1, no_refusal=True),
    Attack("as many GETs as possible", "alles", reading, connections=64),
)  # fmt: skip
