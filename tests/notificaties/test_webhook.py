"""Which addresses messages are sent to: nrc-5, and the guards around every call."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pydantic import SecretStr

from runtime.settings import Settings
from services.notificaties.addresses import refusal
from services.notificaties.webhook import TEST_MESSAGE, Webhooks, verify
from tests.notificaties.webhooks import AUTH, Webhook


def settings(**changes: Any) -> Settings:
    """Return the settings of a server that is reached over TLS, with subscribers on this machine."""
    usual = {"public_url": "https://zgw.example", "callback_allow_private": True}
    values: dict[str, Any] = {"secret_key": SecretStr("x" * 40), **usual, **changes}
    return Settings(**values)


@asynccontextmanager
async def sending(**changes: Any) -> AsyncIterator[Webhooks]:
    """The connections of a process with these settings."""
    webhooks = Webhooks(settings(**changes))
    try:
        yield webhooks
    finally:
        await webhooks.stop()


def test_http_is_refused_unless_it_is_allowed() -> None:
    url = "http://afnemer.example/webhook"
    assert "https" in refusal(url, settings())
    assert not refusal(url, settings(callback_allow_http=True))
    assert not refusal(url, settings(public_url="http://localhost:8000"))
    assert not refusal("https://afnemer.example/webhook", settings())


@pytest.mark.parametrize("address", ["10.0.0.1", "192.168.1.1", "127.0.0.1", "[::1]", "[fd12::1]", "[::ffff:10.0.0.1]"])
def test_private_addresses_are_refused_where_clients_are_not_trusted(address: str) -> None:
    assert refusal(f"https://{address}/", settings(callback_allow_private=False))
    assert not refusal(f"https://{address}/", settings())


@pytest.mark.parametrize("address", ["169.254.169.254", "0.0.0.0", "224.0.0.1", "[fe80::1]", "[::]", "[ff02::1]"])
def test_addresses_that_are_never_a_webhook_are_always_refused(address: str) -> None:
    assert refusal(f"https://{address}/", settings(callback_allow_private=True))


@pytest.mark.parametrize("host", ["localhost", "2130706433", "0x7f000001"])
async def test_a_name_is_judged_by_its_addresses(webhook: Webhook, host: str) -> None:
    url = webhook.url.replace("127.0.0.1", host)
    async with sending(callback_allow_http=True, callback_allow_private=False) as webhooks:
        status, text = await webhooks.post(url, AUTH, TEST_MESSAGE)
        assert status == 0
        # A number that is no usual address is refused without asking for its address.
        assert "not allowed" in text or "niet toegestaan" in text
    assert webhook.tests == []


async def test_a_name_of_an_allowed_address_is_called(webhook: Webhook) -> None:
    async with sending(callback_allow_http=True) as webhooks:
        url = webhook.url.replace("127.0.0.1", "localhost")
        assert (await webhooks.post(url, AUTH, TEST_MESSAGE))[0] == 204


async def test_one_forbidden_address_makes_a_name_suspect(monkeypatch: pytest.MonkeyPatch, webhook: Webhook) -> None:
    port = int(webhook.url.split(":")[2].split("/")[0])

    def found(*_: Any) -> list[Any]:
        kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
        return [(*kind, ("127.0.0.1", port)), (*kind, ("169.254.169.254", port))]

    monkeypatch.setattr(socket, "getaddrinfo", found)
    async with sending(callback_allow_http=True) as webhooks:
        assert (await webhooks.post(f"http://dubbel.example:{port}/", AUTH, TEST_MESSAGE))[0] == 0
    assert webhook.tests == []


async def test_a_delivery_is_refused_like_a_registration(webhook: Webhook) -> None:
    async with sending() as webhooks:
        status, text = await webhooks.post(webhook.url, AUTH, b'{"kanaal":"x"}')
    assert status == 0
    assert "https" in text
    assert webhook.attempts == []


async def test_a_webhook_that_never_answers_is_given_up(webhook: Webhook) -> None:
    webhook.answer = lambda message: None
    async with sending(callback_allow_http=True, outgoing_timeout=0.2) as webhooks:
        assert await webhooks.post(webhook.url, AUTH, b'{"kanaal":"x"}') == (0, "no answer within 0.2 s")


async def test_nrc_5_and_nrc_6_in_words(webhook: Webhook) -> None:
    allowed = settings(callback_allow_http=True)
    assert await verify(allowed, webhook.url, None) == ""
    assert await verify(allowed, webhook.url, AUTH) == ""
    webhook.auth = "Bearer anders"
    assert "neemt de testnotificatie" in await verify(allowed, webhook.url, AUTH)
    webhook.test_answer = lambda given: 204
    assert "weigeren met 401 of 403" in await verify(allowed, webhook.url, None)
