"""The command of Bruno sends the requests of our collections, with a token that each of them makes anew.

Bruno's command is too heavy to be installed for this (275 MB): the test runs where `bru` is there, of
`npm install --global @usebruno/cli`. What the files hold is looked at by ``test_collection.py`` in any case.
"""

import io
import json
import re
import zipfile
from pathlib import Path

import httpx
import pytest

from beheer.protocol import Protocol
from runtime.tenancy import SERVICES
from tests.servers import serving
from tests.stack import Client
from tests.tools import output, program


@pytest.mark.long
@pytest.mark.parametrize("service", SERVICES)
async def test_requests_that_need_no_object_succeed(api: Client, tmp_path: Path, service: str) -> None:
    bru = program("bru")
    async with serving(api.stack.gateway, Protocol) as base, httpx.AsyncClient(base_url=base) as stranger:
        archive = (await stranger.get(f"/{service}/api/v1/bruno.zip")).content
        zipfile.ZipFile(io.BytesIO(archive)).extractall(tmp_path)
        asked = [
            str(path.relative_to(tmp_path))
            for path in sorted(tmp_path.rglob("*.bru"))
            if re.search(r"_(list|root)\.bru$", path.name) and "params:path" not in path.read_text()
        ]
        given = {"baseUrl": base, "client_id": api.client_id, "secret": api.secret}
        variables = [part for name, value in given.items() for part in ("--env-var", f"{name}={value}")]
        told = tmp_path / "told.json"
        await output(bru, "run", *asked, "--env", "demo", *variables, "--reporter-json", str(told), folder=tmp_path)
    [run] = json.loads(told.read_text())
    answers = {each["test"]["filename"]: each["response"]["status"] for each in run["results"]}
    assert len(answers) == len(asked) > 1
    assert {name: status for name, status in answers.items() if status != 200} == {}
