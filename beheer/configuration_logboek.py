"""The logbook of a municipality in the file that ``samenzaak apply`` reads."""

from pydantic import model_validator

from beheer.configuration_rights import Part
from beheer.configuration_secret import Secret
from services.autorisaties.logboek import Wanted
from zgw.logboek.config import Application


class Applicatie(Part):
    """What is set of an application: its processing activity, and the site of the organisation that it belongs to."""

    activiteit: str = ""
    site: str = ""


class Logboek(Secret):
    """The Logboek Dataverwerkingen; the secret is the key with which persons are encrypted, ``header`` names the whole
    header that the logbook asks for."""

    address: str
    oin: str = ""
    """That of the municipality; without it its RSIN."""
    header: Secret | None = None
    system: str = "Samenzaak"
    activiteit: str = ""
    zaaktypen: dict[str, str] = {}
    """The processing activity of each zaaktype, by its identificatie."""
    applicaties: dict[str, Applicatie] = {}

    @model_validator(mode="after")
    def _key(self) -> "Logboek":
        if not self.has_secret or (self.header is not None and not self.header.has_secret):
            raise ValueError("the key of the logbook is needed, and the value of header: secretEnv or secretFile")
        return self

    def wanted(self, rsin: str) -> Wanted:
        """Return the logbook of the municipality with this RSIN; raise ValueError when a secret is not there."""
        return Wanted(
            self.address.rstrip("/"),
            self.read(),
            self.oin or rsin,
            self.header.read() if self.header else "",
            self.system,
            self.activiteit,
            self.zaaktypen,
            {name: Application(each.activiteit, each.site) for name, each in self.applicaties.items()},
        )
