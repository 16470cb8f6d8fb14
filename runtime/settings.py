"""The settings of every process of Samenzaak: defaults, then the settings file, then SAMENZAAK_* variables."""

import os
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from runtime.secret_key import derived
from runtime.setting_types import Folder, Header, HttpUrl, Keys, Number, Numbers, PostgresUrl, ServiceUrls, TimeZone

PREFIX = "SAMENZAAK_"
CONFIG_VARIABLE = f"{PREFIX}CONFIG"


class Settings(BaseSettings):
    """All settings; `docs/settings.md` has the same table, and a test compares the two."""

    # Errors never quote a value: a URL may have a password, and errors are read in logs.
    model_config = SettingsConfigDict(
        env_prefix=PREFIX, extra="forbid", frozen=True, env_ignore_empty=True, hide_input_in_errors=True
    )

    home: Folder = Field(Path("./var"), description="Folder for everything that is kept locally.")
    database_url: PostgresUrl | None = Field(
        None, description="PostgreSQL 15 or newer, `postgresql://…`. Without it the embedded PostgreSQL is used."
    )
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=1, le=65535, description="Port to listen on.")
    public_url: HttpUrl | None = Field(
        None,
        description="URL at which clients reach the gateway. Without it `http://localhost:{port}`. Its scheme and port "
        "are those of all URLs, also below the host names of municipalities.",
    )
    secret_key: SecretStr | None = Field(
        None,
        min_length=32,
        description="Secret of at least 32 characters, from which all internal keys are derived. Required with a "
        "database URL; otherwise it is made once and kept in `secret_key` in the home folder.",
    )
    keys: Keys = Field(
        {},
        repr=False,
        description="The keys of one process instead of the secret key, as `purpose=key,…`: `samenzaak keys` makes "
        "them for each pod in Kubernetes.",
    )
    key_round: int = Field(
        0, ge=0, description="Raise it to give every process other keys and passwords from the same secret key."
    )
    trust_proxies: bool = Field(
        False,
        description="Believe `X-Forwarded-Proto`: only behind a proxy that sets it itself. Other forwarded headers are "
        "never read.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least severe level to log.")
    log_format: Literal["text", "json"] = Field("text", description="Lines for people or for a log collector.")
    token_max_age: int = Field(3600, gt=0, description="Seconds after its `iat` that a client's token is accepted.")
    token_leeway: int = Field(30, ge=0, description="Seconds that the clock of a client may differ.")
    issuer_keys_fresh: Number = Field(
        60.0,
        ge=1,
        description="Seconds after which the keys of a provider are fetched again: a key that it took back is refused "
        "after these at the latest. Only for issuers whose keys are fetched.",
    )
    issuer_keys_stale: Number = Field(
        3600.0,
        ge=0,
        description="Seconds that the keys of a provider are used after they were fetched, while it does not answer; "
        "then its tokens get 503.",
    )
    time_zone: TimeZone = Field(
        "Europe/Amsterdam",
        description="Time zone of moments that clients send without an offset, and of today. A municipality may have "
        "its own (`samenzaak tenant time-zone`).",
    )
    clock_skew: Number = Field(
        60.0,
        ge=0,
        description="Seconds that the clock of a client may be ahead: what lies no further is not in the future.",
    )
    page_size: int = Field(100, gt=0, description="Results on one page when the client does not ask for a size.")
    page_size_max: int = Field(500, gt=0, description="Most results on one page that a client may ask for.")
    workers: int = Field(1, ge=1, description="Worker processes.")
    service_urls: ServiceUrls = Field(
        {},
        description="Where separately running services are, as `zaken=http://…,documenten=http://…`. Empty: all "
        "services run in the process of the gateway.",
    )
    console_public_url: HttpUrl | None = Field(
        None,
        description="URL at which people reach the console, which is below `/beheer` there. Without it that of the "
        "gateway.",
    )
    console_url: HttpUrl | None = Field(
        None,
        description="Where a separately running console is: the gateway passes on to it what is asked below `/beheer`. "
        "Without it, and with separately running services, the console is reached where it listens itself.",
    )
    storage_url: str | None = Field(
        None,
        pattern=r"^(file|s3|az|gs)://.*[^/]",
        description="Where the content of documents is kept: `file://`, `s3://`, `az://` or `gs://`. Without it the "
        "folder `documenten` in the home folder.",
    )
    selectielijst_url: HttpUrl = Field(
        "https://selectielijst.openzaak.nl/api/v1", description="Root of the Selectielijst API."
    )
    selectielijst_header: Header | None = Field(
        None,
        description="A header that a private copy of that API asks for, as `Authorization: Bearer …`. Nobody else gets "
        "it.",
    )
    selectielijst_by_uuid: bool = Field(
        False,
        description="Take procestypen with the same UUID for the same, whatever host is before it: for a copy of the "
        "selection list under another address than that in the catalogues.",
    )
    catalogi_additive_posts: bool = Field(
        False,
        description="Let clients with `catalogi.schrijven` add to a published zaaktype: eigenschappen, roltypen, "
        "zaakobjecttypen, documents, and statustypen after those that it has. Without it that takes "
        "`catalogi.geforceerd-schrijven`.",
    )
    catalogi_strict_corrections: bool = Field(
        False, description="Refuse a correction that takes related types from a published type."
    )
    catalogi_strict_dates: bool = Field(
        False,
        description="Refuse what belongs to a zaaktype with another `beginGeldigheid` than that and the versiedatum of "
        "the zaaktype. Without it the date is ignored.",
    )
    catalogi_strict_names: bool = Field(
        False,
        description="Refuse names of types that the catalogue does not have. Without it such a name is kept until the "
        "type exists.",
    )
    catalogi_announce_publish: bool = Field(
        False, description="Tell subscribers (`partial_update`) that a type was published."
    )
    max_body_size: int = Field(
        2 * 1024**2, gt=0, description="Largest JSON body in bytes; the content of a document does not count."
    )
    answer_memory: int = Field(
        96 * 1024**2,
        ge=64 * 1024**2,
        description="Bytes that answers of more than 1 MiB hold in a process until their clients have read them; half "
        "for one client, two thirds for one municipality. Further ones wait for ten seconds, and then get 503.",
    )
    max_document_size: int | None = Field(
        None,
        gt=0,
        description="Largest request to the Documenten API in bytes, for content that is sent as base64. "
        "Without it there is no limit.",
    )
    chunk_size: int = Field(4 * 1024**3, gt=0, description="Largest bestandsdeel in bytes.")
    check_verzending_dates: bool = Field(
        False,
        description="Refuse a verzending whose dates do not fit its aardRelatie. Existing applications send others.",
    )
    logboek_lines: int = Field(
        1_000_000,
        ge=1,
        description="Actions of one municipality in one service that wait for its logbook (Logboek Dataverwerkingen). "
        "Further ones are not logged, and counted as such: an alarm.",
    )
    pool_size: int = Field(
        8,
        ge=1,
        description="Most database connections of one service in a process; three quarters for one municipality.",
    )
    client_rate: Number = Field(
        200.0,
        ge=0,
        description="Requests per second of one client, per process of the gateway; twice as many may come at once, "
        "and more wait until they fit. 0: no limit.",
    )
    client_queue: int = Field(
        100, ge=0, description="Requests of one client that wait for a rate in a process; more get 429."
    )
    tenant_rate: Number = Field(
        400.0, ge=0, description="The same for all clients of one municipality together. 0: no limit."
    )
    tenant_concurrency: int = Field(
        4,
        ge=0,
        description="Requests of one municipality that a process of the gateway has worked on at the same time, or its "
        "share of them when others ask something too. One that lasts longer than 0.25 s, as an upload does, no longer "
        "counts, up to 64 of them; one client has at most as many of those as are left for the others. 0: no limit.",
    )
    tenant_queue: int = Field(
        500,
        ge=0,
        description="Requests of one municipality that wait for their turn in a process, of one client at most as many "
        "as places are left for the others, and always four; more get 429. 0: none waits.",
    )
    queue_seconds: Number = Field(
        10.0,
        gt=0,
        description="Seconds that a request waits for its turn, before it gets 429; one that would wait longer for a "
        "rate gets it at once. Three times as long for a client of which fewer than four wait.",
    )
    service_timeout: Number = Field(
        120.0, gt=0, description="Seconds that a service may be silent before the gateway answers 504."
    )
    body_timeout: Number = Field(
        60.0, gt=0, description="Seconds that a client may be silent while it sends a body, before the answer is 408."
    )
    slowest_rate: Number = Field(
        1024.0,
        ge=0,
        description="Bytes per second that a client at least sends of a body and reads of an answer, over "
        "`slowest_window` seconds in which it was waited for; a slower one is cut off. 0: no limit.",
    )
    slowest_window: Number = Field(30.0, gt=0, description="Seconds over which the pace of a client is judged.")
    security_contact: str | None = Field(
        None,
        pattern=r"^(mailto:|https://|tel:)\S+$",
        description="Where to report a vulnerability (`mailto:…` or `https://…`): shown in "
        "`/.well-known/security.txt`.",
    )
    contact_email: str | None = Field(
        None,
        pattern=r"^[^@\s]+@[^@\s]+$",
        description="Where vendors reach who runs this installation, by e-mail: shown in the OAS of each API.",
    )
    request_log_entries: int = Field(
        10_000,
        ge=0,
        description="Requests of each client that the gateway keeps for a day, so that the client can read why they "
        "were refused (`/beheer/api/v1/verzoeken`): as many that were answered as that were refused, and a tenth of it "
        "of those without a valid token. The oldest go first. 0: none are kept.",
    )
    metrics_port: int = Field(
        0,
        ge=0,
        le=65535,
        description="Port on which this process publishes its Prometheus metrics at `/metrics`; of several workers "
        "each takes the next free one. Keep it from the outside. 0: none.",
    )
    otlp_endpoint: str | None = Field(
        None,
        pattern=r"^https?://\S+$",
        description="Where OpenTelemetry traces go by OTLP over HTTP, such as `http://collector:4318`. The variables "
        "of OpenTelemetry, such as `OTEL_TRACES_SAMPLER`, hold as well. Without it nothing is traced.",
    )
    background: bool = Field(
        True,
        description="Do the background work of a service (relay of notifications, delivery) in its own process; switch "
        "it off where a separate worker does it.",
    )
    drain_seconds: Number = Field(
        5.0,
        ge=0,
        description="Seconds after SIGTERM in which a separate process still accepts connections, until every proxy "
        "knows that it ends.",
    )
    statement_timeout: Number = Field(
        30.0, gt=0, description="Seconds after which PostgreSQL breaks off a statement of a service."
    )
    callback_check: bool = Field(
        True, description="Call the callback of a new abonnement, and refuse it when that does not answer."
    )
    callback_allow_private: bool | None = Field(
        None,
        description="Allow callbacks to private addresses and to this machine, where the applications of a "
        "municipality often run: who may make an abonnement can then send requests into the network around the "
        "server. Without it only when the public URL is on `localhost`.",
    )
    callback_allow_http: bool | None = Field(
        None, description="Allow callbacks without TLS. Without it only when the public URL is on `http://localhost`."
    )
    notification_source: str | None = Field(
        None,
        max_length=255,
        description="The `source` of our own notifications, for example `urn:nld:oin:00000001823288444000:systeem:a`; "
        "`{tenant}` in it becomes the name of the municipality. Without it they have none, as in the standard.",
    )
    callbacks_per_client: int = Field(
        100, gt=0, description="Most abonnementen of one client in a municipality; more are refused."
    )
    delivery_waits: Numbers = Field(
        (25, 100, 400, 1600, 6400, 25600, 60000),
        min_length=1,
        description="Seconds between the attempts to deliver a notification. After the last it is parked, until the "
        "operator lets it be tried again.",
    )
    outgoing_connect_timeout: Number = Field(
        3.0, gt=0, description="Seconds to wait for a connection to another service, API or callback."
    )
    outgoing_timeout: Number = Field(
        10.0, gt=0, description="Seconds to wait for the answer of another service, API or callback."
    )

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        if self.page_size > self.page_size_max:
            raise ValueError("page_size is larger than page_size_max")
        if self.keys and self.secret_key is not None:
            raise ValueError(
                f"{PREFIX}KEYS and {PREFIX}SECRET_KEY exclude each other: a process has its own keys or all"
            )
        if self.database_url is not None and self.secret_key is None and not self.keys:
            # A generated key would differ per machine, and secrets in a shared database could not be read back.
            raise ValueError(f"{PREFIX}SECRET_KEY is required when {PREFIX}DATABASE_URL is set")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Put the file that SAMENZAAK_CONFIG names, if any, below the environment."""
        name = os.environ.get(CONFIG_VARIABLE)
        if not name:
            return init_settings, env_settings
        path = Path(name)
        if not path.is_file():
            raise FileNotFoundError(f"{CONFIG_VARIABLE} names a file that does not exist: {path}")
        if path.suffix == ".toml":
            return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file=path)
        return init_settings, env_settings, DotEnvSettingsSource(settings_cls, env_file=path)

    @property
    def public_base_url(self) -> str:
        """The URL at which clients reach the gateway, without a slash at the end."""
        return self.public_url or f"http://localhost:{self.port}"

    @property
    def document_storage_url(self) -> str:
        """The URL of the object store that holds the content of documents."""
        return self.storage_url or (self.home / "documenten").as_uri()

    @property
    def http_callbacks_allowed(self) -> bool:
        """Whether callbacks without TLS are accepted: as set, else only on a developer's own machine."""
        if self.callback_allow_http is not None:
            return self.callback_allow_http
        public = urlsplit(self.public_base_url)
        return public.scheme == "http" and public.hostname == "localhost"

    @property
    def private_callbacks_allowed(self) -> bool:
        """Whether callbacks to private addresses are accepted: as set, else only on a developer's own machine."""
        if self.callback_allow_private is not None:
            return self.callback_allow_private
        return urlsplit(self.public_base_url).hostname == "localhost"

    def derive(self, purpose: str) -> bytes:
        """Return the 32-byte key for one purpose; keys of different purposes tell nothing about each other.

        Raises ValueError for a purpose that this process was given no key for, and when there is no secret key at all:
        `load_settings` makes sure that there is one.

            password = settings.derive("database-role:zaken").hex()
        """
        if (given := self.keys.get(purpose)) is not None:
            return bytes.fromhex(given.get_secret_value())
        if self.keys:
            raise ValueError(f"{PREFIX}KEYS has no key for {purpose}; `samenzaak keys` makes what each process needs")
        if self.secret_key is None:
            raise ValueError("there is no secret key; use load_settings() or set one")
        return derived(self.secret_key.get_secret_value(), purpose, self.key_round)

    def can_derive(self, purpose: str) -> bool:
        """Return whether this process may have the key for a purpose: `derive` gives it."""
        return purpose in self.keys or not self.keys
