"""The code samples of the guides do what they say, each in its own language where that is at hand."""

import re
from pathlib import Path

import pytest

from guides.pages import LANGUAGES, ROOT, samples
from tests.guides.languages import compile_together, run
from tests.maak import Maak
from tests.selectielijst import Selectielijst
from tests.stack import Client
from tests.tools import node_modules, output

[FIRST_CALL] = samples((ROOT / "docs" / "first-call.md").read_text())
FRONTENDS = (ROOT / "docs" / "frontends.md").read_text()
TYPED = re.findall(r"^```typescript\n(.*?)^```$", FRONTENDS, re.MULTILINE | re.DOTALL)
COMMANDS = re.findall(r"^npx (openapi-typescript .*)$", FRONTENDS, re.MULTILINE)


@pytest.fixture(scope="module")
async def zaaktype(own: Client, lijst: Selectielijst) -> None:
    """The one that the samples find when they ask for any, in a municipality of their own."""
    await Maak(own, lijst).zaaktype()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_first_call(base: str, own: Client, zaaktype: None, tmp_path: Path, language: str) -> None:
    before = (await own.get("/zaken/api/v1/zaken")).json()["count"]
    printed = await run(language, FIRST_CALL[language], tmp_path, BASE=base, CLIENT_ID=own.client_id, SECRET=own.secret)
    after = (await own.get("/zaken/api/v1/zaken?pageSize=1")).json()
    assert after["count"] == before + 1
    assert after["results"][0]["identificatie"] in printed
    assert after["results"][0]["omschrijving"] == "Straatfeest"


async def test_the_typed_client(base: str, own: Client, zaaktype: None, tmp_path: Path) -> None:
    modules = node_modules()
    assert len(COMMANDS) == 2
    for command in COMMANDS:
        await output("bash", "-euc", f"{modules}/.bin/{command}", folder=tmp_path, variables={"BASE": base})
    [code] = TYPED
    misspelt = code.replace("bronorganisatie:", "bronorganisatei:")
    told = [line for line in (await compile_together(code, misspelt, folder=tmp_path, status=2)).split("\n") if line]
    assert "bronorganisatei" in told[0]
    assert [line for line in told if "error" in line and not line.startswith("call1.ts")] == []
    printed = await run("typescript", code, tmp_path, BASE=base, TOKEN=own.token())
    newest = (await own.get("/zaken/api/v1/zaken?pageSize=1")).json()["results"][0]
    assert printed == f"{newest['identificatie']} Straatfeest\n"


def test_every_language_has_its_sample() -> None:
    assert list(FIRST_CALL) == list(LANGUAGES)
