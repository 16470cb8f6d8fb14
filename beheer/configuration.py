"""The file that ``samenzaak apply`` reads: its shape, its checks, and where in the file each mistake is."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator

from beheer.configuration_logboek import Logboek
from beheer.configuration_rights import Part, Right
from beheer.configuration_secret import Secret
from beheer.document import Document, Mistake, Place
from beheer.issuers import Wanted
from gateway import registry
from gateway.reading_choices import MOST_MONTHS, REASON_LENGTH, check_activity
from gateway.secrets import MOST_SECRETS, NAME
from runtime.tenancy import check_name, check_time_zone
from zgw.profiel import chosen_switches
from zgw.reading_log.read import Choice


def _client_id(value: str) -> str:
    if not registry.CLIENT_ID.fullmatch(value):
        raise ValueError("a client_id has 1 to 50 visible characters without spaces (ASCII)")
    return value


def _rsin(value: str) -> str:
    if not registry.is_rsin(value):
        raise ValueError("is not a valid RSIN")
    return value


def _host(value: str) -> str:
    host = value.lower().rstrip(".")
    if not registry.HOST.fullmatch(host):
        raise ValueError("is not a host name (without http:// and without a port)")
    return host


def _chosen(value: Any) -> dict[str, bool]:
    """Return switches with whether each is on: all those that a text or a list names are."""
    named = [value] if isinstance(value, str) else value
    if isinstance(named, list) and all(isinstance(name, str) for name in named):
        named = dict.fromkeys(named, True)
    if not isinstance(named, dict) or not all(isinstance(n, str) and isinstance(on, bool) for n, on in named.items()):
        raise ValueError("openzaak, a list of switches, or switches that are true or false are expected")
    return chosen_switches(named)


def _switches(value: Any) -> tuple[str, ...]:
    """Return the names of the switches that are on."""
    return tuple(name for name, on in _chosen(value).items() if on)


Switches = Annotated[tuple[str, ...], BeforeValidator(_switches)]
Chosen = Annotated[dict[str, bool], BeforeValidator(_chosen)]


class NamedSecret(Secret):
    """One of the secrets of a client, and the day from which on it is refused."""

    name: Annotated[str, Field(pattern=f"^{NAME.pattern}$")]
    expires: date | None = None

    @model_validator(mode="after")
    def _has_secret(self) -> "NamedSecret":
        if not self.has_secret:
            raise ValueError("a secret is needed: secretEnv or secretFile")
        return self


class Client(Secret):
    """An application. Without rights here, its Applicatie is left to the functional administrator."""

    label: str = ""
    secrets: Annotated[list[NamedSecret], Field(max_length=MOST_SECRETS)] | None = None
    """All its secrets, in the place of the one that ``secretEnv`` or ``secretFile`` names."""
    profiel: Chosen | None = None
    """The switches that its Applicatie sets; the others are as the municipality has them."""
    inzage_uitgezonderd: Annotated[str, Field(max_length=REASON_LENGTH)] | None = None
    """Why none of its reads are recorded; empty: they are."""
    verwerkingsactiviteit: Annotated[str, AfterValidator(check_activity)] | None = None
    alle_autorisaties: bool = False
    autorisaties: list[Right] | None = None

    @model_validator(mode="after")
    def _rights_in_one_way(self) -> "Client":
        if self.alle_autorisaties and self.autorisaties:
            raise ValueError("give alleAutorisaties or autorisaties, not both")
        return self

    @model_validator(mode="after")
    def _secrets_in_one_way(self) -> "Client":
        if self.has_secret and self.secrets is not None:
            raise ValueError("give secrets, or secretEnv or secretFile for the only one, not both")
        names = [secret.name for secret in self.secrets or ()]
        if len(set(names)) < len(names):
            raise ValueError("each secret needs a name of its own")
        return self

    def texts(self) -> list[str]:
        """Return its secrets; raise ValueError when one is not there."""
        if self.secrets is not None:
            return [secret.read() for secret in self.secrets]
        return [self.read()] if self.has_secret else []


class ExterneApi(Secret):
    """An API outside this installation, with what it asks for: a client_id and its secret, a header and its value, or
    nothing."""

    root: str
    client_id: str = ""
    header: str = ""
    expand: bool = False
    """Whether its objects are shown in ``expand`` to every client that may read what refers to them."""

    @model_validator(mode="after")
    def _credentials(self) -> "ExterneApi":
        if (self.client_id and self.header) or bool(self.client_id or self.header) != self.has_secret:
            raise ValueError("give clientId or header with its secret (secretEnv or secretFile), or none of them")
        return self


class Issuer(Part):
    """A provider that signs tokens. Without ``keysFile`` its keys are fetched: by discovery, or from ``jwksUrl``."""

    kind: str = ""
    audiences: list[str] = []
    algorithms: list[str] = []
    keys_file: Path | None = None
    discovery_url: str = ""
    jwks_url: str = ""
    client_claims: list[str] = []
    user_claims: list[str] = []
    name_claims: list[str] = []
    max_age: int = 0

    def wanted(self, iss: str) -> Wanted:
        """Return the issuer with this name. Raises ValueError for a file that cannot be read."""
        try:
            keys = self.keys_file.read_text() if self.keys_file else ""
        except (OSError, UnicodeDecodeError) as e:
            why = getattr(e, "strerror", None) or "it is no text"
            raise ValueError(f"the file {self.keys_file} cannot be read: {why}") from e
        return Wanted(
            iss,
            keys,
            self.discovery_url,
            self.jwks_url,
            self.kind,
            tuple(self.audiences),
            tuple(self.algorithms),
            tuple(self.client_claims),
            tuple(self.user_claims),
            tuple(self.name_claims),
            self.max_age,
        )


class Kanaal(Part):
    """A kanaal of an abonnement."""

    naam: str
    filters: dict[str, str] = {}


class Abonnement(Secret):
    """A subscription; the secret is the whole Authorization header that the callback wants."""

    callback_url: str
    kanalen: Annotated[list[Kanaal], Field(min_length=1)]

    @model_validator(mode="after")
    def _header(self) -> "Abonnement":
        if not self.has_secret:
            raise ValueError("the Authorization header of the callback is needed: secretEnv or secretFile")
        return self


class Municipality(Part):
    """A municipality and what belongs to it."""

    naam: Annotated[str, Field(min_length=1)]
    rsin: Annotated[str, AfterValidator(_rsin)]
    hosts: list[Annotated[str, AfterValidator(_host)]] = []
    time_zone: Annotated[str, AfterValidator(check_time_zone)] | None = None
    """Without it the one of the municipality stays."""
    profiel: Switches | None = None
    """The switches that are on by default for its clients; without it they stay as they are."""
    inzage: Choice | None = None
    inzage_maanden: Annotated[int, Field(ge=1, le=MOST_MONTHS)] | None = None
    clients: dict[Annotated[str, AfterValidator(_client_id)], Client] = {}
    issuers: dict[Annotated[str, Field(min_length=1)], Issuer] = {}
    """By their ``iss``."""
    externe_apis: dict[str, ExterneApi] = {}
    logboek: Logboek | None = None
    """The Logboek Dataverwerkingen; without it that of the municipality stays as it is."""
    abonnementen: list[Abonnement] = []


class Configuration(Part):
    """The whole file."""

    municipalities: dict[Annotated[str, AfterValidator(check_name)], Municipality]


def read(path: Path) -> tuple[Configuration, Document]:
    """Return what a file says; raise Mistakes with everything that is wrong, OSError when it cannot be read."""
    document = Document(str(path), path.read_text())
    try:
        found = Configuration.model_validate(document.content)
    except ValidationError as e:
        raise document.mistakes(
            [_mistake(error) for error in e.errors(include_url=False, include_input=False)]
        ) from None
    if wrong := [*_hosts_twice(found), *_callbacks_twice(found), *_issuers(found), *_secrets(found)] or [
        *_secrets_twice(found)
    ]:
        raise document.mistakes(wrong)
    return found, document


def secrets_of(configuration: Configuration) -> Iterator[tuple[Place, Secret]]:
    """Return everything that names a secret."""
    for name, municipality in configuration.municipalities.items():
        here: Place = ("municipalities", name)
        for client_id, client in municipality.clients.items():
            yield (*here, "clients", client_id), client
            for index, secret in enumerate(client.secrets or ()):
                yield (*here, "clients", client_id, "secrets", index), secret
        for api_name, api in municipality.externe_apis.items():
            yield (*here, "externeApis", api_name), api
        if municipality.logboek is not None:
            yield (*here, "logboek"), municipality.logboek
            if municipality.logboek.header is not None:
                yield (*here, "logboek", "header"), municipality.logboek.header
        for index, abonnement in enumerate(municipality.abonnementen):
            yield (*here, "abonnementen", index), abonnement


def _issuers(configuration: Configuration) -> Iterator[Mistake]:
    for name, municipality in configuration.municipalities.items():
        for iss, issuer in municipality.issuers.items():
            try:
                issuer.wanted(iss).issuer(name)
            except ValueError as e:
                yield Mistake(("municipalities", name, "issuers", iss), str(e))


def _secrets(configuration: Configuration) -> Iterator[Mistake]:
    for place, owner in secrets_of(configuration):
        if owner.has_secret:
            try:
                owner.read()
            except ValueError as e:
                yield Mistake((*place, "secretEnv" if owner.secret_env is not None else "secretFile"), str(e))


def _secrets_twice(configuration: Configuration) -> Iterator[Mistake]:
    owners: dict[tuple[str, str], str] = {}
    for name, municipality in configuration.municipalities.items():
        for client_id, client in municipality.clients.items():
            texts = client.texts()
            place: Place = ("municipalities", name, "clients", client_id)
            if len(set(texts)) < len(texts):
                yield Mistake((*place, "secrets"), "the two secrets are the same")
            for owner in {owners.setdefault((client_id, text), name) for text in texts} - {name}:
                yield Mistake(
                    place,
                    f"client {client_id} of {owner} has the same secret; give it a secret of its own at each"
                    " municipality",
                )


def _hosts_twice(configuration: Configuration) -> Iterator[Mistake]:
    owners: dict[str, str] = {}
    for name, municipality in configuration.municipalities.items():
        for index, host in enumerate(municipality.hosts):
            if owners.setdefault(host, name) != name:
                yield Mistake(("municipalities", name, "hosts", index), f"{host} already belongs to {owners[host]}")


def _callbacks_twice(configuration: Configuration) -> Iterator[Mistake]:
    for name, municipality in configuration.municipalities.items():
        urls = [abonnement.callback_url for abonnement in municipality.abonnementen]
        for index, url in enumerate(urls):
            if url in urls[:index]:
                yield Mistake(
                    ("municipalities", name, "abonnementen", index, "callbackUrl"), "has another abonnement already"
                )


MAPPING = "names with what belongs to each are expected"
MESSAGES = {
    "extra_forbidden": "is not known here",
    "missing": "is missing",
    "model_type": MAPPING,
    "model_attributes_type": MAPPING,
    "dict_type": MAPPING,
    "string_type": "a text is expected: put a number between quotes",
}
"""What is told of mistakes for which the words of the validation are those of a programmer."""


def _mistake(error: Any) -> Mistake:
    # A value that may be a URL or a Type fails as both; the place is the same for the reader of the file.
    place = tuple(part for part in error["loc"] if part not in ("[key]", "str", "Type"))
    message = error["msg"].removeprefix("Value error, ")
    return Mistake(place, MESSAGES.get(error["type"], message))
