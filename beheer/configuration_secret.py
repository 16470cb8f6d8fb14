"""A secret in the file that ``samenzaak apply`` reads: never itself, but where it is."""

import os
from pathlib import Path

from pydantic import model_validator

from beheer.configuration_rights import Part


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
