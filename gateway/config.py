"""The settings of the gateway, with its keys derived once."""

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.fernet import Fernet

from runtime.identity import GATEWAY, outgoing
from runtime.settings import Settings

MAX_URI = 8 * 1024
"""Longest query string, and longest path, in bytes; more is 414."""


MAX_IMPORT = 10 * 1024**2
"""Bytes of a request to catalogi, which takes a catalogue in a ZIP; the service limits its other bodies itself."""


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of one gateway. ``max_document_size`` is None when the documenten service limits itself."""

    internal_keys: Mapping[str, bytes] = field(repr=False)
    public_url: str
    max_age: int = 3600
    leeway: int = 30
    keys_fresh: float = 60.0
    keys_stale: float = 3600.0
    provider_timeout: float = 10.0
    trust_proxies: bool = False
    max_body_size: int = 2 * 1024**2
    max_document_size: int | None = None
    connect_timeout: float = 3.0
    service_timeout: float = 120.0
    body_timeout: float = 60.0
    slowest_rate: float = 0.0
    slowest_window: float = 30.0
    client_rate: float = 0.0
    client_queue: int = 100
    tenant_rate: float = 0.0
    tenant_concurrency: int = 0
    tenant_queue: int = 0
    queue_seconds: float = 10.0
    security_contact: str = ""
    log_format: str = "text"
    request_log_entries: int = 10_000
    time_zone: str = "Europe/Amsterdam"
    service_urls: Mapping[str, str] = field(default_factory=dict)
    console_url: str = ""

    def body_limit(self, service: str) -> int | None:
        """Return the largest request body in bytes for a service, or None without a limit here."""
        if service == "documenten":
            return self.max_document_size
        return max(self.max_body_size, MAX_IMPORT) if service == "catalogi" else self.max_body_size


def from_settings(settings: Settings) -> Config:
    """Return the part of the settings that the gateway uses.

    Raises ValueError when the settings do not hold its keys.
    """
    return Config(
        internal_keys=outgoing(settings, GATEWAY),
        public_url=settings.public_base_url,
        max_age=settings.token_max_age,
        leeway=settings.token_leeway,
        keys_fresh=settings.issuer_keys_fresh,
        keys_stale=settings.issuer_keys_stale,
        provider_timeout=settings.outgoing_timeout,
        trust_proxies=settings.trust_proxies,
        max_document_size=settings.max_document_size,
        max_body_size=settings.max_body_size,
        connect_timeout=settings.outgoing_connect_timeout,
        service_timeout=settings.service_timeout,
        body_timeout=settings.body_timeout,
        slowest_rate=settings.slowest_rate,
        slowest_window=settings.slowest_window,
        client_rate=settings.client_rate,
        client_queue=settings.client_queue,
        tenant_rate=settings.tenant_rate,
        tenant_concurrency=settings.tenant_concurrency,
        tenant_queue=settings.tenant_queue,
        queue_seconds=settings.queue_seconds,
        security_contact=settings.security_contact or "",
        log_format=settings.log_format,
        request_log_entries=settings.request_log_entries,
        time_zone=settings.time_zone,
        service_urls=settings.service_urls,
        console_url=settings.console_url or "",
    )


def secret_box(settings: Settings) -> Fernet:
    """Return what encrypts and decrypts the clients' secrets in the database."""
    return Fernet(urlsafe_b64encode(settings.derive("client-secrets")))
