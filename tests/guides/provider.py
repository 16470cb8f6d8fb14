"""A provider as a front-end meets it, and the web server of that front-end: both on origins of their own."""

import base64
import hashlib
import secrets
import time
from collections.abc import Mapping
from urllib.parse import urlencode

import jwt
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.gateway.sleutels import RSA_KEY

ISS = "https://login.deventer.test/realms/medewerkers"
"""What its tokens say, wherever it listens."""


def provider() -> Starlette:
    """Return a provider that lets everybody in: the authorization code flow, with PKCE as a public client needs it."""
    asked: dict[str, Mapping[str, str]] = {}

    async def configuration(request: Request) -> Response:
        base = str(request.base_url)
        return JSONResponse({"authorization_endpoint": f"{base}login", "token_endpoint": f"{base}token"})

    async def login(request: Request) -> Response:
        query = request.query_params
        assert (query["response_type"], query["code_challenge_method"]) == ("code", "S256")
        code = secrets.token_urlsafe()
        asked[code] = query
        return RedirectResponse(f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}", 302)

    async def token(request: Request) -> Response:
        sent = await request.form()
        first = asked.pop(str(sent["code"]), {})
        hashed = hashlib.sha256(str(sent["code_verifier"]).encode()).digest()
        challenge = base64.urlsafe_b64encode(hashed).rstrip(b"=").decode()
        same = all(first.get(name) == sent[name] for name in ("client_id", "redirect_uri"))
        if not same or first["code_challenge"] != challenge or "client_secret" in sent:
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(time.time())
        claims = {"iss": ISS, "client_id": sent["client_id"], "iat": now, "exp": now + 300, "user_id": "jdevries"}
        return JSONResponse({"access_token": jwt.encode(claims, RSA_KEY, "RS256"), "token_type": "Bearer"})

    routes = [
        Route("/.well-known/openid-configuration", configuration),
        Route("/login", login),
        Route("/token", token, methods=["POST"]),
    ]
    return Starlette(routes=routes, middleware=[Middleware(CORSMiddleware, allow_origins=["*"])])


def front_end(files: Mapping[str, str], policy: str) -> Starlette:
    """Return a web server of these files, with a content security policy."""
    types = {"html": "text/html", "js": "text/javascript"}

    async def file(request: Request) -> Response:
        name = request.path_params["name"] or "index.html"
        headers = {"Content-Security-Policy": policy}
        return Response(files.get(name, ""), 200 if name in files else 404, headers, types.get(name.rpartition(".")[2]))

    return Starlette(routes=[Route("/{name}", file), Route("/{name:path}", file)])
