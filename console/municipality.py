"""The services of the municipality of who is logged in."""

from typing import Annotated

from fastapi import Depends, Request

from console.people import Municipality, Person, person_of
from console.services import Services
from gateway.addresses import own_bases


async def services_of(request: Request, person: Annotated[Person, Depends(person_of)]) -> Services:
    """Return the services of the municipality, for this person."""
    municipality: Municipality = request.state.municipality
    bases = own_bases(municipality.hosts, request.app.state.config.public_url)
    return Services(
        request.app.state.internal, person, bases, municipality.time_zone, request.headers.get("x-request-id", "")
    )


OfMunicipality = Annotated[Services, Depends(services_of)]
