"""The settings of the console, with its keys derived once."""

from base64 import urlsafe_b64encode
from dataclasses import dataclass, field

from cryptography.fernet import Fernet

from runtime.settings import Settings

PREFIX = "/beheer"
"""Where the console is, below every host."""


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of one console."""

    public_url: str
    """Where clients reach the gateway: the URLs of objects begin with it."""
    own_url: str
    """Where people reach the console."""
    form_key: bytes = field(repr=False)
    """Signs the token of forms."""
    box: Fernet = field(repr=False)
    """Encrypts the second factors."""
    trust_proxies: bool = False

    @property
    def secure(self) -> bool:
        """Whether browsers reach it over TLS, so that its cookie never leaves without."""
        return self.own_url.startswith("https:")

    @property
    def cookie(self) -> str:
        """The name of the cookie. With ``__Host-`` no other host and no page without TLS can set it."""
        return "__Host-samenzaak" if self.secure else "samenzaak"


def from_settings(settings: Settings) -> Config:
    """Return the part of the settings that the console uses; raise ValueError without its keys."""
    return Config(
        settings.public_base_url,
        settings.console_public_url or settings.public_base_url,
        settings.derive("console-forms"),
        Fernet(urlsafe_b64encode(settings.derive("console-accounts"))),
        settings.trust_proxies,
    )
