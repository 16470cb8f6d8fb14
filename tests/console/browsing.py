"""A browser without a window, for tests of the console: it keeps cookies, and sends forms as pages have them."""

import re
from html import unescape
from typing import Any

import httpx

from beheer.operators import add_link, add_operator
from console.people import OPERATOR
from console.web import FORM_FIELD
from tests.stack import Stack

BASE = "http://samenzaak.test"
ORIGIN = {"origin": BASE}


class Visitor:
    """Somebody with a browser. Paths are those below ``/beheer``."""

    def __init__(self, stack: Stack) -> None:
        self.http = httpx.AsyncClient(transport=stack.transport(), base_url=BASE)
        self.page = ""
        """The last page."""

    async def get(self, path: str, **query: Any) -> httpx.Response:
        """Ask for a page."""
        return self._kept(await self.http.get(f"/beheer{path}", params=query or None))

    async def post(self, path: str, headers: dict[str, str] = ORIGIN, **fields: Any) -> httpx.Response:
        """Send a form, with the token that the last page with a form had."""
        token = re.search(rf'name="{FORM_FIELD}" value="([0-9a-f]+)"', self.page)
        whole = {FORM_FIELD: token[1] if token else "", **fields}
        return self._kept(await self.http.post(f"/beheer{path}", data=whole, headers=headers))

    def _kept(self, answer: httpx.Response) -> httpx.Response:
        if answer.headers.get("content-type", "").startswith("text/html") and answer.content:
            self.page = answer.text
        return answer

    def text(self) -> str:
        """Return what the last page says, without its marks."""
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", self.page)).split())


async def comes_in(stack: Stack, tenant: str = "", role: str = OPERATOR, user_id: str = "") -> Visitor:
    """Return somebody who came in with a one-time link: an operator, or somebody of a municipality."""
    name = user_id or f"{role}-{tenant}".strip("-")
    async with stack.admin() as admin:
        if tenant:
            link = await add_link(admin, stack.settings, tenant, role, name, name.title())
        else:
            link = await add_operator(admin, stack.settings, name)
    visitor = Visitor(stack)
    answer = await visitor.post("/login/link", nummer=link.url.partition("=")[2])
    assert answer.status_code == 303, answer.text
    # A page with a form, for its token.
    assert (await visitor.get("/log" if role != "catalogusbeheerder" else "/zaaktypen")).status_code == 200
    return visitor
