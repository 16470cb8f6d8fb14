"""Clients with and without switches in one municipality."""

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from copy import copy
from dataclasses import replace
from typing import Any

import httpx
import pytest

from beheer.configuration_rights import Right
from gateway.app import Gateway
from tests.bodies import RSIN
from tests.maak import Maak, Types
from tests.notificaties.webhooks import Webhook, listening
from tests.profiel.pages import clients
from tests.profiel.replay import Application
from tests.stack import PUBLIC, Client, Stack
from tests.zaken.elders import elders
from tests.zaken.zaakmaker import Zaakmaker
from zgw.profiel import check_switches

ON = ("ziotUrl", "bronHoofdletters", "betrokkeneNull", "conceptRelaties", "strengPubliceren")


@pytest.fixture(scope="session")
async def openzaak(stack: Stack, api: Client) -> Client:
    """A client with all rights and all switches, beside ``api``, which has none."""
    return await stack.add_client("deventer", "openzaak-gewend", profiel=dict.fromkeys(ON, True))


@pytest.fixture(scope="session")
async def types(maak: Maak) -> Types:
    """A published zaaktype whose zaken are archived from the day that they are closed."""
    return await maak.zaaktype()


@pytest.fixture(scope="session")
def zaken(api: Client, types: Types) -> Zaakmaker:
    """Makes zaken of that zaaktype, as a client without switches."""
    return Zaakmaker(api, types)


@pytest.fixture
async def webhook() -> AsyncIterator[Webhook]:
    """A webhook that takes everything."""
    async with listening() as found:
        yield found


Install = Callable[..., Awaitable[Application]]
Narrow = Callable[[Application], Application]


@pytest.fixture(scope="session")
async def install(stack: Stack, types: Types, api: Client, zaken: Zaakmaker) -> Install:
    """Set up an application as its page says: ``install("zac", Accept="application/json")``.

    It knows ``zaaktype``, ``catalogus``, ``statustype1`` to ``statustype3`` (the eindstatus), ``resultaattype``, a
    roltype by its generic description (``initiator``), ``informatieobjecttype``, ``besluittype``, ``eigenschap`` and
    ``rsin``.
    """
    names = {
        "zaaktype": types.url,
        "catalogus": types.catalogus,
        **{f"statustype{number}": url for number, url in enumerate(types.statustypen, 1)},
        "resultaattype": types.resultaattypen[0],
        **types.roltypen,
        "informatieobjecttype": types.informatieobjecttype,
        "besluittype": types.besluittype,
        "eigenschap": types.eigenschappen["kleur"],
        "rsin": RSIN,
        "base": PUBLIC,
    }

    def rights_of(right: Right) -> list[dict[str, Any]]:
        """Return the autorisaties of a right on the page, for the catalogue of the tests."""
        where = {"catalogus": types.catalogus} if right.catalogus else {}
        level = {"maxVertrouwelijkheidaanduiding": right.max_vertrouwelijkheidaanduiding}
        return [
            {"component": each, "scopes": right.scopes_in(each), **where, **(level if each in ("zrc", "drc") else {})}
            for each in right.components
        ]

    async def installed(page: str, client_id: str = "", /, **headers: str) -> Application:
        wanted = clients(page)
        client_id = client_id or next(iter(wanted))
        given = wanted[client_id]
        rights = None
        if not given.get("alleAutorisaties"):
            rights = [found for right in given["autorisaties"] for found in rights_of(Right.model_validate(right))]
        profiel = dict.fromkeys(check_switches(given["profiel"]), True)
        unique = f"{client_id}-{uuid.uuid4().hex[:8]}"
        client = await stack.add_client("deventer", unique, rights, profiel=profiel)
        return Application(client, {**names}, **{name.replace("_", "-"): value for name, value in headers.items()})

    return installed


@pytest.fixture(scope="session")
def narrow(stack: Stack) -> Narrow:
    """Gives an application as it is behind a gateway with limits that one request after another exceeds."""

    def behind(application: Application) -> Application:
        limits = {"client_rate": 100.0, "tenant_rate": 100.0, "tenant_concurrency": 1, "tenant_queue": 1}
        config = replace(stack.gateway.config, **limits)  # type: ignore[arg-type]
        gateway = Gateway(config, stack.gateway.registry, stack.gateway.services)
        client = copy(application.client)
        client.http = httpx.AsyncClient(transport=httpx.ASGITransport(gateway), base_url=PUBLIC, timeout=60)
        return Application(client, application.names, **application.headers)

    return behind


@pytest.fixture(scope="module")
async def objecten(stack: Stack) -> AsyncIterator[str]:
    """The URL of an object in an Objecten API that the municipality has registered."""
    async with elders(stack) as other:
        yield other.add("objects/1f2e", {"url": f"{other.base}/api/v1/objects/1f2e", "record": {}})
