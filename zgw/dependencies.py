"""The dependencies of endpoints: the call, its caller, the database, rights, query parameters, the body.

    @router.post("/{uuid:uuid}/lock", operation_id="zaak_lock", dependencies=[Depends(accepts_json)])
    async def lock(call: CurrentCall, rights: Annotated[Rights, Depends(Needs(LOCK))]) -> Response: ...

They come in the order in which the standard tells of mistakes (common.md, section 5): those of the route, and then the
parameters of the endpoint from left to right. ``zgw.routing`` works them out.
"""

from typing import Annotated, Generic, TypeVar

from fastapi import Depends, Request
from pydantic import ValidationError

from runtime.identity import Caller
from runtime.pool import Access
from runtime.problems import Problem, forbidden
from zgw.fields import Fields
from zgw.filters import unknown
from zgw.problems import from_pydantic
from zgw.request import CALL, Call
from zgw.rights import Rights
from zgw.unknown import read_members_as

F = TypeVar("F", bound=Fields)


async def current_call(request: Request) -> Call:
    """Return the call that this request is, which the route made."""
    call: Call = request.scope[CALL]
    return call


CurrentCall = Annotated[Call, Depends(current_call)]


async def current_caller(call: CurrentCall) -> Caller:
    """Return who calls; raise the Problem with which the gateway refused a stranger."""
    return call.caller


async def database(call: CurrentCall) -> Access:
    """Return the way to the database."""
    return call.db


CurrentCaller = Annotated[Caller, Depends(current_caller)]
Db = Annotated[Access, Depends(database)]


async def accepts_json(call: CurrentCall) -> None:
    """Raise 406 when the client does not take JSON."""
    call.check_accept()


async def sends_json(call: CurrentCall) -> None:
    """Raise 415 when the client sends something else than JSON."""
    call.check_content_type()


async def is_a_service(call: CurrentCall) -> None:
    """Raise 403 for callers that are none of our own services."""
    if not call.caller.component:
        raise forbidden()


class Needs:
    """The rights that any of these scopes give; 403 for a client that has none of them."""

    def __init__(self, scopes: frozenset[str]) -> None:
        self.scopes = scopes

    async def __call__(self, call: CurrentCall) -> Rights:
        """Return the rights."""
        return await call.rights(self.scopes)


class Given:
    """The query parameters, by name; 400 for any other than these."""

    def __init__(self, *names: str) -> None:
        self.names = names

    async def __call__(self, call: CurrentCall) -> dict[str, str]:
        """Return the query parameters."""
        given = call.query()
        if given and (error := unknown(given, self.names)):
            raise Problem(400, "invalid", invalid_params=[error])
        return given


class Sent(Generic[F]):
    """The body, as these fields; 400 with ``invalidParams`` for anything else. Unknown members are told of."""

    def __init__(self, fields: type[F]) -> None:
        self.fields = fields

    async def __call__(self, call: CurrentCall) -> F:
        """Return the fields."""
        body = read_members_as(call, await call.body(), self.fields)
        try:
            return self.fields.model_validate(body, context=call.context)
        except ValidationError as e:
            raise Problem(400, "invalid", invalid_params=from_pydantic(e.errors())) from None
