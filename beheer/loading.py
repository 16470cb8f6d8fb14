"""Reading the settings at the start of a process: mistakes in words, and the key that is made once."""

import os
import secrets
import tempfile
from pathlib import Path
from typing import Any

from pydantic import SecretStr, ValidationError

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


def kept_secret_key(home: Path) -> str:
    """Return the secret key in the home folder, which is made when there is none; raise ValueError for one that is too
    short."""
    path = home / "secret_key"
    home.mkdir(mode=0o750, parents=True, exist_ok=True)
    if not path.exists():
        # Two processes may start at the same time. The key is complete before it gets its name, and only the first
        # one gets the name; mkstemp makes the file with mode 0600.
        handle, temporary = tempfile.mkstemp(dir=home, prefix=".secret_key.")
        try:
            with os.fdopen(handle, "w") as file:
                file.write(secrets.token_urlsafe(48))
                file.flush()
                os.fsync(file.fileno())
            path.hardlink_to(temporary)
        except FileExistsError:
            pass
        finally:
            Path(temporary).unlink()
    key = path.read_text().strip()
    if len(key) < 32:
        raise ValueError(f"{path} does not hold a key of at least 32 characters")
    return key
