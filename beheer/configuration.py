"""The file that ``samenzaak apply`` reads: its shape, its checks, and where in the file each mistake is."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from gateway import registry
from runtime.tenancy import check_name, check_time_zone

Place = tuple[str | int, ...]
"""Where something stands: ``("municipalities", "deventer", "rsin")``."""


@dataclass(frozen=True)
class Mistake:
    """An error in the file, and its place."""

    place: Place
    message: str


MOST_VALUES = 100_000
"""Most values in a file, each as often as it is used."""


class Mistakes(ValueError):
    """Everything that is wrong with a file, one line each."""


class Document:
    """A YAML file that knows in which line each of its values stands."""

    def __init__(self, name: str, text: str) -> None:
        """Raises Mistakes when it is no YAML, or says something twice."""
        self.name = name
        self._seen = 0
        self.lines: dict[Place, int] = {}
        twice: list[Mistake] = []
        try:
            root = yaml.compose(text, yaml.SafeLoader)
            if root is not None:
                self._walk(root, (), twice)
            self.content: Any = yaml.safe_load(text)
        except RecursionError as e:
            raise Mistakes(f"{name}:1: this is nested too deeply") from e
        except yaml.YAMLError as e:
            mark = getattr(e, "problem_mark", None)
            where = f"{name}:{mark.line + 1}" if mark is not None else name
            raise Mistakes(f"{where}: this is no YAML: {getattr(e, 'problem', None) or e}") from e
        if twice:
            raise self.mistakes(twice)

    def _walk(self, node: yaml.Node, place: Place, twice: list[Mistake]) -> None:
        self._seen += 1
        if self._seen > MOST_VALUES:
            # Aliases can make billions of values out of ten lines.
            raise Mistakes(f"{self.name}:1: this has more than {MOST_VALUES} values")
        self.lines.setdefault(place, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                inner = (*place, str(key.value))
                if inner in self.lines:
                    twice.append(Mistake(inner, "is given twice"))
                self.lines[inner] = key.start_mark.line + 1
                self._walk(value, inner, twice)
        elif isinstance(node, yaml.SequenceNode):
            for index, value in enumerate(node.value):
                self._walk(value, (*place, index), twice)

    def show(self, mistake: Mistake) -> str:
        """Return a mistake with its place in the file."""
        place = mistake.place
        while place and place not in self.lines:
            place = place[:-1]
        path = ".".join(str(part) for part in mistake.place)
        return f"{self.name}:{self.lines.get(place, 1)}: {path and f'{path}: '}{mistake.message}"

    def mistakes(self, found: list[Mistake]) -> Mistakes:
        """Return the error that tells all of them, in the order of the file."""
        shown = {self.show(m): None for m in found}
        return Mistakes("\n".join(sorted(shown, key=lambda line: int(line[len(self.name) + 1 :].partition(":")[0]))))


class Part(BaseModel):
    """A part of the file; an unknown key is a mistake."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel)


class Secret(Part):
    """A secret: the name of an environment variable or of a file, never the secret itself."""

    secret_env: str | None = None
    secret_file: Path | None = None

    @model_validator(mode="after")
    def _one_source(self) -> "Secret":
        if self.secret_env is not None and self.secret_file is not None:
            raise ValueError("give secretEnv or secretFile, not both")
        return self

    @property
    def has_secret(self) -> bool:
        """Whether a secret is named."""
        return self.secret_env is not None or self.secret_file is not None

    def read(self) -> str:
        """Return the secret; raise ValueError when it is not there."""
        if self.secret_env is not None:
            found = os.environ.get(self.secret_env, "")
            source = f"the environment variable {self.secret_env}"
        else:
            source = f"the file {self.secret_file}"
            try:
                found = Path(self.secret_file or "").read_text().strip()
            except (OSError, UnicodeDecodeError) as e:
                raise ValueError(f"{source} cannot be read: {getattr(e, 'strerror', None) or 'it is no text'}") from e
        if not found.strip():
            raise ValueError(f"{source} is empty or not set")
        return found


class Type(Part):
    """A type of a catalogue: all its versions, or without a name all types of that kind."""

    domein: str
    identificatie: str | None = None
    omschrijving: str | None = None


class Right(Part):
    """One autorisatie, as in the Autorisaties API, but for how it names a type."""

    component: Literal["ac", "nrc", "zrc", "ztc", "drc", "brc"]
    scopes: Annotated[list[str], Field(min_length=1)]
    zaaktype: str | Type | None = None
    informatieobjecttype: str | Type | None = None
    besluittype: str | Type | None = None
    max_vertrouwelijkheidaanduiding: str = ""


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


class Client(Secret):
    """An application. Without rights here, its Applicatie is left to the functional administrator."""

    label: str = ""
    alle_autorisaties: bool = False
    autorisaties: list[Right] | None = None

    @model_validator(mode="after")
    def _rights_in_one_way(self) -> "Client":
        if self.alle_autorisaties and self.autorisaties:
            raise ValueError("give alleAutorisaties or autorisaties, not both")
        return self


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
    clients: dict[Annotated[str, AfterValidator(_client_id)], Client] = {}
    externe_apis: dict[str, ExterneApi] = {}
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
    if wrong := [*_hosts_twice(found), *_callbacks_twice(found), *_secrets(found)] or [*_secrets_twice(found)]:
        raise document.mistakes(wrong)
    return found, document


def secrets_of(configuration: Configuration) -> Iterator[tuple[Place, Secret]]:
    """Return everything that names a secret."""
    for name, municipality in configuration.municipalities.items():
        here: Place = ("municipalities", name)
        for client_id, client in municipality.clients.items():
            yield (*here, "clients", client_id), client
        for api_name, api in municipality.externe_apis.items():
            yield (*here, "externeApis", api_name), api
        for index, abonnement in enumerate(municipality.abonnementen):
            yield (*here, "abonnementen", index), abonnement


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
            if client.has_secret and (owner := owners.setdefault((client_id, client.read()), name)) != name:
                yield Mistake(
                    ("municipalities", name, "clients", client_id),
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
