"""Reading the settings at the start of a process: mistakes in words, and the key that is made once."""

from typing import Any

from pydantic import SecretStr, ValidationError

from runtime.secret_key import kept_secret_key
from runtime.settings import PREFIX, Settings


def load_settings(**options: Any) -> Settings:
    """Read the settings; in embedded mode also make the home folder and, once, its secret key. ``options`` come before
    the variables, such as those of a command.

    Raises ValueError for wrong values, with a line for each that names the variable and never tells the value;
    FileNotFoundError for a missing settings file.

        settings = load_settings(port=8080)
    """
    try:
        settings = Settings(**options)
    except ValidationError as e:
        raise ValueError("\n".join(_mistake(error["loc"], error["msg"]) for error in e.errors())) from None
    if settings.secret_key is None and not settings.keys:
        settings = settings.model_copy(update={"secret_key": SecretStr(kept_secret_key(settings.home))})
    return settings


def _mistake(place: tuple[int | str, ...], message: str) -> str:
    """Return one line about a wrong setting; of one that does not exist the name as it was given."""
    message = message.removeprefix("Value error, ")
    if not place:
        return message
    name = str(place[0])
    return (
        f"{PREFIX}{name.upper()}: {message}" if name in Settings.model_fields else f"{name}: there is no such setting"
    )
