"""The types of settings: how each is written in a variable, and what it must be."""

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode

from runtime.secret_key import key_of
from runtime.tenancy import SERVICES, check_time_zone


def absolute(folder: Path) -> Path:
    """Return a folder in full: ``~/samenzaak`` is ``/home/me/samenzaak``."""
    return folder.expanduser().absolute()


def is_postgres(url: str) -> str:
    """Return ``url`` if it is one of PostgreSQL; raise ValueError for another."""
    if urlsplit(url).scheme not in ("postgresql", "postgres"):
        raise ValueError("must start with postgresql://, without the name of a driver")
    return url


def is_http(url: str) -> str:
    """Return ``url`` without a slash at the end; raise ValueError when it is not of http or has no host."""
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        raise ValueError("must start with http:// or https:// and have a host")
    return url.rstrip("/")


def is_header(header: SecretStr) -> SecretStr:
    """Return ``header`` if it has a name and a value; raise ValueError for another text."""
    name, colon, value = header.get_secret_value().partition(":")
    if not colon or not name.strip() or not value.strip() or not (name + value).isprintable():
        raise ValueError("must look like Name: value")
    return header


def numbers(value: object) -> object:
    """Return the parts of ``25,100``; what is no text as it is."""
    return value.split(",") if isinstance(value, str) else value


def urls(value: object) -> object:
    """Return the pairs of ``zaken=http://…,documenten=http://…``; what is no text as it is. Raises ValueError."""
    if not isinstance(value, str):
        return value
    pairs = [pair.partition("=") for pair in value.split(",") if pair.strip()]
    if any(not url for _, _, url in pairs):
        raise ValueError("must look like zaken=http://…,documenten=http://…")
    return {name.strip(): url.strip().rstrip("/") for name, _, url in pairs}


def of_services(found: dict[str, str]) -> dict[str, str]:
    """Return ``found`` if its keys are services; raise ValueError for another name."""
    if unknown := sorted(set(found) - set(SERVICES)):
        raise ValueError(f"there is no service {', '.join(unknown)}; the services are {', '.join(SERVICES)}")
    return found


def keys(value: object) -> object:
    """Return the pairs of ``purpose=key,…``; what is no text as it is. Raises ValueError, without a key."""
    return dict(key_of(pair) for pair in value.split(",") if pair.strip()) if isinstance(value, str) else value


Number = Annotated[float, Field(allow_inf_nan=False)]
Numbers = Annotated[tuple[Annotated[Number, Field(gt=0)], ...], NoDecode, BeforeValidator(numbers)]
Folder = Annotated[Path, AfterValidator(absolute)]
PostgresUrl = Annotated[str, AfterValidator(is_postgres)]
HttpUrl = Annotated[str, AfterValidator(is_http)]
Header = Annotated[SecretStr, AfterValidator(is_header)]
TimeZone = Annotated[str, AfterValidator(check_time_zone)]
ServiceUrls = Annotated[dict[str, str], NoDecode, BeforeValidator(urls), AfterValidator(of_services)]
Keys = Annotated[dict[str, SecretStr], NoDecode, BeforeValidator(keys)]
