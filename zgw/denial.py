"""Why the gateway refuses a request, carried to the service that knows whether the route exists at all.

A wrong path or method is answered with 404 or 405 before authentication (common rules, section 4), but only the
service knows its routes. So the gateway forwards a refused request without its body and without a caller, with the
refusal in this header. The service answers 404 or 405 when it has to, and otherwise exactly this refusal.
"""

import time

import jwt

from zgw.caller import LIFETIME, stranger
from zgw.problems import Problem

HEADER = "x-samenzaak-denied"
"""The header with the signed refusal; like all ``x-samenzaak-`` headers it is never taken over from a client."""


def sign_denial(problem: Problem, key: bytes) -> str:
    """Return the signed refusal: ``headers[HEADER] = sign_denial(Problem(403, "jwt-expired"), key)``, with the key of
    the gateway for the service that it is for.

    It has no tenant claim, so that :func:`zgw.caller.verify` never takes it for a caller.
    """
    claims = {"exp": int(time.time()) + LIFETIME, "d": [problem.code, problem.title, problem.detail]}
    return jwt.encode(claims, key, "HS256")


def verify_denial(token: str | None, key: bytes) -> Problem:
    """Return the refusal to answer with; it is a general 403 when the header is absent, forged or too old.

    It never raises, because whatever is wrong with the header, the request stays refused:
    ``raise verify_denial(request.headers.get(HEADER), key)``.
    """
    try:
        code, title, detail = jwt.decode(token or "", key, ["HS256"], options={"require": ["exp", "d"]})["d"]
    except (jwt.PyJWTError, ValueError, TypeError):
        return stranger()
    return Problem(403, code, detail, title=title)
