"""A provider for tests, over real HTTP on loopback: discovery, keys that rotate, and tokens with the claims that
Keycloak and Microsoft Entra ID document for theirs."""

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from gateway.asgi import Receive, Scope, Send
from tests.servers import serving

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

MEBIBYTE = bytes(1024**2)


def jwk_of(key: PrivateKey, key_id: str, **members: Any) -> dict[str, Any]:
    """Return the public half of a key, as a provider publishes it."""
    rsa_key = isinstance(key, rsa.RSAPrivateKey)
    kind = jwt.algorithms.RSAAlgorithm if rsa_key else jwt.algorithms.ECAlgorithm
    found: dict[str, Any] = json.loads(kind.to_jwk(key.public_key()))  # type: ignore[arg-type]
    found.pop("key_ops", None)
    usual = {"kid": key_id, "use": "sig", "alg": "RS256" if rsa_key else "ES256"}
    return {name: value for name, value in {**found, **usual, **members}.items() if value is not ...}


class Idp:
    """The provider. ``published`` are the keys in its JWKS; a test changes them, and how it answers, while it runs."""

    def __init__(self) -> None:
        self.base = ""
        self.published: list[dict[str, Any]] = []
        self.document: dict[str, Any] = {}
        """Members of the discovery document that differ from the usual ones; ``...`` leaves one out."""
        self.how = ""
        """``down``, ``slow``, ``huge``, ``text``, or a URL that it redirects the keys to."""
        self.asked: list[str] = []
        self.sent = 0
        self.released = asyncio.Event()

    @property
    def iss(self) -> str:
        """What its tokens have."""
        return f"{self.base}/realms/medewerkers"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked.append(scope["path"])
        if self.how == "slow":
            await self.released.wait()
        status, headers, body = 200, [(b"content-type", b"application/json")], b""
        if self.how == "down":
            status = 503
        elif scope["path"].endswith("/.well-known/openid-configuration"):
            usual = {"issuer": self.iss, "jwks_uri": f"{self.iss}/certs", "token_endpoint": f"{self.iss}/token"}
            body = json.dumps({n: v for n, v in {**usual, **self.document}.items() if v is not ...}).encode()
        elif self.how.startswith(("http", "/")) and not scope["path"].endswith("/moved"):
            status, headers = 302, [(b"location", self.how.encode())]
        else:
            body = b"no json" if self.how == "text" else json.dumps({"keys": self.published}).encode()
        await send({"type": "http.response.start", "status": status, "headers": headers})
        if self.how == "huge":
            await self._flood(receive, send)
        await send({"type": "http.response.body", "body": body})

    async def _flood(self, receive: Receive, send: Send) -> None:
        """Send 10 MiB, for as long as somebody reads."""
        await receive()
        gone = asyncio.ensure_future(receive())
        for _ in range(10):
            await send({"type": "http.response.body", "body": MEBIBYTE, "more_body": True})
            await asyncio.sleep(0.01)
            if gone.done():
                break
            self.sent += len(MEBIBYTE)
        gone.cancel()


@asynccontextmanager
async def provider(*keys: tuple[str, PrivateKey]) -> AsyncIterator[Idp]:
    """Serve a provider with these keys."""
    idp = Idp()
    async with serving(idp) as base:
        idp.base = base
        idp.published = [jwk_of(key, key_id) for key_id, key in keys]
        yield idp
        idp.released.set()


def signed(claims: dict[str, Any], key: PrivateKey, key_id: str | None, algorithm: str = "", **header: Any) -> str:
    """Return a token; a claim of ``...`` is left out."""
    algorithm = algorithm or ("RS256" if isinstance(key, rsa.RSAPrivateKey) else "ES256")
    payload = {name: value for name, value in claims.items() if value is not ...}
    headers = {**({} if key_id is None else {"kid": key_id}), **header}
    return jwt.encode(payload, key, algorithm, headers=headers)


def keycloak(iss: str, audience: Any, client: str, **claims: Any) -> dict[str, Any]:
    """Return the claims of an access token of Keycloak for the service account of a client."""
    now = int(time.time())
    return {
        "exp": now + 300,
        "iat": now,
        "jti": f"trrtcc:{uuid.uuid4()}",
        "iss": iss,
        "aud": audience,
        "sub": "5f4c6a3e-6e7c-4c43-9e57-9e0f2f4f8f10",
        "typ": "Bearer",
        "azp": client,
        "acr": "1",
        "allowed-origins": ["/*"],
        "realm_access": {"roles": ["offline_access", "uma_authorization", "default-roles-medewerkers"]},
        "resource_access": {"account": {"roles": ["manage-account", "view-profile"]}},
        "scope": "email profile",
        "email_verified": False,
        "clientHost": "10.0.0.7",
        "clientAddress": "10.0.0.7",
        "client_id": client,
        "preferred_username": f"service-account-{client}",
        **claims,
    }


def entra(iss: str, audience: str, client: str, version: str = "2.0", **claims: Any) -> dict[str, Any]:
    """Return the claims of an access token of Microsoft Entra ID that an application got for itself, v1 or v2. It says
    that it was made five minutes ago."""
    made = int(time.time()) - 300
    oid = "1f2e3d4c-0000-4000-8000-0123456789ab"
    common = {
        "aud": audience,
        "iss": iss,
        "iat": made,
        "nbf": made,
        "exp": made + 3900 + 300,
        "aio": "k2RgYHj8...",
        "idtyp": "app",
        "oid": oid,
        "rh": "1.AX0A...",
        "roles": ["Zaken.Lezen"],
        "sub": oid,
        "tid": "72f988bf-0000-4000-8000-2d7cd011db47",
        "uti": "s5cLPzUv",
        "ver": version,
    }
    if version == "1.0":
        own = {"appid": client, "appidacr": "1", "idp": iss, "app_displayname": "Zaaksysteem"}
    else:
        own = {"azp": client, "azpacr": "1"}
    return {**common, **own, **claims}
