"""The query parameters of the API of the gateway itself."""

from typing import TypeVar

from fastapi import Request
from pydantic import BaseModel

from runtime.problems import InvalidParam, Problem
from zgw.filters import unknown

M = TypeVar("M", bound=BaseModel)


def checked(request: Request, asked: M) -> M:
    """Return the parameters; raise Problem 400 for one that there is not, or that is there twice."""
    names = [name for name, _ in request.query_params.multi_items()]
    if error := unknown(names, list(type(asked).model_fields)):
        raise Problem(400, "invalid", invalid_params=[error])
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise Problem(
            400, "invalid", invalid_params=[InvalidParam(twice, "invalid", "De parameter komt meermaals voor.")]
        )
    return asked
