"""How somebody logged in who acts in a zaak: authenticatieContext, for each kind of party that can log in.

Beside the standard. The shape is that of the login data of forms, and it is answered as it was sent.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import SerializerFunctionWrapHandler, model_serializer, model_validator

from zgw.fields import Fields
from zgw.types import Bsn, Length

DigiD = Literal[
    "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport",
    "urn:oasis:names:tc:SAML:2.0:ac:classes:MobileTwoFactorContract",
    "urn:oasis:names:tc:SAML:2.0:ac:classes:Smartcard",
    "urn:oasis:names:tc:SAML:2.0:ac:classes:SmartcardPKI",
]
"""The levels of DigiD, low to high."""

EHerkenning = Literal[
    "urn:etoegang:core:assurance-class:loa1",
    "urn:etoegang:core:assurance-class:loa2",
    "urn:etoegang:core:assurance-class:loa2plus",
    "urn:etoegang:core:assurance-class:loa3",
    "urn:etoegang:core:assurance-class:loa4",
]
"""The levels of eHerkenning, low to high."""


class AsSent(Fields):
    """A group that is answered as it was sent: what was left out, or null, stays out."""

    @model_validator(mode="before")
    @classmethod
    def null_is_absent(cls, value: Any) -> Any:
        """Take ``null`` for a member that was not sent."""
        return {name: item for name, item in value.items() if item is not None} if isinstance(value, dict) else value

    @model_serializer(mode="wrap")
    def without_unset(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any] | None:
        """Return the members that were sent; None for a group inside another one that was not sent itself."""
        found: dict[str, Any] | None = handler(self)
        if found is None:
            return None
        sent = {field.alias or name for name, field in type(self).model_fields.items() if name in self.model_fields_set}
        return {name: value for name, value in found.items() if name in sent}


class VertegenwoordigdePersoon(AsSent):
    """The human being for whom somebody acts."""

    identifier_type: Literal["bsn"]
    identifier: Bsn


class Vertegenwoordigde(AsSent):
    """The human being or the company for whom somebody acts."""

    identifier_type: Literal["bsn", "kvkNummer"]
    identifier: Annotated[str, Length(9, 1)]


class DigiDDienst(AsSent):
    """A service that somebody may use for another."""

    id: Annotated[str, Length(1000, 1)]


class EHerkenningDienst(AsSent):
    """A service that somebody may use for another."""

    id: Annotated[str, Length(1000, 1)]
    uuid: Annotated[str, Length(100, 1)]


class DigiDMachtiging(AsSent):
    """What somebody may do for another."""

    services: Annotated[list[DigiDDienst], Length(100)]


class EHerkenningMachtiging(AsSent):
    """What somebody may do for another, and as what."""

    role: Literal["bewindvoerder", "curator", "mentor"] = None  # type: ignore[assignment]
    services: Annotated[list[EHerkenningDienst], Length(100)]


class DigiDContext(AsSent):
    """How a human being logged in."""

    source: Literal["digid"]
    level_of_assurance: DigiD
    representee: VertegenwoordigdePersoon = None  # type: ignore[assignment]
    mandate: DigiDMachtiging = None  # type: ignore[assignment]


class EHerkenningContext(AsSent):
    """How somebody logged in for a company."""

    source: Literal["eherkenning"]
    level_of_assurance: EHerkenning
    acting_subject: Annotated[str, Length(100, 1)]
    representee: Vertegenwoordigde = None  # type: ignore[assignment]
    mandate: EHerkenningMachtiging = None  # type: ignore[assignment]


CONTEXTEN: Mapping[str, type[Fields]] = {
    "natuurlijk_persoon": DigiDContext,
    "niet_natuurlijk_persoon": EHerkenningContext,
    "vestiging": EHerkenningContext,
}
"""Per betrokkeneType what authenticatieContext holds; other kinds of parties have none."""
