"""Host names of municipalities without a public URL: every URL would lead nowhere, so it is told at the start."""

import asyncio
import json
import logging
from pathlib import Path

import pytest
from pydantic import SecretStr

from beheer import postgres
from beheer.hosts import about_hosts
from beheer.runner import Part
from beheer.serve import bring_up_to_date
from runtime.identity import GATEWAY
from runtime.settings import Settings
from runtime.tenancy import SERVICES
from tests.opdracht import Samenzaak
from tests.stack import Stack

TOLD = "SAMENZAAK_PUBLIC_URL is not set"
HOST = "zgw.deventer.example.nl"


@pytest.mark.parametrize(
    ("public_url", "hosts", "warned"),
    [
        (None, [HOST], True),
        (None, ["deventer.localhost", HOST], True),
        (None, [], False),
        (None, ["localhost", "deventer.localhost"], False),
        ("https://zgw.example.nl", [HOST], False),
        ("http://localhost:8000", [HOST], False),
    ],
)
def test_only_host_names_elsewhere_without_a_public_url_are_told(
    public_url: str | None, hosts: list[str], warned: bool
) -> None:
    told = about_hosts(Settings(public_url=public_url, port=8123), hosts)
    assert (TOLD in told) == warned
    assert (f"http://{HOST}:8123" in told) == warned


def test_serve_and_status_tell_it(samenzaak: Samenzaak, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    add = ("tenant", "add", "deventer", "--naam", "Deventer", "--rsin", "517439943", "--host", HOST)
    dsn = postgres.start(tmp_path)
    try:
        assert samenzaak(*add, home=tmp_path).returncode == 0
        key = (tmp_path / "secret_key").read_text().strip()
        for public_url, told in (("", True), ("https://zgw.example.nl", False)):
            caplog.clear()
            # What `serve` and `serve-split` do first.
            settings = Settings(home=tmp_path, secret_key=SecretStr(key), public_url=public_url or None)
            asyncio.run(bring_up_to_date(dsn, settings))
            assert (TOLD in caplog.text) == told
            shown = samenzaak("status", home=tmp_path, public_url=public_url).stdout
            assert (TOLD in shown) == told
            facts = json.loads(samenzaak("status", "--json", home=tmp_path, public_url=public_url).stdout)
            assert len(facts["warnings"]) == told
    finally:
        postgres.stop(tmp_path)


async def test_the_gateway_in_a_process_of_its_own_tells_it(stack: Stack, caplog: pytest.LogCaptureFixture) -> None:
    changes = {"service_urls": dict.fromkeys(SERVICES, "http://127.0.0.1:1"), "background": False}
    for public_url, told in ((None, True), ("https://zgw.example.nl", False)):
        caplog.clear()
        caplog.set_level(logging.WARNING)
        part = Part(stack.settings.model_copy(update={**changes, "public_url": public_url}), stack.dsn, GATEWAY)
        await part.start()
        await part.stop()
        assert (TOLD in caplog.text) == told
