"""Files in the format of Open Zaak, and their import and export."""

import json
import zipfile
from pathlib import Path
from typing import Any

from services.catalogi.uitwisseling.bestand import FILES, schrijf
from tests.maak import ROOT
from tests.selectielijst import PUBLIC, Selectielijst
from tests.stack import Client

VRZL = Path(__file__).parents[1] / "data" / "catalogi" / "vrzl-evenementen.zip"
ZIP = {"Content-Type": "application/zip"}


def real(lijst: Selectielijst) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of the real export, with the selection list on this machine."""
    with zipfile.ZipFile(VRZL) as archive:
        return {
            name.removesuffix(".json"): json.loads(archive.read(name).decode().replace(PUBLIC, lijst.root))
            for name in archive.namelist()
        }


def small(lijst: Selectielijst, domein: str, number: int = 2) -> dict[str, list[dict[str, Any]]]:
    """Return part of the real export as another catalogue: the first zaaktypen, with new uuids and own domein."""
    rows = real(lijst)
    kept = {row["url"] for row in rows["ZaakType"][:number]}
    rows["ZaakType"] = rows["ZaakType"][:number]
    for file in FILES[4:9]:
        rows[file] = [row for row in rows[file] if row["zaaktype"] in kept]
    rows["Catalogus"][0]["domein"] = domein
    text = json.dumps(rows)
    for file in rows:
        for row in rows[file]:
            old = row["url"].rpartition("/")[2]
            text = text.replace(old, _shifted(old, domein))
    found: dict[str, list[dict[str, Any]]] = json.loads(text)
    return found


def _shifted(old: str, domein: str) -> str:
    return f"{sum(ord(c) * 31**i for i, c in enumerate(domein)) % 16**8:08x}" + old[8:]


async def send(api: Client, rows: dict[str, Any] | bytes, **params: str) -> Any:
    """Import."""
    content = rows if isinstance(rows, bytes) else schrijf(rows)
    return await api.request("POST", f"{ROOT}/_import", content=content, params=params, headers=ZIP)


async def exported(api: Client, domein: str) -> bytes:
    """Export."""
    answer = await api.get(f"{ROOT}/_export", params={"domein": domein})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip"), answer.text
    return answer.content
