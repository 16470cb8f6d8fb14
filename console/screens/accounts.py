"""Accounts: the operators of the installation."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from console.people import Operator
from console.web import page, to
from runtime.problems import Problem

router = APIRouter()


@router.get("/accounts")
async def accounts(request: Request, person: Operator) -> Response:
    """The accounts."""
    return page(request, "accounts.html", accounts=await request.app.state.accounts.all())


@router.post("/accounts/{name}/blokkeren")
async def block(request: Request, person: Operator, name: str, aan: Annotated[bool, Form()]) -> Response:
    """Keep an account out, or let it in again."""
    if name == person.user_id:
        raise Problem(409, "conflict", "U kunt uw eigen account niet blokkeren.")
    await request.app.state.accounts.disable(name, aan)
    await request.app.state.log.add(request, person, "blocked" if aan else "unblocked", name)
    return to("/accounts")
