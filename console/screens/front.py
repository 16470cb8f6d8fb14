"""The front page: it leads everybody to their own first screen."""

from fastapi import APIRouter
from starlette.responses import Response

from console.menu import home_of
from console.people import Anybody
from console.web import to

router = APIRouter()


@router.get("")
@router.get("/")
async def front(person: Anybody) -> Response:
    """Go to the first screen of a person."""
    return to(home_of(person))
